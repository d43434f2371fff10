#include "tests/support/games_csv.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/map.h"
#include "base/num.h"
#include "base/vec.h"
#include "model/team.h"
#include "model/venue.h"

enum {
	MOST_COLUMNS = 64,
	MOST_BYTES = 16 << 20,
};

struct table {
	struct str columns[MOST_COLUMNS];
	struct str cells[MOST_COLUMNS];
	struct str rest;
};

static bool
read_file(struct arena *arena, const char *name, struct str *ret)
{
	const char *shared = getenv("GRIDIRON_SHARED");
	struct str path = shared ? str_fmt(arena, "%s/data/%s", shared, name)
				 : str_fmt(arena, SOURCE_ROOT "/../shared/data/%s", name);
	gzFile file = gzopen(str_cstr(arena, path), "rb");
	char *text;
	int size;

	if (!file)
		return false;
	text = arena_alloc_text(arena, MOST_BYTES);
	size = text ? gzread(file, text, MOST_BYTES) : -1;
	gzclose(file);
	if (size <= 0)
		return false;
	*ret = (struct str){ text, (size_t)size };
	return true;
}

static void
split(struct str line, struct str cells[MOST_COLUMNS])
{
	struct str cell;

	for (int i = 0; i < MOST_COLUMNS; i++)
		cells[i] = STR_NONE;
	line = str_trim(line);
	for (int i = 0; i < MOST_COLUMNS && str_next(&line, ',', &cell); i++)
		cells[i] = cell;
}

static bool
next_row(struct table *table)
{
	struct str line;

	if (!str_next(&table->rest, '\n', &line) || line.len == 0)
		return false;
	split(line, table->cells);
	return true;
}

static bool
open_table(struct arena *arena, const char *name, struct table *table)
{
	if (!read_file(arena, name, &table->rest) || !next_row(table))
		return false;
	for (int i = 0; i < MOST_COLUMNS; i++)
		table->columns[i] = table->cells[i];
	return true;
}

static struct str
cell(const struct table *table, struct str column)
{
	for (int i = 0; i < MOST_COLUMNS; i++)
		if (str_eq(table->columns[i], column))
			return table->cells[i];
	return STR_NONE;
}

static struct opt_f64
number(const struct table *table, struct str column)
{
	struct opt_f64 ret = { 0 };

	ret.is_set = num_parse_f64(cell(table, column), &ret.value);
	return ret;
}

static int
integer(const struct table *table, struct str column)
{
	return (int)number(table, column).value;
}

/* Days since 1970-01-01 of YYYY-MM-DD. */
static int
day_of(struct str date)
{
	int32_t year = 0, month = 0, day = 0;
	int from_march, of_year, of_era, era;

	if (!num_parse_i32(str_slice(date, 0, 4), 1900, 2100, &year) ||
		!num_parse_i32(str_slice(date, 5, 7), 1, 12, &month) ||
		!num_parse_i32(str_slice(date, 8, 10), 1, 31, &day))
		return 0;
	from_march = month > 2 ? month - 3 : month + 9;
	year -= month <= 2;
	era = year / 400;
	of_year = (153 * from_march + 2) / 5 + day - 1;
	of_era = (year % 400) * 365 + (year % 400) / 4 - (year % 400) / 100 + of_year;
	return era * 146097 + of_era - 719468;
}

static int
quarterback(struct map *numbers, struct arena *arena, struct str id, int *count)
{
	int *known = map_find(numbers, id);

	if (!known) {
		known = arena_alloc(arena, sizeof(*known));
		if (!known || !map_put(numbers, id, known))
			return QUARTERBACK_UNKNOWN;
		*known = (*count)++;
	}
	return *known;
}

static enum game_type
type_of(struct str text)
{
	static const struct str names[] = { STR_INIT("REG"), STR_INIT("WC"),
		STR_INIT("DIV"), STR_INIT("CON"), STR_INIT("SB") };
	int ret = 0;

	for (int i = 0; i < (int)COUNT_OF(names); i++)
		if (str_eq(names[i], text))
			ret = i;
	return (enum game_type)ret;
}

