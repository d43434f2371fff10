/*
 * What the model believes of every team and quarterback: a Kalman filter over one state
 * vector with its full covariance.
 *
 * The state: offence and defence of 32 franchises (points, the league's mean is 0), the
 * league's mean total, home advantage, the effects of the situation, and the worth of the
 * quarterbacks seen of late. A game observes two combinations of it, its margin and its
 * total, each up to twice: by the result and by the closing line.
 *
 * See docs/forecast.md. R. E. Kalman, "A New Approach to Linear Filtering and Prediction
 * Problems", 1960; for ratings of teams by it M. Glickman and H. Stern, "A State-Space
 * Model for National Football League Scores", JASA 93, 1998.
 */
#ifndef MODEL_STATE_H
#define MODEL_STATE_H

#include "base/arena.h"
#include "base/err.h"
#include "model/game.h"
#include "model/parameters.h"
#include "model/situation.h"

enum {
	STATE_OFFENCE = 0,
	STATE_DEFENCE = STATE_OFFENCE + FRANCHISES,
	STATE_TOTAL = STATE_DEFENCE + FRANCHISES,
	STATE_HOME,
	STATE_MARGIN_EFFECTS,
	STATE_TOTAL_EFFECTS = STATE_MARGIN_EFFECTS + MARGIN_EFFECTS,
	STATE_QUARTERBACKS = STATE_TOTAL_EFFECTS + TOTAL_EFFECTS,
	QUARTERBACK_SLOTS = 62,
	STATE_SIZE = STATE_QUARTERBACKS + QUARTERBACK_SLOTS, /* 160 */
	SLOT_NONE = -1,
};

/* A quarterback known to the model. One without a slot has not played for a long time;
 * what was believed of him when he lost it is kept here. */
struct quarterback {
	bool is_known;
	int slot;
	int starts;
	uint32_t teams; /* for whom he has started: bit 1 << franchise */
	int last_game;  /* count of games, to find who has been away longest */
	double mean, variance;
};

struct state {
	const struct parameters *parameters;
	int size; /* numbers in use: STATE_QUARTERBACKS and the slots taken so far */
	int games;
	struct grounds grounds;
	struct stake stakes[FRANCHISES]; /* of the week to be forecast; set by the walk */
	int starter[FRANCHISES];         /* who last started, or QUARTERBACK_UNKNOWN */
	int slot_owner[QUARTERBACK_SLOTS];
	int quarterback_count;
	struct quarterback *quarterbacks;
	double mean[STATE_SIZE];
	/* Lower triangle: covariance[i][j] for j <= i. */
	double covariance[STATE_SIZE][STATE_SIZE];
};

/* What the state says of a game, before its own noise. */
struct prediction {
	double margin, margin_variance;
	double total, total_variance;
};

/* What is believed of one team with a quarterback: points better than the league's
 * average. */
struct rating {
	double offence, offence_se;
	double defence, defence_se;
	double quarterback, quarterback_se;
	double overall, overall_se; /* the sum: the margin on neutral ground */
	int starter;                /* or QUARTERBACK_UNKNOWN */
};

/* A new state in ARENA, of quarterbacks numbered below QUARTERBACKS, before the first
 * game. PARAMETERS must outlive it. */
MUST_USE struct err *state_new(struct arena *arena, const struct parameters *parameters,
	int quarterbacks, struct state **ret);
/* The next week has come; SEASON tells whether with it a new season. */
void state_step(struct state *state, int season);
/* GAME as it looks now. Quarterbacks not given are the last starters. */
struct prediction state_predict(
	const struct state *state, const struct model_game *game, enum weather weather);
/* Learn from a played GAME: its result and, where USE_LINES, its closing lines. */
void state_learn(struct state *state, const struct model_game *game, bool use_lines);
/* Who is named for GAME, still to be played, starts for his team until then. */
void state_expect(struct state *state, const struct model_game *game);
/* The ratings of all franchises with their last starters. */
void state_ratings(const struct state *state, struct rating ret[FRANCHISES]);
/* What is believed of QUARTERBACK, in points against the average of all last starters. A
 * stranger is believed to be what debutants are. */
void state_quarterback(
	const struct state *state, int quarterback, double *ret_worth, double *ret_se);

/* Between state.c and filter.c. */

/* The slot of QUARTERBACK, taken from whoever has been away longest if none is free. */
int state_take_slot(struct state *state, int quarterback, const struct model_game *game);
/* Mean and variance of a quarterback without a slot, were he to play GAME. */
void state_stranger(const struct state *state, int quarterback,
	const struct model_game *game, double *ret_mean, double *ret_variance);

static inline double
state_covariance(const struct state *state, int i, int j)
{
	return i >= j ? state->covariance[i][j] : state->covariance[j][i];
}

#endif
