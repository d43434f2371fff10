/* Games that are put off, called off, brought forward or corrected after the fact: what
 * becomes of the forecasts and picks that were made of them. */
#include "tests/predictions/season.h"

#include "predictions/forecast.h"
#include "predictions/grade.h"
#include "predictions/import.h"
#include "predictions/pick.h"
#include "predictions/publication.h"
#include "predictions/reads_q.h"
#include "predictions/schedule.h"

enum {
	ROWS = 5,
	PUT_OFF = 2, /* of the rows: Denver at New England */
};

static const struct feed_row schedule[ROWS] = {
	{ 2020, 4, .day = "2020-10-04", .away = "NE", .home = "KC", .scores = "10-26" },
	{ 2020, 5, .day = "2020-10-11", .away = "LV", .home = "KC" },
	{ 2020, 5, .day = "2020-10-11", .away = "DEN", .home = "NE" },
	{ 2020, 6, .day = "2020-10-18", .away = "KC", .home = "BUF" },
	{ 2020, 7, .day = "2020-10-25", .away = "KC", .home = "DEN" },
};

static struct err *
forecast_now(struct ctx *ctx)
{
	const struct forecast_options to_come = { .tier = TIER_L,
		.scope = FORECAST_TO_COME };
	struct forecast_counts counts;

	return forecast_store(ctx, &to_come, &counts);
}

static struct err *
pick_of(struct ctx *ctx, const char *game, const char *pick)
{
	act_as(ctx, ANN);
	return pick_make(ctx,
		&(struct pick_ask){ .game_id = str_from(game),
			.type = STR("game"),
			.pick = str_from(pick),
			.probability = 0.6 },
		NULL);
}

static struct str
dumped(struct ctx *ctx, const char *sql)
{
	static const enum db_type columns[] = { DB_TEXT };
	struct str dump = STR("failed");
	struct err *err = database_dump(ctx, sql, columns, 1, &dump);

	return err ? err->message : dump;
}

/* The forecasts of the winner of Denver's first game: in which week, whether it counts. */
static const char forecasts[] =
	"SELECT p.nflverse_id || ' ' || p.week || CASE WHEN p.superseded_at IS NULL THEN "
	"' counts' ELSE '' END || coalesce(' ' || p.outcome, '') FROM predictions p "
	"JOIN games g ON g.id = p.game_id WHERE p.prediction_type = 'game' AND "
	"g.home_team = 'NE' AND g.away_team = 'DEN' AND p.model = 'gridiron' "
	"ORDER BY p.predicted_at";

static const char metrics[] =
	"SELECT week || ' ' || total_predictions FROM accuracy_metrics WHERE week IS NOT "
	"NULL AND prediction_type = 'game' AND model = 'gridiron' ORDER BY week";

static const char changes[] =
	"SELECT nflverse_id || ' ' || kind || ' ' || week || coalesce(' ' || away_score "
	"|| "
	"'-' || home_score, '') FROM game_changes ORDER BY created_at, id";

static const char picks[] =
	"SELECT g.nflverse_id || ' ' || p.pick || coalesce(' ' || p.outcome, '') "
	"FROM picks p JOIN games g ON g.id = p.game_id ORDER BY 1";

static const char audited[] =
	"SELECT action || ' ' || CAST(details AS text) FROM audit_pending ORDER BY id";

