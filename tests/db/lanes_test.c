/* Lanes: many fibers' queries on a few connections, and nobody gets another's answer. */
#include "db/pool.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "tests/db/engine.h"
#include "tests/unit/fiber_test.h"

#ifdef FIBER_TEST_TSAN
enum { ASKERS = 200 };
#else
enum { ASKERS = 1000 };
#endif
enum { QUESTIONS = 10 };

#define PG_QUERY(ident, writes, sql_text, params, columns) \
	QUERY_ON_BOTH(ident, writes, sql_text, "", TYPES(params), TYPES(columns))

PG_QUERY(echo, false, "SELECT $1::bigint", DB_I64, DB_I64);
PG_QUERY(echo_slowly, false, "SELECT $1::bigint FROM (SELECT pg_sleep($2::float8)) AS x",
	TYPES(DB_I64, DB_F64), DB_I64);
PG_QUERY(divide, false, "SELECT $1::bigint / ($1::bigint - $1::bigint)", DB_I64, DB_I64);
PG_QUERY(no_such_table, false, "SELECT id FROM nowhere WHERE id = $1", DB_I64, DB_I64);
PG_QUERY(kill_others, true,
	"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
	" WHERE datname = current_database() AND pid <> pg_backend_pid()",
	TYPES(), DB_I64);
PG_QUERY(own_pid, false, "SELECT pg_backend_pid()::bigint", TYPES(), DB_I64);
/* As a cancel of ours does that arrives late. */
PG_QUERY(cancel, true,
	"SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity"
	" WHERE pid = $1 AND state = 'active'",
	DB_I64, DB_I64);
PG_QUERY(star, false, "SELECT * FROM shifting", TYPES(), DB_I64);
PG_QUERY(star_returning, true, "INSERT INTO shifting VALUES (7) RETURNING *", TYPES(),
	DB_I64);
PG_QUERY(forget_all, false, "DEALLOCATE ALL", TYPES(), TYPES());
PG_QUERY(repeat, false, "SELECT repeat($1, $2::int)", TYPES(DB_TEXT, DB_I64), DB_TEXT);
PG_QUERY(measure, false, "SELECT length($1)::bigint", DB_TEXT, DB_I64);
PG_QUERY(is_encrypted, false, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
	TYPES(), DB_BOOL);
PG_QUERY(secret_write, false, "INSERT INTO accounts VALUES (1, 1) RETURNING id", TYPES(),
	DB_I64);

static struct err *
run_text(struct ctx *ctx, const char *sql)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return db_run_text(&tx, str_from(sql));
}

/* --- Many at once ------------------------------------------------------------------- */

struct asker {
	struct own_ctx own;
	int64_t number;
	double sleep_s;   /* of its slow questions; 0: it has none */
	bool fails_often; /* asks for errors in between */
	struct str text;  /* asks how long it is */
	int wrong;
	int answered;
	int failed;
	const struct err *err; /* the first */
};

/* Ask, and compare the answer with what only this fiber knows. */
static void
ask(void *arg)
{
	struct asker *asker = arg;
	struct ctx *ctx = &asker->own.ctx;

	for (int64_t i = 0; i < QUESTIONS; i++) {
		int64_t wanted = asker->number * 1000 + i, got = -1;
		struct err *err;

		if (asker->fails_often && i % 3 == 0) {
			err = auto_i64(ctx, i % 2 ? &divide : &no_such_table,
				VALUES(V_I64(wanted)), &got);
			if (!err || err->code != (i % 2 ? ERR_INVALID : ERR_INTERNAL))
				asker->wrong++;
			continue;
		}
		if (!str_is_none(asker->text)) {
			wanted = (int64_t)asker->text.len;
			err = auto_i64(ctx, &measure, VALUES(V_STR(asker->text)), &got);
		} else if (asker->sleep_s > 0) {
			err = auto_i64(ctx, &echo_slowly,
				VALUES(V_I64(wanted), V_F64(asker->sleep_s)), &got);
		} else {
			err = auto_i64(ctx, &echo, VALUES(V_I64(wanted)), &got);
		}
		if (err && asker->failed++ == 0)
			asker->err = err;
		if (err)
			continue;
		asker->answered++;
		if (got != wanted)
			asker->wrong++;
	}
}

static struct asker *
askers_new(struct ctx *ctx, size_t count)
{
	struct asker *askers = arena_alloc_array(ctx->arena, count, sizeof(*askers));

	for (size_t i = 0; askers && i < count; i++) {
		own_ctx_init(&askers[i].own, ctx, HANG_BOUND_MS);
		askers[i].number = (int64_t)i + 1;
	}
	return askers;
}

