/*
 * Row security and rights on PostgreSQL, as the roles of the program: what each sees of a
 * table's rows when the setting is absent, empty, its own or another user's.
 */
#include "base/buf.h"
#include "tests/db/schema_rows.h"

#define USER_1 "00000000-0000-0000-0000-000000000001"
#define USER_2 "00000000-0000-0000-0000-000000000002"
#define USER_3 "00000000-0000-0000-0000-000000000003"
#define AS_SYSTEM                                              \
	"SELECT set_config('role', 'gridiron_system', true), " \
	"set_config('app.current_user_id', '', true)"

/* Every guarded table, and the column that says whose a row is. */
static const struct {
	const char *table;
	const char *owner;
} guarded[] = { { "users", "id" }, { "user_sessions", "user_id" },
	{ "email_verifications", "user_id" }, { "password_resets", "user_id" },
	{ "account_changes", "user_id" }, { "api_keys", "user_id" },
	{ "mfa_recovery_codes", "user_id" }, { "subscriptions", "user_id" },
	{ "payments", "user_id" }, { "free_access_grants", "user_id" },
	{ "promotion_uses", "user_id" }, { "affiliates", "user_id" },
	{ "referrals", "user_id" }, { "affiliate_payouts", "user_id" },
	{ "commission_entries", "user_id" }, { "user_prediction_access", "user_id" },
	{ "picks", "user_id" }, { "idempotency_keys", "user_id" },
	{ "audit_logs", "user_id" }, { "predictions", "user_id" },
	{ "leagues", "user_id" }, { "league_members", "user_id" },
	{ "league_standings", "user_id" } };

/* What makes TABLE's row user 2's. */
static const char *
second_user(const char *table)
{
	static const struct {
		const char *table;
		const char *columns;
	} special[] = {
		{ "audit_logs", "user_id=%2; actor_kind='user'" },
		{ "affiliate_payouts", "user_id=%2; affiliate_id=%2; batch_id=NULL" },
		{ "commission_entries", "user_id=%2; affiliate_id=%2" },
		{ "referrals", "user_id=%2; affiliate_user_id=%1; affiliate_id=%1" },
		{ "league_members", "user_id=%2; league_id=%2" },
		{ "league_standings", "user_id=%2; league_id=%2" },
	};

	for (size_t i = 0; i < COUNT_OF(special); i++)
		if (strcmp(table, special[i].table) == 0)
			return special[i].columns;
	return "user_id=%2";
}

/* Rows of both users in every guarded table; user 2's sessions and so on beside user 1's. */
static struct err *
fill(struct scratch *s)
{
	struct session *session;
	struct err *err;

	TRY(scratch_migrate(s));
	TRY(session_open(&s->ctx, s->options.url, &session));
	err = rows_fill(s, session);
	for (size_t i = 0; i < COUNT_OF(guarded) && !err; i++) {
		const struct good_row *row = good_row_find(str_from(guarded[i].table));

		/* Parents have a row of each user already. */
		if (row->variants < 2)
			err = session_run(&s->ctx, session,
				row_insert(&s->arena, row, 2, second_user(row->table)));
	}
	if (!err)
		err = session_run(&s->ctx, session,
			STR("INSERT INTO audit_logs SELECT gen_random_uuid(), 3, '" USER_1
			    "', NULL, 'user', action, outcome, NULL, NULL, details, "
			    "NULL, "
			    "NULL, NULL, NULL, commitment, previous_hash, hash, key_id, "
			    "created_at FROM audit_logs WHERE seq = 1"));
	session_close(session);
	return err;
}

/* The number that SQL yields in one transaction of SESSION after SETUP; -1: an error. */
static int64_t
count_as(struct scratch *s, struct session *session, const char *setup, const char *sql)
{
	struct str text = STR("-1");
	int64_t count = 0;
	struct err *err;

	err = session_run(&s->ctx, session, STR("BEGIN"));
	if (!err && setup[0])
		err = session_run(&s->ctx, session, str_from(setup));
	if (!err)
		err = session_value(&s->ctx, session, str_from(sql), &text);
	(void)!session_run(&s->ctx, session, STR("ROLLBACK"));
	if (err || str_is_none(text))
		return -1;
	for (size_t i = 0; i < text.len; i++)
		count = count * 10 + (text.ptr[i] - '0');
	return count;
}

