#include "model/backtest.h"

#include <math.h>
#include <stdlib.h>

#include "model/elo.h"
#include "model/odds.h"

enum {
	DEFAULT_REPLICATES = 2000,
	BOOTSTRAP_SEED = 20020905,
};

static const double usual_odds = -110;
/* Home teams' share of wins before there are seasons to count. */
static const double first_home_rate = 0.57;

/* The periods of docs/forecast.md. */
static const struct {
	int from, through;
} periods[] = { { 1999, 2001 }, { 2002, 2005 }, { 2006, 2015 }, { 2016, 2023 },
	{ 2024, 9999 } };

struct grader {
	const struct backtest *table;
	const struct model_game *games;
	size_t count;
	const size_t *order;     /* games by game_compare, whatever the order given */
	const double *home_rate; /* one a season, from first_season */
	int first_season;
};

/* Sums for one row while it is made. */
struct tally {
	struct backtest_row *row;
	struct regression_row *curve_rows;
	double *differences; /* a game's model less other, FORECASTERS a game; all games
			      */
	double *line_differences;
	double plain, surprise;
	double plain_total, total_surprise;
};

static bool
is_graded(const struct grader *grader, size_t index, int from, int through)
{
	const struct model_game *game = &grader->games[index];

	return game->is_played && grader->table->walk.forecasts[index].is_made &&
		game->season >= from && game->season <= through;
}

static void
grade_spread(struct backtest_row *row, const struct model_game *game,
	const struct forecast *forecast)
{
	struct chances chances = distribution_against(
		&forecast->margins, game->spread_line.value);
	double result = game_margin(game) - game->spread_line.value;
	bool is_home = chances.win > chances.loss;
	struct opt_f64 odds = is_home ? game->home_spread_odds : game->away_spread_odds;

	record_add(&row->spread, is_home ? result : -result,
		odds.is_set && odds_are_american(odds.value) ? odds.value : usual_odds);
	row->margin_error += fabs(game_margin(game) - forecast->margin);
	row->line_margin_error += fabs(result);
	row->push_rate += result == 0;
	row->expected_push_rate += chances.push;
}

static void
grade_total(struct backtest_row *row, const struct model_game *game,
	const struct forecast *forecast)
{
	struct chances chances = distribution_against(
		&forecast->totals, game->total_line.value);
	double result = game_total(game) - game->total_line.value;
	bool is_over = chances.win > chances.loss;
	struct opt_f64 odds = is_over ? game->over_odds : game->under_odds;

	record_add(&row->total, is_over ? result : -result,
		odds.is_set && odds_are_american(odds.value) ? odds.value : usual_odds);
	row->total_error += fabs(game_total(game) - forecast->total);
	row->line_total_error += fabs(result);
}

/* A bet on the favourite of the forecast at the closing moneyline; a tie returns the
 * stake. */
static void
grade_straight(struct backtest_row *row, const struct model_game *game,
	const struct forecast *forecast)
{
	bool is_home = forecast->home_win > 0.5;
	struct opt_f64 odds = is_home ? game->home_moneyline : game->away_moneyline;
	double result = game_margin(game);

	if (odds.is_set && odds_are_american(odds.value))
		record_add(&row->straight, is_home ? result : -result, odds.value);
}

static void
grade_chances(const struct grader *grader, struct tally *tally, size_t index)
{
	struct backtest_row *row = tally->row;
	const struct model_game *game = &grader->games[index];
	double outcome = game_outcome(game);
	double rate = game->is_neutral
		? 0.5
		: grader->home_rate[game->season - grader->first_season];
	double chances[FORECASTERS] = {
		[FORECASTER_MODEL] = grader->table->walk.forecasts[index].home_win,
		[FORECASTER_FIFTY] = 0.5,
		[FORECASTER_HOME_RATE] = rate,
		[FORECASTER_ELO] = grader->table->elo[index],
	};
	bool has_line = line_chance(game, &chances[FORECASTER_LINE]);
	double *differences = &tally->differences[row->games * FORECASTERS];
	double own = (chances[0] - outcome) * (chances[0] - outcome);

	for (int i = 0; i < FORECASTERS; i++) {
		if (i == FORECASTER_LINE && !has_line)
			continue;
		score_add(&row->scores[i], chances[i], outcome);
		differences[i] = own - (chances[i] - outcome) * (chances[i] - outcome);
	}
	if (has_line)
		tally->line_differences[row->games_with_line++] =
			differences[FORECASTER_LINE];
	curve_add(&row->curve, chances[0], outcome);
	tally->curve_rows[row->games++] = calibration_row(chances[0], outcome);
}

