#include "accounts/grant.h"

#include "accounts/admin.h"
#include "accounts/invitation.h"
#include "accounts/standing.h"
#include "audit/audit.h"
#include "base/map.h"
#include "codec/iso_time.h"
#include "codec/json_write.h"
#include "codec/uuid.h"
#include "mail/mail.h"
#include "sys/random.h"

/* Grants that end within a day of each other are the same one, asked for twice. */
#define SAME_US ((int64_t)MICROSECONDS_PER_DAY)

enum {
	/* So many addresses are asked for, or written, in one query. */
	CHUNK = 500,
	/* Of more, everybody is asked for anew. */
	TOLD_MAX = 1000,
	ADDRESSES_BYTES_MAX = 256 << 10,
	DETAILS_BYTES_MAX = 500,
	DAYS_TEXT_MAX = 12,
};

static const struct str types[] = {
#define X(type, name) STR_INIT(name),
	GRANT_TYPES(X)
#undef X
};

bool
grant_type_is_known(struct str type)
{
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (str_eq(type, types[i]))
			return true;
	return false;
}

struct str
grant_type_for(const struct grant_tier *tier)
{
	return grant_type_is_known(tier->name) ? tier->name : STR("promotional");
}

const struct grant_tier *
grant_tier_find(const struct grant_tier_list *tiers, struct str name)
{
	for (size_t i = 0; i < tiers->count; i++)
		if (str_eq(tiers->items[i].name, name))
			return &tiers->items[i];
	return NULL;
}

static size_t
chunk_of(size_t count, size_t begin)
{
	return count - begin < CHUNK ? count - begin : CHUNK;
}

static int64_t
end_of(const struct ctx *ctx, int32_t days)
{
	return ctx->now + days * MICROSECONDS_PER_DAY;
}

/* --- Planning ----------------------------------------------------------------------- */

struct planning {
	struct ctx *ctx;
	struct map by_email; /* to struct grant_wish */
	struct grant_faults *faults;
	bool is_full; /* the arena is */
};

static struct grant_wish *
wish_of(struct planning *planning, struct str email)
{
	return map_find(&planning->by_email, email);
}

static void
fault(struct planning *planning, const struct grant_wish *wish, const char *reason)
{
	struct grant_fault fault = {
		.line = wish->line, .field = STR("email"), .reason = str_from(reason)
	};

	if (!VEC_PUSH(planning->ctx->arena, planning->faults, fault))
		planning->is_full = true;
}

static struct err *
plan_account(void *arg, const struct grant_address *row)
{
	struct planning *planning = arg;
	struct grant_wish *wish = wish_of(planning, row->email);

	if (!wish)
		return NULL;
	if (!row->is_active)
		fault(planning, wish, "the account of this address is deactivated");
	if (row->email_verified) {
		wish->fate = GRANT_IS_GIVEN;
		wish->user_id = row->user_id;
	}
	return NULL;
}

static struct err *
plan_held(void *arg, const struct grant_held *row)
{
	struct planning *planning = arg;
	struct grant_wish *wish = wish_of(planning, row->email);

	if (wish && wish->fate == GRANT_IS_GIVEN &&
		uuid_eq(row->tier_id.uuid, wish->tier->id.uuid) &&
		row->end_date >= end_of(planning->ctx, wish->days) - SAME_US)
		wish->fate = GRANT_IS_UNCHANGED;
	return NULL;
}

static struct err *
plan_offered(void *arg, const struct grant_offered *row)
{
	struct planning *planning = arg;
	struct grant_wish *wish = wish_of(planning, row->email);

	if (wish && wish->fate == GRANT_IS_OFFERED &&
		uuid_eq(row->tier_id.uuid, wish->tier->id.uuid) &&
		row->grant_days >= wish->days)
		wish->fate = GRANT_IS_UNCHANGED;
	return NULL;
}

/* The addresses of COUNT WISHES as a JSON array. */
static struct err *
addresses_of(
	struct ctx *ctx, const struct grant_wish *wishes, size_t count, struct str *ret)
{
	struct buf out;
	struct json json = json_begin(&out);

