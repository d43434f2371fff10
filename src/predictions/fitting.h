/*
 * Finding the model's parameters again, on several threads: model/fit.h does the search,
 * this shares its trials out. What is found is the same whatever the number of threads.
 */
#ifndef PREDICTIONS_FITTING_H
#define PREDICTIONS_FITTING_H

#include "base/ctx.h"
#include "model/fit.h"
#include "predictions/game.h"

enum {
	FITTING_THREADS_MOST = FIT_TRIALS,
};

struct fitting {
	struct parameters start, found;
	struct fit_measure before, after, in_code;
};

/* Search as OPTIONS say, on THREADS threads (1 to FITTING_THREADS_MOST). INVALID where
 * there are no games with lines to judge by. */
struct err *fitting_run(struct ctx *ctx, const struct fit_options *options, int threads,
	const struct game_set *games, struct fitting *ret) MUST_USE;

#endif
