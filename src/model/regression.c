#include "model/regression.h"

#include <math.h>

enum {
	MOST_ROUNDS = 25,
};

double
logistic(double x)
{
	return 1 / (1 + exp(-x));
}

double
logit(double chance)
{
	double inside = fmin(fmax(chance, 1e-9), 1 - 1e-9);

	return log(inside / (1 - inside));
}

static double
score(const struct regression *regression, const double *input)
{
	double sum = 0;

	for (int i = 0; i < regression->terms; i++)
		sum += regression->weight[i] * input[i];
	return sum;
}

double
regression_chance(const struct regression *regression, const double *input)
{
	return logistic(score(regression, input));
}

/* Solve the symmetric positive definite system, in place; the answer is left in RIGHT. */
static void
solve(int size, double matrix[REGRESSION_TERMS][REGRESSION_TERMS],
	double right[REGRESSION_TERMS])
{
	for (int k = 0; k < size; k++)
		for (int i = k + 1; i < size; i++) {
			double ratio = matrix[i][k] / matrix[k][k];

			for (int j = k; j < size; j++)
				matrix[i][j] -= ratio * matrix[k][j];
			right[i] -= ratio * right[k];
		}
	for (int k = size - 1; k >= 0; k--) {
		for (int j = k + 1; j < size; j++)
			right[k] -= matrix[k][j] * right[j];
		right[k] /= matrix[k][k];
	}
}

void
regression_fit(const struct regression *prior, double ridge,
	const struct regression_row *rows, size_t count, struct regression *ret)
{
	int terms = prior->terms;

	for (int round = 0; round < MOST_ROUNDS; round++) {
		double slope[REGRESSION_TERMS] = { 0 };
		double bend[REGRESSION_TERMS][REGRESSION_TERMS] = { { 0 } };
		double moved = 0;

		for (int i = 0; i < terms; i++) {
			slope[i] = ridge * (prior->weight[i] - ret->weight[i]);
			bend[i][i] = ridge + 1e-9;
		}
		for (size_t k = 0; k < count; k++) {
			const double *input = rows[k].input;
			double chance = logistic(score(ret, input));
			double miss = rows[k].outcome - chance;
			double certainty = chance * (1 - chance);

			for (int i = 0; i < terms; i++) {
				slope[i] += miss * input[i];
				for (int j = 0; j <= i; j++)
					bend[i][j] += certainty * input[i] * input[j];
			}
		}
		for (int i = 0; i < terms; i++)
			for (int j = i + 1; j < terms; j++)
				bend[i][j] = bend[j][i];
		solve(terms, bend, slope);
		for (int i = 0; i < terms; i++) {
			ret->weight[i] += slope[i];
			moved = fmax(moved, fabs(slope[i]));
		}
		if (moved < 1e-9)
			return;
	}
}
