/* SQLite connections: how they are opened, what their errors mean, their prepared
 * statements. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "db/db_sqlite.h"
#include "sys/clock.h"

enum {
	CONN_ARENA_BYTES_MAX = 1 << 20,
	STATEMENTS_CAPACITY_FIRST = 256,
	/* How many steps of SQLite's machine between two looks at the deadline: some ten
	 * microseconds. */
	STEPS_BETWEEN_LOOKS = 1000,
	/* Who else could hold the file: an operator's sqlite3. A reader stands on a loop
	 * and may not wait for long. */
	READER_BUSY_MS = 50,
};

/* --- Opening ------------------------------------------------------------------------ */

static int
look_at_limits(void *arg)
{
	struct conn *conn = arg;

	if (conn->cancelled &&
		atomic_load_explicit(conn->cancelled, memory_order_relaxed))
		return 1;
	return conn->deadline != DEADLINE_NEVER && clock_monotonic_ns() > conn->deadline;
}

/* A transaction of ours holds those of several users: none may end it. */
static int
authorize(
	void *arg, int action, const char *a, const char *b, const char *c, const char *d)
{
	const struct conn *conn = arg;

	(void)a, (void)b, (void)c, (void)d;
	if (conn->forbids_control &&
		(action == SQLITE_TRANSACTION || action == SQLITE_SAVEPOINT ||
			action == SQLITE_ATTACH || action == SQLITE_DETACH))
		return SQLITE_DENY;
	return SQLITE_OK;
}

static int
set_switches(sqlite3 *sqlite)
{
	static const struct {
		int option;
		int value;
	} switches[] = {
		/* TRUSTED_SCHEMA stays on: without it SQLite 3.40 refuses json_valid() in
		 * the checks of our own tables. */
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
		/* "name" is a name and never a text. */
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(switches); i++) {
		int rc = sqlite3_db_config(
			sqlite, switches[i].option, switches[i].value, NULL);

		if (rc != SQLITE_OK)
			return rc;
	}
	return SQLITE_OK;
}

/* LIKE tells A from a, as PostgreSQL's does. Checkpoints are the writer's business. What
 * is deleted is overwritten, since some of it is deleted for being personal. */
static const char pragmas[] = "PRAGMA synchronous = FULL;"
			      "PRAGMA cell_size_check = ON;"
			      "PRAGMA case_sensitive_like = ON;"
			      "PRAGMA temp_store = MEMORY;"
			      "PRAGMA secure_delete = ON;"
			      "PRAGMA wal_autocheckpoint = 0;"
			      "PRAGMA cache_size = -16384;" /* at most 16 MiB */
			      "PRAGMA journal_size_limit = 67108864;";

/* What reads texts takes them as they lie in the file, which is in UTF-8 unless somebody
 * made it otherwise. */
static struct err *
check_encoding(struct ctx *ctx, struct conn *conn)
{
	sqlite3_stmt *asked = NULL;
	int rc = sqlite3_prepare_v2(conn->sqlite, "PRAGMA encoding", -1, &asked, NULL);
	struct str encoding = STR("");
	struct err *err = NULL;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(asked);
	if (rc == SQLITE_ROW)
		encoding = str_from((const char *)sqlite3_column_text(asked, 0));
	if (rc != SQLITE_ROW)
		err = conn_err(ctx, conn, rc, "encoding");
	else if (!str_eq(encoding, STR("UTF-8")))
		err = err_new(ctx, ERR_INVALID,
			"the texts of %s are in " STR_FMT
			", and only UTF-8 is read: load "
			"a dump of it into a new file",
			conn->path, STR_ARG(encoding));
	sqlite3_finalize(asked);
	return err;
}