/* Only the hour is gone: it is not put off to midnight, nor was what was said that morning too late. */
BOTH_ENGINES(a_game_whose_hour_leaves_the_feed_begins_when_it_was_to)
{
	struct feed_row rows[ROWS];

	memcpy(rows, schedule, sizeof(rows));
	OK_ERR(put_users(ctx, ANN));
	OK_ERR(import_at(ctx, "2020-10-11T12:00:00Z", rows, ROWS));
	OK_ERR(forecast_now(ctx));
	OK_ERR(pick_of(ctx, "2020_05_DEN_NE", "home"));
	rows[PUT_OFF].clock = "";
	OK_ERR(import_at(ctx, "2020-10-11T13:00:00Z", rows, ROWS));
	EQ_STR(dumped(ctx,
		       "SELECT gametime || CASE WHEN kickoff_at IS NULL THEN '' ELSE ' "
		       "known' END FROM games WHERE nflverse_id = '2020_05_DEN_NE'"),
		STR("13:00 known\n"));
	EQ_STR(dumped(ctx, forecasts), STR("2020_05_DEN_NE 5 counts\n"));
	EQ_STR(dumped(ctx, changes), STR(""));
	OK_ERR(pick_of(ctx, "2020_05_DEN_NE", "away"));
	/* On another day nobody knows it any more. */
	rows[PUT_OFF].day = "2020-10-12";
	OK_ERR(import_at(ctx, "2020-10-11T14:00:00Z", rows, ROWS));
	EQ_STR(dumped(ctx,
		       "SELECT coalesce(gametime, 'none') FROM games WHERE nflverse_id = "
		       "'2020_05_DEN_NE'"),
		STR("none\n"));
	ctx->now += INT64_C(3600) * 15 * 1000000; /* after midnight there */
	FAILS_WITH(pick_of(ctx, "2020_05_DEN_NE", "home"), ERR_CONFLICT);
}

/* The feed names a game by its week, so one that is put off leaves it and another of the
 * same teams comes. */
BOTH_ENGINES(a_game_put_off_is_forecast_and_counted_in_its_new_week)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct game_row game;
	struct feed_row rows[ROWS];
	struct grade_counts grades;

	memcpy(rows, schedule, sizeof(rows));
	OK_ERR(put_users(ctx, ANN));
	OK_ERR(import_at(ctx, "2020-10-08T12:00:00Z", rows, ROWS));
	OK_ERR(forecast_now(ctx));
	OK_ERR(pick_of(ctx, "2020_05_DEN_NE", "home"));
	rows[PUT_OFF].week = 6;
	rows[PUT_OFF].day = "2020-10-18";
	OK_ERR(import_at(ctx, "2020-10-11T12:00:00Z", rows, ROWS));
	/* Found where it is now at once, whoever made it and whether or not he says
	 * anything new. */
	EQ_STR(dumped(ctx, forecasts), STR("2020_06_DEN_NE 6 counts\n"));
	OK_ERR(forecast_now(ctx));
	/* Kick-off as it was is past, and as it is to come. */
	ctx->now += INT64_C(3600) * 12 * 1000000;
	OK_ERR(pick_of(ctx, "2020_06_DEN_NE", "away"));
	rows[1].scores = "20-30";
	OK_ERR(import_at(ctx, "2020-10-14T12:00:00Z", rows, ROWS));
	OK_ERR(forecast_now(ctx));
	OK_ERR(grade_all(ctx, &grades));
	EQ_STR(dumped(ctx, metrics), STR("5 1\n"));
	rows[PUT_OFF].scores = "18-12";
	rows[3].scores = "26-17";
	OK_ERR(import_at(ctx, "2020-10-19T12:00:00Z", rows, ROWS));
	OK_ERR(grade_all(ctx, &grades));
	EQ_STR(dumped(ctx, metrics), STR("5 1\n6 2\n"));
	EQ_STR(dumped(ctx, picks), STR("2020_06_DEN_NE away win\n"));
	EQ_STR(dumped(ctx,
		       "SELECT count(*) || ' ' || count(DISTINCT away_team) FROM games"),
		STR("5 4\n"));
	/* By its old name too: links to it stand elsewhere. */
	OK_ERR(game_get(&tx, STR("2020_05_DEN_NE"), &game));
	EQ_STR(game.nflverse_id, STR("2020_06_DEN_NE"));
	EQ_STR(dumped(ctx, changes), STR("2020_05_DEN_NE moved 5\n"));
}

