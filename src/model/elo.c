#include "model/elo.h"

#include <math.h>
#include <stdlib.h>

static const double start_rating = 1500;
static const double newcomer_rating = 1300; /* Houston, 2002 */
static const double mean_rating = 1505;
static const double home_advantage = 65;
static const double learning_rate = 20;
static const double playoff_factor = 1.2;

enum {
	NEWCOMER_SEASON = 2002,
};

void
elo_init(struct elo *elo)
{
	elo->season = 0;
	for (int i = 0; i < FRANCHISES; i++)
		elo->rating[i] = start_rating;
}

void
elo_step(struct elo *elo, int season)
{
	if (elo->season != 0 && season != elo->season)
		for (int i = 0; i < FRANCHISES; i++)
			elo->rating[i] += (mean_rating - elo->rating[i]) / 3;
	if (season == NEWCOMER_SEASON && elo->season != season)
		elo->rating[team_find(STR("HOU"))] = newcomer_rating;
	elo->season = season;
}

static double
difference(const struct elo *elo, const struct model_game *game)
{
	double ret = elo->rating[game->home] - elo->rating[game->away];

	if (!game->is_neutral)
		ret += home_advantage;
	return game_is_playoff(game) ? ret * playoff_factor : ret;
}

double
elo_chance(const struct elo *elo, const struct model_game *game)
{
	return 1 / (1 + pow(10, -difference(elo, game) / 400));
}

void
elo_learn(struct elo *elo, const struct model_game *game)
{
	double margin = game_margin(game), outcome = game_outcome(game);
	double edge = difference(elo, game);
	double favour = margin > 0 ? edge : -edge;
	/* Large wins count more, but less so for favourites, who win large by being
	 * strong. */
	double size = log(fmax(fabs(margin), 1) + 1) *
		(margin == 0 ? 2.2 : 2.2 / (favour * 0.001 + 2.2));
	double shift = learning_rate * size * (outcome - elo_chance(elo, game));

	elo->rating[game->home] += shift;
	elo->rating[game->away] -= shift;
}

struct in_order {
	const struct model_game *game;
	double *chance;
	bool is_learned;
};

static int
compare(const void *left, const void *right)
{
	return game_compare(((const struct in_order *)left)->game,
		((const struct in_order *)right)->game);
}

struct err *
elo_walk(struct arena *arena, const struct model_game *games, size_t count, double **ret)
{
	struct in_order *order;
	struct elo elo;
	double *chances;
	size_t waiting = 0; /* games before this one are learned from */

	TRY_NEW(arena, order, count + 1);
	TRY_NEW(arena, chances, count + 1);
	for (size_t i = 0; i < count; i++)
		order[i] = (struct in_order){ &games[i], &chances[i], false };
	qsort(order, count, sizeof(*order), compare);
	elo_init(&elo);
	for (size_t i = 0; i < count; i++) {
		const struct model_game *game = order[i].game;

		/* One that was put off is waited for by none of those behind it. */
		for (size_t j = waiting; j < i; j++) {
			if (!order[j].is_learned && order[j].game->day < game->day) {
				if (order[j].game->is_played)
					elo_learn(&elo, order[j].game);
				order[j].is_learned = true;
			}
			if (j == waiting && order[j].is_learned)
				waiting++;
		}
		elo_step(&elo, game->season);
		*order[i].chance = elo_chance(&elo, game);
	}
	*ret = chances;
	return NULL;
}
