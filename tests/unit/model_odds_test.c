/* Distributions, odds, scores: the arithmetic that needs no games. */
#include "tests/tap.h"

#include <math.h>

#include "model/distribution.h"
#include "model/odds.h"
#include "model/score.h"
#include "model/team.h"
#include "model/venue.h"

static struct key_weights
football_weights(void)
{
	struct key_weights keys;

	for (int i = 0; i < KEY_NUMBERS; i++)
		keys.weight[i] = 0.8;
	keys.weight[0] = 0.16;
	keys.weight[3] = 2.75;
	keys.weight[6] = 1.2;
	keys.weight[7] = 1.8;
	keys.weight[10] = 1.3;
	keys.weight[14] = 1.4;
	return keys;
}

TEST(a_margin_distribution_adds_up_and_wins_as_often_as_asked)
{
	static const double wanted[] = { 0.001, 0.02, 0.3, 0.5, 0.51, 0.77, 0.95, 0.999 };
	struct key_weights keys = football_weights();

	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		for (int can_tie = 0; can_tie < 2; can_tie++) {
			struct distribution d = distribution_of_margin(
				wanted[i], 13, &keys, can_tie);
			struct chances chances = distribution_result(&d);
			double list[MOST_POINTS], sum = 0;
			int count = distribution_list(&d, list);

			for (int k = 0; k < count; k++)
				sum += list[k];
			NEAR(sum, 1, 1e-12);
			NEAR(chances.win + chances.push + chances.loss, 1, 1e-12);
			NEAR(chances.win + chances.push / 2, wanted[i], 1e-9);
			OK((chances.push == 0) == !can_tie);
		}
}

TEST(the_bell_is_the_normal_curve_at_whole_numbers)
{
	struct distribution d = distribution_at(2.75, 12.5, NULL, true);
	double list[MOST_POINTS], sum = 0;

	distribution_list(&d, list);
	for (int k = -MOST_MARGIN; k <= MOST_MARGIN; k++)
		sum += exp(-0.5 * (k - 2.75) * (k - 2.75) / (12.5 * 12.5));
	for (int k = -MOST_MARGIN; k <= MOST_MARGIN; k++)
		NEAR(list[k + MOST_MARGIN],
			exp(-0.5 * (k - 2.75) * (k - 2.75) / (12.5 * 12.5)) / sum, 1e-14);
	NEAR(distribution_mean(&d), 2.75, 1e-6);
}

TEST(key_numbers_push_more_often_than_their_neighbours)
{
	struct key_weights keys = football_weights();
	struct distribution d = distribution_of_margin(0.6, 13, &keys, true);

	OK(distribution_chance(&d, 3) > 2 * distribution_chance(&d, 2));
	OK(distribution_chance(&d, 7) > 1.5 * distribution_chance(&d, 8));
	EQ_I64(distribution_chance(&d, 200), 0);
}

TEST(cover_push_and_loss_at_a_line)
{
	struct key_weights keys = football_weights();
	struct distribution d = distribution_of_margin(0.6, 13, &keys, true);
	struct chances at_three = distribution_against(&d, 3);
	struct chances below = distribution_against(&d, 2.5);
	struct chances above = distribution_against(&d, 3.5);

	NEAR(at_three.push, distribution_chance(&d, 3), 1e-12);
	NEAR(below.win, at_three.win + at_three.push, 1e-12);
	NEAR(above.win, at_three.win, 1e-12);
	NEAR(above.push, 0, 0);
}

/* By hand: 3 comes with 1/(13·√(2π)) = .030688, 4 with that times e^(-1/338) = .030597, and
 * what is beside 3 is as likely on either side: .484656. */
TEST(at_a_quarter_line_a_margin_beside_it_settles_half_of_the_stake)
{
	struct distribution d = distribution_at(3, 13, NULL, true);
	struct chances above_three = distribution_against(&d, 3.25);
	struct chances below_four = distribution_against(&d, 3.75);
	struct chances between = distribution_against(&d, 3.3);

	NEAR(above_three.win, 0.484656, 1e-6);
	NEAR(above_three.half_loss, 0.030688, 1e-6);
	NEAR(above_three.loss, 0.484656, 1e-6);
	NEAR(above_three.push + above_three.half_win, 0, 0);
	NEAR(below_four.win, 0.454059, 1e-6);
	NEAR(below_four.half_win, 0.030597, 1e-6);
	NEAR(below_four.loss, 0.515344, 1e-6);
	NEAR(below_four.push + below_four.half_loss, 0, 0);
	NEAR(between.loss, 0.515344, 1e-6);
	NEAR(between.half_win + between.half_loss, 0, 0);
}

