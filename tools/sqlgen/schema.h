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
};

struct table {
	struct str name;
	bool is_user_owned;
};

struct schema {
	struct arena *arena;
	const struct types *types;
	struct faults *faults;
	struct {
		VEC_OF(struct migration_file)
	} migrations;
	struct {
		VEC_OF(struct table)
	} tables; /* those that stand after all migrations, by name */
};

/* Read every NNNN_name.sql of FOLDER; what is wrong goes to FAULTS. */
struct err *schema_read(struct arena *arena, struct str folder, const struct types *types,
	struct faults *faults, struct schema *ret) MUST_USE;
/* NULL where there is none. */
const struct table *schema_find(const struct schema *schema, struct str name);
/* Write it as the C table of db/migration_data.h. */
void schema_emit(const struct schema *schema, struct buf *out);

/* Follow a statement of an `up`, given as its tokens, that makes, drops or renames a
 * table. RESIDENCY: what its directive said, or absent. */
struct statement {
	struct place at;
	const struct token *tokens;
	size_t count;
	struct str residency;
};
bool schema_follow(struct schema *schema, const struct statement *statement) MUST_USE;

#endif
