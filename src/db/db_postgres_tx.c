/* Transactions. BEGIN travels with the first statement; a transaction that runs none
 * costs nothing. */
#include "db/db_postgres.h"
#include "sys/clock.h"
#include "sys/fiber.h"

enum {
	/* A COMMIT on its way is waited for beyond the deadline:
	 * nobody can call it back. */
	COMMIT_GRACE_MS = 5000,
	ROLLBACK_MS = 1000,
};

/* See docs/decisions/isolation.md. */
static const struct query begin_queries[] = {
	[TX_READ] = { .name = "begin_read",
		.sql = { [DIALECT_POSTGRES] =
				 "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" } },
	[TX_WRITE] = { .name = "begin_write",
		.sql = { [DIALECT_POSTGRES] = "BEGIN ISOLATION LEVEL SERIALIZABLE" } },
};
static const struct query commit_query = {
	.name = "commit",
	.sql = { [DIALECT_POSTGRES] = "COMMIT" },
};
static const struct query rollback_query = {
	.name = "rollback",
	.sql = { [DIALECT_POSTGRES] = "ROLLBACK" },
};

/* --- Statements --------------------------------------------------------------------- */

/* What a failed statement means for the transaction. */
struct err *
pg_tx_failed(struct pg_tx *own, struct err *err, enum pg_remedy remedy)
{
	own->is_failed = true;
	/* Before COMMIT nothing has happened, so even a lost connection is no doubt. */
	if (remedy != PG_REMEDY_NONE)
		own->may_retry = true;

	return err;
}

/* No answer: the query is still running, or the connection is gone. */
struct err *
pg_tx_unanswered(struct pg_tx *own, struct err *err)
{
	if (err->code == ERR_TIMEOUT)
		pg_cancel(own->conn);

	return pg_tx_failed(
		own, err, err->code == ERR_BUSY ? PG_REMEDY_RECONNECT : PG_REMEDY_NONE);
}

/* A connection of the pool may have been closed while it was idle. */
bool
pg_tx_send_start(struct pg_tx *own, struct ctx *ctx, struct pg_segment *segment)
{
	if (own->is_begun)
		return true;

	return pg_send(own->conn, segment, &begin_queries[own->kind], NULL) &&
		pg_send_time_limit(own->conn, segment, ctx);
}

static bool
tx_send_identity(
	struct pg_tx *own, struct pg_segment *segment, const struct pg_identity *identity)
{
	if (!identity->is_set || pg_identity_eq(identity, &own->identity))
		return true;

	return pg_send_identity(own->db, own->conn, segment, identity);
}

struct err *
pg_tx_refuse(struct ctx *ctx, const char *what)
{
	return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
		"%s in a transaction that had failed", what);
}

struct err *
pg_tx_run(struct tx *tx, const struct query *query, const struct value *params,
	struct row_sink sink, int64_t *ret_affected)
{
	struct pg_tx *own = tx->handle;
	struct ctx *ctx = tx->ctx;
	struct pg_conn *conn = own->conn;
	struct pg_identity identity = pg_identity_of(ctx, query);
	struct pg_stream stream = { .query = query, .sink = sink };
	bool is_streamed = query->shape == QUERY_EACH;
	struct pg_segment segment;
	struct pg_params encoded;
	struct err *err;

	if (own->is_failed)
		return pg_tx_refuse(ctx, query->name);
	atomic_store_explicit(&own->slot->query, query->name, memory_order_relaxed);
	TRY(pg_params_encode(ctx, query, params, &encoded));
	pg_segment_init(&segment);
	if (!pg_tx_send_start(own, ctx, &segment) ||
		!tx_send_identity(own, &segment, &identity) ||
		!pg_send(conn, &segment, query, &encoded))
		err = pg_lost_err(ctx, conn, &segment);
	else
		err = pg_exchange(
			ctx, conn, &segment, is_streamed ? &stream : NULL, ctx->deadline);
	own->is_begun = true;
	if (err) {
		err = pg_tx_unanswered(own, err);
	} else if (segment.failed >= 0) {
		err = pg_tx_failed(own, pg_result_err(ctx, query, segment.result),
			pg_segment_remedy(&segment));
	} else {
		if (identity.is_set)
			own->identity = identity;
		if (ret_affected)
			*ret_affected = pg_affected(query, segment.result);
		err = is_streamed ? stream.err
				  : pg_rows(ctx, query, segment.result, sink);
	}
	pg_segment_settle(conn, &segment);
	pg_segment_release(&segment);

