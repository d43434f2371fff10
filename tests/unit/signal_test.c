#include "sys/signal.h"

#include <signal.h>
#include <unistd.h>

#include <sys/wait.h>

#include "tests/unit/fiber_test.h"

static void
serve_until_stopped(UNUSED void *arg)
{
	while (!loop_is_stopping(loop_current()))
		(void)fiber_sleep_until(clock_deadline_ms(1));
}

static void
raise_later(void *arg)
{
	const int *signal = arg;

	(void)fiber_sleep_until(clock_deadline_ms(2));
	raise(*signal);
}

/* Whether a loop of this thread ends when SIGNAL arrives. */
static bool
ends_on(int signal)
{
	struct arena arena;
	struct loop *loop;
	bool was_started;

	arena_init(&arena, 1 << 20);
	if (loop_open(&arena, (struct loop_options){ .stack_bytes = 0 }, &loop))
		return false;
	signal_stop_loops(&loop, 1);
	was_started = fiber_spawn("serve", serve_until_stopped, NULL) &&
		fiber_spawn("raise", raise_later, &signal);
	loop_run(loop);
	signal_restore();
	loop_close(loop);
	arena_release(&arena);
	return was_started;
}

TEST(a_first_signal_lets_the_loops_end)
{
	OK(ends_on(SIGTERM));
	OK(ends_on(SIGINT));
}

static void
never_stop(UNUSED void *arg)
{
	raise(SIGINT);
	for (;;)
		raise(SIGTERM);
}

TEST(a_second_signal_ends_the_process_at_once)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		struct arena arena;
		struct loop *loop;

		arena_init(&arena, 1 << 20);
		if (loop_open(&arena, (struct loop_options){ .stack_bytes = 0 }, &loop))
			_exit(1);
		signal_stop_loops(&loop, 1);
		if (!fiber_spawn("stubborn", never_stop, NULL))
			_exit(1);
		loop_run(loop);
		_exit(0);
	}
	OK(child > 0 && waitpid(child, &status, 0) == child);
	OK(WIFSIGNALED(status));
	EQ_I64(WTERMSIG(status), SIGTERM);
}

TEST(writing_to_a_closed_pipe_is_an_error_not_an_end)
{
	struct sigaction action;
	int fds[2];

	signal_stop_loops(NULL, 0);
	OK(pipe(fds) == 0);
	close(fds[0]);
	OK(write(fds[1], "x", 1) < 0);
	close(fds[1]);
	signal_restore();
	OK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
}
