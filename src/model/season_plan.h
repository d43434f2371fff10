/* What season.c prepares and season_run.c plays; for these two only. */
#ifndef MODEL_SEASON_PLAN_H
#define MODEL_SEASON_PLAN_H

#include "model/season.h"

enum {
	STRENGTHS = FRANCHISES + 1, /* of the clubs, and home advantage */
	STRENGTH_HOME = FRANCHISES,
	MOST_SEASON_GAMES = 320,

	/* Expected margins from -40 to 40 in steps of a quarter of a point. */
	MARGIN_STEPS = 4,
	MARGIN_REACH = 40,
	MARGIN_ROWS = 2 * MARGIN_REACH * MARGIN_STEPS + 1,
	/* Margins from -64 to 63; those beyond count as the outermost. */
	MARGIN_COLUMNS = 128,
	MARGIN_MIDDLE = 64,

	NORMAL_BITS = 12,
	NORMALS = 1 << NORMAL_BITS,

	PLAYOFF_ROUNDS = GAME_SUPER_BOWL,
};

/*
 * The distributions of the margin by what is expected of it, as alias tables (A. J.
 * Walker, 1977): take any column; below its threshold it is the margin, else its alias
 * is. An entry holds the threshold in its upper 25 bits and the alias in the lower 7.
 */
struct margin_table {
	uint32_t entry[MARGIN_ROWS][MARGIN_COLUMNS];
};

/* A game to be played. */
struct season_game {
	uint8_t home, away;
	uint8_t is_neutral;
	uint8_t step;     /* weeks from now */
	uint8_t supposed; /* enum season_result */
	float margin;     /* expected, before strengths are drawn */
	float total;
};

struct season_plan {
	struct season_time when;
	struct standings standings; /* of what was played; who will meet counts as met */
	int game_count;
	struct season_game games[MOST_SEASON_GAMES]; /* by step */
	float total_sd;

	/* The lower triangle of the strengths' covariance, one column after the other. */
	float root[STRENGTHS][STRENGTHS];
	float week_sd; /* of a club's strength */

	int playoff_step[PLAYOFF_ROUNDS + 1];
	/* Expected margins of playoff games at home: after an equal rest, and where only
	 * the home club had a bye; of the last one on neutral ground. */
	float at_home[2][FRANCHISES][FRANCHISES];
	float neutral[FRANCHISES][FRANCHISES];
	/* Playoff games played: 1 the first won, -1 the second, 0 not played. */
	int16_t winner[PLAYOFF_ROUNDS + 1][FRANCHISES][FRANCHISES];

	float normal[NORMALS]; /* the bell curve in equal parts */
	struct margin_table regular, playoff;
};

#endif
