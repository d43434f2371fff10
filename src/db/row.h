/*
 * Between the generated q_<name> functions and query.h: C values into arguments, rows
 * into structs. Only generated code includes it.
 *
 * What every query is held to, on both engines alike: an argument that is not declared
 * `type?` is there (INTERNAL else: an id that is nil, a text without pointer); :actor is
 * the user whom ctx->actor names (INTERNAL else); a column that is not declared `type?`
 * is not NULL and a 32-bit one fits (INTERNAL, naming query and column).
 */
#ifndef DB_ROW_H
#define DB_ROW_H

#include "db/db.h"

/*
 * Fill the struct RET from COLUMNS. Texts are copied into ARENA, or where it is NULL
 * borrowed from the driver. False: the arena is full.
 */
typedef bool (*row_decode_fn)(
	struct arena *arena, const struct value *columns, void *ret);

struct row_type {
	size_t size;
	row_decode_fn decode;
};

/* One row exactly: NOT_FOUND with the message ABSENT where there is none. INTERNAL where
 * there are more. RET may be written to on failure. */
struct err *row_one(struct tx *tx, const struct query *query, const struct value *params,
	const struct row_type *type, const char *absent, void *ret) MUST_USE;
/* One row or none. */
struct err *row_opt(struct tx *tx, const struct query *query, const struct value *params,
	const struct row_type *type, void *ret, bool *ret_found) MUST_USE;

/* All rows, in an array in the arena of tx->ctx; items is NULL where there are none. */
struct row_list {
	void *items;
	size_t count;
	size_t capacity;
};
struct err *row_many(struct tx *tx, const struct query *query, const struct value *params,
	const struct row_type *type, struct row_list *ret) MUST_USE;

/* Row after row; an error of FN ends the query and is returned. The row and its texts
 * last until FN returns. */
typedef struct err *(*row_each_fn)(void *arg, const void *row);
struct err *row_each(struct tx *tx, const struct query *query, const struct value *params,
	const struct row_type *type, row_each_fn fn, void *arg) MUST_USE;

/* No rows; ret_affected may be NULL. */
struct err *row_none(struct tx *tx, const struct query *query, const struct value *params,
	int64_t *ret_affected) MUST_USE;

/* COUNT structs of SIZE bytes, each one set of arguments. */
struct row_sets {
	const void *items;
	size_t count;
	size_t size;
	void (*encode)(struct tx *tx, const void *set, struct value *params);
};
struct err *row_batch(struct tx *tx, const struct query *query,
	const struct row_sets *sets, int64_t *ret_affected) MUST_USE;

static inline struct value
value_bool(bool boolean)
{
	return (struct value){ .boolean = boolean };
}

static inline struct value
value_i64(int64_t i64)
{
	return (struct value){ .i64 = i64 };
}

static inline struct value
value_f64(double f64)
{
	return (struct value){ .f64 = f64 };
}

static inline struct value
value_text(struct str text)
{
	return (struct value){ .is_null = str_is_none(text), .text = text };
}

/* Of an id, or a uuid that may be absent: nil is NULL. */
static inline struct value
value_id(struct uuid uuid)
{
	return (struct value){ .is_null = uuid_is_nil(uuid), .uuid = uuid };
}

/* Of a uuid that is there: nil is the least of all. */
static inline struct value
value_uuid(struct uuid uuid)
{
	return (struct value){ .uuid = uuid };
}

/* A value that may be absent, from a struct of base/opt.h. */
#define VALUE_OPT(make, opt) \
	((opt).is_set ? make((opt).value) : (struct value){ .is_null = true })

/* COLUMN's text; NULL is absent. False: the arena is full. */
static inline bool MUST_USE
row_text(struct arena *arena, const struct value *column, struct str *ret)
{
	struct str text = column->is_null ? STR_NONE : column->text;

	if (text.len == 0) {
		*ret = column->is_null ? STR_NONE : STR("");
		return true;
	}
	if (arena) {
		char *copy = arena_alloc_text(arena, text.len);

		if (!copy)
			return false;
		text.ptr = memcpy(copy, text.ptr, text.len);
	}
	*ret = text;
	return true;
}

static inline struct uuid
row_uuid(const struct value *column)
{
	struct uuid nil = { { 0 } };

	return column->is_null ? nil : column->uuid;
}

#endif
