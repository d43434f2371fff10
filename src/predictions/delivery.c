#include "predictions/delivery.h"

#include <stdatomic.h>

#include "base/log.h"
#include "codec/json_write.h"
#include "predictions/deliveries_q.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/random.h"
#include "sys/trouble.h"
#include "sys/wait.h"

enum {
	ID_BYTES = sizeof(struct uuid),
	TIER_BYTES = 32,
	VIA_BYTES = 8,
	STORE_EVERY_MS = 1000,
	STORE_TIMEOUT_MS = 10000,
	STATEMENT_ROWS_MAX = 1024,
	REST_BYTES_EACH = 128,
	STORE_ARENA_BYTES = 8 << 20,
};

/* One row to be. */
struct entry {
	struct uuid id;
	struct user_id user_id;
	struct uuid prediction_id;
	int64_t at;
	char via[VIA_BYTES];
	char tier[TIER_BYTES]; /* "": none */
};

/* A ring, of one loop. */
struct queue {
	struct arena arena; /* this struct lives in it */
	struct db *db;
	size_t first;
	size_t count;
	uint64_t lost; /* since the last line in the log */
	struct trouble trouble;
	struct fiber *fiber; /* NULL: nothing to store */
	struct wait_queue ended;
	struct entry entries[DELIVERIES_QUEUED_MAX];
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

static struct entry *
entry_at(struct queue *queue, size_t i)
{
	return &queue->entries[(queue->first + i) % DELIVERIES_QUEUED_MAX];
}

static struct str
text_of(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	return length ? (struct str){ .ptr = text, .len = length } : STR_NONE;
}

/* The arguments of the statement that stores the first ROWS. */
static bool
rows_pack(
	struct queue *queue, size_t rows, struct arena *arena, struct deliveries_put *ret)
{
	struct buf ids, users, forecasts, rest;
	struct json json = json_begin(&rest);

	buf_init(&ids, arena, rows * ID_BYTES);
	buf_init(&users, arena, rows * ID_BYTES);
	buf_init(&forecasts, arena, rows * ID_BYTES);
	buf_init(&rest, arena, (rows + 1) * REST_BYTES_EACH);
	json_put_array(&json);
	for (size_t i = 0; i < rows; i++) {
		struct entry *entry = entry_at(queue, i);

		/* Once, so that a second try stores the same rows. */
		if (uuid_is_nil(entry->id))
			entry->id = uuid_v7(entry->at);
		buf_put(&ids, (struct str){ (const char *)entry->id.bytes, ID_BYTES });
		buf_put(&users,
			(struct str){
				(const char *)entry->user_id.uuid.bytes, ID_BYTES });
		buf_put(&forecasts,
			(struct str){
				(const char *)entry->prediction_id.bytes, ID_BYTES });
		json_put_array(&json);
		json_put_i64(&json, entry->at);
		json_put_text(&json, text_of(entry->via, VIA_BYTES));
		json_put_text(&json, text_of(entry->tier, TIER_BYTES));
		json_put_array_end(&json);
	}
	json_put_array_end(&json);
	*ret = (struct deliveries_put){ .ids = buf_str(&ids),
		.users = buf_str(&users),
		.forecasts = buf_str(&forecasts),
		.rest = buf_str(&rest) };
	return !buf_is_cut(&ids) && !buf_is_cut(&users) && !buf_is_cut(&forecasts) &&
		!buf_is_cut(&rest);
}

static struct err *
put_in_tx(struct tx *tx, void *arg)
{
	const struct deliveries_put *rows = arg;
	int64_t stored;

	return q_deliveries_put(tx, *rows, &stored);
}

/* Store what is there, as far as one statement goes. */
static struct err *
store_some(struct queue *queue, struct ctx *ctx)
{
	size_t rows = queue->count < STATEMENT_ROWS_MAX ? queue->count
							: STATEMENT_ROWS_MAX;
	struct deliveries_put args;
	struct err *err;

	if (!rows_pack(queue, rows, ctx->arena, &args))
		return err_no_memory();
	err = db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_in_tx, &args);
	/* What is not known to be stored is stored again, under the same ids. */
	if (err)
		return err;
	queue->first = (queue->first + rows) % DELIVERIES_QUEUED_MAX;
	queue->count -= rows;
	count(&counted.stored, rows);
	return NULL;
}

/* Store all. False: the database does not take it now. */
static bool
store(struct queue *queue)
{
	while (queue->count > 0) {
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

	do {
		if (fiber_sleep_until(clock_deadline_ms(STORE_EVERY_MS)) ==
			WAIT_CANCELLED)
			break;
		(void)store(queue);
		say_lost(queue);
	} while (queue->count > 0);
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
	arena_init(&arena, sizeof(*queue) + STORE_ARENA_BYTES);
	queue = arena_alloc(&arena, sizeof(*queue));
	if (!queue)
		return NULL;
	queue->arena = arena;
	queue->db = db;
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
	size_t wanted = ids.len / ID_BYTES, room;
	struct entry entry = { .user_id = to->user_id, .at = ctx->now };

	count(&counted.noted, wanted);
	if (UNLIKELY(!queue)) {
		count(&counted.lost, wanted);
		return;
	}
	room = DELIVERIES_QUEUED_MAX - queue->count;
	if (UNLIKELY(wanted > room)) {
		count(&counted.lost, wanted - room);
		queue->lost += wanted - room;
		wanted = room;
	}
	text_set(entry.via, sizeof(entry.via), to->via);
	text_set(entry.tier, sizeof(entry.tier), to->tier);
	for (size_t i = 0; i < wanted; i++) {
		memcpy(entry.prediction_id.bytes, ids.ptr + i * ID_BYTES, ID_BYTES);
		queue->entries[(queue->first + queue->count++) % DELIVERIES_QUEUED_MAX] =
			entry;
	}
	/* Where no fiber is to be had now, the next delivery asks for one. */
	if (wanted > 0 && !queue->fiber)
		queue->fiber = fiber_spawn("deliveries", store_fiber, queue);
}

void
delivery_loop_close(struct db *db)
{
	struct queue *queue = queue_of_thread;
	int64_t deadline = clock_deadline_ms(STORE_TIMEOUT_MS);
	struct arena arena;

	if (!queue)
		return;
	queue->db = db;
	if (queue->fiber)
		fiber_cancel(queue->fiber);
	while (queue->fiber)
		if (wait_queue_wait(&queue->ended, DEADLINE_NEVER) != WAIT_READY)
			fiber_yield();
	while (!store(queue) && clock_monotonic_ns() < deadline)
		(void)fiber_sleep_until(clock_deadline_ms(STORE_EVERY_MS / 4));
	count(&counted.lost, queue->count);
	queue->lost += queue->count;
	say_lost(queue);
	queue_of_thread = NULL;
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
