#include "accounts/standing.h"
#include "db/listen.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "tests/accounts/peer.h"
#include "tests/accounts/people.h"
#include "tests/support/database.h"

enum {
	TRIES_MAX = 500,
	PAUSE_MS = 20,
};

#define DAY (INT64_C(86400) * MICROSECONDS_PER_SECOND)

#define TIER(name, id, rank, hourly, is_add_on, features)                           \
	"INSERT INTO subscription_tiers (id, name, display_name, description, "     \
	"price_cents, currency, duration_days, features, hourly_requests, rank, "   \
	"is_add_on, provider_price_ids, created_at, updated_at) VALUES ({u" #id     \
	"}, '" name "', 'x', 'x', 0, 'USD', 1, '" features "', " #hourly ", " #rank \
	", {" is_add_on "}, '{}', {now}, {now})"
#define SUBSCRIPTION(id, tier, status, starts, ends)                               \
	"INSERT INTO subscriptions (user_id, id, tier_id, status, starts_at, "     \
	"expires_at, amount_paid_cents, currency, is_add_on, past_due_since, "     \
	"created_at, updated_at) VALUES ({u1}, {u" #id "}, {u" #tier "}, '" status \
	"', " starts ", " ends ", 0, 'USD', {no}, "

static struct standing
standing_of(struct ctx *ctx, int number)
{
	struct standing standing = { 0 };
	bool found = false;
	struct err *err = standing_get(ctx, person(number), &standing, &found);

	if (err)
		tap_fail(__FILE__, __LINE__, STR_FMT, STR_ARG(err->message));
	return standing;
}

/* Wait until notices are heard. */
static void
wait_to_hear(const struct ctx *ctx)
{
	for (int i = 0; i < TRIES_MAX && !db_hears(ctx->db); i++)
		(void)fiber_sleep_until(clock_deadline_ms(PAUSE_MS));
}

static struct err *
tiers_put(struct ctx *ctx)
{
	TRY(people_run(
		ctx, TIER("day", 101, 20, 100, "no", "[\"real_time_predictions\"]")));
	TRY(people_run(ctx,
		TIER("season", 102, 60, 10000, "no",
			"[\"real_time_predictions\", \"api_access\", \"unheard_of\"]")));
	return people_run(ctx, TIER("more", 103, 1, NULL, "yes", "[\"data_export\"]"));
}

/* --- What a standing says ----------------------------------------------------------- */

BOTH_ENGINES(nobody_has_no_standing)
{
	struct standing standing;
	bool found = true;

	OK_ERR(standing_get(ctx, person(1), &standing, &found));
	OK(!found);
}

BOTH_ENGINES(a_user_without_a_tier_has_ten_requests_and_no_feature)
{
	struct standing standing;

	OK_ERR(person_put(ctx, 1));
	standing = standing_of(ctx, 1);
	OK(standing.is_active && !standing.is_verified && !standing.has_mfa);
	EQ_I64(standing.session_epoch, 0);
	EQ_I64(standing.entitlement.features, 0);
	EQ_I64(standing.entitlement.hourly_requests, 10);
	EQ_STR(str_from(standing.entitlement.tier), STR(""));
	EQ_I64(standing.entitlement.valid_until, INT64_MAX);
	EQ_I64(standing.permissions, 0);
}

