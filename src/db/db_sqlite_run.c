/* One query on one SQLite connection. */
#include <string.h>

#include "base/buf.h"
#include "db/db_sqlite.h"

enum {
	PLAN_BYTES_MAX = 16 << 10,
};

/* --- Queries ------------------------------------------------------------------------ */

static struct err *
give_rows(struct ctx *ctx, struct conn *conn, const struct statement *statement,
	struct row_sink sink)
{
	struct value columns[QUERY_COLUMNS_MAX];
	int rc;

	while ((rc = sqlite3_step(statement->prepared)) == SQLITE_ROW) {
		TRY(statement_row(ctx, statement, columns));
		if (sink.row)
			TRY(sink.row(sink.arg, columns));
	}
	return rc == SQLITE_DONE ? NULL : conn_err(ctx, conn, rc, statement->query->name);
}

static struct err *
run_once(struct conn *conn, struct ctx *ctx, const struct statement *statement,
	const struct value *params, struct row_sink sink)
{
	TRY(statement_bind(ctx, conn, statement, params));
	return give_rows(ctx, conn, statement, sink);
}

static int64_t
affected_by(const struct conn *conn, const struct query *query)
{
	return query->is_write ? sqlite3_changes64(conn->sqlite) : 0;
}

struct err *
conn_run(struct conn *conn, struct tx *tx, const struct query *query,
	const struct value *params, struct row_sink sink, int64_t *ret_affected)
{
	struct statement statement;
	struct err *err;

	TRY(conn_check(tx->ctx, conn));
	TRY(statement_get(tx->ctx, conn, query, &statement));
	err = run_once(conn, tx->ctx, &statement, params, sink);
	statement_put(conn, &statement);
	if (!err && ret_affected)
		*ret_affected = affected_by(conn, query);
	return err;
}

static struct err *
run_sets(struct conn *conn, struct ctx *ctx, const struct statement *statement,
	const struct value *params, size_t sets, int64_t *affected)
{
	for (size_t set = 0; set < sets; set++) {
		struct arena_mark mark = arena_mark(ctx->arena);

		TRY_CTX(run_once(conn, ctx, statement,
				params + set * statement->query->param_count,
				(struct row_sink){ .row = NULL }),
			"set %zu", set);
		sqlite3_reset(statement->prepared);
		*affected += affected_by(conn, statement->query);
		/* Without rows nobody keeps anything: give back what JSON took. */
		arena_rewind(ctx->arena, mark);
	}
	return NULL;
}

struct err *
conn_run_batch(struct conn *conn, struct tx *tx, const struct query *query,
	const struct value *params, size_t sets, int64_t *ret_affected)
{
	struct statement statement;
	int64_t affected = 0;
	struct err *err;

	TRY(conn_check(tx->ctx, conn));
	TRY(statement_get(tx->ctx, conn, query, &statement));
	err = run_sets(conn, tx->ctx, &statement, params, sets, &affected);
	statement_put(conn, &statement);
	if (!err && ret_affected)
		*ret_affected = affected;
	return err;
}

struct err *
conn_run_text(struct conn *conn, struct ctx *ctx, struct str sql)
{
	const char *text = str_cstr(ctx->arena, sql);
	int rc;

	if (!text)
		return err_no_memory();
	TRY(conn_check(ctx, conn));
	rc = conn_exec(conn, text);
	return rc == SQLITE_OK ? NULL : conn_err(ctx, conn, rc, "text");
}

/* --- Descriptions ------------------------------------------------------------------- */

static bool
is_stored_as(enum db_type type, const char *declared)
{
	switch (type) {
	case DB_BOOL:
	case DB_I32:
	case DB_I64:
	case DB_TIME:
	case DB_RATE:
		return strcmp(declared, "INTEGER") == 0;
	case DB_F64:
		return strcmp(declared, "REAL") == 0;
	case DB_TEXT:
	case DB_JSON:
		return strcmp(declared, "TEXT") == 0;
	case DB_BYTES:
	case DB_UUID:
		return strcmp(declared, "BLOB") == 0;
	}
	return false;
}

