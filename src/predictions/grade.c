#include "predictions/grade.h"

#include <math.h>

#include "base/vec.h"
#include "codec/json_write.h"
#include "model/odds.h"
#include "predictions/accuracy.h"
#include "predictions/game_change.h"
#include "predictions/games_q.h"
#include "predictions/leagues_q.h"
#include "predictions/pick.h"
#include "predictions/publication.h"
#include "predictions/rounded.h"

enum {
	RESULT_BYTES_MAX = 256,
};

/* After so long without it in a feed a game counts as called off: a day. */
#define MISSING_US (INT64_C(24) * 3600 * 1000000)
#define FETCHED_US (INT64_C(6) * 3600 * 1000000)

/* A chance of nought or one is never meant so, and has no finite log loss. */
#define CHANCE_LEAST 1e-6

struct grading {
	struct ctx *ctx;
	struct grade_counts counts;
	struct {
		VEC_OF(struct prediction_grade)
	} grades;
};

static bool
is_type(const struct prediction_ungraded *row, const char *type)
{
	return str_eq(row->prediction_type, str_from(type));
}

/* By how much the first side (home, over) came out ahead: more than 0, it won;
 * 0, a push. */
static double
lead_of(const struct prediction_ungraded *row)
{
	double margin = row->home_score - row->away_score;

	if (is_type(row, "game"))
		return margin;
	if (is_type(row, "ats"))
		return margin - row->line.value;
	if (is_type(row, "prop"))
		return row->prop_value.value - row->line.value;
	return row->home_score + row->away_score - row->line.value;
}

/* Brier score and log loss of CHANCE for what happened: 1, 0, or 0.5 for a tie. */
static void
score(struct prediction_grade *grade, double chance, double happened)
{
	double p = fmin(fmax(chance, CHANCE_LEAST), 1 - CHANCE_LEAST);

	grade->brier = (struct opt_f64)OPT(
		rounded((chance - happened) * (chance - happened)));
	grade->log_loss = (struct opt_f64)OPT(
		rounded(-(happened * log(p) + (1 - happened) * log(1 - p))));
}

static struct opt_f64
units_of(const struct prediction_ungraded *row, double lead_of_pick)
{
	struct opt_f64 units = { .is_set = row->odds.is_set &&
			odds_are_american(row->odds.value) };

	if (!units.is_set || lead_of_pick == 0)
		return units;
	units.value = lead_of_pick > 0 ? rounded(odds_to_decimal(row->odds.value) - 1)
				       : -1;
	return units;
}

static struct err *
result_of(struct ctx *ctx, const struct prediction_ungraded *row, double lead,
	struct str *ret)
{
	const char *sides[] = { "home", "away" };
	struct buf out;
	struct json json = json_begin(&out);

	if (is_type(row, "total") || is_type(row, "prop")) {
		sides[0] = "over";
		sides[1] = "under";
	}
	buf_init(&out, ctx->arena, RESULT_BYTES_MAX);
	json_put_object(&json);
	if (row->is_cancelled) {
		json_put_key(&json, STR("is_cancelled"));
		json_put_bool(&json, true);
		json_put_object_end(&json);
		*ret = buf_str(&out);
		return buf_is_cut(&out) ? err_no_memory() : NULL;
	}
	json_put_key(&json, STR("home_score"));
	json_put_i64(&json, row->home_score);
	json_put_key(&json, STR("away_score"));
	json_put_i64(&json, row->away_score);
	if (row->prop_value.is_set) {
		json_put_key(&json, STR("value"));
		json_put_f64(&json, row->prop_value.value);
	}
	json_put_key(&json, STR("side"));
	if (lead == 0)
		json_put_null(&json);
	else
		json_put_text(&json, str_from(sides[lead < 0]));
	json_put_object_end(&json);
	*ret = buf_str(&out);
	return buf_is_cut(&out) ? err_no_memory() : NULL;
}

struct err *
grade_of(struct ctx *ctx, const struct prediction_ungraded *row,
	struct prediction_grade *ret)
{
	struct prediction_grade grade = { .id = row->id, .now = ctx->now };
	bool needs_line = !is_type(row, "game");
	bool is_first,
		is_void = row->is_cancelled || str_is_none(row->pick) ||
		!row->probability.is_set || (needs_line && !row->line.is_set);
	double lead = is_void ? 0 : lead_of(row), lead_of_pick;

	is_first = str_eq(row->pick, STR("home")) || str_eq(row->pick, STR("over"));
	lead_of_pick = is_first ? lead : -lead;
	TRY(result_of(ctx, row, lead, &grade.actual_result));
	if (is_void) {
		grade.outcome = STR("void");
	} else if (lead == 0) {
		grade.outcome = STR("push");
		if (!needs_line)
			score(&grade, row->probability.value, 0.5);
	} else {
		grade.outcome = lead_of_pick > 0 ? STR("win") : STR("loss");
		grade.is_correct = (struct opt_bool)OPT(lead_of_pick > 0);
		score(&grade, row->probability.value, lead_of_pick > 0);
	}
	if (!is_void)
		grade.units = units_of(row, lead_of_pick);
	*ret = grade;
	return NULL;
}

static struct err *
grade_one(void *arg, const struct prediction_ungraded *row)
{
	struct grading *grading = arg;
	struct grade_counts *counts = &grading->counts;
	struct prediction_grade grade;

	TRY(grade_of(grading->ctx, row, &grade));
	counts->graded++;
	if (grade.is_correct.is_set)
		*(grade.is_correct.value ? &counts->right : &counts->wrong) += 1;
	else if (str_eq(grade.outcome, STR("push")))
		counts->pushed++;
	else
		counts->void_count++;
	return VEC_PUSH(grading->ctx->arena, &grading->grades, grade) ? NULL
								      : err_no_memory();
}

/* A feed that lacked this game and little else, with no other read for a day that said
 * otherwise, does not lack it by mistake (docs/decisions/called-off.md). */
static struct err *
call_off(struct tx *tx, int64_t *ret_called_off)
{
	struct ctx *ctx = tx->ctx;
	struct missing_game_list missing;

	TRY(q_games_missing(tx,
		(struct games_missing){
			.since = ctx->now - MISSING_US, .lately = ctx->now - FETCHED_US },
		&missing));
	*ret_called_off = (int64_t)missing.count;
	return games_call_off(tx, missing.items, missing.count);
}

static struct err *
grade_in_tx(struct tx *tx, void *arg)
{
	struct grading *grading = arg;
	int64_t affected;

	/* This may be a second try. */
	*grading = (struct grading){ .ctx = tx->ctx };
	TRY(call_off(tx, &grading->counts.called_off));
	TRY(q_predictions_ungraded(tx, grade_one, grading));
	TRY(q_prediction_grade(
		tx, grading->grades.items, grading->grades.count, &affected));
	TRY(picks_grade(tx, &grading->counts.picks));
	TRY(q_league_standings_renew(tx, tx->ctx->now, &affected));
	TRY(accuracy_store(tx, &grading->counts.metrics));
	if (grading->counts.graded || grading->counts.metrics ||
		grading->counts.called_off)
		TRY(publication_renew(tx));
	return NULL;
}

struct err *
grade_all(struct ctx *ctx, struct grade_counts *ret)
{
	struct grading grading = { .ctx = ctx };

	TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, grade_in_tx, &grading));
	*ret = grading.counts;
	return NULL;
}
