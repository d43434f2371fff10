#include "predictions/delivery.h"

#include <stdatomic.h>

#include "base/log.h"
#include "codec/json_write.h"
#include "predictions/deliveries_q.h"
#include "predictions/delivery_batch.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/random.h"
#include "sys/trouble.h"
#include "sys/wait.h"

enum {
	ID_BYTES = sizeof(struct uuid),
	STORE_EVERY_MS = 1000,
	STORE_TIMEOUT_MS = 10000,
	STATEMENT_ROWS_MAX = 256,
	PAUSE_TIMES = 19, /* as long as the statement before took */
	REST_BYTES_EACH = 128,
	STORE_ARENA_BYTES = 4 << 20,
	BATCH_BYTES_MAX = 8 << 20,
};

/* Rows of the batch that is stored: those from the one at the place on. */
struct place {
	const struct shown *shown;
	size_t row; /* of its list */
};

/* Of one loop. */
struct queue {
	struct arena arena; /* this struct lives in it */
	struct db *db;
	struct delivery_batch batches[2];
	struct delivery_batch *filling, *storing;
	struct place next;                   /* in storing; shown NULL: nothing is left */
	struct uuid ids[STATEMENT_ROWS_MAX]; /* of the rows of the next statement */
	size_t id_count;
	uint64_t lost; /* since the last line in the log */
	struct trouble trouble;
	struct fiber *fiber; /* NULL: nothing to store */
	struct wait_queue ended;
};

static _Thread_local struct queue *queue_of_thread;

static struct {
	_Atomic uint64_t noted;
	_Atomic uint64_t stored;
	_Atomic uint64_t lost;
	_Atomic uint64_t failures;
} counted;

static void
count(_Atomic uint64_t *counter, uint64_t by)
{
	atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

/* --- Storing ------------------------------------------------------------------------ */

static struct str
text_of(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	return length ? (struct str){ .ptr = text, .len = length } : STR_NONE;
}

/* The rows of the next statement; what follows them is PLACE, and how many deliveries
 * they stand for DELIVERIES. */
struct rows {
	struct buf ids, users, forecasts, rest;
	struct json json;
	struct place place;
	size_t count;
	uint64_t deliveries;
};

static void
row_put(struct rows *rows, struct uuid id)
{
	const struct shown *shown = rows->place.shown;

	buf_put(&rows->ids, (struct str){ (const char *)id.bytes, ID_BYTES });
	buf_put(&rows->users,
		(struct str){ (const char *)shown->user_id.uuid.bytes, ID_BYTES });
	buf_put(&rows->forecasts,
		(struct str){ (const char *)shown->list->ids[rows->place.row].bytes,
			ID_BYTES });
	json_put_array(&rows->json);
	json_put_i64(&rows->json, shown->first_at);
	json_put_text(&rows->json, text_of(shown->via, SHOWN_VIA_BYTES));
	json_put_text(&rows->json, text_of(shown->tier, SHOWN_TIER_BYTES));
	json_put_i64(&rows->json, shown->times);
	json_put_array_end(&rows->json);
	rows->count++;
	rows->deliveries += (uint64_t)shown->times;
	if (++rows->place.row == shown->list->count)
		rows->place = (struct place){ .shown = shown->next };
}

/* Gather the next rows. Each gets its id once, so that a second try stores the same. */
static bool
rows_gather(struct queue *queue, struct arena *arena, struct rows *rows)
{
	*rows = (struct rows){ .json = json_begin(&rows->rest), .place = queue->next };
	buf_init(&rows->ids, arena, STATEMENT_ROWS_MAX * ID_BYTES);
	buf_init(&rows->users, arena, STATEMENT_ROWS_MAX * ID_BYTES);
	buf_init(&rows->forecasts, arena, STATEMENT_ROWS_MAX * ID_BYTES);
	buf_init(&rows->rest, arena, (STATEMENT_ROWS_MAX + 1) * REST_BYTES_EACH);
	json_put_array(&rows->json);
	while (rows->place.shown && rows->count < STATEMENT_ROWS_MAX) {
		if (rows->count == queue->id_count)
			queue->ids[queue->id_count++] = uuid_v7(
				rows->place.shown->first_at);
		row_put(rows, queue->ids[rows->count]);
	}
	json_put_array_end(&rows->json);
	return !buf_is_cut(&rows->ids) && !buf_is_cut(&rows->users) &&
		!buf_is_cut(&rows->forecasts) && !buf_is_cut(&rows->rest);
}

static struct err *
put_in_tx(struct tx *tx, void *arg)
{
	const struct deliveries_put *rows = arg;
	int64_t stored;

	return q_deliveries_put(tx, *rows, &stored);
}

/* Store what one statement takes. */
static struct err *
store_some(struct queue *queue, struct ctx *ctx)
{
	struct deliveries_put args;
	struct rows rows;

	if (!rows_gather(queue, ctx->arena, &rows))
		return err_no_memory();
	args = (struct deliveries_put){ .ids = buf_str(&rows.ids),
		.users = buf_str(&rows.users),
		.forecasts = buf_str(&rows.forecasts),
		.rest = buf_str(&rows.rest) };
	/* What is not known to be stored is stored again, under the same ids. */
	TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_in_tx, &args));
	queue->next = rows.place;
	queue->id_count = 0;
	count(&counted.stored, rows.deliveries);
	return NULL;
}

