#include "db/lane.h"

#include <assert.h>

#include <sys/epoll.h>

#include "db/lane_state.h"
#include "sys/clock.h"

enum {
	LANE_TRIES_MAX = 3,
	LOST_TRIES_MAX = 12,
	LOST_PAUSE_SHIFT_MAX = 6, /* 64 ms */
	STUCK_LOOK_MS = 10,
	/* A server that has been away for longer is down: say so at once. */
	PATIENCE_MS = 500,
	PATIENCE_STEP_MS = 20,
	/* How long the server may work on what was given up; a cancel request costs a
	 * connection, and most are done sooner. */
	CANCEL_AFTER_MS = 50,
};

/* --- Answers ------------------------------------------------------------------------ */

/* Take the first entry off, answered or not, and tell who waits for it. */
static void
lane_finish_first(struct lane *lane, bool is_lost)
{
	struct lane_set *set = lane->set;
	struct lane_entry *entry = lane_entry_at(lane, lane->first++);
	struct lane_call *call = entry->call;

	COUNT_BY(set->outstanding, -1u);
	if (!is_lost)
		pg_segment_settle(&lane->conn, &entry->segment);
	if (!call) {
		pg_segment_release(&entry->segment);
		return;
	}
	call->segment = entry->segment;
	call->is_lost = is_lost;
	call->is_disturbed = entry->cancels != lane->cancels;
	call->is_done = true;
	(void)wait_queue_wake_one(&call->done);
}

void
lane_break(struct lane *lane)
{
	struct lane_set *set = lane->set;

	if (lane->state != LANE_OPEN)
		return;
	lane->state = LANE_CLOSED;
	lane->reopen_at = 0;
	if (lane_outstanding(lane) > 0 && lane_entry_at(lane, lane->first)->call)
		lane_entry_at(lane, lane->first)->call->was_first = true;
	while (lane_outstanding(lane) > 0)
		lane_finish_first(lane, true);
	if (lane->is_timed)
		loop_timer_stop(&lane->timer);
	lane->is_timed = false;
	pg_disconnect(&lane->conn);
	COUNT_BY(set->open, -1u);
	wait_queue_wake_all(&set->changed);
	wait_queue_wake_all(&set->room);
}

/* Take what answers have come. */
static void
lane_take(struct lane *lane)
{
	while (lane->state == LANE_OPEN && lane_outstanding(lane) > 0) {
		struct lane_entry *entry = lane_entry_at(lane, lane->first);

		switch (pg_take(&lane->conn, &entry->segment, NULL)) {
		case PG_WAIT:
			return;
		case PG_DONE:
			lane_finish_first(lane, false);
			(void)wait_queue_wake_one(&lane->set->room);
			break;
		case PG_ROW:
		case PG_LOST:
			lane_break(lane);
			break;
		}
	}
}

void
lane_readable(void *arg)
{
	struct lane *lane = arg;
	bool is_alive = PQconsumeInput(lane->conn.pq) == 1;

	lane_take(lane);
	/* With nothing under way libpq must still look at what the server says. */
	if (lane->state == LANE_OPEN && lane_outstanding(lane) == 0)
		(void)PQisBusy(lane->conn.pq);
	if (!is_alive || !loop_watch_fd(lane->conn.fd, lane_readable, lane))
		lane_break(lane);
}

/* --- Asking ------------------------------------------------------------------------- */

/* The open lane with the fewest queries under way that has room for one more. */
static struct lane *
lane_pick(struct lane_set *set)
{
	struct lane *best = NULL;

	for (uint32_t i = 0; i < set->count; i++) {
		struct lane *lane = &set->lanes[i];

		if (lane->state == LANE_OPEN &&
			(!best || lane_outstanding(lane) < lane_outstanding(best)))
			best = lane;
	}
	if (best && lane_outstanding(best) == LANE_QUERIES_MAX)
		return NULL;

	return best;
}

static struct err *
no_lane_err(struct ctx *ctx, const struct lane_set *set)
{
	return err_note(
		err_new(ctx, ERR_BUSY,
			set->fault == POOL_REFUSED ? "the database refuses connections"
						   : "cannot connect to the database"),
		"%s", set->fault_text);
}