/* A feed of another making keeps the name of a game that moves. */
BOTH_ENGINES(a_game_put_off_under_its_old_name_moves_as_well)
{
	const struct import_options options = { .source = STR("feed.csv") };
	struct import_counts counts;
	struct feed feed;

	OK_ERR(import_at(ctx, "2020-10-08T12:00:00Z", schedule, ROWS));
	OK_ERR(forecast_now(ctx));
	OK_ERR(feed_of(ctx->arena, schedule, ROWS, &feed));
	feed.games.items[PUT_OFF].week = 6;
	feed.games.items[PUT_OFF].checksum[0] ^= 1;
	OK_ERR(import_store(ctx, &feed, &options, &counts));
	EQ_I64(counts.changed, 1);
	EQ_STR(dumped(ctx, forecasts), STR("2020_05_DEN_NE 6 counts\n"));
	ctx->now += 1000000;
	OK_ERR(forecast_now(ctx));
	EQ_STR(dumped(ctx, changes), STR("2020_05_DEN_NE moved 5\n"));
}

/* The feed says on Monday that a game began on Sunday noon, not in the evening. */
BOTH_ENGINES(what_was_said_after_a_kick_off_that_was_not_known_does_not_count)
{
	struct feed_row rows[ROWS];
	struct grade_counts grades;

	memcpy(rows, schedule, sizeof(rows));
	rows[PUT_OFF].clock = "20:20";
	OK_ERR(put_users(ctx, ANN));
	OK_ERR(import_at(ctx, "2020-10-08T12:00:00Z", rows, ROWS));
	OK_ERR(forecast_now(ctx));
	rows[PUT_OFF].lines = "150,-170,6,-110,-110,41,-110,-110";
	rows[0].scores = "13-26";
	OK_ERR(import_at(ctx, "2020-10-11T21:00:00Z", rows, ROWS));
	OK_ERR(forecast_now(ctx));
	OK_ERR(pick_of(ctx, "2020_05_DEN_NE", "away"));
	EQ_STR(dumped(ctx, forecasts),
		STR("2020_05_DEN_NE 5\n2020_05_DEN_NE 5 counts\n"));
	rows[PUT_OFF].clock = "13:00";
	rows[PUT_OFF].scores = "18-12";
	OK_ERR(import_at(ctx, "2020-10-12T12:00:00Z", rows, ROWS));
	OK_ERR(grade_all(ctx, &grades));
	EQ_STR(dumped(ctx, forecasts),
		STR("2020_05_DEN_NE 5 counts win\n2020_05_DEN_NE 5 win\n"));
	EQ_STR(dumped(ctx, metrics), STR("5 1\n"));
	EQ_STR(dumped(ctx, picks), STR("2020_05_DEN_NE away void\n"));
	/* It was the evening after all. */
	rows[PUT_OFF].clock = "20:20";
	OK_ERR(import_at(ctx, "2020-10-12T13:00:00Z", rows, ROWS));
	OK_ERR(grade_all(ctx, &grades));
	EQ_STR(dumped(ctx, forecasts),
		STR("2020_05_DEN_NE 5 win\n2020_05_DEN_NE 5 counts win\n"));
	EQ_STR(dumped(ctx, metrics), STR("5 1\n"));
	EQ_STR(dumped(ctx, picks), STR("2020_05_DEN_NE away win\n"));
	/* A feed that says no hour any more has said none other. */
	rows[PUT_OFF].clock = "";
	OK_ERR(import_at(ctx, "2020-10-12T14:00:00Z", rows, ROWS));
	OK_ERR(grade_all(ctx, &grades));
	EQ_STR(dumped(ctx, forecasts),
		STR("2020_05_DEN_NE 5 win\n2020_05_DEN_NE 5 counts win\n"));
	EQ_STR(dumped(ctx, picks), STR("2020_05_DEN_NE away win\n"));
}

