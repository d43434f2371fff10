/* What the checks of owner.c and owner_write.c share. */
#ifndef SQLGEN_OWNER_H
#define SQLGEN_OWNER_H

#include "sqlgen/query.h"

enum {
	NO_REF = -1,
	BINDS_NONE = -2,
};

/* A table that users own, where a statement names it. */
struct ref {
	const struct table *table;
	struct str alias;
	size_t scope;
	struct token token;
	bool is_insert;
	bool is_bound; /* held to the actor */
};

/* An equality that every row of its SELECT must meet. */
struct equality {
	struct token left[3]; /* the qualifier, a full stop, the column; or only [2] */
	struct token right[3];
	size_t scope;
	int only; /* the ref it may bind, being in the ON of its outer join; NO_REF: any;
		     BINDS_NONE */
};

/* A SELECT, or other statement, and the one it stands in. */
struct scope {
	size_t outer;
};

struct owner {
	const struct program *program;
	const struct query *query;
	const struct tokens *tokens;
	struct {
		VEC_OF(struct ref)
	} refs;
	struct {
		VEC_OF(struct equality)
	} equalities;
	struct {
		VEC_OF(struct scope)
	} scopes;
	bool has_no_memory;
};

/* Whether the token at INDEX is WORD. */
bool owner_is(const struct owner *owner, size_t index, const char *word);
struct place owner_place(const struct owner *owner, struct token token);
/* The bracket that closes the one at INDEX, or the end. */
size_t owner_closing(const struct owner *owner, size_t index);

/* Whether the INSERT whose table's name stands at INDEX writes the actor's rows only. */
void owner_check_insert(struct owner *owner, const struct ref *ref, size_t index);
/* Whether an UPDATE, whose SET stands at INDEX, leaves a row its owner. */
void owner_check_set(struct owner *owner, size_t index);
/* Whether ON CONFLICT … DO UPDATE of the INSERT of REF can touch only the actor's row by
 * its target; else a condition must say so. */
bool owner_conflict_is_safe(const struct owner *owner, const struct ref *ref);

#endif