/* Whether ASKER got all his answers, and the right ones. */
#define IS_CONTENT(asker)                                                 \
	do {                                                              \
		EQ_I64((asker)->wrong, 0);                                \
		OK_OR(!(asker)->err, STR_FMT,                             \
			STR_ARG(err_describe(ctx->arena, (asker)->err))); \
	} while (0)

static void
askers_release(struct asker *askers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		own_ctx_release(&askers[i].own);
}

DB_TEST(of_1000_fibers_each_gets_its_own_answers_and_errors_stay_with_their_owners)
{
	struct asker *askers = askers_new(ctx, ASKERS);

	OK(askers);
	for (size_t i = 0; i < ASKERS; i += 4)
		askers[i].fails_often = true;
	at_once(ask, askers, ASKERS, sizeof(*askers));
	for (size_t i = 0; i < ASKERS; i++) {
		IS_CONTENT(&askers[i]);
	}
	askers_release(askers, ASKERS);
}

/* --- Lost connections --------------------------------------------------------------- */

struct killer {
	struct own_ctx own;
	const bool *until; /* it goes on till then; NULL: three times */
	bool is_done;
	int kills;
	struct err *err;
};

static void
kill_now_and_then(void *arg)
{
	struct killer *killer = arg;

	for (int i = 0; !killer->err && (killer->until ? !*killer->until : i < 3); i++) {
		int64_t killed = 0;

		(void)fiber_sleep_until(clock_deadline_ms(30));
		killer->err = auto_i64(
			&killer->own.ctx, &kill_others, VALUES_NONE, &killed);
		killer->kills += (int)killed;
	}
	killer->is_done = true;
}

DB_TEST(queries_on_lanes_that_are_killed_are_asked_again_unseen)
{
	struct killer killer = { .kills = 0 };
	struct asker *askers = askers_new(ctx, 100);

	OK(askers);
	own_ctx_init(&killer.own, ctx, HANG_BOUND_MS);
	for (size_t i = 0; i < 100; i++)
		askers[i].sleep_s = 0.002;
	OK(fiber_spawn("killer", kill_now_and_then, &killer));
	at_once(ask, askers, 100, sizeof(*askers));
	while (!killer.is_done)
		(void)fiber_sleep_until(clock_deadline_ms(1));
	OK_ERR(killer.err);
	OK(killer.kills >= 3);
	for (size_t i = 0; i < 100; i++) {
		IS_CONTENT(&askers[i]);
	}
	askers_release(askers, 100);
	own_ctx_release(&killer.own);
}

/* --- Sizes and speeds --------------------------------------------------------------- */

DB_TEST(rows_and_arguments_of_any_size_come_through)
{
	static const int64_t sizes[] = { 0, 1, 1000, 32767, 32768, 70000, 2000000 };
	struct rows rows;

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		int64_t measured = -1;

		OK_ERR(auto_read(
			ctx, &repeat, VALUES(V_TEXT("x"), V_I64(sizes[i])), &rows));
		EQ_I64(rows.items[0][0].text.len, sizes[i]);
		/* And back, past what a lane can carry. */
		OK_ERR(auto_i64(
			ctx, &measure, VALUES(V_STR(rows.items[0][0].text)), &measured));
		EQ_I64(measured, sizes[i]);
	}
}

DB_TEST(queries_beyond_what_a_lane_takes_at_once_wait_for_room)
{
	enum { LARGE_ASKERS = 60 };
	struct asker *askers = askers_new(ctx, LARGE_ASKERS);

	OK(askers);
	for (size_t i = 0; i < LARGE_ASKERS; i++)
		askers[i].text = str_fmt(askers[i].own.ctx.arena, "%0*zu", 12000, i);
	at_once(ask, askers, LARGE_ASKERS, sizeof(*askers));
	for (size_t i = 0; i < LARGE_ASKERS; i++) {
		IS_CONTENT(&askers[i]);
	}
	askers_release(askers, LARGE_ASKERS);
}

DB_TEST(the_quick_do_not_wait_behind_the_slow)
{
	enum { SLOW = 8, QUICK = 50 };
	struct asker *slow = askers_new(ctx, SLOW), *quick = askers_new(ctx, QUICK);
	struct fiber *fibers[SLOW];
	size_t slow_done = 0;

	OK(slow && quick);
	/* What each takes is learned first. */
	slow[0].sleep_s = 0.02;
	ask(&slow[0]);
	ask(&quick[0]);
	slow[0].answered = quick[0].answered = 0;
	for (size_t i = 0; i < SLOW; i++) {
		slow[i].sleep_s = 1;
		fibers[i] = fiber_spawn("slow", ask, &slow[i]);
		OK(fibers[i]);
	}
	(void)fiber_sleep_until(clock_deadline_ms(20));
	at_once(ask, quick, QUICK, sizeof(*quick));
	for (size_t i = 0; i < SLOW; i++)
		slow_done += slow[i].answered == QUESTIONS;
	/* Ten seconds each; and where a quick one is taken for slow, it waits for one. */
	EQ_I64(slow_done, 0);
	for (size_t i = 0; i < QUICK; i++) {
		IS_CONTENT(&quick[i]);
	}
	for (size_t i = 0; i < SLOW; i++)
		fiber_cancel(fibers[i]);
	for (size_t i = 0; i < SLOW; i++)
		while (slow[i].answered + slow[i].failed < QUESTIONS)
			(void)fiber_sleep_until(clock_deadline_ms(5));
	askers_release(slow, SLOW);
	askers_release(quick, QUICK);
}

