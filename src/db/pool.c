#include "db/pool.h"

#include <assert.h>

#include "db/pool_state.h"
#include "sys/clock.h"

static void
pool_init_settings(struct pool *pool, const struct pool_settings *settings)
{
	struct pool_settings *own = &pool->settings;
	uint32_t max;

	*own = *settings;
	assert(own->size > 0 && own->overflow >= 0 && own->timeout_ms > 0);
	assert(own->recycle_ms > 0 && own->ping_timeout_ms > 0);
	max = (uint32_t)(own->size + own->overflow);
	pool->limit[POOL_INTERACTIVE] = max;
	pool->limit[POOL_BATCH] = max < 4 ? 1 : max / 4;
	pool->limit[POOL_ADMIN] = POOL_ADMIN_CONNECTIONS;
	pool->counters.size = (uint32_t)own->size;
	pool->counters.max = max;
}

struct err *
pool_open(struct arena *arena, const struct pool_settings *settings,
	const struct pool_backend *backend, struct pool **ret)
{
	struct pool *pool;
	struct pool_slot *slots;
	size_t places;

	TRY_NEW(arena, pool, 1);
	pool->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	pool->backend = *backend;
	pool_init_settings(pool, settings);
	list_init(&pool->empty);
	list_init(&pool->idle);
	list_init(&pool->busy);
	for (size_t i = 0; i < POOL_BUDGET_COUNT; i++)
		list_init(&pool->waiting[i]);

	places = pool->counters.max + POOL_ADMIN_CONNECTIONS;
	TRY_NEW(arena, slots, places);
	for (size_t i = 0; i < places; i++)
		list_push_back(&pool->empty, &slots[i].link);

	*ret = pool;
	return NULL;
}

/* --- Granting, under the lock */

/* Whether BUDGET may hold one more. A place is then free, since there are as many as all
 * budgets allow together. */
static bool
pool_has_room(const struct pool *pool, enum pool_budget budget)
{
	if (pool->in_use[budget] >= pool->limit[budget])
		return false;

	return budget == POOL_ADMIN ||
		pool->in_use[POOL_INTERACTIVE] + pool->in_use[POOL_BATCH] <
		pool->counters.max;
}

/* The newest idle connection, or a place to open one. */
static struct pool_slot *
pool_take(struct pool *pool, enum pool_budget budget, const char *route, int64_t now)
{
	struct list_link *link = list_first(&pool->idle);
	struct pool_slot *slot;

	if (!link)
		link = list_first(&pool->empty);
	assert(link);
	slot = CONTAINER_OF(link, struct pool_slot, link);
	list_remove(link);
	list_push_back(&pool->busy, link);
	slot->budget = budget;
	slot->route = route;
	slot->taken_at = now;
	pool->in_use[budget]++;
	pool->counters.checkouts++;

	return slot;
}

/* The waiter whose turn it is: of those whose budget has room, the one who came first. */
static struct waiter *
pool_next_waiter(const struct pool *pool, enum pool_budget *ret)
{
	struct waiter *next = NULL;

	for (enum pool_budget budget = 0; budget <= POOL_ADMIN; budget++) {
		struct list_link *link = list_first(&pool->waiting[budget]);
		struct waiter *first;

		if (!link || !pool_has_room(pool, budget))
			continue;
		first = CONTAINER_OF(link, struct waiter, link);
		if (!next || first->turn < next->turn) {
			next = first;
			*ret = budget;
		}
	}

	return next;
}

static void
pool_grant(struct pool *pool, int64_t now)
{
	enum pool_budget budget;
	struct waiter *waiter;

	while ((waiter = pool_next_waiter(pool, &budget)) != NULL) {
		list_remove(&waiter->link);
		waiter->slot = pool_take(pool, budget, waiter->route, now);
		/* Under the lock: once it is released the waiter may be gone. */
		fiber_event_set(&waiter->event);
	}
}

/* Put a place that its holder is done with where it belongs, and see who is next. */
static void
pool_release(struct pool *pool, struct pool_slot *slot, int64_t now)
{
	slot->route = NULL;
	slot->idle_since = now;
	atomic_store_explicit(&slot->query, NULL, memory_order_relaxed);
	list_remove(&slot->link);
	list_push_front(slot->conn ? &pool->idle : &pool->empty, &slot->link);
	assert(pool->in_use[slot->budget] > 0);
	pool->in_use[slot->budget]--;
	pool_grant(pool, now);
}

static void
pool_give_back(struct pool *pool, struct pool_slot *slot)
{
	pool_lock(pool);
	pool_release(pool, slot, clock_coarse_ns());
	pool_unlock(pool);
}

/* --- Waiting */

/* Wait for a place, WAITER being in the queue. */
static struct err *
pool_wait(struct pool *pool, struct ctx *ctx, enum pool_budget budget,
	struct waiter *waiter, struct pool_slot **ret)
{
	int64_t since = clock_coarse_ns();
	int64_t deadline = since + pool->settings.timeout_ms * NS_PER_MS;
	enum wait_end end;
	bool was_given;