BOTH_ENGINES(features_add_up_and_the_highest_tier_names_the_limit)
{
	struct entitlement has;

	OK_ERR(person_put(ctx, 1));
	OK_ERR(tiers_put(ctx));
	OK_ERR(people_run(ctx,
		SUBSCRIPTION(
			201, 101, "active", "{ago}", "{day}") "NULL, {now}, {now})"));
	OK_ERR(people_run(ctx,
		"INSERT INTO subscriptions (user_id, id, tier_id, status, starts_at, "
		"expires_at, amount_paid_cents, currency, is_add_on, created_at, "
		"updated_at) "
		"VALUES ({u1}, {u202}, {u103}, 'active', {ago}, {day}, 0, 'USD', {yes}, "
		"{now}, {now})"));
	has = standing_of(ctx, 1).entitlement;
	EQ_STR(str_from(has.tier), STR("day"));
	EQ_I64(has.hourly_requests, 100);
	EQ_I64(has.features,
		1 << FEATURE_REAL_TIME_PREDICTIONS | 1 << FEATURE_DATA_EXPORT);
	EQ_I64(has.valid_until, ctx->now + DAY);
	OK_ERR(people_change(ctx, 1,
		"INSERT INTO free_access_grants (user_id, id, tier_id, access_type, "
		"start_date, end_date, created_at, updated_at) VALUES ({u1}, {u203}, "
		"{u102}, 'beta_tester', {ago}, {day}, {now}, {now})"));
	has = standing_of(ctx, 1).entitlement;
	EQ_STR(str_from(has.tier), STR("season"));
	EQ_I64(has.hourly_requests, 10000);
	OK(entitlement_has(&has, FEATURE_API_ACCESS));
	OK(entitlement_has(&has, FEATURE_DATA_EXPORT));
}

BOTH_ENGINES(what_begins_or_ends_later_counts_from_that_moment)
{
	struct entitlement has;

	OK_ERR(standing_open(ctx));
	wait_to_hear(ctx);
	OK_ERR(person_put(ctx, 1));
	OK_ERR(tiers_put(ctx));
	OK_ERR(people_run(ctx,
		"INSERT INTO free_access_grants (user_id, id, tier_id, access_type, "
		"start_date, end_date, created_at, updated_at) VALUES ({u1}, {u203}, "
		"{u102}, 'beta_tester', {now}, {day}, {now}, {now})"));
	ctx->now -= 1;
	has = standing_of(ctx, 1).entitlement;
	EQ_I64(has.features, 0);
	EQ_I64(has.valid_until, ctx->now + 1);
	ctx->now += 1;
	EQ_STR(str_from(standing_of(ctx, 1).entitlement.tier), STR("season"));
	ctx->now += DAY - 1;
	EQ_STR(str_from(standing_of(ctx, 1).entitlement.tier), STR("season"));
	ctx->now += 1;
	has = standing_of(ctx, 1).entitlement;
	EQ_STR(str_from(has.tier), STR(""));
	EQ_I64(has.hourly_requests, 10);
	standing_loop_close();
}

BOTH_ENGINES(past_due_keeps_access_for_three_days)
{
	OK_ERR(person_put(ctx, 1));
	OK_ERR(tiers_put(ctx));
	OK_ERR(people_run(ctx,
		SUBSCRIPTION(
			201, 101, "past_due", "{ago}", "{now}") "{now}, {now}, {now})"));
	EQ_I64(standing_of(ctx, 1).entitlement.valid_until, ctx->now + 3 * DAY);
	ctx->now += 3 * DAY - 1;
	EQ_I64(standing_of(ctx, 1).entitlement.hourly_requests, 100);
	ctx->now += 1;
	EQ_I64(standing_of(ctx, 1).entitlement.hourly_requests, 10);
}

BOTH_ENGINES(roles_bring_permissions_and_rows_add_to_them)
{
	struct standing standing;

	OK_ERR(person_put(ctx, 1));
	OK_ERR(people_run(ctx,
		"INSERT INTO admin_users (id, user_id, role, permissions, created_at, "
		"updated_at) VALUES ({u301}, {u1}, 'support', '[\"audit.read\", "
		"\"no.such\"]', "
		"{now}, {now})"));
	standing = standing_of(ctx, 1);
	EQ_I64(standing.role, ROLE_SUPPORT);
	OK(standing_may(&standing, PERMISSION_USERS_READ));
	OK(standing_may(&standing, PERMISSION_AUDIT_READ));
	OK(!standing_may(&standing, PERMISSION_ROLES_WRITE));
	OK_ERR(people_change(ctx, 1, "UPDATE admin_users SET is_active = {no}"));
	EQ_I64(standing_of(ctx, 1).permissions, 0);
	OK_ERR(people_change(ctx, 1,
		"UPDATE admin_users SET is_active = {yes}, role = 'super_admin'"));
	EQ_I64(standing_of(ctx, 1).permissions, (1 << PERMISSION_COUNT) - 1);
}

