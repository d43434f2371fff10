/*
 * The situation of a game: what besides the teams moves its margin (f) and its total (g).
 *
 * Margin effects are from the home side's view and change sign when the sides are
 * swapped; those that speak of being at home vanish on neutral ground.
 */
#ifndef MODEL_SITUATION_H
#define MODEL_SITUATION_H

#include "model/game.h"
#include "model/stakes.h"
#include "model/team.h"

enum margin_effect {
	MARGIN_DIVISION,   /* division rivals, not on neutral ground */
	MARGIN_PLAYOFF,    /* playoff game, not on neutral ground */
	MARGIN_BYE,        /* came off a week without a game */
	MARGIN_SHORT_WEEK, /* five days or fewer since the last game */
	MARGIN_REST,       /* days of rest, the difference within ±4, by 4 */
	MARGIN_TRAVEL,     /* time zones travelled, by 3 */
	MARGIN_WEST_EARLY, /* western visitors at an early eastern kick-off */
	MARGIN_EAST_LATE,  /* eastern visitors at a late western one */
	MARGIN_DOME_OUT,   /* visitors used to a roof, in the open */
	MARGIN_DOME_COLD,  /* the same, in the cold */
	MARGIN_NIGHT,      /* night game, not on neutral ground */
	MARGIN_CHANGE,     /* another quarterback than last time, not in week 1 */
	MARGIN_NEW_HERE,   /* he never started for this team before, not in week 1 */
	MARGIN_NOVICE,     /* 1 in his first game, ¾ in his second, to 0 in his fifth */
	MARGIN_RESTING,    /* last week, with nothing to play for but the playoffs */
	MARGIN_RESTING_EARLY, /* the same, the weeks before */
	MARGIN_ELIMINATED,
	MARGIN_URGENCY,
	MARGIN_EFFECTS,
};

enum total_effect {
	TOTAL_DOME,
	TOTAL_WIND,
	TOTAL_COLD,
	TOTAL_DIVISION,
	TOTAL_PLAYOFF,
	TOTAL_NEUTRAL,
	TOTAL_NIGHT,
	TOTAL_HOT,
	TOTAL_SHORT_WEEKS,
	TOTAL_BYES,
	TOTAL_EARLY_SEASON,
	TOTAL_LATE_SEASON,
	TOTAL_CHANGE,
	TOTAL_RESTING,
	TOTAL_EFFECTS,
};

struct situation {
	double margin[MARGIN_EFFECTS];
	double total[TOTAL_EFFECTS];
};

/* Where each franchise is at home in one season: the venues of team_ground, looked up
 * once. */
struct grounds {
	int season;
	int venue[FRANCHISES];
};

/* What may be known of the weather: the venue's climate, before the game, or what was
 * recorded. */
enum weather { WEATHER_CLIMATE, WEATHER_RECORDED };

/* What a side brings to the game besides its strength. */
struct side {
	bool is_change, is_new_here;
	double novice;
	struct stake stake;
};

void grounds_init(struct grounds *grounds, int season);
/* The situation of GAME, of the season that GROUNDS are for. SIDES: home, away. */
struct situation situation_of(const struct model_game *game,
	const struct grounds *grounds, enum weather weather, const struct side sides[2]);

#endif
