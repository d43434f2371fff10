/*
 * Accuracy: how right each model was, by week and by season, from its graded forecasts.
 *
 * Counts, hits in per cent of what was not pushed, the same weighted by confidence, Brier
 * score, log loss, units and their return. details holds, for a season, the calibration
 * in ten bins of the home team's chance; the interval of the hit rate (Wilson, 95 %); for
 * game forecasts the records of Elo, of a coin and of the closing line on the same games,
 * and how much better or worse than Elo and the line the forecasts scored, with
 * intervals.
 */
#ifndef PREDICTIONS_ACCURACY_H
#define PREDICTIONS_ACCURACY_H

#include "db/db.h"
#include "predictions/accuracy_q.h"

/* Make all metrics anew and store those that differ from what is there; those that have
 * no forecasts any more are taken away. ret_stored: how many rows changed. */
struct err *accuracy_store(struct tx *tx, int64_t *ret_stored) MUST_USE;

struct accuracy_list {
	struct accuracy_metric *items;
	size_t count;
};

/* All metrics, in order of model, type, season and week. */
struct err *accuracy_list_read(struct tx *tx, struct accuracy_list *ret) MUST_USE;

/* The metrics of SEASON as they would be without the games that began after KNOWN_BY,
 * calculated_at the newest of their grades: what is asked for again is the same. Nothing
 * is stored. */
struct err *accuracy_of_season(struct ctx *ctx, int32_t season, int64_t known_by,
	struct accuracy_list *ret) MUST_USE;

#endif
