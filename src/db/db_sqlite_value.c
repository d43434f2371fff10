/* How values stand in SQLite: see the table in docs/sql.md. */
#include <assert.h>

#include "codec/json_canonical.h"
#include "db/db_sqlite.h"

enum {
	JSON_BYTES_MAX = 64 << 20,
};

/* --- Arguments ---------------------------------------------------------------------- */

/* A text whose pointer is NULL would be bound as NULL, which an empty one is not. */
static int
bind_text(sqlite3_stmt *prepared, int index, struct str text)
{
	return sqlite3_bind_text64(prepared, index, text.ptr ? text.ptr : "", text.len,
		SQLITE_STATIC, SQLITE_UTF8);
}

static int
bind_bytes(sqlite3_stmt *prepared, int index, struct str bytes)
{
	return sqlite3_bind_blob64(
		prepared, index, bytes.ptr ? bytes.ptr : "", bytes.len, SQLITE_STATIC);
}

static struct err *
bind_json(struct ctx *ctx, sqlite3_stmt *prepared, int index, struct str text, int *ret)
{
	struct str canonical;

	TRY(json_canonical(ctx->arena, text, JSON_BYTES_MAX, &canonical));
	*ret = bind_text(prepared, index, canonical);
	return NULL;
}

static struct err *
bind_value(struct ctx *ctx, const struct statement *statement, int index,
	const struct value *value, int *ret)
{
	sqlite3_stmt *prepared = statement->prepared;

	if (value->is_null) {
		*ret = sqlite3_bind_null(prepared, index);
		return NULL;
	}
	switch (statement->query->param_types[index - 1]) {
	case DB_BOOL:
		*ret = sqlite3_bind_int(prepared, index, value->boolean);
		break;
	case DB_I32:
	case DB_I64:
	case DB_TIME:
	case DB_RATE:
		*ret = sqlite3_bind_int64(prepared, index, value->i64);
		break;
	case DB_F64:
		/* Zero has no sign: a table would not keep it. */
		*ret = sqlite3_bind_double(prepared, index, value->f64 + 0.0);
		break;
	case DB_TEXT:
		*ret = bind_text(prepared, index, value->text);
		break;
	case DB_BYTES:
		*ret = bind_bytes(prepared, index, value->text);
		break;
	case DB_JSON:
		return bind_json(ctx, prepared, index, value->text, ret);
	case DB_UUID:
		*ret = sqlite3_bind_blob(prepared, index, value->uuid.bytes,
			sizeof(value->uuid.bytes), SQLITE_STATIC);
		break;
	}
	return NULL;
}

struct err *
statement_bind(struct ctx *ctx, struct conn *conn, const struct statement *statement,
	const struct value *params)
{
	for (int i = 0; i < statement->query->param_count; i++) {
		int rc = SQLITE_OK;

		TRY_CTX(bind_value(ctx, statement, i + 1, &params[i], &rc),
			"argument %d of %s", i + 1, statement->query->name);
		if (rc != SQLITE_OK)
			return conn_err(ctx, conn, rc, statement->query->name);
	}
	return NULL;
}

/* --- Columns ------------------------------------------------------------------------ */

/*
 * A column is asked for once, and what it is by sqlite3_value_…: sqlite3_column_… would
 * find it anew each time, which takes as long as the query. Such a value is not protected
 * against other threads; a connection has none.
 */
struct column {
	const struct statement *statement;
	int index;
	int type;
	sqlite3_value *value;
};

static struct err *
column_err(struct ctx *ctx, const struct column *column, const char *why)
{
	return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
		"column %d of %s: %s", column->index + 1, column->statement->query->name,
		why);
}

static struct err *
read_integer(struct ctx *ctx, const struct column *column, struct value *ret)
{
	int64_t i64;

	if (column->type != SQLITE_INTEGER)
		return column_err(ctx, column, "not an integer");
	i64 = sqlite3_value_int64(column->value);
	if (column->statement->query->column_types[column->index] != DB_BOOL) {
		ret->i64 = i64;
		return NULL;
	}
	if (i64 != 0 && i64 != 1)
		return column_err(ctx, column, "neither 0 nor 1");
	ret->boolean = i64;
	return NULL;
}

/* WANTED is SQLITE_TEXT or SQLITE_BLOB. */
static struct err *
read_bytes(struct ctx *ctx, const struct column *column, int wanted, struct str *ret)
{
	const void *ptr;

	if (column->type != wanted)
		return column_err(
			ctx, column, wanted == SQLITE_TEXT ? "not a text" : "not bytes");
	/* A text asked for as such would be copied, to end in a NUL that nobody needs; the
	 * file is in UTF-8, as conn_open sees to. */
	ptr = sqlite3_value_blob(column->value);
	ret->len = (size_t)sqlite3_value_bytes(column->value);
	ret->ptr = ptr ? ptr : "";
	return NULL;
}

static struct err *
read_uuid(struct ctx *ctx, const struct column *column, struct uuid *ret)
{
	struct str bytes = STR_NONE;

	TRY(read_bytes(ctx, column, SQLITE_BLOB, &bytes));
	if (bytes.len != sizeof(ret->bytes))
		return column_err(ctx, column, "not the 16 bytes of a UUID");
	memcpy(ret->bytes, bytes.ptr, sizeof(ret->bytes));
	return NULL;
}

static struct err *
read_real(struct ctx *ctx, const struct column *column, double *ret)
{
	/* A sum of integers is one. */
	if (column->type != SQLITE_FLOAT && column->type != SQLITE_INTEGER)
		return column_err(ctx, column, "not a number");
	*ret = sqlite3_value_double(column->value);
	return NULL;
}

static struct err *
read_value(
	struct ctx *ctx, const struct statement *statement, int index, struct value *ret)
{
	struct column column = { .statement = statement,
		.index = index,
		.value = sqlite3_column_value(statement->prepared, index) };

	column.type = sqlite3_value_type(column.value);
	if (column.type == SQLITE_NULL) {
		*ret = (struct value){ .is_null = true };
		return NULL;
	}
	ret->is_null = false;
	switch (statement->query->column_types[index]) {
	case DB_BOOL:
	case DB_I32:
	case DB_I64:
	case DB_TIME:
	case DB_RATE:
		return read_integer(ctx, &column, ret);
	case DB_F64:
		return read_real(ctx, &column, &ret->f64);
	case DB_TEXT:
	case DB_JSON:
		return read_bytes(ctx, &column, SQLITE_TEXT, &ret->text);
	case DB_BYTES:
		return read_bytes(ctx, &column, SQLITE_BLOB, &ret->text);
	case DB_UUID:
		return read_uuid(ctx, &column, &ret->uuid);
	}
	return NULL;
}

struct err *
statement_row(struct ctx *ctx, const struct statement *statement, struct value *ret)
{
	for (int i = 0; i < statement->query->column_count; i++)
		TRY(read_value(ctx, statement, i, &ret[i]));
	return NULL;
}
