/* Season outlooks. */
#include <math.h>

#include "api/access.h"
#include "api/api.h"
#include "api/auth_gate.h"
#include "api/rate_gate.h"
#include "api/route.h"
#include "api/schemas.h"
#include "base/num.h"
#include "model/standings.h"
#include "model/team.h"
#include "predictions/believed.h"
#include "predictions/outlook_store.h"
#include "predictions/outlooks_q.h"
#include "predictions/publication.h"
#include "predictions/schedule.h"

enum {
	PATH_QUERY_BYTES_MAX = 512,
	OUTLOOK_MEMORY_BYTES = 128 << 20,
	MADE_IN_S = 10, /* some seconds, on a free machine */
	DUE_SOON_S = 600,
	/* Whoever runs jobs looks for those that are due once a second. */
	LATE_S = 15,
	/* Where a team's chances are all 0 or 1 in so many runs it has no game left that
	 * is worth telling: had it one, its outcome would be as sure as .9995. */
	SETTLED_RUNS_LEAST = 10000,
};

static const struct field outlook_fields[] = {
	FIELD(struct outlook_row, model, TEXT, "the model that played the season"),
	FIELD(struct outlook_row, season, I32, "the year the season starts in"),
	FIELD(struct outlook_row, week, OPT_I32,
		"as known before this week; null where the season is over"),
	FIELD(struct outlook_row, team, TEXT, "code of the time"),
	FIELD(struct outlook_row, runs, I32,
		"how often it was played; a chance p is off by √(p(1−p)/runs)"),
	FIELD(struct outlook_row, wins_mean, FIXED,
		"games won, a tie counting half; without a plan, until that is settled, "
		"to "
		"the nearest half"),
	FIELD(struct outlook_row, wins_sd, FIXED, "their standard deviation, likewise"),
	FIELD(struct outlook_row, p_division, FIXED, "chance to win the division"),
	FIELD(struct outlook_row, p_top_seed, FIXED, "chance of the first seed"),
	FIELD(struct outlook_row, p_playoffs, FIXED, "chance to reach the playoffs"),
	FIELD(struct outlook_row, p_divisional, FIXED,
		"chance to play in the divisional round"),
	FIELD(struct outlook_row, p_championship, FIXED,
		"chance to play for the conference"),
	FIELD(struct outlook_row, p_final, FIXED, "chance to play in the last game"),
	FIELD(struct outlook_row, p_title, FIXED, "chance to win it"),
	FIELD(struct outlook_row, details, JSON,
		"wins: the chance of 0, 1, … games won; seeds: of the first, second, …"),
	FIELD(struct outlook_row, created_at, TIME, "when it was played"),
	FIELD(struct outlook_row, games_played, OPT_I32,
		"how many games of that week, or later ones, are over and counted: with "
		"none it is as it stood before the week; null where the season is over"),
};
const struct row_schema outlook_schema = ROW_SCHEMA("outlook", struct outlook_row,
	outlook_fields, "A team's chances for the rest of a season");

static struct err *
season_read(struct request *rq, struct opt_i32 *ret)
{
	struct params params;
	struct buf query;

	/* Said as of a parameter. */
	buf_init(&query, rq->ctx->arena, PATH_QUERY_BYTES_MAX);
	buf_fmt(&query, "season=" STR_FMT, STR_ARG(rq->path_params[0]));
	TRY(params_parse(rq->ctx, buf_str(&query), UINT32_C(1) << PARAM_season, &params));
	*ret = params.season;
	return NULL;
}

/* Whether nothing in ROW is a matter of chance any more: the season is over, or so many
 * runs found nothing else. A few hundred agree by chance alone. */
static bool
is_settled(const struct outlook_row *row)
{
	const double chances[] = { row->p_division, row->p_top_seed, row->p_playoffs,
		row->p_divisional, row->p_championship, row->p_final, row->p_title };

	if (row->week.is_set && row->runs < SETTLED_RUNS_LEAST)
		return false;
	for (size_t i = 0; i < COUNT_OF(chances); i++)
		if (chances[i] > 0 && chances[i] < 1)
			return false;
	return row->wins_sd == 0;
}

