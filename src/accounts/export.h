/*
 * Everything held of a user, as JSON:
 *
 *     {"exported_at": "…", "users": [{"id": "…", "email": "…", …}],
 *      "user_sessions": [{…}, …], …}
 *
 * One member a table that holds rows of users, empty ones too, with the columns as
 * sql/queries/export.sql lists them. Left out are hashes of secrets and what is sealed:
 * neither says anything to anybody. What the audit log seals for the user is opened; what
 * it seals for another who did something to him is left out. Rows are read a page at a
 * time, so an export need not fit into memory, and shows each page as it was when it was
 * read.
 */
#ifndef ACCOUNTS_EXPORT_H
#define ACCOUNTS_EXPORT_H

#include "db/db.h"

/* Takes the export piece by piece; an error ends it and is returned. */
typedef struct err *(*export_write_fn)(void *arg, struct str piece);

/* Put on record that the actor's data are exported, behind what was said of him before:
 * that is in the chain then, or has waited for it for five seconds. Before the first
 * piece. */
struct err *export_begin(struct ctx *ctx) MUST_USE;
/* Write what is held of the actor. */
struct err *export_write(struct ctx *ctx, export_write_fn write, void *arg) MUST_USE;

/* The tables and their queries, for the test that none is forgotten. One table may have
 * several, one after another. */
struct export_table {
	struct str name;
	const struct query *query;
	bool is_audit;     /* parts of its rows are sealed */
	bool is_by_others; /* of entries of the audit log: the user is not who acted */
};
extern const struct export_table export_tables[];
extern const size_t export_table_count;

#endif
