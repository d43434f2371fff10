/* Outlooks as they are stored: of a moment, and of all weeks of a season. */
#ifndef PREDICTIONS_OUTLOOK_STORE_H
#define PREDICTIONS_OUTLOOK_STORE_H

#include "predictions/outlook.h"

/* The teams of OUTLOOK as rows, as they would be stored. */
struct err *outlook_rows(struct ctx *ctx, enum tier tier, const struct outlook *outlook,
	struct outlook_row_list *ret) MUST_USE;
/* DETAILS without the chances of each number of wins: of the last few games they are the
 * games' own, but for their order. */
struct err *
outlook_details_coarse(struct arena *arena, struct str details, struct str *ret) MUST_USE;
/* Store OUTLOOK in place of the one of its week, or a live one in place of the last. */
struct err *
outlook_store(struct ctx *ctx, enum tier tier, struct outlook *outlook) MUST_USE;

struct outlook_completed {
	int32_t season;
	int32_t week; /* of the live one */
	uint32_t runs;
	int past_weeks; /* that were not stored yet, or of fewer runs */
};

/* Play the season of OPTIONS live, and as it stood before each of its weeks that is not
 * stored yet, or of fewer runs, and store all of it at once, so that whoever reads finds
 * all of a season's weeks or none; where that takes some minutes it is stored in parts.
 * Errors as of outlook_simulate. */
struct err *outlook_complete(struct ctx *ctx, const struct outlook_options *options,
	struct outlook_completed *ret) MUST_USE;
/* Whether all weeks of the season of OPTIONS, which is one of GAMES, are stored, of so
 * many runs. */
struct err *outlook_is_complete(struct ctx *ctx, const struct game_set *games,
	const struct outlook_options *options, bool *ret) MUST_USE;

#endif
