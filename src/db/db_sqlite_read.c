/*
 * The reader connections. Each loop has its own, so that they need no locks; two reads
 * that interleave on a loop (one streams, one waits for the offload pool) have one each.
 */
#include <assert.h>

#include "db/db_sqlite.h"

/* The readers of this loop, or NULL where it has none. */
static struct readers *
readers_find(struct sqlite_state *state, const struct loop *loop)
{
	for (size_t i = 0; i < SQLITE_LOOPS_MAX; i++)
		if (atomic_load_explicit(&state->readers[i].loop, memory_order_acquire) ==
			loop)
			return &state->readers[i];
	return NULL;
}

static struct readers *
readers_new(struct sqlite_state *state, struct loop *loop)
{
	struct readers *readers;

	pthread_mutex_lock(&state->lock);
	readers = readers_find(state, NULL);
	if (readers) {
		list_init(&readers->free);
		wait_queue_init(&readers->waiting);
		readers->open_count = 0;
		atomic_store_explicit(&readers->loop, loop, memory_order_release);
	}
	pthread_mutex_unlock(&state->lock);
	return readers;
}

/* The readers of this loop; NULL outside loops, on the writer's thread, and where there
 * are too many loops. */
static struct readers *
readers_here(struct sqlite_state *state)
{
	struct loop *loop = loop_current();
	struct readers *readers;

	if (!loop || writer_is_here())
		return NULL;
	readers = readers_find(state, loop);
	return readers ? readers : readers_new(state, loop);
}

static struct err *
readers_take(struct sqlite_state *state, struct readers *readers, struct ctx *ctx,
	struct conn **ret)
{
	while (list_is_empty(&readers->free)) {
		enum wait_end end;

		if (readers->open_count < SQLITE_READERS_PER_LOOP_MAX) {
			/* It would be another database, or none. */
			if (!place_holds(&state->writer.place))
				return place_err(ctx);
			TRY(conn_open(ctx, state->path, true, ret));
			readers->open_count++;
			return NULL;
		}
		end = wait_queue_wait(&readers->waiting, ctx->deadline);
		TRY(wait_end_err(ctx, end, "a database connection to read with"));
	}
	*ret = CONTAINER_OF(readers->free.next, struct conn, link);
	list_remove(&(*ret)->link);
	return NULL;
}

struct err *
reader_get(struct sqlite_state *state, struct ctx *ctx, struct conn **ret)
{
	struct readers *readers = readers_here(state);
	struct conn *conn = NULL;

	if (!readers)
		return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
			"a query past the transaction that it is called in, or more than "
			"%d loops",
			SQLITE_LOOPS_MAX);
	TRY(readers_take(state, readers, ctx, &conn));
	assert(conn);
	conn->deadline = ctx->deadline;
	conn->cancelled = NULL;
	atomic_fetch_add_explicit(&state->readers_busy, 1, memory_order_relaxed);
	*ret = conn;
	return NULL;
}

void
reader_put(struct sqlite_state *state, struct conn *conn)
{
	struct readers *readers = readers_find(state, loop_current());

	assert(readers);
	list_push_front(&readers->free, &conn->link);
	atomic_fetch_sub_explicit(&state->readers_busy, 1, memory_order_relaxed);
	wait_queue_wake_one(&readers->waiting);
}

void
readers_close(struct sqlite_state *state, const struct loop *loop)
{
	struct readers *readers = readers_find(state, loop);

	if (!readers)
		return;
	while (!list_is_empty(&readers->free)) {
		struct conn *conn = CONTAINER_OF(readers->free.next, struct conn, link);

		list_remove(&conn->link);
		conn_close(conn);
		readers->open_count--;
	}
	/* A place whose readers are still out is not given to another loop. */
	if (readers->open_count == 0)
		atomic_store_explicit(&readers->loop, NULL, memory_order_release);
}
