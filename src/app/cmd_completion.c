#include "app/command.h"

static bool
is_first_of_its_word(size_t index, struct str word)
{
	for (size_t i = 0; i < index; i++) {
		struct str rest = str_from(commands[i]->name), other;

		if (str_next(&rest, ' ', &other) && str_eq(word, other))
			return false;
	}
	return true;
}

/* The first words of all commands, each once. */
static void
first_words_print(FILE *out)
{
	for (size_t i = 0; commands[i]; i++) {
		struct str rest = str_from(commands[i]->name), word;

		if (str_next(&rest, ' ', &word) && is_first_of_its_word(i, word))
			fprintf(out, STR_FMT " ", STR_ARG(word));
	}
}

/* The second words of the commands that begin with WORD. */
static void
second_words_print(FILE *out, struct str word)
{
	for (size_t i = 0; commands[i]; i++) {
		struct str rest = str_from(commands[i]->name), first;

		if (str_next(&rest, ' ', &first) && str_eq(first, word))
			fprintf(out, STR_FMT " ", STR_ARG(rest));
	}
}

static void
flags_print(FILE *out, const struct command *command)
{
	for (size_t i = 0; command->flags && command->flags[i].name; i++)
		fprintf(out, "--%s ", command->flags[i].name);
	fputs("--json --help --config --data", out);
}

/* One case for each command: its flags; one for each group: its second words. */
static void
cases_print(FILE *out)
{
	for (size_t i = 0; commands[i]; i++) {
		struct str rest = str_from(commands[i]->name), word;

		if (!str_next(&rest, ' ', &word))
			continue;
		if (!str_is_none(rest) && is_first_of_its_word(i, word)) {
			fprintf(out, "\t2:" STR_FMT "\\ *) words='", STR_ARG(word));
			second_words_print(out, word);
			fputs("' ;;\n", out);
		}
		fprintf(out, "\t*:" STR_FMT "\\ " STR_FMT "*) words='", STR_ARG(word),
			STR_ARG(str_is_none(rest) ? STR("") : rest));
		flags_print(out, commands[i]);
		fputs("' ;;\n", out);
	}
}

static struct err *
run_completion(struct invocation *run)
{
	FILE *out = run->console.out;

	fputs("# Completion of gridiron for bash: source <(gridiron completion)\n"
	      "_gridiron() {\n"
	      "\tlocal words=\n"
	      "\tcase \"$COMP_CWORD:${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n",
		out);
	fputs("\t1:*) words='", out);
	first_words_print(out);
	fputs("--help' ;;\n", out);
	cases_print(out);
	fputs("\tesac\n"
	      "\tCOMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
	      "}\n"
	      "complete -o default -F _gridiron gridiron\n",
		out);
	return NULL;
}

const struct command cmd_completion = {
	.name = "completion",
	.args = "",
	.summary = "print what bash needs to complete commands and flags",
	.examples = "completion > /etc/bash_completion.d/gridiron",
	.needs = NEEDS_NOTHING,
	.run = run_completion,
};