static int
set_up(struct conn *conn)
{
	int rc = set_switches(conn->sqlite);

	shm_guard_set(&conn->guard, conn->sqlite);
	sqlite3_extended_result_codes(conn->sqlite, 1);
	sqlite3_busy_timeout(
		conn->sqlite, conn->is_reader ? READER_BUSY_MS : WRITER_BUSY_MS);
	if (rc == SQLITE_OK && !conn->is_reader)
		rc = conn_exec(conn, "PRAGMA journal_mode = WAL;");
	if (rc == SQLITE_OK)
		rc = conn_exec(conn, pragmas);
	if (rc == SQLITE_OK && conn->is_reader)
		rc = conn_exec(conn, "PRAGMA query_only = ON;");
	sqlite3_set_authorizer(conn->sqlite, authorize, conn);
	sqlite3_progress_handler(conn->sqlite, STEPS_BETWEEN_LOOKS, look_at_limits, conn);
	return rc;
}

static struct conn *
conn_new(const char *path, bool is_reader)
{
	struct arena arena;
	struct conn *conn;

	arena_init(&arena, CONN_ARENA_BYTES_MAX);
	conn = arena_alloc(&arena, sizeof(*conn));
	if (!conn)
		return NULL;
	*conn = (struct conn){
		.path = path,
		.statements_capacity = STATEMENTS_CAPACITY_FIRST,
		.deadline = DEADLINE_NEVER,
		.is_reader = is_reader,
	};
	list_init(&conn->link);
	conn->statements = arena_alloc_array(
		&arena, conn->statements_capacity, sizeof(*conn->statements));
	conn->arena = arena;
	if (!conn->statements) {
		arena_release(&arena);
		return NULL;
	}
	return conn;
}

struct err *
conn_open(struct ctx *ctx, const char *path, bool is_reader, struct conn **ret)
{
	/* The file is there already (db_sqlite.c). No mutexes: a connection is used by
	 * one thread at a time. */
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	struct conn *conn = conn_new(path, is_reader);
	struct err *err = NULL;
	int rc;

	if (!conn)
		return err_no_memory();
	rc = sqlite3_open_v2(path, &conn->sqlite, flags, NULL);
	if (rc == SQLITE_OK)
		rc = set_up(conn);
	if (rc != SQLITE_OK)
		err = conn_err(ctx, conn, rc, "open");
	else if (!is_reader)
		err = check_encoding(ctx, conn);
	if (err) {
		conn_close(conn);
		return err;
	}
	*ret = conn;
	return NULL;
}

void
conn_close(struct conn *conn)
{
	struct arena arena = conn->arena;

	for (size_t i = 0; i < conn->statements_capacity; i++)
		sqlite3_finalize(conn->statements[i].prepared);
	for (size_t i = 0; i < CONTROL_COUNT; i++)
		sqlite3_finalize(conn->controls[i]);
	if (sqlite3_close(conn->sqlite) != SQLITE_OK)
		log_error(NULL, "a database connection was closed while in use",
			LOG_TEXT("path", conn->path));
	arena_release(&arena);
}

