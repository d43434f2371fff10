/*
 * SQLite in numbers: sqlite_bench FOLDER [SECONDS]
 *
 * Durable writes a second by 64 fibers, in groups and each with an fsync of its own, with the
 * 99th percentile; reads of one row a second. FOLDER decides the disk. Prints JSON.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "db/db.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"

enum {
	WRITERS = 64,
	ROWS = 10000,
	ARENA_BYTES_MAX = 64 << 20,
};

static const enum db_type i64s[] = { DB_I64, DB_I64 };
static const bool nullable[] = { true };

static const struct query account_add = {
	.name = "account_add",
	.sql = { [DIALECT_SQLITE] =
			 "UPDATE accounts SET balance = balance + 1 WHERE id = ?1" },
	.shape = QUERY_EXEC,
	.is_write = true,
	.param_count = 1,
	.param_types = i64s,
};
static const struct query account_put = {
	.name = "account_put",
	.sql = { [DIALECT_SQLITE] = "INSERT INTO accounts VALUES (?1, ?2)" },
	.shape = QUERY_BATCH,
	.is_write = true,
	.param_count = 2,
	.param_types = i64s,
};
static const struct query balance_get = {
	.name = "balance_get",
	.sql = { [DIALECT_SQLITE] = "SELECT balance FROM accounts WHERE id = ?1" },
	.shape = QUERY_OPT,
	.param_count = 1,
	.column_count = 1,
	.param_types = i64s,
	.column_types = i64s,
	.column_nullable = nullable,
};

static struct {
	struct arena arena;
	struct ctx ctx;
	struct str url;
	int64_t seconds;
	int64_t until;
	int64_t running;
	int64_t done;
	bool is_alone; /* each write by itself, with its own fsync */
	struct histogram latency;
	struct fiber_event ended;
} bench;

/* CPU time of the whole process in microseconds. */
static double
cpu_us(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

static void
stop_on(struct err *err)
{
	if (!err)
		return;
	fprintf(stderr, STR_FMT "\n", STR_ARG(err_describe(&bench.arena, err)));
	_exit(1);
}

static struct ctx
own_ctx(struct arena *arena)
{
	struct ctx ctx = bench.ctx;

	arena_init(arena, ARENA_BYTES_MAX);
	ctx.arena = arena;
	return ctx;
}

/* A text outside a transaction is never grouped with others. */
static struct err *
write_once(struct tx *tx)
{
	struct value id = { .i64 = bench.done++ % ROWS };
	char text[100];
	int len;

	if (!bench.is_alone)
		return query_run(
			tx, &account_add, &id, (struct row_sink){ .row = NULL }, NULL);
	len = snprintf(text, sizeof(text),
		"UPDATE accounts SET balance = balance + 1 WHERE id = %lld",
		(long long)id.i64);
	return db_run_text(tx, (struct str){ .ptr = text, .len = (size_t)len });
}

static void
write_until_the_end(void *unused)
{
	struct arena arena;
	struct ctx ctx = own_ctx(&arena);
	struct tx tx = db_auto(&ctx, SHARD_GLOBAL);

	(void)unused;
	for (int64_t began; (began = clock_monotonic_ns()) < bench.until;) {
		stop_on(write_once(&tx));
		histogram_record(&bench.latency, clock_monotonic_ns() - began);
		arena_reset(&arena);
	}
	arena_release(&arena);
	if (--bench.running == 0)
		fiber_event_set(&bench.ended);
}

/* Writes a second of COUNT fibers at once, each write a transaction. */
static void
measure_writes(const char *name, int64_t count)
{
	double cpu = cpu_us();

	bench.latency = (struct histogram){ .total_ns = 0 };
	bench.done = 0;
	bench.running = count;
	bench.until = clock_monotonic_ns() + bench.seconds * 1000000000;
	fiber_event_init(&bench.ended);
	for (int64_t i = 0; i < count; i++)
		if (!fiber_spawn("writer", write_until_the_end, NULL))
			_exit(1);
	fiber_event_join(&bench.ended);
	printf("  \"%s\": {\"per_second\": %lld, \"p50_ms\": %.2f, \"p99_ms\": %.2f, "
	       "\"cpu_us\": %.1f},\n",
		name, (long long)(bench.done / bench.seconds),
		(double)histogram_quantile_ns(&bench.latency, 0.5) / 1e6,
		(double)histogram_quantile_ns(&bench.latency, 0.99) / 1e6,
		(cpu_us() - cpu) / (double)bench.done);
}

static void
measure_reads(void)
{
	struct row_sink none = { .row = NULL };
	struct tx tx = db_auto(&bench.ctx, SHARD_GLOBAL);
	int64_t until = clock_monotonic_ns() + bench.seconds * 1000000000, done = 0;
	double cpu = cpu_us();

	for (; done % 64 || clock_monotonic_ns() < until; done++) {
		struct value id = { .i64 = done * 7919 % ROWS };

		stop_on(query_run(&tx, &balance_get, &id, none, NULL));
	}
	printf("  \"reads_one_row_one_fiber\": {\"per_second\": %lld, \"cpu_us\": "
	       "%.2f}\n",
		(long long)(done / bench.seconds), (cpu_us() - cpu) / (double)done);
}

static struct err *
put_rows(struct tx *tx, void *arg)
{
	return query_run_batch(tx, &account_put, arg, ROWS, NULL);
}

static void
measure(void *unused)
{
	static struct value rows[ROWS * 2];
	struct tx tx;

	(void)unused;
	stop_on(db_open(
		&bench.ctx, &(struct db_options){ .url = bench.url }, &bench.ctx.db));
	tx = db_auto(&bench.ctx, SHARD_GLOBAL);
	stop_on(db_run_text(&tx,
		STR("CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER) "
		    "STRICT")));
	for (int64_t i = 0; i < ROWS; i++)
		rows[i * 2] = (struct value){ .i64 = i };
	stop_on(db_transact(&bench.ctx, TX_WRITE, SHARD_GLOBAL, put_rows, rows));
	printf("{\n");
	measure_writes("writes_64_fibers_in_groups", WRITERS);
	bench.is_alone = true;
	measure_writes("writes_64_fibers_one_fsync_each", WRITERS);
	bench.is_alone = false;
	measure_writes("writes_1_fiber", 1);
	measure_reads();
	printf("}\n");
	db_loop_close(bench.ctx.db);
	db_close(bench.ctx.db);
}

int
main(int argc, char **argv)
{
	const char *suffixes[] = { "", "-wal", "-shm", ".lock" };

	bench.seconds = 3;
	if (argc < 2 ||
		(argc > 2 && !num_parse_i64(str_from(argv[2]), 1, 600, &bench.seconds))) {
		fprintf(stderr, "usage: sqlite_bench FOLDER [SECONDS]\n");
		return 2;
	}
	arena_init(&bench.arena, ARENA_BYTES_MAX);
	bench.ctx = (struct ctx){
		.arena = &bench.arena,
		.deadline = DEADLINE_NEVER,
		.route = "bench",
	};
	bench.url = str_fmt(
		&bench.arena, "sqlite:%s/bench-%ld.db", argv[1], (long)getpid());
	stop_on(loop_run_once(
		&bench.arena, (struct loop_options){ .fibers_max = 200 }, measure, NULL));
	for (size_t i = 0; i < COUNT_OF(suffixes); i++)
		unlink(str_cstr(&bench.arena,
			str_fmt(&bench.arena, STR_FMT "%s",
				STR_ARG(str_slice(
					bench.url, sizeof("sqlite:") - 1, bench.url.len)),
				suffixes[i])));
	arena_release(&bench.arena);
	return 0;
}
