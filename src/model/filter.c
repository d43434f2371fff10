/*
 * One game and the state: what the state says of it, and what it says to the state.
 *
 * Margin and total are two sparse combinations of the state, and all four observations of
 * a game are of one or the other. So the numbers that the observations move lie in the
 * plane of two vectors, P·margin and P·total: the four scalar updates are carried out in
 * that plane, in a few sums, and the covariance is touched once. The result is that of
 * the textbook's four updates in turn (tests/unit/model_test.c compares them).
 */
#include "model/state.h"

#include <math.h>

enum {
	/* Six of the teams and quarterbacks, home, mean total, and all effects. */
	MOST_TERMS = 8 + TOTAL_EFFECTS + MARGIN_EFFECTS,
	PLANE = 2,
	NOVICE_STARTS = 4,
};

/* A combination of a few numbers of the state, and what is not in the state. */
struct combination {
	int count;
	int index[MOST_TERMS];
	double factor[MOST_TERMS];
	double offset, offset_variance;
};

struct plane {
	double mean[PLANE];
	double covariance[PLANE][PLANE];
	double first_covariance[PLANE][PLANE];
	double shift[PLANE];         /* mean of the state += both vectors by shift */
	double shrink[PLANE][PLANE]; /* covariance of it -= vectors · shrink · vectors' */
};

static void
add_term(struct combination *combination, int index, double factor)
{
	if (factor == 0)
		return;
	combination->index[combination->count] = index;
	combination->factor[combination->count] = factor;
	combination->count++;
}

static int
starter_of(const struct state *state, int franchise, int quarterback)
{
	return quarterback == QUARTERBACK_UNKNOWN ? state->starter[franchise]
						  : quarterback;
}

/* The quarterback's part: his number in the state, or what strangers are worth. */
static void
add_quarterback(const struct state *state, const struct model_game *game, int quarterback,
	double side, struct combination both[PLANE])
{
	double factor[PLANE] = { side, state->parameters->quarterback_total };
	double mean, variance;

	if (quarterback >= 0 && quarterback < state->quarterback_count &&
		state->quarterbacks[quarterback].is_known &&
		state->quarterbacks[quarterback].slot != SLOT_NONE) {
		int index = STATE_QUARTERBACKS + state->quarterbacks[quarterback].slot;

		for (int k = 0; k < PLANE; k++)
			add_term(&both[k], index, factor[k]);
		return;
	}
	state_stranger(state, quarterback, game, &mean, &variance);
	for (int k = 0; k < PLANE; k++) {
		both[k].offset += factor[k] * mean;
		both[k].offset_variance += factor[k] * factor[k] * variance;
	}
}

static struct side
side_of(const struct state *state, int franchise, int quarterback)
{
	struct side side = { .stake = state->stakes[franchise] };
	const struct quarterback *player;
	int last = state->starter[franchise];

	if (quarterback == QUARTERBACK_UNKNOWN || last == QUARTERBACK_UNKNOWN ||
		quarterback >= state->quarterback_count)
		return side;
	player = &state->quarterbacks[quarterback];
	side.is_change = quarterback != last;
	side.is_new_here = (player->teams >> franchise & 1) == 0;
	if (player->starts < NOVICE_STARTS)
		side.novice = 1 - (double)player->starts / NOVICE_STARTS;
	return side;
}

/* What GAME's margin and total are made of. */
static void
combine(const struct state *state, const struct model_game *game, enum weather weather,
	struct combination both[PLANE])
{
	int home = starter_of(state, game->home, game->home_quarterback);
	int away = starter_of(state, game->away, game->away_quarterback);
	const struct side sides[2] = { side_of(state, game->home, home),
		side_of(state, game->away, away) };
	struct situation situation = situation_of(game, &state->grounds, weather, sides);
	struct combination *margin = &both[0], *total = &both[1];

