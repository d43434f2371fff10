#include "app/config.h"

#include "base/buf.h"
#include "base/num.h"
#include "codec/url.h"
#include "model/season.h"

#define OUR_PREFIX "GRIDIRON_"

const struct setting settings[SETTING_COUNT] = {
#define X(type_, field, key_, variable_, value_, help_) \
	{ .type = TYPE_##type_,                         \
		.key = (key_),                          \
		.variable = (variable_),                \
		.value = (value_),                      \
		.help = (help_) },
	CONFIG_SETTINGS(X)
#undef X
};

int
config_flag_find(struct str name)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		const char *key = settings[i].key;
		size_t at = 0;

		while (at < name.len && key[at] &&
			(name.ptr[at] == key[at] ||
				(name.ptr[at] == '-' && strchr("._", key[at]))))
			at++;
		if (at == name.len && !key[at])
			return i;
	}
	return SETTING_COUNT;
}

struct str
config_shown(struct arena *arena, const struct config *config, int setting)
{
	struct str text = config->texts[setting];

	return settings[setting].type == TYPE_url ? url_masked(arena, text) : text;
}

static bool
toggle_parse(struct str text, bool *ret)
{
	static const char *const on[] = { "true", "yes", "on", "1" };
	static const char *const off[] = { "false", "no", "off", "0", "" };

	for (size_t i = 0; i < COUNT_OF(on); i++) {
		if (str_eq_nocase(text, str_from(on[i]))) {
			*ret = true;
			return true;
		}
	}
	for (size_t i = 0; i < COUNT_OF(off); i++) {
		if (str_eq_nocase(text, str_from(off[i]))) {
			*ret = false;
			return true;
		}
	}
	return false;
}

static bool
environment_parse(struct str text, enum environment *ret)
{
	static const char *const names[] = { [ENVIRONMENT_DEVELOPMENT] = "development",
		[ENVIRONMENT_TEST] = "test",
		[ENVIRONMENT_PRODUCTION] = "production" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (str_eq(text, str_from(names[i]))) {
			*ret = (enum environment)i;
			return true;
		}
	}
	return false;
}

static struct err *
value_err(struct arena *arena, const struct config *config, int i, const char *want)
{
	return err_in(arena, ERR_INVALID,
		STR_FMT ": setting %s is '" STR_FMT "', but must be %s",
		STR_ARG(config->origins[i]), settings[i].key,
		STR_ARG(config_shown(arena, config, i)), want);
}

/* From text to value, one function a type. */
static struct err *
set_text(struct arena *arena, struct config *config, int i, struct str *ret)
{
	if (!str_is_utf8(config->texts[i]) || str_find_char(config->texts[i], '\n') >= 0)
		return value_err(arena, config, i, "one line of text");
	*ret = config->texts[i];
	return NULL;
}

struct str
setting_words(int setting)
{
	struct str help = str_from(settings[setting].help);
	ptrdiff_t colon = str_find_char(help, ':');

	switch (settings[setting].type) {
	case TYPE_toggle:
		return STR("true|false");
	case TYPE_choice:
	case TYPE_environment:
		return str_slice(help, 0, colon < 0 ? help.len : (size_t)colon);
	case TYPE_text:
	case TYPE_url:
	case TYPE_count:
		return STR_NONE;
	}
	return STR_NONE;
}

/* "a, b or c" for the words of a setting. */
static const char *
words_in_prose(struct arena *arena, int setting)
{
	struct str rest = setting_words(setting), word;
	struct buf text;

	buf_init(&text, arena, 256);
	while (str_next(&rest, '|', &word)) {
		if (text.len)
			buf_put(&text, str_is_none(rest) ? STR(" or ") : STR(", "));
		buf_put(&text, word);
	}
	return str_cstr(arena, buf_str(&text));
}

static struct err *
set_choice(struct arena *arena, struct config *config, int i, struct str *ret)
{
	struct str rest = setting_words(i), word;
	const char *prose;

	while (str_next(&rest, '|', &word)) {
		if (str_eq(word, config->texts[i])) {
			*ret = config->texts[i];
			return NULL;
		}
	}
	prose = words_in_prose(arena, i);
	return prose ? value_err(arena, config, i, prose) : err_no_memory();
}

static struct err *
set_url(struct arena *arena, struct config *config, int i, struct str *ret)
{
	if (str_starts_with(config->origins[i], STR("--")) &&
		!str_eq(config->texts[i], config_shown(arena, config, i)))
		return err_in(arena, ERR_INVALID,
			STR_FMT ": a password in an argument can be read by every user "
				"of this machine; set %s or use a password file",
			STR_ARG(config->origins[i]), settings[i].variable);
	return set_text(arena, config, i, ret);
}

static struct err *
set_count(struct arena *arena, struct config *config, int i, int64_t *ret)
{
	if (!num_parse_i64(config->texts[i], 0, INT32_MAX, ret))
		return value_err(arena, config, i, "a whole number, 0 or more");
	return NULL;
}

static struct err *
set_toggle(struct arena *arena, struct config *config, int i, bool *ret)
{
	if (!toggle_parse(config->texts[i], ret))
		return value_err(arena, config, i, "true or false");
	return NULL;
}

static struct err *
set_environment(struct arena *arena, struct config *config, int i, enum environment *ret)
{
	if (!environment_parse(config->texts[i], ret))
		return set_choice(arena, config, i, &(struct str){ 0 });
	return NULL;
}

static struct str
variable_find(char **environment, const char *name)
{
	size_t len = strlen(name);

	for (; environment && *environment; environment++) {
		if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
			return str_from(*environment + len + 1);
	}
	return STR_NONE;
}

