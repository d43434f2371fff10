#include "model/state.h"

#include <math.h>
#include <string.h>

static void
start_effects(struct state *state)
{
	const struct parameters *p = state->parameters;
	double *effects = &state->mean[STATE_MARGIN_EFFECTS];

	effects[MARGIN_CHANGE] = p->change_effect;
	effects[MARGIN_NEW_HERE] = p->new_here_effect;
	effects[MARGIN_NOVICE] = p->novice_effect;
	effects[MARGIN_RESTING] = p->resting_effect;
	effects[MARGIN_RESTING_EARLY] = p->resting_early_effect;
	effects[MARGIN_ELIMINATED] = p->eliminated_effect;
	effects[MARGIN_URGENCY] = p->urgency_effect;
}

struct err *
state_new(struct arena *arena, const struct parameters *parameters, int quarterbacks,
	struct state **ret)
{
	struct state *state;

	TRY_NEW(arena, state, 1);
	TRY_NEW(arena, state->quarterbacks, (size_t)quarterbacks + 1);
	state->parameters = parameters;
	state->quarterback_count = quarterbacks;
	state->size = STATE_QUARTERBACKS;
	for (int i = 0; i < FRANCHISES; i++) {
		state->starter[i] = QUARTERBACK_UNKNOWN;
		state->covariance[STATE_OFFENCE + i][STATE_OFFENCE + i] =
			parameters->start_team_variance;
		state->covariance[STATE_DEFENCE + i][STATE_DEFENCE + i] =
			parameters->start_team_variance;
	}
	state->mean[STATE_TOTAL] = parameters->start_total;
	state->covariance[STATE_TOTAL][STATE_TOTAL] = parameters->start_total_variance;
	state->mean[STATE_HOME] = parameters->start_home;
	state->covariance[STATE_HOME][STATE_HOME] = parameters->start_home_variance;
	for (int i = STATE_MARGIN_EFFECTS; i < STATE_TOTAL_EFFECTS; i++)
		state->covariance[i][i] = parameters->margin_effect_variance;
	for (int i = STATE_TOTAL_EFFECTS; i < STATE_QUARTERBACKS; i++)
		state->covariance[i][i] = parameters->total_effect_variance;
	start_effects(state);
	*ret = state;
	return NULL;
}

/* Scale number INDEX of the state by KEEP and make it more uncertain by VARIANCE. */
static void
scale_number(struct state *state, int index, double keep, double variance)
{
	state->mean[index] *= keep;
	for (int j = 0; j <= index; j++)
		state->covariance[index][j] *= keep;
	for (int i = index; i < state->size; i++)
		state->covariance[i][index] *= keep;
	state->covariance[index][index] += variance;
}

/* What happens to the quarterbacks between seasons; those without a slot age too. */
static void
season_of_quarterbacks(struct state *state)
{
	const struct parameters *p = state->parameters;

	for (int i = STATE_QUARTERBACKS; i < state->size; i++)
		scale_number(state, i, p->keep_quarterback, p->season_quarterback);
	for (int i = 0; i < state->quarterback_count; i++) {
		struct quarterback *quarterback = &state->quarterbacks[i];

		if (!quarterback->is_known || quarterback->slot != SLOT_NONE)
			continue;
		quarterback->mean *= p->keep_quarterback;
		quarterback->variance *= p->keep_quarterback * p->keep_quarterback;
		quarterback->variance += p->season_quarterback;
	}
}

static void
step_season(struct state *state)
{
	const struct parameters *p = state->parameters;

	for (int i = 0; i < FRANCHISES; i++) {
		scale_number(
			state, STATE_OFFENCE + i, p->keep_offence, p->season_offence);
		scale_number(
			state, STATE_DEFENCE + i, p->keep_defence, p->season_defence);
	}
	season_of_quarterbacks(state);
	state->covariance[STATE_TOTAL][STATE_TOTAL] += p->season_total;
	state->covariance[STATE_HOME][STATE_HOME] += p->season_home;
}

static void
step_week(struct state *state)
{
	const struct parameters *p = state->parameters;

	for (int i = 0; i < FRANCHISES; i++) {
		int offence = STATE_OFFENCE + i, defence = STATE_DEFENCE + i;

		state->covariance[offence][offence] += p->week_offence;
		state->covariance[defence][defence] += p->week_defence;
	}
	for (int i = STATE_QUARTERBACKS; i < state->size; i++)
		state->covariance[i][i] += p->week_quarterback;
	state->covariance[STATE_TOTAL][STATE_TOTAL] += p->week_total;
	state->covariance[STATE_HOME][STATE_HOME] += p->week_home;
}

void
state_step(struct state *state, int season)
{
	bool is_first = state->grounds.season == 0;

	if (!is_first && season == state->grounds.season) {
		step_week(state);
		return;
	}
	if (!is_first)
		step_season(state);
	grounds_init(&state->grounds, season);
}

void
state_stranger(const struct state *state, int quarterback, const struct model_game *game,
	double *ret_mean, double *ret_variance)
{
	const struct parameters *p = state->parameters;

	*ret_mean = game && game->week == 1 ? p->debut_opener_mean : p->debut_mean;
	*ret_variance = p->debut_variance;
	if (quarterback >= 0 && quarterback < state->quarterback_count &&
		state->quarterbacks[quarterback].is_known) {
		*ret_mean = state->quarterbacks[quarterback].mean;
		*ret_variance = state->quarterbacks[quarterback].variance;
	}
}

