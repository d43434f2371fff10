#include "predictions/rating.h"

#include <math.h>

#include "base/map.h"
#include "model/team.h"
#include "predictions/ratings_q.h"

enum {
	FIRST_SEASON = 1920,
	SEASONS = 181, /* to 2100 */
	KEY_BYTES_MAX = 32,
};

struct storing {
	struct tx *tx;
	struct str model;
	const struct game_set *games;
	/* Whether a franchise plays in a season: before 2002 there is no Houston. */
	bool plays[SEASONS][FRANCHISES];
	struct map stored; /* "2023 1 KC" → struct rating_stored */
	struct {
		VEC_OF(struct rating_put)
	} puts;
};

static struct str
key_of(char storage[static KEY_BYTES_MAX], int32_t season, int32_t week, struct str team)
{
	int len = snprintf(
		storage, KEY_BYTES_MAX, "%d %d " STR_FMT, season, week, STR_ARG(team));

	return (struct str){ .ptr = storage, .len = (size_t)len };
}

static struct err *
stored_keep(void *arg, const struct rating_stored *row)
{
	struct storing *storing = arg;
	struct arena *arena = storing->tx->ctx->arena;
	struct rating_stored *kept;
	char storage[KEY_BYTES_MAX];
	struct str key = str_dup(
		arena, key_of(storage, row->season, row->week, row->team));

	TRY_NEW(arena, kept, 1);
	*kept = *row;
	kept->team = STR_NONE;
	if (!str_is_none(row->quarterback_id))
		kept->quarterback_id = str_dup(arena, row->quarterback_id);
	if (str_is_none(key) || !map_put(&storing->stored, key, kept))
		return err_no_memory();
	return NULL;
}

static double
rounded(double points)
{
	return round(points * 1e4) / 1e4;
}

/* 1 for the strongest; of two alike the one with the lower number. */
static int32_t
rank_of(const struct storing *storing, const struct walk_week *week, int franchise)
{
	const bool *plays = storing->plays[week->season - FIRST_SEASON];
	double overall = week->ratings[franchise].overall;
	int32_t rank = 1;

	for (int other = 0; other < FRANCHISES; other++) {
		double theirs = week->ratings[other].overall;

		rank += plays[other] &&
			(theirs > overall || (theirs == overall && other < franchise));
	}
	return rank;
}

static struct rating_put
put_of(const struct storing *storing, const struct walk_week *week, int franchise)
{
	const struct rating *rating = &week->ratings[franchise];
	struct rating_put put = {
		.model = storing->model,
		.season = week->season,
		.week = week->week,
		.team = team_code_in(franchise, week->season),
		.offence = rounded(rating->offence),
		.defence = rounded(rating->defence),
		.quarterback = rounded(rating->quarterback),
		.total = rounded(rating->overall),
		.offence_se = rounded(rating->offence_se),
		.defence_se = rounded(rating->defence_se),
		.quarterback_se = rounded(rating->quarterback_se),
		.total_se = rounded(rating->overall_se),
		.rank = rank_of(storing, week, franchise),
		.details = STR("{}"),
		.now = storing->tx->ctx->now,
	};

	if (rating->starter >= 0 &&
		(size_t)rating->starter < storing->games->passer_count) {
		put.quarterback_id = storing->games->passers[rating->starter].id;
		put.quarterback_name = storing->games->passers[rating->starter].name;
	}
	return put;
}

static bool
is_stored(const struct storing *storing, const struct rating_put *put)
{
	char storage[KEY_BYTES_MAX];
	const struct rating_stored *stored = map_find(
		&storing->stored, key_of(storage, put->season, put->week, put->team));

	return stored && stored->offence == put->offence &&
		stored->defence == put->defence &&
		stored->quarterback == put->quarterback && stored->total == put->total &&
		stored->offence_se == put->offence_se &&
		stored->defence_se == put->defence_se &&
		stored->quarterback_se == put->quarterback_se &&
		stored->total_se == put->total_se && stored->rank == put->rank &&
		str_eq(stored->quarterback_id, put->quarterback_id);
}

static struct err *
week_plan(struct storing *storing, const struct walk_week *week)
{
	for (int franchise = 0; franchise < FRANCHISES; franchise++) {
		struct rating_put put;

		if (!storing->plays[week->season - FIRST_SEASON][franchise])
			continue;
		put = put_of(storing, week, franchise);
		if (!is_stored(storing, &put) &&
			!VEC_PUSH(storing->tx->ctx->arena, &storing->puts, put))
			return err_no_memory();
	}
	return NULL;
}

static bool
is_in_scope(const struct walk_week *week, struct rating_scope scope)
{
	return scope.is_all ||
		(week->season == scope.season &&
			(scope.week == 0 || week->week == scope.week));
}

struct err *
rating_store(struct tx *tx, struct str model, const struct game_set *games,
	const struct walk *walk, struct rating_scope scope, int64_t *ret_stored)
{
	struct storing *storing;

	TRY_NEW(tx->ctx->arena, storing, 1);
	storing->tx = tx;
	storing->model = model;
	storing->games = games;
	map_init(&storing->stored, tx->ctx->arena);
	for (size_t i = 0; i < games->count; i++) {
		const struct model_game *game = &games->numbers[i];

		storing->plays[game->season - FIRST_SEASON][game->home] = true;
		storing->plays[game->season - FIRST_SEASON][game->away] = true;
	}
	TRY(q_ratings_stored(tx, model, stored_keep, storing));
	for (size_t i = 0; i < walk->week_count; i++) {
		if (is_in_scope(&walk->weeks[i], scope))
			TRY(week_plan(storing, &walk->weeks[i]));
	}
	return q_rating_put(tx, storing->puts.items, storing->puts.count, ret_stored);
}
