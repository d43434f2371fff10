#include "tests/support/database.h"
#include "tests/support/feed_text.h"

#include "codec/gzip.h"
#include "codec/iso_time.h"
#include "codec/json_read.h"
#include "model/elo.h"
#include "predictions/accuracy.h"
#include "predictions/elo_chance.h"
#include "predictions/forecast.h"
#include "predictions/game.h"
#include "predictions/grade.h"
#include "predictions/import.h"
#include "predictions/outlook_store.h"
#include "predictions/simulated.h"
#include "tests/support/shared.h"

enum {
	SEED = 7,
};

static const struct forecast_options everything = { .tier = TIER_L,
	.scope = FORECAST_ALL };
static const struct forecast_options to_come = { .tier = TIER_L,
	.scope = FORECAST_TO_COME };

static int64_t
moment(const char *text)
{
	int64_t time_us = 0;

	return iso_time_parse(str_from(text), &time_us) ? time_us : 0;
}

/* Three made-up seasons, the last of them under way. */
static struct err *
league_feed(struct ctx *ctx, struct feed *ret)
{
	struct simulated_options options = {
		.seed = SEED, .first_season = 2020, .last_season = 2022, .now = ctx->now
	};
	struct str csv;

	TRY(simulated_league(ctx->arena, &options, &csv));
	return feed_of_text(ctx->arena, csv, ret);
}

static struct err *
league_store(struct ctx *ctx, const struct feed *feed)
{
	struct import_options options = {
		.source = STR("league"), .is_simulated = true, .is_sure = true
	};
	struct import_counts counts;

	return import_store(ctx, feed, &options, &counts);
}

static struct err *
league_import(struct ctx *ctx, const char *now)
{
	struct feed feed;

	ctx->now = moment(now);
	TRY(league_feed(ctx, &feed));
	return league_store(ctx, &feed);
}

/* Everything that is said of forecasts, but ids and when it was written. */
static struct err *
dump_forecasts(struct ctx *ctx, struct str *ret)
{
	static const enum db_type columns[] = { DB_TEXT, DB_TEXT, DB_TEXT, DB_I32, DB_I32,
		DB_TEXT, DB_F64, DB_F64, DB_F64, DB_F64, DB_I32, DB_JSON, DB_TIME,
		DB_JSON, DB_TEXT, DB_BOOL, DB_F64, DB_F64, DB_F64 };

	return database_dump(ctx,
		"SELECT g.nflverse_id, p.prediction_type, p.model, p.season, p.week, "
		"p.pick, "
		"p.probability, p.confidence, p.line, p.expected, p.odds, "
		"p.prediction_data, "
		"p.predicted_at, p.actual_result, p.outcome, p.is_correct, p.brier, "
		"p.log_loss, p.units FROM predictions p JOIN games g ON g.id = p.game_id "
		"ORDER BY g.nflverse_id, p.model, p.prediction_type, p.predicted_at",
		columns, COUNT_OF(columns), ret);
}

static struct err *
dump_ratings(struct ctx *ctx, struct str *ret)
{
	static const enum db_type columns[] = { DB_I32, DB_I32, DB_TEXT, DB_F64, DB_F64,
		DB_F64, DB_F64, DB_F64, DB_I32, DB_TEXT };

	return database_dump(ctx,
		"SELECT season, week, team, offence, defence, quarterback, total, "
		"total_se, "
		"rank, quarterback_id FROM ratings ORDER BY season, week, team",
		columns, COUNT_OF(columns), ret);
}

static struct err *
dump_metrics(struct ctx *ctx, struct str *ret)
{
	static const enum db_type columns[] = { DB_TEXT, DB_TEXT, DB_I32, DB_I32, DB_I32,
		DB_I32, DB_I32, DB_F64, DB_F64, DB_F64, DB_F64, DB_F64, DB_F64, DB_JSON };

	return database_dump(ctx,
		"SELECT model, prediction_type, season, week, total_predictions, "
		"correct_predictions, push_count, accuracy_percentage, "
		"confidence_weighted_accuracy, brier, log_loss, units, roi, details FROM "
		"accuracy_metrics ORDER BY model, prediction_type, season, "
		"coalesce(week, 0)",
		columns, COUNT_OF(columns), ret);
}

static struct err *
count_of(struct ctx *ctx, const char *sql, int64_t *ret)
{
	static const enum db_type columns[] = { DB_I64 };
	struct str dump;

	TRY(database_dump(ctx, sql, columns, 1, &dump));
	*ret = 0;
	for (size_t i = 0; i < dump.len && dump.ptr[i] != '\n'; i++)
		*ret = *ret * 10 + (dump.ptr[i] - '0');
	return NULL;
}