/* Free the slot of whoever has been away longest. */
static int
recycle_slot(struct state *state)
{
	int slot = 0;
	struct quarterback *leaver;

	for (int i = 1; i < QUARTERBACK_SLOTS; i++)
		if (state->quarterbacks[state->slot_owner[i]].last_game <
			state->quarterbacks[state->slot_owner[slot]].last_game)
			slot = i;
	leaver = &state->quarterbacks[state->slot_owner[slot]];
	leaver->slot = SLOT_NONE;
	leaver->mean = state->mean[STATE_QUARTERBACKS + slot];
	leaver->variance =
		state->covariance[STATE_QUARTERBACKS + slot][STATE_QUARTERBACKS + slot];
	return slot;
}

int
state_take_slot(struct state *state, int quarterback, const struct model_game *game)
{
	struct quarterback *player = &state->quarterbacks[quarterback];
	int slot, index;

	player->last_game = state->games;
	if (player->is_known && player->slot != SLOT_NONE)
		return player->slot;

	slot = state->size < STATE_SIZE ? state->size++ - STATE_QUARTERBACKS
					: recycle_slot(state);
	index = STATE_QUARTERBACKS + slot;
	memset(state->covariance[index], 0, sizeof(state->covariance[index]));
	for (int i = index; i < state->size; i++)
		state->covariance[i][index] = 0;
	state_stranger(state, quarterback, game, &state->mean[index],
		&state->covariance[index][index]);
	state->slot_owner[slot] = quarterback;
	player->is_known = true;
	player->slot = slot;
	return slot;
}

/* The mean of the last starters, in worth. */
static double
average_starter(const struct state *state)
{
	double sum = 0;

	for (int i = 0; i < FRANCHISES; i++) {
		double mean, variance;
		int starter = state->starter[i];

		state_stranger(state, starter, NULL, &mean, &variance);
		if (starter >= 0 && state->quarterbacks[starter].slot != SLOT_NONE)
			mean = state->mean[STATE_QUARTERBACKS +
				state->quarterbacks[starter].slot];
		sum += mean;
	}
	return sum / FRANCHISES;
}

void
state_quarterback(
	const struct state *state, int quarterback, double *ret_worth, double *ret_se)
{
	double mean, variance;

	state_stranger(state, quarterback, NULL, &mean, &variance);
	if (quarterback >= 0 && quarterback < state->quarterback_count &&
		state->quarterbacks[quarterback].is_known &&
		state->quarterbacks[quarterback].slot != SLOT_NONE) {
		int index = STATE_QUARTERBACKS + state->quarterbacks[quarterback].slot;

		mean = state->mean[index];
		variance = state->covariance[index][index];
	}
	*ret_worth = mean - average_starter(state);
	*ret_se = sqrt(variance);
}

/* A group of numbers, one a franchise, against their own average: standard errors of the
 * differences. An index of -1 stands for a number that is not in the state. */
static void
contrast(const struct state *state, const int index[FRANCHISES],
	double ret_mean[FRANCHISES], double ret_se[FRANCHISES])
{
	double average = 0, variance_of_average = 0, with_average[FRANCHISES];

	for (int i = 0; i < FRANCHISES; i++) {
		double sum = 0;

		for (int j = 0; j < FRANCHISES; j++)
			sum += state_covariance(state, index[i], index[j]);
		with_average[i] = sum / FRANCHISES;
		variance_of_average += with_average[i] / FRANCHISES;
		average += state->mean[index[i]] / FRANCHISES;
	}
	for (int i = 0; i < FRANCHISES; i++) {
		double variance = state_covariance(state, index[i], index[i]) -
			2 * with_average[i] + variance_of_average;

		ret_mean[i] = state->mean[index[i]] - average;
		ret_se[i] = sqrt(fmax(variance, 0));
	}
}

static double
overall_variance(const struct state *state, int franchise, int quarterback)
{
	int index[3] = { STATE_OFFENCE + franchise, STATE_DEFENCE + franchise,
		SLOT_NONE };
	int count = 2;
	double mean, variance = 0;

	if (quarterback >= 0 && state->quarterbacks[quarterback].is_known &&
		state->quarterbacks[quarterback].slot != SLOT_NONE)
		index[count++] = STATE_QUARTERBACKS +
			state->quarterbacks[quarterback].slot;
	else
		state_stranger(state, quarterback, NULL, &mean, &variance);
	for (int i = 0; i < count; i++)
		for (int j = 0; j < count; j++)
			variance += state_covariance(state, index[i], index[j]);
	return variance;
}

void
state_ratings(const struct state *state, struct rating ret[FRANCHISES])
{
	int offence[FRANCHISES], defence[FRANCHISES];
	double mean[2][FRANCHISES], se[2][FRANCHISES];

	for (int i = 0; i < FRANCHISES; i++) {
		offence[i] = STATE_OFFENCE + i;
		defence[i] = STATE_DEFENCE + i;
	}
	contrast(state, offence, mean[0], se[0]);
	contrast(state, defence, mean[1], se[1]);
	for (int i = 0; i < FRANCHISES; i++) {
		struct rating *rating = &ret[i];

		rating->starter = state->starter[i];
		rating->offence = mean[0][i];
		rating->offence_se = se[0][i];
		rating->defence = mean[1][i];
		rating->defence_se = se[1][i];
		state_quarterback(state, rating->starter, &rating->quarterback,
			&rating->quarterback_se);
		rating->overall = rating->offence + rating->defence + rating->quarterback;
		rating->overall_se = sqrt(overall_variance(state, i, rating->starter));
	}
}
