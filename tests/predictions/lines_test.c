/* A forecast asked again says what it said. */
#include "tests/support/database.h"
#include "tests/support/feed_text.h"

#include <math.h>

#include "codec/iso_time.h"
#include "codec/json_read.h"
#include "predictions/forecast.h"
#include "predictions/import.h"
#include "predictions/key_weight.h"
#include "predictions/lines.h"
#include "predictions/reads_q.h"
#include "predictions/simulated.h"

enum {
	SEED = 11,
	SEASON = 2021,
	WEEK = 12,
	FORECASTS = 48, /* of 16 games */
};

static struct err *
week_forecast(struct ctx *ctx, struct prediction_row_list *ret)
{
	struct simulated_options league = {
		.seed = SEED, .first_season = 2020, .last_season = SEASON
	};
	struct import_options import = { .source = STR("league"), .is_simulated = true };
	struct forecast_options week = {
		.tier = TIER_L, .scope = FORECAST_WEEK, .season = SEASON, .week = WEEK
	};
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct import_counts imported;
	struct forecast_counts counts;
	struct feed feed;
	struct str csv;

	if (!iso_time_parse(STR("2022-06-01T00:00:00Z"), &ctx->now))
		return err_new(ctx, ERR_INTERNAL, "a wrong date");
	league.now = ctx->now;
	TRY(simulated_league(ctx->arena, &league, &csv));
	TRY(feed_of_text(ctx->arena, csv, &feed));
	TRY(import_store(ctx, &feed, &import, &imported));
	TRY(forecast_store(ctx, &week, &counts));
	return q_prediction_page(&tx,
		(struct prediction_page){ .season = SEASON,
			.first_week = WEEK,
			.last_week = WEEK,
			.model = STR("gridiron"),
			.open_through = WEEK,
			.row_count = 200 },
		ret);
}

static double
said(struct arena *arena, const struct prediction_row *row, const char *key)
{
	struct json_node data = { .kind = JSON_IS_NULL };
	const struct json_node *node;

	if (json_read(arena, row->prediction_data, &data))
		return NAN;
	node = json_node_find(&data, str_from(key));
	return node ? node->f64 : NAN;
}

BOTH_ENGINES(at_its_own_line_a_forecast_says_again_what_it_said)
{
	struct prediction_row_list forecasts;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct lines_terms terms = { .kelly_share = 1 };

	OK_ERR(week_forecast(ctx, &forecasts));
	EQ_I64(forecasts.count, FORECASTS);
	for (size_t i = 0; i < forecasts.count; i++) {
		const struct prediction_row *row = &forecasts.items[i];
		struct line_list list;

		OK_ERR(lines_list(&tx, row->id, &terms, &list));
		EQ_I64(list.count, BETS);
		EQ_STR(list.rows[0].tier, STR("L"));
		OK(!list.rows[0].saw_line);
		if (str_eq(row->prediction_type, STR("ats"))) {
			NEAR(list.rows[BET_HOME_SPREAD].line.value, row->line.value, 0);
			NEAR(list.rows[BET_HOME_SPREAD].win,
				said(ctx->arena, row, "home_cover_probability"), 6e-5);
			NEAR(list.rows[BET_HOME_SPREAD].push,
				said(ctx->arena, row, "push_probability"), 6e-5);
		} else if (str_eq(row->prediction_type, STR("total"))) {
			NEAR(list.rows[BET_OVER].win,
				said(ctx->arena, row, "over_probability"), 6e-5);
		} else {
			NEAR(list.rows[BET_HOME].win,
				said(ctx->arena, row, "home_win_probability"), 6e-5);
			NEAR(list.rows[BET_AWAY].win,
				said(ctx->arena, row, "away_win_probability"), 6e-5);
		}
	}
}

