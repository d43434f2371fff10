/* What a command prints in the end, its table and its error. */
#include "app/command.h"

void
print_table(struct invocation *run, const struct table *table)
{
	if (table->is_cut) {
		fputs("gridiron: no memory for all of it; this is not whole\n",
			run->console.err);
		run->exit_status = EXIT_FAILED;
	}
	if (run->is_json)
		table_print_json(table, run->console.out);
	else
		table_print_text(table, run->console.out);
}

int
command_end(const struct invocation *run, const struct err *err)
{
	FILE *file = run->console.err;

	if (!err)
		return run->exit_status;
	fprintf(file, "gridiron%s%s: " STR_FMT "\n", run->command ? " " : "",
		run->command ? run->command->name : "", STR_ARG(err->message));
	for (const struct err_note *note = err->notes; note; note = note->older)
		fprintf(file, "  " STR_FMT "\n", STR_ARG(note->text));
	return run->is_usage_wrong ? EXIT_USAGE : EXIT_FAILED;
}
