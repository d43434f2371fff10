/* The table over the real games: it adds up, and it is what docs/forecast.md says. */
#include "tests/tap.h"

#include <math.h>

#include "model/backtest.h"
#include "model/elo.h"
#include "model/fit.h"
#include "tests/support/games_csv.h"

TEST(elo_starts_even_and_moves_by_the_formula)
{
	struct elo elo;
	struct model_game game = MODEL_GAME_INIT;
	double chance, size;

	elo_init(&elo);
	game.home = 3;
	game.away = 4;
	game.is_neutral = true;
	NEAR(elo_chance(&elo, &game), 0.5, 1e-12);
	game.is_neutral = false;
	chance = 1 / (1 + pow(10, -65.0 / 400));
	NEAR(elo_chance(&elo, &game), chance, 1e-12);
	game.home_score = 10;
	size = log(11) * 2.2 / (65 * 0.001 + 2.2);
	elo_learn(&elo, &game);
	NEAR(elo.rating[3], 1500 + 20 * size * (1 - chance), 1e-9);
	NEAR(elo.rating[3] + elo.rating[4], 3000, 1e-9);
	elo_step(&elo, 2010);
	elo_step(&elo, 2011);
	NEAR(elo.rating[0], 1500 + 5 / 3.0, 1e-9);
}

TEST(elo_learns_of_a_week_while_a_game_before_it_is_put_off)
{
	struct model_game games[3] = { MODEL_GAME_INIT, MODEL_GAME_INIT,
		MODEL_GAME_INIT };
	struct arena arena;
	double *chances;

	arena_init(&arena, 1 << 20);
	for (int i = 0; i < 3; i++) {
		games[i].season = 2010;
		games[i].week = i + 1;
		games[i].day = 7 * i;
		games[i].home = 2 * i;
		games[i].away = 2 * i + 1;
		games[i].is_played = true;
		games[i].home_score = 30;
	}
	games[0].day = 100;
	games[2].home = games[1].home;
	OK_ERR(elo_walk(&arena, games, COUNT_OF(games), &chances));
	OK(chances[2] > chances[1]);
	arena_release(&arena);
}

/* FiveThirtyEight's ratings began in 1920 and ours in 1999; sixteen seasons later little
 * of that is left. */
TEST(elo_is_close_to_the_archive_while_that_was_plain_elo)
{
	struct arena arena;
	struct games_csv csv;
	struct archived_chance *archive;
	size_t rows, matched = 0;
	double *chances, distance = 0, brier[2] = { 0, 0 };

	arena_init(&arena, 512 << 20);
	if (!games_csv_read(&arena, &csv) || !archive_csv_read(&arena, &archive, &rows))
		SKIP("no games file");
	OK_ERR(elo_walk(&arena, csv.games, csv.count, &chances));
	for (size_t i = 0; i < csv.count; i++) {
		const struct model_game *game = &csv.games[i];

		for (size_t r = 0;
			r < rows && game->season >= 2015 && game->season <= 2018; r++)
			for (int side = 0; side < 2; side++)
				if (archive[r].day == game->day &&
					str_eq(archive[r].nickname[side],
						team_at(game->home)->nickname)) {
					double theirs = archive[r].chance[side];
					double outcome = game_outcome(game);

					distance += fabs(theirs - chances[i]);
					brier[0] += (theirs - outcome) *
						(theirs - outcome);
					brier[1] += (chances[i] - outcome) *
						(chances[i] - outcome);
					matched++;
				}
	}
	OK(matched > 900);
	OK_OR(distance / (double)matched < 0.02, "mean distance %.4f over %zu games",
		distance / (double)matched, matched);
	NEAR(brier[1] / (double)matched, brier[0] / (double)matched, 0.001);
	arena_release(&arena);
}

