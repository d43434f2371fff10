/* Private leagues: who comes in, what members see of each other, who runs them. */
#include "accounts/erase_q.h"
#include "base/buf.h"
#include "codec/iso_time.h"
#include "predictions/game.h"
#include "predictions/grade.h"
#include "predictions/league.h"
#include "predictions/pick.h"
#include "sys/fiber.h"
#include "sys/wait.h"
#include "tests/predictions/season.h"

enum {
	USERS = LEAGUE_MEMBERS_MOST + 2,
};

static struct err *
make(struct ctx *ctx, int number, const char *display_name, struct league_row *ret)
{
	act_as(ctx, number);
	return league_make(ctx,
		&(struct league_plan){ .name = STR("Sunday"),
			.display_name = str_from(display_name),
			.season = SEASON },
		ret);
}

static struct err *
join(struct ctx *ctx, int number, struct str code, const char *display_name)
{
	struct league_row league;

	act_as(ctx, number);
	return league_join(ctx, code, str_from(display_name), &league);
}

/* Ann's league, with Bob. */
static struct err *
two_in_a_league(struct ctx *ctx, struct league_row *ret)
{
	TRY(put_users(ctx, USERS));
	TRY(season_at(ctx, "2022-10-20T12:00:00Z"));
	TRY(make(ctx, ANN, "Ann", ret));
	return join(ctx, BOB, ret->code, "Bob");
}

BOTH_ENGINES(a_league_is_joined_by_its_code_however_it_is_typed_and_once)
{
	struct league_row league, again;
	struct league_invited invited;
	struct str typed;
	struct buf out;

	OK_ERR(two_in_a_league(ctx, &league));
	EQ_I64(league.code.len, LEAGUE_CODE_LEN);
	OK(league.is_owner);
	EQ_I64(league.member_count, 1);
	buf_init(&out, ctx->arena, 4 * LEAGUE_CODE_LEN);
	for (size_t i = 0; i < league.code.len; i++) {
		char c = league.code.ptr[i];

		buf_put_char(&out, (char)(c >= 'A' ? c + 32 : c));
		buf_put(&out, STR(" -"));
	}
	typed = buf_str(&out);
	OK_ERR(league_look(ctx, typed, &invited));
	EQ_STR(invited.name, STR("Sunday"));
	EQ_I64(invited.member_count, 2);
	act_as(ctx, BOB);
	OK_ERR(league_look(ctx, typed, &invited));
	EQ_STR(invited.display_name, STR("Bob"));
	FAILS_WITH(join(ctx, BOB, typed, "aNN"), ERR_INVALID);
	OK_ERR(join(ctx, BOB, typed, "Robert"));
	OK_ERR(league_join(ctx, typed, STR("Rob"), &again));
	OK_ERR(league_join(ctx, typed, STR("BOB"), &again));
	/* He has the name that he gave last, and the code is not his to hand out. */
	EQ_STR(again.display_name, STR("BOB"));
	OK(str_is_none(again.code));
	OK(!again.is_owner);
	EQ_I64(again.member_count, 2);
	FAILS_WITH(join(ctx, EVE, STR("AAAAAAAAAAAA"), "Eve"), ERR_NOT_FOUND);
	FAILS_WITH(join(ctx, EVE, STR(""), "Eve"), ERR_NOT_FOUND);
	FAILS_WITH(join(ctx, EVE, STR("é"), "Eve"), ERR_NOT_FOUND);
	FAILS_WITH(join(ctx, EVE, league.code, "bob"), ERR_INVALID);
	OK_ERR(join(ctx, EVE, league.code, "Robert"));
}

/* SQLite's lower() knows ASCII, PostgreSQL's what its locale knows: neither is asked. */
BOTH_ENGINES(nobody_joins_under_a_name_that_looks_like_a_members)
{
	static const char wide[] = "\uff2a\uff4f\uff53\u00e9\u00a0\u03a3\u038a\u03a3"
				   "\u03a5\u03a6\u039f\u03a3";
	static const char *const like[] = {
		"JOS\u00c9 \u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
		"Jose\u0301 \u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c3", wide,
		"  jos\u00e9   \u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 "
	};
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct league_row league;

	OK_ERR(two_in_a_league(ctx, &league));
	OK_ERR(join(ctx, EVE, league.code,
		"Jos\u00e9 \u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2"));
	for (size_t i = 0; i < COUNT_OF(like); i++)
		FAILS_WITH(join(ctx, EVE + 1, league.code, like[i]), ERR_INVALID);
	FAILS_WITH(join(ctx, EVE + 1, league.code, "\u200d \u3164"), ERR_INVALID);
	OK_ERR(join(ctx, EVE + 1, league.code,
		"Jose \u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2"));
	/* Where both come at once it is the database that tells them apart. */
	OK_ERR(join(ctx, EVE + 2, league.code, "\u00c9"));
	FAILS_WITH(db_run_text(&tx,
			   STR("UPDATE league_standings SET name_folded = 'bob' WHERE "
			       "name = '\u00c9'")),
		ERR_CONFLICT);
}

