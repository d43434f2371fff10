/* Private leagues of people who pick: made, joined by code, looked at by their
 * members. */
#include "predictions/league.h"

#include "accounts/guess.h"
#include "api/route.h"
#include "api/schemas.h"
#include "codec/uuid.h"
#include "predictions/pick.h"
#include "predictions/schedule.h"

static const struct field league_fields[] = {
	FIELD(struct league_row, id, UUID, "the league's own id"),
	FIELD(struct league_row, name, TEXT, "as whoever made it called it"),
	FIELD(struct league_row, season, I32, "whose picks count"),
	FIELD(struct league_row, member_count, I64, "how many are in it"),
	FIELD(struct league_row, is_owner, BOOL, "whether it is yours to run"),
	FIELD(struct league_row, code, OPT_TEXT,
		"lets others in: /league?code=…; null for all but whoever runs it"),
	FIELD(struct league_row, display_name, TEXT, "how the others see you"),
	FIELD(struct league_row, created_at, TIME, ""),
};
const struct row_schema league_schema = ROW_SCHEMA(
	"league", struct league_row, league_fields, "A league that you are in");

struct invited_row {
	struct str id;
	struct str name;
	int32_t season;
	int64_t member_count;
	struct str display_name;
};

static const struct field league_invited_fields[] = {
	FIELD(struct invited_row, id, OPT_TEXT,
		"the league's own id, if you are in it already"),
	FIELD(struct invited_row, name, TEXT, "as whoever made it called it"),
	FIELD(struct invited_row, season, I32, "whose picks count"),
	FIELD(struct invited_row, member_count, I64, "how many are in it"),
	FIELD(struct invited_row, display_name, OPT_TEXT,
		"how they see you, if you are in it already"),
};
const struct row_schema league_invited_schema = ROW_SCHEMA("league_invited",
	struct invited_row, league_invited_fields, "A league that a code opens");

struct place_row {
	struct uuid id;
	struct opt_i32 rank;
	struct str name;
	bool is_you, is_owner;
	int32_t picks, right_picks;
	struct opt_f64 accuracy_percentage, brier, units;
};

static const struct field league_place_fields[] = {
	FIELD(struct place_row, id, UUID,
		"the place's own id, to remove who stands there"),
	FIELD(struct place_row, rank, OPT_I32,
		"1 is the best; null: fewer than ten picks graded"),
	FIELD(struct place_row, name, TEXT, "the name chosen for this league"),
	FIELD(struct place_row, is_you, BOOL, "whether that is you"),
	FIELD(struct place_row, is_owner, BOOL, "whether that one runs the league"),
	FIELD(struct place_row, picks, I32, "winners picked and graded"),
	FIELD(struct place_row, right_picks, I32, "of them right"),
	FIELD(struct place_row, accuracy_percentage, OPT_FIXED,
		"of those that were no tie"),
	FIELD(struct place_row, brier, OPT_FINE, "mean squared error; 0.25 is a coin"),
	FIELD(struct place_row, units, OPT_FIXED, "won or lost, a stake of one each"),
};
const struct row_schema league_place_schema = ROW_SCHEMA("league_place", struct place_row,
	league_place_fields, "How a member of a league stands");

static const struct field league_pick_fields[] = {
	FIELD(struct league_pick, game_id, TEXT, "the game, as in /v1/games"),
	FIELD(struct league_pick, week, I32, ""),
	FIELD(struct league_pick, home_team, TEXT, ""),
	FIELD(struct league_pick, away_team, TEXT, ""),
	FIELD(struct league_pick, name, TEXT, "whose pick it is"),
	FIELD(struct league_pick, is_you, BOOL, "whether that is you"),
	FIELD(struct league_pick, pick, TEXT, "home or away"),
	FIELD(struct league_pick, probability, FINE, "the chance given to it"),
	FIELD(struct league_pick, outcome, OPT_TEXT, "win, loss or push"),
	FIELD(struct league_pick, is_correct, OPT_BOOL, "null: not graded, or a tie"),
	FIELD(struct league_pick, brier, OPT_FINE, "squared error; 0.25 is a coin"),
};
const struct row_schema league_pick_schema = ROW_SCHEMA("league_pick", struct league_pick,
	league_pick_fields, "Whom a member said to win a game that has begun");

/* The id in the path; one that is none is nobody's league, nil. */
static struct uuid
id_of(const struct request *rq, size_t part)
{
	struct uuid id = { { 0 } };

	if (!uuid_parse(rq->path_params[part], &id))
		id = (struct uuid){ { 0 } };
	return id;
}

struct answer
api_league_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, db_shard_of(rq->ctx->actor.user_id));
	struct league_row_list list;

	ANSWER_ERR(q_league_list(&tx, rq->ctx->actor.user_id, &list));
	return answer_rows(rq,
		&(struct page){ .schema = &league_schema,
			.rows = list.items,
			.count = list.count });
}

