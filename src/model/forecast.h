/*
 * What is said of one game before it is played.
 *
 * Everything in it can be stored and asked again later: the two distributions answer
 * cover, push and loss at any line (distribution.h), fair odds and stakes (odds.h).
 */
#ifndef MODEL_FORECAST_H
#define MODEL_FORECAST_H

#include "model/distribution.h"
#include "model/game.h"
#include "model/odds.h"
#include "model/parameters.h"
#include "model/state.h"

struct forecast {
	bool is_made; /* tier B makes none without a line */
	enum tier tier;
	bool saw_own_line; /* tier B: whoever shows it must say so */
	double home_win;   /* the chance to win, a tie counting half: what is scored */
	struct chances result; /* home wins, tie, away wins: win + push/2 = home_win */
	double margin;         /* expected: the fair spread, home favoured by so much */
	double margin_sd;
	double margin_se; /* how uncertain the expectation itself is */
	double total;
	double total_sd;
	double total_se;
	double home_points, away_points; /* projected score */
	struct distribution margins;
	struct distribution totals;
};

#endif
