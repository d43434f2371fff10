/*
 * Samples: the forecasts that everybody is shown, subscriber or not. Of each week the
 * house's forecast of the winner of three games.
 */
#ifndef PREDICTIONS_SAMPLE_H
#define PREDICTIONS_SAMPLE_H

#include "predictions/game.h"

enum {
	SAMPLES_A_WEEK = 3,
};

/* Whether games[AT] is one of its week's three: those whose ids have the least digests,
 * so that nobody picks them and every installation has the same. */
bool sample_is(const struct game_set *games, size_t at);

#endif
