/*
 * Every number of the model that was chosen, in one table, with where it came from.
 *
 * Variances are in points squared. "Published" means the values of docs/forecast.md that
 * were found on the seasons to 2015 before this program existed; "fitted" means
 * re-derived here, on the same seasons.
 */
#ifndef MODEL_PARAMETERS_H
#define MODEL_PARAMETERS_H

#include "base/compiler.h"

/* What a forecast may look at. */
enum tier {
	TIER_S, /* results, quarterbacks and the schedule */
	TIER_L, /* and the closing lines of earlier games */
	TIER_B, /* and this game's own line */
};

enum {
	TIERS = 3,
};

/* X(name, value of tier S, value of tiers L and B, least, most, is_fitted, origin) */
#define PARAMETERS(X)                                                              \
	/* Added to the variance every week. */                                    \
	X(week_offence, .462, .462, .01, 4, 1, "published")                        \
	X(week_defence, .383, .383, .01, 4, 1, "published")                        \
	X(week_quarterback, .187, .187, .001, 4, 1, "published")                   \
	X(week_total, .040, .040, .0001, 1, 1, "published")                        \
	X(week_home, .00019, .00019, .000001, .1, 1, "published")                  \
	/* Between seasons: what is kept of the strength, then added. */           \
	X(keep_offence, .594, .594, .1, 1, 1, "published")                         \
	X(keep_defence, .591, .591, .1, 1, 1, "published")                         \
	X(keep_quarterback, .86, .86, .1, 1, 1, "published")                       \
	X(season_offence, 2.14, 2.14, .01, 20, 1, "published")                     \
	X(season_defence, 2.17, 2.17, .01, 20, 1, "published")                     \
	X(season_quarterback, 1.12, 1.12, .01, 20, 1, "published")                 \
	X(season_total, .99, .99, .001, 10, 1, "published")                        \
	X(season_home, .025, .025, .00001, 1, 1, "published")                      \
	/* A quarterback's first game. */                                          \
	X(debut_mean, -2.19, -2.19, -8, 2, 1, "published")                         \
	X(debut_opener_mean, -1.31, -1.31, -8, 2, 1, "published")                  \
	X(debut_variance, 4.89, 4.89, .1, 30, 1, "published")                      \
	X(quarterback_total, .706, .706, -1, 2, 1, "published")                    \
	/* How far each observation is from what it observes. */                   \
	X(margin_variance, 175.6, 32.2, 5, 600, 1, "published")                    \
	X(total_variance, 62.6, 62.6, 5, 600, 1, "published")                      \
	X(spread_variance, 10.7, 10.7, .5, 100, 1, "published; unused in S")       \
	X(total_line_variance, 15.2, 15.2, .5, 100, 1, "published; unused in S")   \
	/* Beyond so many standard deviations an innovation counts only a part. */ \
	X(clip, 2.23, 2.23, .5, 10, 1, "published")                                \
	X(clip_total, 4.58, 4.58, .5, 10, 1, "published")                          \
	X(clip_keep, .39, .39, 0, 1, 1, "published")                               \
	/* The start, before the first game of the first season. */                \
	X(start_team_variance, 100, 100, 1, 400, 0, "published")                   \
	X(start_total, 41, 41, 30, 50, 0, "published")                             \
	X(start_total_variance, 4, 4, .1, 50, 0, "published")                      \
	X(start_home, 2.5, 2.5, 0, 5, 0, "published")                              \
	X(start_home_variance, 1, 1, .01, 10, 0, "published")                      \
	X(margin_effect_variance, .25, .25, .0001, 10, 1, "published")             \
	X(total_effect_variance, 4.65, 4.65, .0001, 20, 1, "published")            \
	/* From margin to probability and distributions. */                        \
	X(game_variance, 175.6, 175.6, 50, 400, 0, "published")                    \
	X(probability_ridge, 20, 20, 0, 1000, 0, "published")                      \
	X(blend_ridge, 40, 40, 0, 1000, 0, "published")                            \
	X(key_prior, 20, 20, .1, 1000, 0, "published")

struct parameters {
#define X(name, s, l, least, most, fitted, origin) double name;
	PARAMETERS(X)
#undef X
};

enum {
	PARAMETER_COUNT = sizeof(struct parameters) / sizeof(double),
};

struct parameter_row {
	const char *name;
	double value[TIERS];
	double least, most;
	const char *origin;
	bool is_fitted; /* moved by fit_parameters(); the rest are taken as given */
};

/* The table, for printing and for fitting; row i is the i-th member of struct parameters.
 */
const struct parameter_row *parameter_rows(void);
const struct parameters *parameters_of(enum tier tier);
/* "S", "L", "B". */
const char *tier_name(enum tier tier);

#endif
