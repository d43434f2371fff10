/*
 * A connection to a SQLite file and what can be run on it. Used by one thread at a time,
 * and by one transaction or query at a time.
 */
#ifndef DB_DB_SQLITE_CONN_H
#define DB_DB_SQLITE_CONN_H

#include <stdatomic.h>

#include <sqlite3.h>

#include "base/list.h"
#include "db/driver.h"

/* --- Connections (db_sqlite_conn.c) ------------------------------------------------- */

enum {
	/* How long the writer waits for who else could hold the file, an operator's
	 * sqlite3. */
	WRITER_BUSY_MS = 500,
};

struct statement {
	const struct query *query; /* NULL: the slot is empty */
	sqlite3_stmt *prepared;
	bool is_busy; /* a row function of it runs the same query again */
};

/* Statements of the driver's own. */
enum control {
	CONTROL_BEGIN_READ,
	CONTROL_BEGIN_WRITE,
	CONTROL_COMMIT,
	CONTROL_ROLLBACK,
	CONTROL_SAVEPOINT,
	CONTROL_ROLLBACK_TO,
	CONTROL_RELEASE,
};
enum { CONTROL_COUNT = CONTROL_RELEASE + 1 };

/* What SQLite calls for its file, with one call of ours (db_sqlite_shm.c). It must
 * outlive the connection. */
struct shm_guard {
	sqlite3_io_methods methods; /* first: SQLite knows us by it */
	int (*map)(sqlite3_file *, int, int, int, void volatile **);
};
void shm_guard_set(struct shm_guard *guard, sqlite3 *sqlite);

struct conn {
	struct list_link link; /* free at its loop */
	sqlite3 *sqlite;
	struct shm_guard guard;
	struct arena arena; /* this struct and the statements live in it */
	const char *path;
	struct statement *statements; /* open addressing, by the query's address */
	size_t statements_count;
	size_t statements_capacity; /* a power of two */
	sqlite3_stmt *controls[CONTROL_COUNT];
	/* The limits of the work that runs; the progress handler looks at them. */
	int64_t deadline;
	const _Atomic bool *cancelled; /* NULL: it cannot be */
	bool forbids_control; /* the work may not begin or end transactions itself */
	bool is_reader;
};

struct err *
conn_open(struct ctx *ctx, const char *path, bool is_reader, struct conn **ret) MUST_USE;
void conn_close(struct conn *conn);
/* Both answer a SQLite code. */
int conn_control(struct conn *conn, enum control control);
int conn_exec(struct conn *conn, const char *sql) MUST_USE;
/* The error for the SQLite code RC that came of WHAT (a query's name). */
struct err *
conn_err(struct ctx *ctx, struct conn *conn, int rc, const char *what) MUST_USE;
/* TIMEOUT where the work's deadline has passed or it was cancelled. */
struct err *conn_check(struct ctx *ctx, struct conn *conn) MUST_USE;

/* QUERY prepared, from the cache where it can be; give it back in any case. */
struct err *statement_get(struct ctx *ctx, struct conn *conn, const struct query *query,
	struct statement *ret) MUST_USE;
void statement_put(struct conn *conn, struct statement *statement);

/* --- Values (db_sqlite_value.c) ----------------------------------------------------- */

/* Texts are bound where they lie: they must stay until the statement is given back. */
struct err *statement_bind(struct ctx *ctx, struct conn *conn,
	const struct statement *statement, const struct value *params) MUST_USE;
/* The row that STATEMENT stands on. */
struct err *statement_row(
	struct ctx *ctx, const struct statement *statement, struct value *ret) MUST_USE;

/* --- Running (db_sqlite_run.c) ------------------------------------------------------ */

struct err *conn_run(struct conn *conn, struct tx *tx, const struct query *query,
	const struct value *params, struct row_sink sink, int64_t *ret_affected) MUST_USE;
struct err *conn_run_batch(struct conn *conn, struct tx *tx, const struct query *query,
	const struct value *params, size_t sets, int64_t *ret_affected) MUST_USE;
struct err *conn_run_text(struct conn *conn, struct ctx *ctx, struct str sql) MUST_USE;
struct err *conn_describe(struct conn *conn, struct ctx *ctx, const struct query *query,
	struct query_description *ret) MUST_USE;
/* A copy of a row, texts and all, in ARENA. */
struct err *row_keep(struct arena *arena, const struct query *query,
	const struct value *columns, struct value *ret) MUST_USE;
/* As conn_run, stepping on the offload pool; rows are given to the sink on this loop. */
struct err *conn_run_slow(struct conn *conn, struct tx *tx, const struct query *query,
	const struct value *params, struct row_sink sink) MUST_USE;

#endif
