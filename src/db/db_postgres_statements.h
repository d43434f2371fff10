/*
 * Which queries are prepared on a connection, and under which names. One that went stale
 * is prepared anew under the next generation's name: what is under way with the old name
 * is not disturbed.
 */
#ifndef DB_DB_POSTGRES_STATEMENTS_H
#define DB_DB_POSTGRES_STATEMENTS_H

#include "db/query.h"

enum {
	PG_STATEMENTS_MAX = 1024, /* a power of two */
	PG_STATEMENT_NAME_MAX = 16,
};

struct pg_statements {
	const struct query *queries[PG_STATEMENTS_MAX];
	uint16_t generations[PG_STATEMENTS_MAX];
	bool is_prepared[PG_STATEMENTS_MAX];
	size_t count;
};

/* The place of QUERY, a new one where it has none; PG_STATEMENTS_MAX when the table is
 * three quarters full. */
size_t pg_statement_place(struct pg_statements *statements, const struct query *query);
/* The name for the place AT, ended by NUL, at most PG_STATEMENT_NAME_MAX bytes; "" for
 * one without a place. */
void pg_statement_name(const struct pg_statements *statements, size_t at, char *ret);
/* QUERY is not prepared after all, or not any more. */
void pg_statement_forget(struct pg_statements *statements, const struct query *query);

#endif
