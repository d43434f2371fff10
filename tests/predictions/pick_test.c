/* Picks: private, changed until kick-off, graded; the leaderboard by consent. */
#include "predictions/game.h"
#include "predictions/grade.h"
#include "predictions/league.h"
#include "predictions/pick.h"
#include "predictions/reads_q.h"
#include "predictions/schedule.h"
#include "sys/wait.h"
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
			.probability = 0.9 },
		NULL));
	OK_ERR(picks_of(ctx, user(ANN), &list));
	EQ_I64(list.count, GAMES);
	EQ_STR(list.items[0].pick, STR("away"));
	OK_ERR(picks_of(ctx, user(BOB), &list));
	EQ_I64(list.count, 0);
	err = pick_make(ctx,
		&(struct pick_ask){ .game_id = game,
			.type = STR("total"),
			.pick = STR("home"),
			.probability = 0.5 },
		NULL);
	OK(err && err->code == ERR_INVALID);
	err = pick_make(ctx,
		&(struct pick_ask){ .game_id = STR("2022_99_NO_BODY"),
			.type = STR("game"),
			.pick = STR("home"),
			.probability = 0.5 },
		NULL);
	OK(err && err->code == ERR_NOT_FOUND);
}

BOTH_ENGINES(a_pick_of_a_spread_or_total_has_the_odds_of_its_side)
{
	static const struct {
		struct str type, pick;
		int32_t odds;
	} cases[] = { { STR_INIT("ats"), STR_INIT("home"), -105 },
		{ STR_INIT("ats"), STR_INIT("away"), -115 },
		{ STR_INIT("total"), STR_INIT("over"), 102 },
		/* The feed has none, or none that there can be. */
		{ STR_INIT("total"), STR_INIT("under"), -110 },
		{ STR_INIT("ats"), STR_INIT("home"), -110 } };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct pick_row_list list;

	OK_ERR(put_both(ctx));
	OK_ERR(season_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(pick_week(ctx, ANN, 0.6, 1));
	OK_ERR(picks_of(ctx, user(ANN), &list));
	OK_ERR(db_run_text(&tx,
		STR("UPDATE games SET spread_line = 2.5, total_line = 44.5, "
		    "home_spread_odds = -105, away_spread_odds = -115, "
		    "over_odds = 102, under_odds = NULL")));
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct pick_row_list found;
		bool is_there = false;

		if (i + 1 == COUNT_OF(cases))
			OK_ERR(db_run_text(
				&tx, STR("UPDATE games SET home_spread_odds = 7")));
		OK_ERR(pick_make(ctx,
			&(struct pick_ask){ .game_id = list.items[0].game_id,
				.type = cases[i].type,
				.pick = cases[i].pick,
				.probability = 0.6 },
			NULL));
		OK_ERR(picks_of(ctx, user(ANN), &found));
		for (size_t k = 0; k < found.count; k++) {
			if (!str_eq(found.items[k].prediction_type, cases[i].type))
				continue;
			is_there = true;
			EQ_I64(found.items[k].odds.value, cases[i].odds);
		}
		OK(is_there);
	}
}

BOTH_ENGINES(a_quarter_line_takes_no_pick_as_none_can_be_half_right)
{
	static const struct str types[][2] = { { STR_INIT("ats"), STR_INIT("home") },
		{ STR_INIT("total"), STR_INIT("over") } };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct pick_row_list list;

	OK_ERR(put_both(ctx));
	OK_ERR(season_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(pick_week(ctx, ANN, 0.6, 1));
	OK_ERR(picks_of(ctx, user(ANN), &list));
	OK_ERR(db_run_text(
		&tx, STR("UPDATE games SET spread_line = 2.75, total_line = 44.25")));
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct err *err = pick_make(ctx,
			&(struct pick_ask){ .game_id = list.items[0].game_id,
				.type = types[i][0],
				.pick = types[i][1],
				.probability = 0.6 },
			NULL);

		OK(err && err->code == ERR_INVALID);
		EQ_STR(err->field, STR("type"));
	}
}

/* At the microsecond of kick-off it has begun, for whoever picks and for whoever looks; where
 * the hour is not known, with its day: its score comes when it is over. */
