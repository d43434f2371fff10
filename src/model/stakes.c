#include "model/stakes.h"

#include <math.h>
#include <string.h>

#include "model/standings.h"

enum {
	DRAWS = 64,
	MOST_LEFT = FRANCHISES / 2 * (STAKES_WEEKS + 2),
};

/* What a place is worth: enough to order them, seed by seed. */
static const double worth_first = 2;
static const double worth_bye = 1.8;
static const double worth_division = 1.3;
static const double worth_wild_card = 1;
static const double worth_of_a_seed = .03;
/* With less than this between winning and losing a team has nothing to play for. */
static const double idle_stake = .05;

/* The season as it stands, and what is left of it. */
struct table {
	struct standings standings;
	size_t left_count;
	const struct model_game *left[MOST_LEFT]; /* this week's games first */
	size_t this_week;
};

/* Where a week stands in its season. */
struct span {
	int week, last_week;
	int first_day;       /* of the week */
	int played_until;    /* the last day before that on which a game was played */
	bool is_before_over; /* the week before */
};

struct tally {
	double worth[2];
	int draws[2]; /* lost, won */
	int in;
};

/* Enter GAME, already played or still to be. Points are left out: none are drawn for what
 * is to come, so where the league would go by them it goes by lot. */
static void
enter_game(struct table *table, const struct model_game *game, bool has_result)
{
	standings_meet(&table->standings, game->home, game->away);
	if (has_result)
		standings_result(&table->standings, game->home, game->away,
			game->home_score - game->away_score);
	else
		table->left[table->left_count++] = game;
}

static bool
is_over(const struct span *span, const struct model_game *game)
{
	return game->is_played && game->day < span->first_day;
}

/* A game of an earlier week that was not played, and is not after the last that was, has
 * been called off. */
static bool
is_to_come(const struct span *span, const struct model_game *game)
{
	return game->week >= span->week || game->day >= span->played_until;
}

static struct span
find_span(const struct model_game *const *games, size_t count, int week)
{
	struct span span = { .week = week, .first_day = INT32_MAX };

	for (size_t i = 0; i < count; i++) {
		if (games[i]->type != GAME_REGULAR)
			continue;
		if (games[i]->week > span.last_week)
			span.last_week = games[i]->week;
		if (games[i]->week == week && games[i]->day < span.first_day)
			span.first_day = games[i]->day;
	}
	for (size_t i = 0; i < count; i++)
		if (is_over(&span, games[i]) && games[i]->day > span.played_until)
			span.played_until = games[i]->day;
	span.is_before_over = true;
	for (size_t i = 0; i < count; i++)
		if (games[i]->week == week - 1 && !is_over(&span, games[i]) &&
			is_to_come(&span, games[i]))
			span.is_before_over = false;
	return span;
}

/* False where WEEK is not one of the last of the regular season, or the one before it is
 * not over. */
static bool
make_table(const struct model_game *const *games, size_t count, int week,
	struct table *table, bool *is_last_week)
{
	struct span span = find_span(games, count, week);

	if (week > span.last_week || week <= span.last_week - STAKES_WEEKS ||
		!span.is_before_over)
		return false;
	*is_last_week = week == span.last_week;
	*table = (struct table){ .left_count = 0 };
	standings_init(&table->standings, games[0]->season);
	for (int this_week = 1; this_week >= 0; this_week--)
		for (size_t i = 0; i < count; i++) {
			const struct model_game *game = games[i];

			if (game->type != GAME_REGULAR ||
				(game->week == week) != this_week)
				continue;
			if (is_over(&span, game))
				enter_game(table, game, true);
			else if (is_to_come(&span, game) && table->left_count < MOST_LEFT)
				enter_game(table, game, false);
			if (this_week)
				table->this_week = table->left_count;
		}
	return true;
}

/* SplitMix64, as in score.c: the same draws every time. */
static uint64_t
draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* What each team's final place is worth. */
static void
give_places(struct standings *standings, double place[FRANCHISES])
{
	struct seeding seeding;

	standings_seed(standings, &seeding);
	memset(place, 0, FRANCHISES * sizeof(*place));
	for (int conference = 0; conference < CONFERENCES; conference++)
		for (int seed = 0; seed < seeding.count; seed++) {
			double worth = seed == 0              ? worth_first
				: seed < seeding.byes         ? worth_bye
				: seed < CONFERENCE_DIVISIONS ? worth_division
							      : worth_wild_card;

			place[seeding.club[conference][seed]] = worth +
				worth_of_a_seed * (seeding.count - seed);
		}
}

/* Play what is left once and note what became of each team that plays this week. */
static void
draw_season(const struct table *table, uint64_t *random, struct tally tally[FRANCHISES])
{
	struct standings standings = table->standings;
	double place[FRANCHISES];
	int won[FRANCHISES] = { 0 };
	uint64_t coins = 0;

	for (int i = 0; i < FRANCHISES; i++)
		standings.lot[i] = (uint32_t)(draw(random) >> 32);
	for (size_t i = 0; i < table->left_count; i++) {
		const struct model_game *game = table->left[i];
		bool is_home;

		if (i % 64 == 0)
			coins = draw(random);
		is_home = coins >> (i % 64) & 1;
		standings_result(&standings, game->home, game->away, is_home ? 1 : -1);
		if (i < table->this_week)
			won[is_home ? game->home : game->away] = 1;
	}
	give_places(&standings, place);
	for (int i = 0; i < FRANCHISES; i++) {
		tally[i].worth[won[i]] += place[i];
		tally[i].draws[won[i]]++;
		tally[i].in += place[i] > 0;
	}
}

void
stakes_of(const struct model_game *const *games, size_t count, int week,
	struct stake ret[FRANCHISES])
{
	struct table table;
	struct tally tally[FRANCHISES] = { { .in = 0 } };
	bool is_last_week = false;
	uint64_t random = 1;

	memset(ret, 0, FRANCHISES * sizeof(*ret));
	if (count == 0 || games[0]->season < STANDINGS_FIRST_SEASON ||
		!make_table(games, count, week, &table, &is_last_week))
		return;
	for (int i = 0; i < DRAWS; i++)
		draw_season(&table, &random, tally);
	for (int i = 0; i < FRANCHISES; i++) {
		const struct tally *t = &tally[i];
		double stake, in = (double)t->in / DRAWS;

		if (t->draws[0] == 0 || t->draws[1] == 0)
			continue;
		stake = fmax(0, t->worth[1] / t->draws[1] - t->worth[0] / t->draws[0]);
		ret[i].is_last_week = is_last_week;
		ret[i].urgency = stake;
		ret[i].eliminated = t->in == 0;
		ret[i].resting = in * fmax(0, 1 - stake / idle_stake);
	}
}
