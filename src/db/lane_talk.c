/* What goes over a lane's connection: queries, gathered for a turn of the loop, and
 * answers, given to those who wait as they come. */
#include <sys/epoll.h>

#include "base/log.h"
#include "db/lane_state.h"
#include "sys/clock.h"

enum {
	/* While the socket takes no more, how long until the lane is looked at again. */
	STUCK_LOOK_MS = 10,
	SERVICE_SHARE = 8, /* a new measurement moves the mean by its eighth */
	MESSAGE_LOGGED_MAX = 200,
};

/* A cancel opens a connection of its own, so that one meant for a query that was done may
 * still hit another that was sent after it. */
#define CANCEL_MAX_NS (PG_CONNECT_TIMEOUT_MS * NANOSECONDS_PER_MS)

/* --- Asking ------------------------------------------------------------------------- */

/* Waits until the socket takes what is left to send. */
static void
lane_flush_fiber(void *arg)
{
	struct lane *lane = arg;
	const PGconn *pq = lane->conn.pq;
	enum wire_sent sent = WIRE_STUCK;

	while (lane->state == LANE_OPEN && lane->conn.pq == pq && sent == WIRE_STUCK) {
		(void)fiber_wait_fd(
			lane->conn.fd, EPOLLOUT, clock_deadline_ms(STUCK_LOOK_MS));
		if (lane->state != LANE_OPEN || lane->conn.pq != pq)
			break;
		sent = wire_send(&lane->wire);
	}
	lane->is_stuck = false;
	if (sent == WIRE_LOST)
		lane_break(lane);
	wait_queue_wake_all(&lane->set->room);
}

static void
lane_send(void *arg)
{
	struct lane *lane = arg;

	if (lane->state != LANE_OPEN || lane->is_stuck)
		return;
	switch (wire_send(&lane->wire)) {
	case WIRE_SENT:
		return;
	case WIRE_STUCK:
		lane->is_stuck = true;
		if (fiber_spawn("lane_flush", lane_flush_fiber, lane))
			return;
		lane->is_stuck = false;
		break;
	case WIRE_LOST:
		break;
	}
	lane_break(lane);
}

/* Add QUERY to ENTRY, prepared first where it is not. False: there is no place for it. */
static bool
put_statement(struct lane *lane, struct lane_entry *entry, const struct query *query,
	const struct pg_params *params)
{
	struct pg_statements *statements = &lane->conn.statements;
	size_t at = pg_statement_place(statements, query);
	char name[PG_STATEMENT_NAME_MAX];

	if (UNLIKELY(at == PG_STATEMENTS_MAX))
		return false;
	pg_statement_name(statements, at, name);
	if (UNLIKELY(!statements->is_prepared[at])) {
		wire_put_prepare(&lane->wire, name, query);
		entry->prepares = (uint8_t)(entry->prepares | 1 << entry->count);
	}
	wire_put_run(&lane->wire, name, params);
	entry->statements[entry->count++] = query;
	return true;
}

/* Add who asks, and what he asks. */
static bool
put_call(struct lane *lane, struct lane_entry *entry, const struct lane_call *call)
{
	WRITTEN_FIRST struct pg_params params;

	if (call->identity.is_set) {
		pg_identity_encode(lane->set->db, &call->identity, &params);
		if (!put_statement(lane, entry, &pg_identity_query, &params))
			return false;
	}
	if (!put_statement(lane, entry, call->query, call->params))
		return false;
	wire_put_sync(&lane->wire);
	return true;
}

/* What was put is on its way for certain. */
static void
note_prepared(struct lane *lane, const struct lane_entry *entry)
{
	struct pg_statements *statements = &lane->conn.statements;

	for (int i = 0; i < entry->count; i++)
		if (UNLIKELY(entry->prepares & 1 << i))
			statements->is_prepared[pg_statement_place(
				statements, entry->statements[i])] = true;
}

