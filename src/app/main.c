/* gridiron: find the command, run it, say how it ended. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "app/command.h"
#include "app/wiring.h"

/* What one command may hold at once: the games of all seasons take some 10 MiB. */
#define COMMAND_ARENA_BYTES ((size_t)1 << 30)

static int
run_command(struct invocation *run, int count, char **arguments)
{
	struct err *err = command_line_parse(run, count, arguments);

	if (!err && (run->wants_help || !run->command)) {
		help_print(run->wants_help ? run->console.out : run->console.err, run);
		return run->wants_help ? EXIT_DONE : EXIT_USAGE;
	}
	if (!err)
		err = wiring_run(run);
	return command_end(run, err);
}

/* A standard stream that was closed by whoever started us would be the next file that is
 * opened, and what is printed would go into it. Now writing to it fails, as it should. */
static void
hold_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Whether all that was printed has left. A reader that has enough, as head has, need not
 * be told. */
static bool
output_end(const struct console *console)
{
	bool is_flushed = fflush(console->out) == 0;
	int number = console_out_errno();

	if (is_flushed && !ferror(console->out))
		return true;
	if (number != EPIPE)
		fprintf(console->err, "gridiron: cannot write the output%s%s\n",
			number ? ": " : "", number ? strerror(number) : "");
	return false;
}

int
main(int argc, char **argv)
{
	static struct invocation run;
	struct arena arena;
	int status;

	hold_standard_streams();

	/* A reader of our output that goes away is an error of write(), not our end. */
	signal(SIGPIPE, SIG_IGN);
	arena_init(&arena, COMMAND_ARENA_BYTES);
	run.arena = &arena;
	run.console = console_of_process();
	run.config_options.environment = environ;
	run.words = argv + 1;
	run.word_count = argc - 1;
	status = run_command(&run, argc - 1, argv + 1);
	if (!output_end(&run.console))
		status = EXIT_FAILED;
	arena_release(&arena);
	return status;
}