TEST(the_table_adds_up)
{
	struct arena arena;
	struct games_csv csv;
	struct backtest table;
	const struct backtest_row *whole;
	size_t of_seasons = 0, of_periods = 0;

	arena_init(&arena, 512 << 20);
	if (!games_csv_read(&arena, &csv))
		SKIP("no games file");
	OK_ERR(backtest_run(&arena,
		(struct backtest_options){ .tier = TIER_L,
			.from_season = 2006,
			.through_season = 2023,
			.replicates = 200 },
		csv.games, csv.count, &table));
	whole = &table.rows[0];
	for (size_t i = 1; i < table.row_count; i++)
		*(table.rows[i].is_season ? &of_seasons
					  : &of_periods) += table.rows[i].games;
	EQ_I64(whole->games, 2670 + 2191);
	EQ_I64(of_seasons, whole->games);
	EQ_I64(of_periods, whole->games);
	for (size_t i = 0; i < table.row_count; i++) {
		const struct backtest_row *row = &table.rows[i];

		NEAR(score_brier(&row->scores[FORECASTER_FIFTY]), 0.25, 0.004);
		NEAR(row->less_line.mean,
			score_brier(&row->scores[FORECASTER_MODEL]) -
				score_brier(&row->scores[FORECASTER_LINE]),
			1e-9);
		OK(row->less_elo.low <= row->less_elo.high);
		EQ_I64(row->spread.wins + row->spread.losses + row->spread.pushes,
			row->games);
	}
	NEAR(table.break_even, 0.5238, 0.0001);
	FAILS_WITH(backtest_run(&arena, (struct backtest_options){ .from_season = 2050 },
			   csv.games, csv.count, &table),
		ERR_INVALID);
	arena_release(&arena);
}

TEST(the_table_does_not_depend_on_the_order_of_the_games)
{
	struct backtest_options options = { .tier = TIER_S,
		.from_season = 2014,
		.through_season = 2014,
		.replicates = 100 };
	struct arena arena;
	struct games_csv csv;
	struct backtest before, after;

	arena_init(&arena, 512 << 20);
	if (!games_csv_read(&arena, &csv))
		SKIP("no games file");
	OK_ERR(backtest_run(&arena, options, csv.games, csv.count, &before));
	for (size_t i = 0; i < csv.count / 2; i++) {
		struct model_game game = csv.games[i];

		csv.games[i] = csv.games[csv.count - 1 - i];
		csv.games[csv.count - 1 - i] = game;
	}
	OK_ERR(backtest_run(&arena, options, csv.games, csv.count, &after));
	OK(memcmp(&before.rows[0].less_elo, &after.rows[0].less_elo,
		   sizeof(struct interval)) == 0);
	OK(memcmp(&before.rows[0].less_line, &after.rows[0].less_line,
		   sizeof(struct interval)) == 0);
	OK(before.rows[0].margin_surprise == after.rows[0].margin_surprise);
	arena_release(&arena);
}

static struct err *
period_of(struct arena *arena, const struct games_csv *csv,
	struct backtest_options options, struct backtest_row *ret)
{
	struct backtest table;

	options.replicates = 1000;
	TRY(backtest_run(arena, options, csv->games, csv->count, &table));
	*ret = table.rows[0];
	return NULL;
}

TEST(tier_l_reaches_its_goals_on_the_seasons_it_was_tuned_on)
{
	struct arena arena;
	struct games_csv csv;
	struct backtest_row row;

	arena_init(&arena, 512 << 20);
	if (!games_csv_read(&arena, &csv))
		SKIP("no games file");
	OK_ERR(period_of(&arena, &csv,
		(struct backtest_options){
			.tier = TIER_L, .from_season = 2006, .through_season = 2015 },
		&row));
	EQ_I64(row.games, 2670);
	OK_OR(score_brier(&row.scores[FORECASTER_MODEL]) <= 0.2130, "Brier %.5f",
		score_brier(&row.scores[FORECASTER_MODEL]));
	NEAR(score_brier(&row.scores[FORECASTER_LINE]), 0.2116, 0.0002);
	OK(row.less_elo.high < 0);
	OK(row.plain_margin_surprise - row.margin_surprise >= 0.10);
	NEAR(row.push_rate, row.expected_push_rate, 0.01);
	arena_release(&arena);
}

