/* What happens to fibers that misbehave: those that need too much stack end the process
 * with a message, those that hold the loop are named. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/wait.h>

#include "base/log.h"
#include "tests/unit/fiber_test.h"

/* --- Stack overflow, each in a process of its own */

struct outcome {
	char said[16384];
	int status;
};

/* Fork, run FN in a loop there, and tell how that process ended and what it said. */
static void
run_in_child(fiber_fn fn, struct outcome *ret)
{
	const struct rlimit no_core = { 0 };
	size_t len = 0;
	ssize_t got;
	int said[2];
	pid_t child;

	*ret = (struct outcome){ .status = -1 };
	if (pipe2(said, O_CLOEXEC) != 0)
		return;
	fflush(stdout);
	child = fork();
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		dup2(said[1], STDERR_FILENO);
		run_in_loop(fn, NULL);
		_exit(0);
	}
	close(said[1]);
	while ((got = read(said[0], ret->said + len, sizeof(ret->said) - 1 - len)) > 0)
		len += (size_t)got;
	close(said[0]);
	if (child > 0)
		waitpid(child, &ret->status, 0);
}

static int
recurse(int depth)
{
	volatile char frame[200];

	frame[0] = (char)depth;
	return depth > 0 ? recurse(depth - 1) + frame[0] : 0;
}

static void
recurse_deeply(UNUSED void *arg)
{
	volatile int depth = 1000000000;

	fiber_set_name("GET /v1/deep");
	exit(recurse(depth));
}

static void
spawn_deep(UNUSED void *arg)
{
	OK(fiber_spawn("innocent", fiber_test_nothing, NULL));
	OK(fiber_spawn("deep", recurse_deeply, NULL));
}

TEST(endless_recursion_ends_the_process_and_names_the_fiber)
{
	struct outcome outcome;

	run_in_child(spawn_deep, &outcome);
	OK_OR(strstr(outcome.said, "stack overflow: fiber 'GET /v1/deep'"), "it said: %s",
		outcome.said);
	OK(!strstr(outcome.said, "innocent"));
	OK(WIFSIGNALED(outcome.status) && WTERMSIG(outcome.status) == SIGSEGV);
}

/* Larger than stack and guard together: the compiler's probes find the guard. */
static void
use_large_frame(UNUSED void *arg)
{
	char frame[1024 * 1024];
	char *volatile bottom = frame; /* or a compiler keeps that byte alone */

	*bottom = 1;
	exit(frame[0]);
}

TEST(a_frame_larger_than_stack_and_guard_is_caught_too)
{
	struct outcome outcome;

	run_in_child(use_large_frame, &outcome);
	OK_OR(strstr(outcome.said, "stack overflow: fiber 'main'"), "it said: %s",
		outcome.said);
	OK(WIFSIGNALED(outcome.status) && WTERMSIG(outcome.status) == SIGSEGV);
}

static void
use_wild_pointer(UNUSED void *arg)
{
	char *volatile wild = (char *)4096;

	*wild = 1;
}

TEST(another_fault_is_not_called_an_overflow)
{
	struct outcome outcome;

	run_in_child(use_wild_pointer, &outcome);
	OK(!strstr(outcome.said, "gridiron: stack overflow"));
	OK(outcome.status != 0);
}

static void
use_most_of_stack(UNUSED void *arg)
{
	volatile char frame[48 * 1024];

	for (size_t i = 0; i < sizeof(frame); i += 512)
		frame[i] = 1;
	_exit(7);
}

TEST(three_quarters_of_the_stack_may_be_used)
{
	struct outcome outcome;

	run_in_child(use_most_of_stack, &outcome);
	OK(WIFEXITED(outcome.status));
	EQ_I64(WEXITSTATUS(outcome.status), 7);
}

/* --- Loop lag */

enum { LAG_WARNING_MS = 20, HELD_MS = 100, SLEEPS = 6 };

struct hold {
	int log;
	char said[4096];
	size_t len;
	struct loop_counters counters;
};

