/*
 * Queries that are expected to be slow. The offload pool steps through them, some rows at
 * a time, while the fiber waits; the fiber gives the rows on, so that a row function may
 * wait as it may elsewhere.
 */
#include "db/db_sqlite.h"

enum {
	BATCH_ROWS = 256,
	BATCH_BYTES = 256 << 10,
	BATCH_BYTES_MAX = 64 << 20,
};

struct slow_run {
	struct conn *conn;
	struct ctx *ctx;
	const struct statement *statement;
	struct arena arena; /* of the rows of one batch */
	struct value *rows; /* column_count values each */
	size_t rows_count;
	bool is_done;
	struct err *err;
	struct fiber_event event;  /* a batch is there */
	_Atomic bool is_cancelled; /* the fiber wants no answer any more */
};

struct err *
row_keep(struct arena *arena, const struct query *query, const struct value *columns,
	struct value *ret)
{
	for (size_t i = 0; i < query->column_count; i++) {
		enum db_type type = query->column_types[i];

		ret[i] = columns[i];
		if (ret[i].is_null ||
			(type != DB_TEXT && type != DB_BYTES && type != DB_JSON))
			continue;
		ret[i].text = str_dup(arena, columns[i].text);
		if (str_is_none(ret[i].text))
			return err_no_memory();
	}
	return NULL;
}

static struct err *
fill_batch(struct slow_run *run)
{
	size_t width = run->statement->query->column_count;

	arena_reset(&run->arena);
	run->rows_count = 0;
	TRY_NEW(&run->arena, run->rows, BATCH_ROWS * width);
	while (run->rows_count < BATCH_ROWS && run->arena.used_bytes < BATCH_BYTES) {
		struct value columns[QUERY_COLUMNS_MAX];
		int rc = sqlite3_step(run->statement->prepared);

		if (rc == SQLITE_DONE) {
			run->is_done = true;
			return NULL;
		}
		if (rc != SQLITE_ROW)
			return conn_err(
				run->ctx, run->conn, rc, run->statement->query->name);
		TRY(statement_row(run->ctx, run->statement, columns));
		TRY(row_keep(&run->arena, run->statement->query, columns,
			run->rows + run->rows_count * width));
		run->rows_count++;
	}
	return NULL;
}

static void
fill_batch_offloaded(void *arg)
{
	struct slow_run *run = arg;

	run->err = fill_batch(run);
}

/* A fiber of its own waits for the offload pool, so that the one that asked can notice
 * that it is cancelled and say so to SQLite. */
static void
wait_for_pool(void *arg)
{
	struct slow_run *run = arg;
	struct err *err = fiber_offload(run->ctx, fill_batch_offloaded, run);

	if (err)
		run->err = err;
	fiber_event_set(&run->event);
}

static struct err *
get_batch(struct slow_run *run)
{
	fiber_event_init(&run->event);
	run->err = NULL;
	if (!fiber_spawn("slow query", wait_for_pool, run))
		return err_new(run->ctx, ERR_BUSY, "too much is going on, try again");
	if (fiber_event_wait(&run->event, run->ctx->deadline) != WAIT_READY) {
		/* A deadline SQLite notices by itself. */
		if (fiber_is_cancelled())
			atomic_store(&run->is_cancelled, true);
		fiber_event_join(&run->event);
	}
	return run->err;
}

static struct err *
run_batches(struct slow_run *run, struct row_sink sink)
{
	size_t width = run->statement->query->column_count;

	while (!run->is_done) {
		TRY(get_batch(run));
		for (size_t i = 0; sink.row && i < run->rows_count; i++)
			TRY(sink.row(sink.arg, run->rows + i * width));
	}
	return NULL;
}

struct err *
conn_run_slow(struct conn *conn, struct tx *tx, const struct query *query,
	const struct value *params, struct row_sink sink)
{
	struct slow_run run = { .conn = conn, .ctx = tx->ctx };
	struct statement statement;
	struct err *err;

	TRY(conn_check(tx->ctx, conn));
	TRY(statement_get(tx->ctx, conn, query, &statement));
	run.statement = &statement;
	arena_init(&run.arena, BATCH_BYTES_MAX);
	conn->cancelled = &run.is_cancelled;
	err = statement_bind(tx->ctx, conn, &statement, params);
	if (!err)
		err = run_batches(&run, sink);
	conn->cancelled = NULL;
	statement_put(conn, &statement);
	arena_release(&run.arena);
	return err;
}
