#include "db/db_postgres_statements.h"

/* Queries are constants, so their address names them. */
size_t
pg_statement_place(struct pg_statements *statements, const struct query *query)
{
	size_t at = (size_t)((uintptr_t)query / sizeof(void *) *
			UINT64_C(11400714819323198485) >>
		32);

	for (;; at++) {
		at &= PG_STATEMENTS_MAX - 1;
		if (statements->queries[at] == query)
			return at;
		if (!statements->queries[at])
			break;
	}
	if (statements->count >= PG_STATEMENTS_MAX / 4 * 3)
		return PG_STATEMENTS_MAX;
	statements->queries[at] = query;
	statements->count++;

	return at;
}

void
pg_statement_forget(struct pg_statements *statements, const struct query *query)
{
	size_t at = pg_statement_place(statements, query);

	if (at == PG_STATEMENTS_MAX || !statements->is_prepared[at])
		return;
	statements->is_prepared[at] = false;
	statements->generations[at]++;
}

/* "q" and the place and generation in hexadecimal; "" for one without a place. */
void
pg_statement_name(const struct pg_statements *statements, size_t at, char *ret)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t number;

	if (at == PG_STATEMENTS_MAX) {
		*ret = '\0';
		return;
	}
	number = (uint32_t)at << 16 | statements->generations[at];
	*ret++ = 'q';
	for (int shift = 28; shift >= 0; shift -= 4)
		*ret++ = digits[number >> shift & 15];
	*ret = '\0';
}
