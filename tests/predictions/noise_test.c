/* What is stored of a week's games knows neither how they ended nor anything later, and
 * of their own lines only tier B does. */
#include "tests/support/database.h"
#include "tests/support/feed_text.h"

#include "codec/iso_time.h"
#include "predictions/forecast.h"
#include "predictions/import.h"
#include "predictions/simulated.h"

enum {
	SEED = 7,
	SEASON = 2021,
	WEEK = 9,
	GAMES = 16, /* of that week */
};

/* Three made-up seasons, all of them over. */
static struct err *
league_feed(struct ctx *ctx, struct feed *ret)
{
	struct simulated_options options = {
		.seed = SEED, .first_season = SEASON - 1, .last_season = SEASON + 1
	};
	struct str csv;

	if (!iso_time_parse(STR("2023-06-01T00:00:00Z"), &ctx->now))
		return err_new(ctx, ERR_INTERNAL, "a wrong date");
	options.now = ctx->now;
	TRY(simulated_league(ctx->arena, &options, &csv));
	return feed_of_text(ctx->arena, csv, ret);
}

/* Store FEED; forecast the week from that, by each tier. */
static struct err *
forecast_from(struct ctx *ctx, const struct feed *feed)
{
	struct import_options import = {
		.source = STR("league"), .is_simulated = true, .is_sure = true
	};
	struct forecast_options week = {
		.scope = FORECAST_WEEK, .season = SEASON, .week = WEEK
	};
	struct import_counts imported;
	struct forecast_counts counts;

	TRY(database_sql(ctx, STR("DELETE FROM predictions")));
	TRY(import_store(ctx, feed, &import, &imported));
	for (int tier = 0; tier < TIERS; tier++) {
		week.tier = (enum tier)tier;
		TRY(forecast_store(ctx, &week, &counts));
		if (counts.stored != GAMES * 3)
			return err_new(ctx, ERR_INTERNAL, "not all was stored");
	}
	return NULL;
}