static bool
is_live(const struct outlook_row *row)
{
	return row->counted > 0;
}

/* ROW without what forecasts are computed from: docs/decisions/public-outlooks.md. */
static struct err *
make_coarse(struct arena *arena, struct outlook_row *row)
{
	row->wins_mean = round(2 * row->wins_mean) / 2;
	row->wins_sd = round(2 * row->wins_sd) / 2;
	return outlook_details_coarse(arena, row->details, &row->details);
}

/* Whether A stands before B, of one week, by what is shown of them. */
static bool
stands_before(const struct outlook_row *a, const struct outlook_row *b)
{
	if (a->p_title != b->p_title)
		return a->p_title > b->p_title;
	if (a->p_playoffs != b->p_playoffs)
		return a->p_playoffs > b->p_playoffs;
	if (a->wins_mean != b->wins_mean)
		return a->wins_mean > b->wins_mean;
	return str_cmp(a->team, b->team) < 0;
}

/* The order that rows were read in tells more of means than the rows do where those are
 * told in halves. */
static void
order_anew(struct outlook_row_list *list)
{
	for (size_t i = 1; i < list->count; i++) {
		struct outlook_row row = list->items[i];
		size_t at = i;

		for (; at > 0 && stands_before(&row, &list->items[at - 1]); at--)
			list->items[at] = list->items[at - 1];
		list->items[at] = row;
	}
}

/* Only the rows that REACH has, and of them what it has. */
static struct err *
keep_open(struct arena *arena, struct outlook_reach reach, struct outlook_row_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct outlook_row row = list->items[i];

		/* Not even of who is out: that says what was late. */
		if (is_live(&row) && !reach.has_live)
			continue;
		if (row.stands_before > reach.forecasts_through && !is_settled(&row))
			continue;
		if (reach.is_coarse && !is_settled(&row))
			TRY(make_coarse(arena, &row));
		list->items[kept++] = row;
	}
	list->count = kept;
	return NULL;
}

/* The same of all teams, of one week. */
static struct err *
keep_open_all(
	struct arena *arena, struct outlook_reach reach, struct outlook_row_list *list)
{
	TRY(keep_open(arena, reach, list));
	if (reach.is_coarse)
		order_anew(list);
	return NULL;
}

/* The chances of all teams, as of the last week, up to WEEK, that has any. */
static struct err *
outlook_all(
	struct tx *tx, int32_t season, int32_t last_week, struct outlook_row_list *ret)
{
	struct outlook_last_week args = {
		.model = STR(HOUSE_MODEL), .season = season, .week = last_week
	};
	struct outlook_week week;
	bool found;

	TRY(q_outlook_last_week(tx, args, &week, &found));
	if (!found)
		return NULL;
	return q_outlook_list(tx,
		(struct outlook_list){ .model = STR(HOUSE_MODEL),
			.season = week.season,
			.week = week.week },
		ret);
}

static struct err *
check_supposable(struct request *rq, struct opt_i32 season)
{
	if (str_is_none(rq->params.result) || season.value == PARAM_CURRENT ||
		season.value >= STANDINGS_FIRST_SEASON)
		return NULL;
	return err_field(rq->ctx, "result",
		"results can be supposed of seasons from %d on, the first of the "
		"divisions of today",
		STANDINGS_FIRST_SEASON);
}

/* The chances of one team week by week, up to LAST_WEEK, and live where no week is asked
 * for. */
static struct err *
outlook_of_team(struct request *rq, struct tx *tx, struct outlook_history args,
	struct outlook_row_list *ret)
{
	size_t kept = 0;

	TRY(q_outlook_history(tx, args, ret));
	for (size_t i = 0; i < ret->count; i++)
		if (!is_live(&ret->items[i]) || !rq->params.week.is_set)
			ret->items[kept++] = ret->items[i];
	ret->count = kept;
	return NULL;
}

/* Those of all teams: live, or where a week is asked for, or that is not shown, as of the
 * last week, up to the one asked for, that is. */
