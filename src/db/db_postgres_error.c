#include <string.h>

#include "db/db_postgres_value.h"

#define UNDEFINED_TABLE "42P01"

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
	{ "25P04", ERR_TIMEOUT, PG_REMEDY_RECONNECT, "the transaction took too long" },
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
condition_of(struct str state)
{
	/* An error without a state is libpq's own: the connection is gone. */
	if (state.len == 0)
		return &lost;
	for (size_t i = 0; i < COUNT_OF(conditions); i++)
		if (str_starts_with(state, str_from(conditions[i].state)))
			return &conditions[i];

	return &other;
}

/* --- Words -------------------------------------------------------------------------- */

static const char *
field_of(const PGresult *result, int field)
{
	const char *text = result ? PQresultErrorField(result, field) : NULL;

	return text ? text : "";
}

struct pg_words
pg_words_of(const PGresult *result)
{
	return (struct pg_words){
		.state = str_from(field_of(result, PG_DIAG_SQLSTATE)),
		.severity = str_from(field_of(result, PG_DIAG_SEVERITY_NONLOCALIZED)),
		.message = str_from(field_of(result, PG_DIAG_MESSAGE_PRIMARY)),
		.constraint = str_from(field_of(result, PG_DIAG_CONSTRAINT_NAME)),
	};
}

/* Fields, each a letter and a text ended by NUL; the letters are those of PG_DIAG_…. */
struct pg_words
pg_words_parse(struct str body)
{
	struct pg_words words = { .state = STR(""),
		.severity = STR(""),
		.message = STR(""),
		.constraint = STR("") };
	size_t at = 0;

	while (at + 1 < body.len && body.ptr[at] != '\0') {
		char letter = body.ptr[at++];
		struct str text = { .ptr = body.ptr + at,
			.len = strnlen(body.ptr + at, body.len - at) };

		if (letter == PG_DIAG_SQLSTATE)
			words.state = text;
		else if (letter == PG_DIAG_SEVERITY_NONLOCALIZED)
			words.severity = text;
		else if (letter == PG_DIAG_MESSAGE_PRIMARY)
			words.message = text;
		else if (letter == PG_DIAG_CONSTRAINT_NAME)
			words.constraint = text;
		at += text.len + 1;
	}
	return words;
}

/* --- What they mean ----------------------------------------------------------------- */

struct err *
pg_words_err(struct ctx *ctx, const struct query *query, const struct pg_words *words)
{
	const struct condition *condition = condition_of(words->state);
	struct err *err = err_new(ctx, condition->code, "%s", condition->message);

	err->lacks_schema = str_eq(words->state, STR(UNDEFINED_TABLE));
	/* Not the detail, which quotes the values. */
	err = err_note(err, STR_FMT ": " STR_FMT, STR_ARG(words->state),
		STR_ARG(words->message));
	if (words->constraint.len > 0)
		err = err_note(err, "constraint " STR_FMT, STR_ARG(words->constraint));
	if (query)
		err = err_note(err, "query %s (%s)", query->name,
			query->file ? query->file : "built in");

	return err;
}

struct err *
pg_result_err(struct ctx *ctx, const struct query *query, const PGresult *result)
{
	struct pg_words words = pg_words_of(result);

	return pg_words_err(ctx, query, &words);
}

enum pg_remedy
pg_words_remedy(const struct pg_words *words)
{
	if (str_eq(words->severity, STR("FATAL")) ||
		str_eq(words->severity, STR("PANIC")))
		return PG_REMEDY_RECONNECT;

	return condition_of(words->state)->remedy;
}

enum pg_remedy
pg_remedy_of(const PGresult *result)
{
	struct pg_words words = pg_words_of(result);

	return pg_words_remedy(&words);
}
