/* Much at once: batches of arguments, and SQL text as it stands. */
#include "db/db_postgres.h"

#include <sys/epoll.h>

#include "base/buf.h"
#include "sys/fiber.h"

enum {
	BATCH_SETS = 256,       /* under one Sync */
	COPY_SETS_LEAST = 64,   /* fewer go one by one */
	COPY_BYTES = 64 * 1024, /* sent at a time */
	COPY_ROW_BYTES_MAX = 1 << 20,
};

static const struct query no_time_limit_query = {
	.name = "no_time_limit",
	.sql = { [DIALECT_POSTGRES] =
			 "SELECT set_config('statement_timeout', '0', false)" },
};

/* --- Batches ------------------------------------------------------------------------ */

/* A batch under way: many executions under one Sync, their answers in order. */
struct batch {
	const struct query *query;
	const struct value *params;
	size_t first;    /* set of the chunk under way */
	size_t answered; /* of the chunk */
	int64_t affected;
	struct err *err;
};

/* Take the answers to a chunk that have come. */
static enum pg_taken
batch_take(struct batch *batch, struct pg_tx *own, struct ctx *ctx)
{
	PGconn *pq = own->conn->pq;
	bool is_stalled = false;

	while (!PQisBusy(pq)) {
		PGresult *result = PQgetResult(pq);
		ExecStatusType status = PQresultStatus(result);

		if (!result) {
			if (is_stalled || PQstatus(pq) != CONNECTION_OK)
				return PG_LOST;
			is_stalled = true;
			batch->answered++;
			continue;
		}
		is_stalled = false;
		if (status == PGRES_FATAL_ERROR && !batch->err)
			batch->err = err_note(
				pg_tx_failed(own,
					pg_result_err(ctx, batch->query, result),
					pg_remedy_of(result)),
				"set %zu", batch->first + batch->answered);
		else if (!batch->err)
			batch->affected += pg_affected(batch->query, result);
		PQclear(result);
		if (status == PGRES_PIPELINE_SYNC)
			return PG_DONE;
	}

	return PG_WAIT;
}

/* Send COUNT sets from the chunk's first, and a Sync. */
static struct err *
batch_send(struct batch *batch, struct pg_tx *own, struct ctx *ctx, size_t count)
{
	const struct query *query = batch->query;
	struct pg_params encoded;
	/* Nothing is left to prepare, so each execution is one command. */
	struct pg_segment segment;

	for (size_t i = 0; i < count; i++) {
		const struct value *set = batch->params +
			(batch->first + i) * query->param_count;

		pg_segment_init(&segment);
		TRY(pg_params_encode(ctx, query, set, &encoded));
		if (!pg_send(own->conn, &segment, query, &encoded))
			return pg_lost_err(ctx, own->conn, NULL);
	}
	if (!pg_send_sync(own->conn))
		return pg_lost_err(ctx, own->conn, NULL);

	return NULL;
}

static struct err *
batch_run_chunk(struct batch *batch, struct pg_tx *own, struct ctx *ctx, size_t count)
{
	struct arena_mark mark = arena_mark(ctx->arena);
	enum pg_taken taken;
	struct err *err = batch_send(batch, own, ctx, count);

	/* The copies that JSON needed are in libpq's hands. */
	if (!err)
		arena_rewind(ctx->arena, mark);
	batch->answered = 0;
	while (!err && (taken = batch_take(batch, own, ctx)) != PG_DONE)
		err = taken == PG_LOST ? pg_lost_err(ctx, own->conn, NULL)
				       : pg_await_input(ctx, own->conn, ctx->deadline);

	return err ? pg_tx_unanswered(own, err) : batch->err;
}

/* --- COPY --------------------------------------------------------------------------- */

/* A COPY under way. Its commands have no place in pipeline mode. */
struct copy {
	struct ctx *ctx;
	struct pg_conn *conn;
	const struct query *query;
	struct buf out; /* what is not sent yet */
};

