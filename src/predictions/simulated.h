/*
 * A league that is made up: for trying the program where there are no real games, and for
 * tests. The franchises are real, everything else is chance; whoever stores it marks it
 * as simulated (import_options.is_simulated).
 *
 * The same seed gives the same seasons whatever the time is; the time says only how much
 * of them has happened: games over have scores, the next week's games have lines, later
 * ones neither, and playoff games are there once their teams are known.
 */
#ifndef PREDICTIONS_SIMULATED_H
#define PREDICTIONS_SIMULATED_H

#include "base/err.h"
#include "base/str.h"

struct simulated_options {
	uint64_t seed;
	int32_t first_season; /* STANDINGS_FIRST_SEASON or later */
	int32_t last_season;
	int64_t now; /* microseconds UTC */
};

/* The league as an nflverse games.csv, in ARENA. */
struct err *simulated_league(struct arena *arena, const struct simulated_options *options,
	struct str *ret) MUST_USE;

/* The seasons that a demonstration shows at NOW: the running one and seven before. */
struct simulated_options simulated_demo(int64_t now);

#endif
