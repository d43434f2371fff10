/* Queries outside a transaction that are not for the lanes: single writes, slow reads,
 * streams. Each is a transaction of its own, with what must be set for it under one Sync.
 */
#include "db/db_postgres.h"
#include "sys/clock.h"
#include "sys/fiber.h"

enum {
	TRIES_MAX = 10,
	/* After a cancel, how long to wait for the server to say what became of it. */
	AFTERMATH_MS = 1000,
};

/* What one try came to. */
struct attempt {
	struct pg_stream stream;
	int64_t affected;
	enum pg_remedy remedy;
};

static struct err *
uncertain(struct ctx *ctx, const struct query *query, const struct err *cause)
{
	struct err *err = err_new(ctx, ERR_UNCERTAIN,
		"it is not known whether this was done; please look before trying again");

	return err_note(err, "query %s: " STR_FMT, query->name, STR_ARG(cause->message));
}

/* No answer to a write before the deadline, or none at all. The server is asked to stop;
 * where it says what became of it, there is no doubt. */
static struct err *
settle(struct ctx *ctx, struct pg_conn *conn, struct pg_segment *segment,
	const struct query *query, struct err *cause)
{
	if (cause->code == ERR_TIMEOUT) {
		struct err *late;

		pg_cancel(conn);
		if (!query->is_write)
			return cause;
		late = pg_settle(ctx, conn, segment, clock_deadline_ms(AFTERMATH_MS));
		if (!late)
			return NULL;
	}
	if (!query->is_write || pg_was_refused(segment))
		return cause;

	return uncertain(ctx, query, cause);
}

static struct err *
finish(struct ctx *ctx, const struct query *query, struct pg_segment *segment,
	struct attempt *ret)
{
	if (segment->failed >= 0) {
		ret->remedy = pg_segment_remedy(segment);
		return pg_result_err(ctx, query, segment->result);
	}
	ret->affected = pg_affected(query, segment->result);
	if (query->shape == QUERY_EACH)
		return ret->stream.err;

	return pg_rows(ctx, query, segment->result, ret->stream.sink);
}

static struct err *
try_once(struct pg_db *db, struct ctx *ctx, struct pg_conn *conn,
	const struct query *query, const struct pg_params *params, struct attempt *ret)
{
	struct pg_identity identity = pg_identity_of(ctx, query);
	struct pg_segment segment;
	struct err *err;

	pg_segment_init(&segment);
	ret->remedy = PG_REMEDY_RECONNECT;
	/* A connection that was closed while idle is noticed here, before anything is
	 * sent and in doubt. Without a Sync nothing is carried out. */
	if (PQconsumeInput(conn->pq) != 1 || !pg_send_time_limit(conn, &segment, ctx) ||
		!pg_send_identity(db, conn, &segment, &identity) ||
		!pg_send(conn, &segment, query, params)) {
		err = pg_lost_err(ctx, conn, &segment);
	} else {
		err = pg_exchange(ctx, conn, &segment,
			query->shape == QUERY_EACH ? &ret->stream : NULL, ctx->deadline);
		if (err)
			err = settle(ctx, conn, &segment, query, err);
		if (!err)
			err = finish(ctx, query, &segment, ret);
		else if (err->code != ERR_BUSY)
			ret->remedy = PG_REMEDY_NONE;
	}
	if (!err || ret->stream.is_begun)
		ret->remedy = PG_REMEDY_NONE;
	pg_segment_settle(conn, &segment);
	pg_segment_release(&segment);

	return err;
}

/* Whether another try makes sense; waits before it. */
static bool
may_try_again(const struct ctx *ctx, enum pg_remedy remedy, int tries)
{
	int64_t pause = NANOSECONDS_PER_MS << (tries < 6 ? tries : 6);

	if (tries == TRIES_MAX)
		return false;
	switch (remedy) {
	case PG_REMEDY_NONE:
		return false;
	case PG_REMEDY_PREPARE:
		return tries == 1;
	case PG_REMEDY_RECONNECT:
		return tries <= 2;
	case PG_REMEDY_RETRY:
		return clock_monotonic_ns() + pause < ctx->deadline &&
			fiber_sleep_until(clock_monotonic_ns() + pause) == WAIT_TIMED_OUT;
	}

	return false;
}

struct err *
pg_auto_run(struct pg_db *db, struct ctx *ctx, const struct query *query,
	const struct value *params, struct row_sink sink, int64_t *ret_affected)
{
	struct attempt attempt = { .stream = { .query = query, .sink = sink } };
	struct pg_params encoded;
	struct err *err;
	int tries = 0;

	TRY(pg_params_encode(ctx, query, params, &encoded));
	do {
		struct pool_slot *slot;

		TRY(pool_checkout(
			db->pool, ctx, pg_budget_of(ctx, query->is_slow), &slot));
		atomic_store_explicit(&slot->query, query->name, memory_order_relaxed);
		err = try_once(db, ctx, slot->conn, query, &encoded, &attempt);
		pg_give_back(db, slot);
	} while (err && may_try_again(ctx, attempt.remedy, ++tries));
	if (!err && ret_affected)
		*ret_affected = attempt.affected;

	return err;
}
