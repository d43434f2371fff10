/* Seasons played many times from the real games. */
#include "tests/tap.h"

#include <math.h>
#include <pthread.h>

#include "model/season.h"
#include "tests/support/games_csv.h"

enum {
	RUNS = 4000,
	SEASON = 2023,
	LAST_WEEK = 18,
	END = 23,
	CAR = 4,
	KC = 15,
};

struct real {
	struct arena arena;
	struct games_csv csv;
	struct season_view view;
	struct walk walk;
	struct season_plan *plan;
};

/* The season from WEEK on. False where there is no games file. */
static bool
real_init(struct real *real)
{
	arena_init(&real->arena, 512 << 20);
	return games_csv_read(&real->arena, &real->csv);
}

static struct err *
real_plan_at(struct real *real, struct season_time when)
{
	TRY(season_cut(
		&real->arena, real->csv.games, real->csv.count, when, &real->view));
	TRY(walk_games(&real->arena, season_walk(TIER_L, when), real->view.games,
		real->view.count, &real->walk));
	return season_plan_new(&real->arena, &real->walk, real->view, when, &real->plan);
}

static struct err *
real_plan(struct real *real, int season, int week)
{
	return real_plan_at(real, (struct season_time){ .season = season, .week = week });
}

/* Whatever is counted adds up over the clubs of CLUBS to WANT in each run. */
#define ADDS_UP(clubs, expression, want)      \
	do {                                  \
		uint64_t sum_ = 0;            \
		FOR_EACH_CLUB(club, (clubs))  \
			sum_ += (expression); \
		EQ_I64(sum_, (want));         \
	} while (0)

static void
check_sums(const struct season_counts *counts, int season)
{
	struct standings standings;
	uint32_t runs = counts->runs;

	standings_init(&standings, season);
	ADDS_UP(UINT32_MAX, counts->title[club], runs);
	ADDS_UP(UINT32_MAX, counts->halves[club],
		(uint64_t)runs * (season < 2021 ? 512 : 544));
	for (int c = 0; c < CONFERENCES; c++) {
		uint32_t clubs = standings.conference[c];

		for (int seed = 0; seed < seeds_in(season); seed++)
			ADDS_UP(clubs, counts->seed[club][seed], runs);
		for (int i = 0; i < CONFERENCE_DIVISIONS; i++)
			ADDS_UP(standings.division[c][i], counts->division[club], runs);
		ADDS_UP(clubs, counts->round[club][GAME_WILD_CARD],
			runs * (uint32_t)seeds_in(season));
		ADDS_UP(clubs, counts->round[club][GAME_DIVISIONAL], runs * 4);
		ADDS_UP(clubs, counts->round[club][GAME_CONFERENCE], runs * 2);
		ADDS_UP(clubs, counts->round[club][GAME_SUPER_BOWL], runs);
	}
	FOR_EACH_CLUB(club, UINT32_MAX) {
		uint64_t seeds = 0, wins = 0;

		for (int seed = 0; seed < MOST_SEEDS; seed++)
			seeds += counts->seed[club][seed];
		for (int i = 0; i < MOST_WINS; i++)
			wins += counts->wins[club][i];
		EQ_I64(seeds, counts->round[club][GAME_WILD_CARD]);
		EQ_I64(wins, runs);
	}
}

TEST(chances_add_up)
{
	static const int weeks[] = { 1, 9, 17, LAST_WEEK, 19, 21 };
	struct real real;

	if (!real_init(&real))
		SKIP("no games file");
	for (size_t i = 0; i < COUNT_OF(weeks); i++) {
		struct season_counts counts = { .runs = 0 };

		OK_ERR(real_plan(&real, SEASON, weeks[i]));
		season_simulate(real.plan, 0, 1000, &counts);
		check_sums(&counts, SEASON);
		if (tap_failed)
			return;
	}
	for (int season = 2002; season <= 2020; season += 6) {
		struct season_counts counts = { .runs = 0 };

		OK_ERR(real_plan(&real, season, 3));
		season_simulate(real.plan, 0, 1000, &counts);
		check_sums(&counts, season);
	}
	arena_release(&real.arena);
}

