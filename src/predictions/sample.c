#include "predictions/sample.h"

static bool
is_same_week(const struct game *a, const struct game *b)
{
	return a->season == b->season && a->week == b->week;
}

bool
sample_is(const struct game_set *games, size_t at)
{
	const struct game *game = &games->games[at];
	uint64_t hash = str_hash(game->nflverse_id);
	size_t first = at, before = 0;

	/* Games come in order of season and week. */
	while (first > 0 && is_same_week(&games->games[first - 1], game))
		first--;
	for (size_t i = first; i < games->count && is_same_week(&games->games[i], game);
		i++)
		before += str_hash(games->games[i].nflverse_id) < hash;
	return before < SAMPLES_A_WEEK;
}
