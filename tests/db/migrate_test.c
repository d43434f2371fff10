/* Migrations: every down undoes its up, nothing is half done, nobody works at once. */
#include <sys/wait.h>
#include <unistd.h>

#include "tests/db/scratch.h"

/* --- Up and down -------------------------------------------------------------------- */

SCRATCH_TEST(up_applies_every_migration_and_status_says_so)
{
	struct migrate_status status;
	size_t count;

	OK_ERR(migrate_status(&s->ctx, &s->options, &status));
	EQ_I64(status.count, migrations_count);
	for (size_t i = 0; i < status.count; i++)
		EQ_I64(status.items[i].state, MIGRATE_PENDING);
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, &count));
	EQ_I64(count, migrations_count);
	OK_ERR(migrate_status(&s->ctx, &s->options, &status));
	for (size_t i = 0; i < status.count; i++) {
		EQ_I64(status.items[i].state, MIGRATE_APPLIED);
		OK(status.items[i].applied_at > 0);
	}
}

SCRATCH_TEST(up_again_applies_nothing)
{
	size_t count;

	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, &count));
	EQ_I64(count, 0);
}

SCRATCH_TEST(status_of_a_new_database_makes_nothing)
{
	struct migrate_status status;
	struct migrate_report before, after;

	if (!scratch_is_postgres()) {
		OK_ERR(migrate_status(&s->ctx, &s->options, &status));
		OK(access(str_cstr(&s->arena, str_slice(s->options.url, 7, 1000)),
			   F_OK) != 0);
		return;
	}
	OK_ERR(scratch_snapshot(s, &before));
	OK_ERR(migrate_status(&s->ctx, &s->options, &status));
	OK_ERR(scratch_snapshot(s, &after));
	SAME_SCHEMA(&before, &after);
}

SCRATCH_TEST(up_down_up_gives_the_same_schema)
{
	struct migrate_report empty, up, down, up_again;
	size_t count;

	OK_ERR(scratch_snapshot(s, &empty));
	EQ_I64(empty.count, 0);
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
	OK_ERR(scratch_snapshot(s, &up));
	OK(up.count > 500);
	OK_ERR(migrate_down(&s->ctx, &s->options, 0, &count));
	EQ_I64(count, migrations_count);
	OK_ERR(scratch_snapshot(s, &down));
	SAME_SCHEMA(&empty, &down);
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
	OK_ERR(scratch_snapshot(s, &up_again));
	SAME_SCHEMA(&up, &up_again);
}

SCRATCH_TEST(each_down_undoes_its_up)
{
	struct migrate_report before, after, undone, redone;

	for (size_t i = 0; i < migrations_count; i++) {
		int32_t number = migrations[i].number;

		OK_ERR(scratch_snapshot(s, &before));
		OK_ERR(migrate_up(&s->ctx, &s->options, number, NULL));
		OK_ERR(scratch_snapshot(s, &after));
		OK_ERR(migrate_down(&s->ctx, &s->options, number - 1, NULL));
		OK_ERR(scratch_snapshot(s, &undone));
		SAME_SCHEMA(&before, &undone);
		OK_ERR(migrate_up(&s->ctx, &s->options, number, NULL));
		OK_ERR(scratch_snapshot(s, &redone));
		SAME_SCHEMA(&after, &redone);
	}
}

SCRATCH_TEST(redo_leaves_the_schema_as_it_was)
{
	struct migrate_report before, after;
	int32_t newest;

	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
	OK_ERR(scratch_snapshot(s, &before));
	OK_ERR(migrate_redo(&s->ctx, &s->options));
	OK_ERR(scratch_snapshot(s, &after));
	SAME_SCHEMA(&before, &after);
	OK_ERR(migrate_newest(&s->ctx, &s->options, &newest));
	EQ_I64(newest, migrations_count);
}

SCRATCH_TEST(up_and_down_stop_at_the_number_given)
{
	int32_t newest;

	OK_ERR(migrate_up(&s->ctx, &s->options, 3, NULL));
	OK_ERR(migrate_newest(&s->ctx, &s->options, &newest));
	EQ_I64(newest, 3);
	OK_ERR(migrate_down(&s->ctx, &s->options, 2, NULL));
	OK_ERR(migrate_newest(&s->ctx, &s->options, &newest));
	EQ_I64(newest, 2);
	FAILS_WITH(migrate_up(&s->ctx, &s->options, 9999, NULL), ERR_INVALID);
}

