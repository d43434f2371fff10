#include <math.h>
#include <string.h>

#include "model/season_plan.h"

enum {
	WEEK_DAYS = 7,
	BYE_DAYS = 14,
	REGULAR_WEEKS = 17,
	REGULAR_WEEKS_NOW = 18,
	EIGHTEEN_WEEKS_SEASON = 2021,
};

/* --- What was known */

static bool
is_before(const struct model_game *game, struct season_time when)
{
	return game->season < when.season ||
		(game->season == when.season && game->week < when.week);
}

static int
first_day(const struct model_game *games, size_t count, struct season_time when)
{
	int ret = INT32_MAX;

	for (size_t i = 0; i < count; i++)
		if (games[i].season == when.season && games[i].week == when.week &&
			games[i].day < ret)
			ret = games[i].day;
	return ret;
}

static void
forget(struct model_game *game, bool forget_quarterbacks)
{
	struct opt_f64 *const later[] = { &game->temperature_f, &game->wind_mph,
		&game->spread_line, &game->total_line, &game->home_moneyline,
		&game->away_moneyline, &game->home_spread_odds, &game->away_spread_odds,
		&game->over_odds, &game->under_odds };

	game->is_played = false;
	game->home_score = game->away_score = 0;
	game->roof = ROOF_UNKNOWN;
	for (size_t i = 0; i < COUNT_OF(later); i++)
		*later[i] = (struct opt_f64){ .is_set = false };
	if (!forget_quarterbacks)
		return;
	game->home_quarterback = QUARTERBACK_UNKNOWN;
	game->away_quarterback = QUARTERBACK_UNKNOWN;
}

struct err *
season_cut(struct arena *arena, const struct model_game *games, size_t count,
	struct season_time when, struct season_view *ret)
{
	int day = first_day(games, count, when);
	struct model_game *seen;
	size_t kept = 0;

	TRY_NEW(arena, seen, count + 1);
	for (size_t i = 0; i < count; i++) {
		struct model_game *game = &seen[kept];

		if (games[i].season > when.season)
			continue;
		kept++;
		*game = games[i];
		if (when.is_live && game->is_played)
			continue;
		if (!is_before(game, when) || game->day >= day)
			forget(game,
				game->season == when.season && game->week > when.week &&
					!when.is_live);
	}
	ret->games = seen;
	ret->count = kept;
	return NULL;
}

struct walk_options
season_walk(enum tier tier, struct season_time when)
{
	return (struct walk_options){
		.tier = tier, .keep_season = when.season, .keep_week = when.week
	};
}

/* Whether GAME was played, and nothing was known of it before WHEN, which began on
 * FIRST_DAY. */
static bool
is_played_since(const struct model_game *game, struct season_time when, int first_day)
{
	return game->is_played && game->season == when.season &&
		(game->week >= when.week || game->day >= first_day);
}

int
season_played_since(struct season_view view, struct season_time when)
{
	int day = first_day(view.games, view.count, when);
	int ret = 0;

	for (size_t i = 0; i < view.count; i++)
		ret += is_played_since(&view.games[i], when, day);
	return ret;
}

/* Whether the league has gone on without GAME: never made up, or given another id for
 * another week. */
static bool
is_called_off(const struct model_game *games, size_t count, const struct model_game *game)
{
	for (size_t i = 0; i < count; i++)
		if (games[i].is_played && games[i].season == game->season &&
			games[i].week > game->week && games[i].day > game->day)
			return true;
	return false;
}

/* By the day, as a game that was put off keeps its week. */
static bool
is_sooner(const struct model_game *game, const struct model_game *other)
{
	return game->day != other->day ? game->day < other->day
				       : game->week < other->week;
}

int
season_next_week(const struct model_game *games, size_t count, int season)
{
	const struct model_game *next = NULL;
	int last = 0;

	for (size_t i = 0; i < count; i++) {
		const struct model_game *game = &games[i];

		if (game->season != season)
			continue;
		last = game->week > last ? game->week : last;
		if (!game->is_played && (!next || is_sooner(game, next)) &&
			!is_called_off(games, count, game))
			next = game;
	}
	return next ? next->week : last ? last + 1 : 0;
}

/* --- Who plays: whoever was named last plays on, as in the walk */

