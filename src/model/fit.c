#include "model/fit.h"

#include <math.h>

/* The usual sizes of the four distances, and what totals weigh beside margins. */
static const double margin_line_size = 5;
static const double margin_result_size = 170;
static const double total_line_size = 4;
static const double total_result_size = 180;
static const double total_share = 0.5;

static bool
is_judged(const struct fit_options *options, const struct model_game *game)
{
	int step = options->season_step > 0 ? options->season_step : 1;

	return game->is_played && game->spread_line.is_set && game->total_line.is_set &&
		game->season >= options->from_season &&
		game->season <= options->through_season &&
		(game->season - options->from_season) % step == 0;
}

static double
square(double x)
{
	return x * x;
}

static void
add_game(struct fit_measure *measure, const struct model_game *game,
	const struct forecast *forecast)
{
	measure->games++;
	measure->margin_line += square(forecast->margin - game->spread_line.value);
	measure->margin_result += square(forecast->margin - game_margin(game));
	measure->total_line += square(forecast->total - game->total_line.value);
	measure->total_result += square(forecast->total - game_total(game));
	measure->brier += square(forecast->home_win - game_outcome(game));
}

struct err *
fit_judge(struct arena *scratch, const struct fit_options *options,
	const struct parameters *parameters, const struct model_game *games, size_t count,
	struct fit_measure *ret)
{
	struct arena_mark mark = arena_mark(scratch);
	struct fit_measure measure = { 0 };
	struct walk walk;
	double n;

	TRY(walk_games(scratch,
		(struct walk_options){ .tier = options->tier,
			.parameters = parameters,
			.only_chances = true,
			.is_cancelled = options->is_cancelled },
		games, count, &walk));
	for (size_t i = 0; i < count; i++)
		if (is_judged(options, &games[i]))
			add_game(&measure, &games[i], &walk.forecasts[i]);
	arena_rewind(scratch, mark);
	if (measure.games == 0)
		return err_in(scratch, ERR_INVALID,
			"no played games with lines in seasons %d to %d",
			options->from_season, options->through_season);
	n = (double)measure.games;
	measure.margin_line /= n;
	measure.margin_result /= n;
	measure.total_line /= n;
	measure.total_result /= n;
	measure.brier /= n;
	measure.sum = measure.margin_line / margin_line_size +
		measure.margin_result / margin_result_size +
		total_share *
			(measure.total_line / total_line_size +
				measure.total_result / total_result_size);
	*ret = measure;
	return NULL;
}

/* Parameters that cannot be negative move by a factor,
 * others by a share of their range. */
static double
moved(const struct parameter_row *row, double value, double step)
{
	double ret = row->least > 0 ? value * exp(step)
				    : value + step * 0.25 * (row->most - row->least);

	return fmin(fmax(ret, row->least), row->most);
}

struct search {
	struct arena *scratch;
	const struct fit_options *options;
	const struct model_game *games;
	size_t count;
	struct parameters best;
	struct fit_measure measure;
	double steps[PARAMETER_COUNT];
};

/* Try one parameter in the direction of its step, then the other way. */
static struct err *
search_one(struct search *search, int index)
{
	const struct parameter_row *row = &parameter_rows()[index];
	const struct fit_options *options = search->options;
	double value = ((double *)&search->best)[index];
	double step = search->steps[index];
	struct parameters trials[FIT_TRIALS] = { search->best, search->best };
	struct fit_measure measures[FIT_TRIALS];

	((double *)&trials[0])[index] = moved(row, value, step);
	((double *)&trials[1])[index] = moved(row, value, -step);
	if (options->judge_pair)
		TRY(options->judge_pair(options->judge_pair_arg, trials, measures));
	for (int turn = 0; turn < FIT_TRIALS; turn++) {
		if (!options->judge_pair)
			TRY(fit_judge(search->scratch, options, &trials[turn],
				search->games, search->count, &measures[turn]));
		if (measures[turn].sum < search->measure.sum) {
			search->best = trials[turn];
			search->measure = measures[turn];
			search->steps[index] = (turn == 0 ? step : -step) * 1.6;
			return NULL;
		}
	}
	search->steps[index] = step * 0.5;
	return NULL;
}

struct err *
fit_past(struct arena *arena, const struct fit_options *options,
	const struct model_game *games, size_t count, struct model_game **ret_past,
	size_t *ret_count)
{
	struct model_game *past;
	size_t kept = 0;

	TRY_NEW(arena, past, count + 1);
	for (size_t i = 0; i < count; i++)
		if (games[i].season <= options->through_season)
			past[kept++] = games[i];
	*ret_past = past;
	*ret_count = kept;
	return NULL;
}

struct err *
fit_parameters(struct arena *scratch, const struct fit_options *options,
	const struct model_game *games, size_t count, struct parameters *ret)
{
	struct search search = { .scratch = scratch, .options = options };
	struct model_game *past;

	search.best = options->start ? *options->start : *parameters_of(options->tier);
	TRY(fit_past(scratch, options, games, count, &past, &search.count));
	search.games = past;
	for (int i = 0; i < PARAMETER_COUNT; i++)
		search.steps[i] = 0.1;
	TRY(fit_judge(
		scratch, options, &search.best, past, search.count, &search.measure));
	for (int pass = 0; pass < options->passes; pass++) {
		for (int i = 0; i < PARAMETER_COUNT; i++)
			if (parameter_rows()[i].is_fitted)
				TRY(search_one(&search, i));
		if (options->on_pass)
			options->on_pass(options->on_pass_arg,
				&(struct fit_progress){ .pass = pass + 1,
					.passes = options->passes,
					.measure = search.measure });
	}
	*ret = search.best;
	return NULL;
}