BOTH_ENGINES(a_league_is_of_a_season_with_games)
{
	struct league_row league;

	OK_ERR(put_users(ctx, USERS));
	FAILS_WITH(make(ctx, ANN, "Ann", &league), ERR_INVALID);
}

BOTH_ENGINES(nobody_outside_is_told_that_a_league_is_there)
{
	struct league_row league, seen;
	struct league_place_list places;
	struct league_pick_list picks;
	struct uuid none = { { 9 } };

	OK_ERR(two_in_a_league(ctx, &league));
	act_as(ctx, EVE);
	FAILS_WITH(league_find(ctx, league.id, &seen), ERR_NOT_FOUND);
	FAILS_WITH(league_find(ctx, none, &seen), ERR_NOT_FOUND);
	FAILS_WITH(league_places(ctx, league.id, &places), ERR_NOT_FOUND);
	FAILS_WITH(league_renew_code(ctx, league.id, &seen), ERR_NOT_FOUND);
	FAILS_WITH(league_end(ctx, league.id), ERR_NOT_FOUND);
	FAILS_WITH(league_remove(ctx, league.id, none), ERR_NOT_FOUND);
	OK_ERR(league_picks(ctx, league.id, WEEK, &picks));
	EQ_I64(picks.count, 0);
}

BOTH_ENGINES(the_standing_is_that_of_graded_picks_and_follows_a_corrected_score)
{
	struct league_row league;
	struct league_place_list places;
	struct grade_counts counts;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	int right;

	OK_ERR(two_in_a_league(ctx, &league));
	OK_ERR(pick_week(ctx, ANN, 0.6, GAMES));
	OK_ERR(pick_week(ctx, BOB, 0.9, GAMES));
	OK_ERR(season_at(ctx, "2023-06-01T00:00:00Z"));
	OK_ERR(grade_all(ctx, &counts));
	EQ_I64(counts.picks, 2 * GAMES);
	/* One who comes later brings what he has picked. */
	OK_ERR(join(ctx, EVE, league.code, "Eve"));
	OK_ERR(league_places(ctx, league.id, &places));
	EQ_I64(places.count, 3);
	for (size_t i = 0; i < 2; i++) {
		const struct league_place *place = &places.items[i];
		bool is_ann = str_eq(place->name, STR("Ann"));
		double p = is_ann ? 0.6 : 0.9;

		right = place->right_count;
		EQ_I64(place->pick_count, GAMES);
		NEAR(place->brier.value,
			(right * (1 - p) * (1 - p) +
				(place->decided_count - right) * p * p +
				(GAMES - place->decided_count) * (p - .5) * (p - .5)) /
				GAMES,
			1e-6);
		OK(place->is_owner == is_ann);
		OK(!place->is_you);
	}
	OK(places.items[0].brier.value <= places.items[1].brier.value);
	EQ_STR(places.items[2].name, STR("Eve"));
	OK(!places.items[2].brier.is_set);
	/* Without its scores the week counts for nobody until it is graded again. */
	OK_ERR(db_run_text(&tx,
		STR("UPDATE picks SET outcome = NULL, is_correct = NULL, brier = NULL, "
		    "units = NULL, graded_at = NULL")));
	OK_ERR(db_run_text(&tx,
		STR("UPDATE games SET home_score = 0, away_score = 1, result = -1, "
		    "total = 1")));
	OK_ERR(grade_all(ctx, &counts));
	OK_ERR(league_places(ctx, league.id, &places));
	EQ_I64(places.items[0].right_count, 0);
	NEAR(places.items[0].brier.value, 0.36, 1e-9);
	EQ_STR(places.items[0].name, STR("Ann"));
	NEAR(places.items[1].brier.value, 0.81, 1e-9);
}

/* A quarter is as wrong of a loss as of a tie; what is told apart is how many were decided. */
BOTH_ENGINES(a_loss_that_was_a_tie_counts_as_one)
{
	struct league_row league;
	struct league_place_list places;
	struct grade_counts counts;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	OK_ERR(two_in_a_league(ctx, &league));
	OK_ERR(pick_week(ctx, ANN, 0.25, GAMES));
	OK_ERR(season_at(ctx, "2023-06-01T00:00:00Z"));
	OK_ERR(db_run_text(&tx, STR("UPDATE picks SET odds = NULL")));
	OK_ERR(db_run_text(&tx,
		STR("UPDATE games SET home_score = 0, away_score = 1, result = -1, "
		    "total = 1")));
	OK_ERR(grade_all(ctx, &counts));
	OK_ERR(league_places(ctx, league.id, &places));
	EQ_I64(places.items[0].decided_count, GAMES);
	OK_ERR(db_run_text(&tx,
		STR("UPDATE picks SET outcome = NULL, is_correct = NULL, brier = NULL, "
		    "units = NULL, graded_at = NULL")));
	OK_ERR(db_run_text(&tx,
		STR("UPDATE games SET home_score = 1, away_score = 1, result = 0, "
		    "total = 2")));
	OK_ERR(grade_all(ctx, &counts));
	OK_ERR(league_places(ctx, league.id, &places));
	EQ_I64(places.items[0].decided_count, 0);
}

