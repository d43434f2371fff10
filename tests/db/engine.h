/*
 * Tests of the database that run on whichever engine the environment names:
 * GRIDIRON_TEST_ENGINE=sqlite (the default) or postgres, whose server is that of
 * GRIDIRON_TEST_POSTGRES. Each test runs in a fiber, on a database with the tables of
 * tests/db/schema.c and nothing in them.
 */
#ifndef TESTS_DB_ENGINE_H
#define TESTS_DB_ENGINE_H

#include "base/vec.h"
#include "db/db.h"
#include "tests/tap.h"

typedef void (*engine_fn)(struct ctx *ctx);
void engine_run(engine_fn fn);

/* The engine of this run. */
enum dialect engine_dialect(void);
/* The URL of the open database, to open it a second time. */
struct str engine_url(void);

#define DB_TEST(name)                               \
	static void name##_on_engine(struct ctx *); \
	TEST(name)                                  \
	{                                           \
		engine_run(name##_on_engine);       \
	}                                           \
	static void name##_on_engine(struct ctx *ctx UNUSED)

/* The tables, for each engine. */
extern const struct str schema_texts[DIALECT_COUNT];

/* --- Queries by hand ---------------------------------------------------------------- */

#define TYPES(...) __VA_ARGS__
#define TYPES_ARRAY(...)       \
	(const enum db_type[]) \
	{                      \
		__VA_ARGS__    \
	}
#define TYPES_COUNT(...) (sizeof((enum db_type[]){ __VA_ARGS__ }) / sizeof(enum db_type))

/* PG has $1 for arguments, LITE ?1. */
#define QUERY_ON_BOTH(ident, writes, pg, lite, params, columns)                  \
	static struct query_stats ident##_stats;                                 \
	static const struct query ident = { .name = #ident,                      \
		.file = __FILE__,                                                \
		.sql = { [DIALECT_POSTGRES] = (pg), [DIALECT_SQLITE] = (lite) }, \
		.shape = (writes) ? QUERY_ROWS : QUERY_MANY,                     \
		.is_write = (writes),                                            \
		.param_count = TYPES_COUNT(params),                              \
		.column_count = TYPES_COUNT(columns),                            \
		.param_types = TYPES_ARRAY(params),                              \
		.column_types = TYPES_ARRAY(columns),                            \
		.column_nullable = all_nullable,                                 \
		.stats = &ident##_stats }
#define READ_ON_BOTH(ident, pg, lite, params, columns) \
	QUERY_ON_BOTH(ident, false, pg, lite, TYPES(params), TYPES(columns))
#define WRITE_ON_BOTH(ident, pg, lite, params, columns) \
	QUERY_ON_BOTH(ident, true, pg, lite, TYPES(params), TYPES(columns))

extern const bool all_nullable[QUERY_COLUMNS_MAX];

#define V_NULL      ((struct value){ .is_null = true })
#define V_BOOL(x)   ((struct value){ .boolean = (x) })
#define V_I64(x)    ((struct value){ .i64 = (x) })
#define V_F64(x)    ((struct value){ .f64 = (x) })
#define V_STR(x)    ((struct value){ .text = (x) })
#define V_TEXT(x)   V_STR(STR(x))
#define V_UUID(x)   ((struct value){ .uuid = uuid_of(x) })
#define VALUES(...) ((const struct value[]){ __VA_ARGS__ })
#define VALUES_NONE ((const struct value *)NULL)

/* A UUID that NUMBER decides. */
struct uuid uuid_of(int64_t number);

/* Rows read, kept in the arena of the context. */
struct rows {
	struct ctx *ctx;
	const struct query *query;
	VEC_OF(const struct value *)
};

/* Run QUERY, which reads, for its rows. */
struct err *rows_read(struct tx *tx, const struct query *query,
	const struct value *params, struct rows *ret) MUST_USE;
/* Run QUERY for its effect. */
struct err *
rows_write(struct tx *tx, const struct query *query, const struct value *params) MUST_USE;
/* The same two, by themselves. */
struct err *auto_read(struct ctx *ctx, const struct query *query,
	const struct value *params, struct rows *ret) MUST_USE;
struct err *auto_write(
	struct ctx *ctx, const struct query *query, const struct value *params) MUST_USE;
/* The integer of the only row and column. */
struct err *auto_i64(struct ctx *ctx, const struct query *query,
	const struct value *params, int64_t *ret) MUST_USE;

/* --- Fibers ------------------------------------------------------------------------- */

/* Run FN(ARGS[i]) in fibers of their own, COUNT at once, and wait for all. SIZE is that
 * of one element of ARGS. */
void at_once(void (*fn)(void *), void *args, size_t count, size_t size);

/* A context of its own for a fiber: arena, and a deadline DEADLINE_MS from now. */
struct own_ctx {
	struct arena arena;
	struct ctx ctx;
};
void own_ctx_init(struct own_ctx *own, const struct ctx *like, int64_t deadline_ms);
void own_ctx_release(struct own_ctx *own);

#endif
