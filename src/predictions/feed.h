/*
 * The games feed: rows of an nflverse games.csv as structs. Pure: nothing is stored here.
 *
 * A file is refused as a whole where it is not what it should be: not CSV, a column
 * missing, cut off, a line too long. A row that says something impossible is a fault of
 * its own, told with line, column and reason; what becomes of the rest is the caller's
 * decision (game.h).
 *
 * What cannot be is a fault of the row as well: a result of a game that has not begun, a
 * season that is years away, a team that plays twice in a week or is at home to another
 * twice.
 *
 * Team codes of any time and spelling become the code that the franchise had in that
 * season. "NA" is as good as nothing.
 */
#ifndef PREDICTIONS_FEED_H
#define PREDICTIONS_FEED_H

#include "base/err.h"
#include "base/opt.h"
#include "base/vec.h"
#include "codec/csv.h"
#include "crypto/digest.h"

/*
 * X(kind, field, column, least, most), kinds: text, opt_text (absent where empty),
 * number, opt_number (whole), opt_decimal, opt_flag (0 or 1). For texts, least and most
 * length.
 */
#define FEED_COLUMNS(X)                                                      \
	X(text, nflverse_id, "game_id", 1, 40)                               \
	X(number, season, "season", 1920, 2100)                              \
	X(text, game_type, "game_type", 1, 8)                                \
	X(number, week, "week", 1, 23)                                       \
	X(text, gameday, "gameday", 1, 60)                                   \
	X(opt_text, gametime, "gametime", 0, 5)                              \
	X(text, away_team, "away_team", 1, 8)                                \
	X(text, home_team, "home_team", 1, 8)                                \
	X(opt_number, away_score, "away_score", 0, 200)                      \
	X(opt_number, home_score, "home_score", 0, 200)                      \
	X(text, location, "location", 1, 20)                                 \
	X(opt_number, result, "result", -200, 200)                           \
	X(opt_number, total, "total", 0, 400)                                \
	X(opt_flag, overtime, "overtime", 0, 1)                              \
	X(opt_number, away_rest, "away_rest", 0, 400)                        \
	X(opt_number, home_rest, "home_rest", 0, 400)                        \
	X(opt_number, away_moneyline, "away_moneyline", -1000000, 1000000)   \
	X(opt_number, home_moneyline, "home_moneyline", -1000000, 1000000)   \
	X(opt_decimal, spread_line, "spread_line", -100, 100)                \
	X(opt_number, away_spread_odds, "away_spread_odds", -100000, 100000) \
	X(opt_number, home_spread_odds, "home_spread_odds", -100000, 100000) \
	X(opt_decimal, total_line, "total_line", 0.5, 200)                   \
	X(opt_number, under_odds, "under_odds", -100000, 100000)             \
	X(opt_number, over_odds, "over_odds", -100000, 100000)               \
	X(opt_flag, div_game, "div_game", 0, 1)                              \
	X(opt_text, roof, "roof", 0, 40)                                     \
	X(opt_text, surface, "surface", 0, 40)                               \
	X(opt_number, temp, "temp", -80, 150)                                \
	X(opt_number, wind, "wind", 0, 150)                                  \
	X(opt_text, away_qb_id, "away_qb_id", 0, 40)                         \
	X(opt_text, home_qb_id, "home_qb_id", 0, 40)                         \
	X(opt_text, away_qb_name, "away_qb_name", 0, 100)                    \
	X(opt_text, home_qb_name, "home_qb_name", 0, 100)                    \
	X(opt_text, away_coach, "away_coach", 0, 100)                        \
	X(opt_text, home_coach, "home_coach", 0, 100)                        \
	X(opt_text, referee, "referee", 0, 100)                              \
	X(opt_text, stadium_id, "stadium_id", 0, 40)                         \
	X(opt_text, stadium, "stadium", 0, 100)

/* What a feed may say as well, of the lines that its games opened at: none of it must be
 * there. The names are nflverse's with _open behind them. */
#define FEED_OPENING_COLUMNS(X)                                                      \
	X(opt_number, away_moneyline_open, "away_moneyline_open", -1000000, 1000000) \
	X(opt_number, home_moneyline_open, "home_moneyline_open", -1000000, 1000000) \
	X(opt_decimal, spread_line_open, "spread_line_open", -100, 100)              \
	X(opt_decimal, total_line_open, "total_line_open", 0.5, 200)

typedef struct str feed_text;
typedef struct str feed_opt_text;
typedef int32_t feed_number;
typedef struct opt_i32 feed_opt_number;
typedef struct opt_f64 feed_opt_decimal;
typedef struct opt_bool feed_opt_flag;

struct feed_game {
#define X(kind, field, column, least, most) feed_##kind field;
	FEED_COLUMNS(X)
	FEED_OPENING_COLUMNS(X)
#undef X
	int64_t line;              /* of the file, from 1 */
	struct opt_i64 kickoff_at; /* from gameday and gametime */
	bool is_neutral;
	uint8_t checksum[SHA256_BYTES]; /* of what the row says, however it is written */
};

struct feed_fault {
	int64_t line;
	struct str column; /* absent: the row as a whole */
	struct str reason;
};

enum {
	FEED_GAMES_MAX = 100000,
	FEED_FAULTS_MAX = 1000, /* kept; all are counted */
};

struct feed {
	struct {
		VEC_OF(struct feed_game)
	} games;
	struct {
		VEC_OF(struct feed_fault)
	} faults;
	size_t fault_count;
};

/* Read everything that SOURCE has, as of NOW (0: at no time in particular). INVALID,
 * TOO_LARGE where the file is refused; a message says line and column but not which
 * file. */
struct err *feed_read(struct arena *arena, struct csv_source source, int64_t now,
	struct feed *ret) MUST_USE;

#endif