BOTH_ENGINES(a_corrected_result_is_graded_again_and_on_record)
{
	struct feed_row rows[ROWS];
	struct grade_counts grades;

	memcpy(rows, schedule, sizeof(rows));
	OK_ERR(put_users(ctx, ANN));
	OK_ERR(import_at(ctx, "2020-10-08T12:00:00Z", rows, ROWS));
	OK_ERR(forecast_now(ctx));
	OK_ERR(pick_of(ctx, "2020_05_DEN_NE", "home"));
	rows[PUT_OFF].scores = "18-12";
	OK_ERR(import_at(ctx, "2020-10-12T12:00:00Z", rows, ROWS));
	OK_ERR(grade_all(ctx, &grades));
	EQ_STR(dumped(ctx, forecasts), STR("2020_05_DEN_NE 5 counts win\n"));
	EQ_STR(dumped(ctx, picks), STR("2020_05_DEN_NE home loss\n"));
	EQ_STR(dumped(ctx, changes), STR(""));
	rows[PUT_OFF].scores = "18-21";
	OK_ERR(import_at(ctx, "2020-10-13T12:00:00Z", rows, ROWS));
	OK_ERR(grade_all(ctx, &grades));
	EQ_I64(grades.graded, 3);
	EQ_STR(dumped(ctx, forecasts), STR("2020_05_DEN_NE 5 counts loss\n"));
	EQ_STR(dumped(ctx, picks), STR("2020_05_DEN_NE home win\n"));
	EQ_STR(dumped(ctx, changes), STR("2020_05_DEN_NE result 5 18-12\n"));
	EQ_STR(dumped(ctx, audited),
		STR("games.correct {\"count\": 1, \"games\": [\"2020_05_DEN_NE: 18-21, "
		    "not "
		    "18-12\"]}\n"));
	EQ_STR(dumped(ctx,
		       "SELECT sum(correct_predictions) || ' of ' || "
		       "sum(total_predictions) FROM accuracy_metrics WHERE week IS NULL "
		       "AND prediction_type = 'game'"),
		STR("0 of 1\n"));
}

static struct err *
call_off_after(struct ctx *ctx, int64_t hours)
{
	struct grade_counts grades;

	ctx->now += hours * 3600 * 1000000;
	return grade_all(ctx, &grades);
}

/* The job that fetches the feed ended so, now. */
static struct err *
fetch_was(struct ctx *ctx, const char *status)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	bool is_postgres = db_dialect(ctx->db) == DIALECT_POSTGRES;
	struct str at = str_fmt(ctx->arena,
		is_postgres ? "to_timestamp(%lld / 1e6)" : "%lld", (long long)ctx->now);

	TRY(db_run_text(&tx, STR("DELETE FROM jobs WHERE name = 'fetch'")));
	return db_run_text(&tx,
		str_fmt(ctx->arena,
			"INSERT INTO jobs (id, name, schedule, run_count, last_status, "
			"last_finished_at, state, created_at, updated_at) VALUES (%s, "
			"'fetch', 'hourly', 1, '%s', " STR_FMT ", '{}', " STR_FMT
			", " STR_FMT ")",
			is_postgres ? "'01000000-0000-7000-8000-00000000000f'"
				    : "x'0100000000007000800000000000000f'",
			status, STR_ARG(at), STR_ARG(at), STR_ARG(at)));
}

static const char cancelled[] =
	"SELECT nflverse_id FROM games WHERE cancelled_at IS NOT NULL ORDER BY 1";