	buf_init(&out, ctx->arena, ADDRESSES_BYTES_MAX);
	json_put_array(&json);
	for (size_t i = 0; i < count; i++)
		json_put_text(&json, wishes[i].email);
	json_put_array_end(&json);
	*ret = buf_str(&out);
	return buf_is_cut(&out) ? err_no_memory() : NULL;
}

static struct err *
plan_chunk(
	struct tx *tx, struct planning *planning, struct grant_wish *wishes, size_t count)
{
	struct str emails;

	map_init(&planning->by_email, tx->ctx->arena);
	for (size_t i = 0; i < count; i++) {
		wishes[i].fate = GRANT_IS_OFFERED;
		if (!map_put(&planning->by_email, wishes[i].email, &wishes[i]))
			return err_no_memory();
	}
	TRY(addresses_of(tx->ctx, wishes, count, &emails));
	TRY(q_grant_addresses(tx, emails, plan_account, planning));
	TRY(q_grants_held(tx, emails, tx->ctx->now, plan_held, planning));
	TRY(q_grants_offered(tx, emails, tx->ctx->now, plan_offered, planning));
	return planning->is_full ? err_no_memory() : NULL;
}

struct err *
grants_plan(struct tx *tx, struct grant_wish *wishes, size_t count,
	struct grant_faults *faults, struct grant_counts *ret)
{
	struct planning planning = { .ctx = tx->ctx, .faults = faults };
	struct grant_counts counts = { .given = 0 };

	for (size_t i = 0; i < count; i += CHUNK)
		TRY(plan_chunk(tx, &planning, wishes + i, chunk_of(count, i)));
	for (size_t i = 0; i < count; i++) {
		counts.given += wishes[i].fate == GRANT_IS_GIVEN;
		counts.offered += wishes[i].fate == GRANT_IS_OFFERED;
		counts.unchanged += wishes[i].fate == GRANT_IS_UNCHANGED;
	}
	*ret = counts;
	return NULL;
}

/* --- Carrying out ------------------------------------------------------------------- */

/* What is written for a chunk of wishes. */
struct writing {
	struct admin_row admin;
	struct uuid batch;
	struct grant_insert grants[CHUNK];
	size_t grant_count;
	struct invitation_insert_many invitations[CHUNK];
	size_t invitation_count;
	struct mail mails[CHUNK];
	size_t mail_count;
};

static void
write_grant(struct tx *tx, struct writing *writing, const struct grant_wish *wish)
{
	int64_t end = end_of(tx->ctx, wish->days);

	writing->grants[writing->grant_count++] = (struct grant_insert){
		.user_id = wish->user_id,
		.id = { wish->id },
		.granted_by = writing->admin.id,
		.tier_id = wish->tier->id,
		.access_type = wish->access_type,
		.start_date = tx->ctx->now,
		.end_date = end,
		.notes = wish->notes,
		.batch_id = writing->batch,
		.now = tx->ctx->now,
	};
	writing->mails[writing->mail_count++] = (struct mail){
		.kind = MAIL_GRANT,
		.recipient = wish->email,
		.user_id = wish->user_id,
		.tier = wish->tier->display_name,
		.access_until = end,
	};
}

static struct err *
write_offer(struct tx *tx, struct writing *writing, const struct grant_wish *wish)
{
	struct ctx *ctx = tx->ctx;
	int64_t expires_at = end_of(ctx, INVITATION_GRANT_DAYS);
	struct invitation_token token;

	TRY(invitation_token_new(ctx->arena, &token));
	writing->invitations[writing->invitation_count++] =
		(struct invitation_insert_many){
			.id = { wish->id },
			.email = wish->email,
			.tier_id = wish->tier->id,
			.access_type = wish->access_type,
			.grant_days = wish->days,
			.notes = wish->notes,
			.batch_id = writing->batch,
			.token_hash = token.hash,
			.invited_by = writing->admin.id,
			.now = ctx->now,
			.expires_at = expires_at,
		};
	writing->mails[writing->mail_count++] = (struct mail){
		.kind = MAIL_GRANT_INVITATION,
		.recipient = wish->email,
		.token = token.text,
		.expires_at = expires_at,
		.tier = wish->tier->display_name,
		.days = str_fmt(ctx->arena, "%d", wish->days),
	};
	return NULL;
}

