/* A simulated season with users who pick, for the tests of picks and leagues. */
#ifndef TESTS_PREDICTIONS_SEASON_H
#define TESTS_PREDICTIONS_SEASON_H

#include "tests/support/database.h"
#include "tests/support/feed_text.h"

enum {
	SEASON = 2022,
	WEEK = 9,
	GAMES = 12, /* at least so many has that week */
	ANN = 1,
	BOB = 2,
	EVE = 3,
};

/* The user of that number. */
struct user_id user(int number);
void act_as(struct ctx *ctx, int number);
/* Make those from 1 to COUNT. */
struct err *put_users(struct ctx *ctx, int count) MUST_USE;
/* The season as it stands at NOW ("2022-10-20T12:00:00Z"), which becomes the time. */
struct err *season_at(struct ctx *ctx, const char *now) MUST_USE;
/* ROWS as a feed has them at NOW, which becomes the time. */
struct err *import_at(struct ctx *ctx, const char *now, const struct feed_row *rows,
	size_t count) MUST_USE;
/* COUNT of the week's winners, all called home. */
struct err *
pick_week(struct ctx *ctx, int number, double probability, int count) MUST_USE;

/* Results of props, a row: GAME and REST, "passing yards,300". */
struct str prop_row(struct ctx *ctx, struct str game, const char *rest);

#endif
