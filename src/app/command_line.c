#include <assert.h>
#include <stdarg.h>

#include "app/command.h"
#include "base/buf.h"
#include "base/num.h"

struct err *
usage_err(struct invocation *run, const char *fmt, ...)
{
	struct buf text;
	va_list args;

	buf_init(&text, run->arena, 1024);
	va_start(args, fmt);
	buf_vfmt(&text, fmt, args);
	va_end(args);
	run->is_usage_wrong = true;
	return err_in(run->arena, ERR_INVALID, STR_FMT, STR_ARG(buf_str(&text)));
}

static size_t
flag_index(const struct command *command, struct str name)
{
	size_t i = 0;

	while (command->flags && command->flags[i].name) {
		if (str_eq(name, str_from(command->flags[i].name)))
			return i;
		i++;
	}
	return COMMAND_FLAGS_MAX;
}

struct str
flag_text(const struct invocation *run, const char *name)
{
	size_t i = flag_index(run->command, str_from(name));

	assert(i < COMMAND_FLAGS_MAX);
	return run->flags[i];
}

bool
flag_is_set(const struct invocation *run, const char *name)
{
	return !str_is_none(flag_text(run, name));
}

struct err *
flag_i32(struct invocation *run, const char *name, int32_t min, int32_t max,
	struct opt_i32 *ret)
{
	struct str text = flag_text(run, name);
	struct opt_i32 value = { .is_set = !str_is_none(text) };

	if (value.is_set && !num_parse_i32(text, min, max, &value.value))
		return usage_err(run,
			"--%s is '" STR_FMT "', but must be a whole number from %d to %d",
			name, STR_ARG(text), min, max);
	*ret = value;
	return NULL;
}

/* The nearest of several names to one that is none of them. */
struct nearest {
	struct str to;
	size_t distance;
	struct str name;
};

static void
nearest_try(struct nearest *nearest, struct str name)
{
	size_t distance = str_distance(nearest->to, name);

	if (distance < nearest->distance) {
		nearest->distance = distance;
		nearest->name = name;
	}
}

static struct str
first_word(struct str text)
{
	ptrdiff_t space = str_find_char(text, ' ');

	return space < 0 ? text : str_slice(text, 0, (size_t)space);
}

/* The command that ARGUMENTS begin with, two words before one. ret_words: how many. */
static struct err *
command_find(struct invocation *run, int count, char **arguments, int *ret_words)
{
	struct str first = str_from(arguments[0]);
	struct str both = count < 2
		? first
		: str_fmt(run->arena, "%s %s", arguments[0], arguments[1]);
	struct nearest nearest = { .to = first, .distance = 4 };
	bool is_group = false;

	for (size_t i = 0; commands[i]; i++) {
		struct str name = str_from(commands[i]->name);

		if (str_eq(name, both) || str_eq(name, first)) {
			run->command = commands[i];
			*ret_words = 1 + (str_find_char(name, ' ') >= 0);
			return NULL;
		}
		if (str_eq(first_word(name), first)) {
			nearest.to = both;
			nearest.distance = is_group ? nearest.distance : SIZE_MAX;
			is_group = true;
		}
		nearest_try(&nearest, is_group ? name : first_word(name));
		/* "confg check" is nearer to both words than "confg" to one. */
		if (!is_group && str_distance(both, name) < 3) {
			nearest.name = name;
			nearest.distance = 0;
		}
	}
	if (is_group && (count < 2 || arguments[1][0] == '-')) {
		run->group = first;
		*ret_words = 1;
		return NULL;
	}
	if (nearest.name.len)
		return usage_err(run,
			"there is no command '" STR_FMT "'; did you mean '" STR_FMT "'?",
			STR_ARG(is_group ? both : first), STR_ARG(nearest.name));
	return usage_err(run,
		"there is no command '" STR_FMT "'; gridiron --help lists them",
		STR_ARG(first));
}

static struct err *
unknown_flag(struct invocation *run, struct str name)
{
	static const char *const common[] = { "json", "help", "config" };
	struct nearest nearest = { .to = name, .distance = 4 };
	const struct flag *flags = run->command ? run->command->flags : NULL;

	for (size_t i = 0; flags && flags[i].name; i++)
		nearest_try(&nearest, str_from(flags[i].name));
	for (size_t i = 0; i < COUNT_OF(common); i++)
		nearest_try(&nearest, str_from(common[i]));
	for (int i = 0; i < SETTING_COUNT; i++)
		nearest_try(&nearest, str_from(settings[i].key));
	if (nearest.name.len)
		return usage_err(run,
			"unknown flag --" STR_FMT "; did you mean --" STR_FMT "?",
			STR_ARG(name), STR_ARG(nearest.name));
	return usage_err(run, "unknown flag --" STR_FMT, STR_ARG(name));
}

