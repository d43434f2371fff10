/* What a transaction promises, on both engines: all or nothing, alone in effect, and an
 * answer that is true. */
#include "tests/db/engine.h"

#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"

WRITE_ON_BOTH(account_put, "INSERT INTO accounts VALUES ($1, $2)",
	"INSERT INTO accounts VALUES (?1, ?2)", TYPES(DB_I64, DB_I64), TYPES());
WRITE_ON_BOTH(balance_set, "UPDATE accounts SET balance = $2 WHERE id = $1",
	"UPDATE accounts SET balance = ?2 WHERE id = ?1", TYPES(DB_I64, DB_I64), TYPES());
WRITE_ON_BOTH(note_put, "INSERT INTO notes VALUES ($1, $2)",
	"INSERT INTO notes VALUES (?1, ?2)", TYPES(DB_I64, DB_UUID), TYPES());
READ_ON_BOTH(balance_get, "SELECT balance FROM accounts WHERE id = $1",
	"SELECT balance FROM accounts WHERE id = ?1", TYPES(DB_I64), TYPES(DB_I64));
READ_ON_BOTH(balance_sum, "SELECT coalesce(sum(balance), 0)::bigint FROM accounts",
	"SELECT coalesce(sum(balance), 0) FROM accounts", TYPES(), TYPES(DB_I64));
READ_ON_BOTH(accounts_count, "SELECT count(*) FROM accounts",
	"SELECT count(*) FROM accounts", TYPES(), TYPES(DB_I64));
WRITE_ON_BOTH(account_put_returning,
	"INSERT INTO accounts VALUES ($1, $2) RETURNING id, balance",
	"INSERT INTO accounts VALUES (?1, ?2) RETURNING id, balance",
	TYPES(DB_I64, DB_I64), TYPES(DB_I64, DB_I64));
WRITE_ON_BOTH(accounts_add, "UPDATE accounts SET balance = balance + $1",
	"UPDATE accounts SET balance = balance + ?1", TYPES(DB_I64), TYPES());
WRITE_ON_BOTH(account_put_if_new,
	"INSERT INTO accounts VALUES ($1, 0) ON CONFLICT DO NOTHING",
	"INSERT INTO accounts VALUES (?1, 0) ON CONFLICT DO NOTHING", TYPES(DB_I64),
	TYPES());

static struct err *
tx_i64(struct tx *tx, const struct query *query, const struct value *params, int64_t *ret)
{
	struct rows rows;

	TRY(rows_read(tx, query, params, &rows));
	if (rows.count != 1)
		return err_new(tx->ctx, ERR_INTERNAL, "%zu rows", rows.count);
	*ret = rows.items[0][0].i64;
	return NULL;
}

/* --- All or nothing ----------------------------------------------------------------- */

static struct err *
put_three_and_fail(struct tx *tx, void *unused)
{
	(void)unused;
	for (int64_t id = 1; id <= 3; id++)
		TRY(rows_write(tx, &account_put, VALUES(V_I64(id), V_I64(1))));
	return err_new(tx->ctx, ERR_GONE, "changed my mind");
}

DB_TEST(a_function_that_fails_leaves_nothing)
{
	int64_t count;

	FAILS_WITH(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_three_and_fail, NULL),
		ERR_GONE);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 0);
}

static struct err *
put_until_conflict(struct tx *tx, void *unused)
{
	(void)unused;
	TRY(rows_write(tx, &account_put, VALUES(V_I64(1), V_I64(1))));
	TRY(rows_write(tx, &account_put, VALUES(V_I64(2), V_I64(1))));
	return rows_write(tx, &account_put, VALUES(V_I64(1), V_I64(1)));
}

DB_TEST(a_query_that_fails_leaves_nothing_of_those_before_it)
{
	int64_t count;

	FAILS_WITH(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_until_conflict, NULL),
		ERR_CONFLICT);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 0);
}

static struct err *
read_own_writes(struct tx *tx, void *arg)
{
	TRY(rows_write(tx, &account_put, VALUES(V_I64(1), V_I64(41))));
	TRY(rows_write(tx, &balance_set, VALUES(V_I64(1), V_I64(42))));
	return tx_i64(tx, &balance_get, VALUES(V_I64(1)), arg);
}

