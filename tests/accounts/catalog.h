/* What the schema says of itself: which columns hold what of whom, for tests that none is
 * forgotten. */
#ifndef TESTS_ACCOUNTS_CATALOG_H
#define TESTS_ACCOUNTS_CATALOG_H

#include "db/db.h"

struct column {
	struct str table;
	struct str name;
	bool is_text; /* or JSON: text to whoever looks */
	bool is_bytes;
};

struct catalog {
	struct column *columns; /* of all tables, in their order */
	size_t count;
};

struct err *catalog_read(struct ctx *ctx, struct catalog *ret) MUST_USE;
/* The column of TABLE that says whose a row is: "id" of users, "user_id" of others;
 * absent where its rows are nobody's. */
struct str catalog_owner(const struct catalog *catalog, struct str table);

/* Insert a row of every table, those that can have an owner owned by the user whose id is
 * 1, of which there are others as well (tests/db/schema_rows.c). */
struct err *catalog_fill(struct ctx *ctx, const struct catalog *catalog) MUST_USE;
struct user_id user_one(void);
/* "X'00…01'", for SQL. */
const char *user_one_literal(const struct ctx *ctx);

/* A column that a rule does not hold for, and why. Ended by { 0 }. */
struct exception {
	const char *table;
	const char *column; /* NULL: every one */
	const char *why;
};
bool
exception_find(const struct exception *exceptions, struct str table, struct str column);

#endif
