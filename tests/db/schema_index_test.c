/* Indexes: none missing, none twice, and those that were asked for serve their queries. */
#include "tests/db/schema_rows.h"

/* --- The catalogue ------------------------------------------------------------------ */

static const char *const unindexed_foreign_keys[DIALECT_COUNT] = {
	[DIALECT_POSTGRES] =
		"SELECT string_agg(conname, ', ') FROM pg_constraint c WHERE contype = "
		"'f' "
		"AND connamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM "
		"pg_index i WHERE i.indrelid = c.conrelid AND "
		"(i.indkey::int2[])[0:array_length(c.conkey, 1) - 1] @> c.conkey AND "
		"(i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) ~ "
		"'^\\([a-z_]+ IS NOT NULL\\)$'))",
	[DIALECT_SQLITE] =
		"SELECT group_concat(t || '.' || id, ', ') FROM (SELECT m.name AS t, "
		"f.id, "
		"count(*) AS n, group_concat(f.\"from\") FROM sqlite_schema m, "
		"pragma_foreign_key_list(m.name) f WHERE m.type = 'table' GROUP BY 1, 2) "
		"k "
		"WHERE NOT EXISTS (SELECT 1 FROM pragma_index_list(k.t) l WHERE k.n = "
		"(SELECT count(*) FROM pragma_index_info(l.name) i JOIN "
		"pragma_foreign_key_list(k.t) f ON f.id = k.id AND f.\"from\" = i.name "
		"AND "
		"i.seqno < k.n))",
};

SCRATCH_TEST(every_foreign_key_has_an_index)
{
	struct str missing;

	OK_ERR(scratch_migrate(s));
	OK_ERR(scratch_value(s, unindexed_foreign_keys[scratch_dialect()], &missing));
	OK_OR(str_is_none(missing), STR_FMT, STR_ARG(missing));
}

SCRATCH_TEST(a_foreign_key_without_an_index_would_be_seen)
{
	struct str missing;

	OK_ERR(scratch_migrate(s));
	OK_ERR(scratch_run(
		s, "DROP INDEX idx_picks_game; DROP INDEX idx_payments_subscription"));
	OK_ERR(scratch_value(s, unindexed_foreign_keys[scratch_dialect()], &missing));
	OK(str_find(missing, STR("picks")) >= 0);
	OK(str_find(missing, STR("payments")) >= 0);
}

/*
 * Index a is of no use beside b when b begins with a's columns, in the same order and
 * under the same condition, unless a's being unique is a rule. One pair is meant: the
 * narrow index on live subscriptions is the smaller one, and read at every request.
 */
static const char redundant_indexes[] =
	"SELECT string_agg(a.indexrelid::regclass || ' in ' || b.indexrelid::regclass, "
	"', ') "
	"FROM pg_index a JOIN pg_index b ON a.indrelid = b.indrelid AND a.indexrelid <> "
	"b.indexrelid JOIN pg_class ca ON ca.oid = a.indexrelid JOIN pg_class cb ON "
	"cb.oid = "
	"b.indexrelid AND cb.relam = ca.relam JOIN pg_class t ON t.oid = a.indrelid AND "
	"t.relnamespace = 'public'::regnamespace WHERE NOT a.indisunique AND a.indexprs "
	"IS "
	"NULL AND b.indexprs IS NULL AND (ARRAY(SELECT unnest(b.indkey)))[1:a.indnatts] "
	"= "
	"ARRAY(SELECT unnest(a.indkey)) AND (ARRAY(SELECT "
	"unnest(b.indoption)))[1:a.indnatts] = ARRAY(SELECT unnest(a.indoption)) AND "
	"(b.indpred IS NULL OR pg_get_expr(a.indpred, a.indrelid) = "
	"pg_get_expr(b.indpred, "
	"b.indrelid)) AND ca.relname NOT IN ('idx_subscriptions_user_status_active', "
	"'idx_users_email_verified_active')";

SCRATCH_TEST(no_index_repeats_another)
{
	struct str redundant;

	if (!scratch_is_postgres())
		SKIP("the same indexes; PostgreSQL's catalogue can tell");
	OK_ERR(scratch_migrate(s));
	OK_ERR(scratch_value(s, redundant_indexes, &redundant));
	OK_OR(str_is_none(redundant), STR_FMT, STR_ARG(redundant));
	OK_ERR(scratch_run(s, "CREATE INDEX stray ON picks (user_id, game_id)"));
	OK_ERR(scratch_value(s, redundant_indexes, &redundant));
	EQ_STR(redundant, STR("stray in picks_one_a_game"));
}

