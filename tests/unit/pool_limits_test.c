/* What the pool does when there is nothing to lend. */
#include "tests/unit/pool_test.h"

/* --- Time-outs and failures --------------------------------------------------------- */

static bool
notes_say(const struct err *err, const char *what)
{
	for (const struct err_note *note = err->notes; note; note = note->older)
		if (str_find(note->text, str_from(what)) >= 0)
			return true;

	return false;
}

static void
timeout_fiber(void *arg)
{
	struct bench *bench = arg;
	struct pool_settings settings = small(1, 0);
	struct pool_slot *slot, *other;
	struct pool_counters counters;
	struct err *err;

	settings.timeout_ms = 20;
	bench_open(bench, settings);
	CHECKOUT(bench, &slot);
	atomic_store(&slot->query, "slow_report");
	err = pool_checkout(bench->pool, &bench->ctx, POOL_INTERACTIVE, &other);
	OK(err);
	EQ_I64(err->code, ERR_BUSY);
	OK(str_find(err->message, STR("pool exhausted")) >= 0);
	OK(str_find(err->message, STR("1 of 1 interactive")) >= 0);
	OK(notes_say(err, "by GET /test, query slow_report"));
	pool_counters(bench->pool, &counters);
	EQ_I64(counters.timeouts, 1);
	EQ_I64(counters.waiting[POOL_INTERACTIVE], 0);
	pool_checkin(bench->pool, slot, true);
	bench_close(bench);
}

TEST(a_time_out_says_that_the_pool_is_exhausted_and_by_whom)
{
	struct bench bench = { .pool = NULL };

	run_in_loop(timeout_fiber, &bench);
}

static void
down_fiber(void *arg)
{
	struct bench *bench = arg;
	struct pool_slot *slot;
	struct pool_counters counters;

	bench_open(bench, small(1, 0));
	bench->server.is_down = true;
	FAILS_WITH(pool_checkout(bench->pool, &bench->ctx, POOL_INTERACTIVE, &slot),
		ERR_BUSY);
	bench->server.is_refusing = true;
	FAILS_WITH(pool_checkout(bench->pool, &bench->ctx, POOL_INTERACTIVE, &slot),
		ERR_BUSY);
	pool_counters(bench->pool, &counters);
	EQ_I64(counters.connect_failures, 2);
	EQ_I64(counters.checked_out, 0);
	bench->server.is_down = bench->server.is_refusing = false;
	CHECKOUT(bench, &slot);
	pool_checkin(bench->pool, slot, true);
	bench_close(bench);
}

TEST(a_server_that_is_down_fails_at_once_and_is_found_again)
{
	struct bench bench = { .pool = NULL };

	run_in_loop(down_fiber, &bench);
}

struct late {
	struct bench bench;
	struct ctx ctx;
	struct err *err;
	bool is_done;
};

static void
late_waiter(void *arg)
{
	struct late *late = arg;
	struct pool_slot *slot;

	late->err = pool_checkout(late->bench.pool, &late->ctx, POOL_INTERACTIVE, &slot);
	if (!late->err)
		pool_checkin(late->bench.pool, slot, true);
	late->is_done = true;
}

static void
hanging_fiber(void *arg)
{
	struct late *late = arg;
	struct bench *bench = &late->bench;
	struct pool_settings settings = small(1, 0);
	struct pool_slot *slot;

	settings.timeout_ms = 60;
	bench_open(bench, settings);
	bench->server.is_hanging = true;
	late->ctx = bench->ctx;
	/* The first hangs in connect for most of the second's patience. */
	bench->ctx.deadline = clock_deadline_ms(30);
	(void)fiber_spawn("late", late_waiter, late);
	late->ctx.deadline = clock_deadline_ms(HANG_BOUND_MS);
	FAILS_WITH(pool_checkout(bench->pool, &bench->ctx, POOL_INTERACTIVE, &slot),
		ERR_TIMEOUT);
	bench->server.is_hanging = false;
	while (!late->is_done)
		fiber_yield();
	OK_ERR(late->err);
	bench_close(bench);
}

TEST(when_opening_fails_the_next_in_line_gets_its_chance)
{
	struct late late = { .is_done = false };

	run_in_loop(hanging_fiber, &late);
}

static void
budget_fiber(void *arg)
{
	struct bench *bench = arg;
	struct pool_settings settings = small(4, 4);
	struct pool_slot *batch[2], *interactive[6], *admin, *none;

	settings.timeout_ms = 20;
	bench_open(bench, settings);
	for (int i = 0; i < 2; i++)
		OK_ERR(pool_checkout(bench->pool, &bench->ctx, POOL_BATCH, &batch[i]));
	FAILS_WITH(pool_checkout(bench->pool, &bench->ctx, POOL_BATCH, &none), ERR_BUSY);
	for (int i = 0; i < 6; i++)
		CHECKOUT(bench, &interactive[i]);
	FAILS_WITH(pool_checkout(bench->pool, &bench->ctx, POOL_INTERACTIVE, &none),
		ERR_BUSY);
	OK_ERR(pool_checkout(bench->pool, &bench->ctx, POOL_ADMIN, &admin));
	pool_checkin(bench->pool, admin, true);
	for (int i = 0; i < 6; i++)
		pool_checkin(bench->pool, interactive[i], true);
	for (int i = 0; i < 2; i++)
		pool_checkin(bench->pool, batch[i], true);
	bench_close(bench);
}

TEST(reports_leave_room_for_others_and_the_operator_is_always_answered)
{
	struct bench bench = { .pool = NULL };

	run_in_loop(budget_fiber, &bench);
}

struct cancelling {
	struct bench bench;
	struct fiber *fiber;
	struct err *err;
	bool is_done;
};

static void
cancelled_waiter(void *arg)
{
	struct cancelling *test = arg;
	struct pool_slot *slot;

	test->err = pool_checkout(
		test->bench.pool, &test->bench.ctx, POOL_INTERACTIVE, &slot);
	if (!test->err)
		pool_checkin(test->bench.pool, slot, true);
	test->is_done = true;
}

static void
cancel_fiber(void *arg)
{
	struct cancelling *test = arg;
	struct bench *bench = &test->bench;
	struct pool_slot *slot;
	struct pool_counters counters;

	bench_open(bench, small(1, 0));
	/* Cancelled while waiting. */
	CHECKOUT(bench, &slot);
	test->fiber = fiber_spawn("cancelled", cancelled_waiter, test);
	fiber_yield();
	fiber_cancel(test->fiber);
	while (!test->is_done)
		fiber_yield();
	EQ_I64(test->err->code, ERR_TIMEOUT);
	OK(test->err);
	/* Cancelled first and given the connection before it could run. */
	test->is_done = false;
	test->fiber = fiber_spawn("cancelled", cancelled_waiter, test);
	fiber_yield();
	fiber_cancel(test->fiber);
	pool_checkin(bench->pool, slot, true);
	while (!test->is_done)
		fiber_yield();
	pool_counters(bench->pool, &counters);
	EQ_I64(counters.checked_out, 0);
	EQ_I64(counters.waiting[POOL_INTERACTIVE], 0);
	bench_close(bench);
}

TEST(a_cancelled_waiter_leaves_and_what_it_was_given_is_not_lost)
{
	struct cancelling test = { .is_done = false };

	run_in_loop(cancel_fiber, &test);
}
