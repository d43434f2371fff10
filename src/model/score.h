/*
 * Grading forecasts: scores, calibration, records, and intervals that say how much of a
 * difference is luck.
 *
 * G. W. Brier, "Verification of forecasts expressed in terms of probability", 1950; B.
 * Efron, "Bootstrap methods", 1979. A tie is an outcome of ½.
 */
#ifndef MODEL_SCORE_H
#define MODEL_SCORE_H

#include "base/arena.h"
#include "base/err.h"
#include "model/regression.h"

enum {
	CALIBRATION_BINS = 10,
};

/* So many standard errors to either side hold 95 in a hundred. */
#define SCORE_SIGMA_95 1.959963984540054

/* Sums over forecasts of a chance; the means are asked for below. */
struct score {
	size_t games;
	double brier_sum;
	double log_loss_sum;
	/* The favourite won, lost, tied; a chance of exactly ½ has no favourite and
	 * counts as a tie. */
	int wins, losses, ties;
};

void score_add(struct score *score, double chance, double outcome);
/* NAN where there are no games. */
double score_brier(const struct score *score);
double score_log_loss(const struct score *score);
/* Of the games that had a winner, the share that the favourite won; NAN where there are
 * none. */
double score_hit_rate(const struct score *score);

struct calibration_bin {
	size_t games;
	double chance_sum, outcome_sum;
};

/* Chances by tenths, 0 to .1 first. */
struct calibration_curve {
	struct calibration_bin bins[CALIBRATION_BINS];
};

void curve_add(struct calibration_curve *curve, double chance, double outcome);
/* The mean distance between what was said and what happened, by bin,
 * weighted by games. */
double curve_error(const struct calibration_curve *curve);

/* Outcomes regressed on the logit of the chances: slope 1 and intercept 0 are perfect; a
 * slope below 1 is overconfident. */
struct calibration_line {
	double intercept, slope;
	double slope_low, slope_high; /* that hold it 95 times in a hundred */
};

struct calibration_line
calibration_line_fit(const struct regression_row *rows, size_t count);
/* The row for a chance and its outcome. */
struct regression_row calibration_row(double chance, double outcome);

/* Bets of one unit each. */
struct record {
	int wins, losses, pushes;
	double units; /* won less lost */
};

/* RESULT above 0 won, 0 a push, below lost, at American ODDS. */
void record_add(struct record *record, double result, double odds);
/* Wins among bets that were not pushes; NAN where there are none. */
double record_hit_rate(const struct record *record);
/* Units for one unit staked; NAN where there are no bets. */
double record_roi(const struct record *record);

/* A mean and the interval that holds it 95 times in a hundred; NAN: unknown. */
struct interval {
	double mean, low, high;
};

enum {
	BOOTSTRAP_COLUMNS = 12, /* summed together: drawing costs more than adding */
};

struct bootstrap_options {
	int replicates;
	uint64_t seed;
};

/*
 * Draw as many of the COUNT games as there are, with replacement, and add their columns
 * to the sums of the first replicate; then the same for each of the others. Seasons are
 * strata: sums of several seasons, each drawn by its own seed, add up to those of a row.
 */
void bootstrap_draw(struct bootstrap_options options,
	const double (*values)[BOOTSTRAP_COLUMNS], size_t count,
	double (*sums)[BOOTSTRAP_COLUMNS]);
/* The interval of column OVER by column UNDER, a count, from the SUMS of those replicates
 * that have drawn any of it; NAN where none has. The mean is not touched. */
MUST_USE struct err *bootstrap_interval(struct arena *scratch, int replicates,
	const double (*sums)[BOOTSTRAP_COLUMNS], int over, int under,
	struct interval *ret);

#endif
