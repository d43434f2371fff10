/*
 * Rows that the schema accepts and refuses, written once for both engines.
 *
 * A row is `column=value; column=value`. Values are SQL literals that both engines take,
 * and: %N a UUID, TN a time N seconds after 1970, #N 32 bytes, RN a rate. @ stands for
 * the number of the row's variant, so that rows of one table differ in their keys.
 */
#ifndef TESTS_DB_SCHEMA_ROWS_H
#define TESTS_DB_SCHEMA_ROWS_H

#include "tests/db/scratch.h"

/* A row of TABLE that is accepted, in variants 1 to VARIANTS. */
struct good_row {
	const char *table;
	int variants;
	const char *columns;
};

/* In an order in which what is referred to comes first; ended by { 0 }. */
extern const struct good_row good_rows[];

/* CHECK or foreign key NAME refuses the table's good row with these columns instead. */
struct bad_row {
	const char *name;
	const char *columns;
};

/* One at least for each named CHECK but those of types; the test makes up rows for those,
 * and for keys and foreign keys that have none here. Ended by { 0 }. */
extern const struct bad_row bad_rows[];

const struct good_row *good_row_find(struct str table);
/* The value of COLUMN in COLUMNS, or absent. */
struct str row_value(const char *columns, struct str column);
/* The INSERT of ROW as VARIANT, with the columns of INSTEAD in place of its own. */
struct str row_insert(struct arena *arena, const struct good_row *row, int variant,
	const char *instead);
/* VALUE as a literal of the engine. */
struct str row_literal(struct arena *arena, struct str value, int variant);
/* Insert every good row. */
struct err *rows_fill(struct scratch *scratch, struct session *session) MUST_USE;

#endif
