/*
 * The pool: connections that several loops share, each lent to one fiber at a time.
 *
 * It knows nothing of what a connection is; it is told how to open, test and close one.
 * A connection's state is the list it is on. Whoever finds none free waits, first come,
 * first served; a connection given back goes to the one who has waited longest, and
 * nobody overtakes. Of the idle ones the newest is lent first, so that the others age
 * and can be closed.
 */
#ifndef DB_POOL_H
#define DB_POOL_H

#include "base/ctx.h"
#include "base/err.h"
#include "base/histogram.h"
#include "base/list.h"

/* Budgets. A report (BATCH) may hold at most a quarter of the pool, so it cannot starve a
 * sign-in (INTERACTIVE), which may use all of it. The operator's questions (ADMIN) have
 * connections of their own beyond it, to be answered when all others are taken. */
enum pool_budget { POOL_INTERACTIVE, POOL_BATCH, POOL_ADMIN };
enum {
	POOL_BUDGET_COUNT = 3,
	POOL_ADMIN_CONNECTIONS = 2,
};

/* Why there is no connection. CANNOT_CONNECT: nobody answers. REFUSED: the server does,
 * and says no. */
enum pool_fault { POOL_FAULT_NONE, POOL_CANNOT_CONNECT, POOL_REFUSED };

/* How to open, test and close a connection. All three are called inside a fiber, without
 * the pool's lock, and may wait. */
struct pool_backend {
	struct err *(*connect)(
		void *arg, struct ctx *ctx, enum pool_fault *ret_fault, void **ret);
	/* Whether it still answers, within DEADLINE. */
	bool (*ping)(void *arg, void *conn, int64_t deadline);
	void (*close)(void *arg, void *conn);
	void *arg;
};

struct pool_settings {
	int32_t size;            /* kept open once opened, until idle_trim_ms */
	int32_t overflow;        /* more at a peak; closed again soon after */
	int64_t timeout_ms;      /* longest wait for one */
	int64_t recycle_ms;      /* closed at this age, up to a tenth earlier */
	int64_t ping_after_ms;   /* tested before it is lent when idle for longer */
	int64_t ping_timeout_ms; /* of that test */
	int64_t idle_trim_ms;    /* closed when idle for longer */
	int64_t overflow_ms;     /* the same for those beyond size */
	int32_t min_idle;        /* never trimmed below so many open ones */
};

/* The settings of DESIGN §5: 20 + 40 connections and 30 s in production, else 5 + 10 and
 * 10 s; an hour. */
struct pool_settings pool_settings_default(bool is_production);

/* One place for a connection. The holder reads conn and may set query. */
struct pool_slot {
	struct list_link link;
	void *conn;            /* NULL: none open */
	enum pool_fault fault; /* why it could not be opened */
	enum pool_budget budget;
	const char *route;           /* of the holder's context */
	_Atomic(const char *) query; /* the name of what it runs now */
	int64_t taken_at;
	int64_t idle_since;
	int64_t expires_at;
};

/* As they stand, and since the pool was opened. */
struct pool_counters {
	uint32_t size; /* the setting */
	uint32_t max;  /* size + overflow */
	uint32_t open;
	uint32_t checked_in;
	uint32_t checked_out;
	uint32_t overflow; /* open beyond size */
	uint32_t waiting[POOL_BUDGET_COUNT];
	uint32_t in_use[POOL_BUDGET_COUNT];
	uint64_t checkouts;
	uint64_t waits; /* checkouts that found none free */
	uint64_t wait_ns;
	uint64_t timeouts;
	uint64_t connects;
	uint64_t connect_failures;
	uint64_t invalidated; /* given back broken, or found so by a ping */
	uint64_t recycled;
	uint64_t trimmed;
	/* Lanes (db/lane.h), summed over the loops. */
	uint32_t lanes_open;
	uint32_t lane_outstanding;
	uint64_t lane_queries;
	uint64_t lane_retries;
};

struct pool;

struct err *pool_open(struct arena *arena, const struct pool_settings *settings,
	const struct pool_backend *backend, struct pool **ret) MUST_USE;

/* Refuse new checkouts, then wait until DEADLINE for what is lent out, and close the
 * idle. Returns how many were still out, which are closed when they come back. The
 * memory must outlive those. */
size_t pool_close(struct pool *pool, int64_t deadline);

/*
 * Borrow a connection. BUSY when there is none in time (the message says whether the
 * pool is exhausted, the server cannot be reached or refuses, and notes name the oldest
 * holders), TIMEOUT when the fiber is cancelled.
 */
struct err *pool_checkout(struct pool *pool, struct ctx *ctx, enum pool_budget budget,
	struct pool_slot **ret) MUST_USE;

/* Give it back. Not IS_USABLE: it is closed, and its place is free for a new one. */
void pool_checkin(struct pool *pool, struct pool_slot *slot, bool is_usable);

/* Close what has been idle too long. */
void pool_trim(struct pool *pool);

/* Open COUNT connections at once and leave them idle;
 * those that fail are only counted. */
void pool_warm(struct pool *pool, struct ctx *ctx, size_t count);

/* Both: trim, and open what min_idle asks for and is not there. Before CTX's deadline. */
void pool_tend(struct pool *pool, struct ctx *ctx);

void pool_counters(struct pool *pool, struct pool_counters *ret);

#endif