BOTH_ENGINES(a_pick_counts_until_the_microsecond_before_its_game_begins)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct pick_ask ask = { .type = STR("game"), .probability = 0.6 };
	struct pick_row_list list;
	struct pick_row made;
	struct game_row game;
	bool found;

	OK_ERR(put_both(ctx));
	OK_ERR(season_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(pick_week(ctx, ANN, 0.6, 1));
	OK_ERR(picks_of(ctx, user(ANN), &list));
	ask.game_id = list.items[0].game_id;
	OK_ERR(q_game_by_nflverse_id(&tx, ask.game_id, &game, &found));
	ctx->now = game.kickoff_at.value - 1;
	ask.pick = STR("away");
	OK_ERR(pick_take_back(ctx, list.items[0].id));
	FAILS_WITH(pick_take_back(ctx, list.items[0].id), ERR_NOT_FOUND);
	OK_ERR(pick_make(ctx, &ask, &made));
	EQ_STR(made.pick, STR("away"));
	act_as(ctx, BOB);
	FAILS_WITH(pick_take_back(ctx, made.id), ERR_NOT_FOUND);
	act_as(ctx, ANN);
	ctx->now++;
	ask.pick = STR("home");
	FAILS_WITH(pick_make(ctx, &ask, NULL), ERR_CONFLICT);
	FAILS_WITH(pick_take_back(ctx, made.id), ERR_CONFLICT);
	OK_ERR(picks_of(ctx, user(ANN), &list));
	EQ_I64(list.count, 1);
	EQ_STR(list.items[0].pick, STR("away"));
	OK_ERR(db_run_text(
		&tx, STR("UPDATE games SET kickoff_at = NULL, gametime = NULL")));
	ctx->now = game_begins_at(&(struct game){ .gameday = game.gameday }) - 1;
	OK_ERR(pick_make(ctx, &ask, NULL));
	ctx->now++;
	ask.pick = STR("away");
	FAILS_WITH(pick_make(ctx, &ask, NULL), ERR_CONFLICT);
	FAILS_WITH(pick_take_back(ctx, made.id), ERR_CONFLICT);
	OK_ERR(picks_of(ctx, user(ANN), &list));
	EQ_STR(list.items[0].pick, STR("home"));
}

BOTH_ENGINES(a_pick_of_an_account_that_is_gone_is_told_so)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct pick_ask ask = {
		.type = STR("game"), .pick = STR("away"), .probability = 0.6
	};
	struct pick_row_list list;
	struct err *err;

	OK_ERR(put_both(ctx));
	OK_ERR(season_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(pick_week(ctx, ANN, 0.6, 1));
	OK_ERR(picks_of(ctx, user(ANN), &list));
	ask.game_id = list.items[0].game_id;
	OK_ERR(db_run_text(&tx, STR("UPDATE users SET is_active = false")));
	err = pick_make(ctx, &ask, NULL);
	OK(err && err->code == ERR_NOT_FOUND);
	/* Of a game that is over that is said, whoever asks. */
	OK_ERR(db_run_text(&tx,
		STR("UPDATE games SET home_score = 3, away_score = 0, "
		    "result = 3, total = 3")));
	FAILS_WITH(pick_make(ctx, &ask, NULL), ERR_CONFLICT);
}

/* A game of the third week that was put off to December does not bring that week back. */
BOTH_ENGINES(a_game_put_off_leaves_the_current_week_as_it_is)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct opt_i32 current = OPT(WEEK_CURRENT);
	struct week_range before, range;

	OK_ERR(season_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(schedule_range(&tx, current, current, &before));
	OK_ERR(db_run_text(&tx,
		STR("UPDATE games SET gameday = '2022-12-20', home_score = NULL, "
		    "away_score = "
		    "NULL, result = NULL, total = NULL, finished_at = NULL WHERE "
		    "nflverse_id = "
		    "(SELECT min(nflverse_id) FROM games WHERE week = 3)")));
	OK_ERR(schedule_range(&tx, current, current, &range));
	OK(range.first_week > 3);
	EQ_I64(range.first_week, before.first_week);
}

/* Sent at once from two devices: one pick, and one of the two. */
struct rival {
	struct ctx ctx;
	struct pick_ask ask;
	struct err *err;
	struct fiber_event done;
};

static void
pick_at_once(void *arg)
{
	struct rival *rival = arg;

	rival->err = pick_make(&rival->ctx, &rival->ask, NULL);
	fiber_event_set(&rival->done);
}

