/* The filter against the textbook: a dense Kalman update of each observation in turn. */
#include "tests/tap.h"

#include <math.h>

#include "model/state.h"

enum {
	PLAYERS = 6,
};

struct fixture {
	struct arena arena;
	struct state *state;
};

static void
fixture_init(struct fixture *fixture)
{
	arena_init(&fixture->arena, 1 << 22);
	if (state_new(&fixture->arena, parameters_of(TIER_L), PLAYERS, &fixture->state))
		tap_fail(__FILE__, __LINE__, "no memory for a state");
	state_step(fixture->state, 2010);
}

static struct model_game
some_game(uint32_t *seed)
{
	struct model_game game = MODEL_GAME_INIT;
	uint32_t r[8];

	for (int i = 0; i < 8; i++)
		r[i] = *seed = *seed * 1664525 + 1013904223;
	game.season = 2010;
	game.week = 2 + (int)(r[0] >> 24) % 14;
	game.day = 14862 + game.week * 7;
	game.kickoff_minute = (r[1] >> 20) % 2 ? 13 * 60 : 20 * 60;
	game.home = (int)(r[2] >> 16) % FRANCHISES;
	game.away = (game.home + 1 + (int)(r[3] >> 16) % (FRANCHISES - 1)) % FRANCHISES;
	game.is_neutral = (r[4] >> 20) % 8 == 0;
	game.home_quarterback = (int)(r[5] >> 16) % PLAYERS;
	game.away_quarterback = (game.home_quarterback + 1) % PLAYERS;
	game.is_played = true;
	game.home_score = (int)(r[6] >> 16) % 60;
	game.away_score = (int)(r[7] >> 16) % 60;
	game.spread_line = (struct opt_f64)OPT((double)(r[6] % 29) - 14);
	game.total_line = (struct opt_f64)OPT((double)(r[7] % 20) + 35);
	return game;
}

/* What one unit of each number of the state adds to a game's margin or total, found by
 * asking. */
static void
find_factors(struct state *state, const struct model_game *game,
	double margin[STATE_SIZE], double total[STATE_SIZE])
{
	struct prediction before = state_predict(state, game, WEATHER_RECORDED);

	for (int i = 0; i < state->size; i++) {
		struct prediction after;
		double mean = state->mean[i];

		state->mean[i] = mean + 1;
		after = state_predict(state, game, WEATHER_RECORDED);
		state->mean[i] = mean;
		margin[i] = after.margin - before.margin;
		total[i] = after.total - before.total;
	}
}

struct dense {
	int size;
	double mean[STATE_SIZE];
	double covariance[STATE_SIZE][STATE_SIZE];
};

static void
dense_observe(struct dense *dense, const double *factor, double value, double variance,
	const double clip[2])
{
	double gain[STATE_SIZE], expected = 0, spread = variance, surprise, limit;

	for (int i = 0; i < dense->size; i++) {
		gain[i] = 0;
		for (int j = 0; j < dense->size; j++)
			gain[i] += dense->covariance[i][j] * factor[j];
		expected += factor[i] * dense->mean[i];
		spread += factor[i] * gain[i];
	}
	surprise = value - expected;
	limit = clip[0] * sqrt(spread);
	if (fabs(surprise) > limit)
		surprise = copysign(limit + clip[1] * (fabs(surprise) - limit), surprise);
	for (int i = 0; i < dense->size; i++) {
		dense->mean[i] += gain[i] * surprise / spread;
		for (int j = 0; j < dense->size; j++)
			dense->covariance[i][j] -= gain[i] * gain[j] / spread;
	}
}

static double
greatest_difference(const struct state *state, const struct dense *dense)
{
	double ret = 0;

	for (int i = 0; i < state->size; i++) {
		ret = fmax(ret, fabs(state->mean[i] - dense->mean[i]));
		for (int j = 0; j <= i; j++)
			ret = fmax(ret,
				fabs(state->covariance[i][j] - dense->covariance[i][j]));
	}
	return ret;
}

TEST(learning_a_game_equals_four_dense_updates_in_turn)
{
	static struct dense dense;
	struct fixture fixture;
	struct state *state;
	uint32_t seed = 7;

	fixture_init(&fixture);
	state = fixture.state;
	for (int round = 0; round < 60; round++) {
		const struct parameters *p = state->parameters;
		const double clip[2] = { p->clip, p->clip_keep };
		const double clip_total[2] = { p->clip_total, p->clip_keep };
		struct model_game game = some_game(&seed);
		double margin[STATE_SIZE], total[STATE_SIZE];

		state_take_slot(state, game.home_quarterback, &game);
		state_take_slot(state, game.away_quarterback, &game);
		find_factors(state, &game, margin, total);
		dense.size = state->size;
		for (int i = 0; i < state->size; i++) {
			dense.mean[i] = state->mean[i];
			for (int j = 0; j < state->size; j++)
				dense.covariance[i][j] = state_covariance(state, i, j);
		}
		dense_observe(
			&dense, margin, game.spread_line.value, p->spread_variance, clip);
		dense_observe(&dense, total, game.total_line.value,
			p->total_line_variance, clip);
		dense_observe(
			&dense, margin, game_margin(&game), p->margin_variance, clip);
		dense_observe(
			&dense, total, game_total(&game), p->total_variance, clip_total);
		state_learn(state, &game, true);
		OK_OR(greatest_difference(state, &dense) < 1e-9, "round %d: off by %g",
			round, greatest_difference(state, &dense));
	}
	arena_release(&fixture.arena);
}

