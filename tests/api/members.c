#include "tests/api/members.h"

#include "billing/tier.h"
#include "codec/hex.h"
#include "codec/uuid.h"
#include "crypto/jwt.h"
#include "crypto/password.h"
#include "crypto/token.h"
#include "predictions/delivery.h"
#include "predictions/forecast.h"
#include "predictions/import.h"
#include "predictions/outlook_store.h"
#include "predictions/simulated.h"
#include "sys/random.h"
#include "tests/accounts/people.h"
#include "tests/support/database.h"
#include "tests/support/feed_text.h"

/* Stands nowhere else. */
#define MARKER_BEGIN "plant"

enum {
	SQL_MAX = 32,
};

/* --- What is on file --- */

struct err *
league_put(struct ctx *ctx)
{
	struct simulated_options league = {
		.seed = 7, .first_season = 2020, .last_season = 2021, .now = ctx->now
	};
	struct import_options options = { .source = STR("league"), .is_simulated = true };
	struct forecast_counts forecasts;
	struct import_counts games;
	struct outlook outlook;
	struct feed feed;
	struct str csv;
	int64_t tiers;

	TRY(simulated_league(ctx->arena, &league, &csv));
	TRY(feed_of_text(ctx->arena, csv, &feed));
	TRY(import_store(ctx, &feed, &options, &games));
	TRY(forecast_store(ctx,
		&(struct forecast_options){ .tier = TIER_L, .scope = FORECAST_ALL },
		&forecasts));
	TRY(outlook_simulate(ctx,
		&(struct outlook_options){
			.tier = TIER_L, .season = 2021, .week = 5, .runs = 100 },
		&outlook));
	TRY(outlook_store(ctx, TIER_L, &outlook));
	return tier_seed(ctx, &tiers);
}

int
object_number(int number, enum object object)
{
	return object == OBJECT_USER ? number : number * OBJECTS_EACH + (int)object;
}

struct str
object_text(struct arena *arena, int number, enum object object)
{
	struct buf text;

	buf_init(&text, arena, UUID_TEXT_LEN);
	uuid_format(&text, person(object_number(number, object)).uuid);
	return buf_str(&text);
}

/* Bytes as a literal of the engine. */
static struct str
bytes_literal(const struct ctx *ctx, const uint8_t bytes[static SHA256_BYTES])
{
	struct buf hex;

	buf_init(&hex, ctx->arena, 2 * SHA256_BYTES);
	hex_encode(&hex, (struct str){ (const char *)bytes, SHA256_BYTES });
	return str_fmt(ctx->arena,
		db_dialect(ctx->db) == DIALECT_POSTGRES ? "'\\x" STR_FMT "'"
							: "x'" STR_FMT "'",
		STR_ARG(buf_str(&hex)));
}

static struct str
random_literal(const struct ctx *ctx)
{
	uint8_t bytes[SHA256_BYTES];

	random_bytes(bytes, sizeof(bytes));
	return bytes_literal(ctx, bytes);
}

static struct str
token_literal(const struct ctx *ctx, struct str token)
{
	uint8_t hash[SHA256_BYTES];

	token_hash(token, hash);
	return bytes_literal(ctx, hash);
}

/* The statements that make a member, in the order in which they refer to each other. */
struct statements {
	struct ctx *ctx;
	struct str password_hash;
	const char *sqls[SQL_MAX];
	size_t count;
};

