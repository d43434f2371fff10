/*
 * Picks: what a subscriber says of a game himself, changed at will until its kick-off.
 * Nobody else sees them (row security); graded like any forecast, they show on the
 * leaderboard in sum, and only of those who wish (users.is_on_leaderboard).
 */
#ifndef PREDICTIONS_PICK_H
#define PREDICTIONS_PICK_H

#include "db/db.h"
#include "predictions/picks_q.h"

struct pick_ask {
	struct str game_id;
	struct str type; /* game, ats or total */
	struct str pick; /* home or away; of a total over or under */
	double probability;
};

enum {
	LEADER_PICKS_LEAST = 10, /* graded ones, to be on the leaderboard */
};

/* Make or change the pick of ctx->actor, at the line and odds of the moment. NOT_FOUND:
 * no such game; INVALID: a pick that is none of the type, or a game without that line;
 * CONFLICT: the game has begun. RET, which may be NULL: as it now stands. */
struct err *
pick_make(struct ctx *ctx, const struct pick_ask *ask, struct pick_row *ret) MUST_USE;
/* Delete PICK, as if it had never been made. NOT_FOUND: ctx->actor has none by that id;
 * CONFLICT: its game has begun, and it counts. */
struct err *pick_take_back(struct ctx *ctx, struct uuid pick) MUST_USE;

/* Grade the picks of finished games, in TX; ret_graded: how many. */
struct err *picks_grade(struct tx *tx, int64_t *ret_graded) MUST_USE;

#endif
