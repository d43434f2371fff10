/* Who gets which connection, and how long each lives. */
#include "tests/unit/pool_test.h"

#include <pthread.h>

/* --- Order -------------------------------------------------------------------------- */

enum { WAITERS = 200, NEWCOMERS = 100 };

struct queue_test {
	struct bench bench;
	int arrived;
	int served;
	bool is_in_order;
};

static void
wait_in_line(void *arg)
{
	struct queue_test *test = arg;
	int turn = test->arrived++;
	struct pool_slot *slot;

	OK_ERR(pool_checkout(
		test->bench.pool, &test->bench.ctx, POOL_INTERACTIVE, &slot));
	if (test->served++ != turn)
		test->is_in_order = false;
	/* Another one comes, first before this one gives its connection back and then
	 * just after, and overtakes nobody. */
	if (turn < NEWCOMERS)
		(void)fiber_spawn("newcomer", wait_in_line, test);
	if (turn % 2 == 0)
		fiber_yield();
	pool_checkin(test->bench.pool, slot, turn % 7 != 0);
}

static void
queue_fiber(void *arg)
{
	struct queue_test *test = arg;

	struct pool_slot *held[3];

	bench_open(&test->bench, small(2, 1));
	for (int i = 0; i < 3; i++)
		CHECKOUT(&test->bench, &held[i]);
	for (int i = 0; i < WAITERS; i++)
		(void)fiber_spawn("waiter", wait_in_line, test);
	fiber_yield();
	EQ_I64(test->arrived, WAITERS);
	for (int i = 0; i < 3; i++)
		pool_checkin(test->bench.pool, held[i], true);
	while (test->served < WAITERS + NEWCOMERS)
		fiber_yield();
	bench_close(&test->bench);
}

TEST(first_come_is_first_served_even_when_connections_break)
{
	struct queue_test test = { .is_in_order = true, .bench.server.is_instant = true };

	run_in_loop(queue_fiber, &test);
	EQ_I64(test.served, WAITERS + NEWCOMERS);
	OK(test.is_in_order);
	OK(test.bench.server.open_most <= 3);
}

/* --- Two loops ---------------------------------------------------------------------- */

enum { TURNS = 300, FIBERS_A_LOOP = 20 };

struct shared {
	struct bench bench;
	_Atomic int holding;
	_Atomic int holding_most;
	_Atomic int running;
	_Atomic int done;
};

static void
take_turns(void *arg)
{
	struct shared *shared = arg;
	struct arena arena;
	struct ctx ctx = shared->bench.ctx;

	arena_init(&arena, ARENA_BYTES);
	ctx.arena = &arena;
	for (int i = 0; i < TURNS; i++) {
		struct pool_slot *slot;
		int holding;

		OK_ERR(pool_checkout(shared->bench.pool, &ctx, POOL_INTERACTIVE, &slot));
		holding = ++shared->holding;
		if (holding > shared->holding_most)
			shared->holding_most = holding;
		if (i % 3 == 0)
			fiber_yield();
		shared->holding--;
		pool_checkin(shared->bench.pool, slot, i % 50 != 0);
		shared->done++;
	}
	shared->running--;
	arena_release(&arena);
}

static void
spawn_takers(void *arg)
{
	for (int i = 0; i < FIBERS_A_LOOP; i++)
		(void)fiber_spawn("taker", take_turns, arg);
}

static void *
second_thread(void *arg)
{
	run_in_loop(spawn_takers, arg);
	return NULL;
}

static void
shared_fiber(void *arg)
{
	struct shared *shared = arg;
	pthread_t thread;

	bench_open(&shared->bench, small(3, 0));
	shared->running = 2 * FIBERS_A_LOOP;
	OK(pthread_create(&thread, NULL, second_thread, shared) == 0);
	spawn_takers(shared);
	while (shared->running > 0)
		(void)fiber_sleep_until(clock_deadline_ms(1));
	pthread_join(thread, NULL);
	bench_close(&shared->bench);
}

