#include "tests/tap.h"

#include "codec/gzip.h"
#include "codec/iso_time.h"
#include "predictions/feed.h"
#include "tests/support/shared.h"

static struct arena arena = { .cap_bytes = 64 << 20 };

static const char header[] =
	"game_id,season,game_type,week,gameday,weekday,gametime,away_team,away_score,"
	"home_team,"
	"home_score,location,result,total,overtime,old_game_id,gsis,nfl_detail_id,pfr,"
	"pff,espn,"
	"ftn,away_rest,home_rest,away_moneyline,home_moneyline,spread_line,away_spread_"
	"odds,"
	"home_spread_odds,total_line,under_odds,over_odds,div_game,roof,surface,temp,"
	"wind,"
	"away_qb_id,home_qb_id,away_qb_name,home_qb_name,away_coach,home_coach,referee,"
	"stadium_id,stadium\n";
static const char opener[] =
	"2023_01_DET_KC,2023,REG,1,2023-09-07,Thursday,20:20,DET,21,KC,20,Home,-1,41,0,"
	"2023090700,59173,,202309070kan,,401547353,,7,7,164,-198,4,-110,-110,53,-110,-"
	"110,0,"
	"outdoors,grass,79,4,00-0033106,00-0033873,Jared Goff,Patrick Mahomes,Dan "
	"Campbell,"
	"Andy Reid,John Hussey,KAN00,GEHA Field at Arrowhead Stadium\n";

static struct err *
read_text(struct str text, struct feed *ret)
{
	struct csv_memory memory = { .rest = text };

	return feed_read(&arena, csv_from_memory(&memory), 0, ret);
}

/* The opener with OLD replaced by NEW, after the header. */
static struct str
changed(const char *old, const char *new)
{
	struct str row = str_from(opener);
	ptrdiff_t at = str_find(row, str_from(old));

	return str_fmt(&arena, "%s" STR_FMT "%s" STR_FMT, header,
		STR_ARG(str_slice(row, 0, (size_t)at)), new,
		STR_ARG(str_slice(row, (size_t)at + strlen(old), row.len)));
}

TEST(a_row_becomes_a_game)
{
	struct feed feed;
	const struct feed_game *game;
	struct buf out;

	OK_ERR(read_text(str_fmt(&arena, "%s%s", header, opener), &feed));
	EQ_I64(feed.games.count, 1);
	EQ_I64(feed.fault_count, 0);
	game = &feed.games.items[0];
	EQ_STR(game->nflverse_id, STR("2023_01_DET_KC"));
	EQ_I64(game->season, 2023);
	EQ_I64(game->week, 1);
	EQ_STR(game->home_team, STR("KC"));
	EQ_STR(game->away_team, STR("DET"));
	OK(game->home_score.is_set);
	EQ_I64(game->home_score.value, 20);
	EQ_I64(game->result.value, -1);
	NEAR(game->spread_line.value, 4, 0);
	EQ_I64(game->home_moneyline.value, -198);
	OK(!game->is_neutral);
	EQ_STR(game->stadium, STR("GEHA Field at Arrowhead Stadium"));
	EQ_I64(game->line, 2);
	buf_init(&out, &arena, 64);
	iso_time_format(&out, game->kickoff_at.value);
	EQ_STR(buf_str(&out), STR("2023-09-08T00:20:00Z"));
}

TEST(a_game_to_come_has_no_scores)
{
	struct feed feed;

	OK_ERR(read_text(
		changed("DET,21,KC,20,Home,-1,41,0", "DET,,KC,NA,Home,,NA,"), &feed));
	EQ_I64(feed.games.count, 1);
	OK(!feed.games.items[0].home_score.is_set);
	OK(!feed.games.items[0].result.is_set);
	OK(!feed.games.items[0].overtime.is_set);
}

TEST(result_and_total_follow_from_the_scores)
{
	struct feed feed;

	OK_ERR(read_text(changed("Home,-1,41,0", "Home,,,0"), &feed));
	EQ_I64(feed.games.count, 1);
	EQ_I64(feed.games.items[0].result.value, -1);
	EQ_I64(feed.games.items[0].total.value, 41);
}

TEST(codes_are_those_of_the_season)
{
	struct feed feed;

	OK_ERR(read_text(changed(",DET,21", ",LVR,21"), &feed));
	EQ_STR(feed.games.items[0].away_team, STR("LV"));
	OK_ERR(read_text(changed(",DET,21", ",JAC,21"), &feed));
	EQ_STR(feed.games.items[0].away_team, STR("JAX"));
}

