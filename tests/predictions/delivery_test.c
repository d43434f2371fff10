#include "codec/iso_time.h"
#include "db/dispatch.h"
#include "db/fault.h"
#include "predictions/delivery.h"
#include "predictions/forecast.h"
#include "predictions/import.h"
#include "predictions/reads_q.h"
#include "predictions/simulated.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "tests/support/database.h"
#include "tests/support/feed_text.h"

enum {
	SEASON = 2021,
	WEEK = 3,
	ROWS_MAX = 200,
	MANY = 10000,
	FULL_MAX = 1000000,
	LOOK_MS = 20,
	LOOKS_MAX = 500,
};

static const struct user_id ann = { { { 1, [6] = 0x70, [8] = 0x80, [15] = 1 } } };

static struct err *
put_user(struct ctx *ctx)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return db_run_text(&tx,
		db_dialect(ctx->db) == DIALECT_POSTGRES
			? STR("INSERT INTO users (id, email, password_hash, created_at, "
			      "updated_at) VALUES "
			      "('01000000-0000-7000-8000-000000000001', "
			      "'a@example.org', '!', '2021-01-01Z', '2021-01-01Z')")
			: STR("INSERT INTO users (id, email, password_hash, created_at, "
			      "updated_at) VALUES "
			      "(x'01000000000070008000000000000001', "
			      "'a@example.org', '!', 1, 1)"));
}

/* A week's forecasts, and a user to read them. */
static struct err *
week_put(struct ctx *ctx, struct prediction_row_list *ret)
{
	struct simulated_options league = {
		.seed = 7, .first_season = 2020, .last_season = SEASON
	};
	struct import_options import = { .source = STR("league"), .is_simulated = true };
	struct forecast_options week = {
		.tier = TIER_L, .scope = FORECAST_WEEK, .season = SEASON, .week = WEEK
	};
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct import_counts imported;
	struct forecast_counts counts;
	struct feed feed;
	struct str csv;

	TRY(put_user(ctx));
	if (!iso_time_parse(STR("2022-06-01T00:00:00.000001Z"), &ctx->now))
		return err_new(ctx, ERR_INTERNAL, "a wrong date");
	league.now = ctx->now;
	TRY(simulated_league(ctx->arena, &league, &csv));
	TRY(feed_of_text(ctx->arena, csv, &feed));
	TRY(import_store(ctx, &feed, &import, &imported));
	TRY(forecast_store(ctx, &week, &counts));
	return q_prediction_page(&tx,
		(struct prediction_page){ .season = SEASON,
			.first_week = WEEK,
			.last_week = WEEK,
			.model = STR("gridiron"),
			.open_through = WEEK,
			.row_count = ROWS_MAX },
		ret);
}

/* One of those that are not there. */
static struct user_id
user_number(int number)
{
	struct user_id ret = { { { 2, [6] = 0x70, [8] = 0x80 } } };

	memcpy(ret.uuid.bytes + 12, &number, sizeof(number));
	return ret;
}

static void
note_list(struct ctx *ctx, struct user_id user, const struct uuid *ids, size_t count)
{
	delivery_note(ctx,
		&(struct delivery){
			.user_id = user, .via = STR("api"), .tier = STR("daily") },
		(struct str){ (const char *)ids, count * sizeof(*ids) });
}

static void
note(struct ctx *ctx, struct user_id user, struct prediction_id id)
{
	note_list(ctx, user, &id.uuid, 1);
}

static struct str
stored(struct ctx *ctx)
{
	static const enum db_type columns[] = { DB_TEXT, DB_TEXT, DB_TIME, DB_TEXT,
		DB_I64, DB_I64 };
	struct str dump = STR_NONE;
	struct err *err = database_dump(ctx,
		"SELECT a.via, a.tier_name, a.accessed_at, u.email, count(*) AS n, "
		"sum(a.times) AS times FROM "
		"user_prediction_access a JOIN users u ON u.id = a.user_id JOIN "
		"predictions p ON p.id = a.prediction_id GROUP BY a.via, a.tier_name, "
		"a.accessed_at, u.email ORDER BY a.accessed_at",
		columns, COUNT_OF(columns), &dump);

	if (err)
		tap_fail(__FILE__, __LINE__, STR_FMT, STR_ARG(err->message));
	return dump;
}

