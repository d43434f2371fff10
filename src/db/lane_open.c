#include "base/buf.h"
#include "base/log.h"
#include "db/lane_state.h"
#include "sys/clock.h"

enum {
	LANE_ARENA_BYTES = 65536,
	/* Of each lane, for the types of its statements' columns. */
	COLUMNS_BYTES_MAX = PG_STATEMENTS_MAX * QUERY_COLUMNS_MAX * sizeof(Oid),
	REOPEN_AFTER_MS = 100,
	CLOSE_WAIT_MS = 10000,
};

/* The lanes of this thread's loop, for the database with that serial number. */
static _Thread_local struct {
	uint64_t serial;
	struct lane_set *set;
} lanes_of_thread;

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
	if (!err)
		err = wire_open(&lane->wire, ctx, lane->conn.pq);
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
		if (set->failing_since == 0)
			set->failing_since = clock_monotonic_ns();
		remember_fault(set, fault, err);
		trouble_note(&set->db->lane_trouble, &ctx, "lane not opened", err);
	} else {
		lane->state = LANE_OPEN;
		lane->first = lane->end = 0;
		lane->cancels = 0;
		lane->answered_at = 0;
		set->fault = POOL_FAULT_NONE;
		set->failing_since = 0;
		COUNT_BY(set->open, 1u);
		trouble_over(&set->db->lane_trouble, &ctx, "lanes are opened again");
	}
	arena_release(&arena);
	wait_queue_wake_all(&set->changed);
	wait_queue_wake_all(&set->room);
}

void
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

struct lane_set *
lanes_new(struct pg_db *db)
{
	struct arena arena;
	struct lane_set *set;
	uint32_t count = (uint32_t)db->lanes_per_loop;
	size_t size = sizeof(*set) + count * sizeof(struct lane);

	arena_init(&arena, size + LANE_ARENA_BYTES + count * COLUMNS_BYTES_MAX);
	set = arena_alloc(&arena, size);
	if (!set)
		return NULL;
	set->arena = arena;
	set->db = db;
	set->loop = loop_current();
	set->count = count;
	wait_queue_init(&set->changed);
	wait_queue_init(&set->room);
	for (uint32_t i = 0; i < count; i++) {
		set->lanes[i].set = set;
		list_init(&set->lanes[i].sending.link);
	}
	pthread_mutex_lock(&db->lock);
	list_push_back(&db->lane_sets, &set->link);
	pthread_mutex_unlock(&db->lock);
	lanes_of_thread.serial = db->serial;
	lanes_of_thread.set = set;

	return set;
}

struct lane_set *
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

/* --- All of them -------------------------------------------------------------------- */

static bool
lanes_are_busy(const struct lane_set *set)
{
	return set->opening > 0 || set->outstanding > 0 || set->callers > 0;
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
		fiber_pause();
	for (uint32_t i = 0; i < set->count; i++)
		lane_break(&set->lanes[i]);
	/* Fibers that wait for a flush look at the set once more, and those who ask, once
	 * they have waited out a pause: they find it closing. */
	do
		fiber_pause();
	while (set->callers > 0);
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
