/* The inside of the pool, for pool.c, which works it, and pool_report.c, which tells of
 * it.
 */
#ifndef DB_POOL_STATE_H
#define DB_POOL_STATE_H

#include <pthread.h>

#include "base/buf.h"
#include "db/pool.h"
#include "sys/fiber.h"
#include "sys/wait.h"

enum {
	FAULT_TEXT_MAX = 200,
};

#define NS_PER_MS INT64_C(1000000)

/* A fiber that waits for a place; on its stack. */
struct waiter {
	struct list_link link;
	struct fiber_event event;
	struct pool_slot *slot; /* what it was given; NULL: still waiting */
	const char *route;
	uint64_t turn;
};

struct pool {
	pthread_mutex_t lock;
	struct pool_settings settings;
	struct pool_backend backend;
	_Atomic bool is_closing;

	/* The states of a connection. */
	struct list_link empty; /* a place without one */
	struct list_link idle;  /* newest first */
	struct list_link busy; /* lent out, or being opened by its holder; oldest first */

	struct list_link waiting[POOL_BUDGET_COUNT];
	uint64_t turns;
	uint32_t in_use[POOL_BUDGET_COUNT];
	uint32_t limit[POOL_BUDGET_COUNT];
	uint32_t open;
	struct pool_counters counters;

	/* The last failure to open one, for the message of a time-out. */
	enum pool_fault fault;
	int64_t fault_at;
	char fault_text[FAULT_TEXT_MAX];
};

static inline void
pool_lock(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
}

static inline void
pool_unlock(struct pool *pool)
{
	pthread_mutex_unlock(&pool->lock);
}

/* Why nothing came before the deadline, to one who waited since SINCE. */
struct err *pool_timeout_err(struct pool *pool, struct ctx *ctx, enum pool_budget budget,
	int64_t since) MUST_USE;

#endif
