/* Opening lines: the first that was seen of a game before its kick-off, whatever came later. */
#include "tests/predictions/season.h"

#include "predictions/accuracy.h"
#include "predictions/forecast.h"
#include "predictions/games_q.h"
#include "predictions/grade.h"
#include "predictions/import.h"
#include "predictions/reads_q.h"

/* The home team at 120, then at −140, then at −200 after kick-off. */
#define OPENING  "-140,120,-2.5,-110,-110,44,-110,-110"
#define LATER    "120,-140,2.5,-110,-110,44,-110,-110"
#define TOO_LATE "170,-200,4.5,-110,-110,44,-110,-110"

/* Forecast and grade what is over; RET is what the season's record of winners says. */
static struct err *
record_of(struct ctx *ctx, struct str *ret)
{
	struct forecast_options options = { .tier = TIER_L, .scope = FORECAST_ALL };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct forecast_counts forecasts;
	struct accuracy_list list;
	struct grade_counts grades;

	TRY(forecast_store(ctx, &options, &forecasts));
	TRY(grade_all(ctx, &grades));
	TRY(accuracy_list_read(&tx, &list));
	for (size_t i = 0; i < list.count; i++)
		if (!list.items[i].week.is_set &&
			str_eq(list.items[i].prediction_type, STR("game")))
			*ret = list.items[i].details;
	return NULL;
}

BOTH_ENGINES(the_first_line_before_kick_off_is_the_opening_line_and_stays_it)
{
	struct feed_row rows[] = {
		{ 2023, 1, .day = "2023-09-10", .clock = "13:00", .away = "BUF",
			.home = "NYJ", .lines = OPENING },
		/* First seen when it had begun: no line of it is an opening line. */
		{ 2023, 1, .day = "2023-09-07", .clock = "20:20", .away = "DET",
			.home = "KC", .lines = OPENING },
		/* Over when first seen. */
		{ 2023, 1, .day = "2023-09-03", .away = "CIN", .home = "CLE",
			.scores = "3-24" },
	};
	struct str details = STR_NONE;

	/* 48 hours before the first one's kick-off. */
	OK_ERR(import_at(ctx, "2023-09-08T17:00:00Z", rows, 3));
	rows[0].lines = rows[1].lines = LATER;
	OK_ERR(import_at(ctx, "2023-09-10T16:00:00Z", rows, 3));
	rows[0].lines = rows[1].lines = TOO_LATE;
	OK_ERR(import_at(ctx, "2023-09-10T18:00:00Z", rows, 3));
	rows[0].scores = "16-22";
	rows[1].scores = "21-20";
	OK_ERR(import_at(ctx, "2023-09-12T12:00:00Z", rows, 3));
	OK_ERR(record_of(ctx, &details));
	OK_OR(str_find(details, STR("\"hours_before\": 48")) > 0, STR_FMT,
		STR_ARG(details));
	/* The away team was ahead by it, the home team won: wrong. The closing line was
	 * right, and so nearer on the same game. */
	OK_OR(str_find(details, STR("\"correct\": 0, \"decided\": 1, \"log_loss\": ")) >
			0,
		STR_FMT, STR_ARG(details));
	OK_OR(str_find(details, STR("\"opening_line\": {\"brier\": 0.3")) > 0, STR_FMT,
		STR_ARG(details));
	OK_OR(str_find(details, STR("\"closing_brier\": 0.1")) > 0, STR_FMT,
		STR_ARG(details));
}

/* The header and a row of a feed that tells opening lines, spread and total. */
static struct err *
telling_feed(struct arena *arena, const struct feed_row *row, const char *open,
	struct feed *ret)
{
	struct buf text;

	buf_init(&text, arena, 1 << 16);
	buf_fmt(&text, "spread_line_open,total_line_open,%s", feed_header);
	buf_put(&text, str_from(open));
	feed_put_row(&text, row);
	return feed_of_text(arena, buf_str(&text), ret);
}