BOTH_ENGINES(what_is_noted_is_stored_within_seconds_and_the_rest_at_the_end)
{
	struct prediction_row_list week;
	struct delivery_counters before = delivery_counters();

	OK_ERR(week_put(ctx, &week));
	OK(week.count > 3);
	note(ctx, ann, week.items[0].id);
	for (int i = 0; i < LOOKS_MAX && delivery_counters().stored == before.stored; i++)
		(void)fiber_sleep_until(clock_deadline_ms(LOOK_MS));
	EQ_STR(stored(ctx), STR("api|daily|1654041600000001|a@example.org|1|1\n"));
	/* More rows than one statement takes. */
	for (int i = 0; i < MANY; i++) {
		ctx->now++;
		note(ctx, user_number(i), week.items[(size_t)i % week.count].id);
	}
	note(ctx, ann, week.items[0].id);
	delivery_loop_close(ctx->db);
	EQ_STR(stored(ctx),
		STR("api|daily|1654041600000001|a@example.org|1|1\n"
		    "api|daily|1654041600010001|a@example.org|1|1\n"));
	EQ_I64(delivery_counters().stored - before.stored, MANY + 2);
	EQ_I64(delivery_counters().lost, before.lost);
}

BOTH_ENGINES(the_same_shown_again_before_it_is_stored_is_one_row_that_says_how_often)
{
	struct prediction_row_list week;
	struct uuid ids[4];

	OK_ERR(week_put(ctx, &week));
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		ids[i] = week.items[i].id.uuid;
	note_list(ctx, ann, ids, COUNT_OF(ids));
	ctx->now++;
	note_list(ctx, ann, ids, COUNT_OF(ids));
	/* Another list of the same length with the same ends, and then the first again. */
	ids[1] = week.items[2].id.uuid;
	ids[2] = week.items[1].id.uuid;
	note_list(ctx, ann, ids, COUNT_OF(ids));
	note_list(ctx, ann, ids, COUNT_OF(ids) - 1);
	delivery_loop_close(ctx->db);
	EQ_STR(stored(ctx),
		STR("api|daily|1654041600000001|a@example.org|4|8\n"
		    "api|daily|1654041600000002|a@example.org|7|7\n"));
}

BOTH_ENGINES(users_and_forecasts_that_are_gone_keep_nothing_from_being_stored)
{
	struct prediction_row_list week;

	OK_ERR(week_put(ctx, &week));
	note(ctx, user_number(1), week.items[0].id);
	note(ctx, ann, (struct prediction_id){ user_number(1).uuid });
	note(ctx, ann, week.items[1].id);
	delivery_loop_close(ctx->db);
	EQ_STR(stored(ctx), STR("api|daily|1654041600000001|a@example.org|1|1\n"));
}

BOTH_ENGINES(what_the_database_does_not_take_is_kept_and_stored_once)
{
	struct prediction_row_list week;
	struct delivery_counters before = delivery_counters();
	struct fault *fault;

	OK_ERR(week_put(ctx, &week));
	OK_ERR(fault_put(ctx, ctx->db, &fault));
	/* Stored, and not known to be: begin, statement, commit. */
	fault_arm(fault, 3, ERR_UNCERTAIN);
	note(ctx, ann, week.items[0].id);
	note(ctx, ann, week.items[1].id);
	delivery_loop_close(ctx->db);
	OK(fault_has_struck(fault));
	EQ_I64(delivery_counters().failures - before.failures, 1);
	EQ_STR(stored(ctx), STR("api|daily|1654041600000001|a@example.org|2|2\n"));
}

BOTH_ENGINES(a_full_batch_loses_the_newest_and_says_how_many)
{
	struct prediction_row_list week;
	struct delivery_counters before = delivery_counters();
	int noted = 1;

	OK_ERR(week_put(ctx, &week));
	note(ctx, ann, week.items[0].id);
	for (; noted < FULL_MAX && delivery_counters().lost == before.lost; noted++)
		note(ctx, user_number(noted), week.items[0].id);
	OK(noted > DELIVERIES_KEPT_MIN);
	/* What is there already is still counted. */
	note(ctx, ann, week.items[0].id);
	EQ_I64(delivery_counters().lost - before.lost, 1);
	delivery_loop_close(ctx->db);
	EQ_I64(delivery_counters().stored - before.stored, noted);
	EQ_STR(stored(ctx), STR("api|daily|1654041600000001|a@example.org|1|2\n"));
}
