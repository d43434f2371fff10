/* The SQLite driver: how the work is shared between readers and the writer. */
#include "db/db_sqlite.h"
#include "base/log.h"
#include "base/vec.h"
#include "db/notices.h"
#include "db/pool.h"
#include "sys/clock.h"
#include "sys/file.h"

enum {
	CLOSE_WAIT_MS = 10000,
	CLOSE_LOOK_MS = 5,
};

/* --- Opening and closing ------------------------------------------------------------ */

/* The file that URL names. */
static struct err *
file_of(struct ctx *ctx, struct str url, const char **ret)
{
	*ret = str_cstr(ctx->arena, str_slice(url, sizeof("sqlite:") - 1, url.len));
	if (!*ret)
		return err_no_memory();
	if (**ret == '\0' || strcmp(*ret, ":memory:") == 0)
		return err_new(ctx, ERR_INVALID,
			"the database URL must name a file, as in "
			"sqlite:gridiron-data/gridiron.db");
	return NULL;
}

static struct err *
sqlite_check_url(struct ctx *ctx, struct str url)
{
	const char *path;

	TRY(file_of(ctx, url, &path));
	/* The first migration makes its folder too. */
	TRY_CTX(file_check_place(ctx->arena, path, true), "for the database %s", path);
	return NULL;
}

static struct err *
state_open(struct sqlite_state *state, struct ctx *ctx, struct str url)
{
	const char *path;
	struct err *err;

	pthread_mutex_init(&state->lock, NULL);
	TRY(file_of(ctx, url, &path));
	TRY(lock_take(ctx, path, &state->arena, &state->path, &state->lock_fd));
	err = writer_start(&state->writer, ctx, state->path);
	if (err)
		lock_release(state->lock_fd);
	return err;
}

static struct err *
sqlite_open(struct ctx *ctx, const struct db_options *options, void **ret)
{
	struct sqlite_state *state;
	struct arena arena;
	struct err *err;

	arena_init(&arena, SQLITE_STATE_BYTES_MAX);
	state = arena_alloc(&arena, sizeof(*state));
	if (!state)
		return err_no_memory();
	state->arena = arena;
	err = state_open(state, ctx, options->url);
	if (err) {
		arena = state->arena;
		arena_release(&arena);
		return err;
	}
	*ret = state;
	return NULL;
}

static void
wait_for_readers(struct sqlite_state *state)
{
	int64_t deadline = clock_deadline_ms(CLOSE_WAIT_MS);

	while (atomic_load(&state->readers_busy) > 0 && clock_monotonic_ns() < deadline)
		if (fiber_sleep_until(clock_deadline_ms(CLOSE_LOOK_MS)) == WAIT_CANCELLED)
			return;
}

static void
sqlite_close(void *arg)
{
	struct sqlite_state *state = arg;
	struct arena arena;

	wait_for_readers(state);
	for (size_t i = 0; i < SQLITE_LOOPS_MAX; i++) {
		struct loop *loop = atomic_load(&state->readers[i].loop);

		if (loop)
			readers_close(state, loop);
	}
	writer_stop(&state->writer);
	lock_release(state->lock_fd);
	pthread_mutex_destroy(&state->lock);
	arena = state->arena;
	arena_release(&arena);
}

static void
sqlite_loop_close(void *arg)
{
	readers_close(arg, loop_current());
}

/* --- Transactions ------------------------------------------------------------------- */

/* What the driver itself does knows no deadline, here as in the writer: SQLite may find
 * that the time is up when BEGIN has begun. */
static struct err *
read_in(struct conn *conn, struct tx *tx, tx_fn fn, void *arg)
{
	struct err *err;
	int rc;

	conn->deadline = DEADLINE_NEVER;
	rc = conn_control(conn, CONTROL_BEGIN_READ);
	if (rc != SQLITE_OK)
		return conn_err(tx->ctx, conn, rc, "begin");
	conn->deadline = tx->ctx->deadline;
	tx->handle = conn;
	err = fn(tx, arg);
	conn->deadline = DEADLINE_NEVER;
	/* Nothing was written: it ends one way only. An error may have ended it. */
	if (!sqlite3_get_autocommit(conn->sqlite))
		conn_control(conn, CONTROL_ROLLBACK);
	return err;
}

static struct err *
sqlite_transact(void *arg, struct tx *tx, tx_fn fn, void *fn_arg, bool *ret_may_retry)
{
	struct sqlite_state *state = arg;
	struct conn *conn;
	struct err *err;

	if (tx->kind == TX_WRITE)
		return writer_transact(
			&state->writer, tx, fn, fn_arg, false, ret_may_retry);
	TRY(reader_get(state, tx->ctx, &conn));
	err = read_in(conn, tx, fn, fn_arg);
	reader_put(state, conn);
	return err;
}

/* --- Queries ------------------------------------------------------------------------ */

/* A query that writes, outside a transaction: a transaction of one statement. Its rows
 * are kept until the COMMIT, since it may run twice and may fail at the end. */
struct one_write {
	struct tx *tx;
	const struct query *query;
	const struct value *params;
	struct {
		VEC_OF(struct value *)
	} rows;
	int64_t affected;
};

static struct err *
keep(void *arg, const struct value *columns)
{
	struct one_write *one = arg;
	struct arena *arena = one->tx->ctx->arena;
	struct value *kept;

	TRY_NEW(arena, kept, one->query->column_count);
	TRY(row_keep(arena, one->query, columns, kept));
	return VEC_PUSH(arena, &one->rows, kept) ? NULL : err_no_memory();
}

