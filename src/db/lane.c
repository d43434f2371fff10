#include "db/lane.h"

#include <assert.h>

#include <sys/epoll.h>

#include "base/buf.h"
#include "base/log.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"

enum {
	LANE_QUERIES_MAX = 256, /* under way on one lane; a power of two */
	LANE_TRIES_MAX = 3,
	LANE_ARENA_BYTES = 65536,
	REOPEN_AFTER_MS = 100,
	STUCK_LOOK_MS = 10,
	CLOSE_WAIT_MS = 10000,
	FAULT_TEXT_MAX = 200,
	/* What was given up sooner than this, by one whose client left, is not worth a
	 * cancel request. */
	CANCEL_AFTER_MS = 100,
};

/* One who waits for an answer; on his stack. */
struct lane_call {
	struct wait_queue done;
	bool is_done;
	bool is_lost;      /* the connection went; nothing is known */
	bool is_disturbed; /* the lane's query was cancelled meanwhile, perhaps this one
			    */
	struct pg_segment segment;
};

/* A query under way. */
struct lane_entry {
	struct pg_segment segment;
	struct lane_call *call; /* NULL: he gave up */
	uint32_t cancels;       /* of the lane, when it was sent */
};

enum lane_state { LANE_CLOSED, LANE_OPENING, LANE_OPEN };

struct lane {
	struct lane_set *set;
	enum lane_state state;
	struct pg_conn conn;
	int64_t reopen_at;
	bool is_stuck;    /* the socket takes no more; a fiber waits for it */
	uint32_t cancels; /* sent on this connection */
	uint32_t first;   /* entries[first … end), modulo their number, are under way */
	uint32_t end;
	struct lane_entry entries[LANE_QUERIES_MAX];
};

struct lane_set {
	struct list_link link; /* in the database's, under its lock */
	struct arena arena;    /* this struct lives in it */
	struct pg_db *db;
	struct loop *loop;
	struct wait_queue changed; /* a lane was opened, failed to, or closed */
	struct wait_queue room;    /* a full lane has room again */
	uint32_t opening;
	bool is_closing;
	enum pool_fault fault;
	char fault_text[FAULT_TEXT_MAX];
	/* Written by the loop alone, read by anyone. */
	_Atomic uint32_t open;
	_Atomic uint32_t outstanding;
	_Atomic uint64_t queries;
	_Atomic uint64_t retries;
	uint32_t count;
	struct lane lanes[];
};

/* The lanes of this thread's loop, for the database with that serial number. */
static _Thread_local struct {
	uint64_t serial;
	struct lane_set *set;
} lanes_of_thread;

#define COUNT_BY(counter, n)                                                  \
	atomic_store_explicit(&(counter),                                     \
		atomic_load_explicit(&(counter), memory_order_relaxed) + (n), \
		memory_order_relaxed)

static uint32_t
lane_outstanding(const struct lane *lane)
{
	return lane->end - lane->first;
}

static struct lane_entry *
lane_entry_at(struct lane *lane, uint32_t at)
{
	return &lane->entries[at & (LANE_QUERIES_MAX - 1)];
}

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

/* Close a lane whose connection is of no use. What was under way is lost. */
static void
lane_break(struct lane *lane)
{
	struct lane_set *set = lane->set;

	if (lane->state != LANE_OPEN)
		return;
	lane->state = LANE_CLOSED;
	lane->reopen_at = 0;
	while (lane_outstanding(lane) > 0)
		lane_finish_first(lane, true);
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
		bool was_full = lane_outstanding(lane) == LANE_QUERIES_MAX;

		switch (pg_take(&lane->conn, &entry->segment, NULL)) {
		case PG_WAIT:
			return;
		case PG_DONE:
			lane_finish_first(lane, false);
			if (was_full)
				(void)wait_queue_wake_one(&lane->set->room);
			break;
		case PG_ROW:
		case PG_LOST:
			lane_break(lane);
			break;
		}
	}
}

/* On the loop, when a lane's socket is readable. */
static void
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

/* --- Opening ------------------------------------------------------------------------ */

/* A lane only reads; were a query not what it says, the server refuses. And a single
 * statement that reads is consistent without the price of serializable. */
static const struct query lane_setup_query = {
	.name = "lane_setup",
	.sql = { [DIALECT_POSTGRES] =
			 "SELECT set_config('default_transaction_read_only', 'on', "
			 "false),"
			 " set_config('default_transaction_isolation', 'read committed', "
			 "false)" },
};