/* --- Queries ------------------------------------------------------------------------ */

/* Rows enough that an index pays. Foreign keys are off: only the plans matter. */
static const char *const volume[DIALECT_COUNT] = {
	[DIALECT_POSTGRES] =
		"SET session_replication_role = replica;"
		"INSERT INTO users (id, email, password_hash, email_verified, is_active, "
		"created_at, updated_at) SELECT gen_random_uuid(), 'u' || g || '@x.org', "
		"'x', "
		"g % 5 = 0, true, to_timestamp(g), to_timestamp(g) FROM "
		"generate_series(1, 20000) g;"
		"INSERT INTO user_sessions (user_id, id, family_id, token_hash, "
		"expires_at, "
		"last_accessed, is_active, created_at, family_started_at) SELECT id, id, "
		"id, "
		"sha256(email::bytea), created_at + '1 day', created_at, true, "
		"created_at, "
		"created_at FROM users;"
		"INSERT INTO subscriptions (user_id, id, tier_id, status, starts_at, "
		"expires_at, amount_paid_cents, currency, created_at, updated_at) SELECT "
		"id, "
		"gen_random_uuid(), id, CASE WHEN n = 1 THEN 'active' ELSE 'expired' "
		"END, "
		"created_at, created_at + '1 day', 0, 'USD', created_at, created_at FROM "
		"users, generate_series(1, 3) n;"
		"INSERT INTO subscription_tiers (id, name, display_name, description, "
		"price_cents, currency, duration_days, features, rank, "
		"provider_price_ids, "
		"created_at, updated_at) SELECT gen_random_uuid(), 't' || g, 't', 't', "
		"0, "
		"'USD', 1, jsonb_build_array('f' || g), g, '{}', now(), now() FROM "
		"generate_series(1, 5000) g;"
		"INSERT INTO referrals (user_id, id, affiliate_user_id, affiliate_id, "
		"referral_code, source, status, conversion_date, commission_rate, "
		"recurring_rate, created_at, updated_at) SELECT id, id, "
		"gen_random_uuid(), id, "
		"'CODE', 'code', CASE WHEN email_verified THEN 'converted' ELSE "
		"'pending' END, "
		"created_at, 0.3, 0.1, created_at, created_at FROM users;"
		"INSERT INTO predictions (id, model, prediction_type, season, week, "
		"game_id, nflverse_id, "
		"home_team, away_team, matchup, prediction_data, confidence, "
		"predicted_at, "
		"created_at) SELECT gen_random_uuid(), 'm', (ARRAY['game', 'ats', "
		"'total'])[1 "
		"+ g % 3], 2000 + g % 24, 1 + g % 18, gen_random_uuid(), 'x', 'A', 'B', "
		"'A @ "
		"B', "
		"jsonb_build_object('team', jsonb_build_array('t' || g), 'n', g), CASE "
		"WHEN g "
		"% 2 = 0 THEN (g % 1000) / 1000.0 END, now(), now() FROM "
		"generate_series(1, "
		"20000) g;"
		"INSERT INTO user_prediction_access (user_id, id, prediction_id, "
		"accessed_at, "
		"via) SELECT id, id, id, created_at, 'api' FROM users;"
		"INSERT INTO audit_logs (id, seq, user_id, actor_kind, action, outcome, "
		"details, commitment, previous_hash, hash, key_id, created_at) SELECT "
		"id, "
		"row_number() OVER (), id, 'user', 'a' || length(email), 'success', "
		"'{}', "
		"sha256('1'), sha256('1'), sha256('1'), 'k', created_at FROM users;"
		"RESET session_replication_role",
	[DIALECT_SQLITE] =
		"PRAGMA foreign_keys = OFF;"
		"CREATE TEMP TABLE n AS WITH RECURSIVE s (g) AS (VALUES (1) UNION ALL "
		"SELECT g "
		"+ 1 FROM s WHERE g < 5000) SELECT g, randomblob(16) AS id FROM s;"
		"INSERT INTO users (id, email, password_hash, email_verified, is_active, "
		"created_at, updated_at) SELECT id, 'u' || g || '@x.org', 'x', g % 5 = "
		"0, 1, g, "
		"g FROM n;"
		"INSERT INTO user_sessions (user_id, id, family_id, token_hash, "
		"expires_at, "
		"last_accessed, is_active, created_at, family_started_at) SELECT id, "
		"randomblob(16), randomblob(16), randomblob(32), g + 1, g, column1 < 4, "
		"g, g "
		"FROM n, (VALUES (1), (2), (3), (4), (5), (6), (7), (8));"
		"INSERT INTO subscriptions (user_id, id, tier_id, status, starts_at, "
		"expires_at, amount_paid_cents, currency, created_at, updated_at) SELECT "
		"id, "
		"id, id, CASE WHEN g % 3 = 0 THEN 'active' ELSE 'expired' END, g, g + 1, "
		"0, "
		"'USD', g, g FROM n;"
		"INSERT INTO referrals (user_id, id, affiliate_user_id, affiliate_id, "
		"referral_code, source, status, conversion_date, commission_rate, "
		"recurring_rate, created_at, updated_at) SELECT id, id, randomblob(16), "
		"id, "
		"'CODE', 'code', CASE WHEN g % 5 = 0 THEN 'converted' ELSE 'pending' "
		"END, g, "
		"3000, 1000, g, g FROM n;"
		"INSERT INTO predictions (id, model, prediction_type, season, week, "
		"game_id, nflverse_id, "
		"home_team, away_team, matchup, prediction_data, confidence, "
		"predicted_at, "
		"created_at) SELECT id, 'm', CASE g % 3 WHEN 0 THEN 'game' WHEN 1 THEN "
		"'ats' "
		"ELSE 'total' END, 2000 + g % 24, 1 + g % 18, id, 'x', 'A', 'B', 'A @ "
		"B', "
		"'{}', "
		"CASE WHEN g % 2 = 0 THEN (g % 1000) / 1000.0 END, g, g FROM n;"
		"INSERT INTO user_prediction_access (user_id, id, prediction_id, "
		"accessed_at, "
		"via) SELECT id, id, id, g, 'api' FROM n;"
		"INSERT INTO audit_logs (id, seq, user_id, actor_kind, action, outcome, "
		"details, commitment, previous_hash, hash, key_id, created_at) SELECT "
		"id, g, "
		"id, 'user', 'a' || (g % 5), 'success', '{}', randomblob(32), "
		"randomblob(32), "
		"randomblob(32), 'k', g FROM n;"
		"SELECT 1",
};

