/* Deadlines and cancellation end work, leave nothing half-done and hurt nobody else. */
#include "tests/db/engine.h"

#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"

/* More rows than any machine counts in a minute. */
#define ENDLESS                                                            \
	"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c " \
	"WHERE n < 2000000000) SELECT n FROM c)"

READ_ON_BOTH(endless_read, "SELECT count(*) FROM " ENDLESS " AS x",
	"SELECT count(*) FROM " ENDLESS, TYPES(), TYPES(DB_I64));
WRITE_ON_BOTH(endless_write,
	"INSERT INTO accounts SELECT 1000000 + n, 0 FROM " ENDLESS " AS x",
	"INSERT INTO accounts SELECT 1000000 + n, 0 FROM " ENDLESS, TYPES(), TYPES());
WRITE_ON_BOTH(account_put, "INSERT INTO accounts VALUES ($1, $2)",
	"INSERT INTO accounts VALUES (?1, ?2)", TYPES(DB_I64, DB_I64), TYPES());
READ_ON_BOTH(accounts_count, "SELECT count(*) FROM accounts",
	"SELECT count(*) FROM accounts", TYPES(), TYPES(DB_I64));

static const enum db_type i64_type[] = { DB_I64 };

/* The same, kept off the loop. */
static const struct query endless_slow = {
	.name = "endless_slow",
	.sql = { "SELECT n::bigint FROM " ENDLESS " AS x", "SELECT n FROM " ENDLESS },
	.shape = QUERY_EACH,
	.is_slow = true,
	.column_count = 1,
	.column_types = i64_type,
	.column_nullable = all_nullable,
};
static const struct query thousands_slow = {
	.name = "thousands_slow",
	.sql = { "SELECT n::bigint FROM generate_series(1, $1::bigint) AS n",
		"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n "
		"< ?1)"
		" SELECT n FROM c" },
	.shape = QUERY_EACH,
	.is_slow = true,
	.param_count = 1,
	.param_types = i64_type,
	.column_count = 1,
	.column_types = i64_type,
	.column_nullable = all_nullable,
};

/* Run EXPR, a use of the context OWN, with a deadline 100 ms from now. */
enum { SOON_MS = 100 };

DB_TEST(a_read_ends_at_its_deadline_and_the_next_one_runs)
{
	struct own_ctx own;
	int64_t count;

	own_ctx_init(&own, ctx, SOON_MS);
	FAILS_WITH(auto_i64(&own.ctx, &endless_read, VALUES_NONE, &count), ERR_TIMEOUT);
	OK(clock_monotonic_ns() >= own.ctx.deadline);
	own_ctx_release(&own);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
}

DB_TEST(a_write_ends_at_its_deadline_and_leaves_nothing)
{
	struct own_ctx own;
	int64_t count;

	own_ctx_init(&own, ctx, SOON_MS);
	FAILS_WITH(auto_write(&own.ctx, &endless_write, VALUES_NONE), ERR_TIMEOUT);
	own_ctx_release(&own);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 0);
}

/* --- Neighbours --------------------------------------------------------------------- */

/* The slow one needs not wait for a connection, in which time its deadline might pass. */
enum { NEIGHBOURS = 40, SLOW_ONE = 7, SLOW_MS = 1000 };

struct neighbour {
	struct own_ctx own;
	int64_t id;
	struct err *err;
};

static struct err *
put(struct tx *tx, void *arg)
{
	const struct neighbour *neighbour = arg;

	TRY(rows_write(tx, &account_put, VALUES(V_I64(neighbour->id), V_I64(0))));
	if (neighbour->id == SLOW_ONE)
		return rows_write(tx, &endless_write, VALUES_NONE);
	return NULL;
}

static void
neighbour_run(void *arg)
{
	struct neighbour *neighbour = arg;

	neighbour->err = db_transact(
		&neighbour->own.ctx, TX_WRITE, SHARD_GLOBAL, put, neighbour);
}

DB_TEST(a_write_cut_off_in_the_middle_of_others_does_not_hurt_them)
{
	static struct neighbour neighbours[NEIGHBOURS];
	int64_t count;

	for (int64_t i = 0; i < NEIGHBOURS; i++) {
		neighbours[i] = (struct neighbour){ .id = i };
		own_ctx_init(&neighbours[i].own, ctx, i == SLOW_ONE ? SLOW_MS : 50000);
	}
	at_once(neighbour_run, neighbours, NEIGHBOURS, sizeof(*neighbours));
	for (int64_t i = 0; i < NEIGHBOURS; i++) {
		if (i == SLOW_ONE)
			FAILS_WITH(neighbours[i].err, ERR_TIMEOUT);
		else
			OK_ERR(neighbours[i].err);
		own_ctx_release(&neighbours[i].own);
	}
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, NEIGHBOURS - 1);
}

/* --- Cancellation ------------------------------------------------------------------- */

enum cancelled_kind { CANCELLED_READ, CANCELLED_WRITE };

