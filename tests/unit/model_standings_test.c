/* The playoff field of every season since 2002, from its results, against what the league
 * published and against the playoff games that were played. */
#include "tests/tap.h"

#include "model/bracket.h"
#include "tests/support/games_csv.h"

enum {
	LAST_SEASON = 2023,
	SEASONS = LAST_SEASON - STANDINGS_FIRST_SEASON + 1,
	MOST_PLAYOFF_GAMES = 13,
};

/* Seeds as published; from nflverse's standings.csv. */
static const char *const published[SEASONS][CONFERENCES] = {
	{ "OAK TEN PIT NYJ IND CLE", "PHI TB GB SF NYG ATL" },
	{ "NE KC IND BAL TEN DEN", "PHI STL CAR GB SEA DAL" },
	{ "PIT NE IND SD NYJ DEN", "PHI ATL GB SEA STL MIN" },
	{ "IND DEN CIN NE JAX PIT", "SEA CHI TB NYG CAR WAS" },
	{ "SD BAL IND NE NYJ KC", "CHI NO PHI SEA DAL NYG" },
	{ "NE IND SD PIT JAX TEN", "DAL GB SEA TB NYG WAS" },
	{ "TEN PIT MIA SD IND BAL", "NYG CAR MIN ARI ATL PHI" },
	{ "IND SD NE CIN NYJ BAL", "NO MIN DAL ARI GB PHI" },
	{ "NE PIT IND KC BAL NYJ", "ATL CHI PHI SEA NO GB" },
	{ "NE BAL HOU DEN PIT CIN", "GB SF NO NYG ATL DET" },
	{ "DEN NE HOU BAL IND CIN", "ATL SF GB WAS SEA MIN" },
	{ "DEN NE CIN IND KC SD", "SEA CAR PHI GB SF NO" },
	{ "NE DEN PIT IND CIN BAL", "SEA GB DAL CAR ARI DET" },
	{ "DEN NE CIN HOU KC PIT", "CAR ARI MIN WAS GB SEA" },
	{ "NE KC PIT HOU OAK MIA", "DAL ATL SEA GB NYG DET" },
	{ "NE PIT JAX KC TEN BUF", "PHI MIN LA NO CAR ATL" },
	{ "KC NE HOU BAL LAC IND", "NO LA CHI DAL SEA PHI" },
	{ "BAL KC NE HOU BUF TEN", "SF GB NO PHI SEA MIN" },
	{ "KC BUF PIT TEN BAL CLE IND", "GB NO SEA WAS TB LA CHI" },
	{ "TEN KC BUF CIN LV NE PIT", "GB TB DAL LA ARI SF PHI" },
	{ "KC BUF CIN JAX LAC BAL MIA", "PHI SF MIN TB DAL NYG SEA" },
	{ "BAL BUF KC HOU CLE MIA PIT", "SF DAL DET TB PHI LA GB" },
};

struct played {
	const struct model_game *games[MOST_PLAYOFF_GAMES];
	size_t count;
	size_t found;
	bool is_wrong;
};

static void
seed_season(const struct games_csv *csv, int season, struct seeding *ret)
{
	static struct standings standings;

	standings_init(&standings, season);
	for (size_t i = 0; i < csv->count; i++)
		if (csv->games[i].season == season && csv->games[i].type == GAME_REGULAR)
			standings_add(&standings, &csv->games[i]);
	standings_seed(&standings, ret);
}

static struct str
seeds_text(const struct seeding *seeding, int conference, int season, char text[64])
{
	size_t len = 0;

	for (int i = 0; i < seeding->count; i++) {
		struct str code = team_code_in(seeding->club[conference][i], season);

		len += (size_t)snprintf(
			text + len, 64 - len, "%s" STR_FMT, i ? " " : "", STR_ARG(code));
	}
	return (struct str){ .ptr = text, .len = len };
}

