#include "predictions/feed.h"

#include <math.h>

#include "base/map.h"
#include "base/num.h"
#include "codec/iso_time.h"
#include "model/team.h"

enum {
#define X(kind, field, column, least, most) COLUMN_##field,
	FEED_COLUMNS(X) FEED_OPENING_COLUMNS(X)
#undef X
		COLUMN_COUNT
};

enum {
	FIRST_OPENING_COLUMN =
		COLUMN_away_moneyline_open, /* from here on none is needed */
	NO_PLACE = -1,
	SEASONS_AHEAD = 1, /* schedules are published in the spring */
};

static const char *const column_names[COLUMN_COUNT] = {
#define X(kind, field, column, least, most) [COLUMN_##field] = (column),
	FEED_COLUMNS(X) FEED_OPENING_COLUMNS(X)
#undef X
};

struct limits {
	double least, most;
};

static const struct limits column_limits[COLUMN_COUNT] = {
#define X(kind, field, column, least, most) [COLUMN_##field] = { (least), (most) },
	FEED_COLUMNS(X) FEED_OPENING_COLUMNS(X)
#undef X
};

/* Under which a game stands in the maps of pairs and weeks. */
struct keys {
	struct str pair, home_week, away_week;
};

struct reading {
	struct arena *arena;
	struct feed *feed;
	int64_t now;                   /* 0: at no time in particular */
	ptrdiff_t place[COLUMN_COUNT]; /* of each column in a row, or NO_PLACE */
	size_t field_count;
	/* Of the rows that were taken, since one that was refused is no game: */
	struct map lines; /* game_id → the line it stood on, an int64_t */
	struct map weeks; /* likewise, of "2023 1 KC": who plays in which week */
	struct map pairs; /* likewise, of "2023 REG DET KC": who is at home to whom */
	struct keys keys; /* of the row being read, once it was checked */
	struct csv_row row;
	struct err *err; /* no memory: ends everything */
};

/* Note a fault of the row being read. Returns false, for the reader of a field to
 * return. */
static bool
fault(struct reading *reading, int column, const char *fmt, ...) PRINTF_LIKE(3, 4);

static bool
fault(struct reading *reading, int column, const char *fmt, ...)
{
	struct feed *feed = reading->feed;
	struct buf reason;
	va_list args;

	feed->fault_count++;
	if (feed->faults.count == FEED_FAULTS_MAX)
		return false;
	buf_init(&reason, reading->arena, 400);
	va_start(args, fmt);
	buf_vfmt(&reason, fmt, args);
	va_end(args);
	if (!VEC_PUSH(reading->arena, &feed->faults,
		    (struct feed_fault){
			    .line = reading->row.line,
			    .column = column < COLUMN_COUNT
				    ? str_from(column_names[column])
				    : STR_NONE,
			    .reason = buf_str(&reason),
		    }))
		reading->err = err_no_memory();
	return false;
}

/* The field of COLUMN; absent where it is empty or NA, or the feed has no such column. */
static struct str
field_of(const struct reading *reading, int column)
{
	struct str field = reading->place[column] == NO_PLACE
		? STR_NONE
		: str_trim(reading->row.fields[reading->place[column]]);

	return field.len == 0 || str_eq(field, STR("NA")) ? STR_NONE : field;
}

/* What of a wrong field is shown. */
static struct str
shown(struct str field)
{
	return str_slice(field, 0, 60);
}

/* --- One reader a kind of column */

static bool
read_opt_text(struct reading *reading, int column, struct str *ret)
{
	struct str field = field_of(reading, column);
	struct limits limits = column_limits[column];

	if (!str_is_none(field) &&
		((double)field.len < limits.least || (double)field.len > limits.most))
		return fault(reading, column, "'" STR_FMT "' is not %g to %g bytes long",
			STR_ARG(shown(field)), limits.least, limits.most);
	*ret = STR_NONE;
	if (str_is_none(field))
		return true;
	*ret = str_dup(reading->arena, field);
	if (str_is_none(*ret))
		reading->err = err_no_memory();
	return !str_is_none(*ret);
}

static bool
read_text(struct reading *reading, int column, struct str *ret)
{
	if (!read_opt_text(reading, column, ret))
		return false;
	return str_is_none(*ret) ? fault(reading, column, "is empty") : true;
}

static bool
read_opt_decimal(struct reading *reading, int column, struct opt_f64 *ret)
{
	struct str field = field_of(reading, column);
	struct limits limits = column_limits[column];
	struct opt_f64 value = { .is_set = !str_is_none(field) };

	if (value.is_set &&
		(!num_parse_f64(field, &value.value) || value.value < limits.least ||
			value.value > limits.most))
		return fault(reading, column,
			"'" STR_FMT "' is not a number from %g to %g",
			STR_ARG(shown(field)), limits.least, limits.most);
	*ret = value;
	return true;
}

