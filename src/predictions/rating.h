/* Ratings: how strong the model thought every team before each week. */
#ifndef PREDICTIONS_RATING_H
#define PREDICTIONS_RATING_H

#include "db/db.h"
#include "model/walk.h"
#include "predictions/game.h"

struct rating_scope {
	bool is_all;
	int32_t season;
	int32_t week; /* 0: all of the season */
};

/* Store WALK's ratings of the weeks in SCOPE under MODEL, those that differ from what is
 * stored; ret_stored: how many. Points are rounded to four places. */
struct err *rating_store(struct tx *tx, struct str model, const struct game_set *games,
	const struct walk *walk, struct rating_scope scope, int64_t *ret_stored) MUST_USE;

#endif