DB_TEST(a_lane_is_encrypted_where_the_url_asks_for_it)
{
	bool is_asked = str_find(engine_url(), STR("sslmode=require")) >= 0;
	struct rows rows;

	OK_ERR(auto_read(ctx, &is_encrypted, VALUES_NONE, &rows));
	OK(rows.items[0][0].boolean == is_asked);
}

/* --- Giving up ---------------------------------------------------------------------- */

/* As many as are not given up, some of them behind those that are. */
DB_TEST(answers_to_those_who_gave_up_do_not_shift_those_of_others)
{
	struct asker *askers = askers_new(ctx, 60);

	OK(askers);
	for (size_t i = 0; i < 60; i += 3) {
		askers[i].sleep_s = 0.02;
		askers[i].own.ctx.deadline = clock_deadline_ms(10 + (int64_t)i);
	}
	at_once(ask, askers, 60, sizeof(*askers));
	for (size_t i = 0; i < 60; i++) {
		EQ_I64(askers[i].wrong, 0);
		if (i % 3 == 0)
			OK(askers[i].failed > 0);
		else
			EQ_I64(askers[i].failed, 0);
	}
	askers_release(askers, 60);
}

/* Open the database anew with one lane. */
static struct err *
with_one_lane(struct ctx *ctx, struct db **ret)
{
	return db_open(ctx,
		&(struct db_options){ .url = engine_url(),
			.allows_any_role = true,
			.lanes_per_loop = 1 },
		ret);
}

DB_TEST(a_query_cancelled_at_its_deadline_does_not_take_its_neighbours_along)
{
	struct ctx one = *ctx;
	struct asker *askers = askers_new(ctx, 21);

	OK(askers);
	OK_ERR(with_one_lane(ctx, &one.db));
	for (size_t i = 0; i < 21; i++)
		askers[i].own.ctx.db = one.db;
	/* The first would hold the lane for a minute; those behind it wait for the cancel
	 * request to get through. */
	askers[0].sleep_s = 60;
	askers[0].own.ctx.deadline = clock_deadline_ms(100);
	at_once(ask, askers, 21, sizeof(*askers));
	OK(askers[0].failed > 0);
	for (size_t i = 1; i < 21; i++) {
		IS_CONTENT(&askers[i]);
	}
	askers_release(askers, 21);
	db_loop_close(one.db);
	db_close(one.db);
}

struct sleeper {
	struct own_ctx own;
	double sleep_s;
	int64_t got;
	struct err *err;
	bool is_done;
};

static void
sleep_there(void *arg)
{
	struct sleeper *sleeper = arg;

	sleeper->err = auto_i64(&sleeper->own.ctx, &echo_slowly,
		VALUES(V_I64(7), V_F64(sleeper->sleep_s)), &sleeper->got);
	sleeper->is_done = true;
}

/* Let SLEEPER ask on DB, and cancel what the server does for him. */
static struct err *
ask_and_be_cancelled(struct ctx *ctx, struct db *db, struct sleeper *sleeper)
{
	int64_t hit = 0, pid = 0;

	own_ctx_init(&sleeper->own, ctx, HANG_BOUND_MS);
	sleeper->own.ctx.db = db;
	TRY(auto_i64(&sleeper->own.ctx, &own_pid, VALUES_NONE, &pid));
	if (!fiber_spawn("sleeper", sleep_there, sleeper))
		return err_new(ctx, ERR_INTERNAL, "no fiber");
	while (!hit && !sleeper->is_done) {
		(void)fiber_sleep_until(clock_deadline_ms(5));
		TRY(auto_i64(ctx, &cancel, VALUES(V_I64(pid)), &hit));
	}
	while (!sleeper->is_done)
		(void)fiber_sleep_until(clock_deadline_ms(5));
	return NULL;
}

