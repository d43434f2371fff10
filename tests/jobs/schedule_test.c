#include "jobs/schedule.h"

#include "tests/support/database.h"
#include "tests/support/feed_text.h"
#include "tests/support/http_peer.h"

#include "db/db.h"
#include "db/fault.h"
#include "predictions/import.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/random.h"

/* --- A feed that does what a test wants */

enum feed_mood {
	FEED_GOOD,
	FEED_GARBAGE,
	FEED_HALF,
	FEED_FAULTY_ROW,
	FEED_500,
	FEED_SLOW,
	FEED_HELD
};

static struct {
	_Atomic int mood;
	_Atomic int answers;
	_Atomic int let_go; /* of those that are held, by number */
	_Atomic int not_modified;
} feed_server;

static const struct feed_row rows[] = {
	{ 2023, 1, .day = "2023-09-07", .away = "DET", .home = "KC", .scores = "21-20" },
	{ 2023, 1, .day = "2023-09-10", .away = "CIN", .home = "CLE", .scores = "3-24" },
	{ 2023, 2, .day = "2023-09-17", .away = "BUF", .home = "NYJ", .scores = "31-10" },
};

static struct http_answer
feed_answer(struct http_request *http, void *arg)
{
	struct http_answer answer = { .status = 200, .content_type = STR("text/csv") };
	int number = ++feed_server.answers;
	struct buf text;

	(void)arg;
	if (!str_is_none(http_request_header(http, STR("If-None-Match"))))
		feed_server.not_modified++;
	buf_init(&text, http->ctx.arena, 1 << 20);
	buf_put(&text, str_from(feed_header));
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		feed_put_row(&text, &rows[i]);
	answer.body = buf_str(&text);
	switch ((enum feed_mood)feed_server.mood) {
	case FEED_GOOD:
		answer.etag = STR("\"first\"");
		break;
	case FEED_GARBAGE:
		answer.body = STR("<html>We are moving house</html>");
		break;
	case FEED_HALF:
		answer.body = str_slice(answer.body, 0, answer.body.len - 40);
		break;
	case FEED_FAULTY_ROW:
		buf_put(&text, STR("2023_03_XX_YY,2023,REG,3,never\n"));
		answer.body = buf_str(&text);
		break;
	case FEED_500:
		answer.status = 500;
		break;
	case FEED_SLOW:
		(void)fiber_sleep_until(clock_deadline_ms(3000));
		break;
	case FEED_HELD:
		while (feed_server.let_go < number &&
			fiber_sleep_until(clock_deadline_ms(1)) != WAIT_CANCELLED)
			;
		break;
	}
	return answer;
}

static struct peer peer;
static struct job_setup setup;

static void
feed_start(struct ctx *ctx, enum feed_mood mood)
{
	feed_server.mood = mood;
	feed_server.answers = 0;
	feed_server.let_go = 0;
	feed_server.not_modified = 0;
	peer_start(&peer,
		(struct http_server_options){
			.address = STR("127.0.0.1"), .handler = feed_answer },
		1);
	setup = (struct job_setup){
		.games = str_fmt(ctx->arena, "http://127.0.0.1:%d/games.csv", peer.port),
		.instance = STR("one"),
	};
}

static struct err *
fetch_now(struct ctx *ctx, struct job_outcome *ret)
{
	return schedule_run(ctx, &setup, STR("fetch"), ret);
}