	return err;
}

/* --- Begin and end ------------------------------------------------------------------ */

static struct err *
uncertain(struct ctx *ctx, struct pg_conn *conn, const char *why)
{
	conn->is_broken = true;

	return err_note(err_new(ctx, ERR_UNCERTAIN,
				"it is not known whether this was done; please look "
				"before trying again"),
		"COMMIT: %s", why);
}

/* What the server's answer to COMMIT, or its lack, means. */
static struct err *
judge_commit(struct pg_tx *own, struct ctx *ctx, const struct pg_segment *segment,
	const struct err *unanswered, uint32_t warnings_before)
{
	struct pg_conn *conn = own->conn;

	/* A transaction that only read has nothing to be uncertain of. */
	if (own->kind == TX_READ)
		return NULL;
	if (unanswered && !pg_was_refused(segment))
		return uncertain(ctx, conn, "no answer");
	if (segment->failed >= 0) {
		enum pg_remedy remedy = pg_segment_remedy(segment);

		if (remedy == PG_REMEDY_RECONNECT)
			return uncertain(ctx, conn, "the connection ended with it");
		own->may_retry = remedy == PG_REMEDY_RETRY;
		return pg_result_err(ctx, &commit_query, segment->result);
	}
	if (strcmp(PQcmdStatus(segment->result), "COMMIT") != 0)
		return uncertain(ctx, conn, "the server answered ROLLBACK");
	if (conn->warnings != warnings_before)
		return uncertain(ctx, conn, "the server answered with a warning");

	return NULL;
}

static struct err *
tx_commit(struct pg_tx *own, struct ctx *ctx)
{
	struct pg_conn *conn = own->conn;
	int64_t deadline = clock_deadline_ms(COMMIT_GRACE_MS);
	uint32_t warnings_before = conn->warnings;
	struct pg_segment segment;
	struct err *err;

	if (deadline < ctx->deadline)
		deadline = ctx->deadline;
	pg_segment_init(&segment);
	atomic_store_explicit(&own->slot->query, commit_query.name, memory_order_relaxed);
	/* Before its Sync is on its way nothing can have been committed. */
	if (!pg_send(conn, &segment, &commit_query, NULL)) {
		err = pg_tx_failed(
			own, pg_lost_err(ctx, conn, &segment), PG_REMEDY_RECONNECT);
	} else {
		err = pg_exchange(ctx, conn, &segment, NULL, deadline);
		if (err && err->code == ERR_TIMEOUT && fiber_is_cancelled())
			err = pg_settle(ctx, conn, &segment, deadline);
		err = judge_commit(own, ctx, &segment, err, warnings_before);
	}
	pg_segment_settle(conn, &segment);
	pg_segment_release(&segment);

	return err;
}

/* Where even that fails, closing the connection does it. */
static void
tx_rollback(struct pg_tx *own, struct ctx *ctx)
{
	struct row_sink nowhere = { .row = NULL };

	if (own->conn->is_broken || !own->is_begun)
		return;
	if (pg_run_own(ctx, own->conn, &rollback_query, NULL, nowhere,
		    clock_deadline_ms(ROLLBACK_MS)))
		own->conn->is_broken = true;
}

struct err *
pg_transact(void *state, struct tx *tx, tx_fn fn, void *arg, bool *ret_may_retry)
{
	struct ctx *ctx = tx->ctx;
	struct pg_tx own = { .db = state, .kind = tx->kind };
	struct err *err;

	TRY(pool_checkout(own.db->pool, ctx, pg_budget_of(ctx, false), &own.slot));
	own.conn = own.slot->conn;
	tx->handle = &own;
	err = fn(tx, arg);
	if (!err && own.is_failed)
		err = pg_tx_refuse(ctx, "commit");
	/* Nobody waits for it any more. */
	if (!err && own.is_begun && fiber_is_cancelled())
		err = wait_end_err(ctx, WAIT_CANCELLED, "the database");
	if (err)
		tx_rollback(&own, ctx);
	else if (own.is_begun)
		err = tx_commit(&own, ctx);
	tx->handle = NULL;
	pg_give_back(own.db, own.slot);
	*ret_may_retry = err && own.may_retry;

	return err;
}