BOTH_ENGINES(a_bet_at_fair_odds_is_worth_nothing_and_staked_nothing)
{
	struct prediction_row_list forecasts;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct lines_terms terms = {
		.spread = OPT(3), .total = OPT(44), .kelly_share = 1
	};
	struct line_list list;

	OK_ERR(week_forecast(ctx, &forecasts));
	OK_ERR(lines_list(&tx, forecasts.items[0].id, &terms, &list));
	for (int bet = 0; bet < BETS; bet++) {
		const struct line_row *row = &list.rows[bet];

		NEAR(row->win + row->push + row->loss, 1, 1e-9);
		OK(!row->expected_value.is_set && !row->stake.is_set);
		OK(row->fair_odds.is_set);
		terms.odds[bet] = (struct opt_f64)OPT(row->fair_odds.value);
	}
	OK(list.rows[BET_HOME_SPREAD].push > 0.02);
	OK_ERR(lines_list(&tx, forecasts.items[0].id, &terms, &list));
	for (int bet = 0; bet < BETS; bet++) {
		NEAR(list.rows[bet].expected_value.value, 0, 0.005);
		NEAR(list.rows[bet].stake.value, 0, 0.005);
		terms.odds[bet].value = 10000;
	}
	OK_ERR(lines_list(&tx, forecasts.items[0].id, &terms, &list));
	for (int bet = 0; bet < BETS; bet++)
		NEAR(list.rows[bet].stake.value, KELLY_CAP_PERCENT / 100.0, 1e-12);
}

BOTH_ENGINES(at_a_quarter_line_a_bet_is_half_at_the_line_below_and_half_above)
{
	static const double quarters[][2] = { { 3.25, 44.25 }, { 2.75, 43.75 } };
	struct prediction_row_list forecasts;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct lines_terms terms = { .kelly_share = 1 };
	struct line_list low, high, list;

	for (int bet = 0; bet < BETS; bet++)
		terms.odds[bet] = (struct opt_f64)OPT(-110);
	OK_ERR(week_forecast(ctx, &forecasts));
	for (size_t i = 0; i < COUNT_OF(quarters); i++) {
		terms.spread = (struct opt_f64)OPT(quarters[i][0] - 0.25);
		terms.total = (struct opt_f64)OPT(quarters[i][1] - 0.25);
		OK_ERR(lines_list(&tx, forecasts.items[0].id, &terms, &low));
		terms.spread.value += 0.5;
		terms.total.value += 0.5;
		OK_ERR(lines_list(&tx, forecasts.items[0].id, &terms, &high));
		terms.spread.value -= 0.25;
		terms.total.value -= 0.25;
		OK_ERR(lines_list(&tx, forecasts.items[0].id, &terms, &list));
		for (int bet = BET_HOME_SPREAD; bet < BETS; bet++) {
			const struct line_row *row = &list.rows[bet];
			double half = fmax(low.rows[bet].push, high.rows[bet].push);

			OK(half > 0);
			NEAR(row->half_win + row->half_loss, half, 1e-12);
			OK((row->half_loss > 0) == ((bet % 2 == 0) == (i == 0)));
			NEAR(row->win + row->loss + half, 1, 1e-12);
			NEAR(row->push, 0, 0);
			NEAR(row->expected_value.value,
				(low.rows[bet].expected_value.value +
					high.rows[bet].expected_value.value) /
					2,
				1e-12);
		}
	}
	EQ_STR(list.rows[BET_UNDER].bet, STR("under 43.75"));
}

BOTH_ENGINES(a_forecast_nobody_made_has_no_lines)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct lines_terms terms = { .kelly_share = 1 };
	struct prediction_id id = { .uuid = { { 7 } } };
	struct line_list list;
	struct err *err = lines_list(&tx, id, &terms, &list);

	OK(err && err->code == ERR_NOT_FOUND);
}

