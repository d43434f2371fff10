/* What the engine of migrations tells: drift, risks; and the files it makes. */
#include <unistd.h>

#include "base/buf.h"
#include "tests/db/scratch.h"

/* --- Drift -------------------------------------------------------------------------- */

SCRATCH_TEST(verify_reports_what_was_changed_by_hand)
{
	struct migrate_report report;

	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
	OK_ERR(migrate_verify(&s->ctx, &s->options, &report));
	OK_OR(report.count == 0, STR_FMT, STR_ARG(report.items[0]));
	OK_ERR(scratch_run(s,
		"DROP INDEX idx_games_kickoff;"
		"DROP INDEX idx_subscriptions_user_status_active;"
		"CREATE INDEX idx_subscriptions_user_status_active ON subscriptions "
		"(user_id, status) WHERE status = 'active';"
		"ALTER TABLE teams ADD COLUMN mascot text;"
		"CREATE TABLE stray (id integer)"));
	OK_ERR(migrate_verify(&s->ctx, &s->options, &report));
	OK(report_has(&report, "missing: index games.idx_games_kickoff"));
	OK(report_has(&report,
		"missing: index subscriptions.idx_subscriptions_user_status_active"));
	OK(report_has(&report,
		"unexpected: index subscriptions.idx_subscriptions_user_status_active"));
	OK(report_has(&report, "mascot text"));
	OK(report_has(&report, "unexpected: table stray"));
}

SCRATCH_TEST(verify_reports_a_check_that_is_gone)
{
	struct migrate_report report;

	if (!scratch_is_postgres())
		SKIP("SQLite cannot drop a check");
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
	OK_ERR(scratch_run(s,
		"ALTER TABLE subscriptions DROP CONSTRAINT subscriptions_times;"
		"ALTER TABLE picks NO FORCE ROW LEVEL SECURITY;"
		"DROP POLICY users_actor ON users;"
		"GRANT DELETE ON audit_logs TO gridiron_app"));
	OK_ERR(migrate_verify(&s->ctx, &s->options, &report));
	OK(report_has(
		&report, "missing: constraint subscriptions.subscriptions_times CHECK"));
	OK(report_has(&report, "missing: table picks ROW SECURITY FORCED"));
	OK(report_has(&report, "missing: policy users.users_actor"));
	OK(report_has(&report, "unexpected: right audit_logs gridiron_app DELETE"));
}

SCRATCH_TEST(verify_leaves_nothing_behind)
{
	struct migrate_report before, after, report;

	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
	OK_ERR(scratch_snapshot(s, &before));
	OK_ERR(migrate_verify(&s->ctx, &s->options, &report));
	OK_ERR(scratch_snapshot(s, &after));
	SAME_SCHEMA(&before, &after);
}

/* --- What the generator made of the files ------------------------------------------- */

/* Citus distributes tables before foreign keys bind them. */
TEST(on_postgresql_foreign_keys_come_after_every_table)
{
	for (size_t i = 0; i < migrations_count; i++) {
		const struct migration_script *up = &migrations[i].up[DIALECT_POSTGRES];
		bool is_behind = false;

		for (size_t k = 0; k < up->count; k++) {
			struct str sql = up->statements[k];
			bool adds = str_starts_with(sql, STR("ALTER TABLE ")) &&
				str_find(sql, STR(" FOREIGN KEY ")) >= 0;

			OK_OR(!is_behind || adds, STR_FMT ": " STR_FMT,
				STR_ARG(migrations[i].file), STR_ARG(sql));
			OK(adds || str_find(sql, STR("FOREIGN KEY")) < 0);
			is_behind |= adds;
		}
	}
}

/* --- Roles -------------------------------------------------------------------------- */

SCRATCH_TEST(the_migrators_role_goes_on_where_a_superuser_began)
{
	struct str superuser = s->options.url, owners;
	size_t count;

	if (!scratch_is_postgres())
		SKIP("SQLite has no roles");
	OK_ERR(migrate_up(&s->ctx, &s->options, 1, NULL));
	s->options.url = scratch_url_as(s, "gridiron_migrator");
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, &count));
	EQ_I64(count, migrations_count - 1);
	OK_ERR(migrate_redo(&s->ctx, &s->options));
	s->options.url = superuser;
	OK_ERR(scratch_value(s,
		"SELECT string_agg(DISTINCT tableowner, ',') FROM pg_tables WHERE "
		"schemaname = 'public'",
		&owners));
	EQ_STR(owners, STR("gridiron_owner"));
}