SCRATCH_TEST(tables_belong_to_the_owner_who_cannot_sign_in)
{
	struct str owners;

	if (!scratch_is_postgres())
		SKIP("SQLite has no owners");
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
	OK_ERR(scratch_value(s,
		"SELECT string_agg(DISTINCT tableowner, ',') FROM pg_tables WHERE "
		"schemaname = 'public'",
		&owners));
	EQ_STR(owners, STR("gridiron_owner"));
}

/* --- What stands in the way --------------------------------------------------------- */

/* The program's migrations, to be changed. */
static struct migration *
copy_migrations(struct scratch *s)
{
	struct migration *copy = arena_alloc_array(
		&s->arena, migrations_count, sizeof(*copy));

	for (size_t i = 0; copy && i < migrations_count; i++)
		copy[i] = migrations[i];
	s->options.migrations = copy;
	s->options.migrations_count = migrations_count;
	return copy;
}

SCRATCH_TEST(a_changed_file_is_refused_by_name)
{
	struct migration *copy = copy_migrations(s);
	struct migrate_status status;
	struct err *err;

	OK_ERR(migrate_up(&s->ctx, &s->options, 4, NULL));
	copy[1].source = STR("-- migration: something else");
	err = migrate_up(&s->ctx, &s->options, 0, NULL);
	OK(err && err->code == ERR_CONFLICT);
	OK(str_find(err->message, copy[1].file) >= 0);
	OK_ERR(migrate_status(&s->ctx, &s->options, &status));
	EQ_I64(status.items[1].state, MIGRATE_CHANGED);
	EQ_I64(status.items[4].state, MIGRATE_PENDING);
	FAILS_WITH(migrate_down(&s->ctx, &s->options, 0, NULL), ERR_CONFLICT);
	FAILS_WITH(migrate_redo(&s->ctx, &s->options), ERR_CONFLICT);
}

SCRATCH_TEST(a_file_that_does_the_same_as_the_one_applied_stands)
{
	struct migration *copy = copy_migrations(s);
	struct migrate_status status;
	struct str applied;

	OK_ERR(migrate_up(&s->ctx, &s->options, 4, NULL));
	OK_ERR(scratch_value(
		s, "SELECT checksum FROM schema_migrations WHERE version = 2", &applied));
	copy[1].source = str_fmt(&s->arena, "%s\n-- formerly: " STR_FMT "\n" STR_FMT,
		"-- migration: the same", STR_ARG(applied), STR_ARG(copy[1].source));
	OK_ERR(migrate_status(&s->ctx, &s->options, &status));
	EQ_I64(status.items[1].state, MIGRATE_APPLIED);
	OK_ERR(migrate_up(&s->ctx, &s->options, 5, NULL));
	copy[1].source = str_slice(copy[1].source, 0, 40);
	FAILS_WITH(migrate_up(&s->ctx, &s->options, 0, NULL), ERR_CONFLICT);
}

SCRATCH_TEST(a_newer_programs_migration_is_refused)
{
	struct migrate_status status;

	copy_migrations(s);
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
	s->options.migrations_count = 5;
	FAILS_WITH(migrate_up(&s->ctx, &s->options, 0, NULL), ERR_CONFLICT);
	OK_ERR(migrate_status(&s->ctx, &s->options, &status));
	EQ_I64(status.items[5].state, MIGRATE_UNKNOWN);
}

SCRATCH_TEST(a_statement_that_fails_leaves_nothing_of_its_migration)
{
	static const struct str statements[] = { STR_INIT("CREATE TABLE a (id integer)"),
		STR_INIT("CREATE TABLE a (id integer)") };
	const struct migration_script script = { statements, COUNT_OF(statements) };
	struct migration broken = { .number = 1,
		.name = STR("broken"),
		.file = STR("0001_broken.sql"),
		.source = STR("broken"),
		.is_transactional = true,
		.up = { script, script } };
	struct migrate_report after;
	struct err *err;

	s->options.migrations = &broken;
	s->options.migrations_count = 1;
	err = migrate_up(&s->ctx, &s->options, 0, NULL);
	OK(err != NULL);
	OK(err->notes && str_starts_with(err->notes->text, STR("statement 2 of 2")));
	OK_ERR(scratch_snapshot(s, &after));
	EQ_I64(after.count, 0);
}

