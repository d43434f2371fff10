#include "app/key_file.h"

#include <unistd.h>

static struct err *
path_in(struct invocation *run, struct str folder, struct str *ret)
{
	*ret = str_fmt(run->arena, STR_FMT "/keys.json", STR_ARG(folder));
	return str_is_none(*ret) ? err_no_memory() : NULL;
}

struct err *
key_file_path(struct invocation *run, struct str *ret)
{
	struct str credentials = str_from(getenv("CREDENTIALS_DIRECTORY"));

	if (run->config.keys_file.len) {
		*ret = run->config.keys_file;
		return NULL;
	}
	if (credentials.len) {
		const char *path;

		TRY(path_in(run, credentials, ret));
		path = str_cstr(run->arena, *ret);
		if (!path)
			return err_no_memory();
		if (access(path, F_OK) == 0)
			return NULL;
	}
	return path_in(run, run->config.data, ret);
}