static struct err *
outlook_of_all(struct request *rq, struct tx *tx, struct week_range range,
	struct outlook_reach reach, struct outlook_row_list *ret)
{
	struct arena *arena = rq->ctx->arena;
	size_t count;

	/* Of all teams those that are out of it say nothing of the others. */
	if (!rq->params.week.is_set) {
		TRY(q_outlook_list(tx,
			(struct outlook_list){
				.model = STR(HOUSE_MODEL), .season = range.season },
			ret));
		count = ret->count;
		TRY(keep_open_all(arena, reach, ret));
		if (count > 0 && ret->count == count)
			return NULL;
	}
	TRY(outlook_all(tx, range.season, range.last_week, ret));
	count = ret->count;
	TRY(keep_open_all(arena, reach, ret));
	if (ret->count == count)
		return NULL;
	ret->count = 0;
	TRY(outlook_all(tx, range.season, reach.forecasts_through, ret));
	return keep_open_all(arena, reach, ret);
}

static struct err *
deny(struct request *rq, int32_t week)
{
	bool is_public = access_audience(rq) == AUDIENCE_PUBLIC;

	if (rq->lacks_mfa)
		return auth_needs_mfa(rq);
	return err_new(rq->ctx, ERR_DENIED,
		"the outlook before week %d needs a plan with %s: %s; without a week you "
		"are shown the last that is open to you, and GET /v1/tiers lists the "
		"plans",
		week, is_public ? "real_time_predictions" : "playoff_predictions",
		is_public ? "without one outlooks come a day late, those before the last "
			    "two weeks and of the playoffs not at all"
			  : "it is one of the playoffs");
}

/* Whoever asks for a week by its number is not answered with another because of his
 * plan. */
static struct err *
check_week(struct request *rq, struct tx *tx, struct week_range asked,
	const struct outlook_row_list *shown)
{
	struct outlook_week week;
	int32_t last = 0;
	bool found;

	if (!rq->params.week.is_set || access_audience(rq) == AUDIENCE_ENTITLED)
		return NULL;
	TRY(q_outlook_last_week(tx,
		(struct outlook_last_week){ .model = STR(HOUSE_MODEL),
			.season = asked.season,
			.week = asked.last_week },
		&week, &found));
	for (size_t i = 0; i < shown->count; i++)
		if (shown->items[i].stands_before > last)
			last = shown->items[i].stands_before;
	if (!found || last >= week.week)
		return NULL;
	return deny(rq, week.week);
}

/* What RQ is shown. */
static struct err *
outlook_read(struct request *rq, struct tx *tx, struct week_range range,
	struct outlook_row_list *ret)
{
	struct week_range asked = range;
	struct outlook_reach reach;

	TRY(access_outlooks(rq, tx, range.season, &reach));
	if (range.last_week > reach.results_through)
		range.last_week = reach.results_through;
	if (!str_is_none(rq->params.team)) {
		TRY(outlook_of_team(rq, tx,
			(struct outlook_history){ .model = STR(HOUSE_MODEL),
				.team = rq->params.team,
				.season = range.season,
				.last_week = range.last_week },
			ret));
		TRY(keep_open(rq->ctx->arena, reach, ret));
	} else {
		TRY(outlook_of_all(rq, tx, range, reach, ret));
	}
	return check_week(rq, tx, asked, ret);
}

/* The season played anew with the results that are supposed. It takes some tenths of a
 * second of two threads, so few may ask at once. */
static struct err *
outlook_suppose(struct request *rq, struct week_range range, struct outlook_row_list *ret)
{
	struct outlook_options options = {
		.tier = TIER_L,
		.season = range.season,
		.week = rq->params.week.is_set ? range.last_week : 0,
		.runs = OUTLOOK_SUPPOSED_RUNS,
	};
	struct outlook *outlook;
	struct err *err;

	TRY(outlook_results_parse(rq->ctx, rq->params.result, &options));
	request_widen(rq, OUTLOOK_MEMORY_BYTES);
	TRY_NEW(rq->ctx->arena, outlook, 1);
	TRY(rate_gate_work(rq));
	TRY(supposing_begin(rq->ctx, OUTLOOK_THREADS));
	err = outlook_simulate(rq->ctx, &options, outlook);
	supposing_end(OUTLOOK_THREADS);
	TRY(err);
	return outlook_rows(rq->ctx, TIER_L, outlook, ret);
}