	end = fiber_event_wait(
		&waiter->event, deadline < ctx->deadline ? deadline : ctx->deadline);
	pool_lock(pool);
	pool->counters.waits++;
	pool->counters.wait_ns += (uint64_t)(clock_coarse_ns() - since);
	was_given = waiter->slot != NULL;
	if (!was_given)
		list_remove(&waiter->link);
	pool_unlock(pool);
	if (was_given && end != WAIT_READY)
		fiber_event_join(&waiter->event);

	if (end == WAIT_CANCELLED) {
		if (was_given)
			pool_give_back(pool, waiter->slot);
		return wait_end_err(ctx, end, "a database connection");
	}
	if (!was_given)
		return pool_timeout_err(pool, ctx, budget, since);
	*ret = waiter->slot;

	return NULL;
}

/* --- Opening and testing, by the holder */

static void
slot_close(struct pool *pool, struct pool_slot *slot, uint64_t *counter)
{
	void *conn = slot->conn;

	pool_lock(pool);
	slot->conn = NULL;
	pool->open--;
	(*counter)++;
	pool_unlock(pool);
	pool->backend.close(pool->backend.arg, conn);
}

/* Remember why there is no connection. */
static void
pool_remember(struct pool *pool, enum pool_fault fault, const struct err *err)
{
	struct buf text;

	pool->counters.connect_failures++;
	pool->fault = fault;
	pool->fault_at = clock_coarse_ns();
	buf_init_fixed(&text, pool->fault_text, sizeof(pool->fault_text) - 1);
	buf_put(&text, err->message);
	for (const struct err_note *note = err->notes; note; note = note->older)
		buf_fmt(&text, "; " STR_FMT, STR_ARG(note->text));
	pool->fault_text[text.len] = '\0';
}

/* An age at which to close it: not all at once that were opened at once. */
static int64_t
pool_expiry(const struct pool *pool, uint64_t count, int64_t now)
{
	int64_t age = pool->settings.recycle_ms * NS_PER_MS;
	/* Multiples of the golden ratio spread evenly (Weyl). */
	double fraction = (double)(count * UINT64_C(11400714819323198485) >> 32) *
		0x1p-32;

	return now + age - (int64_t)((double)age * 0.1 * fraction);
}

static struct err *
slot_connect(struct pool *pool, struct ctx *ctx, struct pool_slot *slot)
{
	struct err *err;

	slot->fault = POOL_CANNOT_CONNECT;
	err = pool->backend.connect(pool->backend.arg, ctx, &slot->fault, &slot->conn);

	pool_lock(pool);
	if (err) {
		pool_remember(pool, slot->fault, err);
	} else {
		slot->expires_at = pool_expiry(
			pool, pool->counters.connects, clock_coarse_ns());
		pool->open++;
		pool->counters.connects++;
		pool->fault = POOL_FAULT_NONE;
	}
	pool_unlock(pool);

	return err;
}

/* Make sure that SLOT holds a connection that is young and alive. */
static struct err *
slot_prepare(struct pool *pool, struct ctx *ctx, struct pool_slot *slot, int64_t now)
{
	const struct pool_settings *settings = &pool->settings;

	if (LIKELY(slot->conn != NULL)) {
		int64_t ping_deadline = now + settings->ping_timeout_ms * NS_PER_MS;

		if (LIKELY(now < slot->expires_at &&
			    now - slot->idle_since < settings->ping_after_ms * NS_PER_MS))
			return NULL;
		if (ping_deadline > ctx->deadline)
			ping_deadline = ctx->deadline;
		if (now >= slot->expires_at)
			slot_close(pool, slot, &pool->counters.recycled);
		else if (pool->backend.ping(pool->backend.arg, slot->conn, ping_deadline))
			return NULL;
		else
			slot_close(pool, slot, &pool->counters.invalidated);
	}

	return slot_connect(pool, ctx, slot);
}

struct err *
pool_checkout(struct pool *pool, struct ctx *ctx, enum pool_budget budget,
	struct pool_slot **ret)
{
	int64_t now = clock_coarse_ns();
	struct pool_slot *slot = NULL;
	struct err *err;

	pool_lock(pool);
	if (UNLIKELY(pool->is_closing)) {
		pool_unlock(pool);
		return err_new(ctx, ERR_BUSY, "the database is being closed");
	}
	if (LIKELY(list_is_empty(&pool->waiting[budget]) &&
		    pool_has_room(pool, budget))) {
		slot = pool_take(pool, budget, ctx->route, now);
		pool_unlock(pool);
	} else {
		struct waiter waiter = { .turn = pool->turns++, .route = ctx->route };

		fiber_event_init(&waiter.event);
		list_push_back(&pool->waiting[budget], &waiter.link);
		pool_unlock(pool);
		TRY(pool_wait(pool, ctx, budget, &waiter, &slot));
		assert(slot);
	}