int
conn_control(struct conn *conn, enum control control)
{
	static const char *const texts[CONTROL_COUNT] = {
		[CONTROL_BEGIN_READ] = "BEGIN",
		[CONTROL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
		[CONTROL_COMMIT] = "COMMIT",
		[CONTROL_ROLLBACK] = "ROLLBACK",
		[CONTROL_SAVEPOINT] = "SAVEPOINT one",
		[CONTROL_ROLLBACK_TO] = "ROLLBACK TO one",
		[CONTROL_RELEASE] = "RELEASE one",
	};
	int rc;

	if (!conn->controls[control]) {
		rc = sqlite3_prepare_v3(conn->sqlite, texts[control], -1,
			SQLITE_PREPARE_PERSISTENT, &conn->controls[control], NULL);
		if (rc != SQLITE_OK)
			return rc;
	}
	sqlite3_step(conn->controls[control]);
	return sqlite3_reset(conn->controls[control]);
}

int
conn_exec(struct conn *conn, const char *sql)
{
	return sqlite3_exec(conn->sqlite, sql, NULL, NULL, NULL);
}

/* --- Errors ------------------------------------------------------------------------- */

/* Whether RC, the last code of CONN, means that the disk has no room. */
static bool
is_disk_full(const struct conn *conn, int rc)
{
	int system_error = sqlite3_system_errno(conn->sqlite);

	if ((rc & 0xff) == SQLITE_FULL)
		return true;
	return (rc & 0xff) == SQLITE_IOERR &&
		(system_error == ENOSPC || system_error == EDQUOT);
}

static struct err *
constraint_err(struct ctx *ctx, int rc)
{
	switch (rc) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return err_new(ctx, ERR_CONFLICT, "this already exists");
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return err_new(ctx, ERR_CONFLICT,
			"something this refers to does not exist, or is still in use");
	case SQLITE_CONSTRAINT_NOTNULL:
		return err_new(ctx, ERR_INVALID, "a required value is missing");
	default:
		return err_new(ctx, ERR_INVALID, "a value is not allowed");
	}
}

static struct err *
plain_err(struct ctx *ctx, struct conn *conn, int rc)
{
	struct err *err;

	switch (rc & 0xff) {
	case SQLITE_CONSTRAINT:
		return constraint_err(ctx, rc);
	case SQLITE_MISMATCH:
		return err_new(ctx, ERR_INVALID, "a value is not allowed");
	case SQLITE_TOOBIG:
		return err_new(ctx, ERR_TOO_LARGE, "a value is too large");
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_note(err_new(ctx, ERR_BUSY, "the database is busy, try again"),
			"another program holds the file's lock: is it open in sqlite3?");
	case SQLITE_INTERRUPT:
		if (conn->cancelled && atomic_load(conn->cancelled) &&
			clock_monotonic_ns() < conn->deadline)
			return err_new(ctx, ERR_TIMEOUT, "cancelled");
		return err_new(ctx, ERR_TIMEOUT, "the database took too long");
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_note(err_new(ctx, ERR_INTERNAL, "the database is damaged"),
			"stop the server, keep the file, restore a backup");
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return err_note(err_new(ctx, ERR_INTERNAL, "the database cannot be used"),
			"check that the file and its folder exist and may be written");
	case SQLITE_NOMEM:
		return err_new(ctx, ERR_BUSY, "the server is out of memory, try later");
	default:
		err = err_new(ctx, ERR_INTERNAL, "internal error");
		/* SQL that cannot be prepared: our own, so a table is missing. */
		err->lacks_schema = (rc & 0xff) == SQLITE_ERROR;
		return err;
	}
}