static enum game_roof
roof_of(struct str text)
{
	static const struct str names[] = { STR_INIT(""), STR_INIT("outdoors"),
		STR_INIT("open"), STR_INIT("closed"), STR_INIT("dome") };
	int ret = 0;

	for (int i = 0; i < (int)COUNT_OF(names); i++)
		if (str_eq(names[i], text))
			ret = i;
	return (enum game_roof)ret;
}

static struct model_game
game_of(const struct table *table)
{
	struct model_game game = MODEL_GAME_INIT;
	struct str clock = cell(table, STR("gametime"));
	int32_t hour, minute;

	game.season = integer(table, STR("season"));
	game.week = integer(table, STR("week"));
	game.type = type_of(cell(table, STR("game_type")));
	game.day = day_of(cell(table, STR("gameday")));
	if (num_parse_i32(str_slice(clock, 0, 2), 0, 23, &hour) &&
		num_parse_i32(str_slice(clock, 3, 5), 0, 59, &minute))
		game.kickoff_minute = hour * 60 + minute;
	game.home = team_find(cell(table, STR("home_team")));
	game.away = team_find(cell(table, STR("away_team")));
	game.venue = venue_find(cell(table, STR("stadium_id")));
	game.is_neutral = str_eq(cell(table, STR("location")), STR("Neutral"));
	game.is_division = integer(table, STR("div_game"));
	game.home_rest_days = integer(table, STR("home_rest"));
	game.away_rest_days = integer(table, STR("away_rest"));
	game.roof = roof_of(cell(table, STR("roof")));
	game.temperature_f = number(table, STR("temp"));
	game.wind_mph = number(table, STR("wind"));
	game.is_played = number(table, STR("home_score")).is_set;
	game.home_score = integer(table, STR("home_score"));
	game.away_score = integer(table, STR("away_score"));
	game.spread_line = number(table, STR("spread_line"));
	game.total_line = number(table, STR("total_line"));
	game.home_moneyline = number(table, STR("home_moneyline"));
	game.away_moneyline = number(table, STR("away_moneyline"));
	game.home_spread_odds = number(table, STR("home_spread_odds"));
	game.away_spread_odds = number(table, STR("away_spread_odds"));
	game.over_odds = number(table, STR("over_odds"));
	game.under_odds = number(table, STR("under_odds"));
	return game;
}

bool
games_csv_read(struct arena *arena, struct games_csv *ret)
{
	struct {
		VEC_OF(struct model_game)
	} games = { 0 };
	struct table table;
	struct map numbers;

	*ret = (struct games_csv){ 0 };
	map_init(&numbers, arena);
	if (!open_table(arena, "games.csv.gz", &table))
		return false;
	while (next_row(&table)) {
		struct model_game game = game_of(&table);

		game.home_quarterback = quarterback(&numbers, arena,
			cell(&table, STR("home_qb_id")), &ret->quarterbacks);
		game.away_quarterback = quarterback(&numbers, arena,
			cell(&table, STR("away_qb_id")), &ret->quarterbacks);
		if (!VEC_PUSH(arena, &games, game))
			return false;
	}
	ret->games = games.items;
	ret->count = games.count;
	return games.count > 0;
}

bool
archive_csv_read(struct arena *arena, struct archived_chance **ret, size_t *ret_count)
{
	struct {
		VEC_OF(struct archived_chance)
	} rows = { 0 };
	struct table table;

	if (!open_table(arena, "fivethirtyeight_nfl_games.csv.gz", &table))
		return false;
	while (next_row(&table)) {
		struct archived_chance row = {
			.day = day_of(cell(&table, STR("date"))),
			.season = integer(&table, STR("season")),
			.nickname = { cell(&table, STR("team1")),
				cell(&table, STR("team2")) },
			.chance = { number(&table, STR("prob1")).value,
				number(&table, STR("prob2")).value },
		};

		if (!VEC_PUSH(arena, &rows, row))
			return false;
	}
	*ret = rows.items;
	*ret_count = rows.count;
	return rows.count > 0;
}
