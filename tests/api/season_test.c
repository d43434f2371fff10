/* Seasons and weeks as every route takes them. */
#include "codec/iso_time.h"
#include "predictions/reads_q.h"
#include "predictions/schedule.h"
#include "tests/accounts/people.h"
#include "tests/api/members.h"
#include "tests/support/database.h"

static const struct {
	const char *season, *week; /* NULL: none */
	int status;
	const char *field, *detail;
} cases[] = {
	{ "1950", NULL, 404, "season",
		"there are no games of season 1950; there are those of 2020 to 2021" },
	{ "2050", NULL, 404, "season",
		"there are no games of season 2050; there are those of 2020 to 2021" },
	{ "soon", NULL, 400, "season",
		"season must be a whole number from 1920 to 2100, or 'current'" },
	{ "2150", NULL, 400, "season",
		"season must be a whole number from 1920 to 2100, or 'current'" },
	{ "2021", "24", 400, "week",
		"week must be a whole number from 1 to 23, or 'current'" },
	{ "2021", "23", 404, "week", "season 2021 has 21 weeks" },
};

static bool
takes(const struct route *route, int param)
{
	return route->params >> param & 1;
}

/* TARGET of ROUTE with a season and a week. False: it takes none such. */
static bool
target_of(const struct route *route, const char *season, const char *week,
	struct buf *target)
{
	struct str in_path = STR("{season}");
	ptrdiff_t at = str_find(route->path, in_path);

	if (route->method != METHOD_GET || (at < 0 && !takes(route, PARAM_season)) ||
		(week && !takes(route, PARAM_week)))
		return false;
	if (at < 0)
		buf_fmt(target, STR_FMT "?season=%s", STR_ARG(route->path), season);
	else
		buf_fmt(target, STR_FMT "%s" STR_FMT "?format=json",
			STR_ARG(str_slice(route->path, 0, (size_t)at)), season,
			STR_ARG(str_slice(
				route->path, (size_t)at + in_path.len, route->path.len)));
	if (week)
		buf_fmt(target, "&week=%s", week);
	return true;
}

/* As it stood before a week, which may be one that is still to come. */
static bool
looks_back(const struct route *route)
{
	return route == &route_table[ROUTE_api_outlook_list] ||
		route == &route_table[ROUTE_api_rating_list] ||
		route == &route_table[ROUTE_api_quarterback_list];
}

BOTH_ENGINES(every_route_says_the_same_of_a_season_or_a_week_that_is_none)
{
	struct api api;
	struct str bearer;
	int asked_count = 0;

	OK_ERR(members_api_open(ctx, &api, &bearer));
	for (size_t i = 0; i < ROUTE_COUNT * COUNT_OF(cases); i++) {
		const struct route *route = &route_table[i / COUNT_OF(cases)];
		size_t n = i % COUNT_OF(cases);
		struct asked asked;
		struct buf target;

		buf_init(&target, ctx->arena, 200);
		if (!target_of(route, cases[n].season, cases[n].week, &target) ||
			(cases[n].week && cases[n].status == 404 && looks_back(route)))
			continue;
		asked = ask(ctx, &api,
			&(struct asking){ .target = buf_str(&target), .bearer = bearer });
		OK_OR(asked.status == cases[n].status &&
				str_find(asked.body,
					str_fmt(ctx->arena, "\"field\":\"%s\"",
						cases[n].field)) >= 0 &&
				str_find(asked.body, str_from(cases[n].detail)) >= 0,
			STR_FMT ": %d " STR_FMT, STR_ARG(buf_str(&target)), asked.status,
			STR_ARG(asked.body));
		asked_count++;
	}
	OK(asked_count > 40);
	api_close(ctx, &api);
}

/* What is over within a day and has no hour: nobody knows that it is long over. */
BOTH_ENGINES(a_game_without_an_hour_is_kept_back_for_the_day_as_any)
{
	struct late_game_list late;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	int64_t now = INT64_C(1609800000) * 1000000; /* 2021-01-04 22:40 UTC */

	OK_ERR(league_put(ctx));
	OK_ERR(people_run(ctx,
		"UPDATE games SET kickoff_at = NULL, gameday = '2021-01-03' WHERE "
		"nflverse_id = (SELECT min(nflverse_id) FROM games WHERE season = 2020 "
		"AND week = 17)"));
	for (int hours = 0; hours <= 48; hours += 24) {
		int64_t known_by = now + (hours - 28) * MICROSECONDS_PER_HOUR;

		OK_ERR(q_games_of_late(
			&tx, INT64_MAX, schedule_day_after(ctx->arena, known_by), &late));
		EQ_I64(late.count, hours < 24);
	}
}
