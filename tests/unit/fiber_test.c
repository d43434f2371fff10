#include "tests/unit/fiber_test.h"
#include "base/log.h"

/* --- Running and yielding */

struct trace {
	char text[64];
	size_t len;
};

struct writer {
	struct trace *trace;
	char letter;
	int turns;
	int64_t deadline;
};

static void
write_letters(void *arg)
{
	struct writer *writer = arg;

	for (int i = 0; i < writer->turns; i++) {
		writer->trace->text[writer->trace->len++] = writer->letter;
		fiber_yield();
	}
}

TEST(nothing_is_a_fiber_outside_a_loop)
{
	OK(fiber_current() == NULL);
	OK(loop_current() == NULL);
	OK(!fiber_is_cancelled());
}

FIBER_TEST(fibers_take_turns_in_the_order_they_started)
{
	struct trace trace = { .len = 0 };
	struct writer writers[] = { { .trace = &trace, .letter = 'a', .turns = 3 },
		{ .trace = &trace, .letter = 'b', .turns = 3 },
		{ .trace = &trace, .letter = 'c', .turns = 2 } };

	for (size_t i = 0; i < COUNT_OF(writers); i++)
		OK(fiber_spawn("writer", write_letters, &writers[i]));
	EQ_I64(trace.len, 0);
	join_all();
	EQ_STR(((struct str){ trace.text, trace.len }), STR("abcabcab"));
}

static void
count_and_sleep(void *arg)
{
	int *count = arg;
	volatile char frame[1024];

	frame[0] = 1;
	++*count;
	(void)fiber_sleep_until(clock_deadline_ms(20));
	frame[1023] = frame[0];
	*count += frame[1023];
}

FIBER_TEST(ten_thousand_fibers_sleep_at_once)
{
	int count = 0;

	for (int i = 0; i < MANY_FIBERS; i++)
		OK(fiber_spawn("sleeper", count_and_sleep, &count));
	EQ_I64(loop_counters(loop_current()).fibers_live, MANY_FIBERS + 1);
	join_all();
	EQ_I64(count, 2 * MANY_FIBERS);
}

static void
add_one(void *arg)
{
	++*(int *)arg;
}

static void
spawn_beyond_limit(void *arg)
{
	int *started = arg;

	for (int i = 0; i < 10; i++)
		*started += fiber_spawn("one of ten", fiber_test_nothing, NULL) != NULL;
	fiber_yield();
	/* Those have ended, so there is room again. */
	*started += fiber_spawn("later", fiber_test_nothing, NULL) ? 100 : 0;
}

TEST(fibers_beyond_the_limit_are_refused_until_others_end)
{
	int started = 0;

	run_in_loop_with(
		(struct loop_options){ .fibers_max = 4 }, spawn_beyond_limit, &started);
	EQ_I64(started, 103);
}

/* More than are kept spare, so that stacks are made, kept, used again and unmapped. */
FIBER_TEST(stacks_are_used_again)
{
	int count = 0;

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < MANY_FIBERS / 20; i++)
			OK(fiber_spawn("short", add_one, &count));
		fiber_yield();
	}
	EQ_I64(count, MANY_FIBERS);
	EQ_I64(loop_counters(loop_current()).fibers_live, 1);
	EQ_I64(loop_counters(loop_current()).fibers_started, MANY_FIBERS + 1);
}

static void
calculate(void *arg)
{
	double *sum = arg;
	double term = 1;

	/* Live values in many registers of both kinds, across switches. */
	for (int i = 1; i <= 100; i++) {
		double before = *sum;

		fiber_yield();
		term = term / 2;
		*sum = before + term * i;
	}
}

FIBER_TEST(registers_survive_a_switch)
{
	double sums[10] = { 0 };

	for (size_t i = 0; i < COUNT_OF(sums); i++)
		OK(fiber_spawn("calculation", calculate, &sums[i]));
	join_all();
	for (size_t i = 0; i < COUNT_OF(sums); i++)
		NEAR(sums[i], 2, 1e-9);
}

/* --- Time */

static void
write_letter_at_deadline(void *arg)
{
	struct writer *writer = arg;

	if (fiber_sleep_until(writer->deadline) == WAIT_TIMED_OUT &&
		clock_monotonic_ns() >= writer->deadline)
		writer->trace->text[writer->trace->len++] = writer->letter;
}

FIBER_TEST(sleepers_wake_in_the_order_of_their_deadlines_and_not_before)
{
	struct trace trace = { .len = 0 };
	struct writer writers[] = {
		{ .trace = &trace, .letter = 'c', .deadline = clock_deadline_ms(12) },
		{ .trace = &trace, .letter = 'a', .deadline = 0 },
		{ .trace = &trace, .letter = 'd', .deadline = clock_deadline_ms(18) },
		{ .trace = &trace, .letter = 'b', .deadline = clock_deadline_ms(6) },
	};

	for (size_t i = 0; i < COUNT_OF(writers); i++)
		OK(fiber_spawn("sleeper", write_letter_at_deadline, &writers[i]));
	join_all();
	EQ_STR(((struct str){ trace.text, trace.len }), STR("abcd"));
}

static void
yield_until(void *arg)
{
	const bool *is_over = arg;
	int64_t bound = clock_deadline_ms(HANG_BOUND_MS);

	while (!*is_over && clock_monotonic_ns() < bound)
		fiber_yield();
}

