/* Migrations that were killed: all or nothing of each, or what resume finishes. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/db/scratch.h"

struct killer {
	enum migrate_stage stage;
	size_t countdown;
};

static void
kill_self(void *arg, const struct migrate_step *step)
{
	struct killer *killer = arg;

	if (step->stage == killer->stage && --killer->countdown == 0)
		raise(SIGKILL);
}

enum work { WORK_UP, WORK_DOWN, WORK_RESUME };

static struct err *
do_work(struct scratch *s, enum work work, int32_t to)
{
	switch (work) {
	case WORK_UP:
		return migrate_up(&s->ctx, &s->options, to, NULL);
	case WORK_DOWN:
		return migrate_down(&s->ctx, &s->options, to, NULL);
	case WORK_RESUME:
		return migrate_resume(&s->ctx, &s->options, NULL);
	}
	return NULL;
}

/* A child does WORK and dies at the COUNTDOWN-th STAGE. Whether it did (and did not end
 * otherwise). */
static bool
dies_at(struct scratch *s, enum work work, int32_t to, enum migrate_stage stage,
	size_t countdown)
{
	struct killer killer = { .stage = stage, .countdown = countdown };
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		s->options.step = kill_self;
		s->options.step_arg = &killer;
		_exit(do_work(s, work, to) ? 1 : 0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
		WTERMSIG(status) == SIGKILL;
}

/* The statement to die at next. Each costs all before it again: on PostgreSQL, where
 * they are dear, the first ones, every seventh, and the last. */
static size_t
next_kill(size_t k, size_t count)
{
	enum { STRIDE = 7 };

	if (!scratch_is_postgres() || k < 3 || k >= count)
		return k + 1;
	return k + STRIDE < count ? k + STRIDE : count;
}

/* One outside a transaction is finished by resume instead; then it is undone for the next kill. */
SCRATCH_TEST(a_kill_at_any_statement_leaves_all_or_nothing_of_a_migration)
{
	struct migrate_report before, after;
	struct migrate_status status;

	for (size_t i = 0; i < migrations_count; i++) {
		size_t count = migrations[i].up[scratch_dialect()].count;

		OK_ERR(scratch_snapshot(s, &before));
		for (size_t k = 1; k <= count; k = next_kill(k, count)) {
			OK(dies_at(s, WORK_UP, migrations[i].number,
				MIGRATE_STATEMENT_DONE, k));
			OK_ERR(migrate_status(&s->ctx, &s->options, &status));
			EQ_I64(status.items[i].state,
				migrations[i].is_transactional ? MIGRATE_PENDING
							       : MIGRATE_INCOMPLETE_UP);
			if (migrations[i].is_transactional)
				continue;
			OK_ERR(migrate_resume(&s->ctx, &s->options, NULL));
			OK_ERR(migrate_down(
				&s->ctx, &s->options, migrations[i].number - 1, NULL));
		}
		OK_ERR(scratch_snapshot(s, &after));
		SAME_SCHEMA(&before, &after);
		OK_ERR(migrate_up(&s->ctx, &s->options, migrations[i].number, NULL));
	}
	for (size_t i = migrations_count; i > 0; i--) {
		size_t count = migrations[i - 1].down[scratch_dialect()].count;

		for (size_t k = 1; k <= count; k = next_kill(k, count)) {
			OK(dies_at(s, WORK_DOWN, migrations[i - 1].number - 1,
				MIGRATE_STATEMENT_DONE, k));
			if (migrations[i - 1].is_transactional)
				continue;
			OK_ERR(migrate_resume(&s->ctx, &s->options, NULL));
			OK_ERR(migrate_up(
				&s->ctx, &s->options, migrations[i - 1].number, NULL));
		}
		OK_ERR(migrate_status(&s->ctx, &s->options, &status));
		EQ_I64(status.items[i - 1].state, MIGRATE_APPLIED);
		OK_ERR(migrate_down(
			&s->ctx, &s->options, migrations[i - 1].number - 1, NULL));
	}
}

/* A migration outside a transaction. */
static const struct str alone_up_postgres[] = {
	STR_INIT("CREATE TABLE IF NOT EXISTS things (id integer NOT NULL, kind text)"),
	STR_INIT("CREATE INDEX CONCURRENTLY idx_things_id ON things (id)"),
	STR_INIT("CREATE UNIQUE INDEX CONCURRENTLY idx_things_kind ON things (kind)"),
	STR_INIT("CREATE TABLE IF NOT EXISTS more_things (id integer NOT NULL)"),
};
static const struct str alone_up_sqlite[] = {
	STR_INIT("CREATE TABLE IF NOT EXISTS things (id INTEGER NOT NULL, kind TEXT)"),
	STR_INIT("CREATE INDEX IF NOT EXISTS idx_things_id ON things (id)"),
	STR_INIT("CREATE UNIQUE INDEX IF NOT EXISTS idx_things_kind ON things (kind)"),
	STR_INIT("CREATE TABLE IF NOT EXISTS more_things (id INTEGER NOT NULL)"),
};
static const struct str alone_down[] = {
	STR_INIT("DROP TABLE IF EXISTS more_things"),
	STR_INIT("DROP TABLE IF EXISTS things"),
};
enum { ALONE_UP_COUNT = COUNT_OF(alone_up_postgres) };

static const struct migration alone = { .number = 1,
	.name = STR_INIT("alone"),
	.file = STR_INIT("0001_alone.sql"),
	.source = STR_INIT("alone"),
	.is_transactional = false,
	.why_not = STR_INIT("CONCURRENTLY cannot"),
	.up = { [DIALECT_POSTGRES] = { alone_up_postgres, ALONE_UP_COUNT },
		[DIALECT_SQLITE] = { alone_up_sqlite, ALONE_UP_COUNT } },
	.down = { { alone_down, COUNT_OF(alone_down) },
		{ alone_down, COUNT_OF(alone_down) } } };

static void
use_alone(struct scratch *s)
{
	s->options.migrations = &alone;
	s->options.migrations_count = 1;
}

SCRATCH_TEST(resume_finishes_what_a_kill_outside_a_transaction_left)
{
	static const enum migrate_stage stages[] = { MIGRATE_STATEMENT,
		MIGRATE_STATEMENT_DONE };
	struct migrate_report whole, resumed, empty;
	struct migrate_status status;
	size_t count;

	use_alone(s);
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
	OK_ERR(scratch_snapshot(s, &whole));
	OK_ERR(migrate_down(&s->ctx, &s->options, 0, NULL));
	for (size_t i = 0; i < 2 * ALONE_UP_COUNT; i++) {
		size_t k = i / 2 + 1;
		bool is_begun = stages[i % 2] == MIGRATE_STATEMENT_DONE || k > 1;

		OK(dies_at(s, WORK_UP, 0, stages[i % 2], k));
		OK_ERR(migrate_status(&s->ctx, &s->options, &status));
		EQ_I64(status.items[0].state,
			is_begun ? MIGRATE_INCOMPLETE_UP : MIGRATE_PENDING);
		if (is_begun) {
			struct err *err = migrate_up(&s->ctx, &s->options, 0, NULL);

			OK(err && err->code == ERR_CONFLICT);
			OK(str_find(err->message, STR("migrate resume")) >= 0);
			OK_ERR(migrate_resume(&s->ctx, &s->options, &count));
			EQ_I64(count, ALONE_UP_COUNT - status.items[0].statements_done);
		} else {
			OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
		}
		OK_ERR(scratch_snapshot(s, &resumed));
		SAME_SCHEMA(&whole, &resumed);
		OK_ERR(migrate_down(&s->ctx, &s->options, 0, NULL));
	}
	OK_ERR(scratch_snapshot(s, &empty));
	EQ_I64(empty.count, 0);
}

SCRATCH_TEST(a_kill_during_resume_can_be_resumed)
{
	struct migrate_status status;

	use_alone(s);
	OK(dies_at(s, WORK_UP, 0, MIGRATE_STATEMENT_DONE, 1));
	OK(dies_at(s, WORK_RESUME, 0, MIGRATE_STATEMENT_DONE, 1));
	OK(dies_at(s, WORK_RESUME, 0, MIGRATE_STATEMENT_DONE, 1));
	OK_ERR(migrate_status(&s->ctx, &s->options, &status));
	EQ_I64(status.items[0].statements_done, 3);
	OK_ERR(migrate_resume(&s->ctx, &s->options, NULL));
	OK_ERR(migrate_status(&s->ctx, &s->options, &status));
	EQ_I64(status.items[0].state, MIGRATE_APPLIED);
}

SCRATCH_TEST(a_dry_run_of_resume_tells_what_is_left)
{
	struct migrate_status status;
	struct scratch_seen seen;

	use_alone(s);
	OK(dies_at(s, WORK_UP, 0, MIGRATE_STATEMENT_DONE, 1));
	s->options.is_dry_run = true;
	scratch_count_steps(s, &seen);
	OK_ERR(migrate_resume(&s->ctx, &s->options, NULL));
	EQ_I64(seen.statements, ALONE_UP_COUNT - 1);
	OK_ERR(migrate_status(&s->ctx, &s->options, &status));
	EQ_I64(status.items[0].state, MIGRATE_INCOMPLETE_UP);
}

SCRATCH_TEST(a_down_killed_outside_a_transaction_is_finished_by_resume)
{
	struct migrate_status status;
	struct migrate_report empty;

	use_alone(s);
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
	OK(dies_at(s, WORK_DOWN, 0, MIGRATE_STATEMENT_DONE, 1));
	OK_ERR(migrate_status(&s->ctx, &s->options, &status));
	EQ_I64(status.items[0].state, MIGRATE_INCOMPLETE_DOWN);
	OK_ERR(migrate_resume(&s->ctx, &s->options, NULL));
	OK_ERR(migrate_status(&s->ctx, &s->options, &status));
	EQ_I64(status.items[0].state, MIGRATE_PENDING);
	OK_ERR(scratch_snapshot(s, &empty));
	EQ_I64(empty.count, 0);
}

/* --- Invalid indexes ---------------------------------------------------------------- */

SCRATCH_TEST(an_index_that_concurrently_left_invalid_is_made_again)
{
	struct str is_valid;

	if (!scratch_is_postgres())
		SKIP("SQLite has no CONCURRENTLY");
	use_alone(s);
	OK_ERR(scratch_run(s,
		"CREATE TABLE things (id integer NOT NULL, kind text);"
		"INSERT INTO things VALUES (1, 'same'), (2, 'same')"));
	FAILS_WITH(migrate_up(&s->ctx, &s->options, 0, NULL), ERR_CONFLICT);
	OK_ERR(scratch_value(s,
		"SELECT indisvalid FROM pg_index WHERE indexrelid = "
		"'idx_things_kind'::regclass",
		&is_valid));
	EQ_STR(is_valid, STR("f"));
	OK_ERR(scratch_run(s, "DELETE FROM things WHERE id = 2"));
	OK_ERR(migrate_resume(&s->ctx, &s->options, NULL));
	OK_ERR(scratch_value(s,
		"SELECT indisvalid FROM pg_index WHERE indexrelid = "
		"'idx_things_kind'::regclass",
		&is_valid));
	EQ_STR(is_valid, STR("t"));
}

SCRATCH_TEST(verify_finds_an_invalid_index_and_resume_rebuilds_it)
{
	struct migrate_report report;
	size_t count;

	if (!scratch_is_postgres())
		SKIP("SQLite has no CONCURRENTLY");
	use_alone(s);
	OK_ERR(migrate_up(&s->ctx, &s->options, 0, NULL));
	OK_ERR(scratch_run(s,
		"UPDATE pg_index SET indisvalid = false WHERE indexrelid = "
		"'idx_things_id'::regclass"));
	OK_ERR(migrate_verify(&s->ctx, &s->options, &report));
	OK(report_has(&report, "invalid, rebuild it with 'gridiron migrate resume'"));
	OK_ERR(migrate_resume(&s->ctx, &s->options, &count));
	EQ_I64(count, 1);
	OK_ERR(migrate_verify(&s->ctx, &s->options, &report));
	EQ_I64(report.count, 0);
}
