/* Several loops, each on a thread of its own, share one database. */
#include <pthread.h>

#include "db/pool.h"
#include "sys/fiber.h"
#include "sys/wait.h"
#include "tests/db/engine.h"

enum {
	LOOPS = 3,
	FIBERS = 20,
	ROUNDS = 5,
};

WRITE_ON_BOTH(account_put, "INSERT INTO accounts VALUES ($1, 0)",
	"INSERT INTO accounts VALUES (?1, 0)", TYPES(DB_I64), TYPES());
READ_ON_BOTH(balance_get, "SELECT balance FROM accounts WHERE id = $1",
	"SELECT balance FROM accounts WHERE id = ?1", TYPES(DB_I64), TYPES(DB_I64));
WRITE_ON_BOTH(balance_set, "UPDATE accounts SET balance = $2 WHERE id = $1",
	"UPDATE accounts SET balance = ?2 WHERE id = ?1", TYPES(DB_I64, DB_I64), TYPES());

/* One loop and its thread. Each of its fibers has a row of its own. */
struct worker {
	const struct ctx *like;
	int64_t number;
	pthread_t thread;
	struct pool_counters counters; /* at its end */
	struct one {
		struct worker *worker;
		int64_t id;
		int64_t seen;
	} ones[FIBERS];
};

static struct err *
one_more(struct tx *tx, void *arg)
{
	struct one *one = arg;
	struct rows rows;

	TRY(rows_read(tx, &balance_get, VALUES(V_I64(one->id)), &rows));
	return rows_write(tx, &balance_set,
		VALUES(V_I64(one->id), V_I64(rows.items[0][0].i64 + 1)));
}

/* Write, and see it by a read outside the transaction. */
static void
one_run(void *arg)
{
	struct one *one = arg;
	struct own_ctx own;

	own_ctx_init(&own, one->worker->like, 50000);
	for (int64_t round = 1; round <= ROUNDS; round++) {
		int64_t balance = -1;

		if (db_transact(&own.ctx, TX_WRITE, SHARD_GLOBAL, one_more, one) ||
			auto_i64(&own.ctx, &balance_get, VALUES(V_I64(one->id)),
				&balance) ||
			balance != round)
			break;
		one->seen = round;
	}
	own_ctx_release(&own);
}

static void
worker_fiber(void *arg)
{
	struct worker *worker = arg;

	for (int64_t i = 0; i < FIBERS; i++)
		worker->ones[i] = (struct one){ .worker = worker,
			.id = worker->number * 1000 + i };
	at_once(one_run, worker->ones, FIBERS, sizeof(*worker->ones));
	db_counters(worker->like->db, &worker->counters);
	db_loop_close(worker->like->db);
}

static void *
worker_thread(void *arg)
{
	struct arena arena;

	arena_init(&arena, 64 << 20);
	(void)!loop_run_once(&arena,
		(struct loop_options){ .fibers_max = 100, .lag_warning_ns = 60000000000 },
		worker_fiber, arg);
	arena_release(&arena);
	return NULL;
}

static void
join_all(void *arg)
{
	struct worker *workers = arg;

	for (size_t i = 0; i < LOOPS; i++)
		pthread_join(workers[i].thread, NULL);
}

DB_TEST(loops_share_a_database_and_each_sees_its_own_writes)
{
	static struct worker workers[LOOPS];
	int64_t balance;

	for (int64_t number = 0; number < LOOPS; number++)
		for (int64_t i = 0; i < FIBERS; i++)
			OK_ERR(auto_write(
				ctx, &account_put, VALUES(V_I64(number * 1000 + i))));
	/* So this loop has a reader, like each of them. */
	OK_ERR(auto_i64(ctx, &balance_get, VALUES(V_I64(0)), &balance));
	for (int64_t number = 0; number < LOOPS; number++) {
		workers[number] = (struct worker){ .like = ctx, .number = number };
		OK(pthread_create(&workers[number].thread, NULL, worker_thread,
			   &workers[number]) == 0);
	}
	OK_ERR(fiber_offload(ctx, join_all, workers));
	for (size_t number = 0; number < LOOPS; number++) {
		const struct pool_counters *counters = &workers[number].counters;

		OK(counters->max >= counters->open);
		OK(db_dialect(ctx->db) == DIALECT_POSTGRES || counters->max >= 64);
	}
	for (size_t number = 0; number < LOOPS; number++)
		for (size_t i = 0; i < FIBERS; i++)
			EQ_I64(workers[number].ones[i].seen, ROUNDS);
}