struct planner {
	struct arena *arena;
	const struct walk *walk;
	struct season_view view;
	struct season_plan *plan;
	int last_week, last_day; /* of the regular season */
	int first_day;           /* of the week it is looked from */
	/* The state for the weeks after this: it has learned what has been played since,
	 * and expects whoever was named by then; what will be at stake is not known. */
	struct state *later;
	uint32_t learned; /* clubs that have played since */
};

static struct err *
make_later_state(struct planner *planner)
{
	const struct state *now = planner->walk->state;
	size_t count = (size_t)now->quarterback_count + 1;
	struct state *later;

	TRY_NEW(planner->arena, later, 1);
	*later = *now;
	TRY_NEW(planner->arena, later->quarterbacks, count);
	memcpy(later->quarterbacks, now->quarterbacks,
		count * sizeof(*later->quarterbacks));
	for (size_t i = 0; i < planner->view.count; i++) {
		const struct model_game *game = &planner->view.games[i];

		if (!is_played_since(game, planner->plan->when, planner->first_day))
			continue;
		state_learn(later, game, planner->walk->options.tier != TIER_S);
		planner->learned |= UINT32_C(1) << game->home | UINT32_C(1) << game->away;
	}
	memset(later->stakes, 0, sizeof(later->stakes));
	planner->later = later;
	return NULL;
}

/* --- What is expected */

/* In the week looked from as that week's forecasts have it, of clubs that have not played
 * in it yet. */
static struct prediction
expect(const struct planner *planner, const struct model_game *game)
{
	uint32_t clubs = UINT32_C(1) << game->home | UINT32_C(1) << game->away;
	bool is_now = game->week <= planner->plan->when.week &&
		!(planner->learned & clubs);
	struct model_game seen = *game;

	if (seen.home_quarterback == QUARTERBACK_UNKNOWN)
		seen.home_quarterback = planner->later->starter[game->home];
	if (seen.away_quarterback == QUARTERBACK_UNKNOWN)
		seen.away_quarterback = planner->later->starter[game->away];
	return state_predict(
		is_now ? planner->walk->state : planner->later, &seen, WEATHER_CLIMATE);
}

static int
step_of(const struct planner *planner, int week)
{
	int steps = week - planner->plan->when.week;

	return steps > 0 ? steps : 0;
}

static void
add_regular_game(struct planner *planner, const struct model_game *game)
{
	struct season_plan *plan = planner->plan;
	struct season_game added = {
		.home = (uint8_t)game->home,
		.away = (uint8_t)game->away,
		.is_neutral = game->is_neutral,
		.step = (uint8_t)step_of(planner, game->week),
	};
	struct prediction prediction;
	int place = plan->game_count;

	if (game->is_played) {
		standings_add(&plan->standings, game);
		return;
	}
	if ((game->week < plan->when.week && game->day < planner->first_day) ||
		is_called_off(planner->view.games, planner->view.count, game))
		return;
	standings_meet(&plan->standings, game->home, game->away);
	prediction = expect(planner, game);
	state_expect(planner->later, game);
	added.margin = (float)prediction.margin;
	added.total = (float)prediction.total;
	for (; place > 0 && plan->games[place - 1].step > added.step; place--)
		plan->games[place] = plan->games[place - 1];
	plan->games[place] = added;
	plan->game_count++;
}

static void
add_playoff_game(struct planner *planner, const struct model_game *game)
{
	struct season_plan *plan = planner->plan;
	int16_t winner = game_margin(game) > 0 ? 1 : -1;

	if (!game->is_played) {
		state_expect(planner->later, game);
		return;
	}
	plan->winner[game->type][game->home][game->away] = winner;
	plan->winner[game->type][game->away][game->home] = (int16_t)-winner;
}

static struct err *
add_games(struct planner *planner)
{
	struct season_plan *plan = planner->plan;

	planner->last_week = plan->when.season < EIGHTEEN_WEEKS_SEASON
		? REGULAR_WEEKS
		: REGULAR_WEEKS_NOW;
	for (size_t i = 0; i < planner->view.count; i++) {
		const struct model_game *game = &planner->view.games[i];

		if (game->season != plan->when.season)
			continue;
		if (game_is_playoff(game)) {
			add_playoff_game(planner, game);
			continue;
		}
		if (plan->game_count == MOST_SEASON_GAMES)
			return err_in(planner->arena, ERR_INVALID,
				"season %d has more than %d games", plan->when.season,
				MOST_SEASON_GAMES);
		if (game->week > planner->last_week)
			planner->last_week = game->week;
		if (game->day > planner->last_day)
			planner->last_day = game->day;
		add_regular_game(planner, game);
	}
	if (planner->last_day == 0)
		return err_in(planner->arena, ERR_NOT_FOUND,
			"there are no games of season %d", plan->when.season);
	return NULL;
}

