#include "app/command.h"

/* TEXT as roff: a hyphen typed by hand, a backslash doubled, no request at a line's
 * start. */
static void
put(FILE *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		bool is_line_start = i == 0 || text.ptr[i - 1] == '\n';

		if (is_line_start && (text.ptr[i] == '.' || text.ptr[i] == '\''))
			fputs("\\&", out);
		if (text.ptr[i] == '-')
			fputc('\\', out);
		fputc(text.ptr[i], out);
		if (text.ptr[i] == '\\')
			fputc('e', out);
	}
}

static void
put_text(FILE *out, const char *text)
{
	put(out, str_from(text));
}

static void
put_flag(FILE *out, const char *name, const char *value, const char *help)
{
	fputs(".TP\n.B \\-\\-", out);
	put_text(out, name);
	if (value) {
		fputs(" \\fI", out);
		put_text(out, value);
		fputs("\\fR", out);
	}
	fputc('\n', out);
	put_text(out, help);
	fputc('\n', out);
}

static void
put_examples(FILE *out, const char *examples)
{
	struct str rest = str_from(examples), line;

	fputs(".PP\n.nf\n", out);
	while (str_next(&rest, '\n', &line)) {
		if (!line.len)
			continue;
		fputs("    gridiron ", out);
		put(out, line);
		fputc('\n', out);
	}
	fputs(".fi\n", out);
}

static void
put_command(FILE *out, const struct command *command)
{
	fprintf(out, ".SS \"%s", command->name);
	if (*command->args)
		fprintf(out, " %s", command->args);
	fputs("\"\n", out);
	put_text(out, command->summary);
	fputs(".\n", out);
	if (command->detail) {
		fputs(".PP\n", out);
		put_text(out, command->detail);
		fputc('\n', out);
	}
	if (beside_text(command_beside(command))) {
		fputs(".PP\n", out);
		put_text(out, beside_text(command_beside(command)));
		fputc('\n', out);
	}
	for (size_t i = 0; command->flags && command->flags[i].name; i++)
		put_flag(out, command->flags[i].name, command->flags[i].value,
			command->flags[i].help);
	put_examples(out, command->examples);
}

static void
put_settings(FILE *out)
{
	fputs(".SH SETTINGS\nEach can be set in gridiron.yaml, by its variable, or by a "
	      "flag (\\-\\-database\\-pool\\-size for database.pool_size); the later of "
	      "these wins.\n",
		out);
	for (int i = 0; i < SETTING_COUNT; i++) {
		fprintf(out, ".TP\n.BR %s \" (\" %s )\n", settings[i].key,
			settings[i].variable);
		put_text(out, settings[i].help);
		if (*settings[i].value) {
			fputs("; the default is ", out);
			put_text(out, settings[i].value);
		}
		fputc('\n', out);
	}
}

static struct err *
run_man(struct invocation *run)
{
	FILE *out = run->console.out;

	fputs(".TH GRIDIRON 1 \"\" \"gridiron " GRIDIRON_VERSION "\" \"User Commands\"\n"
	      ".SH NAME\ngridiron \\- forecast NFL games, serve the forecasts and prove "
	      "them\n"
	      ".SH SYNOPSIS\n.B gridiron\n.I COMMAND\n[\\fIFLAG\\fR...] "
	      "[\\fIARGUMENT\\fR...]\n"
	      ".SH COMMANDS\n",
		out);
	for (size_t i = 0; commands[i]; i++)
		put_command(out, commands[i]);
	fputs(".SH FLAGS OF EVERY COMMAND\n", out);
	put_flag(out, "help", NULL, "What the command does, with examples.");
	put_flag(out, "json", NULL, "Print JSON where the command prints a table.");
	put_flag(out, "config", "FILE",
		"Read settings from FILE instead of gridiron.yaml.");
	put_settings(out);
	fputs(".SH EXIT STATUS\n0 done, 1 failed, 2 wrongly called.\n", out);
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
