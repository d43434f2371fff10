/* PostgreSQL's binary form of values, and what its errors mean to us. */
#ifndef DB_DB_POSTGRES_VALUE_H
#define DB_DB_POSTGRES_VALUE_H

#include <libpq-fe.h>

#include "db/query.h"

/* The arguments of one execution as libpq takes them. */
struct pg_params {
	int count;
	const char *values[QUERY_PARAMS_MAX];
	int lengths[QUERY_PARAMS_MAX];
	unsigned char storage[QUERY_PARAMS_MAX][16];
	char text[40]; /* of one that is formatted for it */
};

/* The arguments of QUERY in binary. Texts are pointed to, JSON is copied into CTX. */
struct err *pg_params_encode(struct ctx *ctx, const struct query *query,
	const struct value *values, struct pg_params *ret) MUST_USE;

/* The types that arguments are sent as, by enum db_type. */
extern const Oid pg_type_oids[];
/* The name of a type, as PREPARE takes it. */
const char *pg_type_name(enum db_type type);
/* The type that values of OID are read as; false where they cannot be. */
bool pg_type_of_oid(Oid oid, enum db_type *ret) MUST_USE;

/* Read BYTES, which the server says is an OID, as TYPE. False where it is not that. */
bool pg_decode(enum db_type type, Oid oid, struct str bytes, struct value *ret) MUST_USE;
/* The error of a COLUMN (from 0) of QUERY that comes as an OID. */
struct err *pg_column_err(
	struct ctx *ctx, const struct query *query, size_t column, Oid oid) MUST_USE;

/* Give each row of RESULT to SINK. INTERNAL where the columns are not those declared. */
struct err *pg_rows(struct ctx *ctx, const struct query *query, const PGresult *result,
	struct row_sink sink) MUST_USE;
/* Rows written; 0 for a query that only reads. */
int64_t pg_affected(const struct query *query, PGresult *result);

/* --- Errors: db_postgres_error.c */

/* The words of an error or a notice; texts that it lacks are empty. */
struct pg_words {
	struct str state;    /* SQLSTATE, five characters; "": an error of libpq's own */
	struct str severity; /* ERROR, FATAL, WARNING …, in English */
	struct str message;
	struct str constraint;
};
/* Of a result, which may be NULL, and of the body of an error's or a notice's message. */
struct pg_words pg_words_of(const PGresult *result);
struct pg_words pg_words_parse(struct str body);

/* The error that they are. QUERY may be NULL. */
struct err *pg_words_err(struct ctx *ctx, const struct query *query,
	const struct pg_words *words) MUST_USE;
struct err *pg_result_err(
	struct ctx *ctx, const struct query *query, const PGresult *result) MUST_USE;

/* What to do about it. */
enum pg_remedy {
	PG_REMEDY_NONE,
	PG_REMEDY_RETRY,     /* run the whole transaction again */
	PG_REMEDY_PREPARE,   /* the prepared statement is unknown or out of date */
	PG_REMEDY_RECONNECT, /* the connection is of no use: lost, shut down, no primary
			      */
};
enum pg_remedy pg_words_remedy(const struct pg_words *words);
enum pg_remedy pg_remedy_of(const PGresult *result);

#endif
