#include "model/backtest.h"

#include <math.h>
#include <stddef.h>
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

/* What each game adds to the bootstrap: the model's scores less those of its rivals, and
 * what those are means of. */
enum difference {
	LESS_ELO,
	LOSS_LESS_ELO,
	SURPRISE_LESS_PLAIN,
	TOTAL_SURPRISE_LESS_PLAIN,
	GAMES,
	LESS_LINE,
	LOSS_LESS_LINE,
	GAMES_WITH_LINE,
	MARGIN_LESS_LINE,
	GAMES_WITH_SPREAD,
	TOTAL_LESS_LINE,
	GAMES_WITH_TOTAL,
	DIFFERENCES
};

#define OF_ROW(field) offsetof(struct backtest_row, field)

/* Which interval of a row is a mean of what, over which games. */
static const struct {
	enum difference over, under;
	size_t offset;
} intervals[] = {
	{ LESS_ELO, GAMES, OF_ROW(less_elo) },
	{ LOSS_LESS_ELO, GAMES, OF_ROW(loss_less_elo) },
	{ SURPRISE_LESS_PLAIN, GAMES, OF_ROW(surprise_less_plain) },
	{ TOTAL_SURPRISE_LESS_PLAIN, GAMES, OF_ROW(total_surprise_less_plain) },
	{ LESS_LINE, GAMES_WITH_LINE, OF_ROW(less_line) },
	{ LOSS_LESS_LINE, GAMES_WITH_LINE, OF_ROW(loss_less_line) },
	{ MARGIN_LESS_LINE, GAMES_WITH_SPREAD, OF_ROW(margin_less_line) },
	{ TOTAL_LESS_LINE, GAMES_WITH_TOTAL, OF_ROW(total_less_line) },
};
_Static_assert((int)DIFFERENCES == BOOTSTRAP_COLUMNS, "all are drawn together");

/* What a game's distributions say of its lines and its result. */
struct grade {
	struct chances spread, total;
	double surprise, plain; /* of the margin */
	double total_surprise, plain_total;
};

struct grader {
	const struct backtest *table;
	const struct model_game *games;
	size_t count;
	const size_t *order;        /* games by game_compare, whatever the order given */
	const struct grade *grades; /* one a game */
	const double *home_rate;    /* one a season, from first_season */
	double (**sums)[DIFFERENCES]; /* likewise; one a replicate */
	int first_season;
};

