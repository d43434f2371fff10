/*
 * The connection that listens, in a fiber of its own on the loop that opened the
 * database.
 *
 * Trust ends before the connection is given up, and comes back only when the server has
 * carried out LISTEN and everything kept was forgotten. The server's answer to a question
 * comes behind the notices of what had committed when it was asked, so each answer is
 * good for LISTEN_TRUST_MS from the question on.
 */
#include <sys/epoll.h>

#include "base/log.h"
#include "db/db_postgres.h"
#include "db/notices.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"

enum {
	LISTEN_ARENA_BYTES = 65536,
	ASK_EVERY_MS = 500,
	ASK_TIMEOUT_MS = 1000,
	BACKOFF_FIRST_MS = 20,
	BACKOFF_MOST_MS = 1000,
};

/* All channels of the program share one of the server's: payloads begin with the name. */
#define LISTEN_CHANNEL "gridiron"

static const enum db_type notify_params[] = { DB_TEXT };
static const enum db_type notify_columns[] = { DB_I64 };
const struct query pg_notify_query = {
	.name = "notify",
	.sql = { [DIALECT_POSTGRES] = "SELECT count(*) FROM pg_notify('" LISTEN_CHANNEL
				      "', $1)" },
	.shape = QUERY_EXEC,
	.is_write = true,
	.param_count = COUNT_OF(notify_params),
	.param_types = notify_params,
	.column_count = COUNT_OF(notify_columns),
	.column_types = notify_columns,
};

/* So that an operator knows it among the others. */
static const struct query name_query = {
	.name = "listen_name",
	.sql = { [DIALECT_POSTGRES] = "SELECT set_config('application_name', "
				      "'gridiron listen', false)" },
};

static const struct query listen_query = {
	.name = "listen",
	.sql = { [DIALECT_POSTGRES] = "LISTEN " LISTEN_CHANNEL },
};

static const struct query ask_query = {
	.name = "listening",
	.sql = { [DIALECT_POSTGRES] = "SELECT 1" },
};

struct pg_listening {
	struct arena arena; /* this struct lives in it */
	struct pg_db *db;
	struct notices *notices;
	struct pg_conn conn;
	struct fiber *fiber;
	struct wait_queue ended;
	bool is_ended;
};

static void
trust_until(struct pg_listening *listening, int64_t until)
{
	atomic_store_explicit(
		&listening->notices->heard_until, until, memory_order_release);
}

/* Give on what notices have come. */
static void
take(struct pg_listening *listening)
{
	PGnotify *notify;

	while ((notify = PQnotifies(listening->conn.pq))) {
		notices_hear(listening->notices, str_from(notify->extra));
		PQfreemem(notify);
	}
}

/* Ask the server whether it is there; with its answer come the notices. */
static struct err *
ask(struct pg_listening *listening, struct ctx *ctx, const struct query *query,
	int64_t *ret_asked_at)
{
	struct row_sink nowhere = { .row = NULL };
	int64_t asked_at = clock_coarse_ns();

	TRY(pg_run_own(ctx, &listening->conn, query, NULL, nowhere,
		clock_deadline_ms(ASK_TIMEOUT_MS)));
	take(listening);
	*ret_asked_at = asked_at;
	return NULL;
}

/* Hear until it is time to ask again. */
static struct err *
hear_until(struct pg_listening *listening, struct ctx *ctx, int64_t deadline)
{
	struct pg_conn *conn = &listening->conn;

	for (;;) {
		enum wait_end end = fiber_wait_fd(conn->fd, EPOLLIN, deadline);
		bool is_alive;

		if (end == WAIT_TIMED_OUT)
			return NULL;
		TRY(wait_end_err(ctx, end, "notices"));
		is_alive = PQconsumeInput(conn->pq) == 1;
		take(listening);
		if (!is_alive || PQstatus(conn->pq) != CONNECTION_OK)
			return pg_lost_err(ctx, conn, NULL);
	}
}

/* One connection, until it is lost. RET_DID_LISTEN: it was of use. */
static struct err *
listen_once(struct pg_listening *listening, struct ctx *ctx, bool *ret_did_listen)
{
	enum pool_fault fault;
	int64_t asked_at;

	TRY(pg_connect(ctx, &listening->db->target,
		clock_deadline_ms(PG_CONNECT_TIMEOUT_MS), &listening->conn, &fault));
	TRY(ask(listening, ctx, &name_query, &asked_at));
	TRY(ask(listening, ctx, &listen_query, &asked_at));
	/* What changed while nobody listened nobody will tell. */
	notices_miss(listening->notices);
	*ret_did_listen = true;
	trouble_over(
		&listening->db->listen_trouble, ctx, "listening to the database again");
	for (;;) {
		trust_until(listening, asked_at + LISTEN_TRUST_MS * NANOSECONDS_PER_MS);
		TRY(hear_until(listening, ctx, clock_deadline_ms(ASK_EVERY_MS)));
		TRY(ask(listening, ctx, &ask_query, &asked_at));
	}
}

static void
listen_fiber(void *arg)
{
	struct pg_listening *listening = arg;
	int64_t pause_ms = BACKOFF_FIRST_MS;

	while (!fiber_is_cancelled()) {
		bool did_listen = false;
		struct arena arena;
		struct ctx ctx = { .arena = &arena, .route = "listen" };
		struct err *err;

		arena_init(&arena, LISTEN_ARENA_BYTES);
		err = listen_once(listening, &ctx, &did_listen);
		trust_until(listening, 0);
		if (!fiber_is_cancelled())
			trouble_note(&listening->db->listen_trouble, &ctx,
				"not listening to the database", err);
		arena_release(&arena);
		pg_disconnect(&listening->conn);
		pause_ms = did_listen ? BACKOFF_FIRST_MS : 2 * pause_ms;
		if (pause_ms > BACKOFF_MOST_MS)
			pause_ms = BACKOFF_MOST_MS;
		(void)fiber_sleep_until(clock_deadline_ms(pause_ms));
	}
	listening->is_ended = true;
	wait_queue_wake_all(&listening->ended);
}

struct err *
pg_listen(void *state, struct ctx *ctx, struct notices *notices)
{
	struct pg_db *db = state;
	struct pg_listening *listening;
	struct arena arena;

	arena_init(&arena, sizeof(*listening) + LISTEN_ARENA_BYTES);
	listening = arena_alloc(&arena, sizeof(*listening));
	if (!listening)
		return err_no_memory();
	*listening = (struct pg_listening){
		.arena = arena, .db = db, .notices = notices
	};
	wait_queue_init(&listening->ended);
	listening->fiber = fiber_spawn("listen", listen_fiber, listening);
	if (!listening->fiber) {
		arena_release(&arena);
		return err_new(ctx, ERR_BUSY, "no fiber to listen to the database with");
	}
	db->listening = listening;
	return NULL;
}

void
pg_listen_end(struct pg_db *db)
{
	struct pg_listening *listening = db->listening;
	struct arena arena;

	if (!listening)
		return;
	db->listening = NULL;
	fiber_cancel(listening->fiber);
	while (!listening->is_ended)
		if (wait_queue_wait(&listening->ended, DEADLINE_NEVER) != WAIT_READY)
			fiber_yield();
	arena = listening->arena;
	arena_release(&arena);
}
