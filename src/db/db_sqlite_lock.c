/*
 * One process at a time has a SQLite file open: the group commit, and the WAL of SQLite
 * 3.40, stand on there being one writer. The lock on PATH.lock ends with the process that
 * holds it, however it ends; the file itself stays.
 */
#include "db/db_sqlite.h"
#include "sys/file.h"

struct err *
lock_take(struct ctx *ctx, const char *path, int *ret_fd)
{
	const char *name = str_cstr(ctx->arena, str_fmt(ctx->arena, "%s.lock", path));

	if (!name)
		return err_no_memory();
	TRY_CTX(file_lock(ctx->arena, name, ret_fd),
		"one process at a time may have the database %s open", path);
	return NULL;
}

void
lock_release(int fd)
{
	file_unlock(fd);
}
