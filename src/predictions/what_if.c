#include "predictions/what_if.h"

#include <stdlib.h>

#include "model/team.h"
#include "sys/wait.h"

enum {
	MOST_AT_ONCE = 4,
	NEAR = 4,
	SEASONS_SHOWN = 2,
};

/* How many ask: each holds a thread for a tenth of a second. */
static _Atomic int asking_count;

struct asking {
	struct ctx *ctx;
	struct game_set games;
	struct season_time when;
	struct walk walk;
	struct err *err;
	int *last_season; /* that each passer started in, before WHEN */
	int *last_team;
};

/* As it was, or will be, before the week: what is known later is cut away. */
static struct err *
walk_to(struct asking *asking)
{
	struct arena *arena = asking->ctx->arena;
	struct season_view view;

	TRY(season_cut(
		arena, asking->games.numbers, asking->games.count, asking->when, &view));
	return walk_games(arena,
		(struct walk_options){
			.tier = TIER_L,
			.keep_season = asking->when.season,
			.keep_week = asking->when.week,
			.is_cancelled = fiber_is_cancelled,
		},
		view.games, view.count, &asking->walk);
}

static void
walk_elsewhere(void *arg)
{
	struct asking *asking = arg;

	asking->err = walk_to(asking);
}

/* For whom each passer last started before the week. Games come in their order. */
static struct err *
note_starts(struct asking *asking)
{
	size_t count = asking->games.passer_count;

	TRY_NEW(asking->ctx->arena, asking->last_season, count + 1);
	TRY_NEW(asking->ctx->arena, asking->last_team, count + 1);
	for (size_t i = 0; i < asking->games.count; i++) {
		const struct model_game *game = &asking->games.numbers[i];
		const int passers[] = { game->home_quarterback, game->away_quarterback };
		const int teams[] = { game->home, game->away };

		if (!game->is_played || game->season > asking->when.season ||
			(game->season == asking->when.season &&
				game->week >= asking->when.week))
			continue;
		for (int side = 0; side < 2; side++) {
			if (passers[side] == QUARTERBACK_UNKNOWN)
				continue;
			asking->last_season[passers[side]] = game->season;
			asking->last_team[passers[side]] = teams[side];
		}
	}
	return NULL;
}

static struct err *
walk_through(struct asking *asking)
{
	struct err *err;

	if (atomic_fetch_add(&asking_count, 1) >= MOST_AT_ONCE)
		err = err_new(asking->ctx, ERR_BUSY,
			"too many ask what would be if; try again in a moment");
	else
		err = fiber_offload(asking->ctx, walk_elsewhere, asking);
	atomic_fetch_sub(&asking_count, 1);
	TRY(err);
	TRY(asking->err);
	return note_starts(asking);
}

static struct quarterback_row
row_of(const struct asking *asking, int passer)
{
	const struct state *state = asking->walk.state;
	struct quarterback_row ret = { .worth = 0 };

	state_quarterback(state, passer, &ret.worth, &ret.worth_se);
	if (passer == QUARTERBACK_UNKNOWN)
		return ret;
	ret.id = asking->games.passers[passer].id;
	ret.name = asking->games.passers[passer].name;
	if (passer < state->quarterback_count)
		ret.starts = state->quarterbacks[passer].starts;
	if (asking->last_season[passer]) {
		int team = asking->last_team[passer];

		ret.team = team_code_in(team, asking->when.season);
		ret.is_starter = state->starter[team] == passer;
	}
	return ret;
}

/* --- A game with other quarterbacks */

