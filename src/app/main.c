/* gridiron: find the command, run it, say how it ended. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "app/command.h"
#include "app/wiring.h"

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

/* What one command may hold at once: the games of all seasons take some 10 MiB. */
#define COMMAND_ARENA_BYTES ((size_t)1 << 30)

void
print_table(const struct invocation *run, const struct table *table)
{
	if (run->is_json)
		table_print_json(table, stdout);
	else
		table_print_text(table, stdout);
}

static void
error_print(const struct invocation *run, const struct err *err)
{
	fprintf(stderr, "gridiron%s%s: " STR_FMT "\n", run->command ? " " : "",
		run->command ? run->command->name : "", STR_ARG(err->message));
	for (const struct err_note *note = err->notes; note; note = note->older)
		fprintf(stderr, "  " STR_FMT "\n", STR_ARG(note->text));
}

static int
run_command(struct invocation *run, int count, char **arguments)
{
	struct err *err = command_line_parse(run, count, arguments);

	if (!err && (run->wants_help || !run->command)) {
		help_print(run->wants_help ? stdout : stderr, run);
		return run->wants_help ? EXIT_DONE : EXIT_USAGE;
	}
	if (!err)
		err = wiring_run(run);
	if (err) {
		error_print(run, err);
		return run->is_usage_wrong ? EXIT_USAGE : EXIT_FAILED;
	}
	return run->exit_status;
}

int
main(int argc, char **argv)
{
	static struct invocation run;
	struct arena arena;
	int status;

	/* A reader of our output that goes away is an error of write(), not our end. */
	signal(SIGPIPE, SIG_IGN);
	arena_init(&arena, COMMAND_ARENA_BYTES);
	run.arena = &arena;
	run.config_options.environment = environ;
	status = run_command(&run, argc - 1, argv + 1);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("gridiron: cannot write the output");
		status = EXIT_FAILED;
	}
	arena_release(&arena);
	return status;
}