struct err *
conn_err(struct ctx *ctx, struct conn *conn, int rc, const char *what)
{
	int system_error = sqlite3_system_errno(conn->sqlite);
	struct err *err;

	if (is_disk_full(conn, rc))
		err = err_note(err_new(ctx, ERR_BUSY,
				       "the server's disk is full: nothing was written"),
			"free space on the file system of %s", conn->path);
	else
		err = plain_err(ctx, conn, rc);
	err = err_note(err, "%s: sqlite %d, %s", what, rc,
		sqlite3_extended_errcode(conn->sqlite) == rc
			? sqlite3_errmsg(conn->sqlite)
			: sqlite3_errstr(rc));
	if ((rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN)
		err = err_note(err, "%s: %s", conn->path, strerror(system_error));
	return err;
}

struct err *
conn_check(struct ctx *ctx, struct conn *conn)
{
	if (UNLIKELY(look_at_limits(conn)))
		return conn_err(ctx, conn, SQLITE_INTERRUPT, "not begun");
	return NULL;
}

/* --- Statements --------------------------------------------------------------------- */

static size_t
slot_of(const struct query *query, size_t capacity)
{
	/* Queries are static structs some 100 bytes apart; multiply to spread them
	 * (Knuth, TAOCP 3, 6.4). */
	return (size_t)(((uintptr_t)query >> 4) * 0x9e3779b97f4a7c15u >> 32) &
		(capacity - 1);
}

/* Where QUERY stands, or the empty slot where it would. */
static struct statement *
statement_slot(struct statement *statements, size_t capacity, const struct query *query)
{
	size_t i = slot_of(query, capacity);

	while (statements[i].query && statements[i].query != query)
		i = (i + 1) & (capacity - 1);
	return &statements[i];
}

/* Twice the slots. Nothing happens where there is no memory: see is_cacheable. */
static void
statements_grow(struct conn *conn)
{
	size_t capacity = conn->statements_capacity * 2;
	struct statement *grown = arena_alloc_array(
		&conn->arena, capacity, sizeof(*grown));

	if (!grown)
		return;
	for (size_t i = 0; i < conn->statements_capacity; i++) {
		const struct statement *old = &conn->statements[i];

		if (old->query)
			*statement_slot(grown, capacity, old->query) = *old;
	}
	conn->statements = grown;
	conn->statements_capacity = capacity;
}

/* What the generator says of QUERY must be what SQLite makes of it. */
static struct err *
shape_check(struct ctx *ctx, const struct query *query, sqlite3_stmt *prepared)
{
	int params = sqlite3_bind_parameter_count(prepared);
	int columns = sqlite3_column_count(prepared);

	if (params == query->param_count && columns == query->column_count)
		return NULL;
	return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
		"query %s is declared with %d arguments and %d columns and has %d and %d",
		query->name, query->param_count, query->column_count, params, columns);
}

static struct err *
prepare(struct ctx *ctx, struct conn *conn, const struct query *query, bool is_kept,
	sqlite3_stmt **ret)
{
	sqlite3_stmt *prepared = NULL;
	int rc = sqlite3_prepare_v3(conn->sqlite, query->sql[DIALECT_SQLITE], -1,
		is_kept ? SQLITE_PREPARE_PERSISTENT : 0, &prepared, NULL);
	struct err *err;

	if (rc != SQLITE_OK)
		return conn_err(ctx, conn, rc, query->name);
	err = shape_check(ctx, query, prepared);
	if (err) {
		sqlite3_finalize(prepared);
		return err;
	}
	*ret = prepared;
	return NULL;
}

struct err *
statement_get(struct ctx *ctx, struct conn *conn, const struct query *query,
	struct statement *ret)
{
	struct statement *slot = statement_slot(
		conn->statements, conn->statements_capacity, query);
	bool is_kept;

	if (LIKELY(slot->query && !slot->is_busy)) {
		slot->is_busy = true;
		*ret = *slot;
		return NULL;
	}
	/* One slot in four stays empty, so that a search ends soon; the arena's cap is
	 * the limit to growing, and past it statements are prepared for one use. */
	if (!slot->query && conn->statements_count >= conn->statements_capacity / 4 * 3) {
		statements_grow(conn);
		slot = statement_slot(conn->statements, conn->statements_capacity, query);
	}
	is_kept = !slot->query &&
		conn->statements_count < conn->statements_capacity / 4 * 3;
	*ret = (struct statement){ .query = query };
	TRY(prepare(ctx, conn, query, is_kept, &ret->prepared));
	if (is_kept) {
		*slot = (struct statement){
			.query = query, .prepared = ret->prepared, .is_busy = true
		};
		conn->statements_count++;
	}
	return NULL;
}

void
statement_put(struct conn *conn, struct statement *statement)
{
	struct statement *slot;

	if (!statement->prepared)
		return;
	slot = statement_slot(
		conn->statements, conn->statements_capacity, statement->query);
	if (slot->prepared != statement->prepared) {
		sqlite3_finalize(statement->prepared);
		return;
	}
	sqlite3_reset(statement->prepared);
	slot->is_busy = false;
}