/* --- Dry run ------------------------------------------------------------------------ */

SCRATCH_TEST(a_dry_run_tells_every_statement_and_changes_nothing)
{
	struct scratch_seen seen;
	struct migrate_report after;
	size_t want = 0;

	for (size_t i = 0; i < migrations_count; i++)
		want += migrations[i].up[scratch_dialect()].count;
	s->options.is_dry_run = true;
	scratch_count_steps(s, &seen);
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
	EQ_I64(seen.statements, want);
	OK(seen.foreign_keys > 10);
	OK_ERR(scratch_snapshot(s, &after));
	EQ_I64(after.count, 0);
}

/* --- Two at once -------------------------------------------------------------------- */

/* A child that applies everything and exits with how many it applied, or 100. */
static pid_t
start_up(struct scratch *s)
{
	pid_t child = fork();
	size_t count;

	if (child == 0)
		_exit(migrate_up(&s->ctx, &s->options, 0, &count) ? 100 : (int)count);
	return child;
}

SCRATCH_TEST(of_two_that_migrate_at_once_one_applies)
{
	pid_t children[] = { start_up(s), start_up(s) };
	int statuses[2] = { 0 };
	struct migrate_report report;

	for (size_t i = 0; i < 2; i++) {
		OK(waitpid(children[i], &statuses[i], 0) == children[i]);
		OK(WIFEXITED(statuses[i]));
	}
	EQ_I64(WEXITSTATUS(statuses[0]) + WEXITSTATUS(statuses[1]), migrations_count);
	OK(WEXITSTATUS(statuses[0]) == 0 || WEXITSTATUS(statuses[1]) == 0);
	OK_ERR(migrate_verify(&s->ctx, &s->options, &report));
	EQ_I64(report.count, 0);
}

SCRATCH_TEST(whoever_waits_too_long_for_the_lock_is_told_who_holds_it)
{
	struct session *holder;
	struct err *err;

	s->options.lock_wait_ms = 50;
	OK_ERR(session_open(&s->ctx, s->options.url, &holder));
	if (scratch_is_postgres())
		OK_ERR(session_run(&s->ctx, holder,
			STR("SELECT pg_advisory_lock(7454143173563967858)")));
	err = migrate_up(&s->ctx, &s->options, 0, NULL);
	session_close(holder);
	OK(err && err->code == (scratch_is_postgres() ? ERR_BUSY : ERR_CONFLICT));
	OK(str_find(err->message, STR("process ")) >= 0);
}

struct lock_holder {
	struct scratch *scratch;
	struct session *session;
	int retries;
};

static void
let_go_on_retry(void *arg, const struct migrate_step *step)
{
	struct lock_holder *holder = arg;

	if (step->stage != MIGRATE_RETRIES)
		return;
	holder->retries++;
	session_close(holder->session);
}

SCRATCH_TEST(a_table_lock_not_granted_in_time_is_asked_for_again)
{
	static const struct str change[] = { STR_INIT(
		"ALTER TABLE busy ADD COLUMN x text") };
	const struct migration_script script = { change, 1 };
	struct migration migration = { .number = 1,
		.name = STR("change"),
		.file = STR("0001_change.sql"),
		.source = STR("change"),
		.is_transactional = true,
		.up = { script, script } };
	struct lock_holder holder = { .scratch = s };

	if (!scratch_is_postgres())
		SKIP("SQLite has one lock, the file's");
	s->options.migrations = &migration;
	s->options.migrations_count = 1;
	s->options.lock_timeout_ms = 20;
	s->options.step = let_go_on_retry;
	s->options.step_arg = &holder;
	OK_ERR(scratch_run(s, "CREATE TABLE busy (id integer)"));
	OK_ERR(session_open(&s->ctx, s->options.url, &holder.session));
	OK_ERR(session_run(&s->ctx, holder.session,
		STR("BEGIN; LOCK TABLE busy IN ACCESS SHARE MODE")));
	s->options.retries = -1;
	FAILS_WITH(migrate_up(&s->ctx, &s->options, 0, NULL), ERR_BUSY);
	EQ_I64(holder.retries, 0);
	s->options.retries = 0;
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
	EQ_I64(holder.retries, 1);
}
