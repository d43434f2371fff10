#include "model/walk.h"

#include <stdlib.h>
#include <string.h>

enum {
	MOST_SEASON_GAMES = 512,
};

/* A game in the order of the walk. */
struct walker_game {
	const struct model_game *game;
	struct forecast *forecast;
	struct prediction prediction;
	bool is_learned;
};

struct walker {
	struct arena *arena;
	struct walk *walk;
	struct walker_game *games;
	size_t count;
	size_t waiting; /* games before this one are learned from, or will never be */
	size_t settled; /* games before this one have been played */
	struct state *state;
	struct calibration calibration;
	int season;
};

static int
compare_games(const void *left, const void *right)
{
	return game_compare(((const struct walker_game *)left)->game,
		((const struct walker_game *)right)->game);
}

static bool
is_same_week(const struct model_game *a, const struct model_game *b)
{
	return a->season == b->season && a->week == b->week;
}

static struct err *
check_game(struct arena *arena, const struct model_game *game, size_t index)
{
	if (game->home < 0 || game->home >= FRANCHISES || game->away < 0 ||
		game->away >= FRANCHISES || game->home == game->away)
		return err_in(arena, ERR_INVALID, "game %zu has no two teams", index);
	if (game->home_quarterback < QUARTERBACK_UNKNOWN ||
		game->away_quarterback < QUARTERBACK_UNKNOWN)
		return err_in(
			arena, ERR_INVALID, "game %zu has no such quarterback", index);
	return NULL;
}

/* Put the games in order and make room for everything. */
static struct err *
prepare(struct walker *walker, const struct model_game *games)
{
	struct walk *walk = walker->walk;
	int quarterbacks = 0;
	size_t weeks = 0;

	TRY_NEW(walker->arena, walker->games, walker->count + 1);
	TRY_NEW(walker->arena, walk->forecasts, walker->count + 1);
	for (size_t i = 0; i < walker->count; i++) {
		const struct model_game *game = &games[i];

		TRY(check_game(walker->arena, game, i));
		walker->games[i].game = game;
		walker->games[i].forecast = &walk->forecasts[i];
		if (game->home_quarterback >= quarterbacks)
			quarterbacks = game->home_quarterback + 1;
		if (game->away_quarterback >= quarterbacks)
			quarterbacks = game->away_quarterback + 1;
	}
	qsort(walker->games, walker->count, sizeof(*walker->games), compare_games);
	for (size_t i = 0; i < walker->count; i++) {
		weeks += i == 0 ||
			!is_same_week(walker->games[i - 1].game, walker->games[i].game);
		if (walker->games[i].game->is_played)
			walker->settled = i + 1;
	}
	if (walk->options.keep_ratings)
		TRY_NEW(walker->arena, walk->weeks, weeks + 1);
	return state_new(
		walker->arena, walk->options.parameters, quarterbacks, &walker->state);
}

/* Learn from the games before number END that were played before DAY. */
static struct err *
learn(struct walker *walker, size_t end, int day)
{
	for (size_t i = walker->waiting; i < end; i++) {
		struct walker_game *game = &walker->games[i];

		if (!game->is_learned && game->game->is_played && game->game->day < day) {
			TRY(calibration_add(&walker->calibration, walker->arena,
				game->game, &game->prediction));
			state_learn(walker->state, game->game,
				walker->walk->options.tier != TIER_S);
			game->is_learned = true;
		}
		if (i == walker->waiting && game->is_learned)
			walker->waiting++;
	}
	return NULL;
}

static void
forecast_week(struct walker *walker, size_t begin, size_t end)
{
	struct walk *walk = walker->walk;

	for (size_t i = begin; i < end; i++) {
		struct walker_game *game = &walker->games[i];
		struct model_game seen = *game->game;

		if (walk->options.use_last_starters) {
			seen.home_quarterback = QUARTERBACK_UNKNOWN;
			seen.away_quarterback = QUARTERBACK_UNKNOWN;
		}
		game->prediction = state_predict(
			walker->state, &seen, walk->options.weather);
		*game->forecast = calibration_forecast(&walker->calibration,
			walk->options.tier, game->game, &game->prediction,
			walk->options.only_chances);
	}
}