TEST(the_checksum_is_of_what_is_said_not_how)
{
	struct feed plain, same, other;

	OK_ERR(read_text(changed("DET,21", "DET,21"), &plain));
	OK_ERR(read_text(changed("DET,21", "DET,21.0"), &same));
	OK_ERR(read_text(
		changed("DET,21,KC,20,Home,-1,41", "DET,24,KC,20,Home,-4,44"), &other));
	OK(memcmp(plain.games.items[0].checksum, same.games.items[0].checksum,
		   SHA256_BYTES) == 0);
	OK(memcmp(plain.games.items[0].checksum, other.games.items[0].checksum,
		   SHA256_BYTES) != 0);
	OK_ERR(read_text(changed("Home,", "\"Home\","), &same));
	OK(memcmp(plain.games.items[0].checksum, same.games.items[0].checksum,
		   SHA256_BYTES) == 0);
}

#define FAULT(old, new, want_column, want_reason)                            \
	do {                                                                 \
		struct feed feed_;                                           \
		OK_ERR(read_text(changed(old, new), &feed_));                \
		EQ_I64(feed_.games.count, 0);                                \
		EQ_I64(feed_.fault_count, 1);                                \
		EQ_I64(feed_.faults.items[0].line, 2);                       \
		EQ_STR(feed_.faults.items[0].column, str_from(want_column)); \
		EQ_STR(feed_.faults.items[0].reason, STR(want_reason));      \
	} while (0)

TEST(what_cannot_be_is_a_fault_with_line_column_and_reason)
{
	FAULT(",2023,REG", ",x,REG", "season", "'x' is not a number from 1920 to 2100");
	FAULT(",2023,REG", ",,REG", "season", "is empty");
	FAULT("REG,1,", "REG,24,", "week", "'24' is not a number from 1 to 23");
	FAULT("REG,1,", "REG,1.5,", "week", "1.5 is not a whole number");
	FAULT("REG,1,", "PRE,1,", "game_type", "'PRE' is not known");
	FAULT("2023-09-07", "2023-09-31", "gameday",
		"'2023-09-31' is not a day as 2023-09-07");
	FAULT("2023-09-07", "yesterday", "gameday",
		"'yesterday' is not a day as 2023-09-07");
	FAULT("2023-09-07", "2021-09-07", "gameday",
		"2021-09-07 does not lie in the season of 2023");
	FAULT("20:20,DET", "25:20,DET", "gametime", "'25:20' is not a time as 20:20");
	FAULT(",DET,21", ",XXX,21", "away_team", "there is no team 'XXX'");
	FAULT(",DET,21", ",KC,21", "away_team", "'KC' is the home team as well");
	FAULT("DET,21", "DET,twenty", "away_score",
		"'twenty' is not a number from 0 to 200");
	FAULT("DET,21", "DET,-1", "away_score", "'-1' is not a number from 0 to 200");
	FAULT("DET,21", "DET,", "away_score", "is empty, but the other score is not");
	FAULT("Home,-1", "Home,1", "result", "1 is not 20 - 21");
	FAULT(",41,0", ",42,0", "total", "42 is not 20 + 21");
	FAULT("Home,", "Moon,", "location", "'Moon' is not known");
	FAULT(",4,-110", ",four,-110", "spread_line",
		"'four' is not a number from -100 to 100");
	FAULT("2023_01_DET_KC", "", "game_id", "is empty");
}

TEST(a_row_with_too_few_fields_is_a_fault)
{
	struct feed feed;

	OK_ERR(read_text(changed(",KAN00,", ","), &feed));
	EQ_I64(feed.fault_count, 1);
	OK(str_is_none(feed.faults.items[0].column));
	EQ_STR(feed.faults.items[0].reason, STR("45 fields instead of 46"));
}

TEST(a_game_twice_is_a_fault_that_names_the_first)
{
	struct feed feed;

	OK_ERR(read_text(str_fmt(&arena, "%s%s%s", header, opener, opener), &feed));
	EQ_I64(feed.games.count, 1);
	EQ_I64(feed.fault_count, 1);
	EQ_I64(feed.faults.items[0].line, 3);
	EQ_STR(feed.faults.items[0].column, STR("game_id"));
	EQ_STR(feed.faults.items[0].reason, STR("'2023_01_DET_KC' is already on line 2"));
}

/* The reason of the first fault of TEXT, read when day DAYS since 1970 began. */
static struct str
fault_at(struct str text, int64_t days)
{
	struct csv_memory memory = { .rest = text };
	struct feed feed;
	struct err *err = feed_read(
		&arena, csv_from_memory(&memory), days * 86400 * 1000000, &feed);

	if (err)
		return err->message;
	return feed.fault_count ? feed.faults.items[0].reason : STR("taken");
}