struct answer
api_league_make(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	const struct new_league_body *in = BODY_OF(rq, new_league);
	struct opt_i32 whole = { .is_set = false };
	struct league_plan plan = { .name = in->name, .display_name = in->display_name };
	struct week_range range;
	struct league_row league;
	struct answer answer;

	ANSWER_ERR(schedule_range(&tx, in->season, whole, &range));
	plan.season = range.season;
	ANSWER_ERR(league_make(rq->ctx, &plan, &league));
	answer = answer_row(rq, &league_schema, &league);
	ANSWER_ERR(http_answer_add(rq->ctx, &answer.http, STR("Location"),
		str_fmt(rq->ctx->arena, "/v1/leagues/" STR_FMT,
			STR_ARG(uuid_text(rq->ctx->arena, league.id)))));
	return answer;
}

/* --- Codes, which might be guessed */

static struct guess
guess_of(const struct request *rq)
{
	struct buf account;

	buf_init(&account, rq->ctx->arena, UUID_TEXT_LEN);
	uuid_format(&account, rq->ctx->actor.user_id.uuid);
	return (struct guess){ .kind = GUESS_LEAGUE,
		.account = buf_str(&account),
		.address = rq->ctx->remote_address };
}

struct answer
api_league_look(struct request *rq)
{
	struct guess guess = guess_of(rq);
	struct league_invited league;
	struct invited_row row;

	ANSWER_ERR(guess_wait(rq->ctx, &guess));
	ANSWER_ERR(guess_judge(rq->ctx, &guess,
		league_look(rq->ctx, BODY_OF(rq, league_code)->code, &league)));
	row = (struct invited_row){ .name = league.name,
		.season = league.season,
		.member_count = league.member_count,
		.display_name = league.display_name };
	if (!str_is_none(league.display_name))
		row.id = uuid_text(rq->ctx->arena, league.id);
	return answer_row(rq, &league_invited_schema, &row);
}

struct answer
api_league_join(struct request *rq)
{
	const struct league_joining_body *in = BODY_OF(rq, league_joining);
	struct guess guess = guess_of(rq);
	struct league_row league;

	ANSWER_ERR(guess_wait(rq->ctx, &guess));
	ANSWER_ERR(guess_judge(rq->ctx, &guess,
		league_join(rq->ctx, in->code, in->display_name, &league)));
	return answer_row(rq, &league_schema, &league);
}

/* --- One league */

struct answer
api_league_get(struct request *rq)
{
	struct league_row league;

	ANSWER_ERR(league_find(rq->ctx, id_of(rq, 0), &league));
	return answer_row(rq, &league_schema, &league);
}

/* As they stand, the best first. */
static void
fill_places(const struct league_place_list *list, struct place_row *rows)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct league_place *place = &list->items[i];

		rows[i] = (struct place_row){
			.rank = { .is_set = place->rank.is_set,
				.value = (int32_t)place->rank.value },
			.id = place->id,
			.name = place->name,
			.is_you = place->is_you,
			.is_owner = place->is_owner,
			.picks = place->pick_count,
			.right_picks = place->right_count,
			.brier = place->brier,
			.units = place->units
		};
		if (place->decided_count > 0)
			rows[i].accuracy_percentage = (struct opt_f64)OPT(
				100.0 * place->right_count / place->decided_count);
	}
}

struct answer
api_league_standing(struct request *rq)
{
	struct league_place_list list;
	struct place_row *rows;

	ANSWER_ERR(league_places(rq->ctx, id_of(rq, 0), &list));
	rows = arena_alloc_array(rq->ctx->arena, list.count + 1, sizeof(*rows));
	if (!rows)
		return answer_problem(err_no_memory());
	fill_places(&list, rows);
	return answer_rows(rq,
		&(struct page){ .schema = &league_place_schema,
			.rows = rows,
			.count = list.count });
}

struct answer
api_league_picks(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct opt_i32 week = rq->params.week;
	struct league_row league;
	struct league_pick_list list;
	struct week_range range;

	ANSWER_ERR(league_find(rq->ctx, id_of(rq, 0), &league));
	if (!week.is_set)
		week = (struct opt_i32)OPT(PARAM_CURRENT);
	ANSWER_ERR(schedule_range(&tx, (struct opt_i32)OPT(league.season), week, &range));
	ANSWER_ERR(league_picks(rq->ctx, league.id, range.first_week, &list));
	return answer_rows(rq,
		&(struct page){ .schema = &league_pick_schema,
			.rows = list.items,
			.count = list.count });
}

struct answer
api_league_renew_code(struct request *rq)
{
	struct league_row league;

	ANSWER_ERR(league_renew_code(rq->ctx, id_of(rq, 0), &league));
	return answer_row(rq, &league_schema, &league);
}

struct answer
api_league_end(struct request *rq)
{
	ANSWER_ERR(league_end(rq->ctx, id_of(rq, 0)));
	return (struct answer){ .http = { .status = 204 } };
}

struct answer
api_league_remove(struct request *rq)
{
	ANSWER_ERR(league_remove(rq->ctx, id_of(rq, 0), id_of(rq, 1)));
	return (struct answer){ .http = { .status = 204 } };
}
