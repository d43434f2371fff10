#include "model/odds.h"

#include <math.h>

#include "base/num.h"

enum {
	MOST_ODDS = 1000000,
	DEVIG_ROUNDS = 60,
};

bool
odds_are_american(double odds)
{
	return isfinite(odds) && fabs(odds) >= 100;
}

bool
odds_parse(struct str text, double *ret_american)
{
	double odds;

	text = str_trim(text);
	if (!num_parse_f64(text, &odds))
		return false;
	if (str_find_char(text, '.') >= 0) {
		if (odds < 1.01 || odds > 1000)
			return false;
		*ret_american = odds_from_decimal(odds);
		return true;
	}
	if (!odds_are_american(odds) || fabs(odds) > MOST_ODDS || odds != trunc(odds))
		return false;
	*ret_american = odds;
	return true;
}

double
odds_to_decimal(double american)
{
	return american > 0 ? 1 + american / 100 : 1 - 100 / american;
}

double
odds_from_decimal(double decimal)
{
	return decimal >= 2 ? (decimal - 1) * 100 : -100 / (decimal - 1);
}

double
odds_fair(struct chances chances)
{
	return odds_from_decimal(1 + chances_lost(chances) / chances_won(chances));
}

double
odds_break_even(double american)
{
	return 1 / odds_to_decimal(american);
}

double
odds_devig(double home_american, double away_american)
{
	double home = -log(odds_to_decimal(home_american));
	double away = -log(odds_to_decimal(away_american));
	double power = 1;

	/* The sum of the powers falls and is convex, so Newton's method cannot miss. */
	for (int round = 0; round < DEVIG_ROUNDS; round++) {
		double home_share = exp(power * home), away_share = exp(power * away);
		double step = (home_share + away_share - 1) /
			(home * home_share + away * away_share);

		power -= step;
		if (fabs(step) < 1e-12)
			break;
	}
	home = exp(power * home);
	away = exp(power * away);
	return home / (home + away);
}

double
odds_value(struct chances chances, double american)
{
	return chances_won(chances) * (odds_to_decimal(american) - 1) -
		chances_lost(chances);
}

/*
 * The share f of the bankroll where its expected logarithm is greatest. With profit b,
 * and c for what a half settled stake brings (b/2 or -1/2; 0 there is none):
 *
 *     w·b/(1 + b·f) + h·c/(1 + c·f) - l/(1 - f) = 0
 *
 * which is a quadratic; of its roots the least above 0.
 */
double
odds_kelly(struct chances chances, double american, struct stake_limits limits)
{
	double profit = odds_to_decimal(american) - 1;
	double value = odds_value(chances, american);
	double in_part = chances.half_win + chances.half_loss;
	double at_stake = chances.win + in_part + chances.loss;
	double half = 0, slope, square, share;

	if (value <= 0 || profit <= 0)
		return 0;
	if (in_part > 0)
		half = chances.half_win > 0 ? profit / 2 : -0.5;
	slope = chances.win * profit * (1 - half) + in_part * half * (1 - profit) +
		chances.loss * (profit + half);
	square = slope * slope + 4 * profit * half * at_stake * value;
	share = 2 * value / (slope + sqrt(fmax(square, 0)));
	return fmin(fmax(share * limits.fraction, 0), limits.cap);
}
