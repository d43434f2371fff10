/* What a fiber costs: nanoseconds a switch, a start, a wait and its waking; of this
 * thread's processor time, so that other work on the machine disturbs less. */
#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/random.h"
#include "sys/wait.h"

enum { ROUNDS = 2000000, CROWD = 64 };

static int64_t
used_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

static void
report(const char *what, int64_t begun_at, int64_t count)
{
	printf("%-48s %7.1f ns\n", what, (double)(used_ns() - begun_at) / (double)count);
}

static void
nothing(UNUSED void *arg)
{
}

static void
yield_often(void *arg)
{
	const int *rounds = arg;

	for (int i = 0; i < *rounds; i++)
		fiber_yield();
}

static void
measure_yields(int fibers, const char *what)
{
	int rounds = ROUNDS / fibers;
	int64_t begun_at = used_ns();

	for (int i = 0; i < fibers; i++) {
		if (!fiber_spawn("yield", yield_often, &rounds))
			return;
	}
	while (loop_counters(loop_current()).fibers_live > 1)
		fiber_yield();
	report(what, begun_at, (int64_t)rounds * (fibers + 1)); /* and this one */
}

static void
measure_starts(void)
{
	int64_t begun_at = used_ns();

	for (int i = 0; i < ROUNDS; i++) {
		if (!fiber_spawn("nothing", nothing, NULL))
			return;
		fiber_yield();
	}
	report("start and end, one after another", begun_at, ROUNDS);
}

struct ping {
	struct wait_queue there;
	struct wait_queue back;
};

static void
answer_pings(void *arg)
{
	struct ping *ping = arg;

	while (wait_queue_wait(&ping->there, clock_deadline_ms(1000)) == WAIT_READY)
		wait_queue_wake_one(&ping->back);
}

/* Two waits, each with a deadline that is set and taken back. */
static void
measure_waits(void)
{
	struct ping ping;
	int64_t begun_at;

	wait_queue_init(&ping.there);
	wait_queue_init(&ping.back);
	if (!fiber_spawn("answer", answer_pings, &ping))
		return;
	fiber_yield();
	begun_at = used_ns();
	for (int i = 0; i < ROUNDS; i++) {
		wait_queue_wake_one(&ping.there);
		if (wait_queue_wait(&ping.back, DEADLINE_NEVER) != WAIT_READY)
			return;
	}
	report("wake another and wait for its answer", begun_at, ROUNDS);
}

static void
measure_ids(void)
{
	int64_t begun_at = used_ns();
	unsigned int sum = 0;

	for (int i = 0; i < ROUNDS; i++)
		sum += uuid_v7(clock_now_us()).bytes[15];
	report("a UUID, and the clock", begun_at, ROUNDS);
	if (sum == 0)
		printf("unlikely\n");
}

static void
measure(UNUSED void *arg)
{
	measure_yields(1, "switch to the loop and back, 2 fibers");
	measure_yields(CROWD, "switch to the loop and back, 65 fibers");
	measure_starts();
	measure_waits();
	measure_ids();
}

int
main(void)
{
	struct loop_options options = { .lag_warning_ns = INT64_MAX / 100 };
	struct arena arena;
	struct err *err;

	arena_init(&arena, 1 << 20);
	err = loop_run_once(&arena, options, measure, NULL);
	if (err)
		fprintf(stderr, "fiber_bench: " STR_FMT "\n", STR_ARG(err->message));
	arena_release(&arena);
	return err ? 1 : 0;
}