TEST(a_finished_season_is_certain)
{
	struct real real;
	struct season_counts counts = { .runs = 0 };
	struct season_outlook outlook;

	if (!real_init(&real))
		SKIP("no games file");
	EQ_I64(season_next_week(real.csv.games, real.csv.count, SEASON), END);
	EQ_I64(season_next_week(real.csv.games, real.csv.count, SEASON + 1), 0);
	OK_ERR(real_plan(&real, SEASON, END));
	season_simulate(real.plan, 0, 100, &counts);
	EQ_I64(counts.title[KC], 100);
	EQ_I64(counts.wins[KC][11], 100);
	EQ_I64(counts.seed[KC][2], 100);
	outlook = season_outlook(&counts, KC);
	OK(outlook.title == 1 && outlook.final == 1 && outlook.playoffs == 1);
	OK(outlook.wins_mean == 11 && outlook.wins_sd == 0);
	for (int club = 0; club < FRANCHISES; club++) {
		outlook = season_outlook(&counts, club);
		OK(outlook.playoffs == 0 || outlook.playoffs == 1);
		OK(outlook.title == (club == KC ? 1 : 0));
	}
	arena_release(&real.arena);
}

/* As Buffalo at Cincinnati in 2022, which the feed took back in the end. */
TEST(a_game_that_was_called_off_holds_nothing_up)
{
	struct real real;
	struct season_counts counts = { .runs = 0 };
	struct model_game *off = NULL;

	if (!real_init(&real))
		SKIP("no games file");
	for (size_t i = 0; i < real.csv.count; i++)
		if (real.csv.games[i].season == SEASON && real.csv.games[i].week == 17)
			off = &real.csv.games[i];
	OK(off != NULL);
	off->is_played = false;
	EQ_I64(season_next_week(real.csv.games, real.csv.count, SEASON), END);
	OK_ERR(real_plan(&real, SEASON, END));
	season_simulate(real.plan, 0, 100, &counts);
	EQ_I64(counts.squares[off->home] * 100,
		counts.halves[off->home] * counts.halves[off->home]);
	EQ_I64(counts.squares[off->away] * 100,
		counts.halves[off->away] * counts.halves[off->away]);
	/* Moved behind the week that is looked from, it is still to come. */
	counts = (struct season_counts){ .runs = 0 };
	for (size_t i = 0; i < real.csv.count; i++)
		if (real.csv.games[i].season == SEASON &&
			real.csv.games[i].week == LAST_WEEK)
			off->day = real.csv.games[i].day + 2;
	OK_ERR(real_plan(&real, SEASON, LAST_WEEK));
	season_simulate(real.plan, 0, 100, &counts);
	check_sums(&counts, SEASON);
	arena_release(&real.arena);
}

/* Week 10 comes next, though a game of week 3 will be made up in week 18. */
TEST(a_game_that_was_put_off_brings_its_week_not_back)
{
	struct real real;
	struct model_game *off = NULL;
	int last_day = 0;

	if (!real_init(&real))
		SKIP("no games file");
	for (size_t i = 0; i < real.csv.count; i++) {
		struct model_game *game = &real.csv.games[i];

		if (game->season != SEASON)
			continue;
		if (game->week == 3)
			off = game;
		if (game->week == LAST_WEEK)
			last_day = game->day;
		game->is_played = game->week < 10;
	}
	OK(off != NULL);
	off->is_played = false;
	off->day = last_day;
	EQ_I64(season_next_week(real.csv.games, real.csv.count, SEASON), 10);
	arena_release(&real.arena);
}

struct half {
	const struct season_plan *plan;
	uint32_t first, runs;
	struct season_counts counts;
};

static void *
play_half(void *arg)
{
	struct half *half = arg;

	season_simulate(half->plan, half->first, half->runs, &half->counts);
	return NULL;
}