	for (int k = 0; k < PLANE; k++)
		both[k] = (struct combination){ .count = 0 };
	add_term(margin, STATE_OFFENCE + game->home, 1);
	add_term(margin, STATE_DEFENCE + game->home, 1);
	add_term(margin, STATE_OFFENCE + game->away, -1);
	add_term(margin, STATE_DEFENCE + game->away, -1);
	add_term(margin, STATE_HOME, game->is_neutral ? 0 : 1);
	for (int i = 0; i < MARGIN_EFFECTS; i++)
		add_term(margin, STATE_MARGIN_EFFECTS + i, situation.margin[i]);

	add_term(total, STATE_OFFENCE + game->home, 1);
	add_term(total, STATE_DEFENCE + game->home, -1);
	add_term(total, STATE_OFFENCE + game->away, 1);
	add_term(total, STATE_DEFENCE + game->away, -1);
	add_term(total, STATE_TOTAL, 1);
	for (int i = 0; i < TOTAL_EFFECTS; i++)
		add_term(total, STATE_TOTAL_EFFECTS + i, situation.total[i]);

	add_quarterback(state, game, home, 1, both);
	add_quarterback(state, game, away, -1, both);
}

static double
combination_mean(const struct state *state, const struct combination *combination)
{
	double sum = combination->offset;

	for (int i = 0; i < combination->count; i++)
		sum += combination->factor[i] * state->mean[combination->index[i]];
	return sum;
}

static double
combination_variance(const struct state *state, const struct combination *combination)
{
	double sum = combination->offset_variance;

	for (int i = 0; i < combination->count; i++)
		for (int j = 0; j < combination->count; j++)
			sum += combination->factor[i] * combination->factor[j] *
				state_covariance(state, combination->index[i],
					combination->index[j]);
	return sum;
}

struct prediction
state_predict(
	const struct state *state, const struct model_game *game, enum weather weather)
{
	struct combination both[PLANE];

	combine(state, game, weather, both);
	return (struct prediction){
		.margin = combination_mean(state, &both[0]),
		.margin_variance = combination_variance(state, &both[0]),
		.total = combination_mean(state, &both[1]),
		.total_variance = combination_variance(state, &both[1]),
	};
}

/* vector += P · combination. */
FOUR_AT_A_TIME static void
covariance_with(const struct state *state, const struct combination *combination,
	double vector[STATE_SIZE])
{
	for (int k = 0; k < combination->count; k++) {
		int index = combination->index[k];
		double factor = combination->factor[k];
		const double *row = state->covariance[index];

		for (int j = 0; j <= index; j++)
			vector[j] += factor * row[j];
		for (int i = index + 1; i < state->size; i++)
			vector[i] += factor * state->covariance[i][index];
	}
}

static double
along(const struct combination *combination, const double *vector)
{
	double sum = 0;

	for (int k = 0; k < combination->count; k++)
		sum += combination->factor[k] * vector[combination->index[k]];
	return sum;
}

/* One scalar observation of direction K of the plane, softly clipped. */
static void
observe(struct plane *plane, int k, double value, double variance, const double clip[2])
{
	double total_variance = plane->covariance[k][k] + variance;
	double limit = clip[0] * sqrt(total_variance);
	double surprise = value - plane->mean[k];
	double gain[PLANE], weight[PLANE];

	if (surprise > limit)
		surprise = limit + clip[1] * (surprise - limit);
	else if (surprise < -limit)
		surprise = -limit + clip[1] * (surprise + limit);

	/* The state's gain is both vectors by `weight`, the plane's own is `gain`. */
	for (int i = 0; i < PLANE; i++) {
		weight[i] = i == k;
		for (int j = 0; j < PLANE; j++)
			weight[i] -= plane->shrink[i][j] * plane->first_covariance[j][k];
		gain[i] = plane->covariance[i][k];
	}
	for (int i = 0; i < PLANE; i++) {
		plane->shift[i] += weight[i] * surprise / total_variance;
		plane->mean[i] += gain[i] * surprise / total_variance;
		for (int j = 0; j < PLANE; j++) {
			plane->shrink[i][j] += weight[i] * weight[j] / total_variance;
			plane->covariance[i][j] -= gain[i] * gain[j] / total_variance;
		}
	}
}