BOTH_ENGINES(a_feed_is_read_when_it_changed_and_makes_due_what_works_on_it)
{
	struct job_outcome outcome;

	feed_start(ctx, FEED_GOOD);
	OK_ERR(schedule_prepare(ctx, false));
	EQ_I64(database_number(ctx, "SELECT CAST(count(*) AS bigint) FROM jobs"),
		JOB_COUNT);
	OK_ERR(database_sql(ctx,
		STR("UPDATE jobs SET next_run_at = (SELECT max(next_run_at) FROM "
		    "jobs)")));
	OK_ERR(fetch_now(ctx, &outcome));
	EQ_STR(outcome.status, STR("succeeded"));
	EQ_I64(database_number(ctx, "SELECT CAST(count(*) AS bigint) FROM games"), 3);
	EQ_STR(database_text(ctx,
		       "SELECT name FROM jobs WHERE next_run_at <= (SELECT max("
		       "last_finished_at) FROM jobs) AND name <> 'fetch' ORDER BY name"),
		STR("forecast\ngrade\nhistory"));
	OK_ERR(fetch_now(ctx, &outcome));
	EQ_I64(feed_server.answers, 2);
	EQ_I64(feed_server.not_modified, 1);
	OK(str_find(outcome.result, STR("not modified")) > 0);
	peer_stop(&peer);
}

BOTH_ENGINES(a_feed_that_fails_changes_nothing_and_is_tried_again_ever_later)
{
	static const enum feed_mood moods[] = { FEED_GARBAGE, FEED_HALF, FEED_500,
		FEED_FAULTY_ROW, FEED_GARBAGE };
	struct job_outcome outcome;
	int64_t last_wait = 0;

	feed_start(ctx, FEED_GOOD);
	OK_ERR(fetch_now(ctx, &outcome));
	/* What was seen before must not hide that the feed is broken now. */
	for (size_t i = 0; i < COUNT_OF(moods); i++) {
		int64_t wait;

		feed_server.mood = (int)moods[i];
		OK_ERR(fetch_now(ctx, &outcome));
		EQ_STR(outcome.status, STR("failed"));
		wait = outcome.next_run_at - ctx->now;
		OK_OR(wait > last_wait, "failure %zu waits %lld us after %lld", i,
			(long long)wait, (long long)last_wait);
		last_wait = wait;
		EQ_I64(database_number(ctx,
			       "SELECT CAST(count(*) AS bigint) FROM alerts WHERE status "
			       "= "
			       "'firing'"),
			i >= 2);
	}
	EQ_I64(database_number(ctx, "SELECT CAST(count(*) AS bigint) FROM games"), 3);
	EQ_I64(database_number(ctx,
		       "SELECT CAST(count(*) AS bigint) FROM job_runs WHERE status = "
		       "'failed' AND error IS NOT NULL"),
		COUNT_OF(moods));
	/* The breaker closes with the first success. */
	feed_server.mood = FEED_GOOD;
	OK_ERR(fetch_now(ctx, &outcome));
	EQ_STR(outcome.status, STR("succeeded"));
	EQ_I64(database_number(ctx,
		       "SELECT CAST(consecutive_failures AS bigint) FROM jobs WHERE "
		       "name = 'fetch'"),
		0);
	EQ_STR(database_text(ctx, "SELECT status FROM alerts"), STR("resolved"));
	peer_stop(&peer);
}

/* Take the job as an instance that dies with it. */
static struct err *
seize_in_tx(struct tx *tx, void *arg)
{
	struct job_claimed claimed;
	bool found;

	(void)arg;
	TRY(q_job_claim(tx,
		(struct job_claim){
			.name = STR("grade"),
			.instance = STR("dead"),
			.until = tx->ctx->now + (int64_t)60 * MICROSECONDS_PER_SECOND,
			.now = tx->ctx->now,
		},
		&claimed, &found));
	return q_job_run_begin(tx,
		(struct job_run_begin){ .run = uuid_v7(tx->ctx->now),
			.id = claimed.id,
			.instance = STR("dead"),
			.now = tx->ctx->now });
}

