#include "model/distribution.h"

#include <math.h>
#include <stdlib.h>

_Static_assert(KEY_NUMBERS > MOST_MARGIN, "every margin has a weight of its own");

enum {
	MOST_ROUNDS = 30,
	TOTAL_ROUNDS = 2, /* Newton's, from a good guess: off by 1e-6 at most */
};

/*
 * The bell curve at the whole numbers FIRST to LAST, up to a factor. From its top
 * outwards each value is the one before by a ratio, and each ratio the one before by a
 * constant: three exp() in all.
 */
static void
bell(double location, double sd, int first, int last, double *ret)
{
	double rate = 1 / (2 * sd * sd);
	int top = (int)fmin(fmax(nearbyint(location), first), last);
	double start = exp(-(top - location) * (top - location) * rate);
	double bend = exp(-2 * rate);
	double ratio = exp(-(2 * (top - location) + 1) * rate);
	double value = start;

	for (int k = top; k <= last; k++) {
		ret[k - first] = value;
		value *= ratio;
		ratio *= bend;
	}
	value = start;
	ratio = exp((2 * (top - location) - 1) * rate);
	for (int k = top - 1; k >= first; k--) {
		value *= ratio;
		ratio *= bend;
		ret[k - first] = value;
	}
}

/* What numbers come oftener or seldomer than the bell curve has it, and a tie that cannot
 * be. */
static void
weigh(const struct distribution *distribution, int count, double *list)
{
	int first = distribution->first;
	int end = count < KEY_NUMBERS - first ? count : KEY_NUMBERS - first;

	if (distribution->keys)
		for (int i = 0; i < end; i++)
			list[i] *= distribution->keys->weight[abs(first + i)];
	if (distribution->is_margin && !distribution->can_tie)
		list[-first] = 0;
}

int
distribution_list(const struct distribution *distribution, double ret[MOST_POINTS])
{
	int count = distribution->last - distribution->first + 1;
	double sum = 0;

	bell(distribution->location, distribution->sd, distribution->first,
		distribution->last, ret);
	weigh(distribution, count, ret);
	for (int i = 0; i < count; i++)
		sum += ret[i];
	for (int i = 0; i < count; i++)
		ret[i] /= sum;
	return count;
}

double
distribution_chance(const struct distribution *distribution, int value)
{
	double list[MOST_POINTS] = { 0 };

	distribution_list(distribution, list);
	return value < distribution->first || value > distribution->last
		? 0
		: list[value - distribution->first];
}

double
distribution_mean(const struct distribution *distribution)
{
	double list[MOST_POINTS] = { 0 }, sum = 0;
	int count = distribution_list(distribution, list);

	for (int i = 0; i < count; i++)
		sum += list[i] * (distribution->first + i);
	return sum;
}

double
chances_won(struct chances chances)
{
	return chances.win + chances.half_win / 2;
}

double
chances_lost(struct chances chances)
{
	return chances.loss + chances.half_loss / 2;
}

struct chances
chances_turned(struct chances chances)
{
	return (struct chances){
		.win = chances.loss,
		.push = chances.push,
		.loss = chances.win,
		.half_win = chances.half_loss,
		.half_loss = chances.half_win,
	};
}

bool
line_is_half_points(double line)
{
	return line * 2 == nearbyint(line * 2);
}

bool
line_is_quarter_points(double line)
{
	return line * 4 == nearbyint(line * 4);
}

/* What a bet comes to that is LEAD points ahead. Of a quarter line's two halves one is a
 * push where LEAD is a quarter; a quarter is exact in binary. */
static double *
share_of(struct chances *chances, double lead)
{
	if (lead == 0)
		return &chances->push;
	if (lead == 0.25)
		return &chances->half_win;
	if (lead == -0.25)
		return &chances->half_loss;
	return lead > 0 ? &chances->win : &chances->loss;
}

struct chances
distribution_against(const struct distribution *distribution, double line)
{
	double list[MOST_POINTS] = { 0 };
	int count = distribution_list(distribution, list);
	struct chances ret = { 0 };

	for (int i = 0; i < count; i++) {
		double lead = distribution->first + i - line;

		*share_of(&ret, lead) += list[i];
	}
	return ret;
}

struct chances
distribution_result(const struct distribution *distribution)
{
	return distribution_against(distribution, 0);
}