static void
check_interval(struct interval interval, double mean)
{
	NEAR(interval.mean, mean, 1e-9);
	OK(interval.low < mean && mean < interval.high);
}

/* Each interval is one of the difference that the row's own figures have. */
static void
check_means(const struct backtest_row *row)
{
	double own = score_log_loss(&row->scores[FORECASTER_MODEL]);

	check_interval(
		row->loss_less_elo, own - score_log_loss(&row->scores[FORECASTER_ELO]));
	check_interval(
		row->loss_less_line, own - score_log_loss(&row->scores[FORECASTER_LINE]));
	check_interval(row->margin_less_line, row->margin_error - row->line_margin_error);
	check_interval(row->total_less_line, row->total_error - row->line_total_error);
	check_interval(row->surprise_less_plain,
		row->margin_surprise - row->plain_margin_surprise);
	check_interval(row->total_surprise_less_plain,
		row->total_surprise - row->plain_total_surprise);
}

/* These seasons tuned nothing. */
TEST(all_tiers_reach_their_goals_on_the_seasons_kept_apart)
{
	struct arena arena;
	struct games_csv csv;
	struct backtest_row rows[TIERS];

	arena_init(&arena, 512 << 20);
	if (!games_csv_read(&arena, &csv))
		SKIP("no games file");
	for (int tier = TIER_S; tier <= TIER_B; tier++) {
		OK_ERR(period_of(&arena, &csv,
			(struct backtest_options){ .tier = (enum tier)tier,
				.from_season = 2016,
				.through_season = 2023 },
			&rows[tier]));
		EQ_I64(rows[tier].games, 2191);
	}
	OK(score_brier(&rows[TIER_S].scores[FORECASTER_MODEL]) <= 0.2192);
	OK(score_brier(&rows[TIER_L].scores[FORECASTER_MODEL]) <= 0.2157);
	OK(rows[TIER_B].less_line.high <= 0.0006);
	OK(rows[TIER_L].calibration_error <= 0.020);
	NEAR(rows[TIER_L].calibration.slope, 1, 0.07);
	OK(rows[TIER_L].margin_error <= 9.99);
	OK(rows[TIER_L].total_error <= 10.69);
	OK(rows[TIER_L].plain_margin_surprise - rows[TIER_L].margin_surprise >= 0.10);
	OK(rows[TIER_L].surprise_less_plain.high < 0);
	OK(rows[TIER_L].margin_less_line.low > 0 &&
		rows[TIER_L].margin_less_line.high < 0.3);
	OK(rows[TIER_L].calibration.slope_low < 1 &&
		rows[TIER_L].calibration.slope_high > 1);
	for (int tier = TIER_S; tier <= TIER_B; tier++)
		check_means(&rows[tier]);
	arena_release(&arena);
}

/* The measures of docs/forecast.md, "How the parameters were found": START of what was
 * published, IN_CODE of what TIER has now. */
static void
check_measures(struct games_csv *csv, enum tier tier, double start, double in_code)
{
	struct fit_options options = {
		.tier = tier, .from_season = 2002, .through_season = 2015
	};
	struct parameters published = parameters_published(tier);
	struct fit_measure measure;
	struct model_game *past;
	struct arena arena;
	size_t count;

	arena_init(&arena, 512 << 20);
	OK_ERR(fit_past(&arena, &options, csv->games, csv->count, &past, &count));
	OK_ERR(fit_judge(&arena, &options, &published, past, count, &measure));
	NEAR(measure.sum, start, 0.00001);
	OK_ERR(fit_judge(&arena, &options, parameters_of(tier), past, count, &measure));
	NEAR(measure.sum, in_code, 0.00001);
	EQ_I64(measure.games, 3738);
	arena_release(&arena);
}