static struct err *
write_chunk(
	struct tx *tx, struct writing *writing, struct grant_wish *wishes, size_t count)
{
	int64_t written;

	writing->grant_count = writing->invitation_count = writing->mail_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (wishes[i].fate == GRANT_IS_UNCHANGED)
			continue;
		wishes[i].id = uuid_v7(tx->ctx->now);
		if (wishes[i].fate == GRANT_IS_GIVEN)
			write_grant(tx, writing, &wishes[i]);
		else
			TRY(write_offer(tx, writing, &wishes[i]));
	}
	TRY(q_grant_insert(tx, writing->grants, writing->grant_count, &written));
	TRY(q_invitation_insert_many(
		tx, writing->invitations, writing->invitation_count, &written));
	return mail_put_many(tx, writing->mails, writing->mail_count);
}

static struct err *
put_on_record(
	struct tx *tx, const struct grant_wish *wishes, size_t count, struct uuid batch)
{
	struct ctx *ctx = tx->ctx;
	bool is_single = uuid_is_nil(batch);
	struct buf out;
	struct json json = json_begin(&out);

	buf_init(&out, ctx->arena, DETAILS_BYTES_MAX);
	json_put_object(&json);
	if (is_single) {
		json_put_key(&json, STR("tier"));
		json_put_text(&json, wishes[0].tier->name);
		json_put_key(&json, STR("access_type"));
		json_put_text(&json, wishes[0].access_type);
		json_put_key(&json, STR("days"));
		json_put_i64(&json, wishes[0].days);
	} else {
		json_put_key(&json, STR("rows"));
		json_put_i64(&json, (int64_t)count);
	}
	json_put_object_end(&json);
	if (buf_is_cut(&out))
		return err_no_memory();
	return audit_log(tx,
		&(struct audit_entry){
			.action = is_single ? AUDIT_ADMIN_GRANT
					    : AUDIT_ADMIN_GRANT_IMPORT,
			.subject = is_single ? wishes[0].user_id
					     : (struct user_id){ { { 0 } } },
			.resource_type = is_single ? STR("grant") : STR("grant_batch"),
			.resource_id = uuid_text(
				ctx->arena, is_single ? wishes[0].id : batch),
			.details = buf_str(&out),
		});
}

/* Whoever was given something may read more from the next request on. */
static struct err *
tell_standings(struct tx *tx, const struct grant_wish *wishes, size_t count)
{
	if (count > TOLD_MAX)
		return standing_changed_for_all(tx);
	for (size_t i = 0; i < count; i++)
		if (wishes[i].fate == GRANT_IS_GIVEN)
			TRY(standing_changed(tx, wishes[i].user_id));
	return NULL;
}

struct err *
grants_carry_out(
	struct tx *tx, struct grant_wish *wishes, size_t count, struct uuid batch)
{
	struct arena *arena = tx->ctx->arena;
	struct writing *writing = arena_alloc(arena, sizeof(*writing));
	struct arena_mark mark;

	if (!writing)
		return err_no_memory();
	writing->batch = batch;
	TRY(admin_of_actor(tx, &writing->admin));
	mark = arena_mark(arena);
	for (size_t i = 0; i < count; i += CHUNK) {
		TRY(write_chunk(tx, writing, wishes + i, chunk_of(count, i)));
		arena_rewind(arena, mark);
	}
	/* Behind the loop: what is told at the commit stays in the arena until then. */
	TRY(tell_standings(tx, wishes, count));
	return put_on_record(tx, wishes, count, batch);
}

/* --- One ---------------------------------------------------------------------------- */