/* The passer that TEXT, an id or a name, stands for. */
static struct err *
passer_find(const struct asking *asking, const char *field, struct str text, int *ret)
{
	const struct game_set *games = &asking->games;
	size_t near_distance = NEAR;
	struct str near = STR_NONE;
	int found = QUARTERBACK_UNKNOWN;

	for (size_t i = 0; i < games->passer_count; i++) {
		const struct passer *passer = &games->passers[i];
		size_t distance;

		if (str_eq(passer->id, text)) {
			*ret = (int)i;
			return NULL;
		}
		if (str_is_none(passer->name))
			continue;
		distance = str_distance(passer->name, text);
		if (str_eq_nocase(passer->name, text)) {
			if (found != QUARTERBACK_UNKNOWN)
				return err_field(asking->ctx, field,
					"more than one quarterback is called '" STR_FMT
					"'; give his id, from /v1/ratings/quarterbacks",
					STR_ARG(text));
			found = (int)i;
		} else if (distance < near_distance) {
			near = passer->name;
			near_distance = distance;
		}
	}
	*ret = found;
	if (found != QUARTERBACK_UNKNOWN)
		return NULL;
	if (!str_is_none(near))
		return err_field(asking->ctx, field,
			"no quarterback is called '" STR_FMT "'; did you mean '" STR_FMT
			"'?",
			STR_ARG(text), STR_ARG(near));
	return err_field(asking->ctx, field,
		"no quarterback has the name or id '" STR_FMT
		"'; /v1/ratings/quarterbacks lists them",
		STR_ARG(text));
}

static struct err *
choose_quarterbacks(const struct asking *asking, const struct what_if_options *options,
	struct model_game *game)
{
	if (!str_is_none(options->home_quarterback))
		TRY(passer_find(asking, "home_qb", options->home_quarterback,
			&game->home_quarterback));
	if (!str_is_none(options->away_quarterback))
		TRY(passer_find(asking, "away_qb", options->away_quarterback,
			&game->away_quarterback));
	if (game->home_quarterback != QUARTERBACK_UNKNOWN &&
		game->home_quarterback == game->away_quarterback)
		return err_field(asking->ctx, "away_qb",
			"one quarterback cannot play for both teams");
	return NULL;
}

/* Who plays for FRANCHISE where the game names nobody: the last starter. */
static int
named_or_last(const struct asking *asking, int quarterback, int franchise)
{
	return quarterback == QUARTERBACK_UNKNOWN ? asking->walk.state->starter[franchise]
						  : quarterback;
}

struct err *
what_if_forecast(
	struct ctx *ctx, const struct what_if_options *options, struct what_if *ret)
{
	struct asking asking = { .ctx = ctx };
	struct what_if what_if = { .game = NULL };
	struct model_game game = MODEL_GAME_INIT;

	TRY(game_set_read(ctx, &asking.games));
	for (size_t i = 0; i < asking.games.count; i++)
		if (str_eq(asking.games.games[i].nflverse_id, options->game_id)) {
			what_if.game = &asking.games.games[i];
			game = asking.games.numbers[i];
		}
	if (!what_if.game)
		return err_new(ctx, ERR_NOT_FOUND, "no such game");
	asking.when = (struct season_time){ game.season, game.week };
	TRY(walk_through(&asking));
	what_if.as_named = walk_forecast(&asking.walk, &game);
	TRY(choose_quarterbacks(&asking, options, &game));
	what_if.forecast = walk_forecast(&asking.walk, &game);
	what_if.home = row_of(
		&asking, named_or_last(&asking, game.home_quarterback, game.home));
	what_if.away = row_of(
		&asking, named_or_last(&asking, game.away_quarterback, game.away));
	*ret = what_if;
	return NULL;
}

/* --- All quarterbacks */

static int
compare_rows(const void *left, const void *right)
{
	const struct quarterback_row *a = left, *b = right;

	if (a->worth != b->worth)
		return a->worth > b->worth ? -1 : 1;
	return str_cmp(a->id, b->id);
}

struct err *
quarterbacks_before(
	struct ctx *ctx, struct season_time when, struct quarterback_list *ret)
{
	struct asking asking = { .ctx = ctx, .when = when };
	struct quarterback_list list = { .count = 0 };

	TRY(game_set_read(ctx, &asking.games));
	if (season_next_week(asking.games.numbers, asking.games.count, when.season) == 0)
		return err_new(ctx, ERR_NOT_FOUND, "there are no games of season %d",
			when.season);
	TRY(walk_through(&asking));
	TRY_NEW(ctx->arena, list.items, asking.games.passer_count + 1);
	for (size_t i = 0; i < asking.games.passer_count; i++)
		if (asking.last_season[i] > when.season - SEASONS_SHOWN)
			list.items[list.count++] = row_of(&asking, (int)i);
	qsort(list.items, list.count, sizeof(*list.items), compare_rows);
	*ret = list;
	return NULL;
}
