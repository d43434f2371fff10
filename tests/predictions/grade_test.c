#include "tests/tap.h"

#include "predictions/grade.h"
#include "predictions/tally.h"

static struct arena arena = { .cap_bytes = 16 << 20 };
static struct ctx ctx = { .arena = &arena, .now = 5 };

static const struct opt_f64 none = { .is_set = false };

static struct prediction_grade
graded(struct prediction_ungraded row)
{
	struct prediction_grade grade = { .now = 0 };

	if (grade_of(&ctx, &row, &grade))
		grade.outcome = STR("failed");
	return grade;
}

static struct prediction_ungraded
winner(const char *pick, double probability, int home, int away)
{
	return (struct prediction_ungraded){
		.prediction_type = STR("game"),
		.pick = str_from(pick),
		.probability = OPT(probability),
		.odds = OPT(-150),
		.home_score = home,
		.away_score = away,
	};
}

static struct prediction_ungraded
against(const char *type, const char *pick, double line, int home, int away)
{
	return (struct prediction_ungraded){
		.prediction_type = str_from(type),
		.pick = str_from(pick),
		.probability = OPT(0.6),
		.line = OPT(line),
		.odds = OPT(-110),
		.home_score = home,
		.away_score = away,
	};
}

TEST(a_winner_picked_is_right)
{
	struct prediction_grade grade = graded(winner("home", 0.7, 24, 17));

	EQ_STR(grade.outcome, STR("win"));
	OK(grade.is_correct.is_set && grade.is_correct.value);
	NEAR(grade.brier.value, 0.09, 1e-9);
	NEAR(grade.log_loss.value, 0.356675, 1e-9);
	NEAR(grade.units.value, 0.666667, 1e-9);
	EQ_STR(grade.actual_result,
		STR("{\"home_score\":24,\"away_score\":17,\"side\":\"home\"}"));
	EQ_I64(grade.now, 5);
}

TEST(a_loser_picked_is_wrong)
{
	struct prediction_grade grade = graded(winner("away", 0.7, 24, 17));

	EQ_STR(grade.outcome, STR("loss"));
	OK(grade.is_correct.is_set && !grade.is_correct.value);
	NEAR(grade.brier.value, 0.49, 1e-9);
	NEAR(grade.units.value, -1, 0);
}

TEST(a_tie_is_neither_but_is_scored_as_half)
{
	struct prediction_grade grade = graded(winner("home", 0.7, 20, 20));

	EQ_STR(grade.outcome, STR("push"));
	OK(!grade.is_correct.is_set);
	NEAR(grade.brier.value, 0.04, 1e-9);
	NEAR(grade.units.value, 0, 0);
	OK(str_find(grade.actual_result, STR("\"side\":null")) > 0);
}

TEST(a_spread_is_graded_against_its_line)
{
	/* Home favoured by 3: it must win by more. */
	EQ_STR(graded(against("ats", "home", 3, 24, 20)).outcome, STR("win"));
	EQ_STR(graded(against("ats", "away", 3, 24, 20)).outcome, STR("loss"));
	EQ_STR(graded(against("ats", "away", 3, 22, 20)).outcome, STR("win"));
	EQ_STR(graded(against("ats", "home", -2.5, 20, 22)).outcome, STR("win"));
	EQ_STR(graded(against("ats", "home", -2.5, 20, 23)).outcome, STR("loss"));
}

TEST(on_the_line_is_a_push_and_not_scored)
{
	struct prediction_grade spread = graded(against("ats", "home", 3, 23, 20));
	struct prediction_grade total = graded(against("total", "over", 43, 23, 20));

	EQ_STR(spread.outcome, STR("push"));
	OK(!spread.is_correct.is_set && !spread.brier.is_set && !spread.log_loss.is_set);
	NEAR(spread.units.value, 0, 0);
	EQ_STR(total.outcome, STR("push"));
}

TEST(a_total_is_graded_against_its_line)
{
	struct prediction_grade grade = graded(against("total", "under", 43.5, 23, 20));

	EQ_STR(grade.outcome, STR("win"));
	NEAR(grade.units.value, 0.909091, 1e-9);
	OK(str_find(grade.actual_result, STR("\"side\":\"under\"")) > 0);
	EQ_STR(graded(against("total", "over", 43.5, 23, 20)).outcome, STR("loss"));
}

