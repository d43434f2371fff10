/*
 * Odds: what they pay, what chances they imply, what a bet is worth.
 *
 * American odds: +150 wins 150 on 100, -150 wins 100 on 150. Decimal odds: what is paid
 * back for one staked. Nothing here claims an edge: the closing line has not been beaten
 * by this model (docs/forecast.md).
 */
#ifndef MODEL_ODDS_H
#define MODEL_ODDS_H

#include "base/str.h"
#include "model/distribution.h"

/* Whether ODDS are American odds at all: a finite number of +100 or
 * more or -100 or less. */
bool odds_are_american(double odds);
/* As people write them: American as whole numbers of -100 or less or 100 or more ("-110",
 * "+150"), decimal with a point, from 1.01 to 1000 ("1.91"). RET is American. False where
 * TEXT is neither. */
bool odds_parse(struct str text, double *ret_american);
double odds_to_decimal(double american);
double odds_from_decimal(double decimal);
/* American odds that neither win nor lose in the long run, a push returning the stake. */
double odds_fair(struct chances chances);
/* The chance to win, among bets that are not pushed, at which ODDS break even: .524 at
 * -110. */
double odds_break_even(double american);

/*
 * The home team's chance by the two moneylines, the bookmaker's share taken out by
 * powers: each implied chance is raised to the one power that makes them add up to 1. (S.
 * Clarke, S. Kovalchik, M. Ingram, "Adjusting bookmaker's odds to allow for overround",
 * 2017.)
 */
double odds_devig(double home_american, double away_american);

/* What is won on average for one staked at ODDS. */
double odds_value(struct chances chances, double american);

struct stake_limits {
	double fraction; /* of the Kelly share: 1 the whole, ¼ a prudent part */
	double cap;      /* at most this share of the bankroll */
};

/* The share of the bankroll to stake: 0 where the bet is not worth it. (J. L. Kelly, "A
 * New Interpretation of Information Rate", 1956; a push returns the stake and is left
 * out, and at a quarter line half is won or lost.) CHANCES are of one line: of half_win
 * and half_loss one is 0. */
double odds_kelly(struct chances chances, double american, struct stake_limits limits);

#endif
