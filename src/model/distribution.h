/*
 * The distribution of a margin or a total: a discretised normal times weights for key
 * numbers.
 *
 * The chance of k is proportional to exp(-(k - location)² / 2·sd²) · weight(|k|). For a
 * margin the location is set so that the chance to win (a tie counts half) is the one
 * wanted: multiplying a normal by e^(t·k) only moves it, so this is the exponential tilt.
 */
#ifndef MODEL_DISTRIBUTION_H
#define MODEL_DISTRIBUTION_H

#include "base/compiler.h"

enum {
	/* Margins and totals below this have weights of their own; larger ones 1. */
	KEY_NUMBERS = 100,
	MOST_MARGIN = 80,  /* margins from -80 to 80 */
	MOST_TOTAL = 140,  /* totals from 0 to 140 */
	MOST_POINTS = 161, /* of either kind */
};

struct key_weights {
	double weight[KEY_NUMBERS];
};

struct distribution {
	double location;
	double sd;
	int first, last; /* the least and greatest value */
	bool is_margin;
	bool can_tie;                   /* a playoff game is played until it is won */
	const struct key_weights *keys; /* NULL: all weights 1. Outlives this. */
};

/* Chances that add up to 1. Of a game: the home team wins, nobody, the away team. Of the
 * spread: home covers, push, away covers. Of the total: over, push, under. At a quarter
 * line, 3.25, half the stake is at 3 and half at 3.5: where one half is a push, the bet
 * is half won or half lost. */
struct chances {
	double win, push, loss;
	double half_win, half_loss;
};

/* The share of the stake that wins, or loses, on average. */
double chances_won(struct chances chances);
double chances_lost(struct chances chances);
/* As the other side sees them. */
struct chances chances_turned(struct chances chances);
/* Whether LINE is whole or half points, which a game cannot be half won at. */
bool line_is_half_points(double line);
/* Whether LINE is a multiple of a quarter: one that bets are made at. */
bool line_is_quarter_points(double line);

/* KEYS must outlive what is returned; NULL means that all weights are 1. */

/* The distribution of a margin whose chance to win, a tie counting half, is WIN. */
struct distribution distribution_of_margin(
	double win, double sd, const struct key_weights *keys, bool can_tie);
/* The same at a given location, with no chance to win asked for. */
struct distribution
distribution_at(double location, double sd, const struct key_weights *keys, bool can_tie);
/* The distribution of a total of which MEAN is the mean. */
struct distribution
distribution_of_total(double mean, double sd, const struct key_weights *keys);

/* The chance of each value from first to last; returns how many there are. */
int distribution_list(const struct distribution *distribution, double ret[MOST_POINTS]);
/* The chance of exactly VALUE. */
double distribution_chance(const struct distribution *distribution, int value);
double distribution_mean(const struct distribution *distribution);
/* Win, tie, loss for a margin. */
struct chances distribution_result(const struct distribution *distribution);
/* The value comes out above LINE, on it, below it. For a margin LINE is the points by
 * which the home team is favoured, so -3.5 gives the chance to cover +3.5. Between the
 * quarters a line is as good as the half point beside it. */
struct chances distribution_against(const struct distribution *distribution, double line);

/* Observed and expected counts of margins by size, or of totals, from which weights are
 * made. */
struct key_counts {
	double observed[KEY_NUMBERS];
	double expected[KEY_NUMBERS];
};

/* Count a game that was expected to end by a normal of LOCATION and SD and ended by
 * MARGIN. */
void key_counts_add(struct key_counts *counts, double location, double sd, int margin);
/* The same of a TOTAL. */
void
key_counts_add_total(struct key_counts *counts, double location, double sd, int total);
/* (observed + PRIOR · w) / (expected + PRIOR), where w is the weight BEFORE (NULL: 1). */
struct key_weights key_weights_of(
	const struct key_counts *counts, double prior, const struct key_weights *before);

#endif