TEST(a_quarter_line_is_worth_the_mean_of_the_lines_beside_it)
{
	struct key_weights keys = football_weights();
	struct distribution margins = distribution_of_margin(0.6, 13, &keys, true);
	struct distribution totals = distribution_of_total(44, 13.4, &keys);

	for (double line = -80; line < 140; line += 0.5) {
		const struct distribution *d = line < 0 ? &margins : &totals;
		struct chances low = distribution_against(d, line);
		struct chances high = distribution_against(d, line + 0.5);
		struct chances c = distribution_against(d, line + 0.25);
		struct chances other = chances_turned(c);

		NEAR(chances_won(c), (low.win + high.win) / 2, 1e-12);
		NEAR(chances_lost(c), (low.loss + high.loss) / 2, 1e-12);
		NEAR(c.win + c.half_win + c.push + c.half_loss + c.loss, 1, 1e-12);
		NEAR(odds_value(c, 150),
			(odds_value(low, 150) + odds_value(high, 150)) / 2, 1e-12);
		NEAR(odds_value(other, -110),
			(odds_value(chances_turned(low), -110) +
				odds_value(chances_turned(high), -110)) /
				2,
			1e-12);
	}
}

TEST(a_total_distribution_has_no_negative_values)
{
	struct distribution d = distribution_of_total(41, 13.4, NULL);
	struct chances chances = distribution_against(&d, 41);

	NEAR(distribution_chance(&d, -1), 0, 0);
	NEAR(chances.win, chances.loss, 0.01);
	NEAR(chances.win + chances.push + chances.loss, 1, 1e-12);
}

TEST(key_numbers_of_totals_leave_the_mean_where_it_was)
{
	static const double means[] = { 30, 37.3, 44, 51.9, 60 };
	struct key_weights keys = football_weights();

	keys.weight[37] = 1.3;
	keys.weight[41] = 1.2;
	keys.weight[42] = 0.75;
	for (size_t i = 0; i < COUNT_OF(means); i++) {
		struct distribution d = distribution_of_total(means[i], 13.4, &keys);
		struct distribution plain = distribution_of_total(means[i], 13.4, NULL);

		NEAR(distribution_mean(&d), means[i], 1e-5);
		OK(distribution_chance(&d, 37) > distribution_chance(&plain, 37));
		OK(distribution_chance(&d, 42) < distribution_chance(&plain, 42));
	}
}

TEST(key_counts_of_totals_see_what_comes_more_often)
{
	struct key_counts counts = { .observed = { 0 } };
	struct key_weights keys;

	for (int i = 0; i < 1000; i++)
		key_counts_add_total(&counts, 44, 13, i % 2 ? 37 : 51);
	keys = key_weights_of(&counts, 10, NULL);
	OK(keys.weight[37] > 5 && keys.weight[51] > 5);
	OK(keys.weight[44] < 0.5);
	NEAR(keys.weight[99], 1, 0.1);
}

TEST(weights_of_key_numbers_shrink_towards_one)
{
	struct key_counts counts = { .observed = { [3] = 0 } };
	struct key_weights keys = key_weights_of(&counts, 20, NULL);

	NEAR(keys.weight[3], 1, 0);
	for (int i = 0; i < 100; i++)
		key_counts_add(&counts, 2, 13, 3);
	keys = key_weights_of(&counts, 20, NULL);
	NEAR(keys.weight[3], (100 + 20) / (counts.expected[3] + 20), 1e-12);
	OK(keys.weight[4] < 1);
}

TEST(odds_convert_both_ways)
{
	NEAR(odds_to_decimal(150), 2.5, 1e-12);
	NEAR(odds_to_decimal(-200), 1.5, 1e-12);
	NEAR(odds_from_decimal(2.5), 150, 1e-9);
	NEAR(odds_from_decimal(1.5), -200, 1e-9);
	NEAR(odds_break_even(-110), 0.5238095238, 1e-9);
	OK(!odds_are_american(50) && !odds_are_american(NAN) && odds_are_american(-100));
}

