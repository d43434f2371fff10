/*
 * Season outlooks: the rest of a season simulated from what was known before a week, and
 * stored, so that the history of a team's chances can be drawn; and live, from all that
 * is over. Where nothing of the next week is, that is the one before it; else it is
 * stored beside it, until the next.
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
#include "predictions/outlooks_q.h"

/* What if: the result of one game of the regular season that is still to be played, or
 * was before the week that is looked from, however it ended. */
struct outlook_result {
	struct str game_id; /* as in the feed */
	enum season_result result;
};

enum {
	OUTLOOK_THREADS = 2, /* that one season keeps busy */
	OUTLOOK_RESULTS_MOST = 16,
	OUTLOOK_SUPPOSED_RUNS = 20000, /* enough for a chance to be off by .0035 */
};

struct outlook_options {
	enum tier tier;
	int32_t season;   /* 0: the last that has games */
	int32_t week;     /* as it stood before it; 0: live */
	int32_t runs;     /* 0: SEASON_RUNS_USUAL */
	uint32_t threads; /* 0: OUTLOOK_THREADS; the chances are the same */
	const struct outlook_result *results;
	size_t result_count;
	const _Atomic bool *stop; /* set: TIMEOUT, soon; NULL: never */
};

struct outlook {
	struct season_time when;
	bool is_over;     /* WHEN is one after the last week */
	int games_played; /* live: those counted of that week, or of later ones */
	struct season_counts counts;
	bool plays[FRANCHISES]; /* has games in the season */
	int64_t stored;
};

/* Simulate on other threads, without storing. TIMEOUT where it is stopped, or its fiber
 * cancelled or out of time. NOT_FOUND where there are no games of the season, INVALID for
 * a season before 2002, a week after its end, or a result of a game that is not there,
 * not of the regular season, or over by then. */
struct err *outlook_simulate(struct ctx *ctx, const struct outlook_options *options,
	struct outlook *ret) MUST_USE;
/* "2023_18_BUF_MIA:home,2023_18_LA_SF:tie": at most OUTLOOK_RESULTS_MOST. INVALID, field
 * `result`, where TEXT is not such a list. */
struct err *outlook_results_parse(
	struct ctx *ctx, struct str text, struct outlook_options *options) MUST_USE;
#endif