static void
put_bytes(struct buf *out, const void *bytes, size_t count)
{
	buf_put(out, (struct str){ .ptr = bytes, .len = count });
}

/* COUNT bytes of NUMBER, the first of them the highest. */
static void
put_number(struct buf *out, int64_t number, int count)
{
	for (int shift = (count - 1) * 8; shift >= 0; shift -= 8)
		buf_put_char(out, (char)((uint64_t)number >> shift & 0xff));
}

static struct err *
copy_await(struct copy *copy, uint32_t events)
{
	enum wait_end end = fiber_wait_fd(copy->conn->fd, events, copy->ctx->deadline);

	if (end == WAIT_READY)
		return NULL;
	copy->conn->is_broken = true;
	return wait_end_err(copy->ctx, end, "the database");
}

/* Give what is written to libpq, and that to the socket. */
static struct err *
copy_flush(struct copy *copy)
{
	PGconn *pq = copy->conn->pq;
	struct str bytes = buf_str(&copy->out);
	int pending;

	if (buf_is_cut(&copy->out))
		return err_no_memory();
	if (PQputCopyData(pq, bytes.ptr, (int)bytes.len) != 1)
		return pg_lost_err(copy->ctx, copy->conn, NULL);
	buf_clear(&copy->out);
	while ((pending = PQflush(pq)) > 0)
		TRY(copy_await(copy, EPOLLOUT));
	return pending < 0 ? pg_lost_err(copy->ctx, copy->conn, NULL) : NULL;
}

/* One row: how many columns, and of each its length (-1: NULL) and bytes. (PostgreSQL
 * documentation, COPY, "Binary Format".) */
static struct err *
copy_row(struct copy *copy, const struct value *set)
{
	struct arena_mark mark = arena_mark(copy->ctx->arena);
	struct pg_params encoded;

	TRY(pg_params_encode(copy->ctx, copy->query, set, &encoded));
	put_number(&copy->out, encoded.count, 2);
	for (int i = 0; i < encoded.count; i++) {
		put_number(&copy->out, encoded.values[i] ? encoded.lengths[i] : -1, 4);
		if (encoded.values[i])
			put_bytes(&copy->out, encoded.values[i],
				(size_t)encoded.lengths[i]);
	}
	arena_rewind(copy->ctx->arena, mark);
	return NULL;
}

static struct err *
copy_rows(struct copy *copy, const struct value *params, size_t sets)
{
	static const char signature[] = "PGCOPY\n\377\r\n"; /* with the zero after it */

	put_bytes(&copy->out, signature, sizeof(signature));
	put_number(&copy->out, 0, 4); /* no flags */
	put_number(&copy->out, 0, 4); /* nothing more in the head */
	for (size_t i = 0; i < sets; i++) {
		TRY(copy_row(copy, params + i * copy->query->param_count));
		if (copy->out.len >= COPY_BYTES)
			TRY(copy_flush(copy));
	}
	put_number(&copy->out, -1, 2);
	return copy_flush(copy);
}

/* The next result of the command under way; NULL in RET: there is none. */
static struct err *
copy_result(struct copy *copy, PGresult **ret)
{
	while (PQflush(copy->conn->pq) > 0)
		TRY(copy_await(copy, EPOLLOUT));
	while (PQisBusy(copy->conn->pq)) {
		TRY(copy_await(copy, EPOLLIN));
		if (PQconsumeInput(copy->conn->pq) != 1)
			return pg_lost_err(copy->ctx, copy->conn, NULL);
	}
	*ret = PQgetResult(copy->conn->pq);
	if (PQstatus(copy->conn->pq) != CONNECTION_OK) {
		PQclear(*ret);
		return pg_lost_err(copy->ctx, copy->conn, NULL);
	}
	return NULL;
}