/* Buffalo at Cincinnati, 2 January 2023. */
BOTH_ENGINES(a_game_that_leaves_the_feed_for_a_day_is_void_until_it_is_back)
{
	struct feed_row without[ROWS - 1], rows[ROWS];
	struct opt_i32 any = OPT(WEEK_CURRENT);
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct week_range week;

	OK_ERR(put_users(ctx, ANN));
	OK_ERR(import_at(ctx, "2020-10-08T12:00:00Z", schedule, ROWS));
	OK_ERR(forecast_now(ctx));
	OK_ERR(pick_of(ctx, "2020_05_DEN_NE", "home"));
	memcpy(without, schedule, PUT_OFF * sizeof(*without));
	memcpy(without + PUT_OFF, schedule + PUT_OFF + 1,
		(ROWS - PUT_OFF - 1) * sizeof(*without));
	OK_ERR(import_at(ctx, "2020-10-10T12:00:00Z", without, ROWS - 1));
	/* It may be the feed's mistake: another fetch may bring it. */
	OK_ERR(call_off_after(ctx, 23));
	EQ_STR(dumped(ctx, cancelled), STR(""));
	OK_ERR(pick_of(ctx, "2020_05_DEN_NE", "away"));
	OK_ERR(import_at(ctx, "2020-10-11T11:30:00Z", without, ROWS - 1));
	/* While the feed cannot be fetched nobody knows whether the game is back. */
	OK_ERR(fetch_was(ctx, "failed"));
	OK_ERR(call_off_after(ctx, 1));
	EQ_STR(dumped(ctx, cancelled), STR(""));
	OK_ERR(fetch_was(ctx, "succeeded"));
	OK_ERR(call_off_after(ctx, 7));
	EQ_STR(dumped(ctx, cancelled), STR(""));
	OK_ERR(fetch_was(ctx, "succeeded"));
	OK_ERR(call_off_after(ctx, 1));
	EQ_STR(dumped(ctx, cancelled), STR("2020_05_DEN_NE\n"));
	EQ_STR(dumped(ctx, forecasts), STR("2020_05_DEN_NE 5 counts void\n"));
	EQ_STR(dumped(ctx, picks), STR("2020_05_DEN_NE away void\n"));
	EQ_STR(dumped(ctx, metrics), STR(""));
	EQ_STR(dumped(ctx, changes), STR("2020_05_DEN_NE called off 5\n"));
	FAILS_WITH(pick_of(ctx, "2020_05_DEN_NE", "home"), ERR_CONFLICT);
	OK_ERR(forecast_now(ctx));
	EQ_STR(dumped(ctx, forecasts), STR("2020_05_DEN_NE 5 counts void\n"));
	/* All others of its week are over, so the next week is the current one. */
	memcpy(rows, schedule, sizeof(rows));
	without[1].scores = rows[1].scores = "20-30";
	OK_ERR(import_at(ctx, "2020-10-12T12:00:00Z", without, ROWS - 1));
	OK_ERR(schedule_range(&tx, any, any, &week));
	EQ_I64(week.first_week, 6);
	/* Played after all, in another week. */
	rows[PUT_OFF].week = 6;
	rows[PUT_OFF].day = "2020-10-18";
	OK_ERR(import_at(ctx, "2020-10-13T12:00:00Z", rows, ROWS));
	EQ_STR(dumped(ctx, cancelled), STR(""));
	EQ_STR(dumped(ctx, forecasts), STR("2020_06_DEN_NE 6 counts\n"));
	EQ_STR(dumped(ctx, picks), STR("2020_06_DEN_NE away\n"));
	OK_ERR(pick_of(ctx, "2020_06_DEN_NE", "home"));
	OK_ERR(call_off_after(ctx, 48));
	EQ_STR(dumped(ctx, cancelled), STR(""));
}

/* Unchanged to the letter, it is back all the same. */
BOTH_ENGINES(a_game_that_is_back_as_it_was_is_on_again)
{
	struct import_options options = { .source = STR("feed.csv") };
	struct import_counts counts;
	struct uuid before, after;
	struct feed feed;

	OK_ERR(import_at(ctx, "2020-10-08T12:00:00Z", schedule, ROWS));
	OK_ERR(forecast_now(ctx));
	OK_ERR(import_at(ctx, "2020-10-08T13:00:00Z", schedule, ROWS - 1));
	OK_ERR(call_off_after(ctx, 24));
	EQ_STR(dumped(ctx, cancelled), STR("2020_07_KC_DEN\n"));
	EQ_STR(dumped(ctx, audited),
		STR("games.call_off {\"count\": 1, \"games\": [\"2020_07_KC_DEN\"]}\n"));
	OK_ERR(publication_token(ctx, &before));
	OK_ERR(feed_of(ctx->arena, schedule, ROWS, &feed));
	OK_ERR(import_store(ctx, &feed, &options, &counts));
	EQ_I64(counts.unchanged, ROWS);
	EQ_I64(counts.on_again, 1);
	EQ_STR(dumped(ctx, cancelled), STR(""));
	OK_ERR(publication_token(ctx, &after));
	OK(!uuid_eq(before, after));
	EQ_STR(dumped(ctx,
		       "SELECT count(*) || '' FROM predictions WHERE outcome = 'void'"),
		STR("0\n"));
}

