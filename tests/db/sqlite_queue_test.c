/* The queue before SQLite's writer: whose turn has not come can still leave it. */
#include <sched.h>
#include <stdatomic.h>

#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"
#include "tests/db/engine.h"

/* Inserts until its deadline or until it is cancelled. */
WRITE_ON_BOTH(endless_write, "",
	"INSERT INTO accounts SELECT n, 0 FROM (WITH RECURSIVE c(n) AS (SELECT 1000"
	" UNION ALL SELECT n + 1 FROM c WHERE n < 2000000000) SELECT n FROM c)",
	TYPES(), TYPES());
WRITE_ON_BOTH(account_put, "", "INSERT INTO accounts VALUES (?1, ?2)",
	TYPES(DB_I64, DB_I64), TYPES());
READ_ON_BOTH(accounts_count, "", "SELECT count(*) FROM accounts", TYPES(), TYPES(DB_I64));

struct write {
	struct own_ctx own;
	const struct query *query;
	struct fiber *fiber;
	struct err *err;
	struct fiber_event ended;
};

static void
write_run(void *arg)
{
	struct write *write = arg;

	write->err = auto_write(
		&write->own.ctx, write->query, VALUES(V_I64(1), V_I64(0)));
	fiber_event_set(&write->ended);
}

static void
write_start(struct write *write, const struct ctx *ctx, const struct query *query,
	int64_t deadline_ms)
{
	*write = (struct write){ .query = query };
	own_ctx_init(&write->own, ctx, deadline_ms);
	fiber_event_init(&write->ended);
	write->fiber = fiber_spawn("write", write_run, write);
	/* Let it come to the writer. */
	fiber_sleep_until(clock_deadline_ms(50));
}

/* Whether it ended as cancelled or late. */
static bool
write_is_given_up(struct write *write)
{
	bool is_given_up = fiber_event_wait(&write->ended, clock_deadline_ms(20000)) ==
			WAIT_READY &&
		write->err && write->err->code == ERR_TIMEOUT;

	own_ctx_release(&write->own);
	return is_given_up;
}

DB_TEST(a_write_cancelled_before_its_turn_is_taken_back)
{
	struct write first, second;
	int64_t count;

	write_start(&first, ctx, &endless_write, 50000);
	write_start(&second, ctx, &account_put, 50000);
	fiber_cancel(second.fiber);
	OK(write_is_given_up(&second));
	fiber_cancel(first.fiber);
	OK(write_is_given_up(&first));
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 0);
}

DB_TEST(a_write_whose_deadline_passes_before_its_turn_is_not_done)
{
	struct write first, second;
	int64_t count;

	write_start(&first, ctx, &endless_write, 50000);
	write_start(&second, ctx, &account_put, 100);
	OK(write_is_given_up(&second));
	fiber_cancel(first.fiber);
	OK(write_is_given_up(&first));
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 0);
}

/* --- What a function may not do ----------------------------------------------------- */

static struct err *
end_it_early(struct tx *tx, void *unused)
{
	(void)unused;
	TRY(rows_write(tx, &account_put, VALUES(V_I64(1), V_I64(1))));
	TRY(db_run_text(tx, STR("COMMIT")));
	return err_new(tx->ctx, ERR_GONE, "after all, no");
}

DB_TEST(a_function_cannot_commit_for_its_neighbours)
{
	int64_t count;

	FAILS_WITH(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, end_it_early, NULL),
		ERR_INTERNAL);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 0);
}

static struct err *
go_past_the_transaction(struct tx *tx, void *arg)
{
	const struct query *query = arg;

	return query->is_write ? auto_write(tx->ctx, query, VALUES(V_I64(1), V_I64(1)))
			       : auto_i64(tx->ctx, query, VALUES_NONE, &(int64_t){ 0 });
}

DB_TEST(a_function_that_goes_past_its_transaction_is_told_and_does_not_hang)
{
	static const struct query *const queries[] = { &account_put, &accounts_count };

	for (size_t i = 0; i < COUNT_OF(queries); i++)
		FAILS_WITH(
			db_transact(ctx, TX_WRITE, SHARD_GLOBAL, go_past_the_transaction,
				(void *)(uintptr_t)queries[i]),
			ERR_INTERNAL);
}

/* --- Groups ------------------------------------------------------------------------- */

enum {
	MEMBERS = 40,
	CUT_OFF = MEMBERS / 2, /* the one that is interrupted while it writes */
};

struct member {
	struct own_ctx own;
	struct fiber *fiber;
	int64_t id;
	int runs;
	struct err *err;
};

static atomic_int came;
static atomic_bool is_writing;

/* On the writer's thread. The first one keeps it until the others wait, so that they become
 * one group; the one in the middle breaks the whole transaction of the group: the
 * interruption of a write undoes everything in SQLite. */
static struct err *
put_or_be_cut_off(struct tx *tx, void *arg)
{
	struct member *member = arg;

	member->runs++;
	while (member->id == 0 && atomic_load(&came) < MEMBERS)
		sched_yield();
	TRY(rows_write(tx, &account_put, VALUES(V_I64(member->id), V_I64(0))));
	if (member->id != CUT_OFF)
		return NULL;
	atomic_store(&is_writing, true);
	return rows_write(tx, &endless_write, VALUES_NONE);
}

static void
member_run(void *arg)
{
	struct member *member = arg;

	member->fiber = fiber_current();
	atomic_fetch_add(&came, 1);
	member->err = db_transact(
		&member->own.ctx, TX_WRITE, SHARD_GLOBAL, put_or_be_cut_off, member);
}

static void
cut_off(void *arg)
{
	const struct member *member = arg;

	while (!atomic_load(&is_writing))
		fiber_sleep_until(clock_deadline_ms(1));
	/* Let it come from there into SQLite: asked any sooner, it would not begin. */
	fiber_sleep_until(clock_deadline_ms(200));
	fiber_cancel(member->fiber);
}

DB_TEST(those_whose_group_was_undone_run_again_and_all_are_written)
{
	static struct member members[MEMBERS];
	int64_t count;
	int again = 0;

	for (int64_t i = 0; i < MEMBERS; i++) {
		members[i] = (struct member){ .id = i };
		own_ctx_init(&members[i].own, ctx, 50000);
	}
	OK(fiber_spawn("cut off", cut_off, &members[CUT_OFF]) != NULL);
	at_once(member_run, members, MEMBERS, sizeof(*members));
	for (int64_t i = 0; i < MEMBERS; i++) {
		again += members[i].runs > 1;
		OK(!members[i].err == (i != CUT_OFF));
		own_ctx_release(&members[i].own);
	}
	/* Else this proves nothing: they were in one group with it. */
	OK(again > MEMBERS / 4);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, MEMBERS - 1);
}
