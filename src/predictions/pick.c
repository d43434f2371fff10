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
	if (!line_is_half_points(put->line.value))
		return err_field(ctx, "type",
			"this game's %s line is %.9g now: a pick cannot be half right; "
			"pick "
			"its winner, or come back when the line has moved",
			is_total ? "total" : "spread", put->line.value);
	TRY(q_game_side_odds(tx, game->id, ask->pick, &side));
	put->odds = side.odds;
	if (!side.odds.is_set || !odds_are_american(side.odds.value))
		put->odds = (struct opt_i32)OPT(ODDS_USUAL);
	return NULL;
}

static struct err *
begun_err(struct ctx *ctx)
{
	return err_new(ctx, ERR_CONFLICT,
		"the game has begun: its picks can no longer be changed");
}

/* As the statements that store and delete it ask, but of a game whose hour is not known
 * as well: its day must not have begun. */
static struct err *
check_open(struct ctx *ctx, const struct pick_game *row)
{
	const struct game game = { .gameday = row->gameday,
		.kickoff_at = row->kickoff_at };

	if (row->is_cancelled)
		return err_new(ctx, ERR_CONFLICT, "the game was called off");
	if (row->home_score.is_set || game_begins_at(&game) <= ctx->now)
		return begun_err(ctx);
	return NULL;
}

/* --- Making and taking back */

struct picking {
	struct pick_put put;
	struct pick_row made;
};

static struct err *
pick_in_tx(struct tx *tx, void *arg)
{
	struct picking *picking = arg;
	const struct pick_put *put = &picking->put;
	int64_t count;
	bool is_made = false;

	TRY(q_pick_put(tx, *put, &count));
	if (count)
		TRY(q_pick_of_game(tx,
			(struct pick_of_game){ .actor = put->actor,
				.game_id = put->game_id,
				.prediction_type = put->prediction_type },
			&picking->made, &is_made));
	/* All else that the statement asks, but for a score that came this instant. */
	return is_made ? NULL : err_new(tx->ctx, ERR_NOT_FOUND, "this account is gone");
}

struct err *
pick_make(struct ctx *ctx, const struct pick_ask *ask, struct pick_row *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct picking picking;
	struct game_row game;

	TRY(game_get(&tx, ask->game_id, &game));
	picking.put = (struct pick_put){ .actor = ctx->actor.user_id,
		.game_id = game.id,
		.prediction_type = ask->type,
		.pick = ask->pick,
		.probability = ask->probability,
		.now = ctx->now };
	TRY(terms_of(&tx, ask, &game, &picking.put));
	TRY(check_open(ctx,
		&(struct pick_game){ .gameday = game.gameday,
			.kickoff_at = game.kickoff_at,
			.home_score = game.home_score,
			.is_cancelled = game.cancelled_at.is_set }));
	TRY(db_transact(
		ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), pick_in_tx, &picking));
	if (ret)
		*ret = picking.made;
	return NULL;
}

static struct err *
delete_in_tx(struct tx *tx, void *arg)
{
	const struct pick_delete *pick = arg;
	struct pick_game game;
	bool found;
	int64_t deleted;

	TRY(q_pick_game_find(tx, pick->actor, pick->id, &game, &found));
	if (!found)
		return err_new(tx->ctx, ERR_NOT_FOUND, "no such pick");
	TRY(check_open(tx->ctx, &game));
	TRY(q_pick_delete(tx, *pick, &deleted));
	return deleted ? NULL : begun_err(tx->ctx);
}

struct err *
pick_take_back(struct ctx *ctx, struct uuid pick)
{
	struct pick_delete delete = {
		.actor = ctx->actor.user_id, .id = pick, .now = ctx->now
	};

	return db_transact(
		ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), delete_in_tx, &delete);
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
	/* As is known now: then it may have been thought to begin later. */
	bool is_late = row->updated_at >=
		game_begins_at(&(struct game){
			.gameday = row->gameday, .kickoff_at = row->kickoff_at });
	const struct prediction_ungraded as_forecast = {
		.prediction_type = row->prediction_type,
		.pick = is_late ? STR_NONE : row->pick,
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