/* Something to store, taking what was noted since where all before is stored. */
static bool
has_more(struct queue *queue)
{
	struct delivery_batch *stored = queue->storing;

	if (queue->next.shown)
		return true;
	delivery_batch_release(stored);
	queue->storing = queue->filling;
	queue->filling = stored;
	queue->next.shown = queue->storing->first;
	return queue->next.shown != NULL;
}

/* Leave the machine to others, but for when what is noted comes faster than that. False:
 * the end has come. */
static bool
pause_after(const struct queue *queue, int64_t took_ns)
{
	if (delivery_batch_is_half_full(queue->filling))
		return true;
	return fiber_sleep_until(clock_monotonic_ns() + PAUSE_TIMES * took_ns) !=
		WAIT_CANCELLED;
}

/* Store all, with pauses or without. False: the database does not take it now, or the end
 * came in a pause. */
static bool
store(struct queue *queue, bool is_pausing)
{
	while (has_more(queue)) {
		int64_t began = clock_monotonic_ns();
		struct arena arena;
		struct ctx ctx = { .arena = &arena,
			.db = queue->db,
			.now = clock_now_us(),
			.deadline = clock_deadline_ms(STORE_TIMEOUT_MS),
			.actor = { .is_system = true },
			.route = "deliveries" };
		struct err *err;

		arena_init(&arena, STORE_ARENA_BYTES);
		err = store_some(queue, &ctx);
		if (err) {
			count(&counted.failures, 1);
			trouble_note(&queue->trouble, &ctx,
				"deliveries not stored; they are kept", err);
		} else {
			trouble_over(
				&queue->trouble, &ctx, "deliveries are stored again");
		}
		arena_release(&arena);
		if (err)
			return false;
		if (is_pausing && queue->next.shown &&
			!pause_after(queue, clock_monotonic_ns() - began))
			return false;
	}
	return true;
}

static void
say_lost(struct queue *queue)
{
	if (queue->lost > 0)
		log_warning(NULL, "deliveries lost: more than can be stored",
			LOG_I64("count", (int64_t)queue->lost));
	queue->lost = 0;
}

static void
store_fiber(void *arg)
{
	struct queue *queue = arg;
	bool is_all = false;

	while (!is_all &&
		fiber_sleep_until(clock_deadline_ms(STORE_EVERY_MS)) != WAIT_CANCELLED) {
		is_all = store(queue, true);
		say_lost(queue);
	}
	queue->fiber = NULL;
	wait_queue_wake_all(&queue->ended);
}

