#include "model/standings.h"

#include <string.h>

#include "model/tiebreak.h"

enum {
	SEVEN_SEEDS_SEASON = 2020,
};

int
seeds_in(int season)
{
	return season >= SEVEN_SEEDS_SEASON ? 7 : 6;
}

int
byes_in(int season)
{
	return season >= SEVEN_SEEDS_SEASON ? 1 : 2;
}

void
standings_init(struct standings *standings, int season)
{
	memset(standings, 0, sizeof(*standings));
	standings->season = season;
	for (int club = 0; club < FRANCHISES; club++) {
		enum conference conference = team_conference(club, season);
		enum division division = team_division(club, season);

		standings->conference[conference] |= UINT32_C(1) << club;
		standings->division[conference][division] |= UINT32_C(1) << club;
	}
	for (int club = 0; club < FRANCHISES; club++) {
		enum conference conference = team_conference(club, season);
		enum division division = team_division(club, season);

		standings->conference_of[club] = standings->conference[conference];
		standings->division_of[club] = standings->division[conference][division];
	}
}

void
standings_meet(struct standings *standings, int home, int away)
{
	standings->opponents[home] |= UINT32_C(1) << away;
	standings->opponents[away] |= UINT32_C(1) << home;
	standings->met[home][away]++;
	standings->met[away][home]++;
	standings->played[home]++;
	standings->played[away]++;
}

void
standings_result(struct standings *standings, int home, int away, int margin)
{
	int winner = margin > 0 ? home : away, loser = margin > 0 ? away : home;

	if (margin == 0) {
		standings->tied[home][away]++;
		standings->tied[away][home]++;
		standings->halves[home]++;
		standings->halves[away]++;
		return;
	}
	standings->won[winner][loser]++;
	standings->halves[winner] += 2;
}

void
standings_score(struct standings *standings, const struct model_game *game)
{
	int home = game->home, away = game->away;
	int margin = game->home_score - game->away_score;

	standings->scored[home] += game->home_score;
	standings->allowed[home] += game->away_score;
	standings->scored[away] += game->away_score;
	standings->allowed[away] += game->home_score;
	standings->net[home][away] += margin;
	standings->net[away][home] -= margin;
}

void
standings_add(struct standings *standings, const struct model_game *game)
{
	standings_meet(standings, game->home, game->away);
	standings_result(
		standings, game->home, game->away, game->home_score - game->away_score);
	standings_score(standings, game);
}

uint32_t
standings_leaders(const struct standings *standings, uint32_t clubs)
{
	uint32_t best = 0;
	int best_halves = 0, best_played = 1;

	FOR_EACH_CLUB(club, clubs) {
		int played = standings->played[club] ? standings->played[club] : 1;
		int more = standings->halves[club] * best_played - best_halves * played;

		if (more > 0 || best == 0) {
			best = UINT32_C(1) << club;
			best_halves = standings->halves[club];
			best_played = played;
		} else if (more == 0) {
			best |= UINT32_C(1) << club;
		}
	}
	return best;
}

/* The best club of CLUBS, ties broken as between clubs of several divisions. */
static int
best_of(struct standings *standings, uint32_t clubs)
{
	uint32_t leaders = standings_leaders(standings, clubs);

	return tiebreak_wild_card(standings, leaders, NULL);
}

void
standings_seed(struct standings *standings, struct seeding *ret)
{
	ret->count = seeds_in(standings->season);
	ret->byes = byes_in(standings->season);
	for (int conference = 0; conference < CONFERENCES; conference++) {
		/* Champions of divisions are seeded before all others. */
		uint32_t tiers[] = { 0, standings->conference[conference] };

		for (int i = 0; i < CONFERENCE_DIVISIONS; i++) {
			uint32_t leaders = standings_leaders(
				standings, standings->division[conference][i]);

			tiers[0] |= UINT32_C(1)
				<< tiebreak_division(standings, leaders, NULL);
		}
		tiers[1] &= ~tiers[0];
		for (int seed = 0; seed < ret->count; seed++) {
			uint32_t *tier = &tiers[seed >= CONFERENCE_DIVISIONS];
			int club = best_of(standings, *tier);

			ret->club[conference][seed] = club;
			*tier &= ~(UINT32_C(1) << club);
		}
	}
}
