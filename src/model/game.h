/*
 * A game as the model sees it: plain numbers, filled in by the caller.
 *
 * Set MODEL_GAME_INIT first, then what is known. A game not yet played has is_played
 * false. Everything here is from the home side's view; on neutral ground "home" is
 * nominal.
 */
#ifndef MODEL_GAME_H
#define MODEL_GAME_H

#include "base/compiler.h"
#include "base/opt.h"

enum game_type {
	GAME_REGULAR,
	GAME_WILD_CARD,
	GAME_DIVISIONAL,
	GAME_CONFERENCE,
	GAME_SUPER_BOWL,
};

/* As recorded at kick-off. UNKNOWN: what the venue usually is. */
enum game_roof { ROOF_UNKNOWN, ROOF_OUTDOORS, ROOF_OPEN, ROOF_CLOSED, ROOF_DOME };

enum {
	QUARTERBACK_UNKNOWN = -1, /* the model takes the team's last starter */
	KICKOFF_UNKNOWN = -1,
	VENUE_UNKNOWN = -1, /* the home team's usual ground of that season */
};

struct model_game {
	int season;
	int week; /* 1 up, running on into the playoffs */
	enum game_type type;
	int day;            /* days since 1970-01-01, by the calendar of the venue */
	int kickoff_minute; /* minutes after midnight, Eastern; or KICKOFF_UNKNOWN */
	int home, away;     /* franchises, see team.h */
	int venue;          /* see venue.h, or VENUE_UNKNOWN */
	bool is_neutral;
	bool is_division;
	int home_rest_days, away_rest_days;

	/* Small numbers from 0 up, one a person, in any order: their values change
	 * nothing. */
	int home_quarterback, away_quarterback;

	/* Known at or after kick-off: a forecast never sees these of its own game. */
	enum game_roof roof;
	struct opt_f64 temperature_f;
	struct opt_f64 wind_mph;
	bool is_played;
	int home_score, away_score;

	/* Closing lines; only tier B sees those of its own game. */
	struct opt_f64 spread_line; /* points by which the home team is favoured */
	struct opt_f64 total_line;
	struct opt_f64 home_moneyline, away_moneyline; /* American odds */
	struct opt_f64 home_spread_odds, away_spread_odds;
	struct opt_f64 over_odds, under_odds;
};

#define MODEL_GAME_INIT                                                    \
	{                                                                  \
		.kickoff_minute = KICKOFF_UNKNOWN, .venue = VENUE_UNKNOWN, \
		.home_rest_days = 7, .away_rest_days = 7,                  \
		.home_quarterback = QUARTERBACK_UNKNOWN,                   \
		.away_quarterback = QUARTERBACK_UNKNOWN,                   \
	}

static inline bool
game_is_playoff(const struct model_game *game)
{
	return game->type != GAME_REGULAR;
}

/* By season, week, day, hour and home team: below 0 where A comes before B. No two games
 * are equal. */
int game_compare(const struct model_game *a, const struct model_game *b);

/* Points by which the home team won. */
static inline double
game_margin(const struct model_game *game)
{
	return game->home_score - game->away_score;
}

static inline double
game_total(const struct model_game *game)
{
	return game->home_score + game->away_score;
}

/* 1 the home team won, ½ a tie, 0 it lost. */
static inline double
game_outcome(const struct model_game *game)
{
	double margin = game_margin(game);

	return margin > 0 ? 1 : margin < 0 ? 0 : 0.5;
}

#endif