DB_TEST(a_transaction_reads_what_it_wrote_and_others_read_it_afterwards)
{
	int64_t balance = 0;

	OK_ERR(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, read_own_writes, &balance));
	EQ_I64(balance, 42);
	OK_ERR(auto_i64(ctx, &balance_get, VALUES(V_I64(1)), &balance));
	EQ_I64(balance, 42);
}

DB_TEST(the_number_of_rows_affected_is_told)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct row_sink none = { .row = NULL };
	int64_t affected = -1;

	OK_ERR(query_run(&tx, &account_put, VALUES(V_I64(1), V_I64(1)), none, &affected));
	EQ_I64(affected, 1);
	OK_ERR(query_run(&tx, &account_put, VALUES(V_I64(2), V_I64(1)), none, &affected));
	OK_ERR(query_run(&tx, &accounts_add, VALUES(V_I64(5)), none, &affected));
	EQ_I64(affected, 2);
	OK_ERR(query_run(&tx, &account_put_if_new, VALUES(V_I64(2)), none, &affected));
	EQ_I64(affected, 0);
	OK_ERR(query_run(&tx, &balance_set, VALUES(V_I64(9), V_I64(1)), none, &affected));
	EQ_I64(affected, 0);
}

DB_TEST(a_write_gives_back_the_rows_it_returns)
{
	struct rows rows;

	OK_ERR(auto_read(
		ctx, &account_put_returning, VALUES(V_I64(3), V_I64(30)), &rows));
	EQ_I64(rows.count, 1);
	EQ_I64(rows.items[0][0].i64, 3);
	EQ_I64(rows.items[0][1].i64, 30);
	FAILS_WITH(auto_read(ctx, &account_put_returning, VALUES(V_I64(3), V_I64(30)),
			   &rows),
		ERR_CONFLICT);
}

static struct err *
write_in_a_read(struct tx *tx, void *unused)
{
	(void)unused;
	return rows_write(tx, &account_put, VALUES(V_I64(1), V_I64(1)));
}

DB_TEST(a_transaction_that_reads_does_not_write)
{
	int64_t count;

	FAILS_WITH(db_transact(ctx, TX_READ, SHARD_GLOBAL, write_in_a_read, NULL),
		ERR_INTERNAL);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 0);
}

/* --- Isolation ---------------------------------------------------------------------- */

struct dirty {
	struct own_ctx own;
	bool writes;
	bool *is_over;
	int64_t seen;
};

static struct err *
write_and_fail(struct tx *tx, void *unused)
{
	(void)unused;
	TRY(rows_write(tx, &balance_set, VALUES(V_I64(1), V_I64(666))));
	return err_new(tx->ctx, ERR_GONE, "changed my mind");
}

static void
dirty_run(void *arg)
{
	struct dirty *dirty = arg;

	if (dirty->writes) {
		for (int i = 0; i < 100; i++)
			(void)!db_transact(&dirty->own.ctx, TX_WRITE, SHARD_GLOBAL,
				write_and_fail, NULL);
		*dirty->is_over = true;
		return;
	}
	while (!*dirty->is_over) {
		int64_t balance = -1;

		if (auto_i64(&dirty->own.ctx, &balance_get, VALUES(V_I64(1)), &balance) ||
			balance != 1)
			dirty->seen = balance;
		fiber_yield();
	}
}

DB_TEST(nobody_reads_what_is_not_committed)
{
	bool is_over = false;
	struct dirty both[] = {
		{ .writes = true, .is_over = &is_over },
		{ .is_over = &is_over },
	};

	OK_ERR(auto_write(ctx, &account_put, VALUES(V_I64(1), V_I64(1))));
	for (size_t i = 0; i < COUNT_OF(both); i++)
		own_ctx_init(&both[i].own, ctx, 50000);
	at_once(dirty_run, both, COUNT_OF(both), sizeof(*both));
	for (size_t i = 0; i < COUNT_OF(both); i++)
		own_ctx_release(&both[i].own);
	EQ_I64(both[1].seen, 0);
}

struct snapshot {
	int64_t before;
	int64_t after;
};

static void
add_a_hundred(void *arg)
{
	(void)!auto_write(arg, &accounts_add, VALUES(V_I64(100)));
}

static struct err *
read_twice(struct tx *tx, void *arg)
{
	struct snapshot *snapshot = arg;

	TRY(tx_i64(tx, &balance_sum, VALUES_NONE, &snapshot->before));
	at_once(add_a_hundred, tx->ctx, 1, sizeof(*tx->ctx));
	return tx_i64(tx, &balance_sum, VALUES_NONE, &snapshot->after);
}