static void
remember_fault(struct lane_set *set, enum pool_fault fault, const struct err *err)
{
	struct buf text;

	set->fault = fault;
	buf_init_fixed(&text, set->fault_text, sizeof(set->fault_text) - 1);
	buf_put(&text, err->message);
	for (const struct err_note *note = err->notes; note; note = note->older)
		buf_fmt(&text, "; " STR_FMT, STR_ARG(note->text));
	set->fault_text[text.len] = '\0';
}

static struct err *
lane_connect(struct lane *lane, struct ctx *ctx, enum pool_fault *ret_fault)
{
	struct row_sink nowhere = { .row = NULL };
	struct pg_db *db = lane->set->db;
	struct err *err;

	TRY(pg_connect(ctx, &db->target, ctx->deadline, &lane->conn, ret_fault));
	err = pg_run_own(
		ctx, &lane->conn, &lane_setup_query, NULL, nowhere, ctx->deadline);
	if (!err && !loop_watch_fd(lane->conn.fd, lane_readable, lane))
		err = err_new(ctx, ERR_INTERNAL, "the system watches no more sockets");
	if (err)
		pg_disconnect(&lane->conn);

	return err;
}

static void
lane_open_fiber(void *arg)
{
	struct lane *lane = arg;
	struct lane_set *set = lane->set;
	enum pool_fault fault = POOL_CANNOT_CONNECT;
	struct arena arena;
	struct ctx ctx = { .arena = &arena,
		.deadline = clock_deadline_ms(PG_CONNECT_TIMEOUT_MS),
		.route = "open lane" };
	struct err *err;

	arena_init(&arena, LANE_ARENA_BYTES);
	err = lane_connect(lane, &ctx, &fault);
	set->opening--;
	if (err) {
		lane->state = LANE_CLOSED;
		lane->reopen_at = clock_deadline_ms(REOPEN_AFTER_MS);
		remember_fault(set, fault, err);
		log_err(&ctx, "lane not opened", err);
	} else {
		lane->state = LANE_OPEN;
		lane->first = lane->end = 0;
		lane->cancels = 0;
		set->fault = POOL_FAULT_NONE;
		COUNT_BY(set->open, 1u);
	}
	arena_release(&arena);
	wait_queue_wake_all(&set->changed);
}

/* Open the lanes that are closed, all at once; those that failed just now wait a little.
 */
static void
lanes_open(struct lane_set *set)
{
	int64_t now = clock_monotonic_ns();

	for (uint32_t i = 0; i < set->count && !set->is_closing; i++) {
		struct lane *lane = &set->lanes[i];

		if (lane->state != LANE_CLOSED || now < lane->reopen_at ||
			!fiber_spawn("lane_open", lane_open_fiber, lane))
			continue;
		lane->state = LANE_OPENING;
		set->opening++;
	}
}

static struct lane_set *
lanes_new(struct pg_db *db)
{
	struct arena arena;
	struct lane_set *set;
	uint32_t count = (uint32_t)db->lanes_per_loop;
	size_t size = sizeof(*set) + count * sizeof(struct lane);

	arena_init(&arena, size + LANE_ARENA_BYTES);
	set = arena_alloc(&arena, size);
	if (!set)
		return NULL;
	set->arena = arena;
	set->db = db;
	set->loop = loop_current();
	set->count = count;
	wait_queue_init(&set->changed);
	wait_queue_init(&set->room);
	for (uint32_t i = 0; i < count; i++)
		set->lanes[i].set = set;
	pthread_mutex_lock(&db->lock);
	list_push_back(&db->lane_sets, &set->link);
	pthread_mutex_unlock(&db->lock);
	lanes_of_thread.serial = db->serial;
	lanes_of_thread.set = set;

	return set;
}