/* Every playoff game that may come. */
static void
add_pairings(struct planner *planner, int home, int away)
{
	struct season_plan *plan = planner->plan;
	struct model_game game = MODEL_GAME_INIT;
	double there, here;

	game.season = plan->when.season;
	game.home = home;
	game.away = away;
	game.is_division = team_is_division_game(home, away, game.season);
	game.type = GAME_DIVISIONAL;
	game.week = planner->last_week + GAME_DIVISIONAL;
	game.day = planner->last_day + GAME_DIVISIONAL * WEEK_DAYS;
	plan->at_home[0][home][away] = (float)expect(planner, &game).margin;
	game.home_rest_days = BYE_DAYS;
	plan->at_home[1][home][away] = (float)expect(planner, &game).margin;

	/* On neutral ground it must not matter who is called the home team. */
	game.type = GAME_SUPER_BOWL;
	game.week = planner->last_week + GAME_SUPER_BOWL;
	game.is_neutral = true;
	game.home_rest_days = game.away_rest_days = BYE_DAYS;
	here = expect(planner, &game).margin;
	game.home = away;
	game.away = home;
	there = expect(planner, &game).margin;
	plan->neutral[home][away] = (float)((here - there) / 2);
}

static void
add_playoffs(struct planner *planner)
{
	struct season_plan *plan = planner->plan;

	for (int home = 0; home < FRANCHISES; home++)
		for (int away = 0; away < FRANCHISES; away++)
			if (home != away)
				add_pairings(planner, home, away);
	for (int round = GAME_WILD_CARD; round <= GAME_SUPER_BOWL; round++)
		plan->playoff_step[round] = step_of(planner, planner->last_week + round);
}

/* --- How far strengths may be from what is believed of them */

/* Where in STATE the parts of a club's strength stand; returns how many. */
static int
parts_of(const struct state *state, int strength, int quarterback, int ret[3])
{
	int count = 0;

	if (strength == STRENGTH_HOME) {
		ret[0] = STATE_HOME;
		return 1;
	}
	ret[count++] = STATE_OFFENCE + strength;
	ret[count++] = STATE_DEFENCE + strength;
	if (quarterback >= 0 && quarterback < state->quarterback_count &&
		state->quarterbacks[quarterback].is_known &&
		state->quarterbacks[quarterback].slot != SLOT_NONE)
		ret[count++] = STATE_QUARTERBACKS + state->quarterbacks[quarterback].slot;
	return count;
}

static double
covariance_of(const struct planner *planner, int a, int b)
{
	const struct state *state = planner->later;
	int starter[2] = { a < FRANCHISES ? state->starter[a] : QUARTERBACK_UNKNOWN,
		b < FRANCHISES ? state->starter[b] : QUARTERBACK_UNKNOWN };
	int left[3], right[3];
	int lefts = parts_of(state, a, starter[0], left);
	int rights = parts_of(state, b, starter[1], right);
	double sum = 0, mean, variance;

	for (int i = 0; i < lefts; i++)
		for (int j = 0; j < rights; j++)
			sum += state_covariance(state, left[i], right[j]);
	if (a == b && a < FRANCHISES && lefts == 2) {
		state_stranger(state, starter[0], NULL, &mean, &variance);
		sum += variance;
	}
	return sum;
}

/* Cholesky's root of the covariance of all strengths. */
static void
find_root(struct planner *planner)
{
	double root[STRENGTHS][STRENGTHS] = { { 0 } };
	const struct parameters *p = planner->walk->state->parameters;

	for (int i = 0; i < STRENGTHS; i++)
		for (int j = 0; j <= i; j++) {
			double sum = covariance_of(planner, i, j);

			for (int k = 0; k < j; k++)
				sum -= root[i][k] * root[j][k];
			if (i == j)
				root[i][i] = sqrt(fmax(sum, 1e-12));
			else
				root[i][j] = sum / root[j][j];
			planner->plan->root[j][i] = (float)root[i][j];
		}
	planner->plan->week_sd = (float)sqrt(
		p->week_offence + p->week_defence + p->week_quarterback);
}

/* --- Tables to draw from */