TEST(odds_are_read_as_they_are_written)
{
	static const struct {
		const char *text;
		double american; /* 0: refused */
	} cases[] = { { "-110", -110 }, { "+150", 150 }, { "150", 150 }, { " 150", 150 },
		{ "100", 100 }, { "-100", -100 }, { "2.00", 100 }, { "1.50", -200 },
		{ "3.0", 200 }, { "99", 0 }, { "-99", 0 }, { "2", 0 }, { "0", 0 },
		{ "1.0", 0 }, { "1.005", 0 }, { "-1.91", 0 }, { "1001.0", 0 },
		{ "-110.5", 0 }, { "nan", 0 }, { "1e99", 0 }, { "", 0 }, { "even", 0 } };

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		double odds = 0;

		OK_OR(odds_parse(str_from(cases[i].text), &odds) ==
				(cases[i].american != 0),
			"'%s'", cases[i].text);
		NEAR(odds, cases[i].american, 1e-9);
	}
}

TEST(fair_odds_neither_win_nor_lose)
{
	struct chances chances = { .win = 0.3, .push = 0.1, .loss = 0.6 };

	NEAR(odds_value(chances, odds_fair(chances)), 0, 1e-12);
}

TEST(powers_take_out_the_bookmakers_share)
{
	double home;

	NEAR(odds_devig(-110, -110), 0.5, 1e-12);
	NEAR(odds_devig(100, -100), 0.5, 1e-12);
	/* Implied chances of .8 and .25: both must have been raised to one power. */
	home = odds_devig(-400, 300);
	NEAR(log(home) / log(0.8), log(1 - home) / log(0.25), 1e-9);
	NEAR(odds_devig(-400, 300) + odds_devig(300, -400), 1, 1e-12);
	/* No share at all, and less than none. */
	NEAR(odds_devig(-150, 150), 0.6, 1e-9);
	NEAR(odds_devig(120, 120), 0.5, 1e-9);
}

TEST(kelly_stakes_only_what_is_worth_it)
{
	struct chances fair = { .win = 0.5, .loss = 0.5 };
	struct chances good = { .win = 0.6, .loss = 0.4 };
	struct chances push = { .win = 0.3, .push = 0.5, .loss = 0.2 };
	struct stake_limits whole = { .fraction = 1, .cap = 1 };

	NEAR(odds_kelly(fair, -110, whole), 0, 0);
	NEAR(odds_kelly(good, 100, whole), 0.2, 1e-12);
	NEAR(odds_kelly(push, 100, whole), 0.2, 1e-12);
	NEAR(odds_kelly(good, 100, (struct stake_limits){ .fraction = 0.25, .cap = 1 }),
		0.05, 1e-12);
	NEAR(odds_kelly(good, 100, (struct stake_limits){ .fraction = 1, .cap = 0.03 }),
		0.03, 1e-12);
}

TEST(chances_add_up_and_fall_with_the_line_wherever_it_lies)
{
	static const double wins[] = { 0, 1e-9, 0.003, 0.2, 0.5, 0.71, 0.98, 1 };
	static const double sds[] = { 6, 13.4, 21 };
	struct key_weights keys = football_weights();

	for (size_t w = 0; w < COUNT_OF(wins); w++)
		for (size_t s = 0; s < COUNT_OF(sds); s++) {
			struct distribution d = distribution_of_margin(
				wins[w], sds[s], s ? &keys : NULL, w % 2);
			struct distribution mirror = distribution_of_margin(
				1 - wins[w], sds[s], s ? &keys : NULL, w % 2);
			double before = 2;

			for (double line = -60; line <= 60; line += 0.5) {
				struct chances c = distribution_against(&d, line);
				struct chances m = distribution_against(&mirror, -line);

				OK(c.win >= 0 && c.push >= 0 && c.loss >= 0);
				NEAR(c.win + c.push + c.loss, 1, 1e-12);
				OK(c.win <= before);
				NEAR(c.win, m.loss, 1e-9);
				NEAR(c.push, m.push, 1e-9);
				before = c.win;
			}
		}
}