/* Read what was logged; whether TEXT is in it. */
static bool
was_logged(struct hold *hold, const char *text)
{
	ssize_t got;

	while ((got = read(hold->log, hold->said + hold->len,
			sizeof(hold->said) - 1 - hold->len)) > 0)
		hold->len += (size_t)got;
	return strstr(hold->said, text) != NULL;
}

/* Run FN in a loop that finds 20 ms too long, and keep what it logs. */
static void
run_with_log(fiber_fn fn, struct hold *hold)
{
	struct loop_options options = { .lag_warning_ns = LAG_WARNING_MS * 1000000 };
	int log[2];

	*hold = (struct hold){ .len = 0 };
	OK(pipe2(log, O_NONBLOCK | O_CLOEXEC) == 0);
	hold->log = log[0];
	log_configure((struct log_options){ .level = LOG_INFO, .fd = log[1] });
	run_in_loop_with(options, fn, hold);
	log_configure((struct log_options){ .level = LOG_INFO, .fd = STDERR_FILENO });
	(void)was_logged(hold, "");
	close(log[0]);
	close(log[1]);
}

static void
hold_loop(UNUSED void *arg)
{
	int64_t until = clock_deadline_ms(HELD_MS);

	fiber_set_name("GET /v1/slow");
	while (clock_monotonic_ns() < until)
		;
	fiber_yield();
}

static void
hold_once(void *arg)
{
	struct hold *hold = arg;

	OK(fiber_spawn("slow", hold_loop, NULL));
	join_all();
	hold->counters = loop_counters(loop_current());
}

TEST(a_fiber_that_holds_the_loop_is_named_when_it_lets_go)
{
	struct hold hold;

	run_with_log(hold_once, &hold);
	OK_OR(strstr(hold.said, "event=\"loop was held\" by=\"GET /v1/slow\" held_ms="),
		"it logged: %s", hold.said);
	OK(hold.counters.lag_events >= 1);
	OK(hold.counters.lag_max_ns >= LAG_WARNING_MS * 1000000);
}

static void
hold_until_named(void *arg)
{
	struct hold *hold = arg;
	int64_t bound = clock_deadline_ms(HANG_BOUND_MS);

	fiber_set_name("job endless");
	while (!was_logged(hold, "event=\"loop is held\" by=\"job endless\" held_ms=") &&
		clock_monotonic_ns() < bound)
		;
}

TEST(a_fiber_that_holds_the_loop_is_named_while_it_does)
{
	struct hold hold;

	run_with_log(hold_until_named, &hold);
	OK_OR(strstr(hold.said, "event=\"loop is held\" by=\"job endless\" held_ms="),
		"it logged: %s", hold.said);
}

static void
hold_in_timer(UNUSED void *arg)
{
	int64_t until = clock_deadline_ms(HELD_MS);

	while (clock_monotonic_ns() < until)
		;
}

static void
start_holding_timer(UNUSED void *arg)
{
	static struct loop_timer timer;

	loop_timer_start(&timer, 0, hold_in_timer, NULL);
	(void)fiber_sleep_until(clock_deadline_ms(1));
}

TEST(a_timer_that_holds_the_loop_is_told_apart)
{
	struct hold hold;

	run_with_log(start_holding_timer, &hold);
	OK_OR(strstr(hold.said, "event=\"loop was held\" by=\"a timer or a watch\""),
		"it logged: %s", hold.said);
}

static void
sleep_often(void *arg)
{
	struct hold *hold = arg;

	for (int i = 0; i < SLEEPS; i++)
		(void)fiber_sleep_until(clock_deadline_ms(2 * LAG_WARNING_MS));
	hold->counters = loop_counters(loop_current());
}

/* A busy machine may hold it during one or another of them. */
TEST(a_sleeping_loop_is_not_a_held_one)
{
	struct hold hold;

	run_with_log(sleep_often, &hold);
	OK(hold.counters.lag_events < SLEEPS);
}

static void
sleep_past_watchdog(UNUSED void *arg)
{
	(void)fiber_sleep_until(clock_deadline_ms(1300));
}

TEST(the_watchdog_leaves_a_sleeping_loop_alone)
{
	struct hold hold;

	run_with_log(sleep_past_watchdog, &hold);
	OK_OR(!strstr(hold.said, "loop is held"), "it logged: %s", hold.said);
}
