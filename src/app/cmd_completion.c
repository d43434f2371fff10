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

/* WORDS, apart by "|", as those offered. */
static void
words_print(FILE *out, struct str words)
{
	struct str word;

	fputs("words='", out);
	while (str_next(&words, '|', &word))
		fprintf(out, STR_FMT " ", STR_ARG(word));
	fputs("'", out);
}

/* What the first argument of COMMAND may be. What stands in capitals in the help is no
 * word to type. */
static struct str
arg_words(const struct command *command)
{
	if (command->arg_words)
		return str_from(command->arg_words);
	for (const char *c = command->args; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			return str_from(command->args);
	return STR_NONE;
}

static void
flags_print(FILE *out, const struct command *command)
{
	fputs(" flags='", out);
	for (const struct flag *flag = command->flags; flag && flag->name; flag++)
		fprintf(out, "--%s ", flag->name);
	fputs("--json --help --config --data'", out);
}

/* One case for each command: what it takes and its flags; one for each group: its second
 * words. */
static void
commands_print(FILE *out)
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
		fprintf(out, "\t*:" STR_FMT "\\ " STR_FMT "*) ", STR_ARG(word),
			STR_ARG(str_is_none(rest) ? STR("") : rest));
		words_print(out, arg_words(commands[i]));
		flags_print(out, commands[i]);
		fputs(" ;;\n", out);
	}
}

/* A case for each flag of COMMAND that takes a value: one of a few words, or anything. */
static void
values_print(FILE *out, const struct command *command)
{
	struct str rest = str_from(command->name), word;

	if (!str_next(&rest, ' ', &word))
		return;
	for (const struct flag *flag = command->flags; flag && flag->name; flag++) {
		if (!flag->value)
			continue;
		fprintf(out, "\t" STR_FMT "\\ " STR_FMT "\\ --%s) ", STR_ARG(word),
			STR_ARG(str_is_none(rest) ? STR("*") : rest), flag->name);
		words_print(
			out, strchr(flag->value, '|') ? str_from(flag->value) : STR_NONE);
		fputs(" ;;\n", out);
	}
}

static void
all_values_print(struct arena *arena, FILE *out)
{
	for (size_t i = 0; commands[i]; i++)
		values_print(out, commands[i]);
	for (int i = 0; i < SETTING_COUNT; i++) {
		fprintf(out, "\t*\\ " STR_FMT ") ", STR_ARG(setting_flag(arena, i)));
		words_print(out, setting_words(i));
		fputs(" ;;\n", out);
	}
}

static struct err *
run_completion(struct invocation *run)
{
	FILE *out = run->console.out;

	fputs("# Completion of gridiron for bash: source <(gridiron completion)\n"
	      "_gridiron() {\n"
	      "\tlocal words= flags= word=${COMP_WORDS[COMP_CWORD]}\n"
	      "\tlocal command=\"${COMP_WORDS[1]} ${COMP_WORDS[2]}\"\n"
	      "\tcase \"$command ${COMP_WORDS[COMP_CWORD - 1]}\" in\n",
		out);
	all_values_print(run->arena, out);
	fputs("\t*\\ --config) ;;\n"
	      "\t*) case \"$COMP_CWORD:$command\" in\n"
	      "\t1:*) flags='--help --version' words='",
		out);
	first_words_print(out);
	fputs("' ;;\n", out);
	commands_print(out);
	fputs("\tesac ;;\n"
	      "\tesac\n"
	      "\t[[ $word != -* ]] || words=$flags\n"
	      "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
	      "}\n"
	      "complete -o default -F _gridiron gridiron\n",
		out);
	return NULL;
}

const struct command cmd_completion = {
	.name = "completion",
	.args = "",
	.summary = "print what bash needs to complete commands, flags and what they take",
	.examples = "completion > /etc/bash_completion.d/gridiron",
	.needs = NEEDS_NOTHING,
	.run = run_completion,
};