DB_TEST(a_transaction_that_reads_sees_one_state_throughout)
{
	struct snapshot snapshot = { .before = -1 };
	int64_t now;

	OK_ERR(auto_write(ctx, &account_put, VALUES(V_I64(1), V_I64(1))));
	OK_ERR(db_transact(ctx, TX_READ, SHARD_GLOBAL, read_twice, &snapshot));
	EQ_I64(snapshot.before, 1);
	EQ_I64(snapshot.after, 1);
	OK_ERR(auto_i64(ctx, &balance_sum, VALUES_NONE, &now));
	EQ_I64(now, 101);
}

/* Each takes its own account to zero if the two together stay above it: together they may
 * not both do so. */
static struct err *
withdraw(struct tx *tx, void *arg)
{
	const int64_t *id = arg;
	int64_t sum;

	TRY(tx_i64(tx, &balance_sum, VALUES_NONE, &sum));
	if (sum <= 100)
		return NULL;
	return rows_write(tx, &balance_set, VALUES(V_I64(*id), V_I64(0)));
}

struct withdrawal {
	const struct ctx *like;
	int64_t id;
	bool is_done;
};

static void
withdraw_run(void *arg)
{
	struct withdrawal *withdrawal = arg;
	struct own_ctx own;

	own_ctx_init(&own, withdrawal->like, 50000);
	withdrawal->is_done = !db_transact(
		&own.ctx, TX_WRITE, SHARD_GLOBAL, withdraw, &withdrawal->id);
	own_ctx_release(&own);
}

DB_TEST(two_that_read_the_same_and_write_different_rows_do_not_skew)
{
	OK_ERR(auto_write(ctx, &account_put, VALUES(V_I64(1), V_I64(0))));
	OK_ERR(auto_write(ctx, &account_put, VALUES(V_I64(2), V_I64(0))));
	for (int round = 0; round < 30; round++) {
		struct withdrawal both[] = { { ctx, 1, false }, { ctx, 2, false } };
		int64_t sum;

		OK_ERR(auto_write(ctx, &balance_set, VALUES(V_I64(1), V_I64(100))));
		OK_ERR(auto_write(ctx, &balance_set, VALUES(V_I64(2), V_I64(100))));
		at_once(withdraw_run, both, COUNT_OF(both), sizeof(*both));
		OK(both[0].is_done && both[1].is_done);
		OK_ERR(auto_i64(ctx, &balance_sum, VALUES_NONE, &sum));
		EQ_I64(sum, 100);
	}
}

/* --- Many at once ------------------------------------------------------------------- */

enum {
	COUNTERS = 25,
#if defined(__SANITIZE_THREAD__)
	INCREMENTS = 300, /* a fiber is dear there */
#else
	INCREMENTS = 1000,
#endif
};

struct increment {
	const struct ctx *like;
	int64_t id;
	bool is_done;
};

static struct err *
read_and_write_one_more(struct tx *tx, void *arg)
{
	const struct increment *increment = arg;
	int64_t balance;

	TRY(tx_i64(tx, &balance_get, VALUES(V_I64(increment->id)), &balance));
	return rows_write(
		tx, &balance_set, VALUES(V_I64(increment->id), V_I64(balance + 1)));
}

static void
increment_run(void *arg)
{
	struct increment *increment = arg;
	struct own_ctx own;
	struct err *err;

	own_ctx_init(&own, increment->like, 50000);
	err = db_transact(
		&own.ctx, TX_WRITE, SHARD_GLOBAL, read_and_write_one_more, increment);
	if (err)
		printf("# " STR_FMT "\n", STR_ARG(err_describe(&own.arena, err)));
	increment->is_done = !err;
	own_ctx_release(&own);
}

DB_TEST(of_1000_concurrent_increments_none_is_lost)
{
	static struct increment increments[INCREMENTS];
	int64_t sum;

	for (int64_t id = 0; id < COUNTERS; id++)
		OK_ERR(auto_write(ctx, &account_put, VALUES(V_I64(id), V_I64(0))));
	for (size_t i = 0; i < INCREMENTS; i++)
		increments[i] = (struct increment){ ctx, (int64_t)i % COUNTERS, false };
	at_once(increment_run, increments, INCREMENTS, sizeof(*increments));
	for (size_t i = 0; i < INCREMENTS; i++)
		OK_OR(increments[i].is_done, "increment %zu failed", i);
	OK_ERR(auto_i64(ctx, &balance_sum, VALUES_NONE, &sum));
	EQ_I64(sum, INCREMENTS);
}