TEST(what_cannot_be_known_yet_is_a_fault)
{
	const int64_t opening_day = 19607; /* 2023-09-07 */
	struct str whole = str_fmt(&arena, "%s%s", header, opener);

	EQ_STR(fault_at(whole, opening_day + 2), STR("taken"));
	EQ_STR(fault_at(whole, opening_day),
		STR("is given, but the game of 2023-09-07 has not begun; is this "
		    "computer's clock right?"));
	EQ_STR(fault_at(whole, opening_day - 2 * 365),
		STR("2023 is more than a year away; is this computer's clock right?"));
}

TEST(a_team_twice_in_a_week_is_a_fault)
{
	struct str other = changed("2023_01_DET_KC", "2023_01_DET_BUF"), again;
	ptrdiff_t at;

	other = str_slice(other, strlen(header), other.len);
	again = str_fmt(&arena, "%s%s" STR_FMT, header, opener, STR_ARG(other));
	EQ_STR(fault_at(again, 0),
		STR("KC is at home to DET twice, the first time on line 2"));
	at = str_find(other, STR(",KC,"));
	again = str_fmt(&arena, "%s%s" STR_FMT ",BUF," STR_FMT, header, opener,
		STR_ARG(str_slice(other, 0, (size_t)at)),
		STR_ARG(str_slice(other, (size_t)at + 4, other.len)));
	EQ_STR(fault_at(again, 0),
		STR("DET plays twice in week 1, the first time on line 2"));
}

/* Of three rows the second is refused, since DET plays in that week already: it does not
 * stand in the way of the third, which is right. */
TEST(a_row_that_was_refused_is_no_earlier_game)
{
	struct str wrong = changed("2023_01_DET_KC", "2023_01_DET_BUF"), right, text;
	struct csv_memory memory;
	struct feed feed;
	ptrdiff_t at;

	wrong = str_slice(wrong, strlen(header), wrong.len);
	at = str_find(wrong, STR(",KC,"));
	wrong = str_fmt(&arena, STR_FMT ",BUF," STR_FMT,
		STR_ARG(str_slice(wrong, 0, (size_t)at)),
		STR_ARG(str_slice(wrong, (size_t)at + 4, wrong.len)));
	at = str_find(wrong, STR(",1,2023-09-07"));
	right = str_fmt(&arena, STR_FMT ",2,2023-09-14" STR_FMT,
		STR_ARG(str_slice(wrong, 0, (size_t)at)),
		STR_ARG(str_slice(
			wrong, (size_t)at + strlen(",1,2023-09-07"), wrong.len)));
	text = str_fmt(&arena, "%s%s" STR_FMT STR_FMT, header, opener, STR_ARG(wrong),
		STR_ARG(right));
	memory = (struct csv_memory){ .rest = text };
	OK_ERR(feed_read(&arena, csv_from_memory(&memory), 0, &feed));
	EQ_I64(feed.fault_count, 1);
	EQ_STR(feed.faults.items[0].reason,
		STR("DET plays twice in week 1, the first time on line 2"));
	EQ_I64(feed.games.count, 2);
	EQ_I64(feed.games.items[1].line, 4);
}

static struct str
refusal(struct str text)
{
	struct feed feed;
	struct err *err = read_text(text, &feed);

	return err ? err->message : STR("taken");
}

TEST(a_file_that_is_not_what_it_should_be_is_refused)
{
	struct str whole = str_fmt(&arena, "%s%s", header, opener);

	EQ_STR(refusal(STR("")), STR("is empty"));
	EQ_STR(refusal(str_from(header)), STR("holds no games"));
	EQ_STR(refusal(STR("a,b\n1,2\n")),
		STR("line 1: the column game_id is missing; this is "
		    "not an nflverse games file"));
	EQ_STR(refusal(str_slice(whole, 0, whole.len - 1)),
		STR("line 2: the last line has no end; the file seems to be cut off"));
	EQ_STR(refusal(str_slice(whole, 0, whole.len - 300)),
		STR("line 2: the last line has no end; the file seems to be cut off"));
	EQ_STR(refusal(STR("<html><a href=\"x\">not found</a></html>\n")),
		STR("line 1, column 15: a quote within an unquoted field"));
	EQ_STR(refusal(STR("\x7f"
			   "ELF\0\0\0")),
		STR("line 1, column 5: a NUL byte; this is not a CSV file"));
}

TEST(a_column_twice_is_refused)
{
	struct str text = str_fmt(&arena, "season,%s", header);

	EQ_STR(refusal(text), STR("line 1: the column season is there twice"));
}

TEST(every_real_game_is_taken)
{
	struct feed feed;
	struct str packed, text;

	if (!shared_file_read(&arena, "data/games.csv.gz", &packed))
		SKIP("no ../shared/data/games.csv.gz");
	OK_ERR(gzip_expand(&arena, packed, 16 << 20, &text));
	OK_ERR(read_text(text, &feed));
	EQ_I64(feed.games.count, 6706);
	EQ_I64(feed.fault_count, 0);
}