/* Take the results that are left; the first error among them. */
static struct err *
copy_end(struct copy *copy, enum pg_remedy *ret_remedy, int64_t *ret_affected)
{
	struct err *err = NULL;

	for (;;) {
		PGresult *result = NULL;

		TRY(copy_result(copy, &result));
		if (!result)
			return err;
		if (PQresultStatus(result) == PGRES_FATAL_ERROR && !err) {
			*ret_remedy = pg_remedy_of(result);
			err = pg_result_err(copy->ctx, copy->query, result);
		} else if (PQresultStatus(result) == PGRES_COMMAND_OK) {
			*ret_affected += pg_affected(copy->query, result);
		}
		PQclear(result);
	}
}

static struct err *
copy_through(struct copy *copy, const struct value *params, size_t sets,
	enum pg_remedy *ret_remedy, int64_t *ret_affected)
{
	PGconn *pq = copy->conn->pq;
	PGresult *result = NULL;
	bool is_ready;

	*ret_remedy = PG_REMEDY_RECONNECT;
	if (PQexitPipelineMode(pq) != 1 || PQsendQuery(pq, copy->query->copy) != 1)
		return pg_lost_err(copy->ctx, copy->conn, NULL);
	TRY(copy_result(copy, &result));
	is_ready = PQresultStatus(result) == PGRES_COPY_IN;
	if (result && !is_ready && PQresultStatus(result) == PGRES_FATAL_ERROR) {
		struct err *err = pg_result_err(copy->ctx, copy->query, result);

		*ret_remedy = pg_remedy_of(result);
		PQclear(result);
		TRY(copy_end(copy, ret_remedy, ret_affected));
		return err;
	}
	PQclear(result);
	if (!is_ready)
		return pg_lost_err(copy->ctx, copy->conn, NULL);
	TRY(copy_rows(copy, params, sets));
	if (PQputCopyEnd(pq, NULL) != 1)
		return pg_lost_err(copy->ctx, copy->conn, NULL);
	return copy_end(copy, ret_remedy, ret_affected);
}

static struct err *
copy_run(struct tx *tx, const struct query *query, const struct value *params,
	size_t sets, int64_t *affected)
{
	struct pg_tx *own = tx->handle;
	struct copy copy = { .ctx = tx->ctx, .conn = own->conn, .query = query };
	enum pg_remedy remedy = PG_REMEDY_NONE;
	struct err *err;

	buf_init(&copy.out, tx->ctx->arena, 2 * COPY_BYTES + COPY_ROW_BYTES_MAX);
	if (!buf_reserve(&copy.out, 2 * COPY_BYTES))
		return err_no_memory();
	err = copy_through(&copy, params, sets, &remedy, affected);
	if (!own->conn->is_broken && PQenterPipelineMode(own->conn->pq) != 1)
		own->conn->is_broken = true;
	/* Whatever ended it halfway left the connection in the middle of a COPY. */
	if (err && remedy == PG_REMEDY_RECONNECT)
		own->conn->is_broken = true;
	if (err && own->conn->is_broken)
		return pg_tx_unanswered(own, err);
	return err ? pg_tx_failed(own, err, remedy) : NULL;
}

/* The first set goes alone: it begins the transaction, sets the identity and prepares
 * the statement where that is still to be done. */
struct err *
pg_run_batch(void *state, struct tx *tx, const struct query *query,
	const struct value *params, size_t sets, int64_t *ret_affected)
{
	struct pg_tx *own = tx->handle;
	struct batch batch = { .query = query, .params = params, .first = 1 };
	struct row_sink nowhere = { .row = NULL };

	(void)state;
	if (sets > 0)
		TRY_CTX(pg_tx_run(tx, query, params, nowhere, &batch.affected), "set 0");
	if (query->copy && sets >= COPY_SETS_LEAST) {
		TRY_CTX(copy_run(tx, query, params + query->param_count, sets - 1,
				&batch.affected),
			"by copy");
		batch.first = sets;
	}
	while (batch.first < sets) {
		size_t count = sets - batch.first;

		if (count > BATCH_SETS)
			count = BATCH_SETS;
		TRY(batch_run_chunk(&batch, own, tx->ctx, count));
		batch.first += count;
	}
	if (ret_affected)
		*ret_affected = batch.affected;

	return NULL;
}

