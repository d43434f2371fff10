#include "app/command.h"

/* TEXT as roff: a hyphen typed by hand, a backslash doubled, no request at a line's start. */
static void
put(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		bool is_line_start = i == 0 || text.ptr[i - 1] == '\n';

		if (is_line_start && (text.ptr[i] == '.' || text.ptr[i] == '\''))
			fputs("\\&", stdout);
		if (text.ptr[i] == '-')
			putchar('\\');
		putchar(text.ptr[i]);
		if (text.ptr[i] == '\\')
			putchar('e');
	}
}

static void
put_text(const char *text)
{
	put(str_from(text));
}

static void
put_flag(const char *name, const char *value, const char *help)
{
	fputs(".TP\n.B \\-\\-", stdout);
	put_text(name);
	if (value) {
		fputs(" \\fI", stdout);
		put_text(value);
		fputs("\\fR", stdout);
	}
	putchar('\n');
	put_text(help);
	putchar('\n');
}

static void
put_examples(const char *examples)
{
	struct str rest = str_from(examples), line;

	puts(".PP\n.nf");
	while (str_next(&rest, '\n', &line)) {
		if (!line.len)
			continue;
		fputs("    gridiron ", stdout);
		put(line);
		putchar('\n');
	}
	puts(".fi");
}

static void
put_command(const struct command *command)
{
	printf(".SS \"%s", command->name);
	if (*command->args)
		printf(" %s", command->args);
	puts("\"");
	put_text(command->summary);
	puts(".");
	if (command->detail) {
		puts(".PP");
		put_text(command->detail);
		putchar('\n');
	}
	for (size_t i = 0; command->flags && command->flags[i].name; i++)
		put_flag(command->flags[i].name, command->flags[i].value,
			command->flags[i].help);
	put_examples(command->examples);
}

static void
put_settings(void)
{
	puts(".SH SETTINGS\nEach can be set in gridiron.yaml, by its variable, or by a "
	     "flag (\\-\\-database\\-pool\\-size for database.pool_size); the later of "
	     "these wins.");
	for (int i = 0; i < SETTING_COUNT; i++) {
		printf(".TP\n.BR %s \" (\" %s )\n", settings[i].key,
			settings[i].variable);
		put_text(settings[i].help);
		if (*settings[i].value) {
			fputs("; the default is ", stdout);
			put_text(settings[i].value);
		}
		putchar('\n');
	}
}

static struct err *
run_man(struct invocation *run)
{
	(void)run;
	puts(".TH GRIDIRON 1 \"\" \"gridiron " GRIDIRON_VERSION "\" \"User Commands\"\n"
	     ".SH NAME\ngridiron \\- forecast NFL games, serve the forecasts and prove "
	     "them\n"
	     ".SH SYNOPSIS\n.B gridiron\n.I COMMAND\n[\\fIFLAG\\fR...] "
	     "[\\fIARGUMENT\\fR...]\n"
	     ".SH COMMANDS");
	for (size_t i = 0; commands[i]; i++)
		put_command(commands[i]);
	puts(".SH FLAGS OF EVERY COMMAND");
	put_flag("help", NULL, "What the command does, with examples.");
	put_flag("json", NULL, "Print JSON where the command prints a table.");
	put_flag("config", "FILE", "Read settings from FILE instead of gridiron.yaml.");
	put_settings();
	puts(".SH EXIT STATUS\n0 done, 1 failed, 2 wrongly called.");
	return NULL;
}

const struct command cmd_man = {
	.name = "man",
	.args = "",
	.summary = "print the manual page gridiron(1)",
	.examples = "man | man -l -\n"
		    "man > /usr/local/share/man/man1/gridiron.1",
	.needs = NEEDS_NOTHING,
	.run = run_man,
};
