#include <stdio.h>

#include "app/command.h"

static void
settings_print(FILE *file)
{
	fputs("\nSettings, each also a flag (--database-pool-size for "
	      "database.pool_size):\n",
		file);
	for (int i = 0; i < SETTING_COUNT; i++)
		fprintf(file, "  %-26s %-36s %s\n", settings[i].key, settings[i].variable,
			settings[i].help);
}

static void
program_help(FILE *file)
{
	fputs("gridiron forecasts NFL games, serves the forecasts and proves them.\n\n"
	      "Usage: gridiron COMMAND [FLAG...] [ARGUMENT...]\n\nCommands:\n",
		file);
	for (size_t i = 0; commands[i]; i++)
		fprintf(file, "  %-16s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\nFlags of every command:\n"
	      "  --help           what the command does, with examples\n"
	      "  --json           print JSON where it prints a table\n"
	      "  --config FILE    read settings from FILE instead of gridiron.yaml\n",
		file);
	settings_print(file);
	fputs("\nExit status: 0 done, 1 failed, 2 wrongly called.\n", file);
}

/* Each line of EXAMPLES after the program's name. */
static void
examples_print(FILE *file, const char *examples)
{
	struct str rest = str_from(examples), line;

	fputs("\nExamples:\n", file);
	while (str_next(&rest, '\n', &line)) {
		if (line.len)
			fprintf(file, "  gridiron " STR_FMT "\n", STR_ARG(line));
	}
}

void
help_print(FILE *file, const struct command *command)
{
	if (!command) {
		program_help(file);
		return;
	}
	fprintf(file, "%s: %s.\n\nUsage: gridiron %s [FLAG...]%s%s\n", command->name,
		command->summary, command->name, *command->args ? " " : "",
		command->args);
	if (command->detail)
		fprintf(file, "\n%s\n", command->detail);
	fputs("\nFlags:\n", file);
	for (size_t i = 0; command->flags && command->flags[i].name; i++) {
		const struct flag *flag = &command->flags[i];
		char name[48];

		snprintf(name, sizeof(name), "--%s %s", flag->name,
			flag->value ? flag->value : "");
		fprintf(file, "  %-20s %s\n", name, flag->help);
	}
	fputs("  --json --help --config FILE, and settings: see gridiron --help\n", file);
	examples_print(file, command->examples);
}
