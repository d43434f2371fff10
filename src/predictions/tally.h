/* A tally of graded forecasts: counts and sums, and the metric they make. Pure. */
#ifndef PREDICTIONS_TALLY_H
#define PREDICTIONS_TALLY_H

#include "predictions/accuracy_q.h"

enum {
	TALLY_BINS = 10,
};

/* By how much a rival's Brier score was above the forecast's, game by game. */
struct tally_gain {
	int count;
	double sum, squares;
};

/* Scores of a rival. */
struct tally_scores {
	int count;
	double brier;
	double log_loss;
	int correct; /* of games that were not tied */
	int decided;
};

struct tally_bin {
	int count;
	double chances;
	double won; /* by the home team; a tie is half */
};

struct tally {
	int total, correct, pushed;
	int64_t graded_at; /* the newest of them */
	double confidence, confidence_correct;
	int scored; /* have a Brier score */
	double brier, log_loss;
	int staked; /* have units */
	double units;
	/* ½ for every forecast scored, which against a spread or a total is what the line
	 * itself says. */
	struct tally_scores coin;
	/* Of type game only. */
	struct tally_scores elo;
	struct tally_gain elo_gain;
	struct tally_scores line; /* the closing line's, where there is one */
	struct tally_gain line_gain;
	/* The opening line that the feed tells, else the first seen before kick-off, and
	 * on the same games the closing line. */
	struct tally_scores opening;
	double opening_closing_brier;
	int opening_seen;     /* of them not told by the feed, but seen */
	double opening_hours; /* from when they were seen to kick-off */
	struct tally_bin bins[TALLY_BINS];
};

/* ELO: the home team's chance by it; of games only. */
void
tally_add(struct tally *tally, const struct prediction_graded *row, struct opt_f64 elo);
/* What TALLY comes to; the names, season and week are the caller's. IS_SEASON:
 * with bins. */
struct err *tally_metric(struct arena *arena, const struct tally *tally, bool is_season,
	struct accuracy_metric *ret) MUST_USE;

#endif
