/* The jobs that play seasons: what they play, in how many turns, and what is in their way. */
#include "jobs/schedule.h"

#include "tests/support/database.h"
#include "tests/support/feed_text.h"

#include "codec/iso_time.h"
#include "db/db.h"
#include "predictions/import.h"
#include "predictions/simulated.h"
#include "sys/clock.h"
#include "sys/fiber.h"

static struct job_setup setup;

/* A made-up season as it stands after some weeks. */
static struct err *
season_import(struct ctx *ctx)
{
	struct simulated_options season = {
		.seed = 13, .first_season = 2022, .last_season = 2022
	};
	const struct import_options options = { .source = STR("season"),
		.is_simulated = true };
	struct import_counts counts;
	struct feed feed;
	struct str csv;

	if (!iso_time_parse(STR("2022-10-05T12:00:00Z"), &season.now))
		return err_new(ctx, ERR_INTERNAL, "a wrong date");
	TRY(simulated_league(ctx->arena, &season, &csv));
	TRY(feed_of_text(ctx->arena, csv, &feed));
	return import_store(ctx, &feed, &options, &counts);
}

static bool
tells(struct ctx *ctx, const struct job_outcome *outcome, const char *key, int64_t wanted)
{
	return str_find(outcome->result,
		       str_fmt(ctx->arena, "\"%s\":%lld", key, (long long)wanted)) >= 0;
}

BOTH_ENGINES(an_outlook_of_every_week_is_played_once_and_in_all_its_runs)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct job_outcome outcome;
	int64_t week;

	setup = (struct job_setup){ .instance = STR("one") };
	OK_ERR(season_import(ctx));
	OK_ERR(schedule_prepare(ctx, false));
	OK_ERR(schedule_run(ctx, &setup, STR("outlook"), &outcome));
	EQ_STR(outcome.status, STR("succeeded"));
	week = database_number(
		ctx, "SELECT CAST(max(week) AS bigint) FROM season_simulations");
	OK(week >= 4);
	for (int turn = 0; turn < 2; turn++) {
		OK_OR(tells(ctx, &outcome, "runs", turn ? 500 : 100000) &&
				tells(ctx, &outcome, "week", week) &&
				tells(ctx, &outcome, "past_weeks", turn ? 0 : week - 1),
			STR_FMT, STR_ARG(outcome.result));
		/* One a club and week, each of all runs. */
		EQ_I64(database_number(ctx,
			       "SELECT CAST(count(*) AS bigint) FROM season_simulations "
			       "WHERE runs = 100000 AND week > 0"),
			(week - turn) * 32);
		EQ_I64(database_number(ctx,
			       "SELECT CAST(count(*) AS bigint) FROM (SELECT DISTINCT "
			       "week, "
			       "team FROM season_simulations) AS pairs"),
			week * 32);
		/* The second time only the one of now is another. */
		if (turn) {
			EQ_I64(database_number(ctx,
				       "SELECT CAST(count(*) AS bigint) FROM kept JOIN "
				       "season_simulations s ON s.id = kept.id AND "
				       "s.created_at = kept.created_at"),
				(week - 1) * 32);
			break;
		}
		OK_ERR(db_run_text(&tx,
			STR("CREATE TABLE kept AS SELECT id, created_at FROM "
			    "season_simulations WHERE week > 0")));
		ctx->now += 1000000;
		setup.season_runs = 500;
		OK_ERR(schedule_run(ctx, &setup, STR("outlook"), &outcome));
	}
}

BOTH_ENGINES(a_week_of_fewer_runs_than_are_asked_for_is_played_again)
{
	const char *least = "SELECT min(runs) FROM season_simulations WHERE week > 0";
	struct job_outcome outcome;
	int64_t week;

	setup = (struct job_setup){ .instance = STR("one"), .season_runs = 200 };
	OK_ERR(season_import(ctx));
	OK_ERR(schedule_run(ctx, &setup, STR("outlook"), &outcome));
	week = database_number(
		ctx, "SELECT CAST(max(week) AS bigint) FROM season_simulations");
	OK(week >= 4);
	OK_ERR(database_sql(ctx,
		STR("UPDATE season_simulations SET runs = 300 WHERE week <> 2 OR team = "
		    "'BUF'")));
	setup.season_runs = 300;
	OK_ERR(schedule_run(ctx, &setup, STR("outlook"), &outcome));
	OK_OR(tells(ctx, &outcome, "past_weeks", 1), STR_FMT, STR_ARG(outcome.result));
	EQ_STR(database_text(ctx,
		       str_cstr(ctx->arena,
			       str_fmt(ctx->arena, "SELECT CAST((%s) AS text)", least))),
		STR("300"));
}

