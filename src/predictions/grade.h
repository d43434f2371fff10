/*
 * Grades: what a forecast was worth once its game is over.
 *
 * A game: right where the side picked won; a tie is a push, neither right nor wrong, and
 * half a win for its Brier score and log loss. A spread, total or prop: right where the
 * pick came out on its side of the line; on the line it is a push and scored no further.
 * units: won or lost for a stake of one at the odds of the row. A forecast without a pick
 * (there was no line) is void, and so is each of a game that was called off.
 */
#ifndef PREDICTIONS_GRADE_H
#define PREDICTIONS_GRADE_H

#include "base/ctx.h"
#include "base/err.h"
#include "predictions/predictions_q.h"

struct grade_counts {
	int64_t graded;
	int64_t right;
	int64_t wrong;
	int64_t pushed;
	int64_t void_count;
	int64_t metrics;    /* stored or replaced */
	int64_t picks;      /* of subscribers, graded */
	int64_t called_off; /* games */
};

/* The grade of ROW, whose game is over or called off. */
struct err *grade_of(struct ctx *ctx, const struct prediction_ungraded *row,
	struct prediction_grade *ret) MUST_USE;

/* Call off the games that have left the feed, grade every forecast and pick that has no
 * grade of a game that is finished or called off, and bring the accuracy metrics up to
 * date, in one transaction. */
struct err *grade_all(struct ctx *ctx, struct grade_counts *ret) MUST_USE;

#endif