TEST(every_field_since_2002_has_the_published_seeds)
{
	struct arena arena;
	struct games_csv csv;

	arena_init(&arena, 64 << 20);
	if (!games_csv_read(&arena, &csv))
		SKIP("no games file");
	for (int season = STANDINGS_FIRST_SEASON; season <= LAST_SEASON; season++)
		for (int conference = 0; conference < CONFERENCES; conference++) {
			struct seeding seeding;
			char text[64];

			seed_season(&csv, season, &seeding);
			EQ_STR(seeds_text(&seeding, conference, season, text),
				str_from(published[season - STANDINGS_FIRST_SEASON]
						  [conference]));
		}
	arena_release(&arena);
}

/* The game that was played as GAME says, and who won it. */
static bool
play_as_played(void *arg, const struct bracket_game *game)
{
	struct played *played = arg;

	for (size_t i = 0; i < played->count; i++) {
		const struct model_game *real = played->games[i];
		bool is_swapped = game->round == GAME_SUPER_BOWL &&
			real->home == game->away && real->away == game->home;

		if (real->type != game->round)
			continue;
		if (!is_swapped && (real->home != game->home || real->away != game->away))
			continue;
		played->found++;
		return is_swapped != (game_margin(real) > 0);
	}
	played->is_wrong = true;
	return true;
}

TEST(every_bracket_since_2002_is_the_one_that_was_played)
{
	struct arena arena;
	struct games_csv csv;

	arena_init(&arena, 64 << 20);
	if (!games_csv_read(&arena, &csv))
		SKIP("no games file");
	for (int season = STANDINGS_FIRST_SEASON; season <= LAST_SEASON; season++) {
		struct played played = { .count = 0 };
		struct seeding seeding;
		struct bracket bracket;

		for (size_t i = 0; i < csv.count; i++)
			if (csv.games[i].season == season &&
				game_is_playoff(&csv.games[i]))
				played.games[played.count++] = &csv.games[i];
		seed_season(&csv, season, &seeding);
		bracket_play(&seeding, play_as_played, &played, &bracket);
		OK_OR(!played.is_wrong, "%d: a game that was not played", season);
		EQ_I64(played.found, played.count);
	}
	arena_release(&arena);
}

static bool
home_wins(void *arg, const struct bracket_game *game)
{
	int *games = arg;

	*games += game->is_home_rested;
	return true;
}

TEST(the_first_seeds_meet_in_the_end_where_all_win_at_home)
{
	struct seeding seeding = { .count = 7, .byes = 1 };
	struct bracket bracket;
	int rested = 0;

	for (int seed = 0; seed < seeding.count; seed++) {
		seeding.club[0][seed] = seed;
		seeding.club[1][seed] = 16 + seed;
	}
	bracket_play(&seeding, home_wins, &rested, &bracket);
	EQ_I64(bracket.champion, 0);
	EQ_I64(bracket.in_round[GAME_SUPER_BOWL], 1 | 1 << 16);
	EQ_I64(bracket.in_round[GAME_CONFERENCE], 3 | 3 << 16);
	EQ_I64(bracket.in_round[GAME_DIVISIONAL], 15 | 15 << 16);
	EQ_I64(bracket.in_round[GAME_WILD_CARD], 127 | 127 << 16);
	EQ_I64(rested, 2);
}

TEST(clubs_of_unequal_games_stand_by_percentage)
{
	static struct standings standings;
	struct model_game game = MODEL_GAME_INIT;

	standings_init(&standings, 2022);
	game.home_score = 10;
	game.home = 0, game.away = 10;
	standings_add(&standings, &game);
	game.home = 1, game.away = 11;
	standings_add(&standings, &game);
	game.home_score = 0;
	standings_add(&standings, &game);
	/* 1-0-0 before 1-0-1 before nothing. */
	EQ_I64(standings_leaders(&standings, 7), 1);
	EQ_I64(standings_leaders(&standings, 6), 2);
}