/* A week of every season from 2019 on. */
static struct err *
short_seasons_import(struct ctx *ctx)
{
	const struct import_options options = { .source = STR("seasons") };
	struct feed_row games[8];
	struct import_counts counts;
	struct feed feed;

	if (!iso_time_parse(STR("2023-06-01T12:00:00Z"), &ctx->now))
		return err_new(ctx, ERR_INTERNAL, "a wrong date");
	for (int i = 0; i < 8; i++)
		games[i] = (struct feed_row){ .season = 2019 + i / 2,
			.week = 1,
			.day = str_cstr(ctx->arena,
				str_fmt(ctx->arena, "%d-09-10", 2019 + i / 2)),
			.away = i % 2 ? "CIN" : "DET",
			.home = i % 2 ? "CLE" : "KC",
			.scores = i % 3 ? "21-20" : "3-24" };
	TRY(feed_of(ctx->arena, games, COUNT_OF(games), &feed));
	return import_store(ctx, &feed, &options, &counts);
}

/* What is played of 2020 or 2021 cannot be stored, until that is let go. */
static struct err *
two_seasons_refuse(struct ctx *ctx)
{
	if (db_dialect(ctx->db) == DIALECT_SQLITE)
		return database_sql(ctx,
			STR("CREATE TRIGGER refuse BEFORE INSERT ON season_simulations "
			    "WHEN new.season IN (2020, 2021) BEGIN SELECT RAISE(ABORT, "
			    "'not this season'); END"));
	TRY(database_sql(ctx,
		STR("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
		    "BEGIN RAISE 'not this season' USING ERRCODE = 'check_violation'; "
		    "END $$")));
	return database_sql(ctx,
		STR("CREATE TRIGGER refuse BEFORE INSERT ON season_simulations FOR EACH "
		    "ROW WHEN (new.season IN (2020, 2021)) EXECUTE FUNCTION refuse()"));
}

static struct err *
seasons_let_go(struct ctx *ctx)
{
	return database_sql(ctx,
		db_dialect(ctx->db) == DIALECT_SQLITE
			? STR("DROP TRIGGER refuse")
			: STR("DROP TRIGGER refuse ON season_simulations"));
}

BOTH_ENGINES(a_season_that_cannot_be_played_is_in_no_others_way_and_is_told)
{
	const char *seasons = "SELECT DISTINCT CAST(season AS text) FROM "
			      "season_simulations ORDER BY 1";
	struct job_outcome outcome;

	setup = (struct job_setup){ .instance = STR("one"), .season_runs = 200 };
	OK_ERR(short_seasons_import(ctx));
	OK_ERR(two_seasons_refuse(ctx));
	OK_ERR(schedule_run(ctx, &setup, STR("history"), &outcome));
	EQ_STR(outcome.status, STR("failed"));
	EQ_STR(database_text(ctx, seasons), STR("2019"));
	OK_OR(tells(ctx, &outcome, "seasons", 1) && tells(ctx, &outcome, "failed", 2),
		STR_FMT, STR_ARG(outcome.result));
	OK_OR(str_find(outcome.failed->message,
		      STR("2 seasons could not be played; the first, 2021: ")) == 0,
		STR_FMT, STR_ARG(outcome.failed->message));
	OK(outcome.next_run_at > ctx->now);
	EQ_STR(database_text(ctx, "SELECT last_status FROM jobs WHERE name = 'history'"),
		STR("failed"));
	/* What was played is not played again. */
	OK_ERR(seasons_let_go(ctx));
	OK_ERR(schedule_run(ctx, &setup, STR("history"), &outcome));
	EQ_STR(outcome.status, STR("succeeded"));
	OK_OR(tells(ctx, &outcome, "seasons", 2) && tells(ctx, &outcome, "failed", 0),
		STR_FMT, STR_ARG(outcome.result));
	EQ_STR(database_text(ctx, seasons), STR("2019\n2020\n2021"));
}

struct turns {
	int count;
	bool has_more; /* of each, as its result tells */
};

static void
turn_count(void *arg, const struct job_outcome *outcome)
{
	struct turns *turns = arg;

	turns->count++;
	turns->has_more = turns->has_more &&
		str_find(outcome->result, STR("\"has_more\":true")) >= 0;
}