/* --- Text --------------------------------------------------------------------------- */

/* Several statements in one message, which pipeline mode has no place for. */
static struct err *
text_exchange(struct ctx *ctx, struct pg_conn *conn, struct str sql, enum pg_remedy *ret)
{
	const char *text = str_cstr(ctx->arena, sql);
	struct err *err = NULL;

	if (!text)
		return err_no_memory();
	*ret = PG_REMEDY_RECONNECT;
	if (PQexitPipelineMode(conn->pq) != 1 || PQsendQuery(conn->pq, text) != 1)
		return pg_lost_err(ctx, conn, NULL);
	for (;;) {
		PGresult *result = NULL;

		while (PQisBusy(conn->pq)) {
			struct err *late = pg_await_input(ctx, conn, ctx->deadline);

			if (late)
				return late;
		}
		result = PQgetResult(conn->pq);
		if (!result)
			break;
		if (PQresultStatus(result) == PGRES_FATAL_ERROR && !err) {
			*ret = pg_remedy_of(result);
			err = pg_result_err(ctx, NULL, result);
		}
		PQclear(result);
		if (PQstatus(conn->pq) != CONNECTION_OK) {
			conn->is_broken = true;
			break;
		}
	}
	if (PQenterPipelineMode(conn->pq) != 1)
		conn->is_broken = true;

	return err;
}

static struct err *
text_alone(struct pg_db *db, struct ctx *ctx, struct str sql)
{
	struct row_sink nowhere = { .row = NULL };
	struct pool_slot *slot;
	struct pg_conn *conn;
	enum pg_remedy remedy = PG_REMEDY_NONE;
	struct err *err = NULL;

	TRY(pool_checkout(db->pool, ctx, pg_budget_of(ctx, false), &slot));
	conn = slot->conn;
	if (ctx->deadline == DEADLINE_NEVER)
		err = pg_run_own(
			ctx, conn, &no_time_limit_query, NULL, nowhere, ctx->deadline);
	if (!err)
		err = text_exchange(ctx, conn, sql, &remedy);
	if (err && err->code == ERR_TIMEOUT)
		pg_cancel(conn);
	/* The text may have changed settings, which nobody else should inherit. */
	conn->is_broken = true;
	pg_give_back(db, slot);

	return err;
}

struct err *
pg_run_text(void *state, struct tx *tx, struct str sql)
{
	struct pg_tx *own = tx->handle;
	struct ctx *ctx = tx->ctx;
	enum pg_remedy remedy = PG_REMEDY_NONE;
	struct pg_segment segment;
	struct err *err;

	if (tx->is_auto)
		return text_alone(state, ctx, sql);
	if (own->is_failed)
		return pg_tx_refuse(ctx, "text");
	pg_segment_init(&segment);
	if (!own->is_begun) {
		if (!pg_tx_send_start(own, ctx, &segment))
			return pg_tx_unanswered(
				own, pg_lost_err(ctx, own->conn, &segment));
		err = pg_exchange(ctx, own->conn, &segment, NULL, ctx->deadline);
		if (!err && segment.failed >= 0)
			err = pg_result_err(ctx, NULL, segment.result);
		pg_segment_settle(own->conn, &segment);
		pg_segment_release(&segment);
		own->is_begun = true;
		if (err)
			return pg_tx_unanswered(own, err);
	}
	err = text_exchange(ctx, own->conn, sql, &remedy);
	if (err && err->code == ERR_TIMEOUT && own->conn->is_broken)
		return pg_tx_unanswered(own, err);

	return err ? pg_tx_failed(own, err, remedy) : NULL;
}