static void
grade_game(const struct grader *grader, struct tally *tally, size_t index)
{
	const struct model_game *game = &grader->games[index];
	const struct forecast *forecast = &grader->table->walk.forecasts[index];
	int margin = game->home_score - game->away_score;
	int total = game->home_score + game->away_score;
	struct distribution plain = distribution_at(
		forecast->margin, forecast->margin_sd, NULL, true);
	struct distribution plain_total = distribution_of_total(
		forecast->total, forecast->total_sd, NULL);

	grade_chances(grader, tally, index);
	grade_straight(tally->row, game, forecast);
	if (game->spread_line.is_set)
		grade_spread(tally->row, game, forecast);
	if (game->total_line.is_set)
		grade_total(tally->row, game, forecast);
	tally->surprise -= log(
		fmax(distribution_chance(&forecast->margins, margin), 1e-12));
	tally->plain -= log(fmax(distribution_chance(&plain, margin), 1e-12));
	tally->total_surprise -= log(
		fmax(distribution_chance(&forecast->totals, total), 1e-12));
	tally->plain_total -= log(fmax(distribution_chance(&plain_total, total), 1e-12));
}

/* From sums to means. */
static struct err *
finish_row(struct arena *arena, const struct grader *grader, struct tally *tally)
{
	struct backtest_row *row = tally->row;
	struct bootstrap_options options = {
		.replicates = grader->table->options.replicates,
		.seed = BOOTSTRAP_SEED,
	};
	double games = (double)row->games;
	double spreads = row->spread.wins + row->spread.losses + row->spread.pushes;
	double totals = row->total.wins + row->total.losses + row->total.pushes;

	TRY(bootstrap(arena, options, tally->differences, row->games, FORECASTERS,
		row->against));
	TRY(bootstrap(arena, options, tally->line_differences, row->games_with_line, 1,
		&row->against[FORECASTER_LINE]));
	row->calibration_error = curve_error(&row->curve);
	row->calibration = calibration_line_fit(tally->curve_rows, row->games);
	row->margin_surprise = tally->surprise / games;
	row->plain_margin_surprise = tally->plain / games;
	row->total_surprise = tally->total_surprise / games;
	row->plain_total_surprise = tally->plain_total / games;
	if (spreads > 0) {
		row->margin_error /= spreads;
		row->line_margin_error /= spreads;
		row->push_rate /= spreads;
		row->expected_push_rate /= spreads;
	}
	if (totals > 0) {
		row->total_error /= totals;
		row->line_total_error /= totals;
	}
	return NULL;
}

/* Add a row for the seasons FROM to THROUGH, if they have games. */
static struct err *
add_row(struct arena *arena, const struct grader *grader, struct backtest *table,
	int from, int through)
{
	struct arena_mark mark = arena_mark(arena);
	struct backtest_row *row = &table->rows[table->row_count];
	struct tally tally = { .row = row };

	*row = (struct backtest_row){ .from_season = INT32_MAX };
	TRY_NEW(arena, tally.curve_rows, grader->count + 1);
	TRY_NEW(arena, tally.differences, (grader->count + 1) * FORECASTERS);
	TRY_NEW(arena, tally.line_differences, grader->count + 1);
	for (size_t i = 0; i < grader->count; i++) {
		size_t index = grader->order[i];
		int season = grader->games[index].season;

		if (!is_graded(grader, index, from, through))
			continue;
		grade_game(grader, &tally, index);
		row->from_season = season < row->from_season ? season : row->from_season;
		row->through_season = season > row->through_season ? season
								   : row->through_season;
	}
	if (row->games > 0) {
		TRY(finish_row(arena, grader, &tally));
		table->row_count++;
	}
	arena_rewind(arena, mark);
	return NULL;
}