TEST(totals_add_up_and_fall_with_the_line_wherever_it_lies)
{
	static const double means[] = { 5, 21, 37.5, 44, 63, 110 };
	struct key_weights keys = football_weights();

	for (size_t i = 0; i < COUNT_OF(means); i++)
		for (int has_keys = 0; has_keys < 2; has_keys++) {
			struct distribution d = distribution_of_total(
				means[i], 13.4, has_keys ? &keys : NULL);
			double before = 2;

			for (double line = 0; line <= 120; line += 0.5) {
				struct chances c = distribution_against(&d, line);

				OK(c.win >= 0 && c.push >= 0 && c.loss >= 0);
				NEAR(c.win + c.push + c.loss, 1, 1e-12);
				OK(c.win <= before);
				before = c.win;
			}
		}
}

TEST(fair_odds_of_both_sides_give_the_chances_back)
{
	for (double win = 0.02; win < 0.95; win += 0.031)
		for (double push = 0; push < 0.05; push += 0.024) {
			struct chances c = {
				.win = win, .push = push, .loss = 1 - win - push
			};
			struct chances other = chances_turned(c);
			double odds = odds_fair(c), against = odds_fair(other);

			OK(odds_are_american(odds) && odds_are_american(against));
			NEAR(odds_break_even(odds), c.win / (c.win + c.loss), 1e-9);
			NEAR(odds_devig(odds, against), c.win / (c.win + c.loss), 1e-9);
			NEAR(odds_value(c, odds), 0, 1e-9);
			NEAR(odds_from_decimal(odds_to_decimal(odds)), odds, 1e-6);
		}
}

TEST(devigged_chances_are_chances_at_any_odds)
{
	static const double odds[] = { -100000, -3000, -450, -110, -100, 100, 105, 380,
		2500, 100000 };

	for (size_t i = 0; i < COUNT_OF(odds); i++)
		for (size_t j = 0; j < COUNT_OF(odds); j++) {
			double home = odds_devig(odds[i], odds[j]);

			OK_OR(home > 0 && home < 1, "%g at %g/%g", home, odds[i],
				odds[j]);
			NEAR(home + odds_devig(odds[j], odds[i]), 1, 1e-9);
		}
}

TEST(kelly_stays_within_its_bounds_and_grows_with_the_chance)
{
	static const double odds[] = { -2000, -300, -110, 100, 150, 900 };
	const struct stake_limits limits = { .fraction = 0.25, .cap = 0.05 };

	for (size_t i = 0; i < COUNT_OF(odds); i++) {
		double before = 0;

		for (double win = 0; win <= 0.9; win += 0.01) {
			struct chances c = {
				.win = win, .push = 0.05, .loss = 0.95 - win
			};
			double share = odds_kelly(c, odds[i], limits);

			OK(share >= before && share <= limits.cap);
			OK((share > 0) == (odds_value(c, odds[i]) > 0));
			before = share;
		}
		NEAR(odds_kelly((struct chances){ .push = 1 }, odds[i], limits), 0, 0);
		NEAR(odds_kelly((struct chances){ .win = 1 }, odds[i], limits),
			limits.cap, 1e-12);
	}
}

/* By hand, from w·b/(1 + b·f) + h·c/(1 + c·f) = l/(1 - f): at even odds
 * f² - 1.9·f + .1 = 0 and at +150 1.125·f² + 1.2375·f - .175 = 0. */
TEST(a_bet_half_settled_counts_half)
{
	const struct stake_limits limits = { .fraction = 1, .cap = 1 };
	struct chances half_lost = { .win = 0.5, .half_loss = 0.1, .loss = 0.4 };
	struct chances half_won = { .win = 0.4, .half_win = 0.1, .loss = 0.5 };

	NEAR(odds_value(half_lost, 100), 0.05, 1e-12);
	NEAR(odds_fair(half_lost), -1 / 0.9 * 100, 1e-9); /* .45 against .5 */
	NEAR(odds_kelly(half_lost, 100, limits), 0.0541760, 1e-6);
	NEAR(odds_value(half_won, 150), 0.175, 1e-12);
	NEAR(odds_fair(half_won), 0.5 / 0.45 * 100, 1e-9);
	NEAR(odds_kelly(half_won, 150, limits), 0.1267979, 1e-6);
	NEAR(odds_kelly(half_won, 100, limits), 0, 0);
	NEAR(odds_kelly((struct chances){ .win = 0.5, .half_win = 0.5 }, 150, limits), 1,
		1e-12);
}

