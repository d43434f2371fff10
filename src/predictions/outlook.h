/*
 * Season outlooks: the rest of a season simulated from what was known before a week, and
 * stored, so that the history of a team's chances can be drawn.
 *
 * Column p_… of season_simulations is a chance, exact to its sampling error,
 * √(p·(1 − p)/runs). details holds "wins", the chance of each number of games won from 0
 * up, and "seeds", the chance of each seed from 1 up.
 */
#ifndef PREDICTIONS_OUTLOOK_H
#define PREDICTIONS_OUTLOOK_H

#include "model/parameters.h"
#include "model/season.h"
#include "predictions/game.h"

struct outlook_options {
	enum tier tier;
	int32_t season; /* 0: the last that has games */
	int32_t week;   /* 0: the first with a game to be played */
	int32_t runs;   /* 0: SEASON_RUNS_USUAL */
};

struct outlook {
	struct season_time when;
	struct season_counts counts;
	bool plays[FRANCHISES]; /* has games in the season */
	int64_t stored;
};

/* Simulate on another thread, without storing. NOT_FOUND where there are no games of the
 * season, INVALID for a season before 2002 or a week after its end. */
struct err *outlook_simulate(struct ctx *ctx, const struct outlook_options *options,
	struct outlook *ret) MUST_USE;
/* Store OUTLOOK in place of the one of its week. */
struct err *
outlook_store(struct ctx *ctx, enum tier tier, struct outlook *outlook) MUST_USE;

#endif