static const char *
text_of(struct scratch *s, const char *fmt, const char *a, const char *b)
{
	struct buf text;

	buf_init(&text, &s->arena, 4096);
	for (const char *c = fmt; *c; c++) {
		if (*c == '1' && c[1] == '$') {
			buf_put(&text, str_from(a));
			c++;
		} else if (*c == '2' && c[1] == '$') {
			buf_put(&text, str_from(b));
			c++;
		} else {
			buf_put_char(&text, *c);
		}
	}
	return str_cstr(&s->arena, buf_str(&text));
}

#define POSTGRES_ONLY()                                     \
	do {                                                \
		if (!scratch_is_postgres())                 \
			SKIP("SQLite has no row security"); \
	} while (0)

static const char *
as_user(struct scratch *s, const char *user)
{
	return text_of(
		s, "SELECT set_config('app.current_user_id', '1$', true)", user, "");
}

SCRATCH_TEST(a_user_sees_his_own_rows_and_nobody_elses)
{
	struct session *app, *root;

	POSTGRES_ONLY();
	OK_ERR(fill(s));
	OK_ERR(session_open(&s->ctx, s->options.url, &root));
	OK_ERR(session_open(&s->ctx, scratch_url_as(s, "gridiron_app"), &app));
	for (size_t i = 0; i < COUNT_OF(guarded); i++) {
		const char *table = guarded[i].table, *owner = guarded[i].owner;
		const char *all = text_of(s, "SELECT count(*) FROM 1$", table, "");
		const char *mine = text_of(s,
			"SELECT count(*) FROM 1$ WHERE 2$ = '" USER_1 "'", table, owner);
		const char *others = text_of(s,
			"SELECT count(*) FROM 1$ WHERE 2$ <> '" USER_1 "'", table, owner);
		const char *nobodys = text_of(
			s, "SELECT count(*) FROM 1$ WHERE 2$ IS NULL", table, owner);
		int64_t published = strcmp(table, "predictions") == 0
			? count_as(s, root, "", nobodys)
			: 0;
		int64_t own = count_as(s, root, "", mine);

		/* The table holds what it takes for the claims to say something. */
		OK_OR(own > 0 || published > 0, "%s has no row of user 1", table);
		OK_OR(count_as(s, root, "", all) > own, "%s has no row of another",
			table);
		/* Unset, and empty as on a connection that had it set before. */
		EQ_I64(count_as(s, app, "", all), published);
		EQ_I64(count_as(s, app, as_user(s, ""), all), published);
		/* His own, and none besides. */
		EQ_I64(count_as(s, app, as_user(s, USER_1), mine), own);
		EQ_I64(count_as(s, app, as_user(s, USER_1), all), own + published);
		EQ_I64(count_as(s, app, as_user(s, USER_1), others), 0);
	}
	session_close(app);
	session_close(root);
}

SCRATCH_TEST(the_owner_is_held_by_row_security_too)
{
	struct session *root;

	POSTGRES_ONLY();
	OK_ERR(fill(s));
	OK_ERR(session_open(&s->ctx, s->options.url, &root));
	for (size_t i = 0; i < COUNT_OF(guarded); i++)
		/* Of the audit log he sees what lies before the cut: the first row. */
		EQ_I64(count_as(s, root, "SET LOCAL ROLE gridiron_owner",
			       text_of(s, "SELECT count(*) FROM 1$", guarded[i].table,
				       "")),
			strcmp(guarded[i].table, "audit_logs") == 0);
	session_close(root);
}

