#include "tests/support/database.h"
#include "tests/support/feed_text.h"

#include "codec/gzip.h"
#include "predictions/import.h"
#include "predictions/publication.h"
#include "sys/clock.h"
#include "tests/support/shared.h"

static const struct feed_row week_one[] = {
	{ 2023, 1, .day = "2023-09-07", .clock = "20:20", .away = "DET", .home = "KC",
		.scores = "21-20" },
	{ 2023, 1, .day = "2023-09-10", .away = "CIN", .home = "CLE", .scores = "3-24" },
	{ 2023, 1, .day = "2023-09-11", .clock = "20:15", .away = "BUF", .home = "NYJ" },
};

static const struct import_options from_test = { .source = STR_INIT("test.csv") };

static struct err *
import_rows(struct ctx *ctx, const struct feed_row *rows, size_t count,
	struct import_counts *ret)
{
	struct feed feed;

	TRY(feed_of(ctx->arena, rows, count, &feed));
	return import_store(ctx, &feed, &from_test, ret);
}

static struct err *
dump_one(struct ctx *ctx, const char *sql, struct str *ret)
{
	static const enum db_type columns[] = { DB_TEXT };

	return database_dump(ctx, sql, columns, 1, ret);
}

#define COUNTS(counts, want_new, want_changed, want_unchanged) \
	do {                                                   \
		EQ_I64((counts).created, want_new);            \
		EQ_I64((counts).changed, want_changed);        \
		EQ_I64((counts).unchanged, want_unchanged);    \
	} while (0)

BOTH_ENGINES(an_import_stores_games_once)
{
	struct import_counts counts;
	struct uuid first, second;
	struct str dump;

	OK_ERR(import_rows(ctx, week_one, 3, &counts));
	COUNTS(counts, 3, 0, 0);
	OK_ERR(publication_token(ctx, &first));
	ctx->now += 1000000;
	OK_ERR(import_rows(ctx, week_one, 3, &counts));
	COUNTS(counts, 0, 0, 3);
	/* Nothing changed, so nothing is published anew and no row is written. */
	OK_ERR(publication_token(ctx, &second));
	OK(uuid_eq(first, second));
	OK_ERR(dump_one(ctx,
		"SELECT nflverse_id || ' ' || home_team || ' ' || CASE WHEN updated_at = "
		"created_at THEN 'untouched' ELSE 'touched' END FROM games ORDER BY 1",
		&dump));
	EQ_STR(dump,
		STR("2023_01_BUF_NYJ NYJ untouched\n2023_01_CIN_CLE CLE untouched\n"
		    "2023_01_DET_KC KC untouched\n"));
}

BOTH_ENGINES(a_score_that_comes_in_finishes_the_game)
{
	struct feed_row rows[3];
	struct import_counts counts;
	struct str dump;

	OK_ERR(import_rows(ctx, week_one, 3, &counts));
	memcpy(rows, week_one, sizeof(rows));
	rows[2].scores = "16-22";
	ctx->now += 1000000;
	OK_ERR(import_rows(ctx, rows, 3, &counts));
	COUNTS(counts, 0, 1, 2);
	OK_ERR(dump_one(ctx,
		"SELECT nflverse_id FROM games WHERE finished_at = updated_at "
		"AND updated_at > created_at AND result = 6 AND total = 38",
		&dump));
	EQ_STR(dump, STR("2023_01_BUF_NYJ\n"));
}

BOTH_ENGINES(lines_are_kept_while_a_game_is_to_come)
{
	static const enum db_type columns[] = { DB_TEXT, DB_F64 };
	struct feed_row rows[3];
	struct import_counts counts;
	struct str dump;

	OK_ERR(import_rows(ctx, week_one, 3, &counts));
	memcpy(rows, week_one, sizeof(rows));
	rows[2].lines = "120,-140,2.5,-110,-110,44,-110,-110";
	ctx->now += 1000000;
	OK_ERR(import_rows(ctx, rows, 3, &counts));
	COUNTS(counts, 0, 1, 2);
	OK_ERR(database_dump(ctx,
		"SELECT g.nflverse_id, l.spread_line FROM game_lines l JOIN games g ON "
		"g.id = l.game_id ORDER BY l.seen_at",
		columns, 2, &dump));
	EQ_STR(dump, STR("2023_01_BUF_NYJ|3\n2023_01_BUF_NYJ|2.5\n"));
}

BOTH_ENGINES(teams_come_with_their_former_codes)
{
	struct import_counts counts;
	struct str dump;

	OK_ERR(import_rows(ctx, week_one, 3, &counts));
	OK_ERR(dump_one(ctx,
		"SELECT code || ' ' || name FROM teams WHERE franchise IN ('LV', 'LA') "
		"ORDER BY code",
		&dump));
	EQ_STR(dump,
		STR("LA Los Angeles Rams\nLV Las Vegas Raiders\nOAK Oakland Raiders\n"
		    "STL St. Louis Rams\n"));
}

