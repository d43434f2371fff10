/* Sessions on SQLite: one connection, which holds the file's lock. */
#include <errno.h>
#include <string.h>

#include <sqlite3.h>

#include "db/db_sqlite.h"
#include "db/session.h"

enum {
	COLUMNS_MAX = 32,
	NO_LOCK = -1,
};

struct sqlite_session {
	sqlite3 *sqlite;
	struct shm_guard guard;
	int lock_fd;
};

/* What to do about ERR, where SQLite's own words do not tell. */
static struct err *
advised(struct err *err, sqlite3 *sqlite, int code)
{
	const char *path = sqlite3_db_filename(sqlite, "main");
	int system_error = sqlite3_system_errno(sqlite);

	switch (code & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_note(err,
			"%s is damaged, or no database: restore a backup, or choose "
			"another data folder",
			path);
	case SQLITE_IOERR:
		if (system_error != ENOSPC && system_error != EDQUOT)
			return err_note(err, "%s: %s", path, strerror(system_error));
		return err_note(err,
			"the disk is full: free space on the file system of %s", path);
	case SQLITE_FULL:
		return err_note(err, "free space on the file system of %s", path);
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return err_note(err,
			"%s and its folder must be this user's to write: run this as the "
			"user whose file it is",
			path);
	default:
		return err;
	}
}

static struct err *
sqlite_err(struct ctx *ctx, sqlite3 *sqlite)
{
	int code = sqlite3_extended_errcode(sqlite);
	enum err_code ret = ERR_INTERNAL;

	if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
		code == SQLITE_CONSTRAINT_FOREIGNKEY)
		ret = ERR_CONFLICT;
	else if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
		ret = ERR_BUSY;
	else if ((code & 0xff) == SQLITE_CONSTRAINT || (code & 0xff) == SQLITE_ERROR ||
		(code & 0xff) == SQLITE_MISMATCH)
		ret = ERR_INVALID;
	return advised(err_new(ctx, ret, "%s", sqlite3_errmsg(sqlite)), sqlite, code);
}

static void
close_session(void *handle)
{
	struct sqlite_session *session = handle;

	sqlite3_close(session->sqlite);
	if (session->lock_fd != NO_LOCK)
		lock_release(session->lock_fd);
	session->lock_fd = NO_LOCK;
}

static struct err *
give_rows(struct ctx *ctx, sqlite3_stmt *statement, session_row_fn row, void *arg)
{
	int count = sqlite3_column_count(statement), rc;
	struct str columns[COLUMNS_MAX];

	if (count > COLUMNS_MAX)
		return err_new(
			ctx, ERR_INTERNAL, "a session's query has %d columns", count);
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		for (int i = 0; i < count; i++) {
			const void *text = sqlite3_column_text(statement, i);

			columns[i] = (struct str){ .ptr = text,
				.len = (size_t)sqlite3_column_bytes(statement, i) };
		}
		if (row)
			TRY(row(arg, columns, (size_t)count));
	}
	return rc == SQLITE_DONE ? NULL : sqlite_err(ctx, sqlite3_db_handle(statement));
}

static struct err *
run(struct ctx *ctx, void *handle, struct str sql, session_row_fn row, void *arg)
{
	struct sqlite_session *session = handle;
	const char *rest = str_cstr(ctx->arena, sql);
	sqlite3_stmt *statement;

	if (!rest)
		return err_no_memory();
	while (*rest) {
		struct err *err;
		int rc = sqlite3_prepare_v2(session->sqlite, rest, -1, &statement, &rest);

		if (rc != SQLITE_OK)
			return sqlite_err(ctx, session->sqlite);
		if (!statement)
			continue; /* only spaces or comments were left */
		err = give_rows(ctx, statement, row, arg);
		sqlite3_finalize(statement);
		TRY(err);
	}
	return NULL;
}

static struct err *
set_up(struct ctx *ctx, struct sqlite_session *session)
{
	shm_guard_set(&session->guard, session->sqlite);
	sqlite3_extended_result_codes(session->sqlite, 1);
	sqlite3_busy_timeout(session->sqlite, 2000);
	return run(ctx, session,
		STR("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA "
		    "foreign_keys = ON"),
		NULL, NULL);
}

static struct err *
open_session(struct ctx *ctx, struct str url, void **ret)
{
	const char *path = str_cstr(
		ctx->arena, str_slice(url, strlen("sqlite:"), url.len));
	bool is_memory = path && strcmp(path, ":memory:") == 0;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	struct sqlite_session *session;
	struct err *err;

	TRY_NEW(ctx->arena, session, 1);
	session->lock_fd = NO_LOCK;
	if (!path)
		return err_no_memory();
	if (!is_memory)
		TRY(lock_take(ctx, path, ctx->arena, &path, &session->lock_fd));
	if (sqlite3_open_v2(path, &session->sqlite, flags, NULL) == SQLITE_OK)
		err = set_up(ctx, session);
	else
		err = err_new(ctx, ERR_INVALID, "cannot open the database %s: %s", path,
			sqlite3_errmsg(session->sqlite));
	if (err) {
		close_session(session);
		return err;
	}
	*ret = session;
	return NULL;
}

const struct session_driver session_sqlite = {
	.dialect = DIALECT_SQLITE,
	.open = open_session,
	.close = close_session,
	.run = run,
};
