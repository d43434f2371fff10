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
	X(week_offence, 0.08066, 0.5394, .01, 4, 1, "fitted")                           \
	X(week_defence, 0.1882, 0.4946, .01, 4, 1, "fitted")                            \
	X(week_quarterback, 0.05977, 0.151, .001, 4, 1, "fitted")                       \
	X(week_total, 0.0001, 0.1065, .0001, 1, 1, "fitted")                            \
	X(week_home, .00019, .00019, .000001, .1, 0,                                    \
		"published; the fit would freeze it")                                   \
	/* Between seasons: what is kept of the strength, then added. */                \
	X(keep_offence, 0.5592, 0.5788, .1, 1, 1, "fitted")                             \
	X(keep_defence, 0.5113, 0.5569, .1, 1, 1, "fitted")                             \
	X(keep_quarterback, 0.8665, 0.8991, .1, 1, 1, "fitted")                         \
	X(season_offence, 5.365, 2.779, .01, 20, 1, "fitted")                           \
	X(season_defence, 4.532, 2.038, .01, 20, 1, "fitted")                           \
	X(season_quarterback, 0.1545, 0.01, .01, 20, 1, "fitted")                       \
	X(season_total, 0.2599, 10, .001, 10, 1, "fitted")                              \
	X(season_home, .025, .025, .00001, 1, 0, "published; the fit would freeze it")  \
	/* A quarterback's first game. */                                               \
	X(debut_mean, -1.24, -0.5656, -8, 2, 1, "fitted")                               \
	X(debut_opener_mean, -0.6226, -0.219, -8, 2, 1, "fitted")                       \
	X(debut_variance, 3.58, 4.108, .1, 30, 1, "fitted")                             \
	X(quarterback_total, 0.9968, 0.8214, -1, 2, 1, "fitted")                        \
	/* How far each observation is from what it observes. */                        \
	X(margin_variance, 107, 31.85, 5, 600, 1, "fitted")                             \
	X(total_variance, 135.2, 52.49, 5, 600, 1, "fitted")                            \
	X(spread_variance, 10.7, 12.15, .5, 100, 1, "fitted; unused in S")              \
	X(total_line_variance, 15.2, 9.908, .5, 100, 1, "fitted; unused in S")          \
	/* Beyond so many standard deviations an innovation counts only a part. */      \
	X(clip, 0.9915, 1.758, .5, 10, 1, "fitted")                                     \
	X(clip_total, 0.6054, 7.177, .5, 10, 1, "fitted")                               \
	X(clip_keep, 0.5222, 0.4977, 0, 1, 1, "fitted")                                 \
	/* The start, before the first game of the first season. */                     \
	X(start_team_variance, 100, 100, 1, 400, 0, "published")                        \
	X(start_total, 41, 41, 30, 50, 0, "published")                                  \
	X(start_total_variance, 4, 4, .1, 50, 0, "published")                           \
	X(start_home, 2.5, 2.5, 0, 5, 0, "published")                                   \
	X(start_home_variance, 1, 1, .01, 10, 0, "published")                           \
	X(margin_effect_variance, 0.09183, 0.1546, .0001, 10, 1, "fitted")              \
	X(total_effect_variance, 0.1277, 3.666, .0001, 20, 1, "fitted")                 \
	/* What the effects of quarterback changes and of the last weeks start from. */ \
	X(change_effect, -0.4119, -0.5604, -8, 8, 1, "fitted")                          \
	X(new_here_effect, -0.2356, -0.6261, -8, 8, 1, "fitted")                        \
	X(novice_effect, -1.33, -1.581, -8, 8, 1, "fitted")                             \
	X(resting_effect, -6.637, -6.834, -12, 8, 1, "fitted")                          \
	X(resting_early_effect, -2.012, -2.274, -12, 8, 1, "fitted")                    \
	X(eliminated_effect, -0.4138, -0.3795, -8, 8, 1, "fitted")                      \
	X(urgency_effect, 1.348, 1.014, -8, 8, 1, "fitted")                             \
	X(idle_noise, 0.5395, 3.181, 0, 20, 1, "fitted")                                \
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
