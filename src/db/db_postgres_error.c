#include <string.h>

#include "db/db_postgres_value.h"

/*
 * Conditions by their SQLSTATE: appendix A of PostgreSQL's manual. A prefix of two
 * characters is a whole class.
 */
static const struct condition {
	const char *state;
	enum err_code code;
	enum pg_remedy remedy;
	const char *message;
} conditions[] = {
	{ "23505", ERR_CONFLICT, PG_REMEDY_NONE, "this already exists" },
	{ "23P01", ERR_CONFLICT, PG_REMEDY_NONE, "this conflicts with what exists" },
	{ "23503", ERR_CONFLICT, PG_REMEDY_NONE,
		"something this refers to does not exist, or is still in use" },
	{ "23514", ERR_INVALID, PG_REMEDY_NONE, "a value is not allowed" },
	{ "23502", ERR_INVALID, PG_REMEDY_NONE, "a required value is missing" },
	{ "23", ERR_INVALID, PG_REMEDY_NONE, "a value is not allowed" },
	{ "22", ERR_INVALID, PG_REMEDY_NONE, "a value is not valid" },
	{ "42501", ERR_DENIED, PG_REMEDY_NONE, "you may not do this" },
	{ "40003", ERR_UNCERTAIN, PG_REMEDY_RECONNECT,
		"it is not known whether this was done" },
	{ "40", ERR_BUSY, PG_REMEDY_RETRY, "others changed the same data; try again" },
	{ "55P03", ERR_BUSY, PG_REMEDY_RETRY, "others hold the same data; try again" },
	{ "57014", ERR_TIMEOUT, PG_REMEDY_NONE, "the database took too long" },
	{ "25P03", ERR_TIMEOUT, PG_REMEDY_RECONNECT, "the transaction took too long" },
	{ "26000", ERR_INTERNAL, PG_REMEDY_PREPARE, "internal error" },
	{ "0A000", ERR_INTERNAL, PG_REMEDY_PREPARE, "internal error" },
	{ "25006", ERR_BUSY, PG_REMEDY_RECONNECT, "the database takes no writes now" },
	{ "57P", ERR_BUSY, PG_REMEDY_RECONNECT, "the database is restarting" },
	{ "08", ERR_BUSY, PG_REMEDY_RECONNECT,
		"the connection to the database was lost" },
	{ "53", ERR_BUSY, PG_REMEDY_NONE, "the database is out of resources" },
};
static const struct condition lost = { "", ERR_BUSY, PG_REMEDY_RECONNECT,
	"the connection to the database was lost" };
static const struct condition other = { "", ERR_INTERNAL, PG_REMEDY_NONE,
	"internal error" };

static const struct condition *
condition_of(const PGresult *result)
{
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;

	/* An error without a state is libpq's own: the connection is gone. */
	if (!state)
		return &lost;
	for (size_t i = 0; i < COUNT_OF(conditions); i++)
		if (strncmp(state, conditions[i].state, strlen(conditions[i].state)) == 0)
			return &conditions[i];

	return &other;
}

static const char *
field_of(const PGresult *result, int field)
{
	const char *text = result ? PQresultErrorField(result, field) : NULL;

	return text ? text : "";
}

struct err *
pg_result_err(struct ctx *ctx, const struct query *query, const PGresult *result)
{
	const struct condition *condition = condition_of(result);
	const char *constraint = field_of(result, PG_DIAG_CONSTRAINT_NAME);
	struct err *err = err_new(ctx, condition->code, "%s", condition->message);

	/* Not the detail, which quotes the values. */
	err = err_note(err, "%s: %s", field_of(result, PG_DIAG_SQLSTATE),
		field_of(result, PG_DIAG_MESSAGE_PRIMARY));
	if (*constraint)
		err = err_note(err, "constraint %s", constraint);
	if (query)
		err = err_note(err, "query %s (%s)", query->name,
			query->file ? query->file : "built in");

	return err;
}

enum pg_remedy
pg_remedy_of(const PGresult *result)
{
	const char *severity = field_of(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0)
		return PG_REMEDY_RECONNECT;

	return condition_of(result)->remedy;
}

const char *
pg_sqlstate(const PGresult *result)
{
	return field_of(result, PG_DIAG_SQLSTATE);
}