static void add(struct statements *list, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
add(struct statements *list, const char *fmt, ...)
{
	struct buf sql;
	va_list args;

	buf_init(&sql, list->ctx->arena, 4096);
	va_start(args, fmt);
	buf_vfmt(&sql, fmt, args);
	va_end(args);
	list->sqls[list->count++] = str_cstr(list->ctx->arena, buf_str(&sql));
}

/* Of every member, made once: hashing is slow on purpose. */
static struct err *
password_hash_get(struct ctx *ctx, struct str *ret)
{
	static char kept[PASSWORD_HASH_LEN_MAX];
	static size_t kept_len;
	struct str hash;

	if (kept_len == 0) {
		TRY(password_hash(ctx, STR(MEMBER_PASSWORD), &hash));
		kept_len = hash.len < sizeof(kept) ? hash.len : sizeof(kept);
		memcpy(kept, hash.ptr, kept_len);
	}
	*ret = (struct str){ .ptr = kept, .len = kept_len };
	return NULL;
}

static void
add_account(struct statements *list, const struct member *member, bool has_mfa)
{
	struct ctx *ctx = list->ctx;
	int n = member->number;
	const char *mark = member->marker.ptr;

	add(list,
		"INSERT INTO users (id, email, password_hash, first_name, last_name, "
		"leaderboard_name, email_verified, is_active, created_at, updated_at, "
		"email_identity) VALUES ({u%d}, '%s@example.org', '" STR_FMT
		"', '%s', '%s', '%s', {yes}, {yes}, {ago}, {ago}, '%s@example.org')",
		n, mark, STR_ARG(list->password_hash), mark, mark, mark, mark);
	if (has_mfa)
		add(list,
			"UPDATE users SET totp_secret = " STR_FMT
			", mfa_enabled_at = {ago} WHERE id = {u%d}",
			STR_ARG(random_literal(ctx)), n);
	add(list,
		"INSERT INTO user_sessions (user_id, id, family_id, token_hash, "
		"expires_at, "
		"last_accessed, ip_address, user_agent, device_name, place, is_active, "
		"created_at, family_started_at) VALUES ({u%d}, {u%d}, {u%d}, " STR_FMT
		", {day}, {ago}, '%s', '%s', '%s', '%s', {yes}, {ago}, {ago})",
		n, object_number(n, OBJECT_SESSION), object_number(n, OBJECT_SESSION),
		STR_ARG(random_literal(ctx)), mark, mark, mark, mark);
	add(list,
		"INSERT INTO email_verifications (user_id, id, email, token_hash, "
		"created_at, expires_at) VALUES ({u%d}, {u%d}, '%s@example.org', " STR_FMT
		", {ago}, {day})",
		n, object_number(n, OBJECT_VERIFICATION), mark,
		STR_ARG(random_literal(ctx)));
	add(list,
		"INSERT INTO password_resets (user_id, id, token_hash, created_at, "
		"expires_at, ip_address, user_agent, is_by_admin) VALUES ({u%d}, "
		"{u%d}, " STR_FMT ", {ago}, {day}, '%s', '%s', {no})",
		n, object_number(n, OBJECT_RESET), STR_ARG(random_literal(ctx)), mark,
		mark);
	add(list,
		"INSERT INTO account_changes (user_id, id, kind, email, token_hash, "
		"created_at, opens_at, expires_at, ip_address) VALUES ({u%d}, {u%d}, "
		"'email', '%s-new@example.org', " STR_FMT ", {ago}, {ago}, {day}, '%s')",
		n, object_number(n, OBJECT_CHANGE), mark, STR_ARG(random_literal(ctx)),
		mark);
	add(list,
		"INSERT INTO mfa_recovery_codes (user_id, id, code_hash, created_at) "
		"VALUES "
		"({u%d}, {u%d}, " STR_FMT ", {ago})",
		n, object_number(n, OBJECT_CODE), STR_ARG(random_literal(ctx)));
}

static void
add_key(struct statements *list, const struct member *member, enum object which,
	struct str key, const char *scopes)
{
	add(list,
		"INSERT INTO api_keys (user_id, id, name, prefix, key_hash, scopes, "
		"is_active, created_at, expires_at) VALUES ({u%d}, {u%d}, '%s', "
		"'%s', " STR_FMT ", '[%s]', {yes}, {ago}, {day})",
		member->number, object_number(member->number, which), member->marker.ptr,
		member->marker.ptr, STR_ARG(token_literal(list->ctx, key)), scopes);
}

static void
add_billing(struct statements *list, const struct member *member, bool is_entitled)
{
	int n = member->number;
	const char *mark = member->marker.ptr;

	add(list,
		"INSERT INTO subscriptions (user_id, id, tier_id, status, starts_at, "
		"expires_at, auto_renew, amount_paid_cents, currency, is_add_on, "
		"cancel_reason, created_at, updated_at) SELECT {u%d}, {u%d}, id, '%s', "
		"{ago}, %s, {no}, 0, 'USD', {no}, '%s', {ago}, {ago} FROM "
		"subscription_tiers WHERE name = 'season'",
		n, object_number(n, OBJECT_SUBSCRIPTION),
		is_entitled ? "active" : "expired", is_entitled ? "{day}" : "{now}",
		mark);
	add(list,
		"INSERT INTO payments (user_id, id, subscription_id, kind, amount_cents, "
		"discount_cents, refunded_cents, currency, status, payment_method, "
		"metadata, "
		"provider, provider_payment_id, paid_at, created_at, updated_at) VALUES "
		"({u%d}, {u%d}, {u%d}, 'first', 100, 0, 0, 'USD', 'succeeded', '%s', "
		"'{}', "
		"'simulator', '%s', {ago}, {ago}, {ago})",
		n, object_number(n, OBJECT_PAYMENT),
		object_number(n, OBJECT_SUBSCRIPTION), mark, mark);
	add(list,
		"INSERT INTO free_access_grants (user_id, id, tier_id, access_type, "
		"start_date, end_date, notes, is_active, created_at, updated_at) SELECT "
		"{u%d}, {u%d}, id, 'beta_tester', {ago}, {now}, '%s', {yes}, {ago}, "
		"{ago} "
		"FROM "
		"subscription_tiers WHERE name = 'beta_tester'",
		n, object_number(n, OBJECT_GRANT), mark);
	add(list,
		"INSERT INTO affiliates (user_id, id, referral_code, commission_rate, "
		"recurring_rate, recurring_months, tier, payout_details, is_active, "
		"referral_count, conversion_count, click_count, terms_accepted_at, "
		"created_at, updated_at) VALUES ({u%d}, {u%d}, '%s', 0, 0, 12, 'bronze', "
		"'%s', {yes}, 0, 0, 0, {ago}, {ago}, {ago})",
		n, object_number(n, OBJECT_AFFILIATE), mark, mark);
}

static void
add_forecasts(struct statements *list, const struct member *member)
{
	int n = member->number;
	const char *mark = member->marker.ptr;

	add(list,
		"INSERT INTO picks (user_id, id, game_id, prediction_type, pick, "
		"probability, created_at, updated_at) SELECT {u%d}, {u%d}, id, 'game', "
		"'home', 0.6, {ago}, {ago} FROM games WHERE season = 2021 AND week = 17 "
		"ORDER BY nflverse_id LIMIT 1",
		n, object_number(n, OBJECT_PICK));
	/* Of a model not yet published: nobody but its owner may see it. */
	add(list,
		"INSERT INTO predictions (id, user_id, model, prediction_type, subject, "
		"season, week, game_id, nflverse_id, home_team, away_team, matchup, "
		"prediction_data, predicted_at, created_at, is_simulated) SELECT {u%d}, "
		"{u%d}, '%s', 'game', '', season, week, id, nflverse_id, home_team, "
		"away_team, '%s', '{}', {ago}, {ago}, {yes} FROM games WHERE season = "
		"2021 "
		"AND week = 17 ORDER BY nflverse_id LIMIT 1",
		object_number(n, OBJECT_PREDICTION), n, mark, mark);
	add(list,
		"INSERT INTO user_prediction_access (user_id, id, prediction_id, "
		"accessed_at, via) VALUES ({u%d}, {u%d}, {u%d}, {ago}, 'api')",
		n, object_number(n, OBJECT_PREDICTION),
		object_number(n, OBJECT_PREDICTION));
}

/* A league of his own. */
static void
add_league(struct statements *list, const struct member *member)
{
	int n = member->number, league = object_number(n, OBJECT_LEAGUE);
	const char *mark = member->marker.ptr;

	add(list,
		"INSERT INTO leagues (id, user_id, name, season, code, created_at, "
		"updated_at) VALUES ({u%d}, {u%d}, '%s', 2021, '%s', {ago}, {ago})",
		league, n, mark, mark);
	add(list,
		"INSERT INTO league_members (user_id, league_id, joined_at) VALUES "
		"({u%d}, {u%d}, {ago})",
		n, league);
	add(list,
		"INSERT INTO league_standings (id, league_id, user_id, name, "
		"name_folded, "
		"joined_at, pick_count, decided_count, right_count, updated_at) VALUES "
		"({u%d}, {u%d}, {u%d}, '%s', '%s', {ago}, 0, 0, 0, {ago})",
		object_number(n, OBJECT_PLACE), league, n, mark, mark);
}

/* Which nobody has accepted; batch_id says whose it is. */
static void
add_invitation(struct statements *list, const struct member *member, bool is_of_admin)
{
	int n = member->number, invitation = object_number(n, OBJECT_INVITATION);
	const char *mark = member->marker.ptr;

	if (is_of_admin)
		add(list,
			"INSERT INTO invitations (id, email, kind, admin_role, batch_id, "
			"token_hash, created_at, expires_at) VALUES ({u%d}, "
			"'%s-invited@example.org', 'admin', 'support', {u%d}, " STR_FMT
			", {ago}, {day})",
			invitation, mark, n, STR_ARG(random_literal(list->ctx)));
	else
		add(list,
			"INSERT INTO invitations (id, email, kind, tier_id, access_type, "
			"grant_days, batch_id, token_hash, created_at, expires_at) "
			"SELECT {u%d}, '%s-invited@example.org', 'grant', id, "
			"'beta_tester', 30, {u%d}, " STR_FMT ", {ago}, {day} FROM "
			"subscription_tiers WHERE name = 'beta_tester'",
			invitation, mark, n, STR_ARG(random_literal(list->ctx)));
}

struct err *
member_put(struct ctx *ctx, int number, enum standing_kind kind, struct member *ret)
{
	static const char *const roles[] = { [MEMBER_SUPPORT] = "support",
		[MEMBER_ADMIN] = "admin",
		[MEMBER_SUPER_ADMIN] = "super_admin" };
	struct statements list = { .ctx = ctx };
	struct member member = {
		.number = number,
		.id = person(number),
		.marker = str_from(str_cstr(
			ctx->arena, str_fmt(ctx->arena, MARKER_BEGIN "%d-end", number))),
	};

	TRY(password_hash_get(ctx, &list.password_hash));
	TRY(token_new(ctx->arena, STR(TOKEN_API_KEY), &member.key));
	TRY(token_new(ctx->arena, STR(TOKEN_API_KEY), &member.narrow_key));
	add_account(&list, &member, kind >= MEMBER_SUPPORT);
	add_key(&list, &member, OBJECT_KEY, member.key,
		"\"forecasts\", \"picks\", \"account\", \"publish\"");
	add_key(&list, &member, OBJECT_NARROW_KEY, member.narrow_key, "");
	add_billing(&list, &member, kind == MEMBER_ENTITLED);
	add_forecasts(&list, &member);
	add_league(&list, &member);
	if (kind >= MEMBER_SUPPORT)
		add(&list,
			"INSERT INTO admin_users (id, user_id, role, permissions, "
			"is_active, "
			"created_at, updated_at) VALUES ({u%d}, {u%d}, '%s', '[]', "
			"{yes}, "
			"{ago}, {ago})",
			object_number(number, OBJECT_ADMIN), number, roles[kind]);
	add_invitation(&list, &member, kind >= MEMBER_SUPPORT);
	TRY(people_run_all(ctx, list.sqls, list.count));
	*ret = member;
	return NULL;
}

bool
member_is_alone(const struct member *member, struct str text)
{
	for (;;) {
		ptrdiff_t at = str_find(text, STR(MARKER_BEGIN));

		if (at < 0)
			return true;
		text = str_slice(text, (size_t)at, text.len);
		if (!str_starts_with(text, member->marker))
			return false;
		text = str_slice(text, member->marker.len, text.len);
	}
}

struct err *
member_dump(struct ctx *ctx, const struct member *member, struct str *ret)
{
	static const char *const parts[] = {
		"'user', email || password_hash || coalesce(first_name, '-') || "
		"session_epoch || CASE WHEN is_active THEN ' active' ELSE ' out' END "
		"FROM users WHERE id",
		"'session', sum(CASE WHEN is_active THEN 1 ELSE 0 END) FROM "
		"user_sessions "
		"WHERE user_id",
		"'key', sum(CASE WHEN is_active THEN 1 ELSE 0 END) FROM api_keys WHERE "
		"user_id",
		"'code', count(*) FROM mfa_recovery_codes WHERE user_id",
		"'verification', count(*) FROM email_verifications WHERE used_at IS NULL "
		"AND user_id",
		"'reset', count(*) FROM password_resets WHERE used_at IS NULL AND "
		"user_id",
		"'change', count(*) FROM account_changes WHERE ended_at IS NULL AND "
		"user_id",
		"'subscription', max(status) FROM subscriptions WHERE user_id",
		"'payment', max(status) FROM payments WHERE user_id",
		"'grant', max(notes) || count(revoked_at) FROM free_access_grants WHERE "
		"user_id",
		"'invitation', count(*) - count(revoked_at) FROM invitations WHERE "
		"batch_id",
		"'role', max(role) || sum(CASE WHEN is_active THEN 1 ELSE 0 END) FROM "
		"admin_users WHERE user_id",
		"'affiliate', max(payout_details) FROM affiliates WHERE user_id",
		"'pick', max(pick) || count(*) FROM picks WHERE user_id",
		"'forecast', count(*) FROM predictions WHERE user_id",
		"'league', max(name) || max(code) FROM leagues WHERE user_id",
		"'membership', count(*) FROM league_members WHERE user_id",
		"'place', max(name) || count(*) FROM league_standings WHERE user_id",
	};
	static const enum db_type columns[] = { DB_TEXT };
	bool is_postgres = db_dialect(ctx->db) == DIALECT_POSTGRES;
	struct buf sql, hex;

	buf_init(&hex, ctx->arena, 64);
	if (is_postgres)
		uuid_format(&hex, member->id.uuid);
	else
		hex_encode(&hex,
			(struct str){ (const char *)member->id.uuid.bytes,
				sizeof(member->id.uuid.bytes) });
	buf_init(&sql, ctx->arena, 8192);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		struct str part = str_from(parts[i]), name;

		if (!str_next(&part, ',', &name))
			continue;
		/* "'user', X FROM …" as one text. */
		buf_fmt(&sql,
			"%sSELECT " STR_FMT " || ' ' || coalesce(CAST((SELECT" STR_FMT
			" = %s'" STR_FMT "') AS text), '-') AS part",
			i ? " UNION ALL " : "", STR_ARG(name), STR_ARG(part),
			is_postgres ? "" : "x", STR_ARG(buf_str(&hex)));
	}
	return database_dump(ctx, str_cstr(ctx->arena, buf_str(&sql)), columns, 1, ret);
}

