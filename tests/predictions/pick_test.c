/* Picks: private, changed until kick-off, graded; the leaderboard by consent. */
#include "tests/support/database.h"
#include "tests/support/feed_text.h"

#include "codec/iso_time.h"
#include "predictions/game.h"
#include "predictions/grade.h"
#include "predictions/import.h"
#include "predictions/pick.h"
#include "predictions/simulated.h"

enum {
	SEASON = 2022,
	WEEK = 9,
	GAMES = 12,
};

static const struct user_id ann = { { { 1, [6] = 0x70, [8] = 0x80, [15] = 1 } } };
static const struct user_id bob = { { { 1, [6] = 0x70, [8] = 0x80, [15] = 2 } } };

/* Ann is on the leaderboard, Bob is not. */
static struct err *
put_users(struct ctx *ctx)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return db_run_text(&tx,
		db_dialect(ctx->db) == DIALECT_POSTGRES
			? STR("INSERT INTO users (id, email, password_hash, "
			      "leaderboard_name, is_on_leaderboard, created_at, "
			      "updated_at) VALUES "
			      "('01000000-0000-7000-8000-000000000001', "
			      "'a@example.org', '!', 'Ann', true, '2021-01-01Z', "
			      "'2021-01-01Z'), "
			      "('01000000-0000-7000-8000-000000000002', "
			      "'b@example.org', '!', 'Bob', false, '2021-01-01Z', "
			      "'2021-01-01Z')")
			: STR("INSERT INTO users (id, email, password_hash, "
			      "leaderboard_name, is_on_leaderboard, created_at, "
			      "updated_at) VALUES "
			      "(x'01000000000070008000000000000001', "
			      "'a@example.org', '!', 'Ann', 1, 1, 1), "
			      "(x'01000000000070008000000000000002', "
			      "'b@example.org', '!', 'Bob', 0, 1, 1)"));
}

static struct err *
league_at(struct ctx *ctx, const char *now)
{
	struct simulated_options league = {
		.seed = 13, .first_season = SEASON, .last_season = SEASON
	};
	struct import_options import = { .source = STR("league"), .is_simulated = true };
	struct import_counts counts;
	struct feed feed;
	struct str csv;

	if (!iso_time_parse(str_from(now), &ctx->now))
		return err_new(ctx, ERR_INTERNAL, "a wrong date");
	league.now = ctx->now;
	TRY(simulated_league(ctx->arena, &league, &csv));
	TRY(feed_of_text(ctx->arena, csv, &feed));
	return import_store(ctx, &feed, &import, &counts);
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

/* The winners of the week's first GAMES games, all called home. */
static struct err *
pick_week(struct ctx *ctx, struct user_id user, double probability)
{
	struct game_set games;
	int picked = 0;

	ctx->actor.user_id = user;
	TRY(game_set_read(ctx, &games));
	for (size_t i = 0; i < games.count && picked < GAMES; i++) {
		if (games.games[i].week != WEEK)
			continue;
		TRY(pick_make(ctx,
			&(struct pick_ask){ .game_id = games.games[i].nflverse_id,
				.type = STR("game"),
				.pick = STR("home"),
				.probability = probability }));
		picked++;
	}
	return NULL;
}

BOTH_ENGINES(a_pick_is_its_owners_alone_and_changed_at_will)
{
	struct pick_row_list list;
	struct err *err;
	struct str game;

	OK_ERR(put_users(ctx));
	OK_ERR(league_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(pick_week(ctx, ann, 0.6));
	OK_ERR(picks_of(ctx, ann, &list));
	EQ_I64(list.count, GAMES);
	game = list.items[0].game_id;
	OK_ERR(pick_make(ctx,
		&(struct pick_ask){ .game_id = game,
			.type = STR("game"),
			.pick = STR("away"),
			.probability = 0.9 }));
	OK_ERR(picks_of(ctx, ann, &list));
	EQ_I64(list.count, GAMES);
	EQ_STR(list.items[0].pick, STR("away"));
	OK_ERR(picks_of(ctx, bob, &list));
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

	OK_ERR(put_users(ctx));
	OK_ERR(league_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(pick_week(ctx, ann, 0.6));
	OK_ERR(picks_of(ctx, ann, &list));
	ctx->now += INT64_C(60) * 86400 * 1000000;
	err = pick_make(ctx,
		&(struct pick_ask){ .game_id = list.items[0].game_id,
			.type = STR("game"),
			.pick = STR("away"),
			.probability = 1 });
	OK(err && err->code == ERR_CONFLICT);
	OK_ERR(picks_of(ctx, ann, &list));
	EQ_STR(list.items[0].pick, STR("home"));
}

BOTH_ENGINES(picks_are_graded_and_the_leaderboard_shows_those_who_wish)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct grade_counts counts;
	struct pick_row_list list;
	struct leader_list leaders;
	int right = 0;

	OK_ERR(put_users(ctx));
	OK_ERR(league_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(pick_week(ctx, ann, 0.6));
	OK_ERR(pick_week(ctx, bob, 0.7));
	OK_ERR(league_at(ctx, "2023-06-01T00:00:00Z"));
	OK_ERR(grade_all(ctx, &counts));
	EQ_I64(counts.picks, 2 * GAMES);
	OK_ERR(picks_of(ctx, ann, &list));
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
