#include "predictions/pick.h"

#include "base/vec.h"
#include "model/odds.h"
#include "predictions/game.h"
#include "predictions/grade.h"
#include "predictions/reads_q.h"
#include "predictions/schedule.h"

enum {
	ODDS_USUAL = -110, /* of spreads and totals, where the feed has none */
};

static bool
is_one_of(struct str pick, const char *first, const char *second)
{
	return str_eq(pick, str_from(first)) || str_eq(pick, str_from(second));
}

/* The terms that PICK is graded at: the line and the odds of the moment. */
static struct err *
terms_of(struct tx *tx, const struct pick_ask *ask, const struct game_row *game,
	struct pick_put *put)
{
	bool is_total = str_eq(ask->type, STR("total"));
	struct ctx *ctx = tx->ctx;
	struct side_odds side;

	if (!is_one_of(
		    ask->pick, is_total ? "over" : "home", is_total ? "under" : "away"))
		return err_field(ctx, "pick", "pick must be %s",
			is_total ? "over or under" : "home or away");
	if (str_eq(ask->type, STR("game"))) {
		put->odds = str_eq(ask->pick, STR("home")) ? game->home_moneyline
							   : game->away_moneyline;
		if (put->odds.is_set && !odds_are_american(put->odds.value))
			put->odds.is_set = false;
		return NULL;
	}
	put->line = is_total ? game->total_line : game->spread_line;
	if (!put->line.is_set)
		return err_field(ctx, "type",
			"this game has no %s line yet; pick its winner, or come back",
			is_total ? "total" : "spread");
	TRY(q_game_side_odds(tx, game->id, ask->pick, &side));
	put->odds = side.odds;
	if (!side.odds.is_set || !odds_are_american(side.odds.value))
		put->odds = (struct opt_i32)OPT(ODDS_USUAL);
	return NULL;
}

/* As the statement that stores it asks, but of a game whose hour is not known as well: its
 * day must not have begun. */
static bool
is_begun(const struct ctx *ctx, const struct game_row *row)
{
	const struct game game = { .gameday = row->gameday,
		.kickoff_at = row->kickoff_at };

	return row->home_score.is_set || game_begins_at(&game) <= ctx->now;
}

struct picking {
	struct pick_put put;
	int64_t made;
};

static struct err *
pick_in_tx(struct tx *tx, void *arg)
{
	struct picking *picking = arg;

	return q_pick_put(tx, picking->put, &picking->made);
}

struct err *
pick_make(struct ctx *ctx, const struct pick_ask *ask)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct picking picking = { .made = 0 };
	struct game_row game;

	TRY(game_get(&tx, ask->game_id, &game));
	picking.put = (struct pick_put){ .actor = ctx->actor.user_id,
		.game_id = game.id,
		.prediction_type = ask->type,
		.pick = ask->pick,
		.probability = ask->probability,
		.now = ctx->now };
	TRY(terms_of(&tx, ask, &game, &picking.put));
	if (game.cancelled_at.is_set)
		return err_new(ctx, ERR_CONFLICT, "the game was called off");
	if (is_begun(ctx, &game))
		return err_new(ctx, ERR_CONFLICT,
			"the game has begun: it can no longer be picked");
	TRY(db_transact(
		ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), pick_in_tx, &picking));
	/* All else that the statement asks, but for a score that came this instant. */
	return picking.made ? NULL : err_new(ctx, ERR_NOT_FOUND, "this account is gone");
}

/* --- Grades */

struct grading {
	struct ctx *ctx;
	struct {
		VEC_OF(struct pick_grade)
	} grades;
};

static struct err *
grade_one(void *arg, const struct pick_ungraded *row)
{
	struct grading *grading = arg;
	const struct prediction_ungraded as_forecast = {
		.prediction_type = row->prediction_type,
		.pick = row->is_late ? STR_NONE : row->pick,
		.is_cancelled = row->is_cancelled,
		.probability = OPT(row->probability),
		.line = row->line,
		.odds = row->odds,
		.home_score = row->home_score,
		.away_score = row->away_score,
	};
	struct prediction_grade grade;

	TRY(grade_of(grading->ctx, &as_forecast, &grade));
	return VEC_PUSH(grading->ctx->arena, &grading->grades,
		       ((struct pick_grade){ .user_id = row->user_id,
			       .id = row->id,
			       .outcome = grade.outcome,
			       .is_correct = grade.is_correct,
			       .brier = grade.brier,
			       .units = grade.units,
			       .now = grading->ctx->now }))
		? NULL
		: err_no_memory();
}

struct err *
picks_grade(struct tx *tx, int64_t *ret_graded)
{
	struct grading grading = { .ctx = tx->ctx };

	TRY(q_picks_ungraded(tx, grade_one, &grading));
	return q_pick_grade(tx, grading.grades.items, grading.grades.count, ret_graded);
}
