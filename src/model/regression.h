/* Logistic regression in a few dimensions, pulled towards what was believed before
 * (ridge). */
#ifndef MODEL_REGRESSION_H
#define MODEL_REGRESSION_H

#include "base/compiler.h"

enum {
	REGRESSION_TERMS = 4,
};

struct regression {
	int terms; /* at most REGRESSION_TERMS; the first is by custom the constant 1 */
	double weight[REGRESSION_TERMS];
};

struct regression_row {
	double input[REGRESSION_TERMS];
	double outcome; /* 0 to 1 */
};

double logistic(double x);
/* The inverse; CHANCE is kept within 1e-9 of 0 and 1. */
double logit(double chance);

double regression_chance(const struct regression *regression, const double *input);
/*
 * The weights of the greatest penalised likelihood: sum of log likelihoods less
 * RIDGE/2 · |weights - PRIOR|². Newton's method from RET, which holds a first guess
 * (PRIOR will do).
 */
void regression_fit(const struct regression *prior, double ridge,
	const struct regression_row *rows, size_t count, struct regression *ret);

#endif