BOTH_ENGINES(picks_sent_at_once_are_one_pick)
{
	enum { RIVALS = 6 };
	struct rival rivals[RIVALS];
	struct arena arenas[RIVALS];
	struct pick_row_list list;
	struct game_set games;

	OK_ERR(put_both(ctx));
	OK_ERR(season_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(game_set_read(ctx, &games));
	ctx->actor.user_id = user(ANN);
	for (int i = 0; i < RIVALS; i++) {
		arena_init(&arenas[i], 1 << 20);
		rivals[i] = (struct rival){ .ctx = *ctx,
			.ask = { .game_id = games.games[games.count - 1].nflverse_id,
				.type = STR("game"),
				.pick = i % 2 ? STR("away") : STR("home"),
				.probability = 0.5 + 0.1 * (i % 2) } };
		rivals[i].ctx.arena = &arenas[i];
		fiber_event_init(&rivals[i].done);
		OK(fiber_spawn("pick", pick_at_once, &rivals[i]));
	}
	for (int i = 0; i < RIVALS; i++) {
		fiber_event_join(&rivals[i].done);
		OK_ERR(rivals[i].err);
	}
	OK_ERR(picks_of(ctx, user(ANN), &list));
	EQ_I64(list.count, 1);
	NEAR(list.items[0].probability,
		str_eq(list.items[0].pick, STR("away")) ? 0.6 : 0.5, 1e-9);
	for (int i = 0; i < RIVALS; i++)
		arena_release(&arenas[i]);
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

/* The engines round 250000.5 each in its own way. */
BOTH_ENGINES(a_mean_halfway_between_two_millionths_is_the_same_on_both_engines)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct grade_counts counts;
	struct leader_list leaders;

	OK_ERR(put_both(ctx));
	OK_ERR(season_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(pick_week(ctx, ANN, 0.6, GAMES));
	OK_ERR(season_at(ctx, "2023-06-01T00:00:00Z"));
	OK_ERR(grade_all(ctx, &counts));
	OK_ERR(db_run_text(&tx, STR("UPDATE picks SET brier = 0.2500005")));
	OK_ERR(q_leaders(&tx, SEASON, LEADER_PICKS_LEAST, &leaders));
	EQ_I64(leaders.count, 1);
	NEAR(leaders.items[0].brier, 0.250001, 1e-12);
}

/* Two who said the same share a rank, and stand in the order of their names. */
BOTH_ENGINES(equal_scores_share_a_rank_on_the_leaderboard_and_in_a_league)
{
	static const double said[] = { 0.55, 0.5, 0.55, 0.6 };
	static const char *const ranks[] = { "1 U2", "2 U1", "2 U3", "4 U4" };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct league_place_list places;
	struct league_row league, joined;
	struct grade_counts counts;
	struct leader_list leaders;

	OK_ERR(put_users(ctx, COUNT_OF(said)));
	OK_ERR(db_run_text(&tx,
		STR("UPDATE users SET is_on_leaderboard = true, leaderboard_name = "
		    "upper(substr(email, 1, 2))")));
	OK_ERR(season_at(ctx, "2022-10-20T12:00:00Z"));
	for (int i = 0; i < (int)COUNT_OF(said); i++)
		OK_ERR(pick_week(ctx, i + 1, said[i], GAMES));
	act_as(ctx, ANN);
	OK_ERR(league_make(ctx,
		&(struct league_plan){
			.name = STR("Us"), .season = SEASON, .display_name = STR("U1") },
		&league));
	for (int i = 2; i <= (int)COUNT_OF(said); i++) {
		act_as(ctx, i);
		OK_ERR(league_join(
			ctx, league.code, str_fmt(ctx->arena, "U%d", i), &joined));
	}
	/* Away teams win all of them. */
	OK_ERR(db_run_text(&tx,
		STR("UPDATE games SET home_score = 0, away_score = 3, result = -3, "
		    "total = 3 WHERE week = 9")));
	OK_ERR(grade_all(ctx, &counts));
	OK_ERR(q_leaders(&tx, SEASON, LEADER_PICKS_LEAST, &leaders));
	OK_ERR(league_places(ctx, league.id, &places));
	EQ_I64(leaders.count, COUNT_OF(said));
	EQ_I64(places.count, COUNT_OF(said));
	for (size_t i = 0; i < COUNT_OF(said); i++) {
		EQ_STR(str_fmt(ctx->arena, "%lld " STR_FMT,
			       (long long)leaders.items[i].rank,
			       STR_ARG(leaders.items[i].name)),
			str_from(ranks[i]));
		EQ_STR(str_fmt(ctx->arena, "%lld " STR_FMT,
			       (long long)places.items[i].rank.value,
			       STR_ARG(places.items[i].name)),
			str_from(ranks[i]));
	}
}
