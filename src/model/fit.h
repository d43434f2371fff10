/*
 * Finding the parameters again from past seasons.
 *
 * The measure: how far the walk's margin and total were from the closing lines and from
 * the results, squared, each by its usual size. The closing line is the least noisy
 * witness of what should have been expected: a result is 13 points off, the line a few,
 * so a season of lines tells more than ten of results. No line is an input to the
 * forecast it judges.
 *
 * The search: one parameter after another is moved by a step that grows where it helps
 * and shrinks where it does not. It is deterministic.
 */
#ifndef MODEL_FIT_H
#define MODEL_FIT_H

#include "model/walk.h"

struct fit_measure {
	size_t games;
	double margin_line, margin_result; /* mean squared distances */
	double total_line, total_result;
	double brier;
	double sum; /* what is made least */
};

struct fit_progress {
	int pass;
	int passes;
	struct fit_measure measure;
};

typedef void fit_progress_fn(void *arg, const struct fit_progress *progress);

enum {
	FIT_TRIALS = 2, /* a step one way and the other */
};

/*
 * Judge FIT_TRIALS sets of parameters at once, on threads of the caller's: what
 * fit_judge() says of each. It may be asked for more than the search then looks at, so
 * that what is found is the same with and without it.
 */
typedef struct err *fit_judge_fn(void *arg, const struct parameters trials[FIT_TRIALS],
	struct fit_measure ret[FIT_TRIALS]);

struct fit_options {
	enum tier tier;
	int from_season, through_season; /* judged; earlier seasons only warm up */
	int season_step; /* 2: only every other season is judged. 0 means 1 */
	int passes;
	const struct parameters *start; /* NULL: the tier's own */
	fit_progress_fn *on_pass;
	void *on_pass_arg;
	bool (*is_cancelled)(void); /* see struct walk_options */
	fit_judge_fn *judge_pair;   /* NULL: one after the other, here */
	void *judge_pair_arg;
};

/* The games of GAMES that fitting may look at, in ARENA: none after through_season. */
MUST_USE struct err *fit_past(struct arena *arena, const struct fit_options *options,
	const struct model_game *games, size_t count, struct model_game **ret_past,
	size_t *ret_count);

/* How well PARAMETERS do. SCRATCH is rewound. */
MUST_USE struct err *fit_judge(struct arena *scratch, const struct fit_options *options,
	const struct parameters *parameters, const struct model_game *games, size_t count,
	struct fit_measure *ret);
/* The best parameters found in so many passes. Games after through_season are not looked
 * at. */
MUST_USE struct err *
fit_parameters(struct arena *scratch, const struct fit_options *options,
	const struct model_game *games, size_t count, struct parameters *ret);

#endif
