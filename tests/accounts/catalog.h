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
	bool names_user;    /* refers to users, or is an address, which may be a user's */
	struct str planted; /* what catalog_plant put there; absent: nothing */
};

struct catalog {
	struct column *columns; /* of all tables, in their order */
	size_t count;
};

struct err *catalog_read(struct ctx *ctx, struct catalog *ret) MUST_USE;
/* The column of TABLE that says whose a row is: "id" of users, "user_id" of others, or
 * else the first that refers to users; absent where its rows are nobody's. */
struct str catalog_owner(const struct catalog *catalog, struct str table);

/* Insert a row of every table, those that can have an owner owned by the user whose id is
 * 1, of which there are others as well (tests/db/schema_rows.c). */
struct err *catalog_fill(struct ctx *ctx, const struct catalog *catalog) MUST_USE;
/* One more row of TABLE, the good one with INSTEAD (tests/db/schema_rows.h); its VARIANT is
 * another than of those that are there. */
struct err *catalog_insert(
	struct ctx *ctx, const char *table, int variant, const char *instead) MUST_USE;
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

/* Put a word and the column's name into each column of the rows of user_one that takes a
 * text, but for those in UNPLANTED: "planted", of those in KEPT "kept". RET: how many. */
struct err *
catalog_plant(struct ctx *ctx, struct catalog *catalog, const struct exception *unplanted,
	const struct exception *kept, int *ret) MUST_USE;

#endif