BOTH_ENGINES(an_opening_line_that_the_feed_tells_goes_before_the_first_seen)
{
	struct feed_row row = { 2023, 1, .day = "2023-09-10", .clock = "13:00",
		.away = "BUF", .home = "NYJ", .lines = LATER };
	struct import_options options = { .source = STR("telling.csv") };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct import_counts counts;
	struct seen_line_list seen;
	struct str details = STR_NONE;
	struct game_row game;
	struct feed feed;
	bool found;

	/* First without, which sums to what it always did. */
	OK_ERR(import_at(ctx, "2023-09-08T17:00:00Z", &row, 1));
	OK_ERR(telling_feed(ctx->arena, &row, "NA,,", &feed));
	OK_ERR(import_store(ctx, &feed, &options, &counts));
	EQ_I64(counts.unchanged, 1);
	OK_ERR(telling_feed(ctx->arena, &row, "-2.5,44.5,", &feed));
	ctx->now++;
	OK_ERR(import_store(ctx, &feed, &options, &counts));
	EQ_I64(counts.changed, 1);
	OK_ERR(q_game_by_nflverse_id(&tx, STR("2023_01_BUF_NYJ"), &game, &found));
	OK_ERR(q_game_lines_seen(&tx, game.id, &seen));
	EQ_I64(seen.count, 2);
	OK(seen.items[0].seen_at.is_set && !seen.items[0].is_opening);
	OK(!seen.items[1].seen_at.is_set && seen.items[1].is_opening);
	NEAR(seen.items[1].spread_line.value, -2.5, 0);
	NEAR(seen.items[1].total_line.value, 44.5, 0);
	row.scores = "16-22";
	OK_ERR(telling_feed(ctx->arena, &row, "-2.5,44.5,", &feed));
	ctx->now += INT64_C(4) * 86400 * 1000000;
	OK_ERR(import_store(ctx, &feed, &options, &counts));
	OK_ERR(record_of(ctx, &details));
	/* The away team was ahead by it: that was wrong. Nobody knows when it was so. */
	OK_OR(str_find(details, STR("\"opening_line\": {\"brier\": 0.3")) > 0, STR_FMT,
		STR_ARG(details));
	OK(str_find(details, STR("hours_before")) < 0);
	OK_ERR(telling_feed(ctx->arena, &row, "nought,44.5,", &feed));
	EQ_I64(feed.fault_count, 1);
	EQ_STR(feed.faults.items[0].column, STR("spread_line_open"));
}

/* What a feed does not tell for a while has not changed. */
BOTH_ENGINES(a_line_that_goes_and_returns_stands_once)
{
	struct feed_row row = { 2023, 1, .day = "2023-09-10", .clock = "13:00",
		.away = "BUF", .home = "NYJ", .lines = LATER };
	static const struct {
		const char *now, *lines;
		size_t seen;
	} said[] = {
		{ "2023-09-08T17:00:00Z", LATER, 1 },
		{ "2023-09-08T18:00:00Z", ",,,,,,,", 1 },
		{ "2023-09-08T19:00:00Z", LATER, 1 },
		{ "2023-09-08T20:00:00Z", OPENING, 2 },
		{ "2023-09-08T21:00:00Z", LATER, 3 },
	};
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct seen_line_list seen;
	struct game_row game;
	bool found;

	for (size_t i = 0; i < COUNT_OF(said); i++) {
		row.lines = said[i].lines;
		OK_ERR(import_at(ctx, said[i].now, &row, 1));
		OK_ERR(q_game_by_nflverse_id(&tx, STR("2023_01_BUF_NYJ"), &game, &found));
		OK_ERR(q_game_lines_seen(&tx, game.id, &seen));
		EQ_I64(seen.count, said[i].seen);
	}
}

BOTH_ENGINES(without_a_line_seen_in_time_there_is_no_opening_line)
{
	struct feed_row row = { 2023, 1, .day = "2023-09-03", .away = "CIN",
		.home = "CLE", .scores = "3-24" };
	struct str details = STR_NONE;

	OK_ERR(import_at(ctx, "2023-09-08T17:00:00Z", &row, 1));
	OK_ERR(record_of(ctx, &details));
	OK(str_find(details, STR("\"line\"")) > 0);
	OK(str_find(details, STR("opening_line")) < 0);
}