BOTH_ENGINES(a_job_is_one_instances_until_its_lease_runs_out)
{
	struct job_outcome outcome = { .job = NULL };
	int64_t began = ctx->now;
	bool ran;

	setup = (struct job_setup){ .instance = STR("two") };
	OK_ERR(schedule_prepare(ctx, false));
	ctx->now += (int64_t)2 * 3600 * MICROSECONDS_PER_SECOND;
	OK_ERR(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, seize_in_tx, NULL));
	/* Only grade is due besides fetch, which nobody runs here. */
	OK_ERR(database_sql(
		ctx, STR("UPDATE jobs SET is_enabled = FALSE WHERE name <> 'grade'")));
	OK_ERR(schedule_run_due(ctx, &setup, &ran, &outcome));
	OK(!ran);
	ctx->now += (int64_t)61 * MICROSECONDS_PER_SECOND;
	OK_ERR(schedule_run_due(ctx, &setup, &ran, &outcome));
	OK(ran);
	OK(ctx->now >= began);
	EQ_STR(outcome.status, STR("succeeded"));
	EQ_STR(database_text(ctx,
		       "SELECT instance || ' ' || status FROM job_runs ORDER BY "
		       "started_at"),
		STR("dead failed\ntwo succeeded"));
	EQ_STR(database_text(ctx,
		       "SELECT 'runs ' || run_count || ', failed ' || failure_count || "
		       "', in a row ' || consecutive_failures FROM jobs WHERE name = "
		       "'grade'"),
		STR("runs 2, failed 1, in a row 0"));
}

static int64_t
next_run_of(struct ctx *ctx, const char *name)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct job_row_list jobs = { .count = 0 };

	if (q_job_list(&tx, &jobs))
		return -1;
	for (size_t i = 0; i < jobs.count; i++)
		if (str_eq(jobs.items[i].name, str_from(name)))
			return jobs.items[i].next_run_at.value;
	return -1;
}

BOTH_ENGINES(a_job_that_ends_its_instance_time_and_again_waits_and_alerts)
{
	static const char lost[] =
		"SELECT last_status || coalesce(locked_by, '') || ': ' || last_error || "
		"', failed ' || failure_count || ', ' || (SELECT count(*) FROM alerts) "
		"FROM jobs WHERE name = 'grade'";

	OK_ERR(schedule_prepare(ctx, false));
	for (int i = 1; i <= 3; i++) {
		int64_t next;

		OK_ERR(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, seize_in_tx, NULL));
		ctx->now += (int64_t)61 * MICROSECONDS_PER_SECOND;
		OK_ERR(schedule_prepare(ctx, true));
		EQ_STR(database_text(ctx, lost),
			str_fmt(ctx->arena,
				"failed: its instance (dead) stopped before it ended, "
				"failed %d, %d",
				i, i >= 3));
		/* The first time it is taken over. */
		next = next_run_of(ctx, "grade");
		OK(i == 1 ? next == ctx->now : next > ctx->now);
	}
	EQ_STR(database_text(ctx,
		       "SELECT status || ' ' || error FROM job_runs ORDER BY started_at "
		       "LIMIT 1"),
		STR("failed its instance (dead) stopped before it ended"));
	EQ_STR(database_text(ctx, "SELECT message FROM alerts"),
		STR("job grade failed 3 times in a row: its instance (dead) stopped "
		    "before it ended; gridiron jobs run grade tries it now"));
}

struct running {
	struct ctx *ctx;
	struct ctx own;
	struct arena arena;
	struct job_outcome outcome;
	struct err *err;
	struct fiber_event ended;
};

static void
fetch_apart(void *arg)
{
	struct running *running = arg;

	arena_init(&running->arena, 64 << 20);
	running->own = *running->ctx;
	running->own.arena = &running->arena;
	running->err = fetch_now(&running->own, &running->outcome);
	fiber_event_set(&running->ended);
}

