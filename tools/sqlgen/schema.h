/* What sql/migrations says: the statements of each migration, and whose each table is. */
#ifndef SQLGEN_SCHEMA_H
#define SQLGEN_SCHEMA_H

#include "sqlgen/lexer.h"
#include "sqlgen/types.h"

struct script {
	VEC_OF(struct str)
};

struct migration_file {
	struct file file;
	int32_t number;
	struct str name;
	struct str description;
	struct str why_not_transactional; /* absent: transactional */
	bool has_up;
	bool has_down;
	struct script up[DIALECTS];
	struct script down[DIALECTS];
	struct script foreign_keys; /* of up's tables, for PostgreSQL: they come last */
};

struct table {
	struct str name;
	bool is_user_owned;
	struct str owner_column; /* of a user-owned one: user_id, or id of users itself */
};

/* What a value of a type must satisfy on one engine; % stands for the column. */
struct type_check {
	struct str type;
	int dialect;
	struct str condition;
};

struct schema {
	struct arena *arena;
	const struct types *types;
	struct faults *faults;
	struct {
		VEC_OF(struct type_check)
	} checks;
	struct {
		VEC_OF(struct migration_file)
	} migrations;
	struct {
		VEC_OF(struct table)
	} tables; /* those that stand after all migrations, by name */
};

/* Read migrations/NNNN_name.sql and checks.txt (where there is one) of FOLDER; what is
 * wrong goes to FAULTS. */
struct err *schema_read(struct arena *arena, struct str folder, const struct types *types,
	struct faults *faults, struct schema *ret) MUST_USE;
/* Read one migration into SCHEMA. */
struct err *schema_read_file(struct schema *schema, struct file file) MUST_USE;
/* NULL where there is none. */
const struct table *schema_find(const struct schema *schema, struct str name);
/* Write it as the C table of db/migration_data.h. */
void schema_emit(const struct schema *schema, struct buf *out);

/* A statement of a migration, as its tokens; the rest is for the files of this reader. */
struct statement {
	struct place at;
	const struct token *tokens;
	size_t count;
	struct str residency; /* what its directive said, or absent */
};

/* Steps through a statement. */
bool statement_take(const struct statement *statement, size_t *at, const char *word);
/* The name at AT, without the schema it may be qualified by. */
struct str statement_take_name(const struct statement *statement, size_t *at);
/* The place of the first token behind CREATE TABLE and IF NOT EXISTS, or 0. */
size_t statement_create_table(const struct statement *statement);

/* Note what a statement of an `up` makes, drops or renames; false: no memory. */
bool schema_follow(struct schema *schema, const struct statement *statement) MUST_USE;

/* The text of STATEMENT for DIALECT: types in place of placeholders, and in CREATE TABLE
 * the checks of the types, and STRICT for SQLite. In CREATE TABLE for PostgreSQL named
 * foreign keys are left out; statement_take_foreign_keys has them. */
void statement_write(const struct schema *schema, const struct statement *statement,
	int dialect, struct buf *out);
/* Add the named foreign keys of a CREATE TABLE to RET, each as the ALTER TABLE that makes
 * it; false: no memory. Tables must be distributed before foreign keys bind them. */
bool statement_take_foreign_keys(struct arena *arena, const struct statement *statement,
	struct script *ret) MUST_USE;
struct err *checks_read(struct schema *schema, struct str path) MUST_USE;

#endif