/* Where the value of flag NAME goes; ret_takes_value false: it takes none. */
static struct str *
flag_place(struct invocation *run, struct str name, bool *ret_takes_value)
{
	size_t own = run->command ? flag_index(run->command, name) : COMMAND_FLAGS_MAX;
	int setting = config_flag_find(name);

	*ret_takes_value = true;
	if (own < COMMAND_FLAGS_MAX) {
		*ret_takes_value = run->command->flags[own].value != NULL;
		return &run->flags[own];
	}
	if (str_eq(name, STR("config")))
		return &run->config_options.file;
	return setting < SETTING_COUNT ? &run->config_options.flags[setting] : NULL;
}

/* A flag; AT moves on where its value is the next argument. */
static struct err *
flag_take(struct invocation *run, int *at, int count, char **arguments)
{
	struct str name = str_from(arguments[*at] + 2), value = STR_NONE, *place;
	ptrdiff_t equals = str_find_char(name, '=');
	bool takes_value;

	if (equals >= 0) {
		value = str_slice(name, (size_t)equals + 1, name.len);
		name = str_slice(name, 0, (size_t)equals);
	}
	if (str_eq(name, STR("help")) || str_eq(name, STR("json"))) {
		if (!str_is_none(value))
			return usage_err(
				run, "--" STR_FMT " takes no value", STR_ARG(name));
		if (name.ptr[0] == 'h')
			run->wants_help = true;
		else
			run->is_json = true;
		return NULL;
	}
	place = flag_place(run, name, &takes_value);
	if (!place)
		return unknown_flag(run, name);
	if (!str_is_none(*place))
		return usage_err(run, "--" STR_FMT " is given twice", STR_ARG(name));
	if (!takes_value && !str_is_none(value))
		return usage_err(run, "--" STR_FMT " takes no value", STR_ARG(name));
	if (!takes_value)
		value = STR("");
	if (str_is_none(value)) {
		if (*at + 1 >= count)
			return usage_err(
				run, "--" STR_FMT " needs a value", STR_ARG(name));
		value = str_from(arguments[++*at]);
	}
	*place = value;
	return NULL;
}

static struct err *
arg_count_check(struct invocation *run)
{
	const struct command *command = run->command;

	if (run->arg_count < command->args_min)
		return usage_err(run, "needs %s; see gridiron %s --help", command->args,
			command->name);
	if (run->arg_count > command->args_max)
		return usage_err(run,
			"does not take '" STR_FMT "'; see gridiron %s --help",
			STR_ARG(run->args[command->args_max]), command->name);
	return NULL;
}

struct err *
command_line_parse(struct invocation *run, int count, char **arguments)
{
	static char version[] = "version";
	bool is_past_flags = false;
	int words = 0;

	/* Both are what one tries first with a program one does not know. */
	if (count > 0 && strcmp(arguments[0], "help") == 0) {
		run->wants_help = true;
		arguments++;
		count--;
	} else if (count > 0 && strcmp(arguments[0], "--version") == 0) {
		arguments[0] = version;
	}
	if (count > 0 && arguments[0][0] != '-')
		TRY(command_find(run, count, arguments, &words));
	for (int i = words; i < count; i++) {
		struct str argument = str_from(arguments[i]);

		if (is_past_flags || !str_starts_with(argument, STR("-")) ||
			argument.len == 1) {
			if (!run->command)
				return usage_err(run, "say the command before its flags");
			if (run->arg_count == COMMAND_ARGS_MAX)
				return usage_err(run, "too many arguments");
			run->args[run->arg_count++] = argument;
		} else if (str_eq(argument, STR("--"))) {
			is_past_flags = true;
		} else if (str_eq(argument, STR("-h"))) {
			run->wants_help = true;
		} else if (!str_starts_with(argument, STR("--"))) {
			return usage_err(run, "unknown flag " STR_FMT, STR_ARG(argument));
		} else {
			TRY(flag_take(run, &i, count, arguments));
		}
	}
	return run->command && !run->wants_help ? arg_count_check(run) : NULL;
}