/* Walker's alias method: columns too full lend to columns too empty. */
static void
make_aliases(const double chance[MARGIN_COLUMNS], uint32_t entry[MARGIN_COLUMNS])
{
	double left[MARGIN_COLUMNS];
	int small[MARGIN_COLUMNS] = { 0 }, large[MARGIN_COLUMNS] = { 0 };
	int smalls = 0, larges = 0;
	const double full = (double)(UINT32_MAX / MARGIN_COLUMNS);

	for (int i = 0; i < MARGIN_COLUMNS; i++) {
		left[i] = chance[i] * MARGIN_COLUMNS;
		if (left[i] < 1)
			small[smalls++] = i;
		else
			large[larges++] = i;
		/* A column with all to itself lends to itself. */
		entry[i] = (uint32_t)full * MARGIN_COLUMNS | (uint32_t)i;
	}
	while (smalls > 0 && larges > 0) {
		int poor = small[--smalls], rich = large[larges - 1];

		entry[poor] = (uint32_t)(left[poor] * full) * MARGIN_COLUMNS |
			(uint32_t)rich;
		left[rich] -= 1 - left[poor];
		if (left[rich] < 1) {
			larges--;
			small[smalls++] = rich;
		}
	}
}

/* As the engine would forecast a game of which it were certain what to expect. */
static void
make_table(const struct planner *planner, enum game_type type, struct margin_table *table)
{
	struct model_game game = MODEL_GAME_INIT;
	enum tier tier = planner->walk->options.tier == TIER_S ? TIER_S : TIER_L;

	game.type = type;
	for (int row = 0; row < MARGIN_ROWS; row++) {
		struct prediction prediction = {
			.margin = (double)row / MARGIN_STEPS - MARGIN_REACH,
		};
		struct forecast forecast = calibration_forecast(
			&planner->walk->calibration, tier, &game, &prediction, false);
		double list[MOST_POINTS] = { 0 }, chance[MARGIN_COLUMNS] = { 0 };
		int count = distribution_list(&forecast.margins, list);

		for (int i = 0; i < count; i++) {
			int column = forecast.margins.first + i + MARGIN_MIDDLE;

			column = column < 0 ? 0 : column;
			column = column < MARGIN_COLUMNS ? column : MARGIN_COLUMNS - 1;
			chance[column] += list[i];
		}
		make_aliases(chance, table->entry[row]);
		planner->plan->total_sd = (float)forecast.total_sd;
	}
}

/* The middles of equal parts of the bell curve, by halving; scaled to variance 1. */
static void
make_normals(float normal[NORMALS])
{
	double middle[NORMALS], squares = 0;

	for (int i = 0; i < NORMALS; i++) {
		double wanted = (i + 0.5) / NORMALS, low = -5, high = 5;

		for (int round = 0; round < 40; round++) {
			double x = (low + high) / 2;

			if (0.5 * erfc(-x * M_SQRT1_2) < wanted)
				low = x;
			else
				high = x;
		}
		middle[i] = (low + high) / 2;
		squares += middle[i] * middle[i];
	}
	for (int i = 0; i < NORMALS; i++)
		normal[i] = (float)(middle[i] * sqrt(NORMALS / squares));
}

struct err *
season_plan_new(struct arena *arena, const struct walk *walk, struct season_view view,
	struct season_time when, struct season_plan **ret)
{
	struct planner planner = { .arena = arena, .walk = walk, .view = view };

	if (when.season < STANDINGS_FIRST_SEASON)
		return err_in(arena, ERR_INVALID,
			"seasons before %d had other divisions and are not played",
			STANDINGS_FIRST_SEASON);
	TRY_NEW(arena, planner.plan, 1);
	planner.plan->when = when;
	standings_init(&planner.plan->standings, when.season);
	planner.first_day = first_day(view.games, view.count, when);
	TRY(make_later_state(&planner));
	TRY(add_games(&planner));
	add_playoffs(&planner);
	find_root(&planner);
	make_table(&planner, GAME_REGULAR, &planner.plan->regular);
	make_table(&planner, GAME_DIVISIONAL, &planner.plan->playoff);
	make_normals(planner.plan->normal);
	*ret = planner.plan;
	return NULL;
}

bool
season_plan_suppose(
	struct season_plan *plan, int home, int away, enum season_result result)
{
	for (int i = 0; i < plan->game_count; i++)
		if (plan->games[i].home == home && plan->games[i].away == away) {
			plan->games[i].supposed = (uint8_t)result;
			return true;
		}
	return false;
}