	err = slot_prepare(pool, ctx, slot, slot->taken_at);
	if (UNLIKELY(err != NULL)) {
		pool_give_back(pool, slot);
		return err;
	}
	*ret = slot;

	return NULL;
}

/* --- Giving back and trimming */

/* The connection idle longest, taken off its list, if it has been so for too long. */
static void *
pool_take_stale(struct pool *pool, int64_t now)
{
	const struct pool_settings *settings = &pool->settings;
	struct list_link *last = list_last(&pool->idle);
	struct pool_slot *slot;
	int64_t limit_ms;
	void *conn;

	if (!last || pool->open <= (uint32_t)settings->min_idle)
		return NULL;
	slot = CONTAINER_OF(last, struct pool_slot, link);
	limit_ms = pool->open > (uint32_t)settings->size ? settings->overflow_ms
							 : settings->idle_trim_ms;
	if (now - slot->idle_since < limit_ms * NS_PER_MS)
		return NULL;
	conn = slot->conn;
	slot->conn = NULL;
	list_remove(last);
	list_push_front(&pool->empty, last);
	pool->open--;
	pool->counters.trimmed++;

	return conn;
}

void
pool_checkin(struct pool *pool, struct pool_slot *slot, bool is_usable)
{
	int64_t now = clock_coarse_ns();
	void *stale;

	if (UNLIKELY(!is_usable))
		slot_close(pool, slot, &pool->counters.invalidated);
	else if (UNLIKELY(now >= slot->expires_at))
		slot_close(pool, slot, &pool->counters.recycled);
	else if (UNLIKELY(atomic_load_explicit(&pool->is_closing, memory_order_relaxed)))
		slot_close(pool, slot, &pool->counters.trimmed);

	pool_lock(pool);
	pool_release(pool, slot, now);
	stale = pool_take_stale(pool, now);
	pool_unlock(pool);
	if (UNLIKELY(stale != NULL))
		pool->backend.close(pool->backend.arg, stale);
}

void
pool_trim(struct pool *pool)
{
	for (;;) {
		void *stale;

		pool_lock(pool);
		stale = pool_take_stale(pool, clock_coarse_ns());
		pool_unlock(pool);
		if (!stale)
			break;
		pool->backend.close(pool->backend.arg, stale);
	}
}

/* --- All at once */

struct warming {
	struct pool *pool;
	struct ctx *ctx;
	struct wait_queue all_tried;
	size_t trying;
	size_t running;
};

/* Take one, and keep it until all have theirs, so that each opens its own. */
static void
warm_one(void *arg)
{
	struct warming *warming = arg;
	struct pool_slot *slot;
	struct err *err = pool_checkout(
		warming->pool, warming->ctx, POOL_INTERACTIVE, &slot);

	if (--warming->trying == 0)
		wait_queue_wake_all(&warming->all_tried);
	else
		(void)wait_queue_wait(&warming->all_tried, DEADLINE_NEVER);
	/* A failure is counted, and met again by the first to need a connection. */
	if (!err)
		pool_checkin(warming->pool, slot, true);
	warming->running--;
}

void
pool_warm(struct pool *pool, struct ctx *ctx, size_t count)
{
	struct warming warming = { .pool = pool, .ctx = ctx };

	wait_queue_init(&warming.all_tried);
	if (count > pool->limit[POOL_INTERACTIVE])
		count = pool->limit[POOL_INTERACTIVE];
	for (size_t i = 0; i < count; i++)
		if (fiber_spawn("pool_warm", warm_one, &warming))
			warming.running++;
	warming.trying = warming.running;
	while (warming.running > 0)
		fiber_pause();
}

size_t
pool_close(struct pool *pool, int64_t deadline)
{
	size_t out = 0;

	pool_lock(pool);
	pool->is_closing = true;
	while (!list_is_empty(&pool->busy) && clock_coarse_ns() < deadline) {
		pool_unlock(pool);
		fiber_pause();
		pool_lock(pool);
	}
	for (struct list_link *link; (link = list_first(&pool->idle)) != NULL;) {
		struct pool_slot *slot = CONTAINER_OF(link, struct pool_slot, link);
		void *conn = slot->conn;

		slot->conn = NULL;
		list_remove(link);
		list_push_front(&pool->empty, link);
		pool->open--;
		pool_unlock(pool);
		pool->backend.close(pool->backend.arg, conn);
		pool_lock(pool);
	}
	LIST_FOR_EACH(link, &pool->busy)
		out++;
	pool_unlock(pool);

	return out;
}

void
pool_tend(struct pool *pool, struct ctx *ctx)
{
	uint32_t open;

	pool_trim(pool);
	pool_lock(pool);
	open = pool->open;
	pool_unlock(pool);
	/* Those lent out come back idle. */
	if (open < (uint32_t)pool->settings.min_idle)
		pool_warm(pool, ctx, (size_t)pool->settings.min_idle);
}