enum lane_put
lane_put(struct lane *lane, struct lane_call *call, struct lane_entry **ret)
{
	struct buf *out = &lane->wire.out;
	struct lane_entry entry;

	for (;;) {
		size_t before = out->len;

		entry = (struct lane_entry){ .call = call, .cancels = lane->cancels };
		if (LIKELY(put_call(lane, &entry, call) && !buf_is_cut(out)))
			break;
		if (!buf_is_cut(out) || before == 0) {
			wire_take_back(&lane->wire, before);
			return LANE_TOO_LARGE;
		}
		wire_take_back(&lane->wire, before);
		lane_send(lane);
		if (lane->state != LANE_OPEN)
			return LANE_LOST;
		if (lane->is_stuck)
			return LANE_NO_ROOM;
	}
	note_prepared(lane, &entry);
	entry.sent_at = clock_monotonic_ns();
	wait_queue_init(&call->done);
	call->is_done = call->was_first = false;
	call->err = NULL;
	call->state[0] = '\0';
	buf_init(&call->rows, call->ctx->arena, SIZE_MAX);
	*ret = lane_entry_at(lane, lane->end++);
	**ret = entry;
	COUNT_BY(lane->set->outstanding, 1u);
	COUNT_BY(lane->set->queries, 1u);
	lane->sending.fn = lane_send;
	lane->sending.arg = lane;
	loop_defer(&lane->sending);
	return LANE_PUT;
}

/* --- Answers ------------------------------------------------------------------------ */

uint32_t
lane_service_us(const struct query *query)
{
	return query->stats
		? atomic_load_explicit(&query->stats->service_us, memory_order_relaxed)
		: 0;
}

/* ENTRY was answered at NOW: the server was at it since it came, or since the answer
 * before it. */
static void
learn_service(const struct lane *lane, const struct lane_entry *entry, int64_t now)
{
	const struct query *query = entry->statements[entry->count - 1];
	int64_t since = entry->sent_at > lane->answered_at ? entry->sent_at
							   : lane->answered_at;
	int64_t us = (now - since) / 1000 + 1, mean = lane_service_us(query);

	if (!query->stats)
		return;
	us = us < INT32_MAX ? us : INT32_MAX;
	mean += mean > 0 ? (us - mean) / SERVICE_SHARE : us;
	/* Another loop's measurement may be lost: a mean is none the worse for it. */
	atomic_store_explicit(&query->stats->service_us, (uint32_t)(mean > 0 ? mean : 1),
		memory_order_relaxed);
}

/* Forget what was not prepared after all, and what went stale. */
static void
settle_statements(struct lane *lane, const struct lane_entry *entry)
{
	if (entry->is_stale)
		pg_statement_forget(
			&lane->conn.statements, entry->statements[entry->done]);
	for (int i = entry->done; i < entry->count; i++)
		if (entry->prepares & ~entry->prepared & 1 << i)
			pg_statement_forget(&lane->conn.statements, entry->statements[i]);
}