/* Later weeks, for which nobody is named yet, are forecast with those who are named
 * now. */
static void
expect_week(struct walker *walker, size_t begin, size_t end)
{
	if (walker->walk->options.use_last_starters)
		return;
	for (size_t i = begin; i < end; i++)
		if (!walker->games[i].game->is_played)
			state_expect(walker->state, walker->games[i].game);
}

static bool
is_to_keep(const struct walker *walker, size_t begin, size_t end)
{
	const struct walk_options *options = &walker->walk->options;
	const struct model_game *first = walker->games[begin].game;

	if (options->keep_season == 0)
		return end > walker->settled;
	return first->season > options->keep_season ||
		(first->season == options->keep_season &&
			first->week >= options->keep_week);
}

/* Keep the state as it is before the week to come. */
static struct err *
keep_state(struct walker *walker)
{
	struct state *state;

	TRY_NEW(walker->arena, state, 1);
	*state = *walker->state;
	TRY_NEW(walker->arena, state->quarterbacks, (size_t)state->quarterback_count + 1);
	memcpy(state->quarterbacks, walker->state->quarterbacks,
		((size_t)state->quarterback_count + 1) * sizeof(*state->quarterbacks));
	walker->walk->state = state;
	walker->walk->calibration = walker->calibration;
	return NULL;
}

static void
find_stakes(struct walker *walker, size_t begin)
{
	const struct model_game *season[MOST_SEASON_GAMES];
	const struct model_game *now = walker->games[begin].game;
	size_t first = begin, count = 0;

	while (first > 0 && walker->games[first - 1].game->season == now->season)
		first--;
	for (size_t i = first; i < walker->count && count < MOST_SEASON_GAMES &&
		walker->games[i].game->season == now->season;
		i++)
		season[count++] = walker->games[i].game;
	stakes_of(season, count, now->week, walker->state->stakes);
}

static struct err *
walk_week(struct walker *walker, size_t begin, size_t end)
{
	struct walk *walk = walker->walk;
	const struct model_game *first = walker->games[begin].game;

	TRY(learn(walker, begin, first->day));
	if (first->season != walker->season)
		TRY(calibration_refit(&walker->calibration, walker->arena));
	walker->season = first->season;
	state_step(walker->state, first->season);
	find_stakes(walker, begin);
	if (walk->options.on_week)
		walk->options.on_week(walk->options.on_week_arg, walker->state,
			first->season, first->week);
	if (walk->options.keep_ratings) {
		struct walk_week *week = &walk->weeks[walk->week_count++];

		week->season = first->season;
		week->week = first->week;
		state_ratings(walker->state, week->ratings);
	}
	forecast_week(walker, begin, end);
	if (!walk->state && is_to_keep(walker, begin, end))
		TRY(keep_state(walker));
	expect_week(walker, begin, end);
	return NULL;
}

struct err *
walk_games(struct arena *arena, struct walk_options options,
	const struct model_game *games, size_t count, struct walk *ret)
{
	struct walk walk = { .options = options };
	struct walker walker = { .arena = arena, .walk = &walk, .count = count };

	if (!walk.options.parameters)
		walk.options.parameters = parameters_of(options.tier);
	TRY(prepare(&walker, games));
	calibration_init(&walker.calibration, walk.options.parameters);
	for (size_t begin = 0, end; begin < count; begin = end) {
		for (end = begin; end < count &&
			is_same_week(walker.games[begin].game, walker.games[end].game);
			end++)
			;
		if (options.is_cancelled && options.is_cancelled())
			return err_in(arena, ERR_TIMEOUT,
				"the model was stopped before its end");
		TRY(walk_week(&walker, begin, end));
	}
	TRY(learn(&walker, count, INT32_MAX));
	if (!walk.state)
		TRY(keep_state(&walker));
	*ret = walk;
	return NULL;
}

struct forecast
walk_forecast(const struct walk *walk, const struct model_game *game)
{
	struct prediction prediction = state_predict(
		walk->state, game, walk->options.weather);

	return calibration_forecast(&walk->calibration, walk->options.tier, game,
		&prediction, walk->options.only_chances);
}
