/* Subscribers' own picks, and the leaderboard of those who wish to be seen. */
#include "predictions/pick.h"

#include "api/route.h"
#include "api/schemas.h"
#include "codec/uuid.h"
#include "predictions/schedule.h"

struct leader_row {
	int32_t rank;
	struct str name;
	int64_t picks, right_picks;
	struct opt_f64 accuracy_percentage;
	double brier;
	struct opt_f64 units;
};

static const struct field pick_fields[] = {
	FIELD(struct pick_row, id, UUID, "the pick's own id"),
	FIELD(struct pick_row, game_id, TEXT, "the game, as in /v1/games"),
	FIELD(struct pick_row, season, I32, "the year the season starts in"),
	FIELD(struct pick_row, week, I32, "week of the season"),
	FIELD(struct pick_row, home_team, TEXT, "code of the time"),
	FIELD(struct pick_row, away_team, TEXT, "code of the time"),
	FIELD(struct pick_row, prediction_type, TEXT, "game, ats or total"),
	FIELD(struct pick_row, pick, TEXT, "home or away; of a total over or under"),
	FIELD(struct pick_row, probability, FINE,
		"the chance given to it, 0 to 1, as stored: to six decimals"),
	FIELD(struct pick_row, line, OPT_FIXED, "the line when it was made or changed"),
	FIELD(struct pick_row, odds, OPT_I32, "American odds then"),
	FIELD(struct pick_row, outcome, OPT_TEXT, "win, loss, push or void"),
	FIELD(struct pick_row, is_correct, OPT_BOOL, "null: not graded, or a push"),
	FIELD(struct pick_row, brier, OPT_FINE, "squared error; 0.25 is a coin"),
	FIELD(struct pick_row, units, OPT_FIXED, "won or lost for a stake of one"),
	FIELD(struct pick_row, updated_at, TIME, "when it was made or changed"),
};
const struct row_schema pick_schema = ROW_SCHEMA("pick", struct pick_row, pick_fields,
	"A pick of the signed-in user's, which nobody else sees");

static const struct field leader_fields[] = {
	FIELD(struct leader_row, rank, I32, "1 is the best; equal scores share a rank"),
	FIELD(struct leader_row, name, TEXT, "the name chosen for the leaderboard"),
	FIELD(struct leader_row, picks, I64, "winners picked and graded"),
	FIELD(struct leader_row, right_picks, I64, "of them right"),
	FIELD(struct leader_row, accuracy_percentage, OPT_FIXED,
		"of those that were no tie"),
	FIELD(struct leader_row, brier, FINE, "mean squared error; 0.25 is a coin"),
	FIELD(struct leader_row, units, OPT_FIXED, "won or lost, a stake of one each"),
};
const struct row_schema leader_schema = ROW_SCHEMA("leader", struct leader_row,
	leader_fields, "How good one who wishes to be seen was at picking winners");

static struct answer
answer_picks(struct request *rq, struct opt_i32 season, struct opt_i32 week)
{
	struct tx global = db_auto(rq->ctx, SHARD_GLOBAL);
	struct tx tx = db_auto(rq->ctx, db_shard_of(rq->ctx->actor.user_id));
	struct week_range range;
	struct pick_row_list list;

	ANSWER_ERR(schedule_range(&global, season, week, &range));
	ANSWER_ERR(q_pick_list(&tx,
		(struct pick_list){ .actor = rq->ctx->actor.user_id,
			.season = range.season,
			.first_week = range.first_week,
			.last_week = range.last_week },
		&list));
	if (list.count == 0)
		ANSWER_ERR(schedule_explain(&global, season, week));
	return answer_rows(rq,
		&(struct page){ .schema = &pick_schema,
			.rows = list.items,
			.count = list.count });
}

struct answer
api_pick_list(struct request *rq)
{
	return answer_picks(rq, rq->params.season, rq->params.week);
}

struct answer
api_pick_make(struct request *rq)
{
	const struct pick_body *in = BODY_OF(rq, pick);
	const struct pick_ask ask = { .game_id = in->game_id,
		.type = in->type,
		.pick = in->pick,
		.probability = in->probability };
	struct pick_row row;

	ANSWER_ERR(pick_make(rq->ctx, &ask, &row));
	return answer_row(rq, &pick_schema, &row);
}

struct answer
api_pick_take_back(struct request *rq)
{
	struct uuid id;

	if (!uuid_parse(rq->path_params[0], &id))
		return answer_problem(err_new(rq->ctx, ERR_NOT_FOUND, "no such pick"));
	ANSWER_ERR(pick_take_back(rq->ctx, id));
	return (struct answer){ .http = { .status = 204 } };
}

struct answer
api_leader_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct opt_i32 whole = { .is_set = false };
	struct week_range range;
	struct leader_row *rows;
	struct leader_list list;

	ANSWER_ERR(schedule_range(&tx, rq->params.season, whole, &range));
	ANSWER_ERR(q_leaders(&tx, range.season, LEADER_PICKS_LEAST, &list));
	if (list.count == 0)
		ANSWER_ERR(schedule_explain(&tx, rq->params.season, whole));
	rows = arena_alloc_array(rq->ctx->arena, list.count + 1, sizeof(*rows));
	if (!rows)
		return answer_problem(err_no_memory());
	for (size_t i = 0; i < list.count; i++) {
		const struct leader *leader = &list.items[i];

		rows[i] = (struct leader_row){ .rank = (int32_t)leader->rank,
			.name = leader->name,
			.picks = leader->pick_count,
			.right_picks = leader->right_count,
			.brier = leader->brier,
			.units = leader->units };
		if (leader->decided_count > 0)
			rows[i].accuracy_percentage = (struct opt_f64)OPT(100.0 *
				(double)leader->right_count /
				(double)leader->decided_count);
	}
	return answer_rows(rq,
		&(struct page){
			.schema = &leader_schema, .rows = rows, .count = list.count });
}
