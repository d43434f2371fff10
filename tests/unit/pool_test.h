/* A pool by itself, with connections that are only numbers. */
#ifndef TESTS_POOL_TEST_H
#define TESTS_POOL_TEST_H

#include "db/pool.h"

#include "sys/wait.h"
#include "tests/unit/fiber_test.h"

enum {
	ARENA_BYTES = 4 << 20,
	CONNS_MAX = 100,
};

/* A server that is told how to behave. */
struct server {
	_Atomic int opened;
	_Atomic int closed;
	_Atomic int open_most;
	_Atomic int pings;
	int numbers[CONNS_MAX];
	bool is_down;
	bool is_refusing;
	bool is_hanging; /* connecting takes for ever */
	bool fails_pings;
	bool is_instant;
};

static inline struct err *
fake_connect(void *arg, struct ctx *ctx, enum pool_fault *ret_fault, void **ret)
{
	struct server *server = arg;
	int number, open;

	if (server->is_hanging)
		return wait_end_err(ctx, fiber_sleep_until(ctx->deadline), "a server");
	if (server->is_refusing) {
		*ret_fault = POOL_REFUSED;
		return err_note(err_new(ctx, ERR_BUSY, "the database refuses"),
			"too many clients");
	}
	if (server->is_down) {
		*ret_fault = POOL_CANNOT_CONNECT;
		return err_new(ctx, ERR_BUSY, "cannot connect");
	}
	if (!server->is_instant)
		fiber_yield();
	number = server->opened++;
	open = number + 1 - server->closed;
	if (open > server->open_most)
		server->open_most = open;
	server->numbers[number % CONNS_MAX] = number;
	*ret = &server->numbers[number % CONNS_MAX];
	return NULL;
}

static inline bool
fake_ping(void *arg, void *conn, int64_t deadline)
{
	struct server *server = arg;

	(void)conn;
	(void)deadline;
	server->pings++;
	return !server->fails_pings;
}

static inline void
fake_close(void *arg, void *conn)
{
	struct server *server = arg;

	(void)conn;
	server->closed++;
}

/* A test's pool and its context. */
struct bench {
	struct arena arena;
	struct ctx ctx;
	struct server server;
	struct pool *pool;
};

static inline void
bench_open(struct bench *bench, struct pool_settings settings)
{
	struct pool_backend backend = { .connect = fake_connect,
		.ping = fake_ping,
		.close = fake_close,
		.arg = &bench->server };

	arena_init(&bench->arena, ARENA_BYTES);
	bench->ctx = (struct ctx){
		.arena = &bench->arena, .deadline = DEADLINE_NEVER, .route = "GET /test"
	};
	OK_ERR(pool_open(&bench->arena, &settings, &backend, &bench->pool));
}

static inline void
bench_close(struct bench *bench)
{
	EQ_I64(pool_close(bench->pool, clock_deadline_ms(HANG_BOUND_MS)), 0);
	EQ_I64(bench->server.opened, bench->server.closed);
	arena_release(&bench->arena);
}

static inline struct pool_settings
small(int32_t size, int32_t overflow)
{
	struct pool_settings settings = pool_settings_default(false);

	settings.size = size;
	settings.overflow = overflow;
	settings.timeout_ms = HANG_BOUND_MS;
	return settings;
}

static inline int
number_of(const struct pool_slot *slot)
{
	return *(const int *)slot->conn;
}

#define CHECKOUT(bench, ret) \
	OK_ERR(pool_checkout((bench)->pool, &(bench)->ctx, POOL_INTERACTIVE, ret))

#endif