SCRATCH_TEST(system_work_sees_every_row_for_one_transaction)
{
	struct session *app, *root;

	POSTGRES_ONLY();
	OK_ERR(fill(s));
	OK_ERR(session_open(&s->ctx, s->options.url, &root));
	OK_ERR(session_open(&s->ctx, scratch_url_as(s, "gridiron_app"), &app));
	for (size_t i = 0; i < COUNT_OF(guarded); i++) {
		const char *all = text_of(
			s, "SELECT count(*) FROM 1$", guarded[i].table, "");

		EQ_I64(count_as(s, app, AS_SYSTEM, all), count_as(s, root, "", all));
	}
	/* It was local to the transaction. */
	EQ_I64(count_as(s, app, "", "SELECT count(*) FROM users"), 0);
	/* Being a member gives nothing by itself. */
	EQ_I64(count_as(s, app, "",
		       "SELECT count(*) WHERE pg_has_role('gridiron_app', "
		       "'gridiron_system', 'USAGE')"),
		0);
	/* From system work to a user's, within one transaction. */
	EQ_I64(count_as(s, app,
		       AS_SYSTEM "; SELECT set_config('role', 'gridiron_app', true), "
				 "set_config('app.current_user_id', '" USER_1 "', true)",
		       "SELECT count(*) FROM users"),
		1);
	session_close(app);
	session_close(root);
}

SCRATCH_TEST(a_user_cannot_write_anothers_rows)
{
	static const char *const forbidden[] = {
		"INSERT INTO api_keys (user_id, id, name, prefix, key_hash, scopes, "
		"created_at) VALUES ('" USER_2 "', gen_random_uuid(), 'x', 'x', "
		"sha256('x'), '[]', now())",
		"UPDATE api_keys SET user_id = '" USER_2 "'",
		"INSERT INTO users (id, email, password_hash, created_at, updated_at) "
		"VALUES "
		"(gen_random_uuid(), 'new@example.org', 'x', now(), now())",
		"INSERT INTO predictions (id, model, prediction_type, season, week, "
		"game_id, nflverse_id, "
		"home_team, away_team, matchup, prediction_data, predicted_at, "
		"created_at) "
		"SELECT gen_random_uuid(), 'mine', 'game', 2023, 1, id, nflverse_id, "
		"'T1', 'T2', 'x', "
		"'{}', now(), now() FROM games LIMIT 1",
	};
	struct session *app;

	POSTGRES_ONLY();
	OK_ERR(fill(s));
	OK_ERR(session_open(&s->ctx, scratch_url_as(s, "gridiron_app"), &app));
	for (size_t i = 0; i < COUNT_OF(forbidden); i++) {
		OK_ERR(session_run(&s->ctx, app, STR("BEGIN")));
		OK_ERR(session_run(&s->ctx, app, str_from(as_user(s, USER_1))));
		FAILS_WITH(session_run(&s->ctx, app, str_from(forbidden[i])), ERR_DENIED);
		OK_ERR(session_run(&s->ctx, app, STR("ROLLBACK")));
	}
	EQ_I64(count_as(s, app, as_user(s, USER_1),
		       "WITH gone AS (DELETE FROM picks WHERE user_id = '" USER_2
		       "' RETURNING 1) SELECT count(*) FROM gone"),
		0);
	EQ_I64(count_as(s, app, as_user(s, USER_1),
		       "WITH gone AS (UPDATE predictions SET confidence = 1 RETURNING 1) "
		       "SELECT count(*) FROM gone"),
		0);
	session_close(app);
}

