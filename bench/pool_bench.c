/* What the pool costs: a checkout and the giving back, free and with a crowd waiting. The
 * connections are no connections, so that nothing but the pool is measured. */
#include <stdio.h>

#include "base/arena.h"
#include "db/pool.h"
#include "sys/clock.h"
#include "sys/fiber.h"

enum {
	ROUNDS = 5000000,
	CROWD = 10000,
	CROWD_TURNS = 100,
	CONNECTIONS = 10,
};

static int connection;

static struct err *
nothing_connect(void *arg, struct ctx *ctx, enum pool_fault *ret_fault, void **ret)
{
	(void)arg;
	(void)ctx;
	(void)ret_fault;
	*ret = &connection;
	return NULL;
}

static bool
nothing_ping(void *arg, void *conn, int64_t deadline)
{
	(void)arg;
	(void)conn;
	(void)deadline;
	return true;
}

static void
nothing_close(void *arg, void *conn)
{
	(void)arg;
	(void)conn;
}

struct bench {
	struct pool *pool;
	struct ctx *ctx;
	int64_t turns;
};

static bool
take_and_give(struct bench *bench)
{
	struct pool_slot *slot;

	if (pool_checkout(bench->pool, bench->ctx, POOL_INTERACTIVE, &slot))
		return false;

	pool_checkin(bench->pool, slot, true);
	bench->turns++;
	return true;
}

static void
one_of_crowd(void *arg)
{
	for (int i = 0; i < CROWD_TURNS; i++)
		if (!take_and_give(arg))
			return;
}

static void
report(const char *what, int64_t begun_at, int64_t count)
{
	printf("%-56s %7.1f ns\n", what,
		(double)(clock_monotonic_ns() - begun_at) / (double)count);
}

static void
measure(void *arg)
{
	struct bench *bench = arg;
	struct pool_slot *held[CONNECTIONS];
	int64_t begun_at = clock_monotonic_ns();

	for (int i = 0; i < ROUNDS; i++)
		if (!take_and_give(bench))
			return;
	report("checkout and check-in, free", begun_at, ROUNDS);

	/* A turn of the crowd is a checkout, the wait for it, and a check-in. The clock
	 * runs while all of them have turns left. */
	for (int i = 0; i < CONNECTIONS; i++)
		if (pool_checkout(bench->pool, bench->ctx, POOL_INTERACTIVE, &held[i]))
			return;
	for (int i = 0; i < CROWD; i++)
		if (!fiber_spawn("crowd", one_of_crowd, bench))
			return;
	fiber_yield();
	for (int i = 0; i < CONNECTIONS; i++)
		pool_checkin(bench->pool, held[i], true);
	begun_at = clock_monotonic_ns();
	bench->turns = 0;
	while (bench->turns < CROWD * (CROWD_TURNS - 1))
		fiber_yield();
	report("checkout and check-in, 10,000 fibers waiting on 10", begun_at,
		bench->turns);
}

int
main(void)
{
	struct arena arena;
	struct ctx ctx = {
		.arena = &arena, .deadline = DEADLINE_NEVER, .route = "bench"
	};
	struct bench bench = { .ctx = &ctx };
	struct pool_settings settings = pool_settings_default(true);
	struct pool_backend backend = {
		.connect = nothing_connect, .ping = nothing_ping, .close = nothing_close
	};

	settings.size = CONNECTIONS;
	settings.overflow = 0;
	settings.timeout_ms = 600000;
	arena_init(&arena, 64 << 20);
	if (pool_open(&arena, &settings, &backend, &bench.pool) ||
		loop_run_once(&arena, (struct loop_options){ .stack_bytes = 0 }, measure,
			&bench))
		return 1;
	arena_release(&arena);

	return 0;
}
