/* Picks: private, changed until kick-off, graded; the leaderboard by consent. */
#include "predictions/game.h"
#include "predictions/grade.h"
#include "predictions/pick.h"
#include "tests/predictions/season.h"

/* Ann is on the leaderboard, Bob is not. */
static struct err *
put_both(struct ctx *ctx)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	TRY(put_users(ctx, BOB));
	return db_run_text(&tx,
		STR("UPDATE users SET leaderboard_name = CASE email WHEN "
		    "'u1@example.org' THEN 'Ann' ELSE 'Bob' END; "
		    "UPDATE users SET is_on_leaderboard = true WHERE email = "
		    "'u1@example.org'"));
}

static struct err *
picks_of(struct ctx *ctx, struct user_id user, struct pick_row_list *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	ctx->actor.user_id = user;
	return q_pick_list(&tx,
		(struct pick_list){ .actor = user,
			.season = SEASON,
			.first_week = 1,
			.last_week = 23 },
		ret);
}

BOTH_ENGINES(a_pick_is_its_owners_alone_and_changed_at_will)
{
	struct pick_row_list list;
	struct err *err;
	struct str game;

	OK_ERR(put_both(ctx));
	OK_ERR(season_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(pick_week(ctx, ANN, 0.6, GAMES));
	OK_ERR(picks_of(ctx, user(ANN), &list));
	EQ_I64(list.count, GAMES);
	game = list.items[0].game_id;
	OK_ERR(pick_make(ctx,
		&(struct pick_ask){ .game_id = game,
			.type = STR("game"),
			.pick = STR("away"),
			.probability = 0.9 }));
	OK_ERR(picks_of(ctx, user(ANN), &list));
	EQ_I64(list.count, GAMES);
	EQ_STR(list.items[0].pick, STR("away"));
	OK_ERR(picks_of(ctx, user(BOB), &list));
	EQ_I64(list.count, 0);
	err = pick_make(ctx,
		&(struct pick_ask){ .game_id = game,
			.type = STR("total"),
			.pick = STR("home"),
			.probability = 0.5 });
	OK(err && err->code == ERR_INVALID);
	err = pick_make(ctx,
		&(struct pick_ask){ .game_id = STR("2022_99_NO_BODY"),
			.type = STR("game"),
			.pick = STR("home"),
			.probability = 0.5 });
	OK(err && err->code == ERR_NOT_FOUND);
}

BOTH_ENGINES(a_pick_after_kick_off_is_refused_and_changes_nothing)
{
	struct pick_row_list list;
	struct err *err;

	OK_ERR(put_both(ctx));
	OK_ERR(season_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(pick_week(ctx, ANN, 0.6, GAMES));
	OK_ERR(picks_of(ctx, user(ANN), &list));
	ctx->now += INT64_C(60) * 86400 * 1000000;
	err = pick_make(ctx,
		&(struct pick_ask){ .game_id = list.items[0].game_id,
			.type = STR("game"),
			.pick = STR("away"),
			.probability = 1 });
	OK(err && err->code == ERR_CONFLICT);
	OK_ERR(picks_of(ctx, user(ANN), &list));
	EQ_STR(list.items[0].pick, STR("home"));
}

BOTH_ENGINES(picks_are_graded_and_the_leaderboard_shows_those_who_wish)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct grade_counts counts;
	struct pick_row_list list;
	struct leader_list leaders;
	int right = 0;

	OK_ERR(put_both(ctx));
	OK_ERR(season_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(pick_week(ctx, ANN, 0.6, GAMES));
	OK_ERR(pick_week(ctx, BOB, 0.7, GAMES));
	OK_ERR(season_at(ctx, "2023-06-01T00:00:00Z"));
	OK_ERR(grade_all(ctx, &counts));
	EQ_I64(counts.picks, 2 * GAMES);
	OK_ERR(picks_of(ctx, user(ANN), &list));
	for (size_t i = 0; i < list.count; i++) {
		OK(!str_is_none(list.items[i].outcome));
		if (!list.items[i].is_correct.is_set)
			continue;
		right += list.items[i].is_correct.value;
		NEAR(list.items[i].brier.value,
			list.items[i].is_correct.value ? 0.16 : 0.36, 1e-9);
	}
	OK_ERR(q_leaders(&tx, SEASON, LEADER_PICKS_LEAST, &leaders));
	EQ_I64(leaders.count, 1);
	EQ_STR(leaders.items[0].name, STR("Ann"));
	EQ_I64(leaders.items[0].pick_count, GAMES);
	EQ_I64(leaders.items[0].right_count, right);
	OK_ERR(q_leaders(&tx, SEASON, GAMES + 1, &leaders));
	EQ_I64(leaders.count, 0);
	OK_ERR(grade_all(ctx, &counts));
	EQ_I64(counts.picks, 0);
}