/* Only the rows of TEAM, a code of today; all without it. */
static void
keep_team(struct str team, struct outlook_row_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (str_is_none(team) ||
			team_find(list->items[i].team) == team_find(team))
			list->items[kept++] = list->items[i];
	list->count = kept;
}

/* The answer where nobody has made the outlook of SEASON: somebody is about to, or the
 * command that does. That is for the database to say: another instance may run the
 * jobs. */
static struct err *
explain_unmade(struct request *rq, struct tx *tx, int32_t season)
{
	int64_t now = rq->ctx->now;
	struct outlook_making making;
	struct err *err;
	bool is_made;

	TRY(q_outlook_maker(tx,
		(struct outlook_maker){
			.season = season,
			.now = now,
			.late = now - LATE_S * MICROSECONDS_PER_SECOND,
			.soon = now + DUE_SOON_S * MICROSECONDS_PER_SECOND,
		},
		&making));
	/* Whoever runs jobs for the first time writes their rows. */
	is_made = making.is_held || (making.is_due && making.is_run) ||
		(rq->api->runs_jobs && (making.is_due || !making.is_known));
	if (!is_made)
		return err_new(rq->ctx, ERR_NOT_FOUND,
			"there is no outlook of season %d, and none is being made: "
			"gridiron jobs run " STR_FMT " makes it",
			season, STR_ARG(making.job));
	err = err_new(rq->ctx, ERR_BUSY,
		"the outlook of season %d is still being made: the last season's takes "
		"some seconds after the first start, those before it some minutes",
		season);
	err->retry_after_s = MADE_IN_S;
	return err;
}

/* Why there is nothing to show of RANGE, a season and weeks that there are. An empty list
 * would say that there is nothing to know; it stands where that is so. What was stored
 * since it was looked for is put in LIST. */
static struct err *
explain_nothing(struct request *rq, struct tx *tx, struct week_range range,
	struct outlook_row_list *list)
{
	struct outlook_week week;
	struct err *err;
	bool found;

	if (range.season < STANDINGS_FIRST_SEASON) {
		err = err_field(rq->ctx, "season",
			"outlooks begin with season %d, the first of the divisions of "
			"today",
			STANDINGS_FIRST_SEASON);
		err->code = ERR_NOT_FOUND;
		return err;
	}
	TRY(q_outlook_last_week(tx,
		(struct outlook_last_week){ .model = STR(HOUSE_MODEL),
			.season = range.season,
			.week = range.last_week },
		&week, &found));
	if (!found)
		return explain_unmade(rq, tx, range.season);
	TRY(outlook_read(rq, tx, range, list));
	if (list->count > 0 || access_audience(rq) == AUDIENCE_ENTITLED)
		return NULL;
	return deny(rq, week.week);
}

struct answer
api_outlook_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct outlook_row_list list = { 0 };
	struct week_range range;
	struct opt_i32 season = { .is_set = false };

	ANSWER_ERR(season_read(rq, &season));
	ANSWER_ERR(check_supposable(rq, season));
	ANSWER_ERR(schedule_range(&tx, season, rq->params.week, &range));
	if (str_is_none(rq->params.result)) {
		ANSWER_ERR(outlook_read(rq, &tx, range, &list));
	} else {
		ANSWER_ERR(access_check_live(rq));
		ANSWER_ERR(outlook_suppose(rq, range, &list));
		keep_team(rq->params.team, &list);
	}
	if (list.count == 0) {
		ANSWER_ERR(schedule_explain(&tx, season, rq->params.week));
		ANSWER_ERR(explain_nothing(rq, &tx, range, &list));
	}
	return answer_rows(rq,
		&(struct page){ .schema = &outlook_schema,
			.rows = list.items,
			.count = list.count });
}