static void
observe_game(const struct state *state, struct plane *plane,
	const struct model_game *game, bool use_lines)
{
	const struct parameters *p = state->parameters;
	double noise = 1 +
		p->idle_noise *
			(state->stakes[game->home].resting +
				state->stakes[game->away].resting);
	const double clip[2] = { p->clip, p->clip_keep };
	const double clip_total[2] = { p->clip_total, p->clip_keep };

	if (use_lines && game->spread_line.is_set)
		observe(plane, 0, game->spread_line.value, noise * p->spread_variance,
			clip);
	if (use_lines && game->total_line.is_set)
		observe(plane, 1, game->total_line.value, noise * p->total_line_variance,
			clip);
	observe(plane, 0, game_margin(game), noise * p->margin_variance, clip);
	observe(plane, 1, game_total(game), noise * p->total_variance, clip_total);
}

/* Carry what was learned in the plane into the whole state. */
FOUR_AT_A_TIME static void
apply_plane(struct state *state, const struct plane *plane, const double *restrict margin,
	const double *restrict total)
{
	for (int i = 0; i < state->size; i++) {
		double a = margin[i] * plane->shrink[0][0] +
			total[i] * plane->shrink[1][0];
		double b = margin[i] * plane->shrink[0][1] +
			total[i] * plane->shrink[1][1];
		double *restrict row = state->covariance[i];

		state->mean[i] += margin[i] * plane->shift[0] +
			total[i] * plane->shift[1];
		for (int j = 0; j <= i; j++)
			row[j] -= a * margin[j] + b * total[j];
	}
}

static void
note_starter(struct state *state, int franchise, int quarterback)
{
	state->starter[franchise] = quarterback;
	if (quarterback != QUARTERBACK_UNKNOWN)
		state->quarterbacks[quarterback].teams |= UINT32_C(1) << franchise;
}

static void
note_start(struct state *state, int franchise, int quarterback)
{
	note_starter(state, franchise, quarterback);
	if (quarterback != QUARTERBACK_UNKNOWN)
		state->quarterbacks[quarterback].starts++;
}

void
state_expect(struct state *state, const struct model_game *game)
{
	if (game->home_quarterback != QUARTERBACK_UNKNOWN)
		note_starter(state, game->home, game->home_quarterback);
	if (game->away_quarterback != QUARTERBACK_UNKNOWN)
		note_starter(state, game->away, game->away_quarterback);
}

void
state_learn(struct state *state, const struct model_game *game, bool use_lines)
{
	struct combination both[PLANE];
	struct plane plane = { .mean = { 0 } };
	double vectors[PLANE][STATE_SIZE] = { { 0 } };
	int home = starter_of(state, game->home, game->home_quarterback);
	int away = starter_of(state, game->away, game->away_quarterback);

	state->games++;
	if (home != QUARTERBACK_UNKNOWN)
		state_take_slot(state, home, game);
	if (away != QUARTERBACK_UNKNOWN)
		state_take_slot(state, away, game);
	combine(state, game, WEATHER_RECORDED, both);
	for (int k = 0; k < PLANE; k++)
		covariance_with(state, &both[k], vectors[k]);
	for (int i = 0; i < PLANE; i++) {
		plane.mean[i] = combination_mean(state, &both[i]);
		for (int j = 0; j < PLANE; j++)
			plane.first_covariance[i][j] = along(&both[i], vectors[j]);
		plane.first_covariance[i][i] += both[i].offset_variance;
	}
	for (int i = 0; i < PLANE; i++)
		for (int j = 0; j < PLANE; j++)
			plane.covariance[i][j] = plane.first_covariance[i][j];
	observe_game(state, &plane, game, use_lines);
	apply_plane(state, &plane, vectors[0], vectors[1]);
	note_start(state, game->home, home);
	note_start(state, game->away, away);
}
