/* When lines of the log are written, and how. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/wait.h>

#include "base/log.h"
#include "tests/unit/fiber_test.h"

enum {
	SAID_BYTES = 65536,
	PIPE_ATOMIC_BYTES = 4096,
};

/* Where lines go meanwhile. */
static struct {
	int ends[2];
	char said[SAID_BYTES];
} log_pipe;

static void
pipe_begin(void)
{
	if (pipe2(log_pipe.ends, O_CLOEXEC | O_NONBLOCK) != 0)
		abort();
	log_configure((struct log_options){ .level = LOG_INFO, .fd = log_pipe.ends[1] });
}

/* What has been written since the last look: one read(2), as much as one write(2) where
 * that was the only one. */
static const char *
pipe_look(void)
{
	ssize_t got = read(log_pipe.ends[0], log_pipe.said, SAID_BYTES - 1);

	log_pipe.said[got > 0 ? got : 0] = '\0';
	return log_pipe.said;
}

static void
pipe_end(void)
{
	log_configure((struct log_options){ .level = LOG_INFO, .fd = STDERR_FILENO });
	close(log_pipe.ends[0]);
	close(log_pipe.ends[1]);
}

TEST(a_line_is_written_at_once_where_nobody_gathers)
{
	pipe_begin();
	log_info(NULL, "alone", LOG_I64("n", 1));
	OK(strstr(pipe_look(), "level=info event=alone n=1\n"));
	pipe_end();
}

TEST(gathered_lines_are_written_by_the_flush_in_their_order)
{
	const char *said;

	pipe_begin();
	log_gather();
	log_info(NULL, "first");
	log_info(NULL, "second");
	EQ_STR(str_from(pipe_look()), STR(""));
	log_flush();
	said = pipe_look();
	OK(strstr(said, "event=first\n") && strstr(said, "event=second\n"));
	OK(strstr(said, "event=first\n") < strstr(said, "event=second\n"));
	log_info(NULL, "third");
	log_gather_end();
	OK(strstr(pipe_look(), "event=third\n"));
	pipe_end();
}

TEST(a_warning_goes_out_at_once_with_what_led_to_it)
{
	const char *said;

	pipe_begin();
	log_gather();
	log_info(NULL, "before");
	log_warning(NULL, "wrong");
	said = pipe_look();
	OK(strstr(said, "event=before\n") && strstr(said, "event=wrong\n"));
	log_gather_end();
	pipe_end();
}

TEST(every_write_is_of_whole_lines_that_a_pipe_takes_in_one_piece)
{
	char long_text[1500];
	int lines = 0;

	memset(long_text, 'x', sizeof(long_text));
	/* Packets: each read is one write. */
	if (pipe2(log_pipe.ends, O_CLOEXEC | O_NONBLOCK | O_DIRECT) != 0)
		return;
	log_configure((struct log_options){ .level = LOG_INFO, .fd = log_pipe.ends[1] });
	log_gather();
	for (size_t i = 0; i < 40; i++)
		log_info(NULL, "some", LOG_I64("n", (int64_t)i),
			LOG_STR("text",
				((struct str){ .ptr = long_text,
					.len = i * 37 % sizeof(long_text) })));
	log_gather_end();
	for (;;) {
		const char *said = pipe_look();
		size_t len = strlen(said);

		if (len == 0)
			break;
		OK(len <= PIPE_ATOMIC_BYTES && said[len - 1] == '\n');
		OK(str_starts_with(str_from(said), STR("time=")));
		for (size_t i = 0; i < len; i++)
			lines += said[i] == '\n';
	}
	EQ_I64(lines, 40);
	pipe_end();
}

TEST(a_line_too_long_is_cut_and_ends_as_a_line)
{
	static char long_text[10000];
	const char *said;

	memset(long_text, 'x', sizeof(long_text));
	pipe_begin();
	log_gather();
	log_info(NULL, "short");
	log_info(NULL, "long",
		LOG_STR("text",
			((struct str){ .ptr = long_text, .len = sizeof(long_text) })));
	said = pipe_look();
	OK(strstr(said, "event=short\n"));
	OK(str_ends_with(str_from(said), STR("\n")));
	log_gather_end();
	pipe_end();
}

TEST(text_that_would_be_misread_is_quoted)
{
	pipe_begin();
	log_info(NULL, "quotes", LOG_TEXT("a", "plain"), LOG_TEXT("b", "two words"),
		LOG_TEXT("c", "x\"y"), LOG_TEXT("d", ""), LOG_TEXT("e", "a\nb"));
	OK(strstr(pipe_look(),
		"a=plain b=\"two words\" c=\"x\\\"y\" d=\"\" e=\"a\\nb\"\n"));
	pipe_end();
}

/* --- The end of the process */

static void
abort_fiber(UNUSED void *arg)
{
	log_info(NULL, "the last words");
	abort();
}

static void
fault_fiber(UNUSED void *arg)
{
	char *volatile wild = (char *)4096;

	log_info(NULL, "the last words");
	*wild = 1;
}

/* How a process ended that ran FN, whose lines are in log_pipe.said. */
static int
end_of(fiber_fn fn)
{
	const struct rlimit no_core = { 0 };
	int status = 0;
	pid_t child;

	fflush(stdout);
	pipe_begin();
	child = fork();
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		run_in_loop(fn, NULL);
		_exit(0);
	}
	waitpid(child, &status, 0);
	pipe_look();
	pipe_end();
	return status;
}

TEST(what_a_loop_logged_before_the_process_aborted_is_written)
{
	int status = end_of(abort_fiber);

	OK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	OK(strstr(log_pipe.said, "event=\"the last words\"\n"));
}

TEST(what_a_loop_logged_before_a_fault_is_written)
{
	int status = end_of(fault_fiber);

	OK(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
	OK(strstr(log_pipe.said, "event=\"the last words\"\n"));
}

static void
log_and_sleep(UNUSED void *arg)
{
	log_info(NULL, "at rest");
	fiber_sleep_until(clock_deadline_ms(1));
	OK(strstr(pipe_look(), "event=\"at rest\"\n"));
	log_info(NULL, "at the end");
}

TEST(a_loop_writes_its_lines_before_it_sleeps_and_when_it_ends)
{
	pipe_begin();
	run_in_loop(log_and_sleep, NULL);
	OK(strstr(pipe_look(), "event=\"at the end\"\n"));
	pipe_end();
}
