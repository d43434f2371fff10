#include "predictions/what_if.h"

#include <stdlib.h>

#include "model/team.h"
#include "predictions/believed.h"
#include "predictions/reads_q.h"

enum {
	NEAR = 4,
	SEASONS_SHOWN = 2,
};

struct asking {
	struct ctx *ctx;
	struct believed before;
};

static struct quarterback_row
row_of(const struct asking *asking, int passer)
{
	const struct state *state = asking->before.walk.state;
	const struct believed_passer *known;
	struct quarterback_row ret = { .worth = 0 };

	state_quarterback(state, passer, &ret.worth, &ret.worth_se);
	if (passer == QUARTERBACK_UNKNOWN)
		return ret;
	known = &asking->before.passers[passer];
	ret.id = known->id;
	ret.name = known->name;
	if (passer < state->quarterback_count)
		ret.starts = state->quarterbacks[passer].starts;
	if (known->last_season) {
		ret.team = team_code_in(known->last_team, asking->before.when.season);
		ret.is_starter = state->starter[known->last_team] == passer;
	}
	return ret;
}

/* --- A game with other quarterbacks */

/* The passer that TEXT, an id or a name, stands for. */
static struct err *
passer_find(const struct asking *asking, const char *field, struct str text, int *ret)
{
	const struct believed *before = &asking->before;
	size_t near_distance = NEAR;
	struct str near = STR_NONE;
	int found = QUARTERBACK_UNKNOWN;

	for (size_t i = 0; i < before->passer_count; i++) {
		const struct believed_passer *passer = &before->passers[i];
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
	return quarterback == QUARTERBACK_UNKNOWN
		? asking->before.walk.state->starter[franchise]
		: quarterback;
}

struct err *
what_if_forecast(
	struct ctx *ctx, const struct what_if_options *options, struct what_if *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct asking asking = { .ctx = ctx };
	const struct believed_game *found = NULL;
	const struct walk *walk = &asking.before.walk;
	struct what_if what_if = { .game_id = STR_NONE };
	struct model_game game;
	struct game_row row;
	bool is_there;

	TRY(q_game_by_nflverse_id(&tx, options->game_id, &row, &is_there));
	if (is_there && row.cancelled_at.is_set)
		return err_new(ctx, ERR_GONE,
			"this game was called off: nothing is forecast of it any more");
	if (is_there)
		TRY(believed_before(ctx,
			(struct season_time){ .season = row.season, .week = row.week },
			&asking.before));
	for (size_t i = 0; i < asking.before.game_count && !found; i++)
		if (str_eq(asking.before.games[i].id, options->game_id))
			found = &asking.before.games[i];
	if (!found)
		return err_new(ctx, ERR_NOT_FOUND, "no such game");
	game = found->numbers;
	what_if.game_id = found->id;
	what_if.home_team = found->home_team;
	what_if.away_team = found->away_team;
	what_if.as_named = walk_forecast(walk, &game);
	TRY(choose_quarterbacks(&asking, options, &game));
	what_if.forecast = walk_forecast(walk, &game);
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
	struct asking asking = { .ctx = ctx };
	struct quarterback_list list = { .count = 0 };

	TRY(believed_before(ctx, when, &asking.before));
	TRY_NEW(ctx->arena, list.items, asking.before.passer_count + 1);
	for (size_t i = 0; i < asking.before.passer_count; i++)
		if (asking.before.passers[i].last_season > when.season - SEASONS_SHOWN)
			list.items[list.count++] = row_of(&asking, (int)i);
	qsort(list.items, list.count, sizeof(*list.items), compare_rows);
	*ret = list;
	return NULL;
}