/* Whether lanes have failed to open for so short a time that a server which restarts may
 * be the reason. */
static bool
is_patient(const struct lane_set *set)
{
	return set->failing_since > 0 &&
		clock_monotonic_ns() - set->failing_since <
		PATIENCE_MS * NANOSECONDS_PER_MS;
}

static struct err *
lane_get(struct lane_set *set, struct ctx *ctx, struct lane **ret)
{
	for (;;) {
		enum wait_end end;
		struct lane *lane = lane_pick(set);

		if (UNLIKELY(set->open < set->count))
			lanes_open(set);
		if (LIKELY(lane != NULL)) {
			*ret = lane;
			return NULL;
		}
		if (set->open > 0)
			end = wait_queue_wait(&set->room, ctx->deadline);
		else if (set->opening > 0)
			end = wait_queue_wait(&set->changed, ctx->deadline);
		else if (is_patient(set))
			end = fiber_sleep_until(clock_deadline_ms(PATIENCE_STEP_MS)) ==
					WAIT_CANCELLED
				? WAIT_CANCELLED
				: WAIT_READY;
		else
			return no_lane_err(ctx, set);
		TRY(wait_end_err(ctx, end, "the database"));
	}
}

/* Waits until the socket takes what libpq has left to send. */
static void
lane_flush_fiber(void *arg)
{
	struct lane *lane = arg;
	const PGconn *pq = lane->conn.pq;

	while (lane->state == LANE_OPEN && lane->conn.pq == pq) {
		int left = PQflush(lane->conn.pq);

		/* libpq reads while it cannot write, so that nobody waits for ever. */
		lane_take(lane);
		if (left <= 0)
			break;
		(void)fiber_wait_fd(
			lane->conn.fd, EPOLLOUT, clock_deadline_ms(STUCK_LOOK_MS));
	}
	lane->is_stuck = false;
}

/* Put QUERY on its way, CALL waiting for its answer. */
static struct lane_entry *
lane_send(struct lane *lane, struct ctx *ctx, const struct query *query,
	const struct pg_params *params, struct lane_call *call)
{
	struct pg_identity identity = pg_identity_of(ctx, query);
	struct lane_entry *entry = lane_entry_at(lane, lane->end++);

	wait_queue_init(&call->done);
	call->is_done = false;
	call->was_first = false;
	pg_segment_init(&entry->segment);
	entry->call = call;
	entry->cancels = lane->cancels;
	COUNT_BY(lane->set->outstanding, 1u);
	COUNT_BY(lane->set->queries, 1u);
	if (!pg_send_identity(lane->set->db, &lane->conn, &entry->segment, &identity) ||
		!pg_send(&lane->conn, &entry->segment, query, params) ||
		!pg_send_sync(&lane->conn)) {
		lane_break(lane);
	} else if (UNLIKELY(PQflush(lane->conn.pq) != 0 && !lane->is_stuck)) {
		lane->is_stuck = true;
		if (!fiber_spawn("lane_flush", lane_flush_fiber, lane)) {
			lane->is_stuck = false;
			lane_break(lane);
		}
	}

	return entry;
}

/* Ask the server to end what it is at: all behind it wait. */
static void
lane_cancel_first(struct lane *lane)
{
	lane->cancels++;
	pg_cancel(&lane->conn);
}

static void lane_look_after(void *arg);

static void
lane_start_timer(struct lane *lane)
{
	lane->is_timed = true;
	lane->timed_first = lane->first;
	loop_timer_start(
		&lane->timer, clock_deadline_ms(CANCEL_AFTER_MS), lane_look_after, lane);
}

/* Some time after a query was given up: is the server still at it, or at another one? */
static void
lane_look_after(void *arg)
{
	struct lane *lane = arg;

	lane->is_timed = false;
	if (lane_outstanding(lane) == 0)
		return;
	if (lane->timed_first == lane->first && !lane_entry_at(lane, lane->first)->call)
		lane_cancel_first(lane);
	for (uint32_t at = lane->first; at != lane->end; at++) {
		if (!lane_entry_at(lane, at)->call) {
			lane_start_timer(lane);
			break;
		}
	}
}