TEST(two_threads_count_what_one_does)
{
	static struct season_counts alone, shared;
	static struct half halves[2];
	pthread_t threads[2];
	struct real real;

	if (!real_init(&real))
		SKIP("no games file");
	OK_ERR(real_plan(&real, SEASON, 5));
	season_simulate(real.plan, 0, RUNS, &alone);
	for (int i = 0; i < 2; i++) {
		uint32_t first = i * (RUNS / 3);

		halves[i] = (struct half){ .plan = real.plan, .first = first };
		halves[i].runs = i == 0 ? RUNS / 3 : RUNS - first;
		EQ_I64(pthread_create(&threads[i], NULL, play_half, &halves[i]), 0);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	season_counts_add(&shared, &halves[1].counts);
	season_counts_add(&shared, &halves[0].counts);
	OK(memcmp(&alone, &shared, sizeof(alone)) == 0);
	/* And other runs are others. */
	memset(&shared, 0, sizeof(shared));
	season_simulate(real.plan, 1, RUNS, &shared);
	OK(memcmp(&alone, &shared, sizeof(alone)) != 0);
	arena_release(&real.arena);
}

TEST(nothing_dated_after_the_week_changes_a_count)
{
	static struct season_counts before, after;
	struct real real;
	uint32_t noise = 1;

	if (!real_init(&real))
		SKIP("no games file");
	OK_ERR(real_plan(&real, SEASON, 7));
	season_simulate(real.plan, 0, RUNS, &before);
	for (size_t i = 0; i < real.csv.count; i++) {
		struct model_game *game = &real.csv.games[i];

		if (game->season < SEASON || (game->season == SEASON && game->week < 7))
			continue;
		noise = noise * 1664525 + 1013904223;
		game->home_score = (int)(noise >> 26);
		game->away_score = (int)(noise >> 20 & 63);
		game->spread_line.value = noise >> 16 & 15;
		game->total_line.value = noise >> 12 & 63;
		game->roof = ROOF_CLOSED;
		if (game->week > 7)
			game->home_quarterback = (int)(noise >> 28);
	}
	OK_ERR(real_plan(&real, SEASON, 7));
	season_simulate(real.plan, 0, RUNS, &after);
	OK(memcmp(&before, &after, sizeof(before)) == 0);
	arena_release(&real.arena);
}

/* What CLUB has won of the games that are over in what is seen. */
static double
won_so_far(const struct real *real, int club)
{
	double ret = 0;

	for (size_t i = 0; i < real->view.count; i++) {
		const struct model_game *game = &real->view.games[i];

		if (game->season != SEASON || !game->is_played)
			continue;
		if (game->home == club)
			ret += game_outcome(game);
		else if (game->away == club)
			ret += 1 - game_outcome(game);
	}
	return ret;
}

/* What CLUB's forecasts of what is still to be played come to. */
static double
won_by_forecasts(const struct real *real, int club)
{
	double ret = 0;

	for (size_t i = 0; i < real->view.count; i++) {
		const struct model_game *game = &real->view.games[i];

		if (game->season != SEASON || game->is_played || game_is_playoff(game))
			continue;
		if (game->home == club)
			ret += real->walk.forecasts[i].home_win;
		else if (game->away == club)
			ret += 1 - real->walk.forecasts[i].home_win;
	}
	return ret;
}

/* Of every club but those of EXCEPT, which may be NULL; on the average to within WITHIN. */
static void
check_forecasts(struct real *real, const struct model_game *except, double within)
{
	static struct season_counts counts;
	double off = 0;

	memset(&counts, 0, sizeof(counts));
	season_simulate(real->plan, 0, 20000, &counts);
	for (int club = 0; club < FRANCHISES; club++) {
		double drawn = season_outlook(&counts, club).wins_mean -
			won_so_far(real, club);

		if (except && (club == except->home || club == except->away))
			continue;
		NEAR(drawn, won_by_forecasts(real, club), 4 * within);
		off += fabs(drawn - won_by_forecasts(real, club));
	}
	OK_OR(off / FRANCHISES < within, "off by %f", off / FRANCHISES);
}

TEST(a_game_is_won_as_often_as_its_forecast_says)
{
	struct real real;

	if (!real_init(&real))
		SKIP("no games file");
	OK_ERR(real_plan(&real, SEASON, LAST_WEEK));
	check_forecasts(&real, NULL, .007);
	arena_release(&real.arena);
}

/* A game of the week before stands in its week still, though it is played after the first
 * of this week: what is at stake is found for this week all the same. */
TEST(also_where_a_game_of_the_week_before_was_put_off)
{
	struct real real;
	struct model_game *off = NULL;

	if (!real_init(&real))
		SKIP("no games file");
	for (size_t i = 0; i < real.csv.count; i++)
		if (real.csv.games[i].season == SEASON &&
			real.csv.games[i].week == LAST_WEEK - 1)
			off = &real.csv.games[i];
	OK(off != NULL);
	off->day += 7;
	OK_ERR(real_plan(&real, SEASON, LAST_WEEK));
	OK(season_next_week(real.view.games, real.view.count, SEASON) == LAST_WEEK);
	check_forecasts(&real, off, .007);
	arena_release(&real.arena);
}

/* The season as it stands once COUNT games of WEEK are over; nobody is named for later ones. */
static void
stop_in(struct real *real, int week, int count)
{
	for (size_t i = 0; i < real->csv.count; i++) {
		struct model_game *game = &real->csv.games[i];

		if (game->season != SEASON || game->week < week)
			continue;
		game->is_played = game->week == week && count-- > 0;
		if (game->week > week)
			game->home_quarterback = game->away_quarterback =
				QUARTERBACK_UNKNOWN;
	}
}

TEST(live_it_counts_what_is_over_of_the_week)
{
	static struct season_counts before, live;
	struct season_time when = {
		.season = SEASON, .week = LAST_WEEK, .is_live = true
	};
	struct real real;
	int certain = 0;

	if (!real_init(&real))
		SKIP("no games file");
	OK_ERR(real_plan(&real, SEASON, LAST_WEEK));
	season_simulate(real.plan, 0, RUNS, &before);
	stop_in(&real, LAST_WEEK, 0);
	OK_ERR(real_plan_at(&real, when));
	EQ_I64(season_played_since(real.view, when), 0);
	season_simulate(real.plan, 0, RUNS, &live);
	OK(memcmp(&before, &live, sizeof(live)) == 0);
	stop_in(&real, LAST_WEEK, 2);
	OK_ERR(real_plan_at(&real, when));
	EQ_I64(season_played_since(real.view, when), 2);
	memset(&live, 0, sizeof(live));
	season_simulate(real.plan, 0, RUNS, &live);
	check_sums(&live, SEASON);
	for (int club = 0; club < FRANCHISES; club++)
		certain += season_outlook(&live, club).wins_sd == 0;
	EQ_I64(certain, 4);
	check_forecasts(&real, NULL, .007);
	arena_release(&real.arena);
}

/* Also of the playoffs: whoever has lost is out. */
TEST(live_it_counts_playoff_games)
{
	static struct season_counts live;
	struct season_time when = {
		.season = SEASON, .week = LAST_WEEK + 1, .is_live = true
	};
	struct real real;
	int in = 0;

	if (!real_init(&real))
		SKIP("no games file");
	stop_in(&real, when.week, 2);
	OK_ERR(real_plan_at(&real, when));
	EQ_I64(season_played_since(real.view, when), 2);
	season_simulate(real.plan, 0, 1000, &live);
	check_sums(&live, SEASON);
	for (int club = 0; club < FRANCHISES; club++)
		in += live.title[club] > 0;
	OK_OR(in <= 12, "%d may win", in);
	arena_release(&real.arena);
}

/* Whoever is named for a game of a later week plays from then on, not before. */
TEST(live_it_knows_who_is_named_for_later_weeks)
{
	struct season_time when = { .season = SEASON, .week = 16, .is_live = true };
	struct real real;
	int stranger = 0;

	if (!real_init(&real))
		SKIP("no games file");
	stop_in(&real, when.week, 3);
	for (size_t i = 0; i < real.csv.count; i++) {
		struct model_game *game = &real.csv.games[i];

		if (game->home_quarterback >= stranger)
			stranger = game->home_quarterback + 1;
		if (game->away_quarterback >= stranger)
			stranger = game->away_quarterback + 1;
		if (game->season != SEASON || game->is_played)
			continue;
		game->home_quarterback = game->away_quarterback = QUARTERBACK_UNKNOWN;
	}
	for (size_t i = 0; i < real.csv.count; i++)
		if (real.csv.games[i].season == SEASON && real.csv.games[i].week == 17)
			real.csv.games[i].home_quarterback = stranger++;
	OK_ERR(real_plan_at(&real, when));
	for (size_t i = 0; i < real.view.count; i++)
		if (real.view.games[i].season == SEASON && real.view.games[i].week == 17)
			OK(real.view.games[i].home_quarterback != QUARTERBACK_UNKNOWN);
	check_forecasts(&real, NULL, .012);
	arena_release(&real.arena);
}

TEST(a_much_stronger_club_has_the_better_chances)
{
	static struct season_counts before, after;
	struct real real;
	struct season_outlook weak, strong;
	struct season_time when = { .season = SEASON, .week = 4 };

	if (!real_init(&real))
		SKIP("no games file");
	OK_ERR(real_plan(&real, SEASON, when.week));
	season_simulate(real.plan, 0, RUNS, &before);
	real.walk.state->mean[STATE_OFFENCE + CAR] += 14;
	OK_ERR(season_plan_new(&real.arena, &real.walk, real.view, when, &real.plan));
	season_simulate(real.plan, 0, RUNS, &after);
	weak = season_outlook(&before, CAR);
	strong = season_outlook(&after, CAR);
	OK(strong.wins_mean > weak.wins_mean + 3);
	OK(strong.division > weak.division + .2 && strong.playoffs > weak.playoffs + .2);
	OK(strong.seed[0] > weak.seed[0] && strong.divisional > weak.divisional);
	OK(strong.championship > weak.championship && strong.title > weak.title + .03);
	OK(season_outlook(&after, KC).title < season_outlook(&before, KC).title);
	arena_release(&real.arena);
}

/* Miami and Buffalo played for the division in the last week of 2023. */
TEST(a_supposed_result_comes_out_in_every_run)
{
	static struct season_counts open, home, away, tie;
	struct real real;
	int miami = team_find(STR("MIA")), buffalo = team_find(STR("BUF"));

	if (!real_init(&real))
		SKIP("no games file");
	OK_ERR(real_plan(&real, 2023, LAST_WEEK));
	open = home = away = tie = (struct season_counts){ .runs = 0 };
	season_simulate(real.plan, 0, RUNS, &open);
	OK(season_plan_suppose(real.plan, miami, buffalo, RESULT_HOME));
	season_simulate(real.plan, 0, RUNS, &home);
	OK(season_plan_suppose(real.plan, miami, buffalo, RESULT_AWAY));
	season_simulate(real.plan, 0, RUNS, &away);
	OK(season_plan_suppose(real.plan, miami, buffalo, RESULT_TIE));
	season_simulate(real.plan, 0, RUNS, &tie);
	EQ_I64(home.division[miami], RUNS);
	EQ_I64(away.division[buffalo], RUNS);
	EQ_I64(tie.division[miami], RUNS);
	OK(open.division[miami] > RUNS / 5 && open.division[miami] < RUNS * 4 / 5);
	EQ_I64(home.halves[miami], (int64_t)RUNS * 24);
	EQ_I64(tie.halves[miami], (int64_t)RUNS * 23);
	EQ_I64(tie.halves[buffalo], (int64_t)RUNS * 21);
	/* All else is as it would have been: who was not concerned wins as often. */
	EQ_I64(home.halves[team_find(STR("DAL"))], open.halves[team_find(STR("DAL"))]);
	OK(!season_plan_suppose(real.plan, buffalo, miami, RESULT_HOME));
	arena_release(&real.arena);
}

TEST(a_season_of_the_old_divisions_or_of_none_is_refused)
{
	struct real real;

	if (!real_init(&real))
		SKIP("no games file");
	FAILS_WITH(real_plan(&real, 2001, 3), ERR_INVALID);
	FAILS_WITH(real_plan(&real, 2031, 3), ERR_NOT_FOUND);
	arena_release(&real.arena);
}

TEST(the_error_of_a_chance_shrinks_with_the_runs)
{
	NEAR(season_chance_se(.5, 10000), .005, 1e-12);
	NEAR(season_chance_se(1, 10000), 0, 1e-12);
}
