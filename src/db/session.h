/*
 * A connection of its own to a database, outside the pool and the lanes: for migrations
 * and other work of an operator that must hold on to one connection.
 *
 * Everything here blocks the thread, so it is for commands and for start-up, before the
 * loops run. On SQLite a session holds the file's lock as a server does: one at a time,
 * and none while a server has the file open.
 */
#ifndef DB_SESSION_H
#define DB_SESSION_H

#include "base/ctx.h"
#include "base/err.h"
#include "db/query.h"

struct session;

/* Called for each row: its columns as text, NULL as an absent str. They last until it
 * returns. */
typedef struct err *(*session_row_fn)(void *arg, const struct str *columns, size_t count);

/*
 * Connect to URL: sqlite:PATH (the file is made where it is absent; sqlite::memory: is a
 * scratch database that ends with the session) or postgresql://…. CONFLICT: another
 * process has the SQLite file. The session lives in CTX's arena.
 */
struct err *session_open(struct ctx *ctx, struct str url, struct session **ret) MUST_USE;
void session_close(struct session *session);

enum dialect session_dialect(const struct session *session);

/*
 * Carry out SQL as it stands, one or several statements; rows are dropped. The message of
 * an error is the server's, for an operator. CONFLICT: a unique or foreign key; INVALID:
 * another constraint, or wrong SQL; BUSY: a lock was not granted in time; DENIED: no
 * right to do this; UNCERTAIN: the connection was lost.
 */
struct err *
session_run(struct ctx *ctx, struct session *session, struct str sql) MUST_USE;
/* The same for one statement whose rows matter. */
struct err *session_query(struct ctx *ctx, struct session *session, struct str sql,
	session_row_fn row, void *arg) MUST_USE;
/* The first column of the only row; absent where there is no row, or NULL. In CTX's
 * arena. */
struct err *session_value(struct ctx *ctx, struct session *session, struct str sql,
	struct str *ret) MUST_USE;

/* TEXT as an SQL literal, quotes and all. */
struct str session_quote(struct arena *arena, struct str text);

/* --- What an engine provides (db_postgres_session.c, db_sqlite_session.c) ----------- */

struct session_driver {
	enum dialect dialect;
	struct err *(*open)(struct ctx *ctx, struct str url, void **ret);
	void (*close)(void *handle);
	/* ROW may be NULL, and then SQL may hold several statements. */
	struct err *(*run)(struct ctx *ctx, void *handle, struct str sql,
		session_row_fn row, void *arg);
};

extern const struct session_driver session_postgres;
extern const struct session_driver session_sqlite;

#endif
