/*
 * The playoffs: who meets whom, where, round by round.
 *
 * First round: the better half of those without a bye at home to the worse half, best to
 * worst. Then the best seed left hosts the worst left, and the other two meet at the
 * better one's; in the conference's final the better seed is at home; the last game is on
 * neutral ground.
 */
#ifndef MODEL_BRACKET_H
#define MODEL_BRACKET_H

#include "model/standings.h"

struct bracket_game {
	enum game_type round;
	int home, away;
	bool is_home_rested; /* home had a bye, and away had not */
};

/* Play GAME; true where home wins. */
typedef bool bracket_play_fn(void *arg, const struct bracket_game *game);

struct bracket {
	/* Clubs that play (or with a bye, wait) in each round, from GAME_WILD_CARD on. */
	uint32_t in_round[GAME_SUPER_BOWL + 1];
	int champion;
};

void bracket_play(const struct seeding *seeding, bracket_play_fn *play, void *arg,
	struct bracket *ret);

#endif