/* User 2 joins user 1's league; each picks; the third row of users is in no league. */
SCRATCH_TEST(members_of_a_league_see_what_is_shown_there_and_no_more)
{
	static const struct {
		const char *user;
		const char *sql;
		int64_t want;
	} cases[] = {
		{ USER_2, "SELECT count(*) FROM leagues WHERE user_id = '" USER_1 "'",
			1 },
		{ USER_2,
			"SELECT count(*) FROM league_standings WHERE user_id = '" USER_1
			"'",
			1 },
		/* Not the other way about: user 1 is in no league of user 2's. */
		{ USER_1, "SELECT count(*) FROM leagues WHERE user_id = '" USER_2 "'",
			0 },
		{ USER_1, "SELECT count(*) FROM leagues", 1 },
		{ USER_1,
			"SELECT count(*) FROM league_standings WHERE user_id = '" USER_2
			"'",
			1 },
		{ USER_2,
			"SELECT count(*) FROM league_members WHERE user_id = '" USER_1
			"'",
			0 },
		{ USER_2, "SELECT count(*) FROM picks WHERE user_id = '" USER_1 "'", 0 },
		{ USER_2, "SELECT count(*) FROM users WHERE id = '" USER_1 "'", 0 },
		{ USER_2,
			"WITH gone AS (UPDATE league_standings SET name = 'x' WHERE "
			"user_id = '" USER_1 "' RETURNING 1) SELECT count(*) FROM gone",
			0 },
		{ USER_2,
			"WITH gone AS (UPDATE leagues SET name = 'x' WHERE user_id = "
			"'" USER_1 "' RETURNING 1) SELECT count(*) FROM gone",
			0 },
		{ USER_3, "SELECT count(*) FROM leagues", 0 },
		{ USER_3, "SELECT count(*) FROM league_standings", 0 },
	};
	struct session *app;

	POSTGRES_ONLY();
	OK_ERR(fill(s));
	OK_ERR(scratch_run(s,
		"INSERT INTO league_members SELECT '" USER_2
		"', league_id, joined_at FROM league_members WHERE user_id = '" USER_1
		"'; INSERT INTO league_standings (id, league_id, user_id, name, "
		"joined_at, pick_count, decided_count, right_count, updated_at) SELECT "
		"gen_random_uuid(), league_id, '" USER_2
		"', 'Two', joined_at, 0, 0, 0, joined_at FROM league_standings WHERE "
		"user_id = '" USER_1 "'"));
	OK_ERR(session_open(&s->ctx, scratch_url_as(s, "gridiron_app"), &app));
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t got = count_as(s, app, as_user(s, cases[i].user), cases[i].sql);

		OK_OR(got == cases[i].want, "%s: %lld", cases[i].sql, (long long)got);
	}
	session_close(app);
}

SCRATCH_TEST(nobody_who_serves_may_change_the_audit_log_the_ledger_or_the_record)
{
	static const char *const forbidden[] = {
		"UPDATE audit_logs SET action = 'x'",
		"DELETE FROM audit_logs",
		"UPDATE commission_entries SET amount_cents = 0",
		"DELETE FROM commission_entries",
		"TRUNCATE audit_logs",
		"UPDATE audit_pending SET action = 'x'",
		"UPDATE audit_cuts SET seq = 1",
		"DELETE FROM audit_cuts",
		"DELETE FROM audit_anchors",
		"DELETE FROM schema_migrations",
		"UPDATE migration_journal SET statement = 1",
		"DROP TABLE picks",
		"ALTER TABLE users DISABLE ROW LEVEL SECURITY",
		"CREATE TABLE stray (id integer)",
	};
	static const char *const setups[] = { "SELECT 1", AS_SYSTEM };
	struct session *app;

	POSTGRES_ONLY();
	OK_ERR(fill(s));
	OK_ERR(session_open(&s->ctx, scratch_url_as(s, "gridiron_app"), &app));
	for (size_t i = 0; i < 2 * COUNT_OF(forbidden); i++) {
		OK_ERR(session_run(&s->ctx, app, STR("BEGIN")));
		OK_ERR(session_run(&s->ctx, app, str_from(setups[i % 2])));
		FAILS_WITH(session_run(&s->ctx, app, str_from(forbidden[i / 2])),
			ERR_DENIED);
		OK_ERR(session_run(&s->ctx, app, STR("ROLLBACK")));
	}
	session_close(app);
}