/* Sums for one row while it is made. */
struct tally {
	struct backtest_row *row;
	struct regression_row *curve_rows;
	double differences[DIFFERENCES];
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
	const struct forecast *forecast, struct chances chances)
{
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
	const struct forecast *forecast, struct chances chances)
{
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

static double
brier(double chance, double outcome)
{
	return (chance - outcome) * (chance - outcome);
}

static double
log_loss(double chance, double outcome)
{
	struct score score = { .games = 0 };

	score_add(&score, chance, outcome);
	return score.log_loss_sum;
}

static void
find_differences(const struct grader *grader, size_t index, double ret[DIFFERENCES])
{
	const struct model_game *game = &grader->games[index];
	const struct forecast *forecast = &grader->table->walk.forecasts[index];
	const struct grade *grade = &grader->grades[index];
	double outcome = game_outcome(game), elo = grader->table->elo[index], line = 0;
	double own = brier(forecast->home_win, outcome);
	double own_loss = log_loss(forecast->home_win, outcome);
	bool has_line = line_chance(game, &line), has_spread = game->spread_line.is_set,
	     has_total = game->total_line.is_set;

	memset(ret, 0, DIFFERENCES * sizeof(*ret));
	ret[GAMES] = 1;
	ret[LESS_ELO] = own - brier(elo, outcome);
	ret[LOSS_LESS_ELO] = own_loss - log_loss(elo, outcome);
	ret[SURPRISE_LESS_PLAIN] = grade->surprise - grade->plain;
	ret[TOTAL_SURPRISE_LESS_PLAIN] = grade->total_surprise - grade->plain_total;
	ret[GAMES_WITH_LINE] = has_line;
	ret[GAMES_WITH_SPREAD] = has_spread;
	ret[GAMES_WITH_TOTAL] = has_total;
	if (has_line) {
		ret[LESS_LINE] = own - brier(line, outcome);
		ret[LOSS_LESS_LINE] = own_loss - log_loss(line, outcome);
	}
	if (has_spread)
		ret[MARGIN_LESS_LINE] = fabs(game_margin(game) - forecast->margin) -
			fabs(game_margin(game) - game->spread_line.value);
	if (has_total)
		ret[TOTAL_LESS_LINE] = fabs(game_total(game) - forecast->total) -
			fabs(game_total(game) - game->total_line.value);
}

static void
grade_chances(const struct grader *grader, struct tally *tally, size_t index)
{
	struct backtest_row *row = tally->row;
	const struct model_game *game = &grader->games[index];
	double outcome = game_outcome(game), differences[DIFFERENCES];
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

	for (int i = 0; i < FORECASTERS; i++)
		if (i != FORECASTER_LINE || has_line)
			score_add(&row->scores[i], chances[i], outcome);
	find_differences(grader, index, differences);
	for (int i = 0; i < DIFFERENCES; i++)
		tally->differences[i] += differences[i];
	row->games_with_line += has_line;
	curve_add(&row->curve, chances[0], outcome);
	tally->curve_rows[row->games++] = calibration_row(chances[0], outcome);
}

static double
surprise_of(const struct distribution *distribution, int value)
{
	return -log(fmax(distribution_chance(distribution, value), 1e-12));
}

static struct grade
grade_of(const struct model_game *game, const struct forecast *forecast)
{
	int margin = game->home_score - game->away_score;
	int total = game->home_score + game->away_score;
	struct distribution plain = distribution_at(
		forecast->margin, forecast->margin_sd, NULL, true);
	struct distribution plain_total = distribution_of_total(
		forecast->total, forecast->total_sd, NULL);
	struct grade ret = {
		.surprise = surprise_of(&forecast->margins, margin),
		.plain = surprise_of(&plain, margin),
		.total_surprise = surprise_of(&forecast->totals, total),
		.plain_total = surprise_of(&plain_total, total),
	};

	if (game->spread_line.is_set)
		ret.spread = distribution_against(
			&forecast->margins, game->spread_line.value);
	if (game->total_line.is_set)
		ret.total = distribution_against(
			&forecast->totals, game->total_line.value);
	return ret;
}

static void
grade_game(const struct grader *grader, struct tally *tally, size_t index)
{
	const struct model_game *game = &grader->games[index];
	const struct forecast *forecast = &grader->table->walk.forecasts[index];
	const struct grade *grade = &grader->grades[index];

	grade_chances(grader, tally, index);
	grade_straight(tally->row, game, forecast);
	if (game->spread_line.is_set)
		grade_spread(tally->row, game, forecast, grade->spread);
	if (game->total_line.is_set)
		grade_total(tally->row, game, forecast, grade->total);
	tally->surprise += grade->surprise;
	tally->plain += grade->plain;
	tally->total_surprise += grade->total_surprise;
	tally->plain_total += grade->plain_total;
}

/* The intervals of a row from what was drawn of each of its seasons. */
static struct err *
find_intervals(struct arena *arena, const struct grader *grader, struct tally *tally)
{
	struct backtest_row *row = tally->row;
	int replicates = grader->table->options.replicates;
	double(*sums)[DIFFERENCES];

	TRY_NEW(arena, sums, (size_t)replicates);
	for (int season = row->from_season; season <= row->through_season; season++)
		for (int r = 0; r < replicates; r++)
			for (int i = 0; i < DIFFERENCES; i++)
				sums[r][i] +=
					grader->sums[season - grader->first_season][r][i];
	for (size_t i = 0; i < COUNT_OF(intervals); i++) {
		int over = intervals[i].over, under = intervals[i].under;
		struct interval *interval = (struct interval *)((char *)row +
			intervals[i].offset);

		*interval = (struct interval){ NAN, NAN, NAN };
		if (tally->differences[under] == 0)
			continue;
		interval->mean = tally->differences[over] / tally->differences[under];
		/* One game says nothing of how much is luck. */
		if (tally->differences[under] < 2)
			continue;
		TRY(bootstrap_interval(arena, replicates,
			(const double(*)[DIFFERENCES])sums, over, under, interval));
	}
	return NULL;
}

/* From sums to means. */
static struct err *
finish_row(struct arena *arena, const struct grader *grader, struct tally *tally)
{
	struct backtest_row *row = tally->row;
	double games = (double)row->games;
	double spreads = row->spread.wins + row->spread.losses + row->spread.pushes;
	double totals = row->total.wins + row->total.losses + row->total.pushes;

	TRY(find_intervals(arena, grader, tally));
	row->calibration_error = curve_error(&row->curve);
	row->calibration = calibration_line_fit(tally->curve_rows, row->games);
	row->margin_surprise = tally->surprise / games;
	row->plain_margin_surprise = tally->plain / games;
	row->total_surprise = tally->total_surprise / games;
	row->plain_total_surprise = tally->plain_total / games;
	/* NAN, unknown, where no game has a line. */
	row->margin_error /= spreads;
	row->line_margin_error /= spreads;
	row->push_rate /= spreads;
	row->expected_push_rate /= spreads;
	row->total_error /= totals;
	row->line_total_error /= totals;
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

/* Games in the order of the walk, so that the bootstrap draws the same however they
 * came. */
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

static struct err *
grade_all(struct arena *arena, struct grader *grader)
{
	struct grade *grades;

	TRY_NEW(arena, grades, grader->count + 1);
	for (size_t i = 0; i < grader->count; i++)
		if (is_graded(grader, i, 0, INT32_MAX))
			grades[i] = grade_of(
				&grader->games[i], &grader->table->walk.forecasts[i]);
	grader->grades = grades;
	return NULL;
}

static struct err *
check_wanted(struct arena *arena, const struct grader *grader)
{
	bool (*is_cancelled)(void) = grader->table->options.is_cancelled;

	return is_cancelled && is_cancelled()
		? err_in(arena, ERR_TIMEOUT, "the backtest was stopped before its end")
		: NULL;
}

/* Draw the replicates of each season once: its own row, its period and the whole add up
 * what was drawn. */
static struct err *
draw_seasons(struct arena *arena, struct grader *grader, int last_season)
{
	struct bootstrap_options options = {
		.replicates = grader->table->options.replicates,
	};
	double(*values)[DIFFERENCES];

	TRY_NEW(arena, grader->sums, (size_t)(last_season - grader->first_season) + 1);
	TRY_NEW(arena, values, grader->count + 1);
	for (int season = grader->first_season; season <= last_season; season++) {
		double(*sums)[DIFFERENCES];
		size_t count = 0;

		TRY(check_wanted(arena, grader));
		for (size_t i = 0; i < grader->count; i++)
			if (is_graded(grader, grader->order[i], season, season))
				find_differences(
					grader, grader->order[i], values[count++]);
		options.seed = BOOTSTRAP_SEED + (uint64_t)season;
		TRY_NEW(arena, sums, (size_t)options.replicates);
		if (count > 0)
			bootstrap_draw(options, (const double(*)[DIFFERENCES])values,
				count, sums);
		grader->sums[season - grader->first_season] = sums;
	}
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

		TRY(check_wanted(arena, grader));
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
			.use_last_starters = options.use_last_starters,
			.is_cancelled = options.is_cancelled },
		games, count, &table.walk));
	TRY(elo_walk(arena, games, count, &table.elo));
	TRY(put_in_order(arena, &grader));
	TRY(count_home_rate(arena, &grader, last));
	TRY(grade_all(arena, &grader));
	TRY(draw_seasons(arena, &grader, last));
	TRY(add_rows(arena, &grader, &table, later(first, options.from_season),
		options.through_season ? earlier(last, options.through_season) : last));
	if (table.row_count == 0)
		return err_in(
			arena, ERR_INVALID, "no game of these seasons has been played");
	*ret = table;
	return NULL;
}