BOTH_ENGINES(picks_show_to_members_once_their_game_has_begun)
{
	struct league_row league;
	struct league_pick_list list;
	struct grade_counts counts;

	OK_ERR(two_in_a_league(ctx, &league));
	OK_ERR(pick_week(ctx, BOB, 0.7, GAMES));
	act_as(ctx, ANN);
	OK_ERR(league_picks(ctx, league.id, WEEK, &list));
	EQ_I64(list.count, 0);
	/* In the middle of the week's Sunday: some have begun, the evening's has not. */
	ctx->now = 0;
	OK(iso_time_parse(STR("2022-11-06T18:30:00Z"), &ctx->now));
	OK_ERR(league_picks(ctx, league.id, WEEK, &list));
	OK_OR(list.count > 0 && list.count < GAMES, "%zu of %d", list.count, GAMES);
	for (size_t i = 0; i < list.count; i++) {
		EQ_STR(list.items[i].name, STR("Bob"));
		NEAR(list.items[i].probability, 0.7, 1e-9);
		OK(str_is_none(list.items[i].outcome));
	}
	OK_ERR(season_at(ctx, "2023-06-01T00:00:00Z"));
	OK_ERR(grade_all(ctx, &counts));
	OK_ERR(league_picks(ctx, league.id, WEEK, &list));
	EQ_I64(list.count, GAMES);
	OK(!str_is_none(list.items[0].outcome));
	OK_ERR(league_picks(ctx, league.id, WEEK + 1, &list));
	EQ_I64(list.count, 0);
}

static struct err *
place_of(struct ctx *ctx, struct uuid league, const char *name, struct uuid *ret)
{
	struct league_place_list places;

	TRY(league_places(ctx, league, &places));
	for (size_t i = 0; i < places.count; i++)
		if (str_eq(places.items[i].name, str_from(name)))
			*ret = places.items[i].id;
	return NULL;
}

BOTH_ENGINES(who_made_it_runs_it_and_others_may_leave)
{
	struct league_row league, seen;
	struct uuid ann = { { 0 } }, bob = { { 0 } }, eve = { { 0 } };

	OK_ERR(two_in_a_league(ctx, &league));
	OK_ERR(join(ctx, EVE, league.code, "Eve"));
	OK_ERR(place_of(ctx, league.id, "Ann", &ann));
	OK_ERR(place_of(ctx, league.id, "Bob", &bob));
	OK_ERR(place_of(ctx, league.id, "Eve", &eve));
	act_as(ctx, BOB);
	FAILS_WITH(league_remove(ctx, league.id, eve), ERR_DENIED);
	FAILS_WITH(league_remove(ctx, league.id, ann), ERR_DENIED);
	FAILS_WITH(league_renew_code(ctx, league.id, &seen), ERR_DENIED);
	FAILS_WITH(league_end(ctx, league.id), ERR_DENIED);
	OK_ERR(league_remove(ctx, league.id, bob));
	FAILS_WITH(league_find(ctx, league.id, &seen), ERR_NOT_FOUND);
	act_as(ctx, ANN);
	FAILS_WITH(league_remove(ctx, league.id, ann), ERR_CONFLICT);
	FAILS_WITH(league_remove(ctx, league.id, bob), ERR_NOT_FOUND);
	/* Who has left by himself may come back; nobody had to know. */
	OK_ERR(league_find(ctx, league.id, &seen));
	EQ_STR(seen.code, league.code);
	OK_ERR(league_remove(ctx, league.id, eve));
	OK_ERR(league_find(ctx, league.id, &seen));
	EQ_I64(seen.member_count, 1);
	/* Who was removed does not come back by the code of before. */
	OK(!str_eq(seen.code, league.code));
	FAILS_WITH(join(ctx, EVE, league.code, "Eve"), ERR_NOT_FOUND);
	league.code = seen.code;
	act_as(ctx, ANN);
	OK_ERR(league_renew_code(ctx, league.id, &seen));
	OK(!str_eq(seen.code, league.code));
	OK_ERR(join(ctx, BOB, seen.code, "Bob"));
	act_as(ctx, ANN);
	OK_ERR(league_end(ctx, league.id));
	FAILS_WITH(league_find(ctx, league.id, &seen), ERR_NOT_FOUND);
	FAILS_WITH(join(ctx, BOB, seen.code, "Bob"), ERR_NOT_FOUND);
}

