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

/* The commands whose first word is GROUP; without a group, all. */
static void
commands_print(FILE *file, struct str group)
{
	fputs("\nCommands:\n", file);
	for (size_t i = 0; commands[i]; i++) {
		struct str rest = str_from(commands[i]->name), word;

		if (str_is_none(group) ||
			(str_next(&rest, ' ', &word) && str_eq(word, group)))
			fprintf(file, "  %-16s %s\n", commands[i]->name,
				commands[i]->summary);
	}
}

static void
group_help(FILE *file, struct str group)
{
	fprintf(file, "Usage: gridiron " STR_FMT " COMMAND [FLAG...] [ARGUMENT...]\n",
		STR_ARG(group));
	commands_print(file, group);
	fputs("\nEach has its own --help with examples.\n", file);
}

static void
program_help(FILE *file)
{
	fputs("gridiron forecasts NFL games, serves the forecasts and proves them.\n\n"
	      "Usage: gridiron COMMAND [FLAG...] [ARGUMENT...]\n",
		file);
	commands_print(file, STR_NONE);
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

/* "--tier S|L|B" of FLAG. */
static size_t
flag_format(const struct flag *flag, char *text, size_t size)
{
	int len = snprintf(text, size, "--%s%s%s", flag->name, flag->value ? " " : "",
		flag->value ? flag->value : "");

	return (size_t)len;
}

/* The flags of COMMAND, and what each does in a column behind the longest. */
static void
flags_print(FILE *file, const struct command *command)
{
	char text[80];
	size_t width = 18;

	for (const struct flag *flag = command->flags; flag && flag->name; flag++) {
		size_t len = flag_format(flag, text, sizeof(text));

		width = len > width ? len : width;
	}
	fputs("\nFlags:\n", file);
	for (const struct flag *flag = command->flags; flag && flag->name; flag++) {
		flag_format(flag, text, sizeof(text));
		fprintf(file, "  %-*s  %s\n", (int)width, text, flag->help);
	}
	fputs("  --json --help --config FILE, and settings: see gridiron --help\n", file);
}

static void
command_help(FILE *file, const struct command *command)
{
	fprintf(file, "%s: %s.\n\nUsage: gridiron %s [FLAG...]%s%s\n", command->name,
		command->summary, command->name, *command->args ? " " : "",
		command->args);
	if (command->detail)
		fprintf(file, "\n%s\n", command->detail);
	if (beside_text(command_beside(command)))
		fprintf(file, "%s%s\n", command->detail ? "" : "\n",
			beside_text(command_beside(command)));
	flags_print(file, command);
	examples_print(file, command->examples);
}

void
help_print(FILE *file, const struct invocation *run)
{
	if (run->command)
		command_help(file, run->command);
	else if (!str_is_none(run->group))
		group_help(file, run->group);
	else
		program_help(file);
}