BOTH_ENGINES(a_run_that_is_cancelled_gives_its_job_back)
{
	struct running running = { .ctx = ctx };
	struct fiber *fiber;
	int64_t due;

	OK_ERR(schedule_prepare(ctx, false));
	OK_ERR(database_sql(ctx,
		STR("UPDATE jobs SET run_count = 2, failure_count = 2, "
		    "consecutive_failures = 2 WHERE name = 'fetch'")));
	due = next_run_of(ctx, "fetch");
	feed_start(ctx, FEED_SLOW);
	fiber_event_init(&running.ended);
	fiber = fiber_spawn("fetch", fetch_apart, &running);
	while (feed_server.answers == 0)
		fiber_pause();
	EQ_I64(database_number(ctx, "SELECT count(*) FROM jobs WHERE locked_by = 'one'"),
		1);
	fiber_cancel(fiber);
	fiber_event_join(&running.ended);
	OK_ERR(running.err);
	OK(running.outcome.failed && running.outcome.failed->code == ERR_TIMEOUT);
	EQ_I64(database_number(
		       ctx, "SELECT count(*) FROM jobs WHERE locked_by IS NOT NULL"),
		0);
	/* It is no failure of the feed's, and the job is due when it was. */
	EQ_STR(database_text(ctx,
		       "SELECT last_status || ', failed ' || failure_count || ', in a "
		       "row ' || consecutive_failures FROM jobs WHERE name = 'fetch'"),
		STR("skipped, failed 2, in a row 2"));
	EQ_I64(next_run_of(ctx, "fetch"), due);
	EQ_STR(database_text(ctx, "SELECT error FROM job_runs"),
		STR("cancelled; what was not yet committed is undone"));
	arena_release(&running.arena);
	peer_stop(&peer);
}

/* Its last call, the COMMIT of how it ended, is carried out, or is not; either way nobody says. */
BOTH_ENGINES(a_run_of_which_nobody_knows_whether_its_end_was_committed_ends)
{
	struct job_outcome outcome = { .job = NULL };
	struct fault *fault;
	uint64_t calls;

	setup = (struct job_setup){ .instance = STR("one") };
	OK_ERR(schedule_run(ctx, &setup, STR("grade"), &outcome));
	OK_ERR(fault_put(ctx, ctx->db, &fault));
	fault_arm(fault, 1000, ERR_INTERNAL);
	OK_ERR(schedule_run(ctx, &setup, STR("grade"), &outcome));
	calls = fault_calls(fault);
	/* The statement before it fails without being carried out. */
	for (uint64_t nth = calls - 1; nth <= calls; nth++) {
		fault_arm(fault, nth, ERR_UNCERTAIN);
		OK_ERR(schedule_run(ctx, &setup, STR("grade"), &outcome));
		OK(fault_has_struck(fault));
		EQ_STR(outcome.status, STR("succeeded"));
		EQ_STR(database_text(ctx,
			       "SELECT last_status || coalesce(locked_by, '') FROM jobs "
			       "WHERE name = 'grade'"),
			STR("succeeded"));
	}
	fault_arm(fault, 0, ERR_INTERNAL);
	EQ_I64(database_number(
		       ctx, "SELECT count(*) FROM job_runs WHERE status <> 'succeeded'"),
		0);
}

/* Whatever nobody knows of a run's beginning or end, its job is not kept until the lease runs out. */
BOTH_ENGINES(no_call_whose_end_is_uncertain_keeps_the_job)
{
	struct job_outcome outcome = { .job = NULL };
	struct fault *fault;
	uint64_t calls;
	int done = 0;

	setup = (struct job_setup){ .instance = STR("one") };
	OK_ERR(schedule_run(ctx, &setup, STR("grade"), &outcome));
	OK_ERR(fault_put(ctx, ctx->db, &fault));
	fault_arm(fault, 1000, ERR_INTERNAL);
	OK_ERR(schedule_run(ctx, &setup, STR("grade"), &outcome));
	calls = fault_calls(fault);
	for (uint64_t nth = 1; nth <= calls; nth++) {
		fault_arm(fault, nth, ERR_UNCERTAIN);
		done += !schedule_run(ctx, &setup, STR("grade"), &outcome);
		OK(fault_has_struck(fault));
		EQ_I64(database_number(ctx,
			       "SELECT count(*) FROM jobs WHERE locked_by IS NOT NULL"),
			0);
		EQ_I64(database_number(ctx,
			       "SELECT count(*) FROM job_runs WHERE status = 'running'"),
			0);
	}
	fault_arm(fault, 0, ERR_INTERNAL);
	/* What prepares the jobs' rows may fail, not what claims or ends. */
	OK_OR((int)calls - done <= JOB_COUNT + 4, "%d of %d done", done, (int)calls);
}

