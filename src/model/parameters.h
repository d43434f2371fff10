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
#define PARAMETERS(X)                                                                   \
	/* Added to the variance every week. */                                         \
	X(week_offence, 0.06554, 0.5206, .01, 4, 1, "fitted")                           \
	X(week_defence, 0.1872, 0.477, .01, 4, 1, "fitted")                             \
	X(week_quarterback, 0.07115, 0.1643, .001, 4, 1, "fitted")                      \
	X(week_total, 0.0001, 0.1032, .0001, 1, 1, "fitted")                            \
	X(week_home, .00019, .00019, .000001, .1, 0,                                    \
		"published; the fit would freeze it")                                   \
	/* Between seasons: what is kept of the strength, then added. */                \
	X(keep_offence, 0.5623, 0.5765, .1, 1, 1, "fitted")                             \
	X(keep_defence, 0.5121, 0.5589, .1, 1, 1, "fitted")                             \
	X(keep_quarterback, 0.8563, 0.8931, .1, 1, 1, "fitted")                         \
	X(season_offence, 5.333, 2.72, .01, 20, 1, "fitted")                            \
	X(season_defence, 4.467, 2.012, .01, 20, 1, "fitted")                           \
	X(season_quarterback, 0.1282, 0.01, .01, 20, 1, "fitted")                       \
	X(season_total, 0.2515, 10, .001, 10, 1, "fitted")                              \
	X(season_home, .025, .025, .00001, 1, 0, "published; the fit would freeze it")  \
	/* A quarterback's first game. */                                               \
	X(debut_mean, -1.237, -0.5506, -8, 2, 1, "fitted")                              \
	X(debut_opener_mean, -0.6099, -0.2422, -8, 2, 1, "fitted")                      \
	X(debut_variance, 3.636, 4.005, .1, 30, 1, "fitted")                            \
	X(quarterback_total, 0.9795, 0.8011, -1, 2, 1, "fitted")                        \
	/* How far each observation is from what it observes. */                        \
	X(margin_variance, 105.3, 31.87, 5, 600, 1, "fitted")                           \
	X(total_variance, 133.3, 52.27, 5, 600, 1, "fitted")                            \
	X(spread_variance, 10.7, 12.06, .5, 100, 1, "fitted; unused in S")              \
	X(total_line_variance, 15.2, 9.936, .5, 100, 1, "fitted; unused in S")          \
	/* Beyond so many standard deviations an innovation counts only a part. */      \
	X(clip, 0.9731, 1.762, .5, 10, 1, "fitted")                                     \
	X(clip_total, 0.6063, 7.114, .5, 10, 1, "fitted")                               \
	X(clip_keep, 0.5251, 0.5155, 0, 1, 1, "fitted")                                 \
	/* The start, before the first game of the first season. */                     \
	X(start_team_variance, 100, 100, 1, 400, 0, "published")                        \
	X(start_total, 41, 41, 30, 50, 0, "published")                                  \
	X(start_total_variance, 4, 4, .1, 50, 0, "published")                           \
	X(start_home, 2.5, 2.5, 0, 5, 0, "published")                                   \
	X(start_home_variance, 1, 1, .01, 10, 0, "published")                           \
	X(margin_effect_variance, 0.09008, 0.1569, .0001, 10, 1, "fitted")              \
	X(total_effect_variance, 0.1281, 20, .0001, 20, 1, "fitted")                    \
	/* What the effects of quarterback changes and of the last weeks start from. */ \
	X(change_effect, -0.4343, -0.6015, -8, 8, 1, "fitted")                          \
	X(new_here_effect, -0.2094, -0.6158, -8, 8, 1, "fitted")                        \
	X(novice_effect, -1.317, -1.609, -8, 8, 1, "fitted")                            \
	X(resting_effect, -5.841, -6.06, -12, 8, 1, "fitted")                           \
	X(resting_early_effect, -2.158, -2.244, -12, 8, 1, "fitted")                    \
	X(eliminated_effect, -0.49, -0.5075, -8, 8, 1, "fitted")                        \
	X(urgency_effect, 1.197, 0.952, -8, 8, 1, "fitted")                             \
	X(idle_noise, 0.565, 3.079, 0, 20, 1, "fitted")                                 \
	/* From margin to probability and distributions. */                             \
	X(game_variance, 175.6, 175.6, 50, 400, 0, "published")                         \
	X(probability_ridge, 20, 20, 0, 1000, 0, "published")                           \
	X(blend_ridge, 200, 200, 0, 1000, 0,                                            \
		"chosen: 40 gains no more and strays further")                          \
	X(noise_memory, .85, .85, .3, 1, 0, "chosen by the surprise of 2004-2015")      \
	X(key_memory, .8, .8, .3, 1, 0, "chosen: scoring rules change")                 \
	X(recent_key_prior, 100, 100, .1, 1000000, 0, "chosen likewise")                \
	X(key_prior, 3, 3, .1, 1000, 0, "chosen by the surprise of 2004-2015")          \
	X(total_key_prior, 10, 10, .1, 1000, 0, "chosen likewise, of totals")

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

/* The table, for printing and for fitting;
 * row i is the i-th member of struct parameters. */
const struct parameter_row *parameter_rows(void);
const struct parameters *parameters_of(enum tier tier);
/* What was published for the plain model (docs/forecast.md): where fitting begins anew.
 * Nothing is known there of quarterback changes, resting teams and what is at stake. */
struct parameters parameters_published(enum tier tier);
/* "S", "L", "B". */
const char *tier_name(enum tier tier);

#endif