/* At 1.5 and 13 home wins by .531 and nobody by .030. */
TEST(a_chance_is_what_its_distribution_gives_a_tie_counting_nothing_half_or_left_out)
{
	static const struct {
		enum bet bet;
		double line, probability;
		const char *fault;
	} cases[] = {
		{ BET_HOME, 0, 0.7, "is 0.7 where its margins give 0.5459, more than" },
		{ BET_AWAY, 0, 0.55, "is 0.55 where its margins give 0.4541, more than" },
		{ BET_HOME_SPREAD, 3.5, 0.5,
			"is 0.5 where its margins give 0.4389, more" },
		{ BET_UNDER, 40.5, 0.6,
			"is 0.6 where its totals give 0.3937, more than" },
		{ BET_HOME, 0, 0.52, "is 0.52 where" },
		{ BET_HOME, 0, 0.531, NULL },
		{ BET_HOME, 0, 0.546, NULL },
		{ BET_HOME, 0, 0.55, NULL },
		{ BET_AWAY_SPREAD, 3.5, 0.56, NULL },
		{ BET_OVER, 40.5, 0.61, NULL },
	};
	struct arena arena;
	struct json_node data;

	arena_init(&arena, 1 << 16);
	OK_ERR(json_read(&arena,
		STR("{\"margins\": {\"location\": 1.5, \"sd\": 13}, \"totals\": "
		    "{\"location\": 44, \"sd\": 13}}"),
		&data));
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct str fault = lines_disagreement(
			&arena, &data, cases[i].bet, cases[i].line, cases[i].probability);

		OK_OR(cases[i].fault ? str_starts_with(fault, str_from(cases[i].fault))
				     : str_is_none(fault),
			"%zu: " STR_FMT, i, STR_ARG(fault));
	}
	OK(str_is_none(lines_disagreement(&arena, NULL, BET_HOME, 0, 0.9)));
	arena_release(&arena);
}

TEST(key_weights_read_back_to_the_last_bit_under_the_same_name)
{
	struct arena own, *arena = &own;
	struct key_weights keys, again;
	struct str text, digest, digest_again, other;

	arena_init(arena, 1 << 16);
	for (int i = 0; i < KEY_NUMBERS; i++)
		keys.weight[i] = 1 / (i + 1.7);
	OK_ERR(key_weights_format(arena, &keys, &text, &digest));
	OK_ERR(key_weights_parse(arena, text, &again));
	OK(memcmp(&keys, &again, sizeof(keys)) == 0);
	OK_ERR(key_weights_format(arena, &again, &text, &digest_again));
	EQ_STR(digest_again, digest);
	again.weight[3] += 1e-12;
	OK_ERR(key_weights_format(arena, &again, &text, &other));
	OK(!str_eq(digest, other));
	OK(key_weights_parse(arena, STR("[1, 2]"), &again) != NULL);
	arena_release(arena);
}

static struct err *
parse_with(struct arena *arena, const char *first)
{
	struct key_weights keys;
	struct buf text;

	buf_init(&text, arena, 4096);
	buf_fmt(&text, "[%s", first);
	for (int i = 1; i < KEY_NUMBERS; i++)
		buf_fmt(&text, ",1");
	buf_put_char(&text, ']');
	return key_weights_parse(arena, buf_str(&text), &keys);
}

TEST(key_weights_that_no_fit_gives_are_refused)
{
	static const char *const bad[] = { "0", "-1", "1e-9", "1e9", "1e999", "NaN",
		"null", "\"1\"", "[1]", "true", "1,1" };
	struct arena own, *arena = &own;
	struct err *err;

	arena_init(arena, 1 << 20);
	OK_ERR(parse_with(arena, "0.5"));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		err = parse_with(arena, bad[i]);
		OK_OR(err && err->code == ERR_INVALID, "%s", bad[i]);
	}
	EQ_STR(parse_with(arena, "\"1\"")->message,
		STR("the weight of key number 0 must be a number from 0.001 to 1000"));
	arena_release(arena);
}

/* What stands in the database was written by the program: a reader is not to blame. */
BOTH_ENGINES(key_weights_that_are_damaged_make_no_chances)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct prediction_row_list forecasts;
	struct lines_terms terms = { .kelly_share = 1 };
	struct line_list list;

	OK_ERR(week_forecast(ctx, &forecasts));
	OK_ERR(db_run_text(&tx, STR("UPDATE key_weights SET weights = '[1, 2]'")));
	FAILS_WITH(lines_list(&tx, forecasts.items[0].id, &terms, &list), ERR_INTERNAL);
}