TEST(the_parameters_in_code_have_the_measure_that_is_told_of_them)
{
	struct games_csv csv;
	struct arena arena;

	arena_init(&arena, 512 << 20);
	if (!games_csv_read(&arena, &csv))
		SKIP("no games file");
	check_measures(&csv, TIER_L, 2.80442, 2.69456);
	check_measures(&csv, TIER_S, 4.72256, 3.27418);
	arena_release(&arena);
}

enum {
	GAMES = 16 * 17, /* of a season of clubs that always meet the same one */
};

/* Of two seasons, without any line. */
static void
games_without_lines(struct model_game games[2 * GAMES])
{
	for (int i = 0; i < 2 * GAMES; i++) {
		struct model_game game = MODEL_GAME_INIT;

		game.season = 2010 + i / GAMES;
		game.week = i % GAMES / 16 + 1;
		game.day = i / GAMES * 365 + 7 * game.week;
		game.home = i % 16;
		game.away = 16 + i % 16;
		game.is_played = true;
		game.home_score = i * 7 % 38;
		game.away_score = i * 11 % 31;
		games[i] = game;
	}
}

static void
add_lines(struct model_game *game)
{
	game->spread_line = (struct opt_f64)OPT(2.5);
	game->total_line = (struct opt_f64)OPT(44.5);
	game->home_moneyline = (struct opt_f64)OPT(-140);
	game->away_moneyline = (struct opt_f64)OPT(120);
}

static bool
is_known(struct interval interval)
{
	return isfinite(interval.low) && isfinite(interval.high) &&
		interval.low <= interval.mean && interval.mean <= interval.high;
}

/* What is measured against a line that LINES games have: nothing, a mean, or an interval. */
static void
check_lines(const struct backtest_row *row, int lines)
{
	const struct interval intervals[] = { row->less_line, row->loss_less_line,
		row->margin_less_line, row->total_less_line };
	const double means[] = { score_brier(&row->scores[FORECASTER_LINE]),
		score_log_loss(&row->scores[FORECASTER_LINE]), row->margin_error,
		row->line_margin_error, row->total_error, row->line_total_error,
		row->push_rate, row->expected_push_rate, record_roi(&row->spread) };

	EQ_I64((int64_t)row->games_with_line, lines);
	for (size_t i = 0; i < COUNT_OF(intervals); i++) {
		OK_OR(isnan(intervals[i].mean) == (lines == 0), "mean %zu, %d lines", i,
			lines);
		OK_OR(is_known(intervals[i]) == (lines > 1),
			"interval %zu, %d lines: %f [%f, %f]", i, lines,
			intervals[i].mean, intervals[i].low, intervals[i].high);
	}
	for (size_t i = 0; i < COUNT_OF(means); i++)
		OK_OR(isnan(means[i]) == (lines == 0), "%zu, %d lines: %f", i, lines,
			means[i]);
	OK(is_known(row->less_elo) && is_known(row->surprise_less_plain));
}

/* Many replicates draw none of few games. */
TEST(what_no_game_has_a_line_for_is_unknown_and_of_few_it_is_drawn)
{
	static const int lines[] = { 0, 1, 2, 3, 20 };
	static struct model_game games[2 * GAMES];
	struct backtest table;
	struct arena arena;

	arena_init(&arena, 512 << 20);
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		games_without_lines(games);
		for (int line = 0; line < lines[i]; line++)
			add_lines(&games[GAMES + 13 * line + 5]);
		OK_ERR(backtest_run(&arena,
			(struct backtest_options){ .tier = TIER_S,
				.from_season = 2011,
				.through_season = 2011,
				.replicates = 500 },
			games, COUNT_OF(games), &table));
		EQ_I64((int64_t)table.rows[0].games, GAMES);
		check_lines(&table.rows[0], lines[i]);
	}
	arena_release(&arena);
}