TEST(scores_of_known_forecasts)
{
	struct score score = { 0 };

	score_add(&score, 0.8, 1);
	NEAR(score_brier(&score), 0.04, 1e-12);
	NEAR(score_log_loss(&score), -log(0.8), 1e-12);
	score_add(&score, 0.8, 0);
	NEAR(score_brier(&score), (0.04 + 0.64) / 2, 1e-12);
	score_add(&score, 0.5, 0.5);
	NEAR(score_brier(&score), 0.68 / 3, 1e-12);
	EQ_I64(score.wins, 1);
	EQ_I64(score.losses, 1);
	EQ_I64(score.ties, 1);
	NEAR(score_hit_rate(&score), 0.5, 1e-12);
	score_add(&score, 1, 0);
	OK(isfinite(score_log_loss(&score)));
}

TEST(calibration_sees_overconfidence)
{
	static struct regression_row rows[2000];
	struct calibration_curve curve = { 0 };
	struct calibration_line line;

	/* Says 10 and 90 %; 25 and 75 happen. */
	for (int i = 0; i < 2000; i++) {
		double chance = i % 2 ? 0.9 : 0.1, outcome = (i / 2) % 4 == 0;

		rows[i] = calibration_row(chance, i % 2 ? 1 - outcome : outcome);
		curve_add(&curve, chance, i % 2 ? 1 - outcome : outcome);
	}
	line = calibration_line_fit(rows, COUNT_OF(rows));
	NEAR(line.slope, log(3) / log(9), 1e-3);
	NEAR(line.intercept, 0, 1e-3);
	NEAR(curve_error(&curve), 0.15, 1e-9);
}

TEST(records_count_units)
{
	struct record record = { 0 };

	record_add(&record, 3, -110);
	record_add(&record, -1, -110);
	record_add(&record, 0, -110);
	record_add(&record, 1, 150);
	NEAR(record.units, 100.0 / 110 - 1 + 1.5, 1e-12);
	NEAR(record_hit_rate(&record), 2.0 / 3, 1e-12);
	NEAR(record_roi(&record), record.units / 4, 1e-12);
}

TEST(a_bootstrap_is_reproducible_and_covers_the_mean)
{
	struct bootstrap_options options = { .replicates = 500, .seed = 1 };
	static double values[400][BOOTSTRAP_COLUMNS], sums[2][500][BOOTSTRAP_COLUMNS];
	struct interval interval = { .mean = 3 };
	struct arena arena;

	arena_init(&arena, 1 << 20);
	for (int i = 0; i < 400; i++) {
		values[i][0] = i % 7;
		values[i][1] = 1;
		values[i][2] = i % 2 * 5;
		values[i][3] = i % 2;
	}
	for (int turn = 0; turn < 2; turn++)
		bootstrap_draw(options, (const double(*)[BOOTSTRAP_COLUMNS])values, 400,
			sums[turn]);
	OK(memcmp(sums[0], sums[1], sizeof(sums[0])) == 0);
	OK_ERR(bootstrap_interval(&arena, 500,
		(const double(*)[BOOTSTRAP_COLUMNS])sums[0], 0, 1, &interval));
	OK(interval.low < interval.mean && interval.mean < interval.high);
	/* The standard error of the mean is 2 / √400 = .1. */
	NEAR(interval.high - interval.low, 2 * 1.96 * 0.1, 0.06);
	/* A column that half the games have is divided by as many as were drawn of it. */
	OK_ERR(bootstrap_interval(&arena, 500,
		(const double(*)[BOOTSTRAP_COLUMNS])sums[0], 2, 3, &interval));
	NEAR(interval.low, 5, 1e-12);
	NEAR(interval.high, 5, 1e-12);
	arena_release(&arena);
}