struct err *
stored_dump(struct ctx *ctx, const struct member *own, const struct member *foreign,
	struct str *ret)
{
	static const enum db_type columns[] = { DB_TEXT };
	struct str mine, others, all;

	TRY(member_dump(ctx, own, &mine));
	TRY(member_dump(ctx, foreign, &others));
	TRY(database_dump(ctx,
		"SELECT (SELECT count(*) FROM users) || ' users ' || (SELECT count(*) "
		"FROM invitations) || ' invitations ' || (SELECT count(*) FROM "
		"free_access_grants) || ' grants ' || (SELECT count(*) FROM admin_users) "
		"|| ' administrators ' || (SELECT count(*) FROM predictions) || "
		"' forecasts ' || (SELECT count(*) FROM password_resets) || ' resets ' "
		"|| (SELECT count(*) FROM account_changes) || ' changes ' || (SELECT "
		"count(*) FROM outbox) || ' mails'",
		columns, 1, &all));
	*ret = str_fmt(ctx->arena, STR_FMT STR_FMT STR_FMT, STR_ARG(mine),
		STR_ARG(others), STR_ARG(all));
	return NULL;
}

struct str
member_token(
	struct ctx *ctx, const struct member *member, int64_t epoch, bool is_mfa_passed)
{
	struct jwt_claims claims = {
		.user_id = member->id,
		.family_id = person(object_number(member->number, OBJECT_SESSION)).uuid,
		.session_epoch = epoch,
		.is_mfa_passed = is_mfa_passed,
		.issued_at = ctx->now,
		.expires_at = ctx->now + INT64_C(900) * MICROSECONDS_PER_SECOND,
	};
	struct str token = STR_NONE;

