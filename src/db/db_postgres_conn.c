#include "db/db_postgres_conn.h"

#include <assert.h>

#include <sys/epoll.h>

#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"

enum {
	/* While the socket takes no more, the server may be waiting for us to read. */
	STUCK_LOOK_MS = 10,
};

static const int binary_formats[QUERY_PARAMS_MAX] = { [0 ... QUERY_PARAMS_MAX - 1] = 1 };

/* --- Segments ----------------------------------------------------------------------- */

void
pg_segment_init(struct pg_segment *segment)
{
	*segment = (struct pg_segment){ .failed = -1 };
}

void
pg_segment_settle(struct pg_conn *conn, const struct pg_segment *segment)
{
	if (UNLIKELY(segment->failed >= 0) &&
		pg_remedy_of(segment->result) == PG_REMEDY_RECONNECT)
		conn->is_broken = true;
	/* An error after the last answer is the connection's. */
	if (UNLIKELY(segment->failed >= 0 && segment->failed < segment->count)) {
		if (pg_remedy_of(segment->result) == PG_REMEDY_PREPARE)
			pg_statement_forget(
				&conn->statements, segment->commands[segment->failed]);
		for (int i = segment->failed; i < segment->count; i++)
			if (segment->prepares & 1 << i)
				pg_statement_forget(
					&conn->statements, segment->commands[i]);
	}
}

void
pg_segment_release(struct pg_segment *segment)
{
	PQclear(segment->result);
	segment->result = NULL;
}

enum pg_remedy
pg_segment_remedy(const struct pg_segment *segment)
{
	enum pg_remedy remedy = pg_remedy_of(segment->result);
	int failed = segment->failed;

	if (remedy == PG_REMEDY_PREPARE &&
		(failed < 0 || failed >= segment->count ||
			segment->prepares & 1 << failed ||
			(failed > 0 && segment->prepares & 1 << (failed - 1))))
		return PG_REMEDY_NONE;

	return remedy;
}

static void
segment_add(struct pg_segment *segment, const struct query *query, bool is_parse)
{
	assert(segment->count < PG_COMMANDS_MAX);
	if (is_parse)
		segment->prepares = (uint8_t)(segment->prepares | 1 << segment->count);
	segment->commands[segment->count++] = query;
}

bool
pg_send(struct pg_conn *conn, struct pg_segment *segment, const struct query *query,
	const struct pg_params *params)
{
	size_t at = pg_statement_place(&conn->statements, query);
	char name[PG_STATEMENT_NAME_MAX];

	pg_statement_name(&conn->statements, at, name);
	if (UNLIKELY(at == PG_STATEMENTS_MAX || !conn->statements.is_prepared[at])) {
		Oid types[QUERY_PARAMS_MAX];

		for (size_t i = 0; i < query->param_count; i++)
			types[i] = pg_type_oids[query->param_types[i]];
		if (PQsendPrepare(conn->pq, name, query->sql[DIALECT_POSTGRES],
			    query->param_count, types) != 1)
			return false;
		segment_add(segment, query, true);
		if (at != PG_STATEMENTS_MAX)
			conn->statements.is_prepared[at] = true;
	}
	if (PQsendQueryPrepared(conn->pq, name, params ? params->count : 0,
		    params ? params->values : NULL, params ? params->lengths : NULL,
		    binary_formats, 1) != 1)
		return false;
	segment_add(segment, query, false);

	return true;
}

bool
pg_send_sync(struct pg_conn *conn)
{
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
	return PQsendPipelineSync(conn->pq) == 1 && PQflush(conn->pq) >= 0;
#else
	return PQpipelineSync(conn->pq) == 1;
#endif
}

/* Take one RESULT of SEGMENT. */
static enum pg_taken
take_result(struct pg_segment *segment, PGresult *result, PGresult **ret_row)
{
	switch (PQresultStatus(result)) {
	case PGRES_PIPELINE_SYNC:
		PQclear(result);
		return PG_DONE;
	case PGRES_SINGLE_TUPLE:
		if (!ret_row)
			break;
		*ret_row = result;
		return PG_ROW;
	case PGRES_EMPTY_QUERY:
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
		if (segment->failed >= 0) {
			PQclear(result);
		} else {
			PQclear(segment->result);
			segment->result = result;
		}
		return PG_WAIT;
	case PGRES_BAD_RESPONSE:
	case PGRES_NONFATAL_ERROR:
	case PGRES_FATAL_ERROR:
		if (segment->failed >= 0) {
			PQclear(result);
		} else {
			PQclear(segment->result);
			segment->result = result;
			segment->failed = segment->answered;
		}
		return PG_WAIT;
	case PGRES_PIPELINE_ABORTED:
		PQclear(result);
		return PG_WAIT;
	case PGRES_COPY_OUT:
	case PGRES_COPY_IN:
	case PGRES_COPY_BOTH:
		break;
	}
	/* Nobody here asks for COPY, or for single rows without saying so. */
	PQclear(result);
	return PG_LOST;
}