/* A whole number. Some tools write a column with gaps as decimals: 17.0 is 17. */
static bool
read_opt_number(struct reading *reading, int column, struct opt_i32 *ret)
{
	struct opt_f64 value = { .is_set = false };

	if (!read_opt_decimal(reading, column, &value))
		return false;
	if (value.is_set && value.value != trunc(value.value))
		return fault(reading, column, "%g is not a whole number", value.value);
	*ret = (struct opt_i32){ .is_set = value.is_set, .value = (int32_t)value.value };
	return true;
}

static bool
read_number(struct reading *reading, int column, int32_t *ret)
{
	struct opt_i32 value = { .is_set = false };

	if (!read_opt_number(reading, column, &value))
		return false;
	if (!value.is_set)
		return fault(reading, column, "is empty");
	*ret = value.value;
	return true;
}

static bool
read_opt_flag(struct reading *reading, int column, struct opt_bool *ret)
{
	struct opt_i32 value = { .is_set = false };

	if (!read_opt_number(reading, column, &value))
		return false;
	*ret = (struct opt_bool){ .is_set = value.is_set, .value = value.value != 0 };
	return true;
}

/* --- What a row as a whole must satisfy */

static bool
check_text_is_one_of(
	struct reading *reading, int column, struct str text, const char *const *known)
{
	for (; *known; known++) {
		if (str_eq(text, str_from(*known)))
			return true;
	}
	return fault(reading, column, "'" STR_FMT "' is not known", STR_ARG(shown(text)));
}

/* Replace a code of any time by that of the season. */
static bool
team_resolve(struct reading *reading, int column, int season, struct str *code)
{
	int franchise = team_find(*code);

	if (franchise == FRANCHISE_UNKNOWN)
		return fault(reading, column, "there is no team '" STR_FMT "'",
			STR_ARG(shown(*code)));
	*code = team_code_in(franchise, season);
	return true;
}

static bool
teams_resolve(struct reading *reading, struct feed_game *game)
{
	if (!team_resolve(reading, COLUMN_home_team, game->season, &game->home_team) ||
		!team_resolve(reading, COLUMN_away_team, game->season, &game->away_team))
		return false;
	if (str_eq(game->home_team, game->away_team))
		return fault(reading, COLUMN_away_team,
			"'" STR_FMT "' is the home team as well",
			STR_ARG(game->away_team));
	return true;
}

static bool
kickoff_resolve(struct reading *reading, struct feed_game *game)
{
	struct date date;
	int minutes;

	if (!date_parse(game->gameday, &date))
		return fault(reading, COLUMN_gameday,
			"'" STR_FMT "' is not a day as 2023-09-07",
			STR_ARG(shown(game->gameday)));
	if (date.year != game->season && date.year != game->season + 1)
		return fault(reading, COLUMN_gameday,
			STR_FMT " does not lie in the season of %d",
			STR_ARG(game->gameday), game->season);
	if (str_is_none(game->gametime))
		return true;
	if (!clock_minutes_parse(game->gametime, &minutes))
		return fault(reading, COLUMN_gametime,
			"'" STR_FMT "' is not a time as 20:20",
			STR_ARG(shown(game->gametime)));
	game->gametime = str_fmt(reading->arena, "%02d:%02d", minutes / 60, minutes % 60);
	game->kickoff_at = (struct opt_i64)OPT(
		eastern_to_utc(date_to_days(date), minutes));
	return true;
}

static bool
scores_resolve(struct reading *reading, struct feed_game *game)
{
	int32_t home = game->home_score.value, away = game->away_score.value;

	if (game->home_score.is_set != game->away_score.is_set)
		return fault(reading,
			game->home_score.is_set ? COLUMN_away_score : COLUMN_home_score,
			"is empty, but the other score is not");
	if (!game->home_score.is_set) {
		if (game->result.is_set || game->total.is_set)
			return fault(reading,
				game->result.is_set ? COLUMN_result : COLUMN_total,
				"is given, but the scores are not");
		return true;
	}
	if (game->result.is_set && game->result.value != home - away)
		return fault(reading, COLUMN_result, "%d is not %d - %d",
			game->result.value, home, away);
	if (game->total.is_set && game->total.value != home + away)
		return fault(reading, COLUMN_total, "%d is not %d + %d",
			game->total.value, home, away);
	game->result = (struct opt_i32)OPT(home - away);
	game->total = (struct opt_i32)OPT(home + away);
	return true;
}

/* As game_begins_at of predictions/game.h has it of a game that is stored. */
static int64_t
begins_at(const struct feed_game *game)
{
	struct date date = { 0 };

	if (game->kickoff_at.is_set || !date_parse(game->gameday, &date))
		return game->kickoff_at.value;
	return eastern_to_utc(date_to_days(date), 0);
}

