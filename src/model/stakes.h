/*
 * What is at stake in the last weeks of a regular season.
 *
 * A team whose place is settled rests its best players, and a team that cannot get in
 * tries its young ones: the closing lines of last weeks move by a touchdown for it. Here
 * the rest of the season is drawn many times by fair coins, the playoff field made as the
 * league makes it (standings.h), and each team's place compared between the draws in
 * which it wins its next game and those in which it loses.
 */
#ifndef MODEL_STAKES_H
#define MODEL_STAKES_H

#include "model/game.h"
#include "model/team.h"

enum {
	STAKES_WEEKS = 3, /* the last weeks for which stakes are found */
};

struct stake {
	double resting;    /* 0 to 1: in the playoffs, and this game changes nothing */
	double eliminated; /* 0 or 1 */
	double urgency; /* how much better a place a win brings than a loss; 0 to about 2
			 */
	bool is_last_week;
};

/*
 * The stakes of every team in WEEK of the season that GAMES (COUNT, all of one season, in
 * order) are of. Only results of games played before the first day of WEEK are looked at;
 * what is not played by then, of earlier weeks too, is drawn. All nothing before the last
 * weeks, in the playoffs, before STANDINGS_FIRST_SEASON, and until the week before has
 * been played: nobody knows yet whose place will be settled.
 */
void stakes_of(const struct model_game *const *games, size_t count, int week,
	struct stake ret[FRANCHISES]);

#endif
