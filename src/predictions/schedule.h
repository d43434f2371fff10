/* Seasons, weeks and games as readers ask for them: by number, or the current one. */
#ifndef PREDICTIONS_SCHEDULE_H
#define PREDICTIONS_SCHEDULE_H

#include "base/opt.h"
#include "db/db.h"

struct game_row; /* predictions/reads_q.h */

enum {
	WEEK_CURRENT = -1, /* a season or week asked for as `current` */
	/* What a column of type season or week holds (sql/checks.txt), and so what any
	 * flag or parameter may ask for. */
	SEASON_LEAST = 1920,
	SEASON_MOST = 2100,
	WEEK_MOST = 23,
};

struct week_range {
	int32_t season;
	int32_t first_week;
	int32_t last_week;
};

/*
 * The weeks that SEASON and WEEK mean. The current week is that of the next game to be
 * played, three days after the last of a week's games the next one; with no game to come,
 * the last week that has games. Without a season the current one; without a week all of
 * the season's.
 */
struct err *schedule_range(struct tx *tx, struct opt_i32 season, struct opt_i32 week,
	struct week_range *ret) MUST_USE;

/*
 * Why a list of SEASON and WEEK, either of which may be left out, came out empty:
 * NOT_FOUND with the field where there are no such games and never were, so that nobody
 * takes a mistyped year for a year without forecasts. NULL: it is empty all the same.
 */
struct err *
schedule_explain(struct tx *tx, struct opt_i32 season, struct opt_i32 week) MUST_USE;

struct season_span {
	int32_t first;
	int32_t last;
};

/* The seasons from FROM through THROUGH; all of them without either. INVALID when they
 * are in the wrong order. */
struct err *schedule_span(struct tx *tx, struct opt_i32 from, struct opt_i32 through,
	struct season_span *ret) MUST_USE;

/* The first day (YYYY-MM-DD) on which a game whose hour is not known may have begun after
 * AT; INT64_MAX: one that never comes. */
struct str schedule_day_after(struct arena *arena, int64_t at);

/* The game of that id, or that had it before it moved to another week. NOT_FOUND. */
struct err *
game_get(struct tx *tx, struct str nflverse_id, struct game_row *ret) MUST_USE;

#endif