/* Of a row that could not be read the game is there all the same (import --skip-bad). */
BOTH_ENGINES(a_game_whose_row_is_faulty_is_not_missing)
{
	const struct import_options options = { .source = STR("feed.csv") };
	struct import_counts counts;
	struct feed feed;

	OK_ERR(import_at(ctx, "2020-10-08T12:00:00Z", schedule, ROWS));
	OK_ERR(feed_of(ctx->arena, schedule, ROWS - 1, &feed));
	feed.fault_count = 1;
	OK_ERR(import_store(ctx, &feed, &options, &counts));
	EQ_I64(counts.missing, 0);
	OK_ERR(call_off_after(ctx, 48));
	EQ_STR(dumped(ctx, cancelled), STR(""));
}

/* Half a file is no news, and what was played is played. */
BOTH_ENGINES(a_feed_that_lost_many_games_calls_none_off)
{
	struct import_options options = { .source = STR("feed.csv") };
	struct feed_row rows[ROWS];
	struct import_counts counts;
	struct feed feed;

	memcpy(rows, schedule, sizeof(rows));
	OK_ERR(import_at(ctx, "2020-10-08T12:00:00Z", rows, ROWS));
	OK_ERR(feed_of(ctx->arena, rows, 2, &feed));
	OK_ERR(import_store(ctx, &feed, &options, &counts));
	EQ_I64(counts.lacking, 3);
	EQ_I64(counts.missing, 0);
	OK_ERR(call_off_after(ctx, 48));
	EQ_STR(dumped(ctx, cancelled), STR(""));
	OK_ERR(import_at(ctx, "2020-10-08T13:00:00Z", rows + 1, ROWS - 1));
	OK_ERR(call_off_after(ctx, 48));
	EQ_STR(dumped(ctx,
		       "SELECT nflverse_id FROM games WHERE missing_since IS NOT NULL"),
		STR(""));
	/* But where an operator says that it is so; and it is on again like any. */
	options.calls_off = true;
	options.is_dry_run = true;
	OK_ERR(import_store(ctx, &feed, &options, &counts));
	EQ_I64(counts.called_off, 3);
	EQ_STR(counts.off[0].nflverse_id, STR("2020_05_DEN_NE"));
	EQ_STR(dumped(ctx, cancelled), STR(""));
	EQ_I64(counts.missing, 0);
	options.is_dry_run = false;
	FAILS_WITH(import_store(ctx, &feed, &options, &counts), ERR_CONFLICT);
	EQ_STR(dumped(ctx, cancelled), STR(""));
	options.is_sure = true;
	OK_ERR(import_store(ctx, &feed, &options, &counts));
	EQ_I64(counts.called_off, 3);
	EQ_STR(dumped(ctx, cancelled),
		STR("2020_05_DEN_NE\n2020_06_KC_BUF\n2020_07_KC_DEN\n"));
	OK(str_find(dumped(ctx, audited), STR("games.call_off")) >= 0);
	OK_ERR(import_at(ctx, "2020-10-08T14:00:00Z", rows, 2));
	EQ_STR(dumped(ctx, cancelled),
		STR("2020_05_DEN_NE\n2020_06_KC_BUF\n2020_07_KC_DEN\n"));
	OK_ERR(import_at(ctx, "2020-10-08T15:00:00Z", rows, ROWS));
	EQ_STR(dumped(ctx, cancelled), STR(""));
}

/* A season of which the feed has nothing is lost to it as well; a file of one season by
 * hand says nothing of others. */
