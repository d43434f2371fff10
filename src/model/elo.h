/*
 * Plain Elo ratings, to compare with: as FiveThirtyEight described theirs before 2019,
 * when quarterbacks came in. (N. Silver, "Introducing NFL Elo Ratings", 2014; the
 * constants are those of their published game: K 20, home advantage 65, a third of the
 * way back to 1505 between seasons, playoff differences × 1.2.)
 */
#ifndef MODEL_ELO_H
#define MODEL_ELO_H

#include "base/arena.h"
#include "base/err.h"
#include "model/game.h"
#include "model/team.h"

struct elo {
	int season;
	double rating[FRANCHISES];
};

void elo_init(struct elo *elo);
/* Called before each game's chance or lesson: goes back towards the mean when a season
 * begins. */
void elo_step(struct elo *elo, int season);
/* The home team's chance, a tie counting half. */
double elo_chance(const struct elo *elo, const struct model_game *game);
void elo_learn(struct elo *elo, const struct model_game *game);
/* The chance of each of COUNT games from all games of earlier days. */
MUST_USE struct err *
elo_walk(struct arena *arena, const struct model_game *games, size_t count, double **ret);

#endif
