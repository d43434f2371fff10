/*
 * What if another quarterback played: a game forecast again as it would have been before
 * its week; and what the model believed then of every quarterback.
 */
#ifndef PREDICTIONS_WHAT_IF_H
#define PREDICTIONS_WHAT_IF_H

#include "model/season.h"
#include "predictions/believed.h"

/* A quarterback as he was rated before a week. */
struct quarterback_row {
	struct str id; /* of the feed */
	struct str name;
	struct str
		team; /* for whom he last started, its code of the time; absent: none */
	bool is_starter; /* he started for it last */
	int32_t starts;
	double worth; /* points a game, against the average of all last starters */
	double worth_se;
};

struct quarterback_list {
	struct quarterback_row *items;
	size_t count;
};

struct what_if_options {
	struct str game_id;
	/* Id or name; absent: as the game has it. */
	struct str home_quarterback, away_quarterback;
};

struct what_if {
	struct str game_id, home_team, away_team;
	struct quarterback_row home, away; /* of whom it is asked */
	struct forecast forecast;          /* with them */
	struct forecast as_named;          /* with those the game names */
};

/* Both begin with what was believed before the week: predictions/believed.h. */

/* NOT_FOUND where there is no such game, GONE where it was called off; INVALID (field
 * home_qb, away_qb) where nobody, or more than one, has that name. */
struct err *what_if_forecast(struct ctx *ctx, const struct what_if_options *options,
	struct what_if *ret) MUST_USE;
/* Everybody who has started by then and did so in the last two seasons, the best first.
 * NOT_FOUND where there are no games of that season. */
struct err *quarterbacks_before(
	struct ctx *ctx, struct season_time when, struct quarterback_list *ret) MUST_USE;

#endif
