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
	sqlite3_value *value;
	int type; /* SQLITE_… */
	enum db_type wanted;
};

/* NULL, or what is wrong. */
static const char *
read_integer(struct column column, struct value *ret)
{
	int64_t i64;

	if (UNLIKELY(column.type != SQLITE_INTEGER))
		return "not an integer";
	i64 = sqlite3_value_int64(column.value);
	if (column.wanted != DB_BOOL) {
		ret->i64 = i64;
		return NULL;
	}
	if (UNLIKELY(i64 != 0 && i64 != 1))
		return "neither 0 nor 1";
	ret->boolean = i64;
	return NULL;
}

/* A text asked for as such would be copied, to end in a NUL that nobody needs; the file
 * is in UTF-8, as conn_open sees to. */
static struct str
bytes_of(struct column column)
{
	const void *ptr = sqlite3_value_blob(column.value);

	return (struct str){ .ptr = ptr ? ptr : "",
		.len = (size_t)sqlite3_value_bytes(column.value) };
}

static const char *
read_text(struct column column, struct str *ret)
{
	if (UNLIKELY(column.type != SQLITE_TEXT))
		return "not a text";
	*ret = bytes_of(column);
	return NULL;
}

static const char *
read_bytes(struct column column, struct str *ret)
{
	if (UNLIKELY(column.type != SQLITE_BLOB))
		return "not bytes";
	*ret = bytes_of(column);
	return NULL;
}

static const char *
read_uuid(struct column column, struct uuid *ret)
{
	struct str bytes;

	if (UNLIKELY(column.type != SQLITE_BLOB))
		return "not bytes";
	bytes = bytes_of(column);
	if (UNLIKELY(bytes.len != sizeof(ret->bytes)))
		return "not the 16 bytes of a UUID";
	memcpy(ret->bytes, bytes.ptr, sizeof(ret->bytes));
	return NULL;
}

static const char *
read_real(struct column column, double *ret)
{
	/* A sum of integers is one. */
	if (UNLIKELY(column.type != SQLITE_FLOAT && column.type != SQLITE_INTEGER))
		return "not a number";
	*ret = sqlite3_value_double(column.value);
	return NULL;
}

static const char *
read_value(struct column column, struct value *ret)
{
	if (column.type == SQLITE_NULL) {
		*ret = (struct value){ .is_null = true };
		return NULL;
	}
	ret->is_null = false;
	switch (column.wanted) {
	case DB_BOOL:
	case DB_I32:
	case DB_I64:
	case DB_TIME:
	case DB_RATE:
		return read_integer(column, ret);
	case DB_F64:
		return read_real(column, &ret->f64);
	case DB_TEXT:
	case DB_JSON:
		return read_text(column, &ret->text);
	case DB_BYTES:
		return read_bytes(column, &ret->text);
	case DB_UUID:
		return read_uuid(column, &ret->uuid);
	}
	return NULL;
}

struct err *
statement_row(struct ctx *ctx, const struct statement *statement, struct value *ret)
{
	const struct query *query = statement->query;

	for (int i = 0; i < query->column_count; i++) {
		sqlite3_value *value = sqlite3_column_value(statement->prepared, i);
		const char *wrong = read_value((struct column){ .value = value,
						       .type = sqlite3_value_type(value),
						       .wanted = query->column_types[i] },
			&ret[i]);

		if (UNLIKELY(wrong != NULL))
			return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
				"column %d of %s: %s", i + 1, query->name, wrong);
	}
	return NULL;
}
