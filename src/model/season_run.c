/* One run of a season after the other: a good ten thousandths of a second each. */
#include <math.h>
#include <string.h>

#include "model/season_plan.h"

enum {
	SUPPOSED_DRAWS_MOST = 256, /* beyond them a surprise is won by a field goal */
	FIELD_GOAL = 3,
};

/* xoshiro256++, D. Blackman and S. Vigna, 2019: public domain. */
struct generator {
	uint64_t s[4];
};

struct run {
	const struct season_plan *plan;
	struct generator generator;
	uint32_t number;
	uint64_t normal_bits;
	int normals_left;
	float strength[STRENGTHS];
	int strength_step[FRANCHISES]; /* in the playoffs: as of which week */
	int16_t margins[MOST_SEASON_GAMES];
	struct standings standings;
};

/* SplitMix64: from one number to well mixed ones. */
static uint64_t
mix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static struct generator
generator_of(uint32_t run, uint32_t stream)
{
	uint64_t state = (uint64_t)stream << 32 | run;
	struct generator ret = { { 0 } };

	for (int i = 0; i < 4; i++)
		ret.s[i] = mix(&state);
	return ret;
}

static inline uint64_t
rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static inline uint64_t
draw(struct generator *g)
{
	uint64_t ret = rotate(g->s[0] + g->s[3], 23) + g->s[0];
	uint64_t t = g->s[1] << 17;

	g->s[2] ^= g->s[0];
	g->s[3] ^= g->s[1];
	g->s[1] ^= g->s[2];
	g->s[0] ^= g->s[3];
	g->s[2] ^= t;
	g->s[3] = rotate(g->s[3], 45);
	return ret;
}

static inline float
draw_normal(struct run *run)
{
	float ret;

	if (run->normals_left == 0) {
		run->normal_bits = draw(&run->generator);
		run->normals_left = 64 / NORMAL_BITS;
	}
	ret = run->plan->normal[run->normal_bits & (NORMALS - 1)];
	run->normal_bits >>= NORMAL_BITS;
	run->normals_left--;
	return ret;
}

/* A margin around EXPECTED, from 32 random bits. */
static inline int
draw_margin(const struct margin_table *table, float expected, uint32_t bits)
{
	float place = (expected + MARGIN_REACH) * MARGIN_STEPS + 0.5F;
	float last = MARGIN_ROWS - 1;
	int row = (int)(place < 0 ? 0 : place > last ? last : place);
	uint32_t column = bits & (MARGIN_COLUMNS - 1);
	uint32_t entry = table->entry[row][column];

	if (bits / MARGIN_COLUMNS >= entry / MARGIN_COLUMNS)
		column = entry & (MARGIN_COLUMNS - 1);
	return (int)column - MARGIN_MIDDLE;
}

static void
draw_strengths(struct run *run)
{
	memset(run->strength, 0, sizeof(run->strength));
	for (int j = 0; j < STRENGTHS; j++) {
		float z = draw_normal(run);
		const float *column = run->plan->root[j];

		for (int i = 0; i < STRENGTHS; i++)
			run->strength[i] += column[i] * z;
	}
}

static void
wander(struct run *run)
{
	for (int club = 0; club < FRANCHISES; club++)
		run->strength[club] += run->plan->week_sd * draw_normal(run);
}

/* MARGIN if it fits what is supposed of game NUMBER, else another that does, from a
 * stream of its own, so that all else stays as it would have been. */
static int
supposed_margin(struct run *run, int number, float expected, int margin)
{
	enum season_result supposed = run->plan->games[number].supposed;
	int sign = supposed == RESULT_HOME ? 1 : -1;
	struct generator generator;

	if (supposed == RESULT_TIE)
		return 0;
	if (margin * sign > 0)
		return margin;
	generator = generator_of(run->number, (uint32_t)number + 2);
	for (int i = 0; i < SUPPOSED_DRAWS_MOST; i++) {
		margin = draw_margin(
			&run->plan->regular, expected, (uint32_t)draw(&generator));
		if (margin * sign > 0)
			return margin;
	}
	return sign * FIELD_GOAL;
}

static void
play_regular_season(struct run *run)
{
	const struct season_plan *plan = run->plan;
	uint64_t bits = 0;
	int step = 0;

	for (int i = 0; i < plan->game_count; i++) {
		const struct season_game *game = &plan->games[i];
		float expected;

		for (; step < game->step; step++)
			wander(run);
		bits = i % 2 == 0 ? draw(&run->generator) : bits >> 32;
		expected = game->margin + run->strength[game->home] -
			run->strength[game->away];
		if (!game->is_neutral)
			expected += run->strength[STRENGTH_HOME];
		run->margins[i] = (int16_t)draw_margin(
			&plan->regular, expected, (uint32_t)bits);
		if (UNLIKELY(game->supposed != RESULT_OPEN))
			run->margins[i] = (int16_t)supposed_margin(
				run, i, expected, run->margins[i]);
		standings_result(
			&run->standings, game->home, game->away, run->margins[i]);
	}
	for (int club = 0; club < FRANCHISES; club++)
		run->strength_step[club] = step;
}

/* Scores that fit the margins drawn, and lots: hardly ever needed, so from a stream of
 * their own. */