/* The number of rows whose expected points are not what their JSON says. */
static const char *
differing_sql(struct ctx *ctx)
{
	if (db_dialect(ctx->db) == DIALECT_POSTGRES)
		return "SELECT count(*) FROM predictions WHERE expected IS DISTINCT FROM "
		       "CAST(coalesce(CASE prediction_type WHEN 'total' THEN "
		       "prediction_data->>'total' END, prediction_data->>'spread') "
		       "AS float8)";
	return "SELECT count(*) FROM predictions WHERE expected IS NOT "
	       "CAST(coalesce(CASE prediction_type WHEN 'total' THEN "
	       "json_extract(prediction_data, '$.total') END, "
	       "json_extract(prediction_data, '$.spread')) AS REAL)";
}

BOTH_ENGINES(the_points_expected_are_those_of_the_models_numbers)
{
	struct forecast_counts counts;
	int64_t differing;

	OK_ERR(league_import(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(forecast_store(ctx, &everything, &counts));
	OK(counts.stored > 1000);
	OK_ERR(count_of(ctx, differing_sql(ctx), &differing));
	EQ_I64(differing, 0);
}

BOTH_ENGINES(a_run_that_says_the_same_stores_nothing)
{
	struct forecast_counts counts;
	struct grade_counts grades;

	OK_ERR(league_import(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(forecast_store(ctx, &everything, &counts));
	OK(counts.games > 600);
	EQ_I64(counts.stored, counts.games * 3);
	OK(counts.ratings > 1000);
	OK_ERR(grade_all(ctx, &grades));
	OK(grades.graded > 1000);
	EQ_I64(grades.graded, grades.right + grades.wrong + grades.pushed);
	OK(grades.metrics > 100);

	ctx->now += 1000000;
	OK_ERR(forecast_store(ctx, &everything, &counts));
	EQ_I64(counts.stored, 0);
	EQ_I64(counts.unchanged, counts.games * 3);
	EQ_I64(counts.ratings, 0);
	OK_ERR(grade_all(ctx, &grades));
	EQ_I64(grades.graded, 0);
	EQ_I64(grades.metrics, 0);
}

/* A pick is right, wrong or a push: it cannot be half right. */
BOTH_ENGINES(at_a_quarter_line_a_game_has_the_models_numbers_but_no_pick)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct forecast_counts counts;
	int64_t said;

	OK_ERR(league_import(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(db_run_text(
		&tx, STR("UPDATE games SET spread_line = 3.25, total_line = 43.75")));
	OK_ERR(forecast_store(ctx, &to_come, &counts));
	OK_ERR(count_of(ctx,
		"SELECT count(*) FROM predictions WHERE prediction_type <> 'game' AND "
		"expected IS NOT NULL AND pick IS NULL",
		&said));
	OK(counts.games > 0);
	EQ_I64(said, counts.games * 2);
}

BOTH_ENGINES(a_changed_forecast_of_a_game_to_come_is_a_new_row)
{
	struct forecast_counts counts;
	int64_t before, after, altered;

	OK_ERR(league_import(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(forecast_store(ctx, &to_come, &counts));
	EQ_I64(counts.stored, counts.games * 3);
	before = counts.stored;
	/* A week later more is known, so of all games still to come more is said. */
	OK_ERR(league_import(ctx, "2022-10-26T12:00:00Z"));
	OK_ERR(forecast_store(ctx, &to_come, &counts));
	EQ_I64(counts.stored, counts.games * 3);
	OK_ERR(count_of(ctx, "SELECT count(*) FROM predictions", &after));
	EQ_I64(after, before + counts.stored);
	OK_ERR(count_of(ctx,
		"SELECT count(*) FROM predictions p JOIN games g ON g.id = p.game_id "
		"WHERE "
		"p.predicted_at >= g.kickoff_at",
		&altered));
	EQ_I64(altered, 0);
}

BOTH_ENGINES(nothing_is_stored_or_altered_once_a_game_has_begun)
{
	struct forecast_counts counts;
	struct str before, after;
	struct feed feed;

	OK_ERR(league_import(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(forecast_store(ctx, &everything, &counts));
	OK_ERR(dump_forecasts(ctx, &before));
	/* All is over, and an early score turns out to have been another: the model would
	 * now say other things of every game. */
	ctx->now = moment("2023-06-01T00:00:00Z");
	OK_ERR(league_feed(ctx, &feed));
	feed.games.items[0].home_score.value += 30;
	feed.games.items[0].result.value += 30;
	feed.games.items[0].total.value += 30;
	feed.games.items[0].checksum[0] ^= 1;
	OK_ERR(league_store(ctx, &feed));
	OK_ERR(forecast_store(ctx, &everything, &counts));
	/* Only the playoff games are new. */
	EQ_I64(counts.stored, 13 * 3);
	OK_ERR(dump_forecasts(ctx, &after));
	for (struct str rest = before, line; str_next(&rest, '\n', &line);)
		OK_OR(str_find(after, line) >= 0, "altered: " STR_FMT, STR_ARG(line));
}

BOTH_ENGINES(the_database_refuses_a_forecast_after_kick_off)
{
	struct forecast_counts counts;
	struct forecast_options week = {
		.tier = TIER_L, .scope = FORECAST_WEEK, .season = 2022, .week = 7
	};
	int64_t count;
	struct tx tx;

	OK_ERR(league_import(ctx, "2022-10-20T12:00:00Z"));
	/* The program's clock is right, but somebody moved the games in the meantime. */
	tx = db_auto(ctx, SHARD_GLOBAL);
	OK_ERR(db_run_text(&tx,
		STR("UPDATE games SET kickoff_at = (SELECT min(kickoff_at) FROM games) "
		    "WHERE "
		    "season = 2022 AND week = 7")));
	OK_ERR(forecast_store(ctx, &week, &counts));
	OK_ERR(count_of(ctx, "SELECT count(*) FROM predictions", &count));
	EQ_I64(count, 0);
}

/* What the record says of the winners of 2021, WHICH of its weeks. */
static struct err *
dump_2021(struct ctx *ctx, const char *which, struct str *ret)
{
	static const enum db_type columns[] = { DB_I32, DB_F64, DB_JSON };

	return database_dump(ctx,
		str_cstr(ctx->arena,
			str_fmt(ctx->arena,
				"SELECT week, brier, details FROM accuracy_metrics WHERE "
				"prediction_type = 'game' AND season = 2021 AND week %s "
				"ORDER BY week",
				which)),
		columns, COUNT_OF(columns), ret);
}

BOTH_ENGINES(elo_in_the_record_knows_earlier_weeks_only)
{
	struct str until_9, later, until_9_again, later_again;
	struct forecast_counts counts;
	struct grade_counts grades;
	struct feed feed;

	ctx->now = moment("2023-06-01T00:00:00Z");
	OK_ERR(league_feed(ctx, &feed));
	OK_ERR(league_store(ctx, &feed));
	OK_ERR(forecast_store(ctx, &everything, &counts));
	OK_ERR(grade_all(ctx, &grades));
	OK_ERR(dump_2021(ctx, "<= 9", &until_9));
	OK_ERR(dump_2021(ctx, "> 9", &later));
	OK(str_find(until_9, STR("\"gain_on_elo\"")) > 0);
	for (size_t i = 0; i < feed.games.count; i++) {
		struct feed_game *game = &feed.games.items[i];

		if (game->season < 2021 || (game->season == 2021 && game->week < 10))
			continue;
		game->home_score.value = (int32_t)(i * 7 % 41);
		game->away_score.value = (int32_t)(i * 11 % 37);
		game->result.value = game->home_score.value - game->away_score.value;
		game->total.value = game->home_score.value + game->away_score.value;
		game->checksum[0] ^= 1;
	}
	OK_ERR(league_store(ctx, &feed));
	OK_ERR(grade_all(ctx, &grades));
	OK_ERR(dump_2021(ctx, "<= 9", &until_9_again));
	OK_ERR(dump_2021(ctx, "> 9", &later_again));
	EQ_STR(until_9_again, until_9);
	OK(!str_eq(later_again, later));
}

/* The Brier score of Elo over the games of SEASON, as the backtest has it. */
static struct err *
elo_brier(struct ctx *ctx, int season, double *ret)
{
	double *chances, sum = 0, games = 0;
	struct game_set set;

	TRY(game_set_read(ctx, &set));
	TRY(elo_walk(ctx->arena, set.numbers, set.count, &chances));
	for (size_t i = 0; i < set.count; i++)
		if (set.numbers[i].season == season && set.numbers[i].is_played) {
			double off = chances[i] - game_outcome(&set.numbers[i]);

			sum += off * off;
			games++;
		}
	*ret = sum / games;
	return NULL;
}

BOTH_ENGINES(elo_in_the_record_is_that_of_the_backtest)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct accuracy_list list;
	struct forecast_counts counts;
	struct grade_counts grades;
	int seasons = 0;

	OK_ERR(league_import(ctx, "2023-06-01T00:00:00Z"));
	OK_ERR(forecast_store(ctx, &everything, &counts));
	OK_ERR(grade_all(ctx, &grades));
	OK_ERR(accuracy_list_read(&tx, &list));
	for (size_t i = 0; i < list.count; i++) {
		struct json_node root;
		double wanted;

		if (list.items[i].week.is_set ||
			!str_eq(list.items[i].prediction_type, STR("game")))
			continue;
		OK_ERR(json_read(ctx->arena, list.items[i].details, &root));
		OK_ERR(elo_brier(ctx, list.items[i].season, &wanted));
		NEAR(json_node_find(json_node_find(&root, STR("elo")), STR("brier"))->f64,
			wanted, 5e-7);
		seasons++;
	}
	EQ_I64(seasons, 3);
}

/* The details of the record of the last season, as a request makes it. */
static struct err *
late_record(struct ctx *ctx, struct str *ret)
{
	struct accuracy_list list;
	struct buf out;

	TRY(accuracy_of_season(ctx, 2022, ctx->now, &list));
	buf_init(&out, ctx->arena, 1 << 20);
	for (size_t i = 0; i < list.count; i++)
		buf_put(&out, list.items[i].details);
	*ret = buf_str(&out);
	return NULL;
}

BOTH_ENGINES(elo_is_walked_once_for_the_record_until_games_change)
{
	struct forecast_counts counts;
	struct grade_counts grades;
	struct feed feed;
	struct str first, again, corrected;
	uint64_t walked;

	ctx->now = moment("2023-06-01T00:00:00Z");
	OK_ERR(league_feed(ctx, &feed));
	OK_ERR(league_store(ctx, &feed));
	OK_ERR(forecast_store(ctx, &everything, &counts));
	OK_ERR(grade_all(ctx, &grades));
	walked = elo_chances_walked();
	OK_ERR(late_record(ctx, &first));
	OK_ERR(late_record(ctx, &again));
	EQ_I64(elo_chances_walked() - walked, 1);
	OK(str_find(first, STR("\"elo\"")) > 0);
	EQ_STR(again, first);
	/* The first game of all ended otherwise: Elo learns something else from it. */
	feed.games.items[0].home_score.value += 40;
	feed.games.items[0].result.value += 40;
	feed.games.items[0].total.value += 40;
	memset(feed.games.items[0].checksum, 1, SHA256_BYTES);
	ctx->now += 1000000;
	OK_ERR(league_store(ctx, &feed));
	OK_ERR(late_record(ctx, &corrected));
	EQ_I64(elo_chances_walked() - walked, 2);
	OK(!str_eq(corrected, first));
	elo_chances_forget();
	OK_ERR(late_record(ctx, &again));
	EQ_I64(elo_chances_walked() - walked, 3);
	EQ_STR(again, corrected);
}

BOTH_ENGINES(a_corrected_score_is_graded_again)
{
	struct forecast_counts counts;
	struct grade_counts grades;
	struct import_counts imported;
	struct import_options options = { .source = STR("league"), .is_simulated = true };
	struct feed feed;
	int64_t right;

	ctx->now = moment("2023-06-01T00:00:00Z");
	OK_ERR(league_feed(ctx, &feed));
	OK_ERR(league_store(ctx, &feed));
	OK_ERR(forecast_store(ctx, &everything, &counts));
	OK_ERR(grade_all(ctx, &grades));
	feed.games.items[5].home_score.value = 99;
	feed.games.items[5].away_score.value = 0;
	feed.games.items[5].result.value = 99;
	feed.games.items[5].total.value = 99;
	feed.games.items[5].checksum[0] ^= 1;
	OK_ERR(import_store(ctx, &feed, &options, &imported));
	EQ_I64(imported.changed, 1);
	EQ_I64(imported.regraded, 3);
	OK_ERR(grade_all(ctx, &grades));
	EQ_I64(grades.graded, 3);
	OK(grades.metrics >= 2);
	OK_ERR(count_of(ctx,
		"SELECT count(*) FROM predictions p JOIN games g ON g.id = p.game_id "
		"WHERE "
		"g.home_score = 99 AND p.is_correct = (p.pick IN ('home', 'over'))",
		&right));
	EQ_I64(right, 3);
}

BOTH_ENGINES(only_the_last_forecast_before_kick_off_counts)
{
	struct forecast_counts counts;
	struct grade_counts grades;
	int64_t forecasts, counted;

	OK_ERR(league_import(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(forecast_store(ctx, &to_come, &counts));
	OK_ERR(league_import(ctx, "2022-10-26T12:00:00Z"));
	OK_ERR(forecast_store(ctx, &to_come, &counts));
	OK_ERR(league_import(ctx, "2022-11-02T12:00:00Z"));
	OK_ERR(grade_all(ctx, &grades));
	OK_ERR(count_of(ctx, "SELECT count(*) FROM predictions WHERE outcome IS NOT NULL",
		&forecasts));
	EQ_I64(forecasts, grades.graded);
	OK_ERR(count_of(ctx,
		"SELECT sum(total_predictions) FROM accuracy_metrics WHERE week IS NULL",
		&counted));
	/* Of the 32 games between, those of the second week were forecast twice. */
	EQ_I64(forecasts, 16 * 3 + 16 * 3 * 2);
	EQ_I64(counted, 32 * 3);
}

/* What the engine before this one said; both run one after the other. */
static struct arena kept_arena = { .cap_bytes = 256 << 20 };
static struct str kept[5];

static bool
same_as_kept(size_t i, struct str dump)
{
	bool is_same = str_is_none(kept[i]) || str_eq(kept[i], dump);

	kept[i] = str_dup(&kept_arena, dump);
	return is_same;
}

static struct err *
games_real_or_not(struct ctx *ctx)
{
	struct import_options options = { .source = STR("real") };
	struct import_counts counts;
	struct str packed, text;
	struct feed feed;

	if (!shared_file_read(ctx->arena, "data/games.csv.gz", &packed))
		return league_import(ctx, "2022-10-20T12:00:00Z");
	TRY(gzip_expand(ctx->arena, packed, 16 << 20, &text));
	TRY(feed_of_text(ctx->arena, text, &feed));
	return import_store(ctx, &feed, &options, &counts);
}

/* In mid-season, when little is settled. */
static struct err *
store_outlook(struct ctx *ctx, uint32_t threads, struct str *ret)
{
	static const enum db_type columns[] = { DB_TEXT, DB_I32, DB_F64, DB_F64, DB_F64,
		DB_F64, DB_F64, DB_F64, DB_F64, DB_F64, DB_F64, DB_JSON };
	const struct outlook_options options = { .tier = TIER_L,
		.season = 2021,
		.week = 9,
		.runs = 2000,
		.threads = threads };
	struct outlook *outlook;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	TRY_NEW(ctx->arena, outlook, 1);
	TRY(db_run_text(&tx, STR("DELETE FROM season_simulations")));
	TRY(outlook_simulate(ctx, &options, outlook));
	TRY(outlook_store(ctx, TIER_L, outlook));
	return database_dump(ctx,
		"SELECT team, runs, wins_mean, wins_sd, p_division, "
		"p_top_seed, p_playoffs, p_divisional, p_championship, p_final, p_title, "
		"details FROM season_simulations ORDER BY team",
		columns, COUNT_OF(columns), ret);
}

BOTH_ENGINES(both_engines_say_the_same_byte_for_byte)
{
	struct forecast_counts counts;
	struct grade_counts grades;
	struct str dump, of_one;
	int64_t open;

	OK_ERR(games_real_or_not(ctx));
	OK_ERR(forecast_store(ctx, &everything, &counts));
	OK_ERR(grade_all(ctx, &grades));
	OK_ERR(dump_forecasts(ctx, &dump));
	OK(dump.len > 100000);
	OK(same_as_kept(0, dump));
	OK_ERR(dump_ratings(ctx, &dump));
	OK(same_as_kept(1, dump));
	OK_ERR(dump_metrics(ctx, &dump));
	OK(same_as_kept(2, dump));
	OK_ERR(database_dump(ctx,
		"SELECT digest, weights FROM key_weights ORDER BY digest",
		(const enum db_type[]){ DB_TEXT, DB_JSON }, 2, &dump));
	OK(dump.len > 1000);
	OK(same_as_kept(3, dump));
	OK_ERR(store_outlook(ctx, 1, &of_one));
	OK_ERR(store_outlook(ctx, 2, &dump));
	EQ_STR(dump, of_one);
	OK(same_as_kept(4, dump));
	OK_ERR(count_of(ctx,
		"SELECT count(*) FROM season_simulations WHERE p_playoffs > 0.01 AND "
		"p_playoffs < 0.99 AND p_title > 0",
		&open));
	OK_OR(open > 10, "open for %d clubs", (int)open);
}
