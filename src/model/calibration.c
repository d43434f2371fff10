#include "model/calibration.h"

#include <math.h>

/* A logistic curve this much steeper is close to a normal one. */
static const double logistic_of_normal = 1.702;
/* Standard deviation that turns a spread into a chance where there is no moneyline. */
static const double spread_sd = 12.5;

/* What is believed of the noise before there are games, as if seen in so many. */
static const double prior_games = 100;
static const double prior_margin_noise = 175.6;
static const double prior_total_noise = 180;
/* How firmly tier B is held to the line: as if so many points² had spoken for it. */
static const double line_ridge = 20000;

static struct regression
chance_prior(void)
{
	return (struct regression){ .terms = 2, .weight = { 0, 1 } };
}

static struct regression
blend_prior(void)
{
	return (struct regression){ .terms = 4, .weight = { 0, .5, .5, 0 } };
}

/* Old seasons count less and less, as scoring and its spread change with the rules. */
static void
forget(struct calibration *c)
{
	struct residuals *all[] = { &c->margins, &c->totals, &c->line_margins,
		&c->line_totals };

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		all[i]->weight *= c->parameters->noise_memory;
		all[i]->squares *= c->parameters->noise_memory;
	}
}

/* Add the margins of the season that is over to those of all
 * seasons and those of late. */
static void
count_season(struct calibration *c)
{
	double memory = c->parameters->key_memory;

	for (int i = 0; i < KEY_NUMBERS; i++) {
		c->counts.observed[i] += c->season_counts.observed[i];
		c->counts.expected[i] += c->season_counts.expected[i];
		c->recent_counts.observed[i] = c->recent_counts.observed[i] * memory +
			c->season_counts.observed[i];
		c->recent_counts.expected[i] = c->recent_counts.expected[i] * memory +
			c->season_counts.expected[i];
	}
	for (int i = 0; i < KEY_NUMBERS; i++) {
		c->total_counts.observed[i] += c->season_total_counts.observed[i];
		c->total_counts.expected[i] += c->season_total_counts.expected[i];
	}
	c->season_counts = (struct key_counts){ .observed = { 0 } };
	c->season_total_counts = (struct key_counts){ .observed = { 0 } };
}

static double
noise_of(const struct residuals *residuals, double prior)
{
	return (residuals->squares + prior_games * prior) /
		(residuals->weight + prior_games);
}

struct err *
calibration_refit(struct calibration *c, struct arena *arena)
{
	struct key_weights *keys, *total_keys, always;
	struct regression chance = chance_prior(), blend = blend_prior();

	regression_fit(&chance, c->parameters->probability_ridge, c->chances.items,
		c->chances.count, &c->chance);
	regression_fit(&blend, c->parameters->blend_ridge, c->blends.items,
		c->blends.count, &c->blend);
	c->line_share_margin = c->margin_lines.product /
		(c->margin_lines.square + line_ridge);
	c->line_share_total = c->total_lines.product /
		(c->total_lines.square + line_ridge);
	c->margin_noise = noise_of(&c->margins, prior_margin_noise);
	c->total_noise = noise_of(&c->totals, prior_total_noise);
	c->line_margin_noise = noise_of(&c->line_margins, prior_margin_noise);
	c->line_total_noise = noise_of(&c->line_totals, prior_total_noise);
	TRY_NEW(arena, keys, 1);
	count_season(c);
	always = key_weights_of(&c->counts, c->parameters->key_prior, NULL);
	*keys = key_weights_of(
		&c->recent_counts, c->parameters->recent_key_prior, &always);
	c->keys = keys;
	TRY_NEW(arena, total_keys, 1);
	*total_keys = key_weights_of(
		&c->total_counts, c->parameters->total_key_prior, NULL);
	c->total_keys = total_keys;
	forget(c);
	return NULL;
}

void
calibration_init(struct calibration *calibration, const struct parameters *parameters)
{
	*calibration = (struct calibration){ .parameters = parameters };
	calibration->chance = chance_prior();
	calibration->blend = blend_prior();
	calibration->margin_noise = calibration->line_margin_noise = prior_margin_noise;
	calibration->total_noise = calibration->line_total_noise = prior_total_noise;
}

static double
z_of(const struct calibration *calibration, const struct prediction *prediction)
{
	return logistic_of_normal * prediction->margin /
		sqrt(prediction->margin_variance +
			calibration->parameters->game_variance);
}

/* The constant speaks of being at home: on neutral ground either side may be called
 * so. */
static double
constant_of(const struct model_game *game)
{
	return game->is_neutral ? 0 : 1;
}

bool
line_chance(const struct model_game *game, double *ret)
{
	if (game->home_moneyline.is_set && game->away_moneyline.is_set &&
		odds_are_american(game->home_moneyline.value) &&
		odds_are_american(game->away_moneyline.value)) {
		*ret = odds_devig(game->home_moneyline.value, game->away_moneyline.value);
		return true;
	}
	if (!game->spread_line.is_set)
		return false;
	*ret = logistic(logistic_of_normal * game->spread_line.value / spread_sd);
	return true;
}