struct distribution
distribution_at(double location, double sd, const struct key_weights *keys, bool can_tie)
{
	return (struct distribution){
		.location = location,
		.sd = sd,
		.first = -MOST_MARGIN,
		.last = MOST_MARGIN,
		.is_margin = true,
		.can_tie = can_tie,
		.keys = keys,
	};
}

/* Weights, and totals below 0 that cannot be, move the mean of the normal: the location
 * is moved back by so much. d mean / d location is the variance of k, by sd². */
struct distribution
distribution_of_total(double mean, double sd, const struct key_weights *keys)
{
	struct distribution ret = {
		.location = mean,
		.sd = sd,
		.first = 0,
		.last = MOST_TOTAL,
		.keys = keys,
	};

	for (int round = 0; keys && round < TOTAL_ROUNDS; round++) {
		double list[MOST_POINTS] = { 0 }, sum = 0, squares = 0;
		int count = distribution_list(&ret, list);

		for (int k = 0; k < count; k++) {
			sum += list[k] * k;
			squares += list[k] * k * k;
		}
		ret.location += (mean - sum) * sd * sd / (squares - sum * sum);
	}
	return ret;
}

/* The location at which the chance to win is WIN: Newton's method, kept between two
 * bounds. */
struct distribution
distribution_of_margin(
	double win, double sd, const struct key_weights *keys, bool can_tie)
{
	struct distribution ret = distribution_at(0, sd, keys, can_tie);
	double low = -MOST_MARGIN, high = MOST_MARGIN;
	double wanted = fmin(fmax(win, 1e-6), 1 - 1e-6);

	/* Near enough to begin with: the normal, by the logistic curve. */
	ret.location = sd * log(wanted / (1 - wanted)) / 1.702;
	for (int round = 0; round < MOST_ROUNDS; round++) {
		double list[MOST_POINTS] = { 0 }, mean = 0, won = 0, chance, slope, next;

		distribution_list(&ret, list);
		for (int k = -MOST_MARGIN; k <= 0; k++)
			mean += k * list[k + MOST_MARGIN];
		chance = list[MOST_MARGIN] / 2;
		for (int k = 1; k <= MOST_MARGIN; k++) {
			double share = list[k + MOST_MARGIN];

			chance += share;
			mean += k * share;
			won += k * share;
		}
		if (fabs(chance - wanted) < 1e-13)
			break;
		if (chance < wanted)
			low = ret.location;
		else
			high = ret.location;
		/* d chance / d location is the covariance of k and its credit, by sd². */
		slope = (won - mean * chance) / (sd * sd);
		next = ret.location + (wanted - chance) / slope;
		ret.location = next > low && next < high ? next : (low + high) / 2;
	}
	return ret;
}

void
key_counts_add(struct key_counts *counts, double location, double sd, int margin)
{
	double list[MOST_POINTS] = { 0 }, sum = 0;

	bell(location, sd, -MOST_MARGIN, MOST_MARGIN, list);
	for (int i = 0; i <= 2 * MOST_MARGIN; i++)
		sum += list[i];
	counts->expected[0] += list[MOST_MARGIN] / sum;
	for (int i = 1; i <= MOST_MARGIN; i++)
		counts->expected[i] += (list[MOST_MARGIN - i] + list[MOST_MARGIN + i]) /
			sum;
	if (abs(margin) < KEY_NUMBERS)
		counts->observed[abs(margin)] += 1;
}

void
key_counts_add_total(struct key_counts *counts, double location, double sd, int total)
{
	double list[MOST_POINTS] = { 0 }, sum = 0;

	bell(location, sd, 0, MOST_TOTAL, list);
	for (int i = 0; i <= MOST_TOTAL; i++)
		sum += list[i];
	for (int i = 0; i < KEY_NUMBERS; i++)
		counts->expected[i] += list[i] / sum;
	if (total < KEY_NUMBERS)
		counts->observed[total] += 1;
}

struct key_weights
key_weights_of(
	const struct key_counts *counts, double prior, const struct key_weights *before)
{
	struct key_weights ret;

	for (int i = 0; i < KEY_NUMBERS; i++) {
		double believed = before ? before->weight[i] : 1;

		ret.weight[i] = (counts->observed[i] + prior * believed) /
			(counts->expected[i] + prior);
	}
	return ret;
}