/* Take the first entry off, answered or not, and tell who waits for it. */
static void
lane_finish_first(struct lane *lane, bool is_lost)
{
	struct lane_entry *entry = lane_entry_at(lane, lane->first++);
	struct lane_call *call = entry->call;

	COUNT_BY(lane->set->outstanding, -1u);
	if (!is_lost && UNLIKELY(entry->is_failed))
		settle_statements(lane, entry);
	if (!call)
		return;
	call->is_lost = is_lost;
	call->is_disturbed = entry->cancels != lane->cancels ||
		(lane->cancels > 0 &&
			entry->sent_at < lane->cancelled_at + CANCEL_MAX_NS);
	call->columns =
		lane->columns[pg_statement_place(&lane->conn.statements, call->query)];
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
	loop_undefer(&lane->sending);
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

/* The server described what it prepared for ENTRY. False: without sense, or memory. */
static bool
take_columns(struct lane *lane, const struct lane_entry *entry, struct str body)
{
	const struct query *query = entry->statements[entry->done];
	size_t at = pg_statement_place(&lane->conn.statements, query);

	if (!lane->columns[at])
		lane->columns[at] = arena_alloc_array(
			&lane->set->arena, QUERY_COLUMNS_MAX, sizeof(Oid));
	return lane->columns[at] &&
		wire_columns(body, lane->columns[at], QUERY_COLUMNS_MAX);
}

static void
take_error(struct lane_entry *entry, struct str body)
{
	struct pg_words words = pg_words_parse(body);
	enum pg_remedy remedy = pg_words_remedy(&words);
	struct lane_call *call = entry->call;
	struct buf state;

	if (entry->is_failed)
		return;
	entry->is_failed = true;
	entry->is_stale = remedy == PG_REMEDY_PREPARE && entry->done < entry->count;
	/* What was prepared in this very segment is not stale. */
	if (remedy == PG_REMEDY_PREPARE && entry->done < entry->count &&
		entry->prepares & 1 << entry->done)
		remedy = PG_REMEDY_NONE;
	if (!call)
		return;
	call->remedy = remedy;
	call->err = pg_words_err(call->ctx, call->query, &words);
	buf_init_fixed(&state, call->state, sizeof(call->state) - 1);
	buf_put(&state, words.state);
	call->state[state.len] = '\0';
}

static void
take_notice(struct str body)
{
	struct pg_words words = pg_words_parse(body);

	if (str_eq(words.severity, STR("WARNING")))
		log_warning(NULL, "database warning",
			LOG_STR("message",
				str_slice(words.message, 0, MESSAGE_LOGGED_MAX)));
}

/* Take in MESSAGE, which is about ENTRY, the first. False: it makes no sense. */
static bool
take_answer(
	struct lane *lane, struct lane_entry *entry, const struct wire_message *message)
{
	switch (message->type) {
	case WIRE_PARSED:
		entry->prepared = (uint8_t)(entry->prepared | 1 << entry->done);
		break;
	case WIRE_COLUMNS:
		return entry->done < entry->count &&
			take_columns(lane, entry, message->body);
	case WIRE_ROW:
		/* The setting of who asks answers too. */
		if (entry->call && entry->done + 1 == entry->count)
			wire_keep_row(&entry->call->rows, message);
		break;
	case WIRE_COMPLETE:
	case WIRE_EMPTY:
		entry->done++;
		return entry->done <= entry->count;
	case WIRE_ERROR:
		take_error(entry, message->body);
		break;
	case WIRE_READY:
		if (!entry->is_failed && entry->done != entry->count)
			return false;
		lane_finish_first(lane, false);
		(void)wait_queue_wake_one(&lane->set->room);
		break;
	default:
		/* What else there is says nothing that is not known. */
		break;
	}
	return true;
}

/* Take in what was received. False: the connection is of no use. */
static bool
lane_take(struct lane *lane)
{
	int64_t now = clock_monotonic_ns();

	for (;;) {
		struct wire_message message;
		struct lane_entry *entry = lane_entry_at(lane, lane->first);

		switch (wire_take(&lane->wire, &message)) {
		case WIRE_NONE:
			return true;
		case WIRE_BAD:
			return false;
		case WIRE_TAKEN:
			break;
		}
		if (message.type == WIRE_NOTICE) {
			take_notice(message.body);
		} else if (lane_outstanding(lane) == 0) {
			/* The server's last words, or a setting that was changed. */
			if (message.type == WIRE_READY || message.type == WIRE_ROW)
				return false;
		} else {
			if (message.type == WIRE_READY) {
				learn_service(lane, entry, now);
				lane->answered_at = now;
			}
			if (!take_answer(lane, entry, &message))
				return false;
		}
	}
}

void
lane_readable(void *arg)
{
	struct lane *lane = arg;
	bool is_alive, more = false;

	do
		is_alive = wire_receive(&lane->wire, &more) && lane_take(lane);
	while (is_alive && more);
	if (!is_alive || !loop_watch_fd(lane->conn.fd, lane_readable, lane))
		lane_break(lane);
}
