/* What the tests of fibers share. */
#ifndef TESTS_FIBER_TEST_H
#define TESTS_FIBER_TEST_H

#include "sys/clock.h"
#include "sys/fiber.h"
#include "tests/tap.h"

/* Sanitizers: a fiber costs ThreadSanitizer 1.2 MB. */
#if defined(__SANITIZE_THREAD__)
#define FIBER_TEST_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FIBER_TEST_TSAN 1
#endif
#endif

enum {
	HANG_BOUND_MS = 20000, /* only to fail rather than hang */
#ifdef FIBER_TEST_TSAN
	MANY_FIBERS = 300,
#else
	MANY_FIBERS = 10000,
#endif
};

/* Run FN(ARG) and all it spawns on a loop of its own, which OPTIONS describes. */
static inline void
run_in_loop_with(struct loop_options options, fiber_fn fn, void *arg)
{
	struct arena arena;
	struct err *err;

	arena_init(&arena, 1 << 20);
	err = loop_run_once(&arena, options, fn, arg);
	if (err)
		tap_fail(__FILE__, __LINE__, "no loop: " STR_FMT, STR_ARG(err->message));
	arena_release(&arena);
}

static inline void
run_in_loop(fiber_fn fn, void *arg)
{
	run_in_loop_with((struct loop_options){ .stack_bytes = 0 }, fn, arg);
}

/* Wait until every other fiber of this loop has ended. */
static inline void
join_all(void)
{
	while (loop_counters(loop_current()).fibers_live > 1)
		(void)fiber_sleep_until(clock_deadline_ms(1));
}

static inline void
fiber_test_nothing(UNUSED void *arg)
{
}

/* A claim whose body runs in a fiber. */
#define FIBER_TEST(name)                             \
	static void name##_in_fiber_(void *unused);  \
	TEST(name)                                   \
	{                                            \
		run_in_loop(name##_in_fiber_, NULL); \
	}                                            \
	static void name##_in_fiber_(UNUSED void *unused)

#endif
