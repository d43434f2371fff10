/* What the server says of a query without running it. */
#include "base/buf.h"
#include "db/db_postgres.h"

enum {
	SQL_BYTES_MAX = 65536,
	PLAN_BYTES_MAX = 65536,
};

static struct err *
describe_types(struct ctx *ctx, const struct query *query, const PGresult *result,
	struct query_description *ret)
{
	int params = PQnparams(result), columns = PQnfields(result);

	if (params > QUERY_PARAMS_MAX || columns > QUERY_COLUMNS_MAX)
		return err_new(
			ctx, ERR_INTERNAL, "query %s has too many columns", query->name);
	ret->param_count = (size_t)params;
	ret->column_count = (size_t)columns;
	ret->is_typed = true;
	for (int i = 0; i < params; i++)
		if (!pg_type_of_oid(PQparamtype(result, i), &ret->param_types[i]))
			return err_new(ctx, ERR_INVALID,
				"query %s: argument %d is of a type that does not travel "
				"(oid %u); cast it",
				query->name, i + 1, PQparamtype(result, i));
	for (int i = 0; i < columns; i++)
		if (!pg_type_of_oid(PQftype(result, i), &ret->column_types[i]))
			return err_new(ctx, ERR_INVALID,
				"query %s: column %s is of a type that does not travel "
				"(oid %u); cast it",
				query->name, PQfname(result, i), PQftype(result, i));

	return NULL;
}

/* Let the server work out the types of the arguments; where it cannot, with those
 * declared. */
static struct err *
ask_types(struct ctx *ctx, struct pg_conn *conn, const struct query *query,
	bool with_declared, struct query_description *ret)
{
	Oid types[QUERY_PARAMS_MAX];
	struct pg_segment segment;
	struct err *err;

	for (size_t i = 0; i < query->param_count; i++)
		types[i] = with_declared ? pg_type_oids[query->param_types[i]] : 0;
	pg_segment_init(&segment);
	if (PQsendPrepare(conn->pq, "", query->sql[DIALECT_POSTGRES], query->param_count,
		    types) != 1 ||
		PQsendDescribePrepared(conn->pq, "") != 1)
		return pg_lost_err(ctx, conn, &segment);
	err = pg_exchange(ctx, conn, &segment, NULL, ctx->deadline);
	if (!err && segment.failed >= 0)
		err = pg_result_err(ctx, query, segment.result);
	if (!err)
		err = describe_types(ctx, query, segment.result, ret);
	pg_segment_release(&segment);

	return err;
}

/* --- The plan ----------------------------------------------------------------------- */

static bool
send_text(struct pg_conn *conn, const char *sql)
{
	return PQsendQueryParams(conn->pq, sql, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

/* The statement with its arguments unknown, as it is planned from the sixth execution on:
 * version 16 has EXPLAIN (GENERIC_PLAN), before it takes a prepared statement. */
static bool
send_explain(struct pg_conn *conn, struct ctx *ctx, const struct query *query)
{
	struct buf prepare, execute;

	buf_init(&prepare, ctx->arena, SQL_BYTES_MAX);
	buf_init(&execute, ctx->arena, SQL_BYTES_MAX);
	buf_put(&prepare, STR("PREPARE gridiron_describe"));
	buf_put(&execute, STR("EXPLAIN EXECUTE gridiron_describe"));
	for (size_t i = 0; i < query->param_count; i++) {
		buf_fmt(&prepare, "%s%s", i ? ", " : " (",
			pg_type_name(query->param_types[i]));
		buf_fmt(&execute, "%sNULL", i ? ", " : " (");
	}
	if (query->param_count > 0) {
		buf_put_char(&prepare, ')');
		buf_put_char(&execute, ')');
	}
	buf_fmt(&prepare, " AS %s", query->sql[DIALECT_POSTGRES]);
	buf_put_char(&prepare, '\0');
	buf_put_char(&execute, '\0');

	return !buf_is_cut(&prepare) && !buf_is_cut(&execute) &&
		send_text(conn, prepare.ptr) && send_text(conn, execute.ptr);
}

static struct err *
plan_text(struct ctx *ctx, const PGresult *result, struct str *ret)
{
	struct buf plan;

	buf_init(&plan, ctx->arena, PLAN_BYTES_MAX);
	for (int row = 0; row < PQntuples(result); row++)
		buf_fmt(&plan, "%s%s", row ? "\n" : "", PQgetvalue(result, row, 0));
	if (buf_is_cut(&plan))
		return err_no_memory();
	*ret = buf_str(&plan);

	return NULL;
}

/* Everything is local to the one transaction of the segment but the statement prepared,
 * for which the connection is closed afterwards: this is done rarely. */
static struct err *
ask_plan(struct pg_db *db, struct ctx *ctx, struct pg_conn *conn,
	const struct query *query, struct str *ret)
{
	struct pg_identity identity = pg_identity_of(ctx, query);
	struct pg_segment segment;
	struct err *err;

	pg_segment_init(&segment);
	conn->is_broken = true;
	if (!pg_send_identity(db, conn, &segment, &identity) ||
		!send_text(conn,
			"SELECT set_config('plan_cache_mode', 'force_generic_plan', "
			"true)") ||
		!send_explain(conn, ctx, query))
		return pg_lost_err(ctx, conn, &segment);
	err = pg_exchange(ctx, conn, &segment, NULL, ctx->deadline);
	if (!err && segment.failed >= 0)
		err = pg_result_err(ctx, query, segment.result);
	if (!err)
		err = plan_text(ctx, segment.result, ret);
	pg_segment_release(&segment);

	return err;
}

struct err *
pg_describe(void *state, struct ctx *ctx, const struct query *query,
	struct query_description *ret)
{
	struct pg_db *db = state;
	struct query_description description = { 0 };
	struct pool_slot *slot;
	struct pg_conn *conn;
	struct err *err;

	TRY(pool_checkout(db->pool, ctx, POOL_ADMIN, &slot));
	conn = slot->conn;
	err = ask_types(ctx, conn, query, false, &description);
	if (err && !conn->is_broken)
		err = ask_types(ctx, conn, query, true, &description);
	if (!err)
		err = ask_plan(db, ctx, conn, query, &description.plan);
	if (err && err->code == ERR_TIMEOUT)
		pg_cancel(conn);
	pg_give_back(db, slot);
	TRY(err);
	*ret = description;

	return NULL;
}