	/* Without one the test fails where the token is used. */
	if (jwt_sign(ctx, &claims, &token))
		return STR("none");
	return token;
}

struct str
member_sample_body(struct ctx *ctx, const struct body_schema *schema, int number)
{
	struct buf out;

	buf_init(&out, ctx->arena, 8192);
	buf_put_char(&out, '{');
	for (size_t i = 0; i < schema->member_count; i++) {
		const struct body_member *member = &schema->members[i];
		struct str words = str_from(member->words), word = STR_NONE;

		/* An only member is never left out: a PATCH without any changes nothing. */
		if (member->need != BODY_NEEDED && schema != &body_role)
			continue;
		while (word.len == 0 && str_next(&words, '|', &word))
			;
		buf_fmt(&out, "%s\"" STR_FMT "\":", out.len > 1 ? "," : "",
			STR_ARG(member->name));
		switch (member->kind) {
		case BODY_KIND_TEXT:
		case BODY_KIND_LINES:
		case BODY_KIND_SECRET:
			buf_put_char(&out, '"');
			for (int64_t at = 0; at < (member->minimum > 20 ? member->minimum
								  : member->maximum < 20
								  ? member->maximum
								  : 20);
				at++)
				buf_put_char(&out, (char)('a' + at % 26));
			buf_put_char(&out, '"');
			break;
		case BODY_KIND_EMAIL:
			buf_fmt(&out, "\"sample%d@example.org\"", number);
			break;
		case BODY_KIND_BOOL:
			buf_put(&out, STR("true"));
			break;
		case BODY_KIND_I32:
		case BODY_KIND_I64:
			buf_put_i64(&out, member->minimum);
			break;
		case BODY_KIND_SHARE:
			buf_put(&out, STR("0.5"));
			break;
		case BODY_KIND_UUID:
			buf_fmt(&out, "\"" STR_FMT "\"",
				STR_ARG(object_text(
					ctx->arena, ABSENT_NUMBER, OBJECT_USER)));
			break;
		case BODY_KIND_TIME:
			buf_put(&out, STR("\"2030-01-01T00:00:00Z\""));
			break;
		case BODY_KIND_WORD:
			buf_fmt(&out, "\"" STR_FMT "\"", STR_ARG(word));
			break;
		case BODY_KIND_WORDS:
			buf_fmt(&out, "[\"" STR_FMT "\"]", STR_ARG(word));
			break;
		}
	}
	buf_put_char(&out, '}');
	return buf_str(&out);
}