BOTH_ENGINES(a_run_ends_itself_and_no_other_of_its_instance)
{
	struct running first = { .ctx = ctx }, second = { .ctx = ctx };
	const char *held = "SELECT count(*) FROM jobs WHERE locked_by = 'one'";

	feed_start(ctx, FEED_HELD);
	fiber_event_init(&first.ended);
	fiber_event_init(&second.ended);
	OK(fiber_spawn("first", fetch_apart, &first));
	while (feed_server.answers < 1)
		fiber_pause();
	OK_ERR(database_sql(ctx,
		STR("UPDATE jobs SET locked_until = created_at WHERE locked_by IS "
		    "NOT NULL")));
	OK(fiber_spawn("second", fetch_apart, &second));
	while (feed_server.answers < 2)
		fiber_pause();
	feed_server.let_go = 1;
	fiber_event_join(&first.ended);
	FAILS_WITH(first.err, ERR_CONFLICT);
	EQ_I64(database_number(ctx, held), 1);
	EQ_I64(database_number(
		       ctx, "SELECT count(*) FROM job_runs WHERE status = 'running'"),
		1);
	feed_server.let_go = 2;
	fiber_event_join(&second.ended);
	OK_ERR(second.err);
	EQ_I64(database_number(ctx, held), 0);
	EQ_I64(database_number(
		       ctx, "SELECT count(*) FROM job_runs WHERE status = 'succeeded'"),
		1);
	arena_release(&first.arena);
	arena_release(&second.arena);
	peer_stop(&peer);
}

BOTH_ENGINES(a_job_of_a_newer_program_stops_none_of_ours)
{
	struct job_outcome outcome = { .job = NULL };
	bool ran;

	setup = (struct job_setup){ .instance = STR("two") };
	OK_ERR(schedule_prepare(ctx, false));
	OK_ERR(database_sql(ctx,
		STR("UPDATE jobs SET is_enabled = FALSE WHERE name NOT IN ('grade', "
		    "'fetch')")));
	OK_ERR(database_sql(ctx,
		STR("UPDATE jobs SET name = 'from the future', next_run_at = created_at "
		    "WHERE name = 'fetch'")));
	ctx->now += (int64_t)2 * 3600 * MICROSECONDS_PER_SECOND;
	OK_ERR(schedule_run_due(ctx, &setup, &ran, &outcome));
	OK(ran);
	EQ_STR(str_from(outcome.job->name), STR("grade"));
}

BOTH_ENGINES(a_job_that_is_not_there_is_named_with_those_that_are)
{
	struct job_outcome outcome;
	struct err *err = schedule_run(ctx, &setup, STR("fech"), &outcome);

	FAILS_WITH(err, ERR_NOT_FOUND);
	OK(str_find(err->message, STR("fetch, grade")) > 0);
}

/* As on a full disk: a server serves, and the rest is done when it can be. */
BOTH_ENGINES(a_schedule_that_cannot_be_written_at_first_is_written_later)
{
	const char *count = "SELECT CAST(count(*) AS bigint) FROM jobs";
	int64_t deadline = clock_deadline_ms(60000);
	struct schedule schedule = { .fiber = NULL };

	setup = (struct job_setup){ .instance = STR("one") };
	OK_ERR(database_sql(ctx, STR("ALTER TABLE jobs RENAME TO jobs_away")));
	OK_ERR(schedule_start(ctx, &setup, &schedule));
	while (!schedule.trouble.is_on && clock_monotonic_ns() < deadline)
		fiber_sleep_until(clock_deadline_ms(1));
	OK_ERR(database_sql(ctx, STR("ALTER TABLE jobs_away RENAME TO jobs")));
	while (database_number(ctx, count) < JOB_COUNT && clock_monotonic_ns() < deadline)
		fiber_sleep_until(clock_deadline_ms(1));
	schedule_stop(&schedule);
	EQ_I64(database_number(ctx, count), JOB_COUNT);
}