SCRATCH_TEST(a_member_that_inherits_nothing_migrates_as_well)
{
	struct str superuser = s->options.url, owners, name, member;
	struct migrate_report report;
	int32_t newest;
	size_t count;

	if (!scratch_is_postgres())
		SKIP("SQLite has no roles");
	OK_ERR(migrate_up(&s->ctx, &s->options, 1, NULL));
	OK_ERR(scratch_run(s,
		"DO $$ BEGIN EXECUTE format('DROP ROLE IF EXISTS %1$I; CREATE ROLE %1$I "
		"LOGIN NOINHERIT; GRANT gridiron_migrator TO %1$I; GRANT CREATE ON "
		"DATABASE %2$I TO gridiron_owner', 'member_of_' || current_database(), "
		"current_database()); END $$"));
	name = str_fmt(&s->arena, "member_of_" STR_FMT, STR_ARG(s->name));
	member = scratch_url_as(s, str_cstr(&s->arena, name));
	s->options.url = member;
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, &count));
	EQ_I64(count, migrations_count - 1);
	OK_ERR(migrate_newest(&s->ctx, &s->options, &newest));
	EQ_I64(newest, migrations[migrations_count - 1].number);
	OK_ERR(migrate_redo(&s->ctx, &s->options));
	OK_ERR(migrate_verify(&s->ctx, &s->options, &report));
	EQ_I64(report.count, 0);
	s->options.url = superuser;
	OK_ERR(scratch_value(s,
		"SELECT string_agg(DISTINCT tableowner, ',') FROM pg_tables WHERE "
		"schemaname = 'public'",
		&owners));
	EQ_STR(owners, STR("gridiron_owner"));
	OK_ERR(scratch_run(s,
		"UPDATE pg_index SET indisvalid = false WHERE indexrelid = "
		"'idx_users_created_at'::regclass"));
	/* It is rebuilt. */
	s->options.url = member;
	OK_ERR(migrate_resume(&s->ctx, &s->options, &count));
	EQ_I64(count, 1);
	s->options.url = superuser;
	OK_ERR(scratch_run(s,
		"DO $$ BEGIN EXECUTE format('DROP ROLE %I', 'member_of_' || "
		"current_database()); END $$"));
}

/* --- New and lint ------------------------------------------------------------------- */

SCRATCH_TEST(new_makes_the_next_number_and_refuses_bad_names)
{
	struct str path, folder;
	char storage[] = "/tmp/gridiron-new.XXXXXX";

	OK(mkdtemp(storage));
	folder = str_from(storage);
	OK_ERR(migrate_new(&s->ctx, folder, STR("first_one"), &path));
	OK(str_ends_with(path, STR("/0001_first_one.sql")));
	OK_ERR(migrate_new(&s->ctx, folder, STR("second"), &path));
	OK(str_ends_with(path, STR("/0002_second.sql")));
	FAILS_WITH(migrate_new(&s->ctx, folder, STR("../x"), &path), ERR_INVALID);
	FAILS_WITH(migrate_new(&s->ctx, folder, STR(""), &path), ERR_INVALID);
	FAILS_WITH(migrate_new(&s->ctx, STR("/nowhere"), STR("x"), &path), ERR_INVALID);
	unlink(str_cstr(&s->arena, str_fmt(&s->arena, "%s/0001_first_one.sql", storage)));
	unlink(str_cstr(&s->arena, str_fmt(&s->arena, "%s/0002_second.sql", storage)));
	rmdir(storage);
}

SCRATCH_TEST(lint_warns_of_what_locks_large_tables_or_breaks_the_running_version)
{
	static const struct str risky[] = {
		STR_INIT("CREATE INDEX idx ON large (id)"),
		STR_INIT("ALTER TABLE large ADD COLUMN x text NOT NULL"),
		STR_INIT("ALTER TABLE large ADD CONSTRAINT c CHECK (id > 0)"),
		STR_INIT("ALTER TABLE large ALTER COLUMN id TYPE bigint"),
		STR_INIT("DROP TABLE large"),
		STR_INIT("ALTER TABLE large RENAME TO huge"),
		STR_INIT("CREATE INDEX CONCURRENTLY idx ON large (id)"),
		STR_INIT("CREATE TABLE small (id integer)"),
		STR_INIT("CREATE INDEX idx_small ON small (id)"),
	};
	enum { HARMLESS = 2 };
	const struct migration_script script = { risky, COUNT_OF(risky) };
	struct migration migration = { .number = 1,
		.file = STR("0001_risky.sql"),
		.source = STR("risky"),
		.is_transactional = true,
		.up = { script, script },
		.down = { script, script } };
	struct migrate_report report;

	OK_ERR(migrate_lint(
		&s->ctx, &(struct migrate_options){ .url = STR("") }, &report));
	OK_OR(report.count == 0, STR_FMT, STR_ARG(report.items[0]));
	OK_ERR(migrate_lint(&s->ctx,
		&(struct migrate_options){
			.url = STR(""), .migrations = &migration, .migrations_count = 1 },
		&report));
	/* That CONCURRENTLY cannot run in a transaction goes for its down too. */
	EQ_I64(report.count, COUNT_OF(risky) - HARMLESS + 1);
}