/* The name in VARIABLE, "NAME=value", where it begins like ours; else absent. */
static struct str
our_name(const char *variable)
{
	struct str text = str_from(variable);
	ptrdiff_t equals = str_find_char(text, '=');

	if (equals < 0 || !str_starts_with(text, STR(OUR_PREFIX)))
		return STR_NONE;
	return str_slice(text, 0, (size_t)equals);
}

/* GRIDIRON_DATABASE_URL and GRIDIRON_DB_ECHO are slips for variables that have names of
 * their own. */
static bool
is_slip_for(struct str name, int setting)
{
	struct str rest = str_slice(name, sizeof(OUR_PREFIX) - 1, name.len);
	const char *key = settings[setting].key;
	size_t at = 0;

	while (at < rest.len && key[at] &&
		(rest.ptr[at] == key[at] - ('a' - 'A') ||
			(rest.ptr[at] == '_' && strchr("._", key[at]))))
		at++;
	return (at == rest.len && !key[at]) ||
		str_eq(rest, str_from(settings[setting].variable)) ||
		str_distance(name, str_from(settings[setting].variable)) <= 2;
}

static bool
is_variable(struct str name)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		if (str_eq(name, str_from(settings[i].variable)))
			return true;
	return false;
}

struct str
config_stray_variable(char **environment, size_t *at)
{
	while (environment && environment[*at]) {
		struct str name = our_name(environment[(*at)++]);

		if (!str_is_none(name) && !is_variable(name))
			return name;
	}
	return STR_NONE;
}

/* One that is nearly one of ours is a slip that would go unseen. */
static struct err *
variables_check(struct arena *arena, char **environment)
{
	struct str name;
	size_t at = 0;

	while (!str_is_none(name = config_stray_variable(environment, &at))) {
		for (int i = 0; i < SETTING_COUNT; i++)
			if (is_slip_for(name, i))
				return err_in(arena, ERR_INVALID,
					"unknown environment variable " STR_FMT
					"; did you mean %s",
					STR_ARG(name), settings[i].variable);
	}
	return NULL;
}

struct str
setting_flag(struct arena *arena, int setting)
{
	struct buf name;

	buf_init(&name, arena, 64);
	buf_put(&name, STR("--"));
	for (const char *c = settings[setting].key; *c; c++)
		buf_put_char(&name, strchr("._", *c) ? '-' : *c);
	return buf_str(&name);
}

/* The layers, each over the one before. */
static struct err *
layers_read(
	struct arena *arena, const struct config_options *options, struct config *config)
{
	struct str from_file[SETTING_COUNT] = { 0 };
	struct str file = str_is_none(options->file) ? STR("gridiron.yaml")
						     : options->file;
	struct err *err = config_file_read(arena, file, from_file);

	if (err && (err->code != ERR_NOT_FOUND || !str_is_none(options->file)))
		return err;
	TRY(variables_check(arena, options->environment));
	for (int i = 0; i < SETTING_COUNT; i++) {
		struct str variable = variable_find(
			options->environment, settings[i].variable);

		config->texts[i] = str_from(settings[i].value);
		config->origins[i] = STR("default");
		if (!str_is_none(from_file[i])) {
			config->texts[i] = from_file[i];
			config->origins[i] = file;
		}
		/* An empty variable is as good as none, as in most programs. */
		if (variable.len) {
			config->texts[i] = variable;
			config->origins[i] = str_from(settings[i].variable);
		}
		if (!str_is_none(options->flags[i])) {
			config->texts[i] = options->flags[i];
			config->origins[i] = setting_flag(arena, i);
		}
	}
	return NULL;
}

/* Whether setting I begins with one of SCHEMES, apart by "|", and a file's goes on. */
static struct err *
scheme_check(struct arena *arena, const struct config *config, int i, struct str schemes,
	const char *want)
{
	struct str scheme;

	while (str_next(&schemes, '|', &scheme)) {
		if (str_starts_with(config->texts[i], scheme) &&
			(config->texts[i].len > scheme.len ||
				str_ends_with(scheme, STR("/"))))
			return NULL;
	}
	return value_err(arena, config, i, want);
}

static struct err *
runs_check(struct arena *arena, const struct config *config)
{
	const char *want;

	if (config->season_runs >= SEASON_RUNS_LEAST &&
		config->season_runs <= SEASON_RUNS_MOST)
		return NULL;
	want = str_cstr(arena,
		str_fmt(arena, "a number from %d to %d", SEASON_RUNS_LEAST,
			SEASON_RUNS_MOST));
	return want ? value_err(arena, config, SETTING_season_runs, want)
		    : err_no_memory();
}

struct err *
config_load(struct arena *arena, const struct config_options *options, struct config *ret)
{
	struct config config = { .environment = ENVIRONMENT_DEVELOPMENT };

	TRY(layers_read(arena, options, &config));
	if (config.texts[SETTING_database_url].len == 0)
		config.texts[SETTING_database_url] = str_fmt(arena,
			"sqlite:" STR_FMT "/gridiron.db",
			STR_ARG(config.texts[SETTING_data]));
#define X(type, field, key, variable, value, help) \
	TRY(set_##type(arena, &config, SETTING_##field, &config.field));
	CONFIG_SETTINGS(X)
#undef X
	TRY(scheme_check(arena, &config, SETTING_database_url,
		STR("sqlite:|postgresql://|postgres://"),
		"sqlite:PATH or postgresql://USER@HOST/NAME"));
	if (config.redis_url.len)
		TRY(scheme_check(arena, &config, SETTING_redis_url,
			STR("redis://|rediss://"), "redis://HOST:PORT/NUMBER"));
	TRY(runs_check(arena, &config));
	if (config.data.len == 0)
		return value_err(arena, &config, SETTING_data, "the path of a folder");
	*ret = config;
	return NULL;
}
