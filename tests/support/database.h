/*
 * A database with the program's schema and nothing in it, on either engine: for tests of
 * what stands on the queries.
 */
#ifndef TESTS_SUPPORT_DATABASE_H
#define TESTS_SUPPORT_DATABASE_H

#include "db/db.h"
#include "tests/tap.h"

typedef void (*database_fn)(struct ctx *ctx);

/* Run FN in a fiber, ctx->db open. On PostgreSQL the test is skipped where there is no
 * server (tests/with-servers). */
void database_run(enum dialect engine, database_fn fn);

/* The URL of the database that FN has now: for another process that opens it too. */
struct str database_url(void);

/* The same database as the server opens it: on PostgreSQL under the role that row security
 * holds. Give it back by database_close_as_app. */
struct err *database_open_as_app(struct ctx *ctx, struct db **ret) MUST_USE;
void database_close_as_app(struct ctx *ctx, struct db *db);

/* A claim about both engines, each a test of its own. */
#define BOTH_ENGINES(name)                                   \
	static void name##_body(struct ctx *ctx);            \
	TEST(name##_sqlite)                                  \
	{                                                    \
		database_run(DIALECT_SQLITE, name##_body);   \
	}                                                    \
	TEST(name##_postgres)                                \
	{                                                    \
		database_run(DIALECT_POSTGRES, name##_body); \
	}                                                    \
	static void name##_body(struct ctx *ctx)

/* Every row of SQL, which is the same for both engines, columns separated by | and rows
 * ended by a line feed; COLUMNS says how each is shown: i64, f64, text. For comparing
 * what the engines hold. */
struct err *database_dump(struct ctx *ctx, const char *sql, const enum db_type *columns,
	size_t column_count, struct str *ret) MUST_USE;

/* The one value of SQL; -1, or "failed", where that cannot be run. */
int64_t database_number(struct ctx *ctx, const char *sql);
struct str database_text(struct ctx *ctx, const char *sql);
/* Statements that yield nothing. */
struct err *database_sql(struct ctx *ctx, struct str sql) MUST_USE;

#endif