TEST(two_loops_share_the_pool_and_never_hold_more_than_there_are)
{
	struct shared shared = { .running = 0 };

	run_in_loop(shared_fiber, &shared);
	EQ_I64(shared.done, 2 * FIBERS_A_LOOP * TURNS);
	OK(shared.holding_most <= 3);
}

/* --- Idle connections --------------------------------------------------------------- */

static void
newest_fiber(void *arg)
{
	struct bench *bench = arg;
	struct pool_slot *slots[3], *again;

	bench_open(bench, small(3, 0));
	for (int i = 0; i < 3; i++)
		CHECKOUT(bench, &slots[i]);
	pool_checkin(bench->pool, slots[1], true);
	pool_checkin(bench->pool, slots[0], true);
	pool_checkin(bench->pool, slots[2], true);
	CHECKOUT(bench, &again);
	EQ_I64(number_of(again), 2);
	pool_checkin(bench->pool, again, true);
	bench_close(bench);
}

TEST(the_newest_idle_connection_is_lent_first)
{
	struct bench bench = { .pool = NULL };

	run_in_loop(newest_fiber, &bench);
}

static void
overflow_fiber(void *arg)
{
	struct bench *bench = arg;
	struct pool_settings settings = small(2, 3);
	struct pool_slot *slots[5], *one;
	struct pool_counters counters;

	settings.overflow_ms = 0;
	bench_open(bench, settings);
	for (int i = 0; i < 5; i++)
		CHECKOUT(bench, &slots[i]);
	pool_counters(bench->pool, &counters);
	EQ_I64(counters.checked_out, 5);
	EQ_I64(counters.overflow, 3);
	for (int i = 0; i < 5; i++)
		pool_checkin(bench->pool, slots[i], true);
	pool_trim(bench->pool);
	pool_counters(bench->pool, &counters);
	EQ_I64(counters.open, 2);
	EQ_I64(counters.checked_in, 2);
	EQ_I64(counters.trimmed, 3);
	/* The places can be used again. */
	for (int i = 0; i < 5; i++)
		CHECKOUT(bench, &slots[i]);
	for (int i = 0; i < 5; i++)
		pool_checkin(bench->pool, slots[i], true);
	CHECKOUT(bench, &one);
	pool_checkin(bench->pool, one, true);
	bench_close(bench);
}

TEST(connections_beyond_size_are_opened_at_a_peak_and_closed_after_it)
{
	struct bench bench = { .pool = NULL };

	run_in_loop(overflow_fiber, &bench);
}

static void
trim_fiber(void *arg)
{
	struct bench *bench = arg;
	struct pool_settings settings = small(4, 0);
	struct pool_counters counters;

	settings.idle_trim_ms = 0;
	settings.min_idle = 1;
	bench_open(bench, settings);
	pool_warm(bench->pool, &bench->ctx, 4);
	EQ_I64(bench->server.opened, 4);
	pool_trim(bench->pool);
	pool_counters(bench->pool, &counters);
	EQ_I64(counters.open, 1);
	bench_close(bench);
}

static void
tend_fiber(void *arg)
{
	struct bench *bench = arg;
	struct pool_settings settings = small(4, 2);
	struct pool_slot *slots[5];
	struct pool_counters counters;

	settings.idle_trim_ms = settings.overflow_ms = 0;
	settings.min_idle = 3;
	bench_open(bench, settings);
	pool_tend(bench->pool, &bench->ctx);
	EQ_I64(bench->server.opened, 3);
	for (int i = 0; i < 5; i++)
		CHECKOUT(bench, &slots[i]);
	for (int i = 0; i < 5; i++)
		pool_checkin(bench->pool, slots[i], i > 2);
	pool_tend(bench->pool, &bench->ctx);
	pool_counters(bench->pool, &counters);
	EQ_I64(counters.open, 3);
	EQ_I64(counters.checked_in, 3);
	bench_close(bench);
}

TEST(tending_trims_what_is_too_much_and_opens_what_is_too_little)
{
	struct bench bench = { .pool = NULL };

	run_in_loop(tend_fiber, &bench);
}