BOTH_ENGINES(real_and_simulated_games_do_not_mix)
{
	struct import_options simulated = { .source = STR("sim"), .is_simulated = true };
	struct import_counts counts;
	struct feed feed;

	OK_ERR(import_rows(ctx, week_one, 1, &counts));
	OK_ERR(feed_of(ctx->arena, week_one + 1, 1, &feed));
	FAILS_WITH(import_store(ctx, &feed, &simulated, &counts), ERR_CONFLICT);
}

BOTH_ENGINES(a_failed_import_leaves_nothing)
{
	struct import_counts counts = { .created = -1 };
	struct feed feed;
	struct str dump;

	OK_ERR(feed_of(ctx->arena, week_one, 3, &feed));
	/* What the feed's own checks would not let through, but the database refuses. */
	feed.games.items[2].game_type = STR("XXX");
	OK(import_store(ctx, &feed, &from_test, &counts) != NULL);
	EQ_I64(counts.created, -1);
	OK_ERR(dump_one(ctx, "SELECT nflverse_id FROM games", &dump));
	EQ_STR(dump, STR(""));
	OK_ERR(dump_one(ctx, "SELECT code FROM teams", &dump));
	EQ_STR(dump, STR(""));
}

BOTH_ENGINES(a_name_that_is_taken_says_by_whom)
{
	struct feed_row next = week_one[0];
	struct import_counts counts;
	struct err *err;
	struct feed feed;
	struct str dump;

	OK_ERR(import_rows(ctx, week_one, 1, &counts));
	next.season = 2024;
	next.day = "2024-09-07";
	OK_ERR(feed_of(ctx->arena, &next, 1, &feed));
	feed.games.items[0].nflverse_id = STR("2023_01_DET_KC");
	err = import_store(ctx, &feed, &from_test, &counts);
	FAILS_WITH(err, ERR_CONFLICT);
	EQ_STR(err->message,
		STR("a game has the game_id of a stored game of another season, or "
		    "another import stored it just now; nothing was stored"));
	OK_ERR(dump_one(ctx, "SELECT gameday FROM games", &dump));
	EQ_STR(dump, STR("2023-09-07\n"));
}

BOTH_ENGINES(what_else_conflicts_is_no_name_that_is_taken)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct feed_row rows[] = { week_one[1], week_one[2] };
	struct import_counts counts;
	struct err *err;

	OK_ERR(db_run_text(
		&tx, STR("CREATE UNIQUE INDEX one_line ON game_lines (source)")));
	rows[0].scores = NULL;
	err = import_rows(ctx, rows, 2, &counts);
	FAILS_WITH(err, ERR_CONFLICT);
	OK_OR(str_find(err->message, STR("game_id")) < 0, STR_FMT, STR_ARG(err->message));
}

/* Everything but ids and times. */
static struct err *
dump_games(struct ctx *ctx, struct str *ret)
{
	static const enum db_type columns[] = { DB_TEXT, DB_I32, DB_I32, DB_TEXT, DB_TEXT,
		DB_I32, DB_I32, DB_F64, DB_F64, DB_I32, DB_TEXT, DB_BOOL, DB_TIME,
		DB_TEXT };

	return database_dump(ctx,
		"SELECT nflverse_id, season, week, gameday, gametime, home_score, "
		"result, "
		"spread_line, total_line, home_moneyline, home_qb_name, overtime, "
		"kickoff_at, stadium FROM games ORDER BY nflverse_id",
		columns, COUNT_OF(columns), ret);
}

static struct str dumped;
static struct arena dump_arena = { .cap_bytes = 64 << 20 };

/* On one engine after the other, in this order. */
BOTH_ENGINES(every_real_game_is_the_same_on_both_engines)
{
	struct import_counts counts;
	struct str packed, text, dump;
	struct feed feed;

	if (!shared_file_read(ctx->arena, "data/games.csv.gz", &packed))
		SKIP("no ../shared/data/games.csv.gz");
	OK_ERR(gzip_expand(ctx->arena, packed, 16 << 20, &text));
	OK_ERR(feed_of_text(ctx->arena, text, &feed));
	OK_ERR(import_store(ctx, &feed, &from_test, &counts));
	COUNTS(counts, 6706, 0, 0);
	OK_ERR(import_store(ctx, &feed, &from_test, &counts));
	COUNTS(counts, 0, 0, 6706);
	OK_ERR(dump_games(ctx, &dump));
	if (dumped.len)
		EQ_STR(dump, dumped);
	dumped = str_dup(&dump_arena, dump);
}
