/*
 * The walk: from the first game to the last, week by week, forecasting each game from
 * what was known before its week, then learning from it.
 *
 * Rules kept, and tested: a forecast depends on no result, line or weather of its own
 * week or later (tier B: on its own game's line); a game played out of turn is learned
 * from only before weeks that began after it was played; the order of the array and the
 * numbers given to quarterbacks change no bit; the same games give the same bytes.
 *
 *     struct walk walk;
 *     TRY(walk_games(arena, (struct walk_options){ .tier = TIER_L }, games, count,
 * &walk)); walk.forecasts[i]                      of games[i], played or to come
 *     walk_forecast(&walk, &game)            of any other game, say with another
 * quarterback walk.weeks[w].ratings[franchise]       before the games of that week
 */
#ifndef MODEL_WALK_H
#define MODEL_WALK_H

#include "model/calibration.h"
#include "model/forecast.h"

struct walk_week {
	int season;
	int week;
	struct rating ratings[FRANCHISES];
};

/* Called before the forecasts of each week with the state as it then is: the place to
 * simulate the rest of a season from. */
typedef void walk_week_fn(void *arg, const struct state *state, int season, int week);

struct walk_options {
	enum tier tier;
	const struct parameters *parameters; /* NULL: the tier's own */
	/* Forecast with the recorded weather: for measuring what knowing it would be
	 * worth. */
	enum weather weather;
	/* Forecast with each team's last starter instead of the recorded one. */
	bool use_last_starters;
	bool keep_ratings;
	bool only_chances; /* leave the distributions out: for fitting */
	/* Keep the state of this week; 0: of the first week still to be played. */
	int keep_season, keep_week;
	walk_week_fn *on_week;
	void *on_week_arg;
	bool (*is_cancelled)(void); /* asked before each week; NULL: never */
};

struct walk {
	struct walk_options options;
	struct forecast *forecasts; /* one a game, in the order of the games given */
	struct walk_week *weeks;    /* where keep_ratings */
	size_t week_count;
	/* As it was before the week to keep; after the last game if there is none. */
	struct state *state;
	struct calibration calibration;
};

/* Walk over COUNT games in any order; what is returned lives in ARENA (some 1 KB a game).
 * INVALID if a game's teams or quarterbacks are out of range; TIMEOUT where it is
 * cancelled. */
MUST_USE struct err *walk_games(struct arena *arena, struct walk_options options,
	const struct model_game *games, size_t count, struct walk *ret);
/* What WALK's state says of GAME, a game of the week that was kept. */
struct forecast walk_forecast(const struct walk *walk, const struct model_game *game);

#endif