static struct err *
session_put(struct ctx *ctx, int number)
{
	struct str sql = str_fmt(ctx->arena,
		"INSERT INTO user_sessions (user_id, id, family_id, token_hash, "
		"expires_at, last_accessed, is_active, created_at, family_started_at, "
		"revoked_at, revoked_reason) VALUES ({u1}, {u%d}, {u%d}, %s%064d%s, "
		"{day}, "
		"{now}, {no}, {ago}, {ago}, {now}, 'sign_out')",
		number, number, db_dialect(ctx->db) == DIALECT_POSTGRES ? "'\\x" : "x'",
		number, "'");

	return people_run(ctx, str_cstr(ctx->arena, sql));
}

BOTH_ENGINES(families_that_ended_have_no_session_be_they_few_or_many)
{
	struct standing standing;
	bool goes_on = true;

	OK_ERR(person_put(ctx, 1));
	OK_ERR(session_put(ctx, 500));
	standing = standing_of(ctx, 1);
	OK_ERR(standing_has_session(ctx, &standing, person(500).uuid, &goes_on));
	OK(!goes_on);
	OK_ERR(standing_has_session(ctx, &standing, person(700).uuid, &goes_on));
	OK(goes_on);
	for (int number = 501; number < 560; number++)
		OK_ERR(session_put(ctx, number));
	standing = standing_of(ctx, 1);
	OK(standing.has_more_ended);
	for (int number = 500; number < 560; number++) {
		OK_ERR(standing_has_session(
			ctx, &standing, person(number).uuid, &goes_on));
		OK(!goes_on);
	}
	OK_ERR(standing_has_session(ctx, &standing, person(700).uuid, &goes_on));
	OK(goes_on);
}

/* --- Keeping and forgetting --------------------------------------------------------- */

BOTH_ENGINES(what_is_kept_is_not_asked_again_and_goes_with_a_change)
{
	uint64_t hits;

	OK_ERR(standing_open(ctx));
	wait_to_hear(ctx);
	OK(db_hears(ctx->db));
	OK_ERR(person_put(ctx, 1));
	OK(standing_of(ctx, 1).is_active);
	hits = standing_counters().hits;
	OK(standing_of(ctx, 1).is_active);
	EQ_I64(standing_counters().hits, hits + 1);
	/* What nobody tells is not seen: else the test proves nothing. */
	OK_ERR(people_run(ctx, "UPDATE users SET session_epoch = 1"));
	EQ_I64(standing_of(ctx, 1).session_epoch, 0);
	OK_ERR(people_change(ctx, 1, "UPDATE users SET session_epoch = 2"));
	EQ_I64(standing_of(ctx, 1).session_epoch, 2);
	standing_loop_close();
}

static struct err *
roll_back(struct tx *tx, void *arg)
{
	(void)arg;
	TRY(standing_changed(tx, person(1)));
	return err_new(tx->ctx, ERR_CONFLICT, "not this time");
}

BOTH_ENGINES(a_change_rolled_back_tells_nobody)
{
	uint64_t sent = db_listen_counters(ctx->db).sent;

	FAILS_WITH(
		db_transact(ctx, TX_WRITE, SHARD_GLOBAL, roll_back, NULL), ERR_CONFLICT);
	EQ_I64(db_listen_counters(ctx->db).sent, sent);
}

BOTH_ENGINES(before_anybody_listens_nothing_is_kept)
{
	uint64_t hits = standing_counters().hits;

	OK_ERR(person_put(ctx, 1));
	OK(!db_hears(ctx->db));
	OK(standing_of(ctx, 1).is_active);
	OK_ERR(people_run(ctx, "UPDATE users SET is_active = {no}"));
	OK(!standing_of(ctx, 1).is_active);
	EQ_I64(standing_counters().hits, hits);
	standing_loop_close();
}

