/*
 * The standings of a regular season since 2002, and who enters the playoffs as which
 * seed.
 *
 * Clubs are franchises (team.h); a set of clubs has bit 1 << franchise. Places go by the
 * percentage of games won, a tie counting half, for clubs may have played unequally many:
 * in 2022 a game was never finished. Ties are broken as tiebreak.h says.
 */
#ifndef MODEL_STANDINGS_H
#define MODEL_STANDINGS_H

#include "model/game.h"
#include "model/team.h"

enum {
	STANDINGS_FIRST_SEASON = 2002, /* the divisions of today */
	CONFERENCES = 2,
	CONFERENCE_DIVISIONS = 4,
	MOST_SEEDS = 7,
};

struct standings;
/* Fills in scored, allowed and net, which only the last steps need. */
typedef void standings_scores_fn(struct standings *standings, void *arg);

struct standings {
	int season;
	/* Clubs of each. */
	uint32_t conference[CONFERENCES];
	uint32_t division[CONFERENCES][CONFERENCE_DIVISIONS];
	uint32_t conference_of[FRANCHISES];
	uint32_t division_of[FRANCHISES];

	/* Whom each club met, and how often; the rows are of the club, the columns of the
	 * opponent. */
	uint32_t opponents[FRANCHISES];
	uint8_t played[FRANCHISES];
	uint8_t met[FRANCHISES][FRANCHISES];
	/* What came of it. */
	uint8_t halves[FRANCHISES]; /* twice the wins, and the ties */
	uint8_t won[FRANCHISES][FRANCHISES];
	uint8_t tied[FRANCHISES][FRANCHISES];

	int scored[FRANCHISES];
	int allowed[FRANCHISES];
	int net[FRANCHISES][FRANCHISES]; /* points of the club less the opponent's */
	/* Called once before the scores are first looked at; NULL: they are there. */
	standings_scores_fn *scores;
	void *scores_arg;

	/* The coin toss: the higher wins, of equals the lower franchise. */
	uint32_t lot[FRANCHISES];
};

/* The seeds of both conferences, the first at 0. */
struct seeding {
	int count; /* in each conference */
	int byes;
	int club[CONFERENCES][MOST_SEEDS];
};

/* No games yet. SEASON from STANDINGS_FIRST_SEASON on. */
void standings_init(struct standings *standings, int season);
/* A played GAME of the regular season. */
void standings_add(struct standings *standings, const struct model_game *game);
/* The same in two steps: that two clubs meet, and with which margin it ended, without the
 * points. */
void standings_meet(struct standings *standings, int home, int away);
void standings_result(struct standings *standings, int home, int away, int margin);
/* And the points. */
void standings_score(struct standings *standings, const struct model_game *game);

/* Clubs of CLUBS that won the greatest share of their games. */
uint32_t standings_leaders(const struct standings *standings, uint32_t clubs);
/* The playoff field: four division champions and the wild cards of each conference. */
void standings_seed(struct standings *standings, struct seeding *ret);
/* How many seeds a conference has, and how many of them need not play the first round. */
int seeds_in(int season);
int byes_in(int season);

/* The club of the lowest number in CLUBS, which is not empty. */
static inline int
first_club(uint32_t clubs)
{
	return __builtin_ctz(clubs);
}

#define FOR_EACH_CLUB(club, clubs)                                                 \
	for (uint32_t rest_##club = (clubs), club = 0;                             \
		rest_##club && ((club = (uint32_t)__builtin_ctz(rest_##club)), 1); \
		rest_##club &= rest_##club - 1)

#endif