/* Leave without an answer. */
static void
lane_give_up(struct lane *lane, struct lane_entry *entry, enum wait_end end)
{
	entry->call = NULL;
	if (end == WAIT_TIMED_OUT && lane_entry_at(lane, lane->first) == entry)
		lane_cancel_first(lane);
	if (!lane->is_timed)
		lane_start_timer(lane);
}

static struct err *
lane_ask(struct lane *lane, struct ctx *ctx, const struct query *query,
	const struct pg_params *params, struct lane_call *call)
{
	struct lane_entry *entry = lane_send(lane, ctx, query, params, call);

	while (!call->is_done) {
		enum wait_end end = wait_queue_wait(&call->done, ctx->deadline);

		if (call->is_done)
			break;
		if (end != WAIT_READY) {
			lane_give_up(lane, entry, end);
			return err_note(wait_end_err(ctx, end, "the database"),
				"query %s on a lane", query->name);
		}
	}

	return NULL;
}

/* Whether the query may itself have ended the connection: the server was at it and went
 * without a word. One that is shut down, or whose neighbour crashed, says so. */
static bool
is_to_blame(const struct lane_call *call)
{
	return call->is_lost && call->was_first &&
		*pg_sqlstate(call->segment.result) == '\0';
}

/* Whether to ask again: the answer was lost, or not for this query. BLAMES counts how
 * often it may have ended the connection itself: a query that crashes the server must not
 * do so for ever. */
static bool
lane_asks_again(const struct lane_call *call, int tries, int blames)
{
	if (call->is_lost)
		return tries < LOST_TRIES_MAX && blames < LANE_TRIES_MAX;
	if (tries >= LANE_TRIES_MAX)
		return false;
	if (call->segment.failed < 0)
		return false;
	switch (pg_segment_remedy(&call->segment)) {
	case PG_REMEDY_PREPARE:
	case PG_REMEDY_RETRY:
		return true;
	case PG_REMEDY_RECONNECT:
		/* Refused as a write on a connection that only reads. */
		return strcmp(pg_sqlstate(call->segment.result), "25006") != 0;
	case PG_REMEDY_NONE:
		break;
	}

	return call->is_disturbed &&
		strcmp(pg_sqlstate(call->segment.result), "57014") == 0;
}

static struct err *
lane_answer(struct ctx *ctx, const struct query *query, const struct lane_call *call,
	struct row_sink sink)
{
	if (call->segment.failed >= 0 &&
		strcmp(pg_sqlstate(call->segment.result), "25006") == 0)
		return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
			"query %s writes and is not declared so", query->name);
	if (call->segment.failed >= 0)
		return pg_result_err(ctx, query, call->segment.result);
	if (call->is_lost)
		return err_note(
			err_new(ctx, ERR_BUSY, "the connection to the database was lost"),
			"query %s, asked again and lost again", query->name);

	return pg_rows(ctx, query, call->segment.result, sink);
}

struct err *
lane_run(struct pg_db *db, struct ctx *ctx, const struct query *query,
	const struct value *params, struct row_sink sink)
{
	struct lane_set *set = lanes_find(db);
	struct pg_params encoded;
	struct lane_call call;
	struct err *err;

	if (UNLIKELY(!set)) {
		set = lanes_new(db);
		if (!set)
			return err_no_memory();
	}
	TRY(pg_params_encode(ctx, query, params, &encoded));
	for (int tries = 1, blames = 0;; tries++) {
		struct lane *lane = NULL;
		int shift = tries < LOST_PAUSE_SHIFT_MAX ? tries : LOST_PAUSE_SHIFT_MAX;

		TRY(lane_get(set, ctx, &lane));
		assert(lane);
		TRY(lane_ask(lane, ctx, query, &encoded, &call));
		blames += is_to_blame(&call);
		if (!lane_asks_again(&call, tries, blames))
			break;
		pg_segment_release(&call.segment);
		COUNT_BY(set->retries, 1u);
		/* What closed this lane may have closed the others as well, and they have
		 * not all been told yet. */
		if (call.is_lost)
			(void)fiber_sleep_until(clock_deadline_ms(INT64_C(1) << shift));
	}
	err = lane_answer(ctx, query, &call, sink);
	pg_segment_release(&call.segment);

	return err;
}
