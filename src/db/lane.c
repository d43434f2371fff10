#include "db/lane.h"

#include <assert.h>

#include "db/lane_state.h"
#include "sys/clock.h"

enum {
	LANE_TRIES_MAX = 3,
	LOST_TRIES_MAX = 12,
	LOST_PAUSE_SHIFT_MAX = 6, /* 64 ms */
	/* A server that has been away for longer is down: say so at once. */
	PATIENCE_MS = 500,
	PATIENCE_STEP_MS = 20,
	/* How long the server may work on what was given up; a cancel request costs a
	 * connection, and most are done sooner. */
	CANCEL_AFTER_MS = 50,
	/* Queries that the server is done with in this time share a lane, so many at
	 * once; and when its first has taken this long, they use another. */
	QUICK_US = 1000,
	SHARED_MAX = 64,
	HELD_NS = 1000000,
};

/* --- Choosing a lane ---------------------------------------------------------------- */

/* Whether what is under way on LANE takes long, so that whoever comes waits behind it. */
static bool
is_held(const struct lane *lane, int64_t now)
{
	const struct lane_entry *first =
		&lane->entries[lane->first & (LANE_QUERIES_MAX - 1)];
	int64_t since = first->sent_at > lane->answered_at ? first->sent_at
							   : lane->answered_at;

	return lane_outstanding(lane) > 0 && now - since > HELD_NS;
}

/* The first lane that is not held, for queries that are quick: those that travel together
 * cost both sides less. */
static struct lane *
lane_shared(struct lane_set *set)
{
	int64_t now = clock_monotonic_ns();

	for (uint32_t i = 0; i < set->count; i++) {
		struct lane *lane = &set->lanes[i];

		if (lane->state == LANE_OPEN && lane_outstanding(lane) < SHARED_MAX &&
			!is_held(lane, now))
			return lane;
	}
	return NULL;
}

/* The open lane with the fewest queries under way, from the one at FIRST on. */
static struct lane *
lane_least(struct lane_set *set, uint32_t first)
{
	struct lane *best = NULL;

	for (uint32_t i = first; i < set->count; i++) {
		struct lane *lane = &set->lanes[i];

		if (lane->state == LANE_OPEN &&
			(!best || lane_outstanding(lane) < lane_outstanding(best)))
			best = lane;
	}
	return best;
}

/* A lane for QUERY; NULL where none is open or has room for one more. The slow leave the
 * first lane to the quick. */
static struct lane *
lane_pick(struct lane_set *set, const struct query *query)
{
	uint32_t service_us = lane_service_us(query);
	struct lane *lane = NULL;

	if (service_us > 0 && service_us <= QUICK_US)
		lane = lane_shared(set);
	if (!lane && service_us > QUICK_US)
		lane = lane_least(set, 1);
	if (!lane)
		lane = lane_least(set, 0);
	return lane && lane_outstanding(lane) < LANE_QUERIES_MAX ? lane : NULL;
}

static struct err *
no_lane_err(struct ctx *ctx, const struct lane_set *set)
{
	if (set->is_closing)
		return err_new(ctx, ERR_BUSY, "the database is being closed");
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
	return !set->is_closing && set->failing_since > 0 &&
		clock_monotonic_ns() - set->failing_since <
		PATIENCE_MS * NANOSECONDS_PER_MS;
}

/* A primary that was fenced and followed by another still answers reads, of the past: a
 * lane leaves it once a connection of the pool has found the other. */
static void
lanes_follow(struct lane_set *set)
{
	uint32_t host = atomic_load_explicit(
		&set->db->target.last_good, memory_order_relaxed);

	if (LIKELY(set->host == host))
		return;
	set->host = host;
	for (uint32_t i = 0; i < set->count; i++)
		if (set->lanes[i].state == LANE_OPEN && set->lanes[i].conn.host != host)
			lane_break(&set->lanes[i]);
}

