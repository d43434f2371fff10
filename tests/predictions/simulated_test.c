#include "tests/tap.h"

#include "codec/iso_time.h"
#include "model/bracket.h"
#include "predictions/simulated.h"
#include "tests/support/feed_text.h"

static struct arena arena = { .cap_bytes = 256 << 20 };

static struct str
league_at(uint64_t seed, const char *now)
{
	struct simulated_options options = {
		.seed = seed, .first_season = 2019, .last_season = 2022
	};
	struct str csv = STR("failed");

	if (!iso_time_parse(str_from(now), &options.now) ||
		simulated_league(&arena, &options, &csv))
		return STR("failed");
	return csv;
}

TEST(the_same_seed_is_the_same_league)
{
	struct str league = league_at(3, "2023-06-01T00:00:00Z");

	EQ_STR(league_at(3, "2023-06-01T00:00:00Z"), league);
	OK(!str_eq(league_at(4, "2023-06-01T00:00:00Z"), league));
}

TEST(a_league_is_read_by_the_importer_without_a_fault)
{
	struct feed feed;
	int ties = 0, home_wins = 0;

	OK_ERR(feed_of_text(&arena, league_at(3, "2023-06-01T00:00:00Z"), &feed));
	EQ_I64(feed.fault_count, 0);
	EQ_I64(feed.games.count, 4 * 17 * 16 + 11 + 3 * 13);
	for (size_t i = 0; i < feed.games.count; i++) {
		const struct feed_game *game = &feed.games.items[i];

		OK(game->home_score.is_set);
		ties += game->result.value == 0;
		home_wins += game->result.value > 0;
		OK(game->result.value != 0 || str_eq(game->game_type, STR("REG")));
	}
	OK(ties < 15);
	OK(home_wins > 600 && home_wins < 720);
}

/* --- Playoffs */

struct told {
	const struct feed *feed;
	int season;
	int found;
};

/* Who won the game of the league, if it has it. */
static bool
told_play(void *arg, const struct bracket_game *game)
{
	struct told *told = arg;
	struct str home = team_code_in(game->home, told->season);
	struct str away = team_code_in(game->away, told->season);

	for (size_t i = 0; i < told->feed->games.count; i++) {
		const struct feed_game *row = &told->feed->games.items[i];

		if (row->season != told->season || str_eq(row->game_type, STR("REG")) ||
			!str_eq(row->home_team, home) || !str_eq(row->away_team, away))
			continue;
		told->found++;
		return row->result.value > 0;
	}
	return false;
}

TEST(the_playoffs_are_those_that_the_leagues_rules_ask_for)
{
	struct feed feed;

	OK_ERR(feed_of_text(&arena, league_at(3, "2023-06-01T00:00:00Z"), &feed));
	for (int season = 2019; season <= 2022; season++) {
		struct told told = { .feed = &feed, .season = season };
		struct standings standings;
		struct seeding seeding;
		struct bracket bracket;

		standings_init(&standings, season);
		for (size_t i = 0; i < feed.games.count; i++) {
			const struct feed_game *row = &feed.games.items[i];

			if (row->season == season && str_eq(row->game_type, STR("REG")))
				standings_add(&standings,
					&(struct model_game){
						.home = team_find(row->home_team),
						.away = team_find(row->away_team),
						.home_score = (int)row->home_score.value,
						.away_score = (int)row->away_score.value,
					});
		}
		standings_seed(&standings, &seeding);
		bracket_play(&seeding, told_play, &told, &bracket);
		EQ_I64(told.found, season == 2019 ? 11 : 13);
	}
}

static int
playoffs_told(const char *now)
{
	struct feed feed;
	int ret = 0;

	if (feed_of_text(&arena, league_at(3, now), &feed))
		return -1;
	for (size_t i = 0; i < feed.games.count; i++)
		ret += feed.games.items[i].season == 2022 &&
			!str_eq(feed.games.items[i].game_type, STR("REG"));
	return ret;
}

TEST(a_round_is_told_when_the_one_before_is_over)
{
	/* The first Sunday was 11 September 2022, that of week 17 1 January. */
	EQ_I64(playoffs_told("2023-01-02T12:00:00Z"), 0);
	EQ_I64(playoffs_told("2023-01-04T12:00:00Z"), 6);
	EQ_I64(playoffs_told("2023-01-08T12:00:00Z"), 6);
	EQ_I64(playoffs_told("2023-01-09T12:00:00Z"), 10);
	EQ_I64(playoffs_told("2023-01-16T12:00:00Z"), 12);
	EQ_I64(playoffs_told("2023-01-22T12:00:00Z"), 12);
	EQ_I64(playoffs_told("2023-01-23T12:00:00Z"), 13);
}

TEST(nobody_plays_twice_in_a_week)
{
	struct feed feed;

	OK_ERR(feed_of_text(&arena, league_at(3, "2023-06-01T00:00:00Z"), &feed));
	for (size_t i = 0; i < feed.games.count; i++) {
		const struct feed_game *a = &feed.games.items[i];

		for (size_t j = i + 1; j < feed.games.count && j < i + 16; j++) {
			const struct feed_game *b = &feed.games.items[j];

			if (a->season != b->season || a->week != b->week)
				continue;
			OK(!str_eq(a->home_team, b->home_team) &&
				!str_eq(a->home_team, b->away_team) &&
				!str_eq(a->away_team, b->home_team) &&
				!str_eq(a->away_team, b->away_team));
		}
	}
}

TEST(time_only_says_how_much_has_happened)
{
	struct feed early, late;
	size_t over = 0, lined = 0;

	OK_ERR(feed_of_text(&arena, league_at(3, "2022-10-20T12:00:00Z"), &early));
	OK_ERR(feed_of_text(&arena, league_at(3, "2023-06-01T00:00:00Z"), &late));
	EQ_I64(late.games.count, early.games.count + 13);
	for (size_t i = 0; i < early.games.count; i++) {
		const struct feed_game *a = &early.games.items[i];
		const struct feed_game *b = &late.games.items[i];

		EQ_STR(a->nflverse_id, b->nflverse_id);
		over += a->home_score.is_set;
		lined += a->spread_line.is_set;
		if (a->home_score.is_set)
			EQ_I64(a->home_score.value, b->home_score.value);
		if (a->spread_line.is_set)
			NEAR(a->spread_line.value, b->spread_line.value, 0);
	}
	/* Six weeks of the last season are over; the seventh has lines. */
	EQ_I64(over, 3 * 285 - 2 + 6 * 16);
	EQ_I64(lined, over + 16);
}
