/*
 * What props came to. No feed of games has it, so whoever publishes props tells: CSV with
 * the columns game_id, subject and value, in any order, all stored or nothing. The
 * forecasts of a prop are graded once its game is over and its result is here; one that
 * is corrected takes their grades back.
 */
#ifndef PREDICTIONS_PROP_H
#define PREDICTIONS_PROP_H

#include "predictions/upload.h"

struct prop_counts {
	int64_t rows;
	int64_t stored;   /* new or changed */
	int64_t regraded; /* forecasts that lost their grades */
	struct upload_news news;
};

/* As upload_run(): either faults, or everything is stored, unless IS_DRY_RUN. */
struct err *prop_results_run(struct ctx *ctx, struct str text, bool is_dry_run,
	struct prop_counts *ret, struct upload_faults *ret_faults) MUST_USE;

#endif