/* The inputs of tier B; false where the game has no spread. */
static bool
blend_input(const struct calibration *calibration, const struct model_game *game,
	const struct prediction *prediction, double input[REGRESSION_TERMS])
{
	double chance;

	if (!game->spread_line.is_set || !line_chance(game, &chance))
		return false;
	input[0] = constant_of(game);
	input[1] = logit(chance);
	input[2] = logistic_of_normal * game->spread_line.value / spread_sd;
	input[3] = z_of(calibration, prediction);
	return true;
}

static void
add_residual(struct residuals *residuals, double miss, double doubt)
{
	residuals->weight += 1;
	residuals->squares += miss * miss - doubt;
}

static void
add_lines(struct calibration *c, const struct model_game *game,
	const struct prediction *prediction)
{
	double margin_miss = game_margin(game) - game->spread_line.value;
	double margin_step = prediction->margin - game->spread_line.value;

	add_residual(&c->line_margins, margin_miss, 0);
	c->margin_lines.product += margin_miss * margin_step;
	c->margin_lines.square += margin_step * margin_step;
	if (game->total_line.is_set) {
		double total_miss = game_total(game) - game->total_line.value;
		double total_step = prediction->total - game->total_line.value;

		add_residual(&c->line_totals, total_miss, 0);
		c->total_lines.product += total_miss * total_step;
		c->total_lines.square += total_step * total_step;
	}
}

struct err *
calibration_add(struct calibration *c, struct arena *arena, const struct model_game *game,
	const struct prediction *prediction)
{
	struct regression_row row = { .outcome = game_outcome(game) };
	double margin_sd = sqrt(c->margin_noise + prediction->margin_variance);

	row.input[0] = constant_of(game);
	row.input[1] = z_of(c, prediction);
	if (!VEC_PUSH(arena, &c->chances, row))
		return err_no_memory();
	add_residual(&c->margins, game_margin(game) - prediction->margin,
		prediction->margin_variance);
	add_residual(&c->totals, game_total(game) - prediction->total,
		prediction->total_variance);
	key_counts_add(&c->season_counts, prediction->margin, margin_sd,
		game->home_score - game->away_score);
	key_counts_add_total(&c->season_total_counts, prediction->total,
		sqrt(c->total_noise + prediction->total_variance),
		game->home_score + game->away_score);

	if (!blend_input(c, game, prediction, row.input))
		return NULL;
	add_lines(c, game, prediction);
	return VEC_PUSH(arena, &c->blends, row) ? NULL : err_no_memory();
}

/* Tier B's expectations: the line's, moved a little towards the model's. */
static bool
blend_lines(const struct calibration *c, const struct model_game *game,
	const struct prediction *prediction, struct forecast *forecast)
{
	double input[REGRESSION_TERMS];

	if (!blend_input(c, game, prediction, input))
		return false;
	forecast->saw_own_line = true;
	forecast->home_win = regression_chance(&c->blend, input);
	forecast->margin = game->spread_line.value +
		c->line_share_margin * (prediction->margin - game->spread_line.value);
	forecast->margin_sd = sqrt(c->line_margin_noise);
	if (game->total_line.is_set) {
		forecast->total = game->total_line.value +
			c->line_share_total *
				(prediction->total - game->total_line.value);
		forecast->total_sd = sqrt(c->line_total_noise);
	}
	return true;
}

struct forecast
calibration_forecast(const struct calibration *c, enum tier tier,
	const struct model_game *game, const struct prediction *prediction,
	bool only_chances)
{
	double input[REGRESSION_TERMS] = { constant_of(game), z_of(c, prediction) };
	struct forecast ret = {
		.is_made = true,
		.tier = tier,
		.home_win = regression_chance(&c->chance, input),
		.margin = prediction->margin,
		.margin_sd = sqrt(c->margin_noise + prediction->margin_variance),
		.margin_se = sqrt(prediction->margin_variance),
		.total = prediction->total,
		.total_sd = sqrt(c->total_noise + prediction->total_variance),
		.total_se = sqrt(prediction->total_variance),
	};

	if (tier == TIER_B && !blend_lines(c, game, prediction, &ret))
		return (struct forecast){ .tier = tier };
	ret.home_points = (ret.total + ret.margin) / 2;
	ret.away_points = (ret.total - ret.margin) / 2;
	if (only_chances)
		return ret;
	ret.margins = distribution_of_margin(
		ret.home_win, ret.margin_sd, c->keys, !game_is_playoff(game));
	ret.totals = distribution_of_total(ret.total, ret.total_sd, c->total_keys);
	ret.result = distribution_result(&ret.margins);
	return ret;
}
