#include "model/score.h"

#include <math.h>
#include <stdlib.h>

#include "model/odds.h"

static const double chance_floor = 1e-12;

void
score_add(struct score *score, double chance, double outcome)
{
	double inside = fmin(fmax(chance, chance_floor), 1 - chance_floor);

	score->games++;
	score->brier_sum += (chance - outcome) * (chance - outcome);
	score->log_loss_sum -= outcome * log(inside) + (1 - outcome) * log(1 - inside);
	if (outcome == 0.5 || chance == 0.5)
		score->ties++;
	else if ((chance > 0.5) == (outcome > 0.5))
		score->wins++;
	else
		score->losses++;
}

double
score_brier(const struct score *score)
{
	return score->games ? score->brier_sum / (double)score->games : NAN;
}

double
score_log_loss(const struct score *score)
{
	return score->games ? score->log_loss_sum / (double)score->games : NAN;
}

double
score_hit_rate(const struct score *score)
{
	int decided = score->wins + score->losses;

	return decided ? (double)score->wins / decided : NAN;
}

void
curve_add(struct calibration_curve *curve, double chance, double outcome)
{
	int index = (int)(chance * CALIBRATION_BINS);
	struct calibration_bin *bin;

	index = index < 0 ? 0 : index >= CALIBRATION_BINS ? CALIBRATION_BINS - 1 : index;
	bin = &curve->bins[index];
	bin->games++;
	bin->chance_sum += chance;
	bin->outcome_sum += outcome;
}

double
curve_error(const struct calibration_curve *curve)
{
	double sum = 0, games = 0;

	for (int i = 0; i < CALIBRATION_BINS; i++) {
		sum += fabs(curve->bins[i].chance_sum - curve->bins[i].outcome_sum);
		games += (double)curve->bins[i].games;
	}
	return games > 0 ? sum / games : 0;
}

struct regression_row
calibration_row(double chance, double outcome)
{
	struct regression_row row = { .outcome = outcome };

	row.input[0] = 1;
	row.input[1] = logit(chance);
	return row;
}

/* Half the interval of the slope, from the curvature of the likelihood where it is
 * greatest. */
static double
slope_half(
	const struct regression_row *rows, size_t count, const struct regression *fitted)
{
	double one = 0, x = 0, x2 = 0, determinant;

	for (size_t i = 0; i < count; i++) {
		double p = regression_chance(fitted, rows[i].input);
		double weight = p * (1 - p), input = rows[i].input[1];

		one += weight;
		x += weight * input;
		x2 += weight * input * input;
	}
	determinant = one * x2 - x * x;
	return determinant > 0 ? SCORE_SIGMA_95 * sqrt(one / determinant) : 0;
}

struct calibration_line
calibration_line_fit(const struct regression_row *rows, size_t count)
{
	/* A touch of ridge, so that a week in which all favourites won has an answer. */
	const struct regression prior = { .terms = 2, .weight = { 0, 1 } };
	struct regression fitted = prior;
	double half;

	regression_fit(&prior, 0.01, rows, count, &fitted);
	half = slope_half(rows, count, &fitted);
	return (struct calibration_line){
		.intercept = fitted.weight[0],
		.slope = fitted.weight[1],
		.slope_low = fitted.weight[1] - half,
		.slope_high = fitted.weight[1] + half,
	};
}

void
record_add(struct record *record, double result, double odds)
{
	if (result > 0) {
		record->wins++;
		record->units += odds_to_decimal(odds) - 1;
	} else if (result < 0) {
		record->losses++;
		record->units -= 1;
	} else {
		record->pushes++;
	}
}

double
record_hit_rate(const struct record *record)
{
	int decided = record->wins + record->losses;

	return decided ? (double)record->wins / decided : NAN;
}

double
record_roi(const struct record *record)
{
	int bets = record->wins + record->losses + record->pushes;

	return bets ? record->units / bets : NAN;
}

/* SplitMix64 (G. Steele, D. Lea, C. Flood, 2014): the same draws on every machine. */
static uint64_t
draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* A whole number below BOUND (which is far below 2³²: the bias is immaterial). */
static size_t
draw_below(uint64_t *state, size_t bound)
{
	return (size_t)(((draw(state) >> 32) * bound) >> 32);
}

static int
compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

void
bootstrap_draw(struct bootstrap_options options,
	const double (*values)[BOOTSTRAP_COLUMNS], size_t count,
	double (*sums)[BOOTSTRAP_COLUMNS])
{
	uint64_t state = options.seed;

	for (int r = 0; r < options.replicates; r++) {
		double sum[BOOTSTRAP_COLUMNS] = { 0 };

		for (size_t i = 0; i < count; i++) {
			const double *row = values[draw_below(&state, count)];

			for (int c = 0; c < BOOTSTRAP_COLUMNS; c++)
				sum[c] += row[c];
		}
		for (int c = 0; c < BOOTSTRAP_COLUMNS; c++)
			sums[r][c] += sum[c];
	}
}

struct err *
bootstrap_interval(struct arena *scratch, int replicates,
	const double (*sums)[BOOTSTRAP_COLUMNS], int over, int under,
	struct interval *ret)
{
	struct arena_mark mark = arena_mark(scratch);
	size_t count = 0;
	double *sorted;

	TRY_NEW(scratch, sorted, (size_t)replicates);
	for (int r = 0; r < replicates; r++)
		if (sums[r][under] != 0)
			sorted[count++] = sums[r][over] / sums[r][under];
	if (count == 0) {
		ret->low = ret->high = NAN;
		arena_rewind(scratch, mark);
		return NULL;
	}
	qsort(sorted, count, sizeof(*sorted), compare_doubles);
	ret->low = sorted[(size_t)(0.025 * (double)(count - 1))];
	ret->high = sorted[(size_t)(0.975 * (double)(count - 1) + 0.5)];
	arena_rewind(scratch, mark);
	return NULL;
}