BOTH_ENGINES(a_league_is_left_to_somebody_who_can_run_it)
{
	struct league_row league, seen;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	OK_ERR(two_in_a_league(ctx, &league));
	ctx->now++;
	OK_ERR(join(ctx, EVE, league.code, "Eve"));
	/* Bob has been in it longer, but nobody lets him in. */
	OK_ERR(db_run_text(&tx,
		STR("UPDATE users SET is_active = FALSE WHERE email = "
		    "'u2@example.org'")));
	act_as(ctx, ANN);
	OK_ERR(q_erase_league_heirs(&tx, user(ANN)));
	act_as(ctx, EVE);
	OK_ERR(league_find(ctx, league.id, &seen));
	OK(seen.is_owner);
}

BOTH_ENGINES(leagues_and_the_leagues_of_one_are_limited)
{
	struct league_row league, more;

	OK_ERR(two_in_a_league(ctx, &league));
	for (int i = 1; i < LEAGUES_MOST; i++)
		OK_ERR(make(ctx, ANN, "Ann", &more));
	FAILS_WITH(make(ctx, ANN, "Ann", &more), ERR_CONFLICT);
	OK_ERR(make(ctx, BOB, "Bob", &more));
	FAILS_WITH(join(ctx, ANN, more.code, "Ann"), ERR_CONFLICT);
	for (int i = 3; i <= LEAGUE_MEMBERS_MOST; i++)
		OK_ERR(join(ctx, i, league.code,
			str_cstr(ctx->arena, str_fmt(ctx->arena, "U%d", i))));
	FAILS_WITH(join(ctx, LEAGUE_MEMBERS_MOST + 1, league.code, "late"), ERR_CONFLICT);
}

/* --- Coming in at once */

enum {
	AT_ONCE = 12,
	ROUNDS = 4,
};

struct comer {
	struct arena arena;
	struct ctx ctx;
	struct str code;
	struct err *err;
	struct fiber_event done;
};

static void
come(void *arg)
{
	struct comer *comer = arg;
	struct league_row league;

	comer->err = league_join(&comer->ctx, comer->code,
		str_fmt(&comer->arena, "At once %p", arg), &league);
	fiber_event_set(&comer->done);
}

/* Users FIRST and on: *RET joined, and the others were told that it is full. */
static void
come_at_once(struct ctx *ctx, struct str code, int first, int *ret)
{
	struct comer all[AT_ONCE] = { 0 };

	*ret = 0;
	for (int i = 0; i < AT_ONCE; i++) {
		arena_init(&all[i].arena, 1 << 20);
		all[i].code = code;
		all[i].ctx = *ctx;
		all[i].ctx.arena = &all[i].arena;
		act_as(&all[i].ctx, first + i);
		fiber_event_init(&all[i].done);
		OK(fiber_spawn("join", come, &all[i]));
	}
	for (int i = 0; i < AT_ONCE; i++)
		fiber_event_join(&all[i].done);
	for (int i = 0; i < AT_ONCE; i++) {
		if (all[i].err)
			FAILS_WITH(all[i].err, ERR_CONFLICT);
		*ret += !all[i].err;
		arena_release(&all[i].arena);
	}
}

/* Many at once for two places that are left, again and again. */
BOTH_ENGINES(a_league_is_full_for_those_who_come_at_once_too)
{
	const int filled = LEAGUE_MEMBERS_MOST - 2, late = LEAGUE_MEMBERS_MOST + 1;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct league_row league, seen;
	int joined;

	OK_ERR(put_users(ctx, late + AT_ONCE));
	OK_ERR(season_at(ctx, "2022-10-20T12:00:00Z"));
	OK_ERR(make(ctx, ANN, "Ann", &league));
	for (int i = 2; i <= filled; i++)
		OK_ERR(join(ctx, i, league.code,
			str_cstr(ctx->arena, str_fmt(ctx->arena, "U%d", i))));
	for (int round = 0; round < ROUNDS; round++) {
		come_at_once(ctx, league.code, late, &joined);
		EQ_I64(joined, 2);
		act_as(ctx, ANN);
		OK_ERR(league_find(ctx, league.id, &seen));
		EQ_I64(seen.member_count, LEAGUE_MEMBERS_MOST);
		OK_ERR(db_run_text(&tx,
			STR("DELETE FROM league_standings WHERE name LIKE 'At once%'")));
		OK_ERR(db_run_text(&tx,
			STR("DELETE FROM league_members WHERE NOT EXISTS (SELECT 1 FROM "
			    "league_standings s WHERE s.user_id = "
			    "league_members.user_id)")));
	}
}