TEST(without_a_pick_there_is_no_grade)
{
	struct prediction_ungraded row = against("ats", "home", 3, 23, 20);
	struct prediction_grade grade;

	row.pick = STR_NONE;
	grade = graded(row);
	EQ_STR(grade.outcome, STR("void"));
	OK(!grade.is_correct.is_set && !grade.brier.is_set && !grade.units.is_set);
	row = against("ats", "home", 3, 23, 20);
	row.line.is_set = false;
	EQ_STR(graded(row).outcome, STR("void"));
}

TEST(without_odds_nothing_is_won_or_lost)
{
	struct prediction_ungraded row = winner("home", 0.7, 24, 17);

	row.odds.is_set = false;
	OK(!graded(row).units.is_set);
	row.odds = (struct opt_i32)OPT(50); /* no American odds */
	OK(!graded(row).units.is_set);
}

TEST(a_certainty_that_fails_has_a_finite_loss)
{
	struct prediction_grade grade = graded(winner("home", 1, 17, 24));

	NEAR(grade.brier.value, 1, 0);
	OK(grade.log_loss.value > 13 && grade.log_loss.value < 14);
}

static struct prediction_graded
counted(const char *outcome, const char *pick, double probability, int margin)
{
	struct prediction_graded row = {
		.prediction_type = STR("game"),
		.pick = str_from(pick),
		.probability = OPT(probability),
		.confidence = OPT(probability),
		.outcome = str_from(outcome),
		.home_score = OPT(20 + margin),
		.away_score = OPT(20),
		.spread_line = OPT(0),
	};
	double happened = margin > 0 ? 1 : margin < 0 ? 0 : 0.5;
	double chance = *pick == 'h' ? probability : 1 - probability;

	row.brier = (struct opt_f64)OPT((chance - happened) * (chance - happened));
	row.log_loss = (struct opt_f64)OPT(0.5);
	return row;
}

TEST(a_tally_counts_pushes_apart)
{
	struct accuracy_metric metric = { .prediction_type = STR("game") };
	struct prediction_graded rows[] = { counted("win", "home", 0.8, 3),
		counted("loss", "home", 0.6, -3), counted("win", "away", 0.6, -7),
		counted("push", "home", 0.5, 0) };
	struct tally tally = { .total = 0 };

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tally_add(&tally, &rows[i], none);
	OK_ERR(tally_metric(&arena, &tally, true, &metric));
	EQ_I64(metric.total_predictions, 4);
	EQ_I64(metric.correct_predictions, 2);
	EQ_I64(metric.push_count, 1);
	NEAR(metric.accuracy_percentage.value, 66.666667, 1e-6);
	NEAR(metric.confidence_weighted_accuracy.value, 70, 1e-6);
	NEAR(metric.brier.value, (0.04 + 0.36 + 0.16 + 0) / 4, 1e-6);
	OK(!metric.units.is_set && !metric.roi.is_set);
}

TEST(a_tally_stands_beside_the_closing_line)
{
	struct accuracy_metric metric = { .prediction_type = STR("game") };
	struct prediction_graded row = counted("win", "home", 0.8, 3);
	struct tally tally = { .total = 0 };

	tally_add(&tally, &row, none);
	tally_add(&tally, &row, none);
	OK_ERR(tally_metric(&arena, &tally, true, &metric));
	/* An even spread is a coin: 0.25 against 0.04. */
	OK_OR(str_find(metric.details,
		      STR("\"line\": {\"brier\": 0.25, \"games\": 2, \"correct\": 2, "
			  "\"decided\": 2, \"log_loss\": 0.693147}")) > 0,
		STR_FMT, STR_ARG(metric.details));
	OK(str_find(metric.details,
		   STR("\"gain_on_line\": {\"low\": 0.21, \"high\": 0.21, \"brier\": "
		       "0.21}")) > 0);
	OK(str_find(metric.details,
		   STR("\"calibration\": [{\"won\": 1, \"from\": 0.8, \"games\": 2, "
		       "\"chance\": 0.8}]")) > 0);
	OK_ERR(tally_metric(&arena, &tally, false, &metric));
	OK(str_find(metric.details, STR("calibration")) < 0);
}

/* Elo gave the winner 0.9 once, the loser once 0.6; a tie is half for it, and for the coin
 * it is no error at all. */
