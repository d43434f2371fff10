/*
 * What sql/queries says: rows and queries. Read by query_parse.c, checked by
 * query_check.c, columns.c and owner.c, written as C by emit_header.c and emit_source.c.
 */
#ifndef SQLGEN_QUERY_H
#define SQLGEN_QUERY_H

#include "sqlgen/schema.h"

struct column {
	struct str name;
	const struct sql_type *type;
	bool is_nullable;
};

struct columns {
	VEC_OF(struct column)
};

/* A struct of C that rows are read into. */
struct row {
	struct place at;
	struct str name;
	struct columns columns;
};

enum shape {
	SHAPE_ONE,
	SHAPE_OPT,
	SHAPE_MANY,
	SHAPE_VISIT,
	SHAPE_EACH,
	SHAPE_EXEC,
	SHAPE_ROWS,
	SHAPE_BATCH,
	SHAPE_COUNT
};
extern const char *const shape_names[SHAPE_COUNT];

/* For whom a query runs: `as:`. */
enum audience { AUDIENCE_MISSING, AUDIENCE_ACTOR, AUDIENCE_SYSTEM, AUDIENCE_ANYONE };

struct tokens {
	VEC_OF(struct token)
};

struct query {
	struct place at;
	struct str name;
	enum shape shape;
	struct str row_name; /* absent: none */
	struct columns args;
	struct {
		VEC_OF(struct str)
	} doc; /* line by line */
	enum audience audience;
	bool is_batch_pool;
	bool allows_replica;
	bool allows_scan;
	bool is_copied;    /* `bulk: copy` */
	struct str absent; /* message of :one without a row; absent: "no such <row>" */
	/* The statement for each engine, without comments and semicolon; both are the
	 * same tokens unless `-- for:` told them apart. */
	struct tokens sql[DIALECTS];
	bool has_variants;
	/* Found by query_check. */
	const struct row *row;
	size_t new_ids; /* how many {{new id}} */
	bool is_write;
};

struct query_file {
	struct file file;
	struct str folder;
	struct {
		VEC_OF(struct row)
	} rows;
	struct {
		VEC_OF(struct query)
	} queries;
};

struct program {
	struct arena *arena;
	const struct types *types;
	const struct schema *schema;
	struct faults *faults;
	/* Leave out what holds `as: actor` queries to the actor: for the test that row
	 * security holds them alone. */
	bool is_unguarded;
	struct {
		VEC_OF(struct query_file)
	} files;
};

/* Read FILE into PROGRAM; what is wrong goes to its faults. */
struct err *query_parse(struct program *program, struct file file) MUST_USE;

/* Check all files of PROGRAM, and fill in what the parser could not know. */
struct err *query_check(struct program *program) MUST_USE;
/* Whether the columns that QUERY yields are those of its row, on every engine. */
void check_columns(const struct program *program, const struct query *query, int dialect);
/* Whether QUERY keeps to the rows of those whom `as:` names. */
struct err *check_owner(
	const struct program *program, const struct query *query, int dialect) MUST_USE;

/* --- What the checks ask of a query --- */

/* The file of a query, or row, is told by its place. */
const struct row *program_find_row(
	const struct program *program, const struct query_file *file, struct str name);
/* The number of the argument NAME, from 1; 0: none. */
size_t query_arg(const struct query *query, struct str name);
bool token_is_any(struct token token, const char *const *words, size_t count);
/* Where the first token WORD outside all brackets stands, or count. */
size_t tokens_find(const struct tokens *tokens, const char *word);

/* --- C --- */

/* Whether the arguments are passed in a struct named as the query. */
bool query_takes_struct(const struct query *query);
void emit_header(
	const struct query_file *file, const struct program *program, struct buf *out);
void emit_source(
	const struct query_file *file, const struct program *program, struct buf *out);
void emit_registry(const struct program *program, struct buf *out);
/* The prototype of QUERY's function, without semicolon. */
void put_prototype(struct buf *out, const struct query *query);
/* The type of COLUMN in C. */
struct str column_c_type(const struct column *column);

#endif