/* This loop's lanes; NULL when it has none. */
static struct lane_set *
lanes_find(struct pg_db *db)
{
	const struct loop *loop = loop_current();
	struct lane_set *found = NULL;

	if (LIKELY(lanes_of_thread.serial == db->serial))
		return lanes_of_thread.set;
	/* Another database was used in between: a program has more than one only in tests
	 * and when it copies. */
	pthread_mutex_lock(&db->lock);
	LIST_FOR_EACH(link, &db->lane_sets) {
		struct lane_set *set = CONTAINER_OF(link, struct lane_set, link);

		if (set->loop == loop)
			found = set;
	}
	pthread_mutex_unlock(&db->lock);
	if (found) {
		lanes_of_thread.serial = db->serial;
		lanes_of_thread.set = found;
	}

	return found;
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

/* Leave without an answer. Where the server is at this very query, ask it to stop: all
 * behind it wait. */
static void
lane_give_up(struct lane *lane, struct lane_entry *entry, int64_t sent_at)
{
	entry->call = NULL;
	if (lane_entry_at(lane, lane->first) != entry ||
		clock_monotonic_ns() - sent_at < CANCEL_AFTER_MS * NANOSECONDS_PER_MS)
		return;
	lane->cancels++;
	pg_cancel(&lane->conn);
}

static struct err *
lane_ask(struct lane *lane, struct ctx *ctx, const struct query *query,
	const struct pg_params *params, struct lane_call *call)
{
	int64_t sent_at = clock_monotonic_ns();
	struct lane_entry *entry = lane_send(lane, ctx, query, params, call);

	while (!call->is_done) {
		enum wait_end end = wait_queue_wait(&call->done, ctx->deadline);

		if (call->is_done)
			break;
		if (end != WAIT_READY) {
			lane_give_up(lane, entry, sent_at);
			return err_note(wait_end_err(ctx, end, "the database"),
				"query %s on a lane", query->name);
		}
	}

	return NULL;
}

/* Whether to ask again, TRIES being done: the answer was lost, or not for this query. */
static bool
lane_asks_again(const struct lane_call *call, int tries)
{
	if (tries == LANE_TRIES_MAX)
		return false;
	if (call->is_lost)
		return true;
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
	if (call->segment.failed >= 0) {
		struct err *err = pg_result_err(ctx, query, call->segment.result);

		if (strcmp(pg_sqlstate(call->segment.result), "25006") == 0)
			err = err_note(err, "it writes and is not declared so");
		return err;
	}
	if (call->is_lost)
		return err_note(
			err_new(ctx, ERR_BUSY, "the connection to the database was lost"),
			"query %s, asked %d times", query->name, LANE_TRIES_MAX);

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
	for (int tries = 1;; tries++) {
		struct lane *lane;

		TRY(lane_get(set, ctx, &lane));
		TRY(lane_ask(lane, ctx, query, &encoded, &call));
		if (!lane_asks_again(&call, tries))
			break;
		pg_segment_release(&call.segment);
		COUNT_BY(set->retries, 1u);
	}
	err = lane_answer(ctx, query, &call, sink);
	pg_segment_release(&call.segment);

	return err;
}

/* --- All of them -------------------------------------------------------------------- */

static bool
lanes_are_busy(const struct lane_set *set)
{
	return set->opening > 0 || set->outstanding > 0;
}

void
lanes_close(struct pg_db *db)
{
	int64_t deadline = clock_deadline_ms(CLOSE_WAIT_MS);
	struct lane_set *set = lanes_find(db);
	struct arena arena;

	if (!set)
		return;
	set->is_closing = true;
	while (lanes_are_busy(set) &&
		(clock_monotonic_ns() < deadline || set->opening > 0))
		if (fiber_sleep_until(clock_deadline_ms(1)) == WAIT_CANCELLED)
			fiber_yield();
	for (uint32_t i = 0; i < set->count; i++)
		lane_break(&set->lanes[i]);
	/* Fibers that wait for room or a flush look at the set once more. */
	fiber_yield();
	pthread_mutex_lock(&db->lock);
	list_remove(&set->link);
	pthread_mutex_unlock(&db->lock);
	lanes_of_thread.serial = 0;
	arena = set->arena;
	arena_release(&arena);
}

void
lanes_count(struct pg_db *db, struct pool_counters *ret)
{
	pthread_mutex_lock(&db->lock);
	LIST_FOR_EACH(link, &db->lane_sets) {
		const struct lane_set *set = CONTAINER_OF(link, struct lane_set, link);

		ret->lanes_open += atomic_load_explicit(&set->open, memory_order_relaxed);
		ret->lane_outstanding += atomic_load_explicit(
			&set->outstanding, memory_order_relaxed);
		ret->lane_queries += atomic_load_explicit(
			&set->queries, memory_order_relaxed);
		ret->lane_retries += atomic_load_explicit(
			&set->retries, memory_order_relaxed);
	}
	pthread_mutex_unlock(&db->lock);
}