BOTH_ENGINES(who_asks_for_history_is_given_all_of_it)
{
	struct turns turns = { .has_more = true };
	struct job_outcome outcome;

	/* A turn is over when a season has been played. */
	setup = (struct job_setup){
		.instance = STR("one"), .season_runs = 100, .turn_ms = 1
	};
	OK_ERR(short_seasons_import(ctx));
	OK_ERR(schedule_run_through(
		ctx, &setup, STR("history"), turn_count, &turns, &outcome));
	EQ_STR(outcome.status, STR("succeeded"));
	EQ_STR(database_text(ctx,
		       "SELECT DISTINCT CAST(season AS text) FROM season_simulations "
		       "ORDER BY 1"),
		STR("2019\n2020\n2021"));
	OK(turns.count == 2 && turns.has_more && !outcome.has_more);
	EQ_I64(database_number(
		       ctx, "SELECT count(*) FROM job_runs WHERE status = 'succeeded'"),
		3);
}

static const char failures[] =
	"SELECT last_status || ', failed ' || failure_count || ', in a row ' || "
	"consecutive_failures || ', alerts ' || (SELECT count(*) FROM alerts) FROM jobs "
	"WHERE name = 'history'";

BOTH_ENGINES(a_season_that_cannot_be_played_fails_the_last_turn_only)
{
	struct turns turns = { .has_more = true };
	const _Atomic bool is_stopping = true;
	struct job_outcome outcome;

	setup = (struct job_setup){
		.instance = STR("one"), .season_runs = 100, .turn_ms = 1
	};
	OK_ERR(short_seasons_import(ctx));
	OK_ERR(two_seasons_refuse(ctx));
	OK_ERR(database_sql(
		ctx, STR("UPDATE games SET season = 2018 WHERE season = 2021")));
	OK_ERR(schedule_prepare(ctx, false));
	OK_ERR(database_sql(ctx,
		STR("UPDATE jobs SET run_count = 2, failure_count = 2, "
		    "consecutive_failures = 2")));
	/* Nor is a server that stops all well. */
	setup.is_stopping = &is_stopping;
	OK_ERR(schedule_run(ctx, &setup, STR("history"), &outcome));
	OK(outcome.has_more);
	EQ_STR(database_text(ctx, failures),
		STR("skipped, failed 2, in a row 2, alerts 0"));
	setup.is_stopping = NULL;
	OK_ERR(schedule_run_through(
		ctx, &setup, STR("history"), turn_count, &turns, &outcome));
	EQ_STR(outcome.status, STR("failed"));
	OK(turns.count == 1 && turns.has_more && !outcome.has_more);
	EQ_STR(database_text(ctx, failures),
		STR("failed, failed 3, in a row 3, alerts 1"));
}

/* Another instance, on a fiber and an arena of its own. */
struct other {
	struct ctx *ctx;
	struct ctx own;
	struct arena arena;
	struct err *err;
	struct fiber_event ended;
};

static void
lease_let_go(void *arg)
{
	struct other *other = arg;

	arena_init(&other->arena, 1 << 20);
	other->own = *other->ctx;
	other->own.arena = &other->arena;
	fiber_sleep_until(clock_deadline_ms(300));
	other->err = database_sql(&other->own,
		STR("UPDATE jobs SET locked_until = NULL, locked_by = NULL"));
	fiber_event_set(&other->ended);
}

/* Another may have a turn between two of ours. */
static void
lease_take(void *arg, const struct job_outcome *outcome)
{
	struct other *other = arg;

	(void)outcome;
	other->err = database_sql(other->ctx,
		db_dialect(other->ctx->db) == DIALECT_SQLITE
			? STR("UPDATE jobs SET locked_by = 'two', locked_until = "
			      "next_run_at + 3600000000 WHERE name = 'history'")
			: STR("UPDATE jobs SET locked_by = 'two', locked_until = "
			      "next_run_at + interval '1 hour' WHERE name = "
			      "'history'"));
	if (!other->err)
		fiber_spawn("let go", lease_let_go, other);
}

BOTH_ENGINES(a_turn_that_another_takes_between_is_waited_for)
{
	struct other other = { .ctx = ctx };
	struct job_outcome outcome;

	setup = (struct job_setup){ .instance = STR("one"),
		.is_beside = true,
		.season_runs = 100,
		.turn_ms = 1 };
	OK_ERR(short_seasons_import(ctx));
	OK_ERR(database_sql(ctx, STR("DELETE FROM games WHERE season = 2019")));
	fiber_event_init(&other.ended);
	OK_ERR(schedule_run_through(
		ctx, &setup, STR("history"), lease_take, &other, &outcome));
	fiber_event_join(&other.ended);
	OK_ERR(other.err);
	arena_release(&other.arena);
	OK(!outcome.has_more);
	EQ_STR(database_text(ctx,
		       "SELECT DISTINCT CAST(season AS text) FROM season_simulations "
		       "ORDER BY 1"),
		STR("2020\n2021"));
}
