/*
 * From the state's margin and total to chances: what is refitted before each season on
 * the games of all seasons before.
 */
#ifndef MODEL_CALIBRATION_H
#define MODEL_CALIBRATION_H

#include "base/err.h"
#include "base/vec.h"
#include "model/forecast.h"
#include "model/regression.h"

/* How far results were from expectations, the state's own doubt taken off. */
struct residuals {
	double weight;
	double squares;
};

struct calibration {
	const struct parameters *parameters;
	struct regression chance; /* of [at home, z] */
	struct regression blend;  /* of [at home, moneyline, spread, z]: tier B */
	double line_share_margin; /* tier B: how far from the line towards the model */
	double line_share_total;
	double margin_noise; /* variance of a game's margin around its true expectation */
	double total_noise;
	double line_margin_noise; /* the same around tier B's */
	double line_total_noise;
	const struct key_weights *keys;
	const struct key_weights *total_keys;

	/* Gathered since the first game. */
	struct {
		VEC_OF(struct regression_row)
	} chances, blends;
	struct residuals margins, totals, line_margins, line_totals;
	struct {
		double product, square;
	} margin_lines, total_lines;
	struct key_counts counts, recent_counts, season_counts;
	struct key_counts total_counts, season_total_counts;
};

void
calibration_init(struct calibration *calibration, const struct parameters *parameters);
/* Refit on everything added so far. The new key weights are made in ARENA, the old ones
 * stay. */
MUST_USE struct err *
calibration_refit(struct calibration *calibration, struct arena *arena);
/* A played GAME and what the state said of it before. */
MUST_USE struct err *calibration_add(struct calibration *calibration, struct arena *arena,
	const struct model_game *game, const struct prediction *prediction);
/* The forecast of TIER; without its distributions where ONLY_CHANCES. */
struct forecast calibration_forecast(const struct calibration *calibration,
	enum tier tier, const struct model_game *game,
	const struct prediction *prediction, bool only_chances);

/* The home team's chance by the closing moneylines, or by the spread where they are
 * missing. */
bool line_chance(const struct model_game *game, double *ret);

#endif