#define SOME_ID "(SELECT id FROM users WHERE email = 'u500@x.org')"

struct use {
	const char *index;
	bool is_postgres_only;
	const char *sql;
};

/* The query that each index of the design is for. */
static const struct use uses[] = {
	{ "idx_predictions_season_week_type", false,
		"SELECT id FROM predictions WHERE season = 2020 AND week = 3 AND "
		"prediction_type = 'game'" },
	{ "idx_predictions_published", false,
		"SELECT id FROM predictions WHERE model = 'm' AND season = 2020 AND week "
		"BETWEEN 3 AND 4 AND user_id IS NULL AND superseded_at IS NULL ORDER BY "
		"week, id LIMIT 20" },
	{ "idx_predictions_confidence_desc", false,
		"SELECT id FROM predictions WHERE confidence IS NOT NULL ORDER BY "
		"confidence "
		"DESC LIMIT 20" },
	{ "idx_prediction_data_gin", true,
		"SELECT id FROM predictions WHERE prediction_data @> '{\"n\": 77}'" },
	{ "idx_prediction_data_team", true,
		"SELECT id FROM predictions WHERE prediction_data -> 'team' @> "
		"'\"t77\"'" },
	{ "idx_subscriptions_user_status_active", false,
		"SELECT count(*) FROM subscriptions WHERE user_id = " SOME_ID
		" AND status = 'active' AND status IN ('active', 'trial')" },
	{ "idx_subscriptions_user_status_expires", false,
		"SELECT status, expires_at FROM subscriptions WHERE user_id = " SOME_ID
		" AND status = 'active' AND status IN ('active', 'trial') AND expires_at "
		"> "
		"TIME ORDER BY expires_at DESC LIMIT 1" },
	{ "idx_user_prediction_access_accessed_at", false,
		"SELECT prediction_id FROM user_prediction_access ORDER BY accessed_at "
		"DESC "
		"LIMIT 20" },
	{ "idx_referrals_conversion_status", false,
		"SELECT user_id FROM referrals WHERE status = 'converted' AND "
		"conversion_date "
		"BETWEEN TIME AND TIME" },
	{ "idx_users_email_verified_active", false,
		"SELECT email FROM users WHERE email_verified AND is_active ORDER BY "
		"email "
		"LIMIT 20" },
	{ "idx_audit_logs_user_action_date", false,
		"SELECT id FROM audit_logs WHERE user_id = " SOME_ID
		" AND action = 'a9' ORDER BY created_at DESC LIMIT 20" },
	{ "idx_subscription_features", true,
		"SELECT name FROM subscription_tiers WHERE features @> '[\"f77\"]'" },
	{ "idx_user_sessions_user_id", false,
		"SELECT id FROM user_sessions WHERE is_active AND user_id = " SOME_ID
		" ORDER BY last_accessed DESC LIMIT 20" },
	{ "idx_user_sessions_expires_at", false,
		"SELECT id FROM user_sessions WHERE expires_at < TIME" },
	{ "idx_user_sessions_token_hash", false,
		"SELECT user_id FROM user_sessions WHERE token_hash = HASH" },
	{ "idx_user_sessions_revoked", false,
		"SELECT family_id FROM user_sessions WHERE user_id = " SOME_ID
		" AND revoked_at > TIME" },
	{ "subscriptions_one_live_base", false,
		"SELECT id FROM subscriptions WHERE user_id = " SOME_ID
		" AND status IN ('trial', 'active', 'past_due') AND NOT is_add_on" },
	{ "users_leaderboard_name_key", false,
		"SELECT id FROM users WHERE leaderboard_name_folded = 'u7'" },
	{ "users_email_key", false, "SELECT id FROM users WHERE email = 'u7@x.org'" },
};