static uint32_t
noise(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void
make_results_noise(struct feed_game *game, uint32_t *seed)
{
	game->home_score.value = (int32_t)(noise(seed) % 70);
	game->away_score.value = (int32_t)(noise(seed) % 70);
	game->result.value = game->home_score.value - game->away_score.value;
	game->total.value = game->home_score.value + game->away_score.value;
	game->temp = (struct opt_i32)OPT((int32_t)(noise(seed) % 100));
	game->wind = (struct opt_i32)OPT((int32_t)(noise(seed) % 40));
}

/* Never what they were: no team was favoured by 15 points and a half or more. */
static void
make_lines_noise(struct feed_game *game, uint32_t *seed)
{
	game->spread_line = (struct opt_f64)OPT((double)(noise(seed) % 9) + 15.5);
	game->total_line = (struct opt_f64)OPT((double)(noise(seed) % 40) + 30);
	game->home_moneyline = (struct opt_i32)OPT((int32_t)(noise(seed) % 300) + 100);
	game->away_moneyline = (struct opt_i32)OPT(-(int32_t)(noise(seed) % 300) - 100);
	game->home_spread_odds = (struct opt_i32)OPT(-(int32_t)(noise(seed) % 30) - 100);
	game->away_spread_odds = (struct opt_i32)OPT(-(int32_t)(noise(seed) % 30) - 100);
	game->over_odds = (struct opt_i32)OPT(-(int32_t)(noise(seed) % 30) - 100);
	game->under_odds = (struct opt_i32)OPT(-(int32_t)(noise(seed) % 30) - 100);
}

/* All that the week's games and those after it turned out to be; the lines of the week
 * itself as well where they are not spared. */
static void
make_noise(struct feed *feed, bool spare_own_lines)
{
	uint32_t seed = spare_own_lines ? 1 : 2;

	for (size_t i = 0; i < feed->games.count; i++) {
		struct feed_game *game = &feed->games.items[i];
		bool is_own = game->season == SEASON && game->week == WEEK;

		if (game->season < SEASON ||
			(game->season == SEASON && game->week < WEEK))
			continue;
		make_results_noise(game, &seed);
		if (!is_own || !spare_own_lines)
			make_lines_noise(game, &seed);
		game->checksum[0] ^= spare_own_lines ? 1 : 2;
	}
}

/* Everything that is said of forecasts. */
static struct err *
dump_whole(struct ctx *ctx, struct str *ret)
{
	static const enum db_type columns[] = { DB_TEXT, DB_TEXT, DB_TEXT, DB_TEXT,
		DB_F64, DB_F64, DB_F64, DB_F64, DB_I32, DB_JSON, DB_TIME };

	return database_dump(ctx,
		"SELECT g.nflverse_id, p.prediction_type, p.model, p.pick, "
		"p.probability, p.confidence, p.line, p.expected, p.odds, "
		"p.prediction_data, p.predicted_at FROM predictions p "
		"JOIN games g ON g.id = p.game_id "
		"ORDER BY g.nflverse_id, p.model, p.prediction_type",
		columns, COUNT_OF(columns), ret);
}

/*
 * What the engine believes, as MODELS say it: all but what it answers when it is asked at
 * the line, which is another answer at another line. The shapes of margin and total, from
 * which each such answer is made, are among it.
 */
static struct err *
dump_beliefs(struct ctx *ctx, const char *models, struct str *ret)
{
	static const enum db_type columns[] = { DB_TEXT, DB_TEXT, DB_TEXT, DB_F64,
		DB_TEXT, DB_F64, DB_F64, DB_JSON };
	static const char *const at_the_line[] = { "team", "line", "odds", "fair_odds",
		"expected_value", "home_cover_probability", "away_cover_probability",
		"push_probability", "over_probability", "under_probability" };
	bool is_sqlite = db_dialect(ctx->db) == DIALECT_SQLITE;
	struct buf sql;

	buf_init(&sql, ctx->arena, 4096);
	buf_fmt(&sql,
		"SELECT g.nflverse_id, p.prediction_type, p.model, p.expected, "
		"CASE prediction_type WHEN 'game' THEN pick END, "
		"CASE prediction_type WHEN 'game' THEN probability END, "
		"CASE prediction_type WHEN 'game' THEN confidence END, %s",
		is_sqlite ? "json_remove(prediction_data" : "prediction_data");
	for (size_t i = 0; i < COUNT_OF(at_the_line); i++)
		buf_fmt(&sql, is_sqlite ? ", '$.%s'" : " - '%s'", at_the_line[i]);
	buf_fmt(&sql,
		"%s FROM predictions p JOIN games g ON g.id = p.game_id "
		"WHERE model IN (%s) ORDER BY g.nflverse_id, p.model, p.prediction_type",
		is_sqlite ? ")" : "", models);
	return database_dump(ctx, str_cstr(ctx->arena, buf_str(&sql)), columns,
		COUNT_OF(columns), ret);
}

BOTH_ENGINES(no_stored_forecast_knows_its_own_week_or_later)
{
	static const char *const blind = "'gridiron', 'gridiron-results'";
	static const char *const sighted = "'gridiron-line'";
	struct str whole, with_noise, believed, seen, blindly;
	struct feed feed;

	OK_ERR(league_feed(ctx, &feed));
	OK_ERR(forecast_from(ctx, &feed));
	OK_ERR(dump_whole(ctx, &whole));
	OK_ERR(dump_beliefs(ctx, blind, &believed));
	OK_ERR(dump_beliefs(ctx, sighted, &seen));
	OK(str_find(believed, STR("\"location\"")) > 0);

	make_noise(&feed, true);
	OK_ERR(forecast_from(ctx, &feed));
	OK_ERR(dump_whole(ctx, &with_noise));
	EQ_STR(with_noise, whole);

	make_noise(&feed, false);
	OK_ERR(forecast_from(ctx, &feed));
	OK_ERR(dump_beliefs(ctx, blind, &blindly));
	EQ_STR(blindly, believed);
	/* That is not for want of noise. */
	OK_ERR(dump_beliefs(ctx, sighted, &with_noise));
	OK(!str_eq(with_noise, seen));
}
