/*
 * One process at a time has a SQLite file open: the group commit, and the WAL of SQLite
 * 3.40, stand on there being one writer. The lock on PATH.lock ends with the process that
 * holds it, however it ends; the file itself stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "db/db_sqlite.h"
#include "sys/file.h"

static bool
file_make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	return fd >= 0 && close(fd) == 0;
}

/* A file that is there is not opened: to close it would take SQLite's own locks away,
 * where it is open in this process. */
static struct err *
file_find(struct ctx *ctx, const char *path, struct arena *arena, const char **ret_path)
{
	char absolute[PATH_MAX];

	if ((access(path, F_OK) != 0 && !file_make(path)) || !realpath(path, absolute) ||
		faccessat(AT_FDCWD, absolute, R_OK | W_OK, AT_EACCESS) != 0)
		return err_new(ctx, ERR_INTERNAL, "cannot open the database %s: %s; %s",
			path, strerror(errno),
			errno == EACCES
				? "run this as the user whose file it is"
				: "check that its folder exists and may be written");
	*ret_path = str_cstr(arena, str_from(absolute));
	return *ret_path ? NULL : err_no_memory();
}

struct err *
lock_take(struct ctx *ctx, const char *path, struct arena *arena, const char **ret_path,
	int *ret_fd)
{
	const char *name;

	TRY(file_find(ctx, path, arena, ret_path));
	name = str_cstr(ctx->arena, str_fmt(ctx->arena, "%s.lock", *ret_path));
	if (!name)
		return err_no_memory();
	TRY_CTX(file_lock(ctx->arena, name, ret_fd),
		"one process at a time may have the database %s open", *ret_path);
	return NULL;
}

void
lock_release(int fd)
{
	file_unlock(fd);
}