/* SQL with the engine's literal for every NAME. */
static struct str
replaced(struct arena *arena, struct str sql, const char *name, const char *literal)
{
	ptrdiff_t at = str_find(sql, str_from(name));

	if (at < 0)
		return sql;
	return str_fmt(arena, STR_FMT "%s" STR_FMT,
		STR_ARG(str_slice(sql, 0, (size_t)at)), literal,
		STR_ARG(replaced(arena,
			str_slice(sql, (size_t)at + strlen(name), sql.len), name,
			literal)));
}

struct plan {
	struct arena *arena;
	struct str text;
};

static struct err *
add_step(void *arg, const struct str *columns, size_t count)
{
	struct plan *plan = arg;

	plan->text = str_fmt(plan->arena, STR_FMT STR_FMT "\n", STR_ARG(plan->text),
		STR_ARG(columns[count - 1]));
	return NULL;
}

SCRATCH_TEST(each_index_of_the_design_is_used_by_the_query_it_is_for)
{
	bool is_postgres = scratch_is_postgres();
	struct session *session;

	OK_ERR(scratch_migrate(s));
	OK_ERR(session_open(&s->ctx, s->options.url, &session));
	OK_ERR(session_run(&s->ctx, session, str_from(volume[scratch_dialect()])));
	/* GIN indexes keep what is new apart until VACUUM. */
	OK_ERR(session_run(
		&s->ctx, session, is_postgres ? STR("VACUUM ANALYZE") : STR("ANALYZE")));
	for (size_t i = 0; i < COUNT_OF(uses); i++) {
		struct plan plan = { .arena = &s->arena, .text = STR("") };
		struct str sql = str_from(uses[i].sql);

		if (uses[i].is_postgres_only && !is_postgres)
			continue;
		sql = replaced(
			&s->arena, sql, "TIME", is_postgres ? "to_timestamp(50)" : "50");
		sql = replaced(&s->arena, sql, "HASH", is_postgres ? "'\\x01'" : "X'01'");
		OK_ERR(session_query(&s->ctx, session,
			str_fmt(&s->arena, "%s " STR_FMT,
				is_postgres ? "EXPLAIN" : "EXPLAIN QUERY PLAN",
				STR_ARG(sql)),
			add_step, &plan));
		OK_OR(str_find(plan.text, str_from(uses[i].index)) >= 0,
			"%s is not used: " STR_FMT "\n" STR_FMT, uses[i].index,
			STR_ARG(sql), STR_ARG(plan.text));
	}
	session_close(session);
}
