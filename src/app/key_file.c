#include "app/key_file.h"

#include <unistd.h>

#include "codec/iso_time.h"

static struct err *
path_of(struct arena *arena, struct str folder, struct str *ret)
{
	*ret = str_fmt(arena, STR_FMT "/keys.json", STR_ARG(folder));
	return str_is_none(*ret) ? err_no_memory() : NULL;
}

struct err *
key_file_path_in(struct arena *arena, const struct config *config, struct str *ret)
{
	struct str credentials = str_from(getenv("CREDENTIALS_DIRECTORY"));

	if (config->keys_file.len) {
		*ret = config->keys_file;
		return NULL;
	}
	if (credentials.len) {
		const char *path;

		TRY(path_of(arena, credentials, ret));
		path = str_cstr(arena, *ret);
		if (!path)
			return err_no_memory();
		if (access(path, F_OK) == 0)
			return NULL;
	}
	return path_of(arena, config->data, ret);
}

struct err *
key_file_path(struct invocation *run, struct str *ret)
{
	return key_file_path_in(run->arena, &run->config, ret);
}

struct err *
key_file_options(struct invocation *run, struct keyring_options *ret)
{
	struct keyring_options options = { .may_generate = run->config.environment !=
			ENVIRONMENT_PRODUCTION };

	TRY(key_file_path(run, &options.path));
	*ret = options;
	return NULL;
}

struct err *
key_file_check(struct invocation *run)
{
	struct keyring_options options;
	struct err *err;

	TRY(key_file_options(run, &options));
	err = keyring_check(&run->ctx, &options);
	/* The data folder is made before the keys in it. */
	if (err && err->code == ERR_NOT_FOUND && options.may_generate &&
		run->config.keys_file.len == 0)
		return NULL;
	return err;
}

struct str
key_time_text(struct arena *arena, int64_t time)
{
	struct buf text;

	if (time == INT64_MAX)
		return STR_NONE;
	buf_init(&text, arena, ISO_TIME_LEN_MAX);
	iso_time_format(&text, time - time % MICROSECONDS_PER_SECOND);
	return buf_is_cut(&text) ? STR_NONE : buf_str(&text);
}
