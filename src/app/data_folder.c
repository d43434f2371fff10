#include "app/data_folder.h"

#include <errno.h>
#include <unistd.h>

#include "sys/file.h"

static struct err *
with_path(struct invocation *run, struct err *(*fn)(struct arena *, const char *path))
{
	const char *path = str_cstr(run->arena, run->config.data);

	if (!path)
		return err_no_memory();
	TRY_CTX(fn(run->arena, path),
		"choose another data folder by GRIDIRON_DATA or --data");
	return NULL;
}

static struct err *
make(struct arena *arena, const char *path)
{
	return file_make_directory(arena, path, 0700);
}

struct err *
data_folder_make(struct invocation *run)
{
	return with_path(run, make);
}

struct err *
data_folder_check(struct invocation *run)
{
	return with_path(run, file_check_directory);
}

/* The SQLite file of the settings; absent: the database is another. */
static struct str
file_of(const struct invocation *run)
{
	struct str url = run->config.database_url;

	if (!str_starts_with(url, STR("sqlite:")) ||
		str_starts_with(url, STR("sqlite::")))
		return STR_NONE;
	return str_slice(url, strlen("sqlite:"), url.len);
}

struct err *
data_folder_make_for_database(struct invocation *run)
{
	struct str within = str_fmt(run->arena, STR_FMT "/", STR_ARG(run->config.data));

	return str_starts_with(file_of(run), within) ? data_folder_make(run) : NULL;
}

bool
data_folder_lacks_database(const struct invocation *run)
{
	struct str file = file_of(run);
	const char *path = str_is_none(file) ? NULL : str_cstr(run->arena, file);

	return path && access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}