struct giving {
	const struct grant_one *one;
	struct grant_wish wish;
};

static struct err *
give_in_tx(struct tx *tx, void *arg)
{
	struct giving *giving = arg;
	const struct grant_one *one = giving->one;
	struct grant_wish wish = { .email = one->email, .notes = one->notes };
	struct grant_faults faults = { .count = 0 };
	struct grant_tier_list tiers;
	struct grant_counts counts;

	TRY(q_grant_tiers(tx, &tiers));
	wish.tier = grant_tier_find(&tiers, one->tier);
	if (!wish.tier)
		return err_field(
			tx->ctx, "tier", "no such tier; GET /v1/tiers lists them");
	wish.access_type = str_is_none(one->access_type) ? grant_type_for(wish.tier)
							 : one->access_type;
	wish.days = one->days ? one->days : wish.tier->duration_days;
	TRY(grants_plan(tx, &wish, 1, &faults, &counts));
	if (faults.count > 0)
		return err_field(
			tx->ctx, "email", STR_FMT, STR_ARG(faults.items[0].reason));
	if (wish.fate != GRANT_IS_UNCHANGED)
		TRY(grants_carry_out(tx, &wish, 1, (struct uuid){ { 0 } }));
	giving->wish = wish;
	return NULL;
}

struct err *
grant_give(struct ctx *ctx, const struct grant_one *one, struct grant_wish *ret)
{
	struct giving giving = { .one = one };

	TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, give_in_tx, &giving));
	*ret = giving.wish;
	return NULL;
}

/* --- Claiming and taking back ------------------------------------------------------- */

static struct err *
claim_one(struct tx *tx, struct user_id user, const struct invitation_row *invitation)
{
	struct grant_insert grant = {
		.user_id = user,
		.id = { uuid_v7(tx->ctx->now) },
		.granted_by = invitation->invited_by,
		.tier_id = invitation->tier_id,
		.access_type = invitation->access_type,
		.start_date = tx->ctx->now,
		.end_date = end_of(tx->ctx, invitation->grant_days.value),
		.notes = invitation->notes,
		.now = tx->ctx->now,
	};
	int64_t written;

	TRY(invitation_accept(tx, invitation, user));
	TRY(q_grant_insert(tx, &grant, 1, &written));
	return audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_GRANT_CLAIM,
			.user = user,
			.resource_type = STR("grant"),
			.resource_id = uuid_text(tx->ctx->arena, grant.id.uuid),
		});
}

struct err *
grants_claim(struct tx *tx, struct user_id user, struct str email)
{
	struct invitation_row_list offers;

	TRY(q_invitation_grants(tx, email, tx->ctx->now, &offers));
	for (size_t i = 0; i < offers.count; i++)
		TRY(claim_one(tx, user, &offers.items[i]));
	return offers.count > 0 ? standing_changed(tx, user) : NULL;
}

struct taking {
	struct user_id user;
	struct grant_id id;
};

static struct err *
take_back_in_tx(struct tx *tx, void *arg)
{
	const struct taking *taking = arg;
	struct admin_row admin;
	int64_t changed;

	TRY(admin_of_actor(tx, &admin));
	TRY(q_grant_revoke(tx,
		(struct grant_revoke){
			.user_id = taking->user,
			.id = taking->id,
			.revoked_by = admin.id,
			.now = tx->ctx->now,
		},
		&changed));
	if (changed == 0)
		return err_new(tx->ctx, ERR_NOT_FOUND, "no such grant stands");
	TRY(audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_ADMIN_GRANT_REVOKE,
			.subject = taking->user,
			.resource_type = STR("grant"),
			.resource_id = uuid_text(tx->ctx->arena, taking->id.uuid),
		}));
	return standing_changed(tx, taking->user);
}

struct err *
grant_take_back(struct ctx *ctx, struct user_id user, struct grant_id id)
{
	struct taking taking = { .user = user, .id = id };

	return db_transact(ctx, TX_WRITE, db_shard_of(user), take_back_in_tx, &taking);
}
