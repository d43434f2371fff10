/* What if another quarterback played, and how all of them are rated. */
#include "predictions/what_if.h"

#include "api/access.h"
#include "api/rate_gate.h"
#include "api/route.h"
#include "api/schemas.h"
#include "predictions/forecast.h"
#include "predictions/reads_q.h"
#include "predictions/schedule.h"

struct what_if_row {
	struct str game_id, model, tier;
	bool saw_line;
	struct str home_team, away_team;
	struct str home_quarterback, away_quarterback;
	double home_quarterback_worth, home_quarterback_se;
	double away_quarterback_worth, away_quarterback_se;
	double home_win_probability, tie_probability, away_win_probability;
	double spread, total, home_points, away_points;
	double home_win_change, spread_change, total_change;
};

static const struct field what_if_fields[] = {
	FIELD(struct what_if_row, game_id, TEXT, "the game, as in /v1/games"),
	FIELD(struct what_if_row, model, TEXT, "who forecasts"),
	FIELD(struct what_if_row, tier, TEXT, "L: it sees results and earlier lines"),
	FIELD(struct what_if_row, saw_line, BOOL, "whether it knew this game's own line"),
	FIELD(struct what_if_row, home_team, TEXT, "code of the time"),
	FIELD(struct what_if_row, away_team, TEXT, "code of the time"),
	FIELD(struct what_if_row, home_quarterback, OPT_TEXT,
		"who plays: home_qb, or whom the game names"),
	FIELD(struct what_if_row, away_quarterback, OPT_TEXT, "likewise"),
	FIELD(struct what_if_row, home_quarterback_worth, FIXED,
		"points a game, against the average of all last starters"),
	FIELD(struct what_if_row, home_quarterback_se, FIXED, "its standard error"),
	FIELD(struct what_if_row, away_quarterback_worth, FIXED, "likewise"),
	FIELD(struct what_if_row, away_quarterback_se, FIXED, "its standard error"),
	FIELD(struct what_if_row, home_win_probability, FIXED, "with these quarterbacks"),
	FIELD(struct what_if_row, tie_probability, FIXED, "likewise"),
	FIELD(struct what_if_row, away_win_probability, FIXED, "likewise"),
	FIELD(struct what_if_row, spread, FIXED,
		"points by which the home team is expected to win"),
	FIELD(struct what_if_row, total, FIXED, "points of both teams"),
	FIELD(struct what_if_row, home_points, FIXED, "projected score"),
	FIELD(struct what_if_row, away_points, FIXED, "projected score"),
	FIELD(struct what_if_row, home_win_change, FIXED,
		"against the forecast with the quarterbacks that the game names"),
	FIELD(struct what_if_row, spread_change, FIXED, "likewise"),
	FIELD(struct what_if_row, total_change, FIXED, "likewise"),
};
const struct row_schema what_if_schema = ROW_SCHEMA("what_if", struct what_if_row,
	what_if_fields,
	"A game as it would have been forecast before its week with these quarterbacks");

static const struct field quarterback_fields[] = {
	FIELD(struct quarterback_row, id, TEXT, "the feed's id, for home_qb and away_qb"),
	FIELD(struct quarterback_row, name, OPT_TEXT, "as last seen"),
	FIELD(struct quarterback_row, team, OPT_TEXT, "for whom he last started"),
	FIELD(struct quarterback_row, is_starter, BOOL,
		"whether he was its last starter"),
	FIELD(struct quarterback_row, starts, I32, "games started, since 1999"),
	FIELD(struct quarterback_row, worth, FIXED,
		"points a game, against the average of all last starters"),
	FIELD(struct quarterback_row, worth_se, FIXED, "its standard error"),
};
const struct row_schema quarterback_schema = ROW_SCHEMA("quarterback",
	struct quarterback_row, quarterback_fields,
	"A quarterback as he was rated before a week");

/* Who may read a game's forecast may ask what it would be. */
static struct err *
check_access(struct request *rq, struct tx *tx, const struct game_row *game)
{
	int32_t open_through;

	TRY(access_open_through(rq, tx, game->season, &open_through));
	if (game->week <= open_through)
		return NULL;
	return err_new(rq->ctx, ERR_DENIED,
		"what-if forecasts of this week are for subscribers; GET /v1/tiers lists "
		"the plans");
}

static struct what_if_row
row_of(const struct what_if *what_if)
{
	const struct forecast *forecast = &what_if->forecast;
	const struct forecast *named = &what_if->as_named;

	return (struct what_if_row){
		.game_id = what_if->game_id,
		.model = forecast_model_name(forecast->tier),
		.tier = str_from(tier_name(forecast->tier)),
		.saw_line = forecast->saw_own_line,
		.home_team = what_if->home_team,
		.away_team = what_if->away_team,
		.home_quarterback = what_if->home.name,
		.away_quarterback = what_if->away.name,
		.home_quarterback_worth = what_if->home.worth,
		.home_quarterback_se = what_if->home.worth_se,
		.away_quarterback_worth = what_if->away.worth,
		.away_quarterback_se = what_if->away.worth_se,
		.home_win_probability = forecast->result.win,
		.tie_probability = forecast->result.push,
		.away_win_probability = forecast->result.loss,
		.spread = forecast->margin,
		.total = forecast->total,
		.home_points = forecast->home_points,
		.away_points = forecast->away_points,
		.home_win_change = forecast->result.win - named->result.win,
		.spread_change = forecast->margin - named->margin,
		.total_change = forecast->total - named->total,
	};
}

struct answer
api_what_if_get(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct what_if_options options = { .home_quarterback = rq->params.home_qb,
		.away_quarterback = rq->params.away_qb };
	struct what_if *what_if;
	struct what_if_row row;
	struct game_row game;

	ANSWER_ERR(game_get(&tx, rq->path_params[0], &game));
	ANSWER_ERR(check_access(rq, &tx, &game));
	ANSWER_ERR(rate_gate_work(rq));
	options.game_id = game.nflverse_id;
	request_widen(rq, BELIEVED_MEMORY_BYTES);
	what_if = arena_alloc(rq->ctx->arena, sizeof(*what_if));
	if (!what_if)
		return answer_problem(err_no_memory());
	ANSWER_ERR(what_if_forecast(rq->ctx, &options, what_if));
	row = row_of(what_if);
	return answer_row(rq, &what_if_schema, &row);
}

struct answer
api_quarterback_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct week_range range;
	struct quarterback_list list = { .count = 0 };
	struct opt_i32 whole = { .is_set = false };

	ANSWER_ERR(schedule_range(&tx, rq->params.season, rq->params.week, &range));
	ANSWER_ERR(schedule_explain(&tx, rq->params.season, whole));
	ANSWER_ERR(rate_gate_work(rq));
	request_widen(rq, BELIEVED_MEMORY_BYTES);
	ANSWER_ERR(quarterbacks_before(rq->ctx,
		(struct season_time){ .season = range.season, .week = range.last_week },
		&list));
	return answer_rows(rq,
		&(struct page){ .schema = &quarterback_schema,
			.rows = list.items,
			.count = list.count });
}
