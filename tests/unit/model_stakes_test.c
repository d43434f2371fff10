/* What is at stake in the last weeks, on a small made-up season and in real ones. */
#include "tests/tap.h"

#include "model/stakes.h"
#include "tests/support/games_csv.h"

enum {
	SEASON = 2010,
	MOST_GAMES = 320,
	LAST_WEEK = 17,
};

struct season {
	struct model_game games[MOST_GAMES];
	const struct model_game *order[MOST_GAMES];
	size_t count;
};

/* Every week team i meets a rival of its own pair; the team of the lower number wins all
 * that is played, but for the weeks from UNPLAYED on. */
static void
make_season(struct season *season, int unplayed)
{
	season->count = 0;
	for (int week = 1; week <= LAST_WEEK; week++)
		for (int pair = 0; pair < FRANCHISES / 2; pair++) {
			struct model_game *game = &season->games[season->count];

			*game = (struct model_game)MODEL_GAME_INIT;
			game->season = SEASON;
			game->week = week;
			game->day = 14862 + 7 * week;
			game->home = 2 * pair;
			game->away = 2 * pair + 1;
			game->is_played = week < unplayed;
			game->home_score = game->is_played ? 20 : 0;
			season->order[season->count++] = game;
		}
}

TEST(nothing_is_at_stake_before_the_last_weeks_or_after)
{
	static struct season season;
	struct stake stakes[FRANCHISES];

	make_season(&season, 10);
	stakes_of(season.order, season.count, LAST_WEEK - STAKES_WEEKS, stakes);
	for (int i = 0; i < FRANCHISES; i++)
		OK(stakes[i].urgency == 0 && stakes[i].resting == 0 &&
			stakes[i].eliminated == 0);
	stakes_of(season.order, season.count, LAST_WEEK + 1, stakes);
	for (int i = 0; i < FRANCHISES; i++)
		OK(stakes[i].urgency == 0);
	stakes_of(season.order, 0, 1, stakes);
	OK(stakes[0].urgency == 0);
}

TEST(teams_without_a_win_are_eliminated_by_the_last_week)
{
	static struct season season;
	struct stake stakes[FRANCHISES];
	int eliminated = 0, resting = 0;

	make_season(&season, LAST_WEEK);
	stakes_of(season.order, season.count, LAST_WEEK, stakes);
	for (int i = 0; i < FRANCHISES; i++) {
		OK(stakes[i].is_last_week);
		if (i % 2 == 1)
			OK(stakes[i].eliminated == 1 || stakes[i].urgency < 0.5);
		else
			OK(stakes[i].eliminated == 0);
		OK(stakes[i].resting == 0 || stakes[i].eliminated == 0);
		eliminated += stakes[i].eliminated == 1;
		resting += stakes[i].resting > 0.9;
	}
	/* Twelve get in; of sixteen unbeaten teams some have only the first seed to play
	 * for. */
	OK(eliminated >= 10);
	OK(resting < 12);
}

TEST(a_team_far_ahead_rests)
{
	static struct season season;
	struct stake stakes[FRANCHISES];

	make_season(&season, LAST_WEEK);
	/* Nobody but Buffalo (3) wins anything: all others tie. */
	for (size_t i = 0; i < season.count; i++) {
		struct model_game *game = &season.games[i];

		if (!game->is_played)
			continue;
		game->home_score = game->away_score = 20;
		if (game->away == 3)
			game->away_score = 30;
	}
	stakes_of(season.order, season.count, LAST_WEEK, stakes);
	OK(stakes[3].resting == 1);
	OK(stakes[2].eliminated == 1 || stakes[2].urgency > 0);
	for (int i = 4; i < FRANCHISES; i++)
		OK(stakes[i].urgency > 0 && stakes[i].resting == 0);
}

TEST(until_the_week_before_is_over_nobody_knows_what_will_be_at_stake)
{
	static struct season season;
	struct stake stakes[FRANCHISES];

	make_season(&season, LAST_WEEK);
	season.games[season.count - FRANCHISES].is_played = false;
	stakes_of(season.order, season.count, LAST_WEEK, stakes);
	for (int i = 0; i < FRANCHISES; i++)
		OK(stakes[i].urgency == 0 && stakes[i].resting == 0 &&
			stakes[i].eliminated == 0);
}