/* Two seasons of very unlike games: what lies between the seasons is no luck. */
TEST(seasons_of_a_bootstrap_are_drawn_each_by_itself)
{
	struct bootstrap_options options = { .replicates = 200, .seed = 1 };
	static double values[50][BOOTSTRAP_COLUMNS], sums[200][BOOTSTRAP_COLUMNS];
	struct interval interval = { .mean = 0 };
	struct arena arena;

	arena_init(&arena, 1 << 20);
	for (int season = 0; season < 2; season++) {
		for (int i = 0; i < 50; i++) {
			values[i][0] = season * 10;
			values[i][1] = 1;
		}
		options.seed++;
		bootstrap_draw(
			options, (const double(*)[BOOTSTRAP_COLUMNS])values, 50, sums);
	}
	OK_ERR(bootstrap_interval(
		&arena, 200, (const double(*)[BOOTSTRAP_COLUMNS])sums, 0, 1, &interval));
	NEAR(interval.low, 5, 1e-12);
	NEAR(interval.high, 5, 1e-12);
	arena_release(&arena);
}

TEST(logistic_regression_finds_the_weights_it_was_made_with)
{
	static struct regression_row rows[4000];
	const struct regression prior = { .terms = 3, .weight = { 0, 1, 0 } };
	struct regression fitted = prior;

	for (int i = 0; i < 4000; i++) {
		double x = (i % 41 - 20) / 10.0, y = (i % 17 - 8) / 8.0;

		rows[i].input[0] = 1;
		rows[i].input[1] = x;
		rows[i].input[2] = y;
		rows[i].outcome = logistic(0.3 + 0.7 * x - 1.1 * y);
	}
	regression_fit(&prior, 0, rows, COUNT_OF(rows), &fitted);
	NEAR(fitted.weight[0], 0.3, 1e-6);
	NEAR(fitted.weight[1], 0.7, 1e-6);
	NEAR(fitted.weight[2], -1.1, 1e-6);
	fitted = prior;
	regression_fit(&prior, 1e9, rows, COUNT_OF(rows), &fitted);
	NEAR(fitted.weight[1], 1, 1e-3);
	regression_fit(&prior, 20, rows, 0, &fitted);
	NEAR(fitted.weight[1], 1, 1e-9);
}

TEST(every_code_of_every_time_is_one_franchise)
{
	EQ_I64(team_find(STR("OAK")), team_find(STR("LV")));
	EQ_I64(team_find(STR("SD")), team_find(STR("LAC")));
	EQ_I64(team_find(STR("STL")), team_find(STR("LA")));
	EQ_I64(team_find(STR("XYZ")), FRANCHISE_UNKNOWN);
	EQ_STR(team_code_in(team_find(STR("LV")), 2010), STR("OAK"));
	EQ_STR(team_name_in(team_find(STR("WAS")), 2020),
		STR("Washington Football Team"));
	EQ_STR(team_name_in(team_find(STR("WAS")), 2022), STR("Washington Commanders"));
	for (int i = 0; i < FRANCHISES; i++) {
		EQ_I64(team_find(team_at(i)->code), i);
		for (int season = 1999; season < 2026; season++) {
			EQ_I64(team_find(team_code_in(i, season)), i);
			OK(team_ground(i, season) >= 0);
		}
	}
}

TEST(eight_divisions_of_four_since_2002)
{
	int count[2][5] = { { 0 } };

	for (int i = 0; i < FRANCHISES; i++)
		count[team_conference(i, 2002)][team_division(i, 2002)]++;
	for (int c = 0; c < 2; c++)
		for (int d = DIVISION_EAST; d <= DIVISION_WEST; d++)
			EQ_I64(count[c][d], 4);
	OK(team_is_division_game(team_find(STR("SEA")), team_find(STR("DEN")), 2001));
	OK(!team_is_division_game(team_find(STR("SEA")), team_find(STR("DEN")), 2002));
}

TEST(months_of_days)
{
	EQ_I64(month_of_day(0), 1);
	EQ_I64(month_of_day(-1), 12);
	EQ_I64(month_of_day(58), 2);
	EQ_I64(month_of_day(59), 3);
	EQ_I64(month_of_day(11016), 2); /* 2000-02-29 */
	EQ_I64(month_of_day(19723), 1); /* 2024-01-01 */
}

TEST(winters_are_cold_in_green_bay_and_not_in_miami)
{
	int january = 19723;

	OK(venue_climate(venue_find(STR("GNB00")), january).temperature_f < 32);
	OK(venue_climate(venue_find(STR("MIA00")), january).temperature_f > 65);
	OK(venue_climate(venue_find(STR("GNB00")), january + 120).wind_mph > 0);
}