FIBER_TEST(a_fiber_that_only_yields_does_not_starve_sleepers)
{
	bool is_over = false;

	OK(fiber_spawn("busy", yield_until, &is_over));
	EQ_I64(fiber_sleep_until(clock_deadline_ms(5)), WAIT_TIMED_OUT);
	is_over = true;
	EQ_I64(loop_counters(loop_current()).fibers_live, 2);
}

struct repeating {
	struct loop_timer timer;
	int left;
};

static void
start_again(void *arg)
{
	struct repeating *repeating = arg;

	if (--repeating->left > 0)
		loop_timer_start(&repeating->timer, 0, start_again, repeating);
}

FIBER_TEST(a_timer_that_starts_itself_anew_leaves_turns_for_others)
{
	struct repeating repeating = { .left = 1000000 };

	loop_timer_start(&repeating.timer, 0, start_again, &repeating);
	EQ_I64(fiber_sleep_until(clock_deadline_ms(1)), WAIT_TIMED_OUT);
	OK(repeating.left > 0 && repeating.left < 1000000);
	loop_timer_stop(&repeating.timer);
	loop_timer_stop(&repeating.timer);
}

FIBER_TEST(a_timer_can_be_stopped_and_moved)
{
	struct loop_timer stopped = { .deadline = 0 }, moved = { .deadline = 0 };
	int count = 0;

	loop_timer_start(&stopped, clock_deadline_ms(1), add_one, &count);
	loop_timer_start(&moved, clock_deadline_ms(HANG_BOUND_MS), add_one, &count);
	loop_timer_stop(&stopped);
	loop_timer_start(&moved, clock_deadline_ms(2), add_one, &count);
	EQ_I64(fiber_sleep_until(clock_deadline_ms(5)), WAIT_TIMED_OUT);
	EQ_I64(count, 1);
}

/* --- Cancelling */

static void
sleep_twice(void *arg)
{
	int *cancelled = arg;

	for (int i = 0; i < 2; i++)
		*cancelled += fiber_sleep_until(clock_deadline_ms(HANG_BOUND_MS)) ==
			WAIT_CANCELLED;
	*cancelled += fiber_is_cancelled() ? 10 : 0;
}

FIBER_TEST(a_cancelled_sleep_and_every_later_wait_end_at_once)
{
	int cancelled = 0;
	struct fiber *sleeper = fiber_spawn("sleeper", sleep_twice, &cancelled);

	OK(sleeper);
	fiber_yield();
	fiber_cancel(sleeper);
	fiber_cancel(sleeper);
	join_all();
	EQ_I64(cancelled, 12);
}

FIBER_TEST(a_fiber_cancelled_before_its_first_turn_still_runs_to_its_end)
{
	int cancelled = 0;
	struct fiber *sleeper = fiber_spawn("sleeper", sleep_twice, &cancelled);

	OK(sleeper);
	fiber_cancel(sleeper);
	join_all();
	EQ_I64(cancelled, 12);
	/* Its stack serves the next fiber, which is not cancelled. */
	sleeper = fiber_spawn("next", sleep_twice, &cancelled);
	OK(sleeper);
	fiber_yield();
	EQ_I64(cancelled, 12);
	fiber_cancel(sleeper);
	join_all();
	EQ_I64(cancelled, 24);
}

/* --- What is done later ------------------------------------------------------------- */

/* What was deferred, and what the fibers did before it. */
struct later {
	struct loop_deferred deferred;
	int turns;
	int calls;
	int turns_at_call;
};

static void
note_call(void *arg)
{
	struct later *later = arg;

	later->calls++;
	later->turns_at_call = later->turns;
}

static void
defer_once(void *arg)
{
	struct later *later = arg;

	later->turns++;
	loop_defer(&later->deferred);
}

FIBER_TEST(what_many_defer_is_done_once_when_all_had_their_turn)
{
	struct later later = { .deferred = { .fn = note_call, .arg = &later } };

	list_init(&later.deferred.link);
	for (int i = 0; i < 10; i++)
		OK(fiber_spawn("deferrer", defer_once, &later));
	(void)fiber_sleep_until(clock_deadline_ms(1));
	EQ_I64(later.calls, 1);
	EQ_I64(later.turns_at_call, 10);
	loop_defer(&later.deferred);
	loop_undefer(&later.deferred);
	(void)fiber_sleep_until(clock_deadline_ms(1));
	EQ_I64(later.calls, 1);
}

FIBER_TEST(the_end_of_a_wait_becomes_an_error)
{
	struct arena arena;
	struct ctx ctx = { .arena = &arena };

	arena_init(&arena, 1 << 16);
	OK_ERR(wait_end_err(&ctx, WAIT_READY, "a test"));
	FAILS_WITH(wait_end_err(&ctx, WAIT_TIMED_OUT, "a test"), ERR_TIMEOUT);
	FAILS_WITH(wait_end_err(&ctx, WAIT_CANCELLED, "a test"), ERR_TIMEOUT);
	arena_release(&arena);
}

TEST(deadlines_beyond_counting_never_come)
{
	EQ_I64(clock_deadline_ms(INT64_MAX), DEADLINE_NEVER);
	EQ_I64(clock_deadline_ms(INT64_MAX / 1000000), DEADLINE_NEVER);
	EQ_I64(clock_deadline_ms(INT64_MIN), 0);
	OK(clock_deadline_ms(0) <= clock_monotonic_ns());
}