/*
 * SQLite knows how a table's column is stored. Where that is how the query's type is
 * stored, or SQLite knows nothing (a computed column), the query is believed.
 */
static enum db_type
column_type(const struct query *query, int index, const char *declared)
{
	enum db_type said = query->column_types[index];

	if (!declared || is_stored_as(said, declared))
		return said;
	if (strcmp(declared, "INTEGER") == 0)
		return DB_I64;
	if (strcmp(declared, "REAL") == 0)
		return DB_F64;
	return strcmp(declared, "BLOB") == 0 ? DB_BYTES : DB_TEXT;
}

static struct err *
describe_types(struct conn *conn, struct ctx *ctx, const struct query *query,
	struct query_description *ret)
{
	sqlite3_stmt *prepared = NULL;
	int rc = sqlite3_prepare_v3(
		conn->sqlite, query->sql[DIALECT_SQLITE], -1, 0, &prepared, NULL);
	int params, columns;

	if (rc != SQLITE_OK)
		return conn_err(ctx, conn, rc, query->name);
	params = sqlite3_bind_parameter_count(prepared);
	columns = sqlite3_column_count(prepared);
	if (params > query->param_count || columns > query->column_count) {
		sqlite3_finalize(prepared);
		return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
			"query %s has %d arguments and %d columns, declared are %d and "
			"%d",
			query->name, params, columns, query->param_count,
			query->column_count);
	}
	*ret = (struct query_description){
		.param_count = (size_t)params,
		.column_count = (size_t)columns,
	};
	for (int i = 0; i < params; i++)
		ret->param_types[i] = query->param_types[i];
	for (int i = 0; i < columns; i++)
		ret->column_types[i] = column_type(
			query, i, sqlite3_column_decltype(prepared, i));
	sqlite3_finalize(prepared);
	return NULL;
}

/* EXPLAIN QUERY PLAN gives a tree as rows (id, parent, -, text), parents first. */
static int
put_steps(sqlite3_stmt *prepared, struct buf *plan)
{
	enum { DEPTHS_MAX = 256 };
	struct {
		int id;
		int depth;
	} seen[DEPTHS_MAX];
	size_t count = 0;
	int rc;

	while ((rc = sqlite3_step(prepared)) == SQLITE_ROW) {
		int parent = sqlite3_column_int(prepared, 1);
		int depth = 0;

		for (size_t i = 0; i < count; i++)
			if (seen[i].id == parent)
				depth = seen[i].depth + 1;
		if (count < DEPTHS_MAX) {
			seen[count].id = sqlite3_column_int(prepared, 0);
			seen[count++].depth = depth;
		}
		buf_fmt(plan, "%*s%s\n", depth * 2, "",
			(const char *)sqlite3_column_text(prepared, 3));
	}
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static struct err *
describe_plan(
	struct conn *conn, struct ctx *ctx, const struct query *query, struct str *ret)
{
	struct str sql = str_fmt(
		ctx->arena, "EXPLAIN QUERY PLAN %s", query->sql[DIALECT_SQLITE]);
	sqlite3_stmt *prepared = NULL;
	struct buf plan;
	int rc;

	buf_init(&plan, ctx->arena, PLAN_BYTES_MAX);
	rc = sqlite3_prepare_v3(conn->sqlite, sql.ptr, (int)sql.len, 0, &prepared, NULL);
	if (rc == SQLITE_OK)
		rc = put_steps(prepared, &plan);
	sqlite3_finalize(prepared);
	if (rc != SQLITE_OK)
		return conn_err(ctx, conn, rc, query->name);
	*ret = buf_str(&plan);
	return NULL;
}

struct err *
conn_describe(struct conn *conn, struct ctx *ctx, const struct query *query,
	struct query_description *ret)
{
	struct query_description description;

	TRY(describe_types(conn, ctx, query, &description));
	TRY(describe_plan(conn, ctx, query, &description.plan));
	*ret = description;
	return NULL;
}