static void
draw_scores(struct standings *standings, void *arg)
{
	struct run *run = arg;
	const struct season_plan *plan = run->plan;
	struct generator generator = generator_of(run->number, 1);

	memcpy(standings->scored, plan->standings.scored, sizeof(standings->scored));
	memcpy(standings->allowed, plan->standings.allowed, sizeof(standings->allowed));
	memcpy(standings->net, plan->standings.net, sizeof(standings->net));
	for (int i = 0; i < plan->game_count; i++) {
		const struct season_game *game = &plan->games[i];
		struct model_game played = { .home = game->home, .away = game->away };
		int margin = run->margins[i];
		int size = margin < 0 ? -margin : margin;
		float z = plan->normal[draw(&generator) & (NORMALS - 1)];
		int total = (int)lrintf(game->total + plan->total_sd * z);

		total = total < size ? size : total + ((total + size) & 1);
		played.home_score = (total + margin) / 2;
		played.away_score = (total - margin) / 2;
		standings_score(standings, &played);
	}
	for (int club = 0; club < FRANCHISES; club++)
		standings->lot[club] = (uint32_t)(draw(&generator) >> 32);
}

static void
begin_run(struct run *run, uint32_t number)
{
	const struct standings *base = &run->plan->standings;

	run->number = number;
	run->generator = generator_of(number, 0);
	run->normals_left = 0;
	memcpy(run->standings.halves, base->halves, sizeof(base->halves));
	memcpy(run->standings.won, base->won, sizeof(base->won));
	memcpy(run->standings.tied, base->tied, sizeof(base->tied));
	run->standings.scores = draw_scores;
	run->standings.scores_arg = run;
}

/* CLUB's strength as of the week of ROUND. */
static float
strength_in(struct run *run, int club, enum game_type round)
{
	int weeks = run->plan->playoff_step[round] - run->strength_step[club];

	for (; weeks > 0; weeks--) {
		run->strength[club] += run->plan->week_sd * draw_normal(run);
		run->strength_step[club]++;
	}
	return run->strength[club];
}

static bool
play_playoff_game(void *arg, const struct bracket_game *game)
{
	struct run *run = arg;
	const struct season_plan *plan = run->plan;
	int winner = plan->winner[game->round][game->home][game->away];
	float expected;

	if (winner)
		return winner > 0;
	expected = strength_in(run, game->home, game->round) -
		strength_in(run, game->away, game->round);
	if (game->round == GAME_SUPER_BOWL)
		expected += plan->neutral[game->home][game->away];
	else
		expected += run->strength[STRENGTH_HOME] +
			plan->at_home[game->is_home_rested][game->home][game->away];
	return draw_margin(&plan->playoff, expected, (uint32_t)draw(&run->generator)) > 0;
}

static void
count_run(const struct run *run, const struct seeding *seeding,
	const struct bracket *bracket, struct season_counts *counts)
{
	counts->runs++;
	for (int club = 0; club < FRANCHISES; club++) {
		uint32_t halves = run->standings.halves[club];

		counts->wins[club][halves / 2]++;
		counts->halves[club] += halves;
		counts->squares[club] += (uint64_t)halves * halves;
	}
	for (int conference = 0; conference < CONFERENCES; conference++)
		for (int seed = 0; seed < seeding->count; seed++) {
			int club = seeding->club[conference][seed];

			counts->seed[club][seed]++;
			counts->division[club] += seed < CONFERENCE_DIVISIONS;
		}
	for (int round = GAME_WILD_CARD; round <= GAME_SUPER_BOWL; round++)
		FOR_EACH_CLUB(club, bracket->in_round[round])
			counts->round[club][round]++;
	counts->title[bracket->champion]++;
}

void
season_simulate(const struct season_plan *plan, uint32_t first, uint32_t runs,
	struct season_counts *counts)
{
	struct run run = { .plan = plan, .standings = plan->standings };

	for (uint32_t i = 0; i < runs; i++) {
		struct seeding seeding;
		struct bracket bracket;

		begin_run(&run, first + i);
		draw_strengths(&run);
		play_regular_season(&run);
		standings_seed(&run.standings, &seeding);
		bracket_play(&seeding, play_playoff_game, &run, &bracket);
		count_run(&run, &seeding, &bracket, counts);
	}
}

void
season_counts_add(struct season_counts *counts, const struct season_counts *more)
{
	counts->runs += more->runs;
	for (int club = 0; club < FRANCHISES; club++) {
		for (int i = 0; i < MOST_WINS; i++)
			counts->wins[club][i] += more->wins[club][i];
		for (int i = 0; i < MOST_SEEDS; i++)
			counts->seed[club][i] += more->seed[club][i];
		for (int i = 0; i <= GAME_SUPER_BOWL; i++)
			counts->round[club][i] += more->round[club][i];
		counts->halves[club] += more->halves[club];
		counts->squares[club] += more->squares[club];
		counts->division[club] += more->division[club];
		counts->title[club] += more->title[club];
	}
}

struct season_outlook
season_outlook(const struct season_counts *counts, int franchise)
{
	double runs = counts->runs;
	double mean = (double)counts->halves[franchise] / runs;
	double square = (double)counts->squares[franchise] / runs;
	const uint32_t *round = counts->round[franchise];
	struct season_outlook ret = {
		.runs = counts->runs,
		.wins_mean = mean / 2,
		.wins_sd = sqrt(fmax(square - mean * mean, 0)) / 2,
		.division = counts->division[franchise] / runs,
		.playoffs = round[GAME_WILD_CARD] / runs,
		.divisional = round[GAME_DIVISIONAL] / runs,
		.championship = round[GAME_CONFERENCE] / runs,
		.final = round[GAME_SUPER_BOWL] / runs,
		.title = counts->title[franchise] / runs,
	};

	for (int i = 0; i < MOST_WINS; i++)
		ret.wins[i] = counts->wins[franchise][i] / runs;
	for (int i = 0; i < MOST_SEEDS; i++)
		ret.seed[i] = counts->seed[franchise][i] / runs;
	return ret;
}

double
season_chance_se(double chance, uint32_t runs)
{
	return sqrt(chance * (1 - chance) / runs);
}