static struct err *
run_one_write(struct tx *tx, void *arg)
{
	struct one_write *one = arg;

	one->rows.count = 0;
	return conn_run(tx->handle, tx, one->query, one->params,
		(struct row_sink){ .row = keep, .arg = one }, &one->affected);
}

static struct err *
write_alone(struct sqlite_state *state, struct one_write *one, struct row_sink sink,
	int64_t *ret_affected)
{
	struct err *err;
	bool may_retry;

	for (unsigned int try = 1;; try++) {
		may_retry = false;
		err = writer_transact(
			&state->writer, one->tx, run_one_write, one, false, &may_retry);
		if (!err)
			break;
		if (!may_retry || !db_back_off(one->tx->ctx, try))
			return err;
	}
	for (size_t i = 0; sink.row && i < one->rows.count; i++)
		TRY(sink.row(sink.arg, one->rows.items[i]));
	if (ret_affected)
		*ret_affected = one->affected;
	return NULL;
}

static struct err *
read_on(struct conn *conn, struct tx *tx, const struct query *query,
	const struct value *params, struct row_sink sink)
{
	if (query->is_slow && !writer_is_here())
		return conn_run_slow(conn, tx, query, params, sink);
	return conn_run(conn, tx, query, params, sink, NULL);
}

static struct err *
sqlite_run(void *arg, struct tx *tx, const struct query *query,
	const struct value *params, struct row_sink sink, int64_t *ret_affected)
{
	struct sqlite_state *state = arg;
	struct conn *conn;
	struct err *err;

	if (tx->is_auto && query->is_write)
		return write_alone(state,
			&(struct one_write){ .tx = tx, .query = query, .params = params },
			sink, ret_affected);
	if (query->is_write)
		return conn_run(tx->handle, tx, query, params, sink, ret_affected);
	if (ret_affected)
		*ret_affected = 0;
	if (!tx->is_auto)
		return read_on(tx->handle, tx, query, params, sink);
	TRY(reader_get(state, tx->ctx, &conn));
	err = read_on(conn, tx, query, params, sink);
	reader_put(state, conn);
	return err;
}

static struct err *
sqlite_run_batch(void *arg, struct tx *tx, const struct query *query,
	const struct value *params, size_t sets, int64_t *ret_affected)
{
	(void)arg;
	return conn_run_batch(tx->handle, tx, query, params, sets, ret_affected);
}

static struct err *
run_text_alone(struct tx *tx, void *arg)
{
	const struct str *sql = arg;

	return conn_run_text(tx->handle, tx->ctx, *sql);
}

static struct err *
sqlite_run_text(void *arg, struct tx *tx, struct str sql)
{
	struct sqlite_state *state = arg;
	bool may_retry = false;

	if (!tx->is_auto)
		return conn_run_text(tx->handle, tx->ctx, sql);
	return writer_transact(
		&state->writer, tx, run_text_alone, &sql, true, &may_retry);
}

static struct err *
sqlite_describe(void *arg, struct ctx *ctx, const struct query *query,
	struct query_description *ret)
{
	struct conn *conn;
	struct err *err;

	TRY(reader_get(arg, ctx, &conn));
	err = conn_describe(conn, ctx, query, ret);
	reader_put(arg, conn);
	return err;
}

static struct err *
sqlite_check_place(void *arg, struct ctx *ctx)
{
	struct sqlite_state *state = arg;

	return place_holds(&state->writer.place) ? NULL : place_err(ctx);
}

static void
sqlite_counters(void *arg, struct pool_counters *ret)
{
	struct sqlite_state *state = arg;
	uint32_t open = 0, loops = 0;

	for (size_t i = 0; i < SQLITE_LOOPS_MAX; i++) {
		const struct readers *readers = &state->readers[i];

		open += atomic_load_explicit(&readers->open_count, memory_order_relaxed);
		loops += atomic_load_explicit(&readers->loop, memory_order_relaxed) !=
			NULL;
	}
	*ret = (struct pool_counters){
		.size = loops * SQLITE_READERS_PER_LOOP_MAX,
		.max = loops * SQLITE_READERS_PER_LOOP_MAX,
		.open = open,
		.checked_out = (uint32_t)atomic_load(&state->readers_busy),
	};
	if (ret->checked_out < open)
		ret->checked_in = open - ret->checked_out;
}

/* No other process writes: what was not heard here has not happened. */
static struct err *
sqlite_listen(void *arg, struct ctx *ctx, struct notices *notices)
{
	(void)arg;
	(void)ctx;
	atomic_store_explicit(&notices->heard_until, INT64_MAX, memory_order_release);
	return NULL;
}

static void
sqlite_shred(void *arg)
{
	struct sqlite_state *state = arg;

	writer_shred(&state->writer);
}

const struct driver driver_sqlite = {
	.name = "sqlite",
	.dialect = DIALECT_SQLITE,
	.check_url = sqlite_check_url,
	.open = sqlite_open,
	.close = sqlite_close,
	.loop_close = sqlite_loop_close,
	.transact = sqlite_transact,
	.run = sqlite_run,
	.run_batch = sqlite_run_batch,
	.run_text = sqlite_run_text,
	.describe = sqlite_describe,
	.check_place = sqlite_check_place,
	.counters = sqlite_counters,
	.listen = sqlite_listen,
	.shred = sqlite_shred,
};
