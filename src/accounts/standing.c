#include "accounts/standing.h"

#include <stdatomic.h>

#include "accounts/standing_cache.h"
#include "accounts/standings_q.h"
#include "codec/iso_time.h"
#include "codec/json_read.h"
#include "codec/uuid.h"
#include "db/listen.h"

enum {
	ROWS_MAX = 40, /* of standing_rows */
};

#define PAST_DUE_GRACE (PAST_DUE_DAYS * MICROSECONDS_PER_DAY)

/* Times that a kept standing was not even looked for. */
static _Atomic uint64_t untrusted;

static int64_t
ended_after(const struct ctx *ctx)
{
	return ctx->now - STANDING_ENDED_MINUTES * MICROSECONDS_PER_MINUTE;
}

/* --- From rows ---------------------------------------------------------------------- */

/* What is in every row. */
static struct err *
read_user(struct ctx *ctx, const struct standing_row *row, struct standing *standing)
{
	struct json_node list;

	standing->session_epoch = row->session_epoch;
	standing->is_active = row->is_active;
	standing->is_verified = row->email_verified;
	standing->has_mfa = row->has_mfa;
	standing->role = admin_role_parse(row->admin_role);
	if (standing->role == ROLE_NONE)
		return NULL;
	standing->permissions = admin_role_permissions(standing->role);
	TRY_CTX(json_read(ctx->arena, row->admin_permissions, &list),
		"permissions of an administrator");
	for (size_t i = 0; list.kind == JSON_IS_ARRAY && i < list.count; i++)
		standing->permissions |= permission_parse(list.items[i].text);
	return NULL;
}

static void
read_ended(const struct standing_row *row, struct standing *standing)
{
	if (standing->ended_count == STANDING_ENDED_MAX)
		standing->has_more_ended = true;
	else
		standing->ended[standing->ended_count++] = row->family_id;
}

static struct err *
read_tier(struct ctx *ctx, const struct standing_row *row, struct standing *standing)
{
	struct entitlement_part part = {
		.tier = row->tier,
		.features = row->features,
		.hourly_requests = row->hourly_requests,
		.rank = row->rank.value,
		.starts_at = row->starts_at.value,
		.ends_at = row->past_due_since.is_set
			? row->past_due_since.value + PAST_DUE_GRACE
			: row->ends_at.value,
	};

	return entitlement_add(ctx, &standing->entitlement, &part);
}

static struct err *
standing_read(struct ctx *ctx, const struct standing_row_list *rows, struct standing *ret)
{
	TRY(read_user(ctx, &rows->items[0], ret));
	entitlement_init(&ret->entitlement);
	for (size_t i = 0; i < rows->count; i++) {
		const struct standing_row *row = &rows->items[i];

		if (!uuid_is_nil(row->family_id))
			read_ended(row, ret);
		else if (!str_is_none(row->tier))
			TRY(read_tier(ctx, row, ret));
	}
	return NULL;
}

/* Ask the database. */
static struct err *
standing_load(struct ctx *ctx, struct user_id user, struct standing *ret, bool *ret_found)
{
	struct tx tx = db_auto(ctx, db_shard_of(user));
	struct standing standing = { .user_id = user };
	struct standing_row_list rows;

	TRY(q_standing_rows(&tx,
		(struct standing_rows){ .user_id = user,
			.now = ctx->now,
			.past_due_after = ctx->now - PAST_DUE_GRACE,
			.ended_after = ended_after(ctx) },
		&rows));
	if (rows.count > 0) {
		TRY(standing_read(ctx, &rows, &standing));
		if (rows.count == ROWS_MAX)
			standing.has_more_ended = true;
		*ret = standing;
	}
	*ret_found = rows.count > 0;
	return NULL;
}

/* --- For everybody ------------------------------------------------------------------ */

struct err *
standing_get(struct ctx *ctx, struct user_id user, struct standing *ret, bool *ret_found)
{
	bool is_trusted = db_hears(ctx->db);
	const struct standing *kept = is_trusted ? standing_kept(user, ctx->now) : NULL;
	uint64_t version;
	bool found = false;

	if (LIKELY(kept != NULL)) {
		*ret = *kept;
		*ret_found = true;
		return NULL;
	}
	if (!is_trusted)
		atomic_fetch_add_explicit(&untrusted, 1, memory_order_relaxed);
	version = standing_version(user);
	TRY(standing_load(ctx, user, ret, &found));
	/* What was missed while it was asked for has raised the version since. */
	if (found && is_trusted)
		standing_keep(ret, version, ctx->now);
	*ret_found = found;
	return NULL;
}

/* Of somebody who ended more sessions of late than are kept. */
static struct err *
ask_whether_ended(struct ctx *ctx, struct user_id user, struct uuid family, bool *ret)
{
	struct tx tx = db_auto(ctx, db_shard_of(user));
	struct ended_count ended;

	TRY(q_standing_ended_count(&tx,
		(struct standing_ended_count){ .user_id = user,
			.family_id = family,
			.ended_after = ended_after(ctx) },
		&ended));
	*ret = ended.count > 0;
	return NULL;
}

struct err *
standing_has_session(
	struct ctx *ctx, const struct standing *standing, struct uuid family, bool *ret)
{
	bool has_ended = false;

	for (uint32_t i = 0; i < standing->ended_count && !has_ended; i++)
		has_ended = uuid_eq(standing->ended[i], family);
	if (!has_ended && standing->has_more_ended)
		TRY(ask_whether_ended(ctx, standing->user_id, family, &has_ended));
	*ret = !has_ended;
	return NULL;
}

/* --- Changes ------------------------------------------------------------------------ */

#define CHANNEL "standing"

static const struct str everybody = STR_INIT("*");

static void
hear(void *arg, struct str payload)
{
	struct user_id user;

	(void)arg;
	/* Whatever cannot be read is said by a newer program: then it may be anybody. */
	if (uuid_parse(payload, &user.uuid))
		standing_forget(user);
	else
		standing_forget_all();
}

static void
miss(void *arg)
{
	(void)arg;
	standing_forget_all();
}

struct err *
standing_open(struct ctx *ctx)
{
	static const struct db_listener listener = {
		.channel = CHANNEL, .hear = hear, .miss = miss
	};

	/* Of another database, in tests. */
	standing_forget_all();
	return db_listen(ctx, &listener);
}

struct err *
standing_changed(struct tx *tx, struct user_id user)
{
	char storage[UUID_TEXT_LEN];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	uuid_format(&text, user.uuid);
	return db_notify(tx, CHANNEL, buf_str(&text));
}

struct err *
standing_changed_for_all(struct tx *tx)
{
	return db_notify(tx, CHANNEL, everybody);
}

uint64_t
standing_untrusted(void)
{
	return atomic_load_explicit(&untrusted, memory_order_relaxed);
}