enum pg_taken
pg_take(struct pg_conn *conn, struct pg_segment *segment, PGresult **ret_row)
{
	while (!PQisBusy(conn->pq)) {
		PGresult *result = PQgetResult(conn->pq);
		enum pg_taken taken;

		if (result) {
			segment->is_stalled = false;
			taken = take_result(segment, result, ret_row);
			if (taken != PG_WAIT)
				return taken;
		} else if (segment->is_stalled || PQstatus(conn->pq) != CONNECTION_OK) {
			return PG_LOST;
		} else {
			segment->is_stalled = true;
			segment->answered++;
			if (ret_row && segment->answered == segment->count - 1)
				(void)PQsetSingleRowMode(conn->pq);
		}
	}

	return PG_WAIT;
}

/* --- Waiting for an answer ---------------------------------------------------------- */

struct err *
pg_await_input(struct ctx *ctx, struct pg_conn *conn, int64_t deadline)
{
	int pending = PQflush(conn->pq);
	enum wait_end end;

	if (pending == 0) {
		end = fiber_wait_fd(conn->fd, EPOLLIN, deadline);
	} else {
		int64_t look_at = clock_deadline_ms(STUCK_LOOK_MS);

		end = fiber_wait_fd(
			conn->fd, EPOLLOUT, look_at < deadline ? look_at : deadline);
		if (end == WAIT_TIMED_OUT && look_at < deadline)
			end = WAIT_READY;
	}
	if (end != WAIT_READY) {
		conn->is_broken = true;
		return wait_end_err(ctx, end, "the database");
	}
	(void)PQconsumeInput(conn->pq); /* a failure shows in the status */

	return NULL;
}

static void
stream_row(struct ctx *ctx, struct pg_stream *stream, PGresult *row)
{
	stream->is_begun = true;
	if (!stream->err)
		stream->err = pg_rows(ctx, stream->query, row, stream->sink);
	PQclear(row);
}

struct err *
pg_lost_err(struct ctx *ctx, struct pg_conn *conn, const struct pg_segment *segment)
{
	struct err *err;

	conn->is_broken = true;
	/* The server's last words, where it had any, say more. */
	if (segment && segment->failed >= 0)
		return pg_result_err(ctx, NULL, segment->result);
	err = err_new(ctx, ERR_BUSY, "the connection to the database was lost");
	return err_note(
		err, STR_FMT, STR_ARG(str_trim(str_from(PQerrorMessage(conn->pq)))));
}

struct err *
pg_exchange(struct ctx *ctx, struct pg_conn *conn, struct pg_segment *segment,
	struct pg_stream *stream, int64_t deadline)
{
	if (!pg_send_sync(conn))
		return pg_lost_err(ctx, conn, segment);
	if (stream && segment->count == 1)
		(void)PQsetSingleRowMode(conn->pq);

	return pg_await(ctx, conn, segment, stream, deadline);
}

struct settling {
	struct ctx *ctx;
	struct pg_conn *conn;
	struct pg_segment *segment;
	int64_t deadline;
	struct err *err;
	struct fiber_event done;
};

static void
settle_fiber(void *arg)
{
	struct settling *settling = arg;

	settling->err = pg_await(settling->ctx, settling->conn, settling->segment, NULL,
		settling->deadline);
	fiber_event_set(&settling->done);
}

struct err *
pg_settle(struct ctx *ctx, struct pg_conn *conn, struct pg_segment *segment,
	int64_t deadline)
{
	struct settling settling = {
		.ctx = ctx, .conn = conn, .segment = segment, .deadline = deadline
	};

	fiber_event_init(&settling.done);
	if (!fiber_spawn("db_settle", settle_fiber, &settling))
		return err_new(ctx, ERR_TIMEOUT, "no fiber to wait for the database");
	fiber_event_join(&settling.done);

	return settling.err;
}

bool
pg_was_refused(const struct pg_segment *segment)
{
	return segment->failed >= 0 && segment->failed < segment->count &&
		PQresultErrorField(segment->result, PG_DIAG_SQLSTATE) != NULL;
}

struct err *
pg_await(struct ctx *ctx, struct pg_conn *conn, struct pg_segment *segment,
	struct pg_stream *stream, int64_t deadline)
{
	PGresult *row = NULL;

	for (;;) {
		switch (pg_take(conn, segment, stream ? &row : NULL)) {
		case PG_WAIT:
			TRY(pg_await_input(ctx, conn, deadline));
			break;
		case PG_ROW:
			assert(stream);
			stream_row(ctx, stream, row);
			break;
		case PG_LOST:
			return pg_lost_err(ctx, conn, segment);
		case PG_DONE:
			if (segment->failed >= 0 &&
				pg_remedy_of(segment->result) == PG_REMEDY_RECONNECT)
				conn->is_broken = true;
			return NULL;
		}
	}
}

struct err *
pg_run_own(struct ctx *ctx, struct pg_conn *conn, const struct query *query,
	const struct value *params, struct row_sink sink, int64_t deadline)
{
	struct pg_segment segment;
	struct pg_params encoded;
	struct err *err;

	TRY(pg_params_encode(ctx, query, params, &encoded));
	pg_segment_init(&segment);
	if (!pg_send(conn, &segment, query, &encoded))
		return pg_lost_err(ctx, conn, &segment);
	err = pg_exchange(ctx, conn, &segment, NULL, deadline);
	if (!err && segment.failed >= 0)
		err = pg_result_err(ctx, query, segment.result);
	if (!err)
		err = pg_rows(ctx, query, segment.result, sink);
	pg_segment_settle(conn, &segment);
	pg_segment_release(&segment);

	return err;
}