BOTH_ENGINES(a_feed_that_lost_a_season_lacks_its_games)
{
	const struct feed_row rows[] = {
		{ 2019, 5, .day = "2019-10-06", .away = "DEN", .home = "NE",
			.scores = "3-6" },
		schedule[0],
		{ 2021, 1, .day = "2021-09-12", .away = "DEN", .home = "NE" },
	};
	struct import_options options = { .source = STR("feed.csv"), .is_feed = true };
	struct import_counts counts;
	struct feed feed;

	OK_ERR(import_at(ctx, "2020-10-08T12:00:00Z", rows, COUNT_OF(rows)));
	for (size_t count = 2; count > 0; count--) {
		OK_ERR(feed_of(ctx->arena, rows, count, &feed));
		OK_ERR(import_store(ctx, &feed, &options, &counts));
		EQ_I64(counts.lacking, 3 - (int64_t)count);
		EQ_I64(counts.missing, 0);
		OK(counts.is_partial);
	}
	OK_ERR(call_off_after(ctx, 48));
	EQ_STR(dumped(ctx, cancelled), STR(""));
	options.is_feed = false;
	OK_ERR(import_store(ctx, &feed, &options, &counts));
	EQ_I64(counts.lacking, 0);
	OK(!counts.is_partial);
	/* What a whole file lacks an operator may call off. */
	OK_ERR(feed_of(ctx->arena, rows, 2, &feed));
	options.calls_off = true;
	FAILS_WITH(import_store(ctx, &feed, &options, &counts), ERR_CONFLICT);
	EQ_STR(dumped(ctx, cancelled), STR(""));
	options.is_sure = true;
	OK_ERR(import_store(ctx, &feed, &options, &counts));
	EQ_STR(dumped(ctx, cancelled), STR("2021_01_DEN_NE\n"));
}

/* The day that a game is away is of feeds that have all else. */
BOTH_ENGINES(half_a_file_after_a_whole_one_calls_no_game_off)
{
	OK_ERR(import_at(ctx, "2020-10-08T12:00:00Z", schedule, ROWS));
	OK_ERR(import_at(ctx, "2020-10-08T13:00:00Z", schedule, ROWS - 1));
	OK_ERR(import_at(ctx, "2020-10-08T14:00:00Z", schedule, 2));
	OK_ERR(call_off_after(ctx, 48));
	EQ_STR(dumped(ctx, cancelled), STR(""));
	OK_ERR(import_at(ctx, "2020-10-10T15:00:00Z", schedule, ROWS - 1));
	OK_ERR(call_off_after(ctx, 24));
	EQ_STR(dumped(ctx, cancelled), STR("2020_07_KC_DEN\n"));
}

static struct err *
import_as(struct ctx *ctx, const struct feed *feed, bool calls_off)
{
	const struct import_options options = { .source = STR("feed.csv"),
		.calls_off = calls_off };
	struct import_counts counts;

	return import_store(ctx, feed, &options, &counts);
}

static const char names[] =
	"SELECT nflverse_id || ' ' || away_team || ' ' || home_team || CASE WHEN "
	"cancelled_at IS NULL THEN '' ELSE ' off' END FROM games ORDER BY 1";

/* The teams of a division play twice, at either's: a file of the later weeks has only one
 * of the two. */
BOTH_ENGINES(the_return_of_a_game_in_another_file_is_no_exchange_of_its_sides)
{
	const struct feed_row first = { 2020, 7, .day = "2020-10-25", .away = "KC",
		.home = "DEN" };
	const struct feed_row that_week = { 2020, 7, .day = "2020-10-26", .away = "DEN",
		.home = "KC" };
	const struct feed_row that_day = { 2020, 8, .day = "2020-10-25", .away = "DEN",
		.home = "KC" };
	const struct feed_row back = { 2020, 13, .day = "2020-12-06", .away = "DEN",
		.home = "KC" };
	struct feed_row over = first;
	struct feed feed;

	OK_ERR(import_at(ctx, "2020-10-08T12:00:00Z", &first, 1));
	FAILS_WITH(import_at(ctx, "2020-10-09T12:00:00Z", &that_week, 1), ERR_CONFLICT);
	FAILS_WITH(import_at(ctx, "2020-10-09T12:00:00Z", &that_day, 1), ERR_CONFLICT);
	/* One that was played is not played anew elsewhere, whatever is said. */
	over.scores = "43-16";
	OK_ERR(import_at(ctx, "2020-10-27T12:00:00Z", &over, 1));
	OK_ERR(feed_of(ctx->arena, &that_week, 1, &feed));
	FAILS_WITH(import_as(ctx, &feed, true), ERR_CONFLICT);
	OK_ERR(import_at(ctx, "2020-10-28T12:00:00Z", &back, 1));
	EQ_STR(dumped(ctx, names), STR("2020_07_KC_DEN KC DEN\n2020_13_DEN_KC DEN KC\n"));
}