SCRATCH_TEST(on_sqlite_the_audit_log_and_the_ledger_refuse_changes)
{
	static const char *const forbidden[] = { "UPDATE audit_logs SET action = 'x'",
		"DELETE FROM audit_logs WHERE seq > 1",
		"UPDATE audit_pending SET action = 'x'", "UPDATE audit_cuts SET seq = 2",
		"DELETE FROM audit_cuts",
		"UPDATE commission_entries SET amount_cents = 0",
		"DELETE FROM commission_entries" };
	struct session *session;

	if (scratch_is_postgres())
		SKIP("PostgreSQL has rights for this");
	OK_ERR(scratch_migrate(s));
	OK_ERR(session_open(&s->ctx, s->options.url, &session));
	OK_ERR(session_run(&s->ctx, session,
		row_insert(&s->arena, good_row_find(STR("audit_logs")), 2, "")));
	FAILS_WITH(session_run(&s->ctx, session, STR("DELETE FROM audit_logs")),
		ERR_INVALID);
	/* With a cut behind the first row. */
	OK_ERR(rows_fill(s, session));
	for (size_t i = 0; i < COUNT_OF(forbidden); i++)
		FAILS_WITH(session_run(&s->ctx, session, str_from(forbidden[i])),
			ERR_INVALID);
	OK_ERR(session_run(
		&s->ctx, session, STR("DELETE FROM audit_logs WHERE seq = 1")));
	session_close(session);
}

SCRATCH_TEST(the_owner_may_take_of_the_audit_log_what_lies_before_a_cut)
{
	struct session *owner;
	struct str left;

	POSTGRES_ONLY();
	OK_ERR(fill(s));
	OK_ERR(session_open(&s->ctx, s->options.url, &owner));
	OK_ERR(session_run(&s->ctx, owner, STR("SET ROLE gridiron_owner")));
	OK_ERR(session_run(&s->ctx, owner, STR("DELETE FROM audit_logs")));
	OK_ERR(session_run(&s->ctx, owner, STR("RESET ROLE")));
	OK_ERR(session_value(&s->ctx, owner,
		STR("SELECT string_agg(seq::text, ',' ORDER BY seq) FROM audit_logs"),
		&left));
	EQ_STR(left, STR("2,3"));
	session_close(owner);
}

SCRATCH_TEST(every_user_owned_table_is_guarded_and_everybody_may_use_every_table)
{
	struct str unguarded, unusable;

	POSTGRES_ONLY();
	OK_ERR(scratch_migrate(s));
	for (size_t i = 0; i < table_residencies_count; i++) {
		bool is_listed = table_residencies[i].residency == RESIDENCY_GLOBAL;

		for (size_t k = 0; k < COUNT_OF(guarded) && !is_listed; k++)
			is_listed = str_eq(
				table_residencies[i].table, str_from(guarded[k].table));
		OK_OR(is_listed, STR_FMT " is a user's and not guarded",
			STR_ARG(table_residencies[i].table));
	}
	for (size_t k = 0; k < COUNT_OF(guarded); k++) {
		OK_ERR(scratch_value(s,
			text_of(s,
				"SELECT 'no' FROM pg_class WHERE oid = '1$'::regclass "
				"AND "
				"NOT (relrowsecurity AND relforcerowsecurity AND 2 <= "
				"(SELECT count(*) FROM pg_policy WHERE polrelid = "
				"pg_class.oid))",
				guarded[k].table, ""),
			&unguarded));
		OK_OR(str_is_none(unguarded), "%s is not guarded", guarded[k].table);
	}
	OK_ERR(scratch_value(s,
		"SELECT string_agg(relname, ', ') FROM pg_class WHERE relnamespace = "
		"'public'::regnamespace AND relkind = 'r' AND NOT "
		"(has_table_privilege('gridiron_app', oid, 'SELECT') AND "
		"has_table_privilege('gridiron_system', oid, 'SELECT'))",
		&unusable));
	OK_OR(str_is_none(unusable), "no right to " STR_FMT, STR_ARG(unusable));
}

SCRATCH_TEST(readonly_sees_what_is_published_and_no_person)
{
	struct session *reader;

	POSTGRES_ONLY();
	OK_ERR(fill(s));
	OK_ERR(session_open(&s->ctx, scratch_url_as(s, "gridiron_readonly"), &reader));
	EQ_I64(count_as(s, reader, "", "SELECT count(*) FROM games"), 3);
	EQ_I64(count_as(s, reader, "", "SELECT count(*) FROM predictions"), 1);
	EQ_I64(count_as(s, reader, "", "SELECT count(*) FROM users"), -1);
	EQ_I64(count_as(s, reader, as_user(s, USER_1), "SELECT count(*) FROM users"), -1);
	session_close(reader);
}
