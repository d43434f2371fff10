/* A forecast asked again, at any line and at given odds. */
#include "predictions/lines.h"

#include "api/access.h"
#include "api/route.h"
#include "api/schemas.h"
#include "codec/uuid.h"

static const double usual_kelly_share = 0.25;

static const struct field line_fields[] = {
	FIELD_AS("prediction_id", struct line_row, prediction_id.uuid, UUID,
		"the forecast that is asked"),
	FIELD(struct line_row, game_id, TEXT, "the game, as in /v1/games"),
	FIELD(struct line_row, model, TEXT, "who forecast"),
	FIELD(struct line_row, tier, OPT_TEXT,
		"of the house's models: S results only, L earlier lines too, B this "
		"game's line too"),
	FIELD(struct line_row, saw_line, BOOL, "whether it knew this game's own line"),
	FIELD(struct line_row, market, TEXT, "moneyline, spread or total"),
	FIELD(struct line_row, side, TEXT, "home, away, over or under"),
	FIELD(struct line_row, bet, TEXT, "as it is written on a slip: KC -3.5"),
	FIELD(struct line_row, line, OPT_FIXED,
		"points by which the home team is favoured; of a total, points"),
	FIELD(struct line_row, win, FIXED, "chance that the bet wins"),
	FIELD(struct line_row, push, FIXED, "chance that the stake comes back"),
	FIELD(struct line_row, loss, FIXED, "chance that it loses"),
	FIELD(struct line_row, half_win, FIXED,
		"at a quarter line (3.25 is half the stake at 3, half at 3.5): chance "
		"that one half wins and the other comes back; the five add up to 1"),
	FIELD(struct line_row, half_loss, FIXED,
		"likewise that one half loses and the other comes back"),
	FIELD(struct line_row, fair_odds, OPT_I32,
		"American odds that neither win nor lose in the long run"),
	FIELD(struct line_row, odds, OPT_FIXED, "the odds given, as American ones"),
	FIELD(struct line_row, break_even, OPT_FIXED,
		"the share of bets to win at these odds for no loss"),
	FIELD(struct line_row, expected_value, OPT_FIXED,
		"won on average for one staked, if the chances are right"),
	FIELD(struct line_row, stake, OPT_FIXED,
		"share of the bankroll: the Kelly stake times kelly, at most .05"),
};
const struct row_schema line_schema = ROW_SCHEMA("line", struct line_row, line_fields,
	"A bet as a forecast sees it. No edge is claimed: nothing here has beaten the "
	"closing line");

/* 0 where LINE is -0, which would be shown as such. */
static struct opt_f64
line_shown(struct opt_f64 line)
{
	line.value += 0.0;
	return line;
}

struct answer
api_line_list(struct request *rq)
{
	const struct params *params = &rq->params;
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct lines_terms terms = {
		.spread = line_shown(params->spread),
		.total = line_shown(params->total),
		.odds = { [BET_HOME] = params->home_odds,
			[BET_AWAY] = params->away_odds,
			[BET_HOME_SPREAD] = params->home_spread_odds,
			[BET_AWAY_SPREAD] = params->away_spread_odds,
			[BET_OVER] = params->over_odds,
			[BET_UNDER] = params->under_odds },
		.kelly_share = params->kelly.is_set ? params->kelly.value
						    : usual_kelly_share,
	};
	struct prediction_id id;
	struct line_list *list = arena_alloc(rq->ctx->arena, sizeof(*list));

	if (!list)
		return answer_problem(err_no_memory());
	if (!uuid_parse(rq->path_params[0], &id.uuid))
		return answer_problem(
			err_new(rq->ctx, ERR_NOT_FOUND, "no such forecast"));
	ANSWER_ERR(access_check_id(rq, &tx, id));
	rq->delivered = str_dup(rq->ctx->arena,
		(struct str){
			.ptr = (const char *)id.uuid.bytes, .len = sizeof(id.uuid) });
	ANSWER_ERR(lines_list(&tx, id, &terms, list));
	return answer_rows(rq,
		&(struct page){ .schema = &line_schema,
			.rows = list->rows,
			.count = list->count });
}
