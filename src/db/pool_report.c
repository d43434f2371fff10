#include "db/pool_state.h"
#include "sys/clock.h"

enum { HOLDERS_NAMED = 3 };

struct pool_settings
pool_settings_default(bool is_production)
{
	struct pool_settings settings = {
		.size = is_production ? 20 : 5,
		.overflow = is_production ? 40 : 10,
		.timeout_ms = is_production ? 30000 : 10000,
		.recycle_ms = 3600000,
		.ping_after_ms = 1000,
		.ping_timeout_ms = 2000,
		.idle_trim_ms = 300000,
		.overflow_ms = 10000,
		.min_idle = 1,
	};

	return settings;
}

static const char *
budget_name(enum pool_budget budget)
{
	switch (budget) {
	case POOL_INTERACTIVE:
		return "interactive";
	case POOL_BATCH:
		return "batch";
	case POOL_ADMIN:
		return "admin";
	}
	return "?";
}

/* Who has held a connection longest, and what for. */
static struct err *
pool_note_holders(struct pool *pool, struct err *err, int64_t now)
{
	size_t named = 0;

	LIST_FOR_EACH(link, &pool->busy) {
		const struct pool_slot *slot = CONTAINER_OF(link, struct pool_slot, link);
		const char *query = atomic_load_explicit(
			&slot->query, memory_order_relaxed);

		if (named++ == HOLDERS_NAMED)
			break;
		err = err_note(err, "held for %lld ms by %s, query %s",
			(long long)((now - slot->taken_at) / NS_PER_MS),
			slot->route ? slot->route : "(no route)",
			query ? query : "(none yet)");
	}

	return err;
}

struct err *
pool_timeout_err(
	struct pool *pool, struct ctx *ctx, enum pool_budget budget, int64_t since)
{
	int64_t now = clock_monotonic_ns();
	enum pool_fault fault;
	size_t queue = 0;
	struct err *err = NULL;

	pool_lock(pool);
	pool->counters.timeouts++;
	/* A failure older than this wait is not what it waited for. */
	fault = pool->fault_at >= since ? pool->fault : POOL_FAULT_NONE;
	for (size_t i = 0; i < POOL_BUDGET_COUNT; i++)
		LIST_FOR_EACH(link, &pool->waiting[i])
			queue++;
	switch (fault) {
	case POOL_FAULT_NONE:
		err = err_new(ctx, ERR_BUSY,
			"the database is busy: pool exhausted, %u of %u %s connections "
			"in use and %zu waiting after %lld ms",
			pool->in_use[budget], pool->limit[budget], budget_name(budget),
			queue, (long long)((now - since) / NS_PER_MS));
		break;
	case POOL_CANNOT_CONNECT:
		err = err_new(ctx, ERR_BUSY, "cannot connect to the database");
		break;
	case POOL_REFUSED:
		err = err_new(ctx, ERR_BUSY, "the database refuses connections");
		break;
	}
	if (fault != POOL_FAULT_NONE)
		err = err_note(err, "%s", pool->fault_text);
	err = pool_note_holders(pool, err, now);
	err = err_note(err, "%zu waiting for a connection", queue);
	pool_unlock(pool);

	return err;
}

void
pool_counters(struct pool *pool, struct pool_counters *ret)
{
	uint32_t size = pool->counters.size, in_use = 0;

	pool_lock(pool);
	*ret = pool->counters;
	ret->open = pool->open;
	for (size_t i = 0; i < POOL_BUDGET_COUNT; i++) {
		ret->in_use[i] = pool->in_use[i];
		in_use += pool->in_use[i];
		LIST_FOR_EACH(link, &pool->waiting[i])
			ret->waiting[i]++;
	}
	ret->checked_out = in_use;
	LIST_FOR_EACH(link, &pool->idle)
		ret->checked_in++;
	ret->overflow = pool->open > size ? pool->open - size : 0;
	pool_unlock(pool);
}