TEST(the_variance_predicted_is_that_of_the_dense_form)
{
	struct fixture fixture;
	struct model_game game;
	struct prediction prediction;
	double margin[STATE_SIZE], total[STATE_SIZE], variance[2] = { 0 };
	uint32_t seed = 3;

	fixture_init(&fixture);
	for (int i = 0; i < 40; i++) {
		game = some_game(&seed);
		state_learn(fixture.state, &game, true);
	}
	find_factors(fixture.state, &game, margin, total);
	prediction = state_predict(fixture.state, &game, WEATHER_RECORDED);
	for (int i = 0; i < fixture.state->size; i++)
		for (int j = 0; j < fixture.state->size; j++) {
			double covariance = state_covariance(fixture.state, i, j);

			variance[0] += margin[i] * covariance * margin[j];
			variance[1] += total[i] * covariance * total[j];
		}
	NEAR(prediction.margin_variance, variance[0], 1e-9);
	NEAR(prediction.total_variance, variance[1], 1e-9);
	arena_release(&fixture.arena);
}

TEST(swapping_the_sides_on_neutral_ground_changes_the_sign)
{
	struct fixture fixture;
	struct model_game game, swapped;
	uint32_t seed = 11;

	fixture_init(&fixture);
	for (int i = 0; i < 40; i++) {
		game = some_game(&seed);
		state_learn(fixture.state, &game, true);
	}
	game.is_neutral = true;
	game.venue = 0;
	swapped = game;
	swapped.home = game.away;
	swapped.away = game.home;
	swapped.home_quarterback = game.away_quarterback;
	swapped.away_quarterback = game.home_quarterback;
	NEAR(state_predict(fixture.state, &swapped, WEATHER_CLIMATE).margin,
		-state_predict(fixture.state, &game, WEATHER_CLIMATE).margin, 1e-9);
	NEAR(state_predict(fixture.state, &swapped, WEATHER_CLIMATE).total,
		state_predict(fixture.state, &game, WEATHER_CLIMATE).total, 1e-9);
	arena_release(&fixture.arena);
}

TEST(a_quarterback_who_lost_his_slot_is_remembered)
{
	struct arena arena;
	struct state *state;
	struct model_game game = MODEL_GAME_INIT;
	double before, worth[2], se;

	arena_init(&arena, 1 << 22);
	OK_ERR(state_new(&arena, parameters_of(TIER_L), 300, &state));
	state_step(state, 2010);
	game.season = 2010;
	game.week = 2;
	game.away = 1;
	game.is_played = true;
	game.home_score = 40;
	for (int i = 0; i < 10; i++) {
		game.home_quarterback = 0;
		game.away_quarterback = 1;
		state_learn(state, &game, false);
	}
	before = state->mean[STATE_QUARTERBACKS + state->quarterbacks[0].slot];
	OK(before > state->mean[STATE_QUARTERBACKS + state->quarterbacks[1].slot]);
	game.home_score = 20;
	game.away_score = 20;
	for (int i = 2; i + 1 < 300; i += 2) {
		game.home = 2 + i % 28;
		game.away = 3 + i % 28;
		game.home_quarterback = i;
		game.away_quarterback = i + 1;
		state_learn(state, &game, false);
	}
	EQ_I64(state->size, STATE_SIZE);
	EQ_I64(state->quarterbacks[0].slot, SLOT_NONE);
	OK(state->quarterbacks[0].mean > state->quarterbacks[1].mean + 0.1);
	state_quarterback(state, 0, &worth[0], &se);
	state_quarterback(state, 1, &worth[1], &se);
	OK(worth[0] > worth[1] + 0.1 && se > 0);
	arena_release(&arena);
}

TEST(ratings_of_all_teams_average_to_nothing)
{
	struct fixture fixture;
	struct rating ratings[FRANCHISES];
	double sum[3] = { 0 };
	uint32_t seed = 5;

	fixture_init(&fixture);
	for (int i = 0; i < 200; i++) {
		struct model_game game = some_game(&seed);

		state_learn(fixture.state, &game, true);
	}
	state_ratings(fixture.state, ratings);
	for (int i = 0; i < FRANCHISES; i++) {
		sum[0] += ratings[i].offence;
		sum[1] += ratings[i].defence;
		sum[2] += ratings[i].quarterback;
		OK(ratings[i].offence_se > 0 && ratings[i].overall_se > 0);
	}
	for (int i = 0; i < 3; i++)
		NEAR(sum[i], 0, 1e-9);
	arena_release(&fixture.arena);
}
