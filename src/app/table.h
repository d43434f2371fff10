/* A small table for the terminal: aligned text for people, JSON for programs. */
#ifndef APP_TABLE_H
#define APP_TABLE_H

#include <stdio.h>

#include "base/buf.h"
#include "base/opt.h"
#include "base/str.h"
#include "base/vec.h"

struct table_column {
	const char *key;   /* in JSON */
	const char *title; /* for people */
};

/* One cell: shown to people, and as JSON. */
struct table_cell {
	struct str shown;
	struct str json;
	bool is_number; /* set to the right */
};

struct table {
	struct arena *arena;
	const struct table_column *columns;
	size_t column_count;
	struct {
		VEC_OF(struct table_cell)
	} cells;     /* row by row */
	bool is_cut; /* the arena is full: something is missing */
};

void table_init(struct table *table, struct arena *arena,
	const struct table_column *columns, size_t column_count);
#define TABLE_INIT(table, arena, columns) \
	table_init((table), (arena), (columns), COUNT_OF(columns))

/* The next cell, from left to right, row after row. Absent values are shown as "-". */
void table_put_text(struct table *table, struct str text);
void table_put_i64(struct table *table, int64_t value);
/* With exactly DECIMALS places for people. */
void table_put_fixed(struct table *table, double value, int decimals);
/* A fraction, shown in per cent with one decimal; the fraction itself in JSON. */
void table_put_share(struct table *table, double fraction);
/* The same of a chance: one that rounds to nothing or to all is not certain. */
void table_put_chance(struct table *table, double chance);
void table_put_none(struct table *table);

size_t table_row_count(const struct table *table);

void table_print_text(const struct table *table, FILE *file);
/* An array of objects, one a line. */
void table_print_json(const struct table *table, FILE *file);

#endif