/* --- Neighbours --------------------------------------------------------------------- */

enum { NEIGHBOURS = 60 };

struct neighbour {
	struct own_ctx own;
	int64_t id;
	struct err *err;
};

/* Every third breaks a constraint after it has written, every fifth gives up, every
 * seventh leaves a deferred foreign key open. */
static struct err *
put_or_break(struct tx *tx, void *arg)
{
	const struct neighbour *neighbour = arg;

	TRY(rows_write(
		tx, &account_put, VALUES(V_I64(neighbour->id), V_I64(neighbour->id))));
	if (neighbour->id % 3 == 0)
		return rows_write(
			tx, &account_put, VALUES(V_I64(1000 + neighbour->id), V_I64(-1)));
	if (neighbour->id % 5 == 0)
		return err_new(tx->ctx, ERR_GONE, "changed my mind");
	if (neighbour->id % 7 == 0)
		return rows_write(
			tx, &note_put, VALUES(V_I64(neighbour->id), V_UUID(404)));
	return NULL;
}

static void
neighbour_run(void *arg)
{
	struct neighbour *neighbour = arg;

	neighbour->err = db_transact(
		&neighbour->own.ctx, TX_WRITE, SHARD_GLOBAL, put_or_break, neighbour);
}

DB_TEST(a_neighbour_that_fails_does_not_hurt)
{
	struct neighbour neighbours[NEIGHBOURS];
	int64_t sum, want = 0;

	for (int64_t i = 0; i < NEIGHBOURS; i++) {
		neighbours[i] = (struct neighbour){ .id = i + 1 };
		own_ctx_init(&neighbours[i].own, ctx, 50000);
	}
	at_once(neighbour_run, neighbours, NEIGHBOURS, sizeof(*neighbours));
	for (int64_t i = 0; i < NEIGHBOURS; i++) {
		int64_t id = i + 1;

		if (id % 3 == 0) {
			FAILS_WITH(neighbours[i].err, ERR_INVALID);
		} else if (id % 5 == 0) {
			FAILS_WITH(neighbours[i].err, ERR_GONE);
		} else if (id % 7 == 0) {
			FAILS_WITH(neighbours[i].err, ERR_CONFLICT);
		} else {
			OK_ERR(neighbours[i].err);
			want += id;
		}
		own_ctx_release(&neighbours[i].own);
	}
	OK_ERR(auto_i64(ctx, &balance_sum, VALUES_NONE, &sum));
	EQ_I64(sum, want);
}

/* --- Batches ------------------------------------------------------------------------ */

enum { SETS = 1000 };

struct batch {
	struct value params[SETS * 2];
	int64_t affected;
};

static struct err *
run_batch(struct tx *tx, void *arg)
{
	struct batch *batch = arg;

	return query_run_batch(tx, &account_put, batch->params, SETS, &batch->affected);
}

DB_TEST(a_batch_runs_once_for_each_set_of_arguments)
{
	static struct batch batch;
	int64_t count;

	for (int64_t i = 0; i < SETS; i++) {
		batch.params[i * 2] = V_I64(i);
		batch.params[i * 2 + 1] = V_I64(1);
	}
	OK_ERR(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, run_batch, &batch));
	EQ_I64(batch.affected, SETS);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, SETS);
}

DB_TEST(a_batch_says_which_set_failed_and_leaves_nothing)
{
	static struct batch batch;
	struct err *err;
	int64_t count;

	for (int64_t i = 0; i < SETS; i++) {
		batch.params[i * 2] = V_I64(i == 777 ? 3 : i);
		batch.params[i * 2 + 1] = V_I64(1);
	}
	err = db_transact(ctx, TX_WRITE, SHARD_GLOBAL, run_batch, &batch);
	OK(err && err->code == ERR_CONFLICT);
	OK(str_find(err_describe(ctx->arena, err), STR("set 777")) >= 0);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 0);
}

DB_TEST(a_batch_outside_a_writing_transaction_is_refused)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	FAILS_WITH(
		query_run_batch(&tx, &account_put, VALUES(V_I64(1), V_I64(1)), 1, NULL),
		ERR_INTERNAL);
}
