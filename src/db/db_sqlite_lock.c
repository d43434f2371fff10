/*
 * One process at a time has a SQLite file open: the group commit, and the WAL of SQLite
 * 3.40, stand on there being one writer. flock(2) on PATH.lock ends with the process that
 * holds it, however it ends; the file itself stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buf.h"
#include "db/db_sqlite.h"

enum {
	PID_BYTES_MAX = 24,
};

static struct err *
held_err(struct ctx *ctx, const char *path, int fd)
{
	char storage[PID_BYTES_MAX];
	ssize_t got = pread(fd, storage, sizeof(storage), 0);
	struct str pid = str_trim(
		(struct str){ .ptr = storage, .len = got > 0 ? (size_t)got : 0 });

	return err_new(ctx, ERR_CONFLICT,
		"the database %s is in use by %s" STR_FMT
		"; stop it first, or let it do the work",
		path, pid.len > 0 ? "process " : "another process", STR_ARG(pid));
}

static void
write_pid(int fd)
{
	char storage[PID_BYTES_MAX];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	buf_fmt(&text, "%ld\n", (long)getpid());
	/* The pid is for people: without room for it the lock still holds. */
	if (ftruncate(fd, 0) == 0 && pwrite(fd, storage, text.len, 0) < 0)
		return;
}

struct err *
lock_take(struct ctx *ctx, const char *path, int *ret_fd)
{
	struct str file = str_fmt(ctx->arena, "%s.lock", path);
	const char *name = str_cstr(ctx->arena, file);
	int fd;

	if (!name)
		return err_no_memory();
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_new(
			ctx, ERR_INTERNAL, "cannot open %s: %s", name, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		struct err *err = held_err(ctx, path, fd);

		close(fd);
		return err;
	}
	write_pid(fd);
	*ret_fd = fd;
	return NULL;
}

void
lock_release(int fd)
{
	close(fd);
}