struct cancelled {
	struct own_ctx own;
	enum cancelled_kind kind;
	struct fiber *fiber;
	struct err *err;
	struct fiber_event ended;
};

static struct err *
drop_row(void *arg, const struct value *columns)
{
	(void)arg, (void)columns;
	return NULL;
}

static void
cancelled_run(void *arg)
{
	struct cancelled *cancelled = arg;
	struct ctx *ctx = &cancelled->own.ctx;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	switch (cancelled->kind) {
	case CANCELLED_READ:
		cancelled->err = query_run(&tx, &endless_slow, VALUES_NONE,
			(struct row_sink){ .row = drop_row }, NULL);
		break;
	case CANCELLED_WRITE:
		cancelled->err = rows_write(&tx, &endless_write, VALUES_NONE);
		break;
	}
	fiber_event_set(&cancelled->ended);
}

static void
cancelled_start(
	struct cancelled *cancelled, const struct ctx *ctx, enum cancelled_kind kind)
{
	*cancelled = (struct cancelled){ .kind = kind };
	own_ctx_init(&cancelled->own, ctx, 50000);
	fiber_event_init(&cancelled->ended);
	cancelled->fiber = fiber_spawn("cancelled", cancelled_run, cancelled);
}

DB_TEST(a_cancelled_read_ends_at_once)
{
	struct cancelled read;
	int64_t count;

	cancelled_start(&read, ctx, CANCELLED_READ);
	fiber_sleep_until(clock_deadline_ms(50));
	fiber_cancel(read.fiber);
	OK(fiber_event_wait(&read.ended, clock_deadline_ms(20000)) == WAIT_READY);
	FAILS_WITH(read.err, ERR_TIMEOUT);
	own_ctx_release(&read.own);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
}

DB_TEST(a_cancelled_write_ends_at_once_and_leaves_nothing)
{
	struct cancelled write;
	int64_t count;

	cancelled_start(&write, ctx, CANCELLED_WRITE);
	fiber_sleep_until(clock_deadline_ms(50));
	fiber_cancel(write.fiber);
	OK(fiber_event_wait(&write.ended, clock_deadline_ms(20000)) == WAIT_READY);
	FAILS_WITH(write.err, ERR_TIMEOUT);
	own_ctx_release(&write.own);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 0);
}

/* --- Slow queries ------------------------------------------------------------------- */

struct ordered {
	struct ctx *ctx;
	int64_t last;
	int64_t stop_at;
};

/* A row function may wait, as one does that sends the row to a slow client. */
static struct err *
check_order(void *arg, const struct value *columns)
{
	struct ordered *ordered = arg;

	if (columns[0].i64 != ordered->last + 1)
		return err_new(ordered->ctx, ERR_INTERNAL, "out of order");
	ordered->last++;
	if (ordered->last == ordered->stop_at)
		return err_new(ordered->ctx, ERR_GONE, "enough");
	if (ordered->last % 500 == 0)
		fiber_yield();
	return NULL;
}

DB_TEST(a_slow_query_gives_its_rows_in_order_and_the_loop_goes_on)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct ordered ordered = { .ctx = ctx };

	OK_ERR(query_run(&tx, &thousands_slow, VALUES(V_I64(3000)),
		(struct row_sink){ .row = check_order, .arg = &ordered }, NULL));
	EQ_I64(ordered.last, 3000);
	ordered = (struct ordered){ .ctx = ctx, .stop_at = 1234 };
	FAILS_WITH(
		query_run(&tx, &thousands_slow, VALUES(V_I64(3000)),
			(struct row_sink){ .row = check_order, .arg = &ordered }, NULL),
		ERR_GONE);
	EQ_I64(ordered.last, 1234);
}

DB_TEST(a_slow_query_ends_at_its_deadline)
{
	struct own_ctx own;
	struct tx tx;

	own_ctx_init(&own, ctx, SOON_MS);
	tx = db_auto(&own.ctx, SHARD_GLOBAL);
	FAILS_WITH(query_run(&tx, &endless_slow, VALUES_NONE,
			   (struct row_sink){ .row = drop_row }, NULL),
		ERR_TIMEOUT);
	own_ctx_release(&own);
}

/* --- Interleaved reads -------------------------------------------------------------- */

struct nested {
	struct ctx *ctx;
	int64_t rows;
};

static struct err *
read_again(void *arg, const struct value *columns)
{
	struct nested *nested = arg;
	int64_t count;

	(void)columns;
	nested->rows++;
	TRY(auto_i64(nested->ctx, &accounts_count, VALUES_NONE, &count));
	return NULL;
}

READ_ON_BOTH(three_rows, "SELECT n::bigint FROM generate_series(1, 3) AS n",
	"SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3", TYPES(), TYPES(DB_I64));

DB_TEST(a_row_function_may_read_too)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct nested nested = { .ctx = ctx };

	OK_ERR(query_run(&tx, &three_rows, VALUES_NONE,
		(struct row_sink){ .row = read_again, .arg = &nested }, NULL));
	EQ_I64(nested.rows, 3);
}