/* What was done and is not on record as done is done again by resume. */
SCRATCH_TEST(lint_warns_of_what_cannot_run_twice_outside_a_transaction)
{
	static const struct str up[] = {
		STR_INIT("CREATE INDEX CONCURRENTLY idx ON t (id)"),
		STR_INIT("DROP INDEX CONCURRENTLY other"),
	};
	static const struct str down[] = {
		STR_INIT("DROP INDEX CONCURRENTLY IF EXISTS idx"),
		STR_INIT("CREATE INDEX CONCURRENTLY other ON t (id)"),
		STR_INIT("DROP TABLE gone"),
	};
	struct migration migration = { .number = 1,
		.file = STR("0001_twice.sql"),
		.source = STR("twice"),
		.up = { [DIALECT_POSTGRES] = { up, COUNT_OF(up) } },
		.down = { [DIALECT_POSTGRES] = { down, COUNT_OF(down) } } };
	struct migrate_report report;

	OK_ERR(migrate_lint(&s->ctx,
		&(struct migrate_options){
			.url = STR(""), .migrations = &migration, .migrations_count = 1 },
		&report));
	OK(report_has(&report, "0001_twice.sql, statement 2: outside a transaction"));
	OK(report_has(&report, "0001_twice.sql, down, statement 3: outside"));
	EQ_I64(report.count, 2);
}

SCRATCH_TEST(lint_knows_that_a_small_table_locks_nobody_for_long)
{
	static const struct str change[] = { STR_INIT("CREATE INDEX idx ON small (id)") };
	const struct migration_script script = { change, 1 };
	struct migration migration = { .number = 1,
		.file = STR("0001_index.sql"),
		.source = STR("index"),
		.is_transactional = true,
		.up = { script, script },
		.down = { script, script } };
	struct migrate_report report;

	if (!scratch_is_postgres())
		SKIP("SQLite builds an index under its one lock in any case");
	s->options.migrations = &migration;
	s->options.migrations_count = 1;
	OK_ERR(scratch_run(s,
		"CREATE TABLE small (id integer); INSERT INTO small VALUES (1); ANALYZE "
		"small"));
	OK_ERR(migrate_lint(&s->ctx, &s->options, &report));
	EQ_I64(report.count, 0);
	OK_ERR(scratch_run(
		s, "INSERT INTO small SELECT generate_series(1, 200000); ANALYZE small"));
	OK_ERR(migrate_lint(&s->ctx, &s->options, &report));
	EQ_I64(report.count, 1);
}

/* --- Sessions ----------------------------------------------------------------------- */

SCRATCH_TEST(a_session_refuses_rows_of_more_columns_than_it_has_room_for)
{
	enum { TOO_MANY = 33 };
	struct session *session;
	struct str value;
	struct buf sql;

	buf_init(&sql, &s->arena, 1024);
	buf_put(&sql, STR("SELECT 1"));
	for (int i = 2; i <= TOO_MANY; i++)
		buf_fmt(&sql, ", %d", i);
	OK_ERR(session_open(&s->ctx, s->options.url, &session));
	FAILS_WITH(session_value(&s->ctx, session, buf_str(&sql), &value), ERR_INTERNAL);
	OK_ERR(session_value(&s->ctx, session, STR("SELECT 1, 2"), &value));
	EQ_STR(value, STR("1"));
	session_close(session);
}

/* An operator sets them for programs; a migration takes as long as it takes, and its lock
 * idles meanwhile. */
SCRATCH_TEST(time_limits_of_the_database_end_no_migration)
{
	static const struct str up[] = {
		STR_INIT("SELECT pg_sleep(0.3)"),
		STR_INIT("SELECT 1 / count(*) FROM pg_locks WHERE locktype = 'advisory' "
			 "AND database = (SELECT oid FROM pg_database WHERE datname = "
			 "current_database())"),
	};
	struct migration migration = { .number = 1,
		.file = STR("0001_slow.sql"),
		.source = STR("slow"),
		.is_transactional = true,
		.up = { [DIALECT_POSTGRES] = { up, COUNT_OF(up) } } };

	if (!scratch_is_postgres())
		SKIP("SQLite has no such limits");
	s->options.migrations = &migration;
	s->options.migrations_count = 1;
	OK_ERR(scratch_run(s,
		"DO $$ DECLARE name text; BEGIN FOR name IN SELECT s.name FROM "
		"pg_settings s WHERE s.name IN ('statement_timeout', 'lock_timeout', "
		"'idle_session_timeout', 'idle_in_transaction_session_timeout', "
		"'transaction_timeout') LOOP EXECUTE format('ALTER DATABASE %I SET %I = "
		"100', current_database(), name); END LOOP; END $$"));
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
}
