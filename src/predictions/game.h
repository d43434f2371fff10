/* The stored games as the model sees them. */
#ifndef PREDICTIONS_GAME_H
#define PREDICTIONS_GAME_H

#include "base/vec.h"
#include "db/db.h"
#include "model/game.h"
#include "predictions/games_q.h"

struct passer {
	struct str id;
	struct str name; /* as last seen; may be absent */
};

/* All games, and the same games as numbers: games[i] is numbers[i]. In order of season,
 * week and day. */
struct game_set {
	struct game *games;
	struct model_game *numbers;
	size_t count;
	struct passer *passers; /* by the number that the model has for them */
	size_t passer_count;
	struct str *cancelled; /* ids of games that were called off: they are no games */
	size_t cancelled_count;
	bool is_simulated; /* any of them */
};

/* Read every game that was or is to be played, into the arena of CTX. */
struct err *game_set_read(struct ctx *ctx, struct game_set *ret) MUST_USE;
/* The same as TX sees it. */
struct err *game_set_read_in(struct tx *tx, struct game_set *ret) MUST_USE;

/* GAME as the model sees it, but for its quarterbacks. */
struct model_game game_numbers(const struct game *game);

/* When GAME begins, for whoever must be done before: its kick-off, or where that is not
 * known the first minute of its day in New York. */
int64_t game_begins_at(const struct game *game);
/* Midnight in New York on the day of GAME. */
int64_t game_day_begins_at(const struct game *game);

#endif
