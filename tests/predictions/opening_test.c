/* Opening lines: the first that was seen of a game before its kick-off, whatever came later. */
#include "tests/support/database.h"
#include "tests/support/feed_text.h"

#include "codec/iso_time.h"
#include "predictions/accuracy.h"
#include "predictions/forecast.h"
#include "predictions/grade.h"
#include "predictions/import.h"

/* The home team at 120, then at −140, then at −200 after kick-off. */
#define OPENING  "-140,120,-2.5,-110,-110,44,-110,-110"
#define LATER    "120,-140,2.5,-110,-110,44,-110,-110"
#define TOO_LATE "170,-200,4.5,-110,-110,44,-110,-110"

static struct err *
import_at(struct ctx *ctx, const char *now, const struct feed_row *rows, size_t count)
{
	struct import_options options = { .source = STR("moving.csv") };
	struct import_counts counts;
	struct feed feed;

	if (!iso_time_parse(str_from(now), &ctx->now))
		return err_new(ctx, ERR_INTERNAL, "a wrong date");
	TRY(feed_of(ctx->arena, rows, count, &feed));
	return import_store(ctx, &feed, &options, &counts);
}

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