/* What cannot be known yet. */
static bool
time_check(struct reading *reading, const struct feed_game *game)
{
	int32_t year = date_from_days(reading->now / MICROSECONDS_PER_DAY).year;

	if (reading->now == 0)
		return true;
	if (game->season > year + SEASONS_AHEAD)
		return fault(reading, COLUMN_season,
			"%d is more than a year away; is this computer's clock right?",
			game->season);
	if (game->home_score.is_set && begins_at(game) > reading->now)
		return fault(reading, COLUMN_home_score,
			"is given, but the game of " STR_FMT
			" has not begun; is this computer's clock right?",
			STR_ARG(game->gameday));
	return true;
}

/* The line of the game that stands under KEY; 0: none does. */
static int64_t
line_of(const struct map *games, struct str key)
{
	const int64_t *line = map_find(games, key);

	return line ? *line : 0;
}

static bool
plays_once(struct reading *reading, const struct feed_game *game, struct str team,
	struct str key)
{
	int64_t earlier = line_of(&reading->weeks, key);

	return earlier == 0 ||
		fault(reading, COLUMN_week,
			STR_FMT " plays twice in week %d, the first time on line %lld",
			STR_ARG(team), game->week, (long long)earlier);
}

static struct str
week_key(struct reading *reading, const struct feed_game *game, struct str team)
{
	return str_fmt(reading->arena, "%d %d " STR_FMT, game->season, game->week,
		STR_ARG(team));
}

/* No game stands there twice under two names. */
static bool
opponents_check(struct reading *reading, const struct feed_game *game)
{
	struct keys keys = {
		.pair = str_fmt(reading->arena, "%d " STR_FMT " " STR_FMT " " STR_FMT,
			game->season, STR_ARG(game->game_type), STR_ARG(game->away_team),
			STR_ARG(game->home_team)),
		.home_week = week_key(reading, game, game->home_team),
		.away_week = week_key(reading, game, game->away_team),
	};
	int64_t earlier;

	if (str_is_none(keys.pair) || str_is_none(keys.home_week) ||
		str_is_none(keys.away_week)) {
		reading->err = err_no_memory();
		return false;
	}
	earlier = line_of(&reading->pairs, keys.pair);
	if (earlier)
		return fault(reading, COLUMN_home_team,
			STR_FMT " is at home to " STR_FMT
				" twice, the first time on line %lld",
			STR_ARG(game->home_team), STR_ARG(game->away_team),
			(long long)earlier);
	reading->keys = keys;
	return plays_once(reading, game, game->home_team, keys.home_week) &&
		plays_once(reading, game, game->away_team, keys.away_week);
}

static bool
game_check(struct reading *reading, struct feed_game *game)
{
	static const char *const types[] = { "REG", "WC", "DIV", "CON", "SB", NULL };
	static const char *const locations[] = { "Home", "Neutral", NULL };
	int64_t earlier = line_of(&reading->lines, game->nflverse_id);

	if (!check_text_is_one_of(reading, COLUMN_game_type, game->game_type, types) ||
		!check_text_is_one_of(
			reading, COLUMN_location, game->location, locations) ||
		!teams_resolve(reading, game) || !kickoff_resolve(reading, game) ||
		!scores_resolve(reading, game) || !time_check(reading, game))
		return false;
	game->is_neutral = str_eq(game->location, STR("Neutral"));
	if (earlier)
		return fault(reading, COLUMN_nflverse_id,
			"'" STR_FMT "' is already on line %lld",
			STR_ARG(game->nflverse_id), (long long)earlier);
	return opponents_check(reading, game);
}

/* --- The checksum: of every column's value, written in one way */

static void
sum_text(struct buf *out, struct str value)
{
	buf_put(out, value);
}

static void
sum_number(struct buf *out, int32_t value)
{
	buf_put_i64(out, value);
}

static void
sum_opt_number(struct buf *out, struct opt_i32 value)
{
	if (value.is_set)
		buf_put_i64(out, value.value);
}

static void
sum_opt_decimal(struct buf *out, struct opt_f64 value)
{
	if (value.is_set)
		buf_fmt(out, "%.17g", value.value);
}

static void
sum_opt_flag(struct buf *out, struct opt_bool value)
{
	if (value.is_set)
		buf_put_i64(out, value.value);
}

#define sum_opt_text sum_text