/* The schedule of ROWS with the sides exchanged of the game put off, or other teams. */
static struct err *
feed_other(struct ctx *ctx, const struct feed_row *rows, const char *away,
	const char *home, struct feed *ret)
{
	TRY(feed_of(ctx->arena, rows, ROWS, ret));
	ret->games.items[PUT_OFF].away_team = str_from(away);
	ret->games.items[PUT_OFF].home_team = str_from(home);
	ret->games.items[PUT_OFF].checksum[0] ^= (uint8_t)*away;
	return NULL;
}

/* A feed that corrects who is at home keeps the name of the game. */
BOTH_ENGINES(a_game_whose_name_is_anothers_is_called_off_where_an_operator_says_so)
{
	struct feed_row rows[ROWS];
	struct grade_counts grades;
	struct feed feed;

	OK_ERR(put_users(ctx, ANN));
	OK_ERR(import_at(ctx, "2020-10-08T12:00:00Z", schedule, ROWS));
	OK_ERR(forecast_now(ctx));
	OK_ERR(pick_of(ctx, "2020_05_DEN_NE", "home"));
	OK_ERR(feed_other(ctx, schedule, "NE", "DEN", &feed));
	FAILS_WITH(import_as(ctx, &feed, false), ERR_CONFLICT);
	OK_ERR(import_as(ctx, &feed, true));
	EQ_STR(dumped(ctx, names),
		STR("2020_04_NE_KC NE KC\n2020_05_DEN_NE NE DEN\n"
		    "2020_05_DEN_NE_off DEN NE off\n2020_05_LV_KC LV KC\n"
		    "2020_06_KC_BUF KC BUF\n2020_07_KC_DEN KC DEN\n"));
	EQ_STR(dumped(ctx, changes), STR("2020_05_DEN_NE called off 5\n"));
	EQ_STR(dumped(ctx, audited),
		STR("games.call_off {\"count\": 1, \"games\": [\"2020_05_DEN_NE_off\"]}"
		    "\n"));
	/* From now on it is a feed like any. */
	OK_ERR(import_as(ctx, &feed, false));
	ctx->now += 1000000;
	OK_ERR(forecast_now(ctx));
	OK_ERR(pick_of(ctx, "2020_05_DEN_NE", "home"));
	OK_ERR(grade_all(ctx, &grades));
	EQ_STR(dumped(ctx, forecasts), STR("2020_05_DEN_NE_off 5 counts void\n"));
	EQ_STR(dumped(ctx, picks),
		STR("2020_05_DEN_NE home\n2020_05_DEN_NE_off home void\n"));
	/* It was right before: that game is on again, with what was said of it. */
	OK_ERR(feed_of(ctx->arena, schedule, ROWS, &feed));
	OK_ERR(import_as(ctx, &feed, true));
	OK_ERR(grade_all(ctx, &grades));
	EQ_STR(dumped(ctx, cancelled), STR("2020_05_DEN_NE_off2\n"));
	EQ_STR(dumped(ctx, forecasts), STR("2020_05_DEN_NE 5 counts\n"));
	EQ_STR(dumped(ctx, picks),
		STR("2020_05_DEN_NE home\n2020_05_DEN_NE_off2 home void\n"));
	/* And once it is over it is what it was. */
	memcpy(rows, schedule, sizeof(rows));
	rows[PUT_OFF].scores = "18-12";
	OK_ERR(import_at(ctx, "2020-10-12T12:00:00Z", rows, ROWS));
	OK_ERR(feed_other(ctx, rows, "NE", "DEN", &feed));
	FAILS_WITH(import_as(ctx, &feed, true), ERR_CONFLICT);
}