DB_TEST(a_cancel_that_comes_late_does_not_hit_the_query_that_is_there_by_then)
{
	struct sleeper alone = { .sleep_s = 60 }, late = { .sleep_s = 0.2 };
	struct sleeper quitter = { .sleep_s = 60 };
	struct ctx one = *ctx;

	OK_ERR(with_one_lane(ctx, &one.db));
	/* Where the lane asked for none it was somebody else's, and counts. */
	OK_ERR(ask_and_be_cancelled(ctx, one.db, &alone));
	OK(alone.err && alone.err->code == ERR_TIMEOUT);
	/* The lane asks for one, and the server is done with that before the next. */
	own_ctx_init(&quitter.own, &one, 20);
	sleep_there(&quitter);
	OK(quitter.err);
	own_ctx_release(&quitter.own);
	OK_ERR(ask_and_be_cancelled(ctx, one.db, &late));
	OK_ERR(late.err);
	EQ_I64(late.got, 7);
	own_ctx_release(&alone.own);
	own_ctx_release(&late.own);
	db_loop_close(one.db);
	db_close(one.db);
}

/* They would look at what was freed. */
DB_TEST(closing_a_loop_waits_for_those_who_pause_before_they_ask_again)
{
	struct sleeper sleeper = { .sleep_s = 60 };
	struct pool_counters counters = { .lane_retries = 0 };
	struct killer killer = { .until = &sleeper.is_done };
	struct db *db;

	OK_ERR(with_one_lane(ctx, &db));
	own_ctx_init(&killer.own, ctx, HANG_BOUND_MS);
	own_ctx_init(&sleeper.own, ctx, HANG_BOUND_MS);
	sleeper.own.ctx.db = db;
	OK(fiber_spawn("sleeper", sleep_there, &sleeper));
	OK(fiber_spawn("killer", kill_now_and_then, &killer));
	/* It pauses longer each time: while this waits for it, for 8 ms or more. */
	while (counters.lane_retries < 2 && !sleeper.is_done) {
		(void)fiber_sleep_until(clock_deadline_ms(5));
		db_counters(db, &counters);
	}
	(void)fiber_sleep_until(clock_deadline_ms(10));
	db_loop_close(db);
	OK(sleeper.is_done);
	OK(sleeper.err && sleeper.err->code == ERR_BUSY);
	while (!killer.is_done)
		(void)fiber_sleep_until(clock_deadline_ms(1));
	own_ctx_release(&killer.own);
	own_ctx_release(&sleeper.own);
	db_close(db);
}

/* --- Prepared statements ------------------------------------------------------------ */

struct shifting {
	int64_t value;
};

static struct err *
read_star(struct tx *tx, void *arg)
{
	struct shifting *shifting = arg;
	struct rows rows;

	TRY(rows_read(tx, &star, VALUES_NONE, &rows));
	if (rows.count == 0)
		return err_new(tx->ctx, ERR_INTERNAL, "no row");
	shifting->value = rows.items[0][0].i64;
	return NULL;
}

DB_TEST(a_statement_is_prepared_again_when_its_table_has_changed)
{
	static const char *const types[] = { "integer", "bigint", "smallint" };
	struct shifting shifting = { .value = 0 };
	struct rows rows;
	int64_t value;

	OK_ERR(run_text(ctx,
		"CREATE TABLE shifting (id bigint);"
		"INSERT INTO shifting VALUES (7)"));
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		OK_ERR(auto_read(ctx, &star, VALUES_NONE, &rows));
		EQ_I64(rows.items[0][0].i64, 7);
		OK_ERR(db_transact(ctx, TX_READ, SHARD_GLOBAL, read_star, &shifting));
		EQ_I64(shifting.value, 7);
		OK_ERR(auto_i64(ctx, &star_returning, VALUES_NONE, &value));
		EQ_I64(value, 7);
		OK_ERR(run_text(ctx,
			str_fmt(ctx->arena, "ALTER TABLE shifting ALTER id TYPE %s",
				types[i])
				.ptr));
	}
}

DB_TEST(a_statement_that_the_server_forgot_is_prepared_again)
{
	struct ctx one = *ctx;
	struct rows rows;
	int64_t got;

	OK_ERR(with_one_lane(ctx, &one.db));
	for (int64_t i = 0; i < 3; i++) {
		OK_ERR(auto_i64(&one, &echo, VALUES(V_I64(i)), &got));
		EQ_I64(got, i);
		OK_ERR(auto_read(&one, &forget_all, VALUES_NONE, &rows));
	}
	db_loop_close(one.db);
	db_close(one.db);
}

DB_TEST(a_write_that_is_declared_a_read_is_refused)
{
	struct rows rows;
	int64_t got;

	FAILS_WITH(auto_read(ctx, &secret_write, VALUES_NONE, &rows), ERR_INTERNAL);
	OK_ERR(auto_i64(ctx, &echo, VALUES(V_I64(5)), &got));
	EQ_I64(got, 5);
}
