/* Sessions on PostgreSQL: libpq's blocking calls. */
#include <libpq-fe.h>
#include <string.h>

#include "db/session.h"

enum {
	COLUMNS_MAX = 32,
	VERSION_17 = 170000, /* which has transaction_timeout */
};

/* Time limits that the database has are for programs: a migration takes as long as it
 * takes, and its lock idles meanwhile. */
static const char settings[] =
	"-c client_min_messages=warning -c statement_timeout=0 -c lock_timeout=5000 "
	"-c idle_session_timeout=0 -c idle_in_transaction_session_timeout=0";

static void
close_session(void *handle)
{
	PQfinish(handle);
}

/* Notices ("relation exists, skipping") are no news to an operator. */
static void
drop_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

static struct str
server_message(const PGconn *conn)
{
	return str_trim(str_from(PQerrorMessage(conn)));
}

/* The code for SQLSTATE; PostgreSQL's Appendix A. */
static enum err_code
code_of(const char *state)
{
	if (!state)
		return ERR_UNCERTAIN; /* the connection was lost */
	if (strcmp(state, "23505") == 0 || strcmp(state, "23503") == 0 ||
		strcmp(state, "23P01") == 0)
		return ERR_CONFLICT;
	if (strcmp(state, "55P03") == 0 || strcmp(state, "40P01") == 0 ||
		strcmp(state, "40001") == 0)
		return ERR_BUSY;
	if (strcmp(state, "42501") == 0)
		return ERR_DENIED;
	if (strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0 ||
		strncmp(state, "42", 2) == 0 || strncmp(state, "25", 2) == 0 ||
		strncmp(state, "P0", 2) == 0)
		return ERR_INVALID;
	if (strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0)
		return ERR_UNCERTAIN;
	return ERR_INTERNAL;
}

static struct err *
result_err(struct ctx *ctx, const PGconn *conn, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	struct str message = primary ? str_from(primary) : server_message(conn);
	struct err *err = err_new(ctx, code_of(state), STR_FMT, STR_ARG(message));

	if (detail)
		err = err_note(err, "%s", detail);
	if (hint)
		err = err_note(err, "%s", hint);
	return state ? err_note(err, "SQLSTATE %s", state) : err;
}

static struct err *
give_rows(struct ctx *ctx, const PGresult *result, session_row_fn row, void *arg)
{
	struct str columns[COLUMNS_MAX];
	int count = PQnfields(result);

	if (count > COLUMNS_MAX)
		return err_new(
			ctx, ERR_INTERNAL, "a session's query has %d columns", count);
	for (int i = 0; i < PQntuples(result); i++) {
		for (int column = 0; column < count; column++)
			columns[column] = PQgetisnull(result, i, column)
				? STR_NONE
				: (struct str){ .ptr = PQgetvalue(result, i, column),
					  .len = (size_t)PQgetlength(result, i, column) };
		TRY(row(arg, columns, (size_t)count));
	}
	return NULL;
}

static struct err *
run(struct ctx *ctx, void *handle, struct str sql, session_row_fn row, void *arg)
{
	const char *text = str_cstr(ctx->arena, sql);
	PGresult *result;
	ExecStatusType status;
	struct err *err = NULL;

	if (!text)
		return err_no_memory();
	result = PQexec(handle, text);
	status = PQresultStatus(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
		status != PGRES_EMPTY_QUERY)
		err = result_err(ctx, handle, result);
	/* A COMMIT of a failed transaction "succeeds" as a ROLLBACK. */
	else if (strcmp(PQcmdStatus(result), "ROLLBACK") == 0 &&
		str_eq_nocase(str_trim(sql), STR("commit")))
		err = err_new(ctx, ERR_CONFLICT, "the transaction was rolled back");
	else if (row && status == PGRES_TUPLES_OK)
		err = give_rows(ctx, result, row, arg);
	PQclear(result);
	return err;
}

static struct err *
open_session(struct ctx *ctx, struct str url, void **ret)
{
	const char *text = str_cstr(ctx->arena, url);
	/* expand_dbname: the value of dbname is the address. */
	const char *const keys[] = { "dbname", "fallback_application_name",
		"connect_timeout", "options", NULL };
	const char *const values[] = { text, "gridiron migrate", "10", settings, NULL };
	PGconn *conn;
	struct err *err;

	if (!text)
		return err_no_memory();
	conn = PQconnectdbParams(keys, values, 1);
	if (PQstatus(conn) != CONNECTION_OK) {
		err = err_new(ctx, ERR_BUSY, "cannot connect to the database: " STR_FMT,
			STR_ARG(server_message(conn)));
		PQfinish(conn);
		return err;
	}
	PQsetNoticeReceiver(conn, drop_notice, NULL);
	/* Older servers would refuse the connection for a setting that they do not
	 * know. */
	if (PQserverVersion(conn) >= VERSION_17) {
		err = run(ctx, conn, STR("SET transaction_timeout = 0"), NULL, NULL);
		if (err) {
			PQfinish(conn);
			return err;
		}
	}
	*ret = conn;
	return NULL;
}

const struct session_driver session_postgres = {
	.dialect = DIALECT_POSTGRES,
	.open = open_session,
	.close = close_session,
	.run = run,
};