static struct err *
lane_get(struct lane_set *set, struct ctx *ctx, const struct query *query,
	struct lane **ret)
{
	for (;;) {
		enum wait_end end;
		struct lane *lane;

		lanes_follow(set);
		lane = lane_pick(set, query);

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

/* Ask the server to end what it is at: all behind it wait. */
static void
lane_cancel_first(struct lane *lane)
{
	lane->cancels++;
	lane->cancelled_at = clock_monotonic_ns();
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

/* Put CALL on LANE; where it takes it (ret_put), wait for the answer, where it has no
 * room, for that. */
static struct err *
lane_ask(struct lane *lane, struct lane_call *call, enum lane_put *ret_put)
{
	struct ctx *ctx = call->ctx;
	struct lane_entry *entry = NULL;

	*ret_put = lane_put(lane, call, &entry);
	if (UNLIKELY(*ret_put == LANE_NO_ROOM))
		return wait_end_err(ctx, wait_queue_wait(&lane->set->room, ctx->deadline),
			"the database");
	if (UNLIKELY(*ret_put != LANE_PUT))
		return NULL;
	while (!call->is_done) {
		enum wait_end end = wait_queue_wait(&call->done, ctx->deadline);

		if (call->is_done)
			break;
		if (end != WAIT_READY) {
			lane_give_up(lane, entry, end);
			return err_note(wait_end_err(ctx, end, "the database"),
				"query %s on a lane", call->query->name);
		}
	}

	return NULL;
}

/* Whether the query may itself have ended the connection: the server was at it and went
 * without a word. One that is shut down, or whose neighbour crashed, says so. */
static bool
is_to_blame(const struct lane_call *call)
{
	return call->is_lost && call->was_first && *call->state == '\0';
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
	if (!call->err)
		return false;
	switch (call->remedy) {
	case PG_REMEDY_PREPARE:
	case PG_REMEDY_RETRY:
		return true;
	case PG_REMEDY_RECONNECT:
		/* Refused as a write on a connection that only reads. */
		return strcmp(call->state, "25006") != 0;
	case PG_REMEDY_NONE:
		break;
	}

	return call->is_disturbed && strcmp(call->state, "57014") == 0;
}

static struct err *
lane_answer(const struct lane_call *call, struct row_sink sink)
{
	struct ctx *ctx = call->ctx;
	const struct query *query = call->query;

	if (strcmp(call->state, "25006") == 0)
		return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
			"query %s writes and is not declared so", query->name);
	if (call->err)
		return call->err;
	if (call->is_lost)
		return err_note(
			err_new(ctx, ERR_BUSY, "the connection to the database was lost"),
			"query %s, asked again and lost again", query->name);
	if (buf_is_cut(&call->rows))
		return err_no_memory();

	return wire_rows(ctx, query, call->columns, buf_str(&call->rows), sink);
}

/* Before asking once more: what closed this lane may have closed the others as well, and
 * they have not all been told yet. */
static void
lane_pause(int tries)
{
	int shift = tries < LOST_PAUSE_SHIFT_MAX ? tries : LOST_PAUSE_SHIFT_MAX;

	(void)fiber_sleep_until(clock_deadline_ms(INT64_C(1) << shift));
}

/* Ask until there is an answer, and give it to SINK. */
static struct err *
lane_call_run(struct lane_set *set, struct lane_call *call, struct row_sink sink,
	bool *ret_is_too_large)
{
	*ret_is_too_large = false;
	for (int tries = 1, blames = 0;;) {
		struct lane *lane = NULL;
		enum lane_put put;

		TRY(lane_get(set, call->ctx, call->query, &lane));
		assert(lane);
		TRY(lane_ask(lane, call, &put));
		*ret_is_too_large = put == LANE_TOO_LARGE;
		if (UNLIKELY(*ret_is_too_large))
			return NULL;
		if (UNLIKELY(put != LANE_PUT))
			continue;
		blames += is_to_blame(call);
		if (!lane_asks_again(call, tries, blames))
			return lane_answer(call, sink);
		COUNT_BY(set->retries, 1u);
		if (call->is_lost)
			lane_pause(tries);
		tries++;
	}
}

struct err *
lane_run(struct pg_db *db, struct ctx *ctx, const struct query *query,
	const struct value *params, struct row_sink sink)
{
	struct lane_set *set = lanes_find(db);
	WRITTEN_FIRST struct pg_params encoded;
	struct lane_call call = { .ctx = ctx, .query = query, .params = &encoded };
	bool is_too_large;
	struct err *err;

	if (UNLIKELY(!set)) {
		set = lanes_new(db);
		if (!set)
			return err_no_memory();
	}
	TRY(pg_params_encode(ctx, query, params, &encoded));
	call.identity = pg_identity_of(ctx, query);
	set->callers++;
	err = lane_call_run(set, &call, sink, &is_too_large);
	set->callers--;
	return UNLIKELY(is_too_large) ? pg_auto_run(db, ctx, query, params, sink, NULL)
				      : err;
}