TEST(idle_connections_are_closed_down_to_the_minimum)
{
	struct bench bench = { .pool = NULL };

	run_in_loop(trim_fiber, &bench);
}

static void
recycle_fiber(void *arg)
{
	struct bench *bench = arg;
	struct pool_settings settings = small(1, 0);
	struct pool_slot *slot;
	struct pool_counters counters;

	settings.recycle_ms = 1;
	bench_open(bench, settings);
	CHECKOUT(bench, &slot);
	EQ_I64(number_of(slot), 0);
	pool_checkin(bench->pool, slot, true);
	(void)fiber_sleep_until(clock_deadline_ms(20));
	CHECKOUT(bench, &slot);
	EQ_I64(number_of(slot), 1);
	(void)fiber_sleep_until(clock_deadline_ms(20));
	pool_checkin(bench->pool, slot, true);
	pool_counters(bench->pool, &counters);
	EQ_I64(counters.recycled, 2);
	EQ_I64(counters.open, 0);
	bench_close(bench);
}

TEST(a_connection_past_its_age_is_replaced)
{
	struct bench bench = { .pool = NULL };

	run_in_loop(recycle_fiber, &bench);
}

static void
jitter_fiber(void *arg)
{
	struct bench *bench = arg;
	struct pool_settings settings = small(10, 0);
	struct pool_slot *slots[10];
	int64_t least = INT64_MAX, most = 0;

	settings.recycle_ms = 1000000;
	bench_open(bench, settings);
	for (int i = 0; i < 10; i++) {
		CHECKOUT(bench, &slots[i]);
		if (slots[i]->expires_at < least)
			least = slots[i]->expires_at;
		if (slots[i]->expires_at > most)
			most = slots[i]->expires_at;
	}
	OK(most - least > 50000 * INT64_C(1000000));
	OK(most - least < 100001 * INT64_C(1000000));
	for (int i = 0; i < 10; i++)
		pool_checkin(bench->pool, slots[i], true);
	bench_close(bench);
}

TEST(connections_opened_together_do_not_expire_together)
{
	struct bench bench = { .pool = NULL };

	run_in_loop(jitter_fiber, &bench);
}

static void
ping_fiber(void *arg)
{
	struct bench *bench = arg;
	struct pool_settings settings = small(1, 0);
	struct pool_slot *slot;
	struct pool_counters counters;

	settings.ping_after_ms = 5;
	bench_open(bench, settings);
	CHECKOUT(bench, &slot);
	pool_checkin(bench->pool, slot, true);
	CHECKOUT(bench, &slot);
	EQ_I64(bench->server.pings, 0);
	pool_checkin(bench->pool, slot, true);
	(void)fiber_sleep_until(clock_deadline_ms(30));
	CHECKOUT(bench, &slot);
	EQ_I64(bench->server.pings, 1);
	EQ_I64(number_of(slot), 0);
	pool_checkin(bench->pool, slot, true);
	bench->server.fails_pings = true;
	(void)fiber_sleep_until(clock_deadline_ms(30));
	CHECKOUT(bench, &slot);
	EQ_I64(number_of(slot), 1);
	pool_checkin(bench->pool, slot, true);
	pool_counters(bench->pool, &counters);
	EQ_I64(counters.invalidated, 1);
	bench_close(bench);
}

TEST(a_connection_idle_for_long_is_tested_and_a_dead_one_replaced)
{
	struct bench bench = { .pool = NULL };

	run_in_loop(ping_fiber, &bench);
}

TEST(the_defaults_are_those_of_production_or_not)
{
	struct pool_settings production = pool_settings_default(true);
	struct pool_settings other = pool_settings_default(false);

	EQ_I64(production.size, 20);
	EQ_I64(production.overflow, 40);
	EQ_I64(production.timeout_ms, 30000);
	EQ_I64(other.size, 5);
	EQ_I64(other.overflow, 10);
	EQ_I64(other.timeout_ms, 10000);
}
