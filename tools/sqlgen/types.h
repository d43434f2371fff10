/* The types of the SQL language: sql/types.txt, and the ids of src/base/id.h. */
#ifndef SQLGEN_TYPES_H
#define SQLGEN_TYPES_H

#include "base/vec.h"
#include "sqlgen/fault.h"
#include "sqlgen/file.h"

/* The engines in the order of enum dialect in db/query.h. */
enum { POSTGRES, SQLITE, DIALECTS };
extern const char *const dialect_names[DIALECTS];

struct sql_type {
	struct str name;
	struct str c_type;     /* "-": only for columns of migrations */
	struct str c_opt_type; /* where it may be NULL */
	struct str kind;       /* "i32", of DB_I32 */
	struct str engine[DIALECTS];
	bool is_id; /* a struct around a uuid */
};

struct types {
	VEC_OF(struct sql_type)
};

/* The next word of LINE, taken off it; absent at its end. */
struct str take_word(struct str *line);

/* Read both files; what is wrong in them goes to FAULTS. */
struct err *types_read(struct arena *arena, struct str types_path, struct str ids_path,
	struct faults *faults, struct types *ret) MUST_USE;
/* NULL where there is none. */
const struct sql_type *types_find(const struct types *types, struct str name);
/* The name nearest to NAME, for "did you mean". */
struct str types_nearest(const struct types *types, struct str name);

#endif
