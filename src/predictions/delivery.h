/*
 * Deliveries: which forecast was shown to which user, when and how (the table
 * user_prediction_access).
 *
 * Written off the request's path: noting one counts it in a batch of the loop, and never
 * waits. Each second a fiber stores what has come, a few hundred rows at a time; whoever
 * was shown the same several times until then gets one row that says how often. After
 * each statement it pauses nineteen times as long as that took, so that the record costs
 * requests a twentieth of one core at most; once the next batch is half full it hurries.
 * What the database does not take is kept and tried again. Where the batch is full a
 * delivery is counted as lost and logged, and the request goes on.
 */
#ifndef PREDICTIONS_DELIVERY_H
#define PREDICTIONS_DELIVERY_H

#include "base/ctx.h"
#include "db/db.h"

enum {
	DELIVERIES_KEPT_MIN = 30000, /* by a loop, whoever was shown whatever */
};

/* To whom, and how. */
struct delivery {
	struct user_id user_id;
	struct str via;  /* api, page, export, stream or email */
	struct str tier; /* his best tier's name; absent: none */
};

/* Note that the forecasts IDS, sixteen bytes each, one behind another, were shown at
 * ctx->now. On a loop, in a fiber. */
void delivery_note(const struct ctx *ctx, const struct delivery *to, struct str ids);

/* Store what the calling loop still has, within ten seconds, and release its queue. In a
 * fiber, before the loop and its database close. */
void delivery_loop_close(struct db *db);

struct delivery_counters {
	uint64_t noted;
	uint64_t stored;   /* of these; as rows they are fewer */
	uint64_t lost;     /* the batch was full, or the end came */
	uint64_t failures; /* statements that the database did not take */
};
struct delivery_counters delivery_counters(void);

#endif