static void
checksum_set(struct feed_game *game)
{
	char storage[4096];
	struct buf out;

	buf_init_fixed(&out, storage, sizeof(storage));
#define X(kind, field, column, least, most) \
	sum_##kind(&out, game->field);      \
	buf_put_char(&out, '\x1f');
	FEED_COLUMNS(X)
#undef X
	/* So that a row without them sums to what it did before they were read. */
	if (game->away_moneyline_open.is_set || game->home_moneyline_open.is_set ||
		game->spread_line_open.is_set || game->total_line_open.is_set) {
#define X(kind, field, column, least, most) \
	buf_put(&out, STR(column "="));     \
	sum_##kind(&out, game->field);      \
	buf_put_char(&out, '\x1f');
		FEED_OPENING_COLUMNS(X)
#undef X
	}
	digest_sha256(buf_str(&out), game->checksum);
}

/* --- The file */

/* Where each column is. */
static struct err *
header_read(struct reading *reading)
{
	const struct csv_row *row = &reading->row;

	reading->field_count = row->count;
	if (str_starts_with(str_trim(row->fields[0]), STR("<")))
		return err_in(reading->arena, ERR_INVALID,
			"line 1: this is a web page, not a games file");
	for (int column = 0; column < COLUMN_COUNT; column++) {
		struct str name = str_from(column_names[column]);
		size_t found = 0;

		reading->place[column] = NO_PLACE;
		for (size_t i = 0; i < row->count; i++) {
			if (!str_eq(str_trim(row->fields[i]), name))
				continue;
			reading->place[column] = (ptrdiff_t)i;
			found++;
		}
		if (found == 0 && column < FIRST_OPENING_COLUMN)
			return err_in(reading->arena, ERR_INVALID,
				"line 1: the column %s is missing; this is not an "
				"nflverse games file",
				column_names[column]);
		if (found > 1)
			return err_in(reading->arena, ERR_INVALID,
				"line 1: the column %s is there twice",
				column_names[column]);
	}
	return NULL;
}

/* The row as a game; false where it was a fault. */
static bool
game_read(struct reading *reading, struct feed_game *game)
{
	*game = (struct feed_game){ .line = reading->row.line };
	if (reading->row.count != reading->field_count)
		return fault(reading, COLUMN_COUNT, "%zu fields instead of %zu",
			reading->row.count, reading->field_count);
#define X(kind, field, column, least, most)                      \
	if (!read_##kind(reading, COLUMN_##field, &game->field)) \
		return false;
	FEED_COLUMNS(X)
	FEED_OPENING_COLUMNS(X)
#undef X
	if (!game_check(reading, game))
		return false;
	checksum_set(game);
	return true;
}

static struct err *
game_keep(struct reading *reading, const struct feed_game *game)
{
	struct feed *feed = reading->feed;
	int64_t *line;

	if (feed->games.count == FEED_GAMES_MAX)
		return err_in(reading->arena, ERR_TOO_LARGE,
			"line %lld: more than %d games", (long long)game->line,
			FEED_GAMES_MAX);
	TRY_NEW(reading->arena, line, 1);
	*line = game->line;
	if (!map_put(&reading->lines, game->nflverse_id, line) ||
		!map_put(&reading->pairs, reading->keys.pair, line) ||
		!map_put(&reading->weeks, reading->keys.home_week, line) ||
		!map_put(&reading->weeks, reading->keys.away_week, line) ||
		!VEC_PUSH(reading->arena, &feed->games, *game))
		return err_no_memory();
	return NULL;
}

static struct err *
rows_read(struct reading *reading, struct csv_reader *reader)
{
	bool found = true, is_ended = true;

	for (;;) {
		struct feed_game game;

		TRY(csv_next(reader, &reading->row, &found));
		if (!found)
			break;
		is_ended = reading->row.is_ended;
		if (is_ended && game_read(reading, &game))
			TRY(game_keep(reading, &game));
		if (reading->err)
			return reading->err;
	}
	/* Whatever writes this format ends its last line. */
	if (!is_ended)
		return err_in(reading->arena, ERR_INVALID,
			"line %lld: the last line has no end; the file seems to be cut "
			"off",
			(long long)reading->row.line);
	return NULL;
}

struct err *
feed_read(struct arena *arena, struct csv_source source, int64_t now, struct feed *ret)
{
	struct feed feed = { .fault_count = 0 };
	struct reading reading = { .arena = arena, .feed = &feed, .now = now };
	struct csv_reader reader;
	bool found;

	map_init(&reading.lines, arena);
	map_init(&reading.weeks, arena);
	map_init(&reading.pairs, arena);
	TRY(csv_reader_init(&reader, arena, source, (struct csv_options){ 0 }));
	TRY(csv_next(&reader, &reading.row, &found));
	if (!found)
		return err_in(arena, ERR_INVALID, "is empty");
	TRY(header_read(&reading));
	TRY(rows_read(&reading, &reader));
	if (feed.games.count == 0 && feed.fault_count == 0)
		return err_in(arena, ERR_INVALID, "holds no games");
	*ret = feed;
	return NULL;
}
