#include "model/stakes.h"

#include <math.h>
#include <string.h>

enum {
	DRAWS = 64,
	MOST_LEFT = FRANCHISES / 2 * (STAKES_WEEKS + 2),
	DIVISIONS = 5,
	EXTRA_WILD_CARD_SEASON = 2020,
	REALIGNMENT_SEASON = 2002,
};

/* What a place is worth: enough to order them. */
static const double worth_first = 2;
static const double worth_bye = 1.8;
static const double worth_division = 1.3;
static const double worth_wild_card = 1;
/* With less than this between winning and losing a team has nothing to play for. */
static const double idle_stake = .05;

/* Who has won how often, in all and against whom; ties count half. */
struct standings {
	double wins[FRANCHISES];
	double division_wins[FRANCHISES];
	double conference_wins[FRANCHISES];
	double lot[FRANCHISES];
	double against[FRANCHISES][FRANCHISES];
};

/* The season as it stands, and what is left of it. */
struct table {
	int conference[FRANCHISES];
	int division[FRANCHISES];
	int wild_cards, byes;
	struct standings standings;
	size_t left_count;
	const struct model_game *left[MOST_LEFT]; /* this week's games first */
	size_t this_week;
};

struct tally {
	double worth[2];
	int draws[2]; /* lost, won */
	int in;
};

static void
count_win(const struct table *table, struct standings *standings, int winner, int loser,
	double share)
{
	bool is_conference = table->conference[winner] == table->conference[loser];

	standings->wins[winner] += share;
	standings->against[winner][loser] += share;
	if (is_conference)
		standings->conference_wins[winner] += share;
	if (is_conference && table->division[winner] == table->division[loser])
		standings->division_wins[winner] += share;
}

static void
count_result(struct table *table, const struct model_game *game)
{
	double home = game_outcome(game);

	count_win(table, &table->standings, game->home, game->away, home);
	count_win(table, &table->standings, game->away, game->home, 1 - home);
}

static void
init_table(struct table *table, int season)
{
	bool is_old = season < REALIGNMENT_SEASON;
	bool is_extended = season >= EXTRA_WILD_CARD_SEASON;

	memset(table, 0, sizeof(*table));
	table->wild_cards = is_old || is_extended ? 3 : 2;
	table->byes = is_extended ? 1 : 2;
	for (int i = 0; i < FRANCHISES; i++) {
		table->conference[i] = (int)team_conference(i, season);
		table->division[i] = (int)team_division(i, season);
	}
}

/* False where WEEK is not one of the last of the regular season. */
static bool
make_table(const struct model_game *const *games, size_t count, int week,
	struct table *table, bool *is_last_week)
{
	int last_week = 0, first_day = INT32_MAX;

	for (size_t i = 0; i < count; i++) {
		if (games[i]->type != GAME_REGULAR)
			continue;
		last_week = games[i]->week > last_week ? games[i]->week : last_week;
		if (games[i]->week == week && games[i]->day < first_day)
			first_day = games[i]->day;
	}
	if (week > last_week || week <= last_week - STAKES_WEEKS)
		return false;
	*is_last_week = week == last_week;
	init_table(table, games[0]->season);
	for (int this_week = 1; this_week >= 0; this_week--)
		for (size_t i = 0; i < count; i++) {
			const struct model_game *game = games[i];

			if (game->type != GAME_REGULAR ||
				(game->week == week) != this_week)
				continue;
			if (game->is_played && game->day < first_day)
				count_result(table, game);
			else if (game->week >= week && table->left_count < MOST_LEFT)
				table->left[table->left_count++] = game;
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

/* Above 0 where team A stands before B: by wins, then (in one division) by their own
 * games and those within the division, then within the conference, then by lot. */
static double
compare_teams(const struct table *table, const struct standings *s, int a, int b)
{
	double difference = s->wins[a] - s->wins[b];

	if (difference == 0)
		difference = s->against[a][b] - s->against[b][a];
	if (difference == 0 && table->division[a] == table->division[b])
		difference = s->division_wins[a] - s->division_wins[b];
	if (difference == 0)
		difference = s->conference_wins[a] - s->conference_wins[b];
	return difference != 0 ? difference : s->lot[a] - s->lot[b];
}

/* The best team of CONFERENCE (of DIVISION, where not negative) that has no place yet. */
static int
best_team(const struct table *table, const struct standings *standings,
	const double place[FRANCHISES], int conference, int division)
{
	int best = FRANCHISE_UNKNOWN;

	for (int i = 0; i < FRANCHISES; i++) {
		if (table->conference[i] != conference || place[i] > 0)
			continue;
		if (division >= 0 && table->division[i] != division)
			continue;
		if (best == FRANCHISE_UNKNOWN ||
			compare_teams(table, standings, i, best) > 0)
			best = i;
	}
	return best;
}

/* What each team's final place is worth. */
static void
give_places(const struct table *table, const struct standings *standings,
	double place[FRANCHISES])
{
	memset(place, 0, FRANCHISES * sizeof(*place));
	for (int conference = 0; conference < 2; conference++) {
		int winners[DIVISIONS], count = 0;

		for (int division = 0; division < DIVISIONS; division++) {
			int best = best_team(
				table, standings, place, conference, division);

			if (best != FRANCHISE_UNKNOWN)
				winners[count++] = best;
		}
		for (int i = 0; i < count; i++) {
			int better = 0;

			for (int j = 0; j < count; j++)
				better += i != j &&
					compare_teams(table, standings, winners[j],
						winners[i]) > 0;
			place[winners[i]] = better == 0 ? worth_first
				: better < table->byes  ? worth_bye
							: worth_division;
		}
		for (int i = 0; i < table->wild_cards; i++)
			place[best_team(table, standings, place, conference, -1)] =
				worth_wild_card;
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
		standings.lot[i] = (double)(draw(random) >> 11);
	for (size_t i = 0; i < table->left_count; i++) {
		const struct model_game *game = table->left[i];
		bool is_home;

		if (i % 64 == 0)
			coins = draw(random);
		is_home = coins >> (i % 64) & 1;
		count_win(table, &standings, is_home ? game->home : game->away,
			is_home ? game->away : game->home, 1);
		if (i < table->this_week)
			won[is_home ? game->home : game->away] = 1;
	}
	give_places(table, &standings, place);
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
	if (count == 0 || !make_table(games, count, week, &table, &is_last_week))
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