/* --- Two instances ------------------------------------------------------------------ */

static void
revoke_here_is_seen_there(struct ctx *ctx)
{
	const char *get = peer_question(ctx->arena, "get", person(1));
	static struct peer peer; /* a test that fails leaves it open */

	OK_ERR(standing_open(ctx));
	wait_to_hear(ctx);
	OK_ERR(person_put(ctx, 1));
	OK(peer_start(&peer, ctx->arena, database_url()));
	OK(peer_says(&peer, "hears", "yes"));
	OK(peer_says(&peer, get, "active 0 hits 0"));
	/* Not told: it is kept there. */
	OK_ERR(people_run(ctx, "UPDATE users SET session_epoch = 6"));
	EQ_STR(peer_ask(&peer, get), STR("active 0 hits 1"));
	EQ_I64(standing_of(ctx, 1).session_epoch, 6);
	OK_ERR(people_change(ctx, 1, "UPDATE users SET session_epoch = 7"));
	EQ_I64(standing_of(ctx, 1).session_epoch, 7);
	OK(peer_says(&peer, get, "active 7"));
	OK_ERR(people_change(ctx, 1, "UPDATE users SET is_active = {no}"));
	OK(!standing_of(ctx, 1).is_active);
	OK(peer_says(&peer, get, "inactive 7"));
	peer_end(&peer);
	standing_loop_close();
}

TEST(a_revocation_is_effective_on_both_instances)
{
	database_run(DIALECT_POSTGRES, revoke_here_is_seen_there);
}

static void
deaf_instance_asks(struct ctx *ctx)
{
	const char *get = peer_question(ctx->arena, "get", person(1));
	static struct peer peer; /* a test that fails leaves it open */

	OK_ERR(person_put(ctx, 1));
	/* So that this instance has a connection for what follows. */
	OK_ERR(people_change(ctx, 1, "UPDATE users SET session_epoch = 0"));
	OK(peer_start(&peer, ctx->arena, database_url()));
	OK(peer_says(&peer, "hears", "yes"));
	EQ_STR(peer_ask(&peer, get), STR("active 0 hits 0"));
	EQ_STR(peer_ask(&peer, get), STR("active 0 hits 1"));
	/* Its listening connection dies and cannot come back. */
	OK_ERR(people_run(ctx,
		"UPDATE pg_database SET datallowconn = false WHERE datname = "
		"current_database(); SELECT pg_terminate_backend(pid) FROM "
		"pg_stat_activity WHERE application_name = 'gridiron listen' AND "
		"datname = current_database()"));
	OK(peer_says(&peer, "hears", "no"));
	OK_ERR(people_change(ctx, 1, "UPDATE users SET is_active = {no}"));
	EQ_STR(peer_ask(&peer, get), STR("inactive 0 hits 1"));
	EQ_STR(peer_ask(&peer, get), STR("inactive 0 hits 1"));
	OK_ERR(people_run(ctx, "UPDATE users SET is_active = {yes}"));
	EQ_STR(peer_ask(&peer, get), STR("active 0 hits 1"));
	/* Back again it keeps again, but nothing from before. */
	OK_ERR(people_run(ctx, "UPDATE users SET session_epoch = 9"));
	OK_ERR(people_run(ctx,
		"UPDATE pg_database SET datallowconn = true WHERE datname = "
		"current_database()"));
	OK(peer_says(&peer, "hears", "yes"));
	EQ_STR(peer_ask(&peer, get), STR("active 9 hits 1"));
	EQ_STR(peer_ask(&peer, get), STR("active 9 hits 2"));
	peer_end(&peer);
}

TEST(an_instance_that_cannot_hear_trusts_nothing_it_kept)
{
	database_run(DIALECT_POSTGRES, deaf_instance_asks);
}