/* --- Noting ------------------------------------------------------------------------- */

/* The calling loop's queue, made at its first use; NULL without memory. */
static struct queue *
queue_get(struct db *db)
{
	struct queue *queue = queue_of_thread;
	struct arena arena;

	if (LIKELY(queue != NULL))
		return queue;
	arena_init(&arena, sizeof(*queue));
	queue = arena_alloc(&arena, sizeof(*queue));
	if (!queue)
		return NULL;
	queue->arena = arena;
	queue->db = db;
	for (size_t i = 0; i < COUNT_OF(queue->batches); i++)
		delivery_batch_init(&queue->batches[i], BATCH_BYTES_MAX);
	queue->filling = &queue->batches[0];
	queue->storing = &queue->batches[1];
	wait_queue_init(&queue->ended);
	queue_of_thread = queue;
	return queue;
}

static void
text_set(char *ret, size_t size, struct str text)
{
	size_t length = text.len < size ? text.len : size - 1;

	memset(ret, 0, size);
	if (length > 0)
		memcpy(ret, text.ptr, length);
}

void
delivery_note(const struct ctx *ctx, const struct delivery *to, struct str ids)
{
	struct queue *queue = queue_get(ctx->db);
	struct shown who = { .user_id = to->user_id, .first_at = ctx->now };

	count(&counted.noted, ids.len / ID_BYTES);
	text_set(who.via, sizeof(who.via), to->via);
	text_set(who.tier, sizeof(who.tier), to->tier);
	if (UNLIKELY(!queue || !delivery_batch_add(queue->filling, &who, ids))) {
		count(&counted.lost, ids.len / ID_BYTES);
		if (queue)
			queue->lost += ids.len / ID_BYTES;
		return;
	}
	/* Where no fiber is to be had now, the next delivery asks for one. */
	if (!queue->fiber)
		queue->fiber = fiber_spawn("deliveries", store_fiber, queue);
}

/* How many are noted and not stored. */
static uint64_t
left_of(struct queue *queue)
{
	uint64_t left = 0;

	for (; has_more(queue);
		queue->next = (struct place){ .shown = queue->next.shown->next })
		left += (queue->next.shown->list->count - queue->next.row) *
			(uint64_t)queue->next.shown->times;
	return left;
}

void
delivery_loop_close(struct db *db)
{
	struct queue *queue = queue_of_thread;
	int64_t deadline = clock_deadline_ms(STORE_TIMEOUT_MS);
	struct arena arena;
	uint64_t left;

	if (!queue)
		return;
	queue->db = db;
	if (queue->fiber)
		fiber_cancel(queue->fiber);
	while (queue->fiber)
		if (wait_queue_wait(&queue->ended, DEADLINE_NEVER) != WAIT_READY)
			fiber_yield();
	while (!store(queue, false) && clock_monotonic_ns() < deadline)
		(void)fiber_sleep_until(clock_deadline_ms(STORE_EVERY_MS / 4));
	left = left_of(queue);
	count(&counted.lost, left);
	queue->lost += left;
	say_lost(queue);
	queue_of_thread = NULL;
	for (size_t i = 0; i < COUNT_OF(queue->batches); i++)
		delivery_batch_release(&queue->batches[i]);
	arena = queue->arena;
	arena_release(&arena);
}

struct delivery_counters
delivery_counters(void)
{
	return (struct delivery_counters){
		.noted = atomic_load_explicit(&counted.noted, memory_order_relaxed),
		.stored = atomic_load_explicit(&counted.stored, memory_order_relaxed),
		.lost = atomic_load_explicit(&counted.lost, memory_order_relaxed),
		.failures = atomic_load_explicit(&counted.failures, memory_order_relaxed),
	};
}