/* All games were ties but one of teams 0 and 1, which comes after the others. */
TEST(a_game_that_was_put_off_is_still_to_be_played)
{
	static struct season season;
	struct stake drawn[FRANCHISES], lost[FRANCHISES], never[FRANCHISES];
	struct model_game *late;

	make_season(&season, LAST_WEEK);
	for (size_t i = 0; i < season.count; i++)
		season.games[i].away_score = season.games[i].home_score;
	late = &season.games[(LAST_WEEK - 3) * FRANCHISES / 2];
	late->home_score++;
	stakes_of(season.order, season.count, LAST_WEEK, lost);
	late->is_played = false;
	late->day += 8;
	stakes_of(season.order, season.count, LAST_WEEK, drawn);
	late->type = GAME_WILD_CARD; /* not a game that counts */
	stakes_of(season.order, season.count, LAST_WEEK, never);
	OK(drawn[1].urgency != lost[1].urgency);
	OK(drawn[1].urgency != never[1].urgency);
}

TEST(a_game_that_was_called_off_is_not_waited_for)
{
	static struct season season;
	struct stake never[FRANCHISES], without[FRANCHISES];

	make_season(&season, LAST_WEEK);
	season.games[0].is_played = false;
	stakes_of(season.order, season.count, LAST_WEEK, without);
	season.games[0].type = GAME_WILD_CARD; /* not a game that counts */
	stakes_of(season.order, season.count, LAST_WEEK, never);
	for (int i = 0; i < FRANCHISES; i++)
		OK(without[i].urgency == never[i].urgency &&
			without[i].resting == never[i].resting);
}

TEST(results_of_the_week_itself_change_no_stake)
{
	static struct season season;
	struct stake before[FRANCHISES], after[FRANCHISES];

	make_season(&season, LAST_WEEK);
	stakes_of(season.order, season.count, LAST_WEEK, before);
	make_season(&season, LAST_WEEK + 1);
	stakes_of(season.order, season.count, LAST_WEEK, after);
	for (int i = 0; i < FRANCHISES; i++)
		OK(before[i].resting == after[i].resting &&
			before[i].urgency == after[i].urgency &&
			before[i].eliminated == after[i].eliminated);
}

/* The stakes of the club of CODE in the last week of SEASON, 17, as they really were. */
static struct stake
real_stake(const struct games_csv *csv, int season, const char *code)
{
	static const struct model_game *games[MOST_GAMES];
	struct stake stakes[FRANCHISES];
	size_t count = 0;

	for (size_t i = 0; i < csv->count && count < MOST_GAMES; i++)
		if (csv->games[i].season == season)
			games[count++] = &csv->games[i];
	stakes_of(games, count, LAST_WEEK, stakes);
	return stakes[team_find(str_from(code))];
}

/* Washington and Dallas met for the division in 2012, and what Dallas had ahead of it was
 * only its record in common games. The Jets of 2004 were not sure
 * of a wild card either. */
TEST(who_still_plays_for_a_place_by_the_leagues_tie_breaks_does_not_rest)
{
	struct arena arena;
	struct games_csv csv;

	arena_init(&arena, 512 << 20);
	if (!games_csv_read(&arena, &csv))
		SKIP("no games file");
	OK(real_stake(&csv, 2012, "WAS").resting == 0);
	OK(real_stake(&csv, 2012, "WAS").urgency > 0.5);
	OK(real_stake(&csv, 2012, "DAL").urgency > 0.5);
	OK(real_stake(&csv, 2004, "NYJ").resting == 0);
	/* Philadelphia had been first for weeks, and lost by 28 with its second string. */
	OK(real_stake(&csv, 2004, "PHI").resting == 1);
	OK(real_stake(&csv, 2012, "DET").eliminated == 1);
	OK(real_stake(&csv, 2001, "NE").urgency == 0);
	arena_release(&arena);
}