TEST(a_tally_stands_beside_elo_and_a_coin)
{
	struct accuracy_metric metric = { .prediction_type = STR("game") };
	const struct prediction_graded rows[] = { counted("win", "home", 0.8, 3),
		counted("loss", "home", 0.6, -3), counted("push", "home", 0.5, 0) };
	const struct opt_f64 elo[] = { OPT(0.9), OPT(0.6), { .is_set = false } };
	struct tally tally = { .total = 0 };

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tally_add(&tally, &rows[i], elo[i]);
	OK_ERR(tally_metric(&arena, &tally, true, &metric));
	OK_OR(str_find(metric.details,
		      STR("\"elo\": {\"brier\": 0.185, \"games\": 2, \"correct\": 1, "
			  "\"decided\": 2, \"log_loss\": 0.510826}")) > 0,
		STR_FMT, STR_ARG(metric.details));
	/* 0.03 better, then neither. */
	OK_OR(str_find(metric.details,
		      STR("\"gain_on_elo\": {\"low\": -0.044399, \"high\": 0.014399, "
			  "\"brier\": -0.015}")) > 0,
		STR_FMT, STR_ARG(metric.details));
	OK_OR(str_find(metric.details,
		      STR("\"coin\": {\"brier\": 0.166667, \"games\": 3, "
			  "\"log_loss\": 0.693147}")) > 0,
		STR_FMT, STR_ARG(metric.details));
}

/* Against a spread the line itself is a coin; what was pushed is scored by nobody. */
TEST(a_tally_against_the_spread_stands_beside_a_coin)
{
	struct accuracy_metric metric = { .prediction_type = STR("ats") };
	struct prediction_graded rows[] = { counted("win", "home", 0.8, 3),
		counted("loss", "home", 0.6, -3), counted("push", "home", 0.5, 0) };
	struct tally tally = { .total = 0 };

	rows[2].brier.is_set = false;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		rows[i].prediction_type = STR("ats");
		tally_add(&tally, &rows[i], none);
	}
	OK_ERR(tally_metric(&arena, &tally, true, &metric));
	OK_OR(str_find(metric.details,
		      STR("\"coin\": {\"brier\": 0.25, \"games\": 2, "
			  "\"log_loss\": 0.693147}")) > 0,
		STR_FMT, STR_ARG(metric.details));
	OK(str_find(metric.details, STR("elo")) < 0 &&
		str_find(metric.details, STR("line")) < 0);
}

TEST(an_opening_line_stands_beside_the_closing_line_of_the_same_games)
{
	struct accuracy_metric metric = { .prediction_type = STR("game") };
	struct prediction_graded rows[] = { counted("win", "home", 0.8, 3),
		counted("win", "home", 0.8, 3) };
	struct tally tally = { .total = 0 };

	/* Seen 36 hours before kick-off, the home team at even money minus the vig; of
	 * the other game no line was seen in time. */
	rows[0].kickoff_at = (struct opt_i64)OPT(INT64_C(100) * 3600 * 1000000);
	rows[0].opening_seen_at = (struct opt_i64)OPT(INT64_C(64) * 3600 * 1000000);
	rows[0].opening_home_moneyline = (struct opt_i32)OPT(-110);
	rows[0].opening_away_moneyline = (struct opt_i32)OPT(-110);
	rows[0].home_moneyline = (struct opt_i32)OPT(-100000);
	rows[0].away_moneyline = (struct opt_i32)OPT(100000);
	tally_add(&tally, &rows[0], none);
	tally_add(&tally, &rows[1], none);
	EQ_I64(tally.line.count, 2);
	EQ_I64(tally.opening.count, 1);
	NEAR(tally.opening.brier, 0.25, 1e-9);
	NEAR(tally.opening_closing_brier, 0, 1e-3);
	NEAR(tally.opening_hours, 36, 1e-9);
	OK_ERR(tally_metric(&arena, &tally, true, &metric));
	OK_OR(str_find(metric.details, STR("\"opening_line\": {\"brier\": 0.25, ")) > 0,
		STR_FMT, STR_ARG(metric.details));
	OK(str_find(metric.details, STR("\"hours_before\": 36")) > 0);
}

TEST(an_empty_tally_has_no_percentages)
{
	struct accuracy_metric metric = { .prediction_type = STR("game") };
	struct tally tally = { .total = 0 };

	OK_ERR(tally_metric(&arena, &tally, true, &metric));
	OK(!metric.accuracy_percentage.is_set && !metric.brier.is_set);
	EQ_STR(metric.details, STR("{\"calibration\": []}"));
}
