#include "app/data_folder.h"

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