static int
compare_games(const void *left, const void *right, void *games)
{
	return game_compare((const struct model_game *)games + *(const size_t *)left,
		(const struct model_game *)games + *(const size_t *)right);
}

/* Games in the order of the walk, so that the bootstrap draws the same however they came. */
static struct err *
put_in_order(struct arena *arena, struct grader *grader)
{
	size_t *order;

	TRY_NEW(arena, order, grader->count + 1);
	for (size_t i = 0; i < grader->count; i++)
		order[i] = i;
	qsort_r(order, grader->count, sizeof(*order), compare_games,
		(void *)(uintptr_t)grader->games);
	grader->order = order;
	return NULL;
}

/* For each season the home teams' share of wins in the seasons before. */
static struct err *
count_home_rate(struct arena *arena, struct grader *grader, int last_season)
{
	int seasons = last_season - grader->first_season + 1;
	double *won, *played, *rate, won_sum = 0, played_sum = 0;

	TRY_NEW(arena, won, (size_t)seasons);
	TRY_NEW(arena, played, (size_t)seasons);
	TRY_NEW(arena, rate, (size_t)seasons);
	for (size_t i = 0; i < grader->count; i++) {
		const struct model_game *game = &grader->games[i];

		if (!game->is_played || game->is_neutral)
			continue;
		won[game->season - grader->first_season] += game_outcome(game);
		played[game->season - grader->first_season] += 1;
	}
	for (int i = 0; i < seasons; i++) {
		rate[i] = played_sum > 0 ? won_sum / played_sum : first_home_rate;
		won_sum += won[i];
		played_sum += played[i];
	}
	grader->home_rate = rate;
	return NULL;
}

static int
later(int a, int b)
{
	return a > b ? a : b;
}

static int
earlier(int a, int b)
{
	return a < b ? a : b;
}

static struct err *
add_rows(struct arena *arena, const struct grader *grader, struct backtest *table,
	int first, int last)
{
	TRY_NEW(arena, table->rows, (size_t)(last - first) + 2 + COUNT_OF(periods));
	TRY(add_row(arena, grader, table, first, last));
	for (size_t i = 0; i < COUNT_OF(periods); i++) {
		int from = later(first, periods[i].from);
		int through = earlier(last, periods[i].through);

		if (from < through && (from > first || through < last))
			TRY(add_row(arena, grader, table, from, through));
	}
	for (int season = first; season <= last; season++) {
		size_t before = table->row_count;

		TRY(add_row(arena, grader, table, season, season));
		if (table->row_count > before)
			table->rows[before].is_season = true;
	}
	return NULL;
}

struct err *
backtest_run(struct arena *arena, struct backtest_options options,
	const struct model_game *games, size_t count, struct backtest *ret)
{
	struct backtest table = { .options = options,
		.break_even = odds_break_even(usual_odds) };
	struct grader grader = { .table = &table, .games = games, .count = count };
	int first = INT32_MAX, last = 0;

	if (options.replicates == 0)
		table.options.replicates = DEFAULT_REPLICATES;
	for (size_t i = 0; i < count; i++) {
		first = earlier(first, games[i].season);
		last = later(last, games[i].season);
	}
	if (count == 0 || (options.through_season && options.through_season < first) ||
		options.from_season > last)
		return err_in(arena, ERR_INVALID, "there are no games of these seasons");
	grader.first_season = first;
	TRY(walk_games(arena,
		(struct walk_options){ .tier = options.tier,
			.parameters = options.parameters,
			.weather = options.weather,
			.use_last_starters = options.use_last_starters },
		games, count, &table.walk));
	TRY(elo_walk(arena, games, count, &table.elo));
	TRY(put_in_order(arena, &grader));
	TRY(count_home_rate(arena, &grader, last));
	TRY(add_rows(arena, &grader, &table, later(first, options.from_season),
		options.through_season ? earlier(last, options.through_season) : last));
	if (table.row_count == 0)
		return err_in(
			arena, ERR_INVALID, "no game of these seasons has been played");
	*ret = table;
	return NULL;
}
