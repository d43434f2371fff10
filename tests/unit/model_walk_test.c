/* The walk over the real games: what it may not see, and that it says the same every
 * time. */
#include "tests/tap.h"

#include <math.h>
#include <pthread.h>

#include "model/walk.h"
#include "tests/support/games_csv.h"

struct real {
	struct arena arena;
	struct games_csv csv;
	struct model_game *changed;
};

static bool
real_init(struct real *real)
{
	arena_init(&real->arena, 512 << 20);
	if (!games_csv_read(&real->arena, &real->csv))
		return false;
	real->changed = arena_alloc_array(
		&real->arena, real->csv.count, sizeof(*real->changed));
	if (!real->changed)
		return false;
	memcpy(real->changed, real->csv.games, real->csv.count * sizeof(*real->changed));
	return true;
}

static bool
distributions_equal(const struct distribution *a, const struct distribution *b)
{
	return a->location == b->location && a->sd == b->sd && a->first == b->first &&
		a->last == b->last && a->is_margin == b->is_margin &&
		a->can_tie == b->can_tie && !a->keys == !b->keys &&
		(!a->keys || memcmp(a->keys, b->keys, sizeof(*a->keys)) == 0);
}

/* Everything that a forecast says but for padding, which has no meaning. */
static bool
forecasts_equal(const struct forecast *a, const struct forecast *b)
{
	return a->is_made == b->is_made && a->tier == b->tier &&
		a->saw_own_line == b->saw_own_line && a->home_win == b->home_win &&
		memcmp(&a->result, &b->result, sizeof(a->result)) == 0 &&
		a->margin == b->margin && a->margin_sd == b->margin_sd &&
		a->margin_se == b->margin_se && a->total == b->total &&
		a->total_sd == b->total_sd && a->total_se == b->total_se &&
		a->home_points == b->home_points && a->away_points == b->away_points &&
		distributions_equal(&a->margins, &b->margins) &&
		distributions_equal(&a->totals, &b->totals);
}

/* A leak through any one field would show. */
TEST(forecasts_that_differ_in_one_field_are_not_equal)
{
	static const struct key_weights keys = { .weight = { [3] = 2 } };
	static const struct key_weights same = { .weight = { [3] = 2 } };
	static const struct key_weights others = { .weight = { [99] = 1e-9 } };
	struct forecast a = { .margins.keys = &keys, .totals.keys = &keys };
	double *const numbers[] = { &a.home_win, &a.result.win, &a.result.push,
		&a.result.loss, &a.margin, &a.margin_sd, &a.margin_se, &a.total,
		&a.total_sd, &a.total_se, &a.home_points, &a.away_points,
		&a.margins.location, &a.margins.sd, &a.totals.location, &a.totals.sd };
	const struct forecast b = a;

	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		*numbers[i] = 1e-300;
		OK_OR(!forecasts_equal(&a, &b), "number %zu", i);
		*numbers[i] = 0;
	}
	a.margins.keys = a.totals.keys = &same;
	OK(forecasts_equal(&a, &b));
	a.margins.keys = &others;
	OK(!forecasts_equal(&a, &b));
	a.margins.keys = &keys;
	a.totals.keys = &others;
	OK(!forecasts_equal(&a, &b));
}

static uint32_t
noise(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

/* Replace all that a week's games turned out to be. */
static void
make_noise(struct model_game *game, uint32_t *seed, bool spare_lines)
{
	game->home_score = (int)(noise(seed) % 70);
	game->away_score = (int)(noise(seed) % 70);
	game->roof = (enum game_roof)(noise(seed) % 5);
	game->temperature_f = (struct opt_f64)OPT((double)(noise(seed) % 100));
	game->wind_mph = (struct opt_f64)OPT((double)(noise(seed) % 40));
	if (spare_lines)
		return;
	game->spread_line = (struct opt_f64)OPT((double)(noise(seed) % 30) - 15);
	game->total_line = (struct opt_f64)OPT((double)(noise(seed) % 40) + 30);
	game->home_moneyline = (struct opt_f64)OPT((double)(noise(seed) % 300) + 100);
	game->away_moneyline = (struct opt_f64)OPT(-(double)(noise(seed) % 300) - 100);
}

static bool
is_before(const struct model_game *game, int season, int week)
{
	return game->season < season || (game->season == season && game->week < week);
}

/* Noise from that week on changes no forecast up to and including it. */
static void
check_noise_from(struct real *real, const struct walk *before, enum tier tier, int season,
	int week)
{
	struct arena_mark mark = arena_mark(&real->arena);
	struct walk after;
	uint32_t seed = 1;
	size_t compared = 0, of_the_week = 0, later_changed = 0;

	for (size_t i = 0; i < real->csv.count; i++) {
		struct model_game *game = &real->changed[i];
		bool is_own_week = game->season == season && game->week == week;

		*game = real->csv.games[i];
		of_the_week += is_own_week;
		if (!is_before(game, season, week))
			make_noise(game, &seed, tier == TIER_B && is_own_week);
	}
	OK_ERR(walk_games(&real->arena, (struct walk_options){ .tier = tier },
		real->changed, real->csv.count, &after));
	for (size_t i = 0; i < real->csv.count; i++) {
		bool is_equal = forecasts_equal(
			&before->forecasts[i], &after.forecasts[i]);

		if (is_before(&real->changed[i], season, week + 1)) {
			OK_OR(is_equal, "%d week %d: game %zu saw the future", season,
				week, i);
			compared++;
		} else if (!is_equal) {
			later_changed++;
		}
	}
	OK(compared > 1000 && of_the_week > 0 && later_changed > 1000);
	arena_rewind(&real->arena, mark);
}

/* The first week, one in mid-season, the last, and one of the playoffs. */
static void
check_noise(enum tier tier)
{
	struct real real;
	struct walk before;

	if (!real_init(&real))
		SKIP("no games file");
	OK_ERR(walk_games(&real.arena, (struct walk_options){ .tier = tier },
		real.csv.games, real.csv.count, &before));
	check_noise_from(&real, &before, tier, 2013, 1);
	check_noise_from(&real, &before, tier, 2009, 9);
	check_noise_from(&real, &before, tier, 2011, 17);
	check_noise_from(&real, &before, tier, 2012, 19);
	arena_release(&real.arena);
}

TEST(tier_s_sees_nothing_of_its_week_or_later)
{
	check_noise(TIER_S);
}

TEST(tier_l_sees_nothing_of_its_week_or_later)
{
	check_noise(TIER_L);
}

TEST(tier_b_sees_of_its_week_only_the_lines)
{
	check_noise(TIER_B);
}

TEST(tier_s_sees_no_line_at_all)
{
	struct real real;
	struct walk before, after;
	uint32_t seed = 1;

	if (!real_init(&real))
		SKIP("no games file");
	for (size_t i = 0; i < real.csv.count; i++) {
		struct model_game *game = &real.changed[i];

		game->spread_line.value = noise(&seed) % 20;
		game->total_line.value = noise(&seed) % 60;
		game->home_moneyline.value = -100.0 - noise(&seed) % 300;
		game->away_moneyline.value = 100.0 + noise(&seed) % 300;
		game->home_spread_odds.value = -100.0 - noise(&seed) % 30;
		game->away_spread_odds.value = -100.0 - noise(&seed) % 30;
		game->over_odds.value = -100.0 - noise(&seed) % 30;
		game->under_odds.value = -100.0 - noise(&seed) % 30;
	}
	OK_ERR(walk_games(&real.arena, (struct walk_options){ .tier = TIER_S },
		real.csv.games, real.csv.count, &before));
	OK_ERR(walk_games(&real.arena, (struct walk_options){ .tier = TIER_S },
		real.changed, real.csv.count, &after));
	for (size_t i = 0; i < real.csv.count; i++)
		OK(forecasts_equal(&before.forecasts[i], &after.forecasts[i]));
	arena_release(&real.arena);
}

/* A game moved to a later day, as floods and epidemics do, must not be learned from
 * before it was played, though its week number is that of an earlier week. */
TEST(a_postponed_game_is_not_learned_from_before_it_was_played)
{
	struct real real;
	struct walk before, after;
	struct model_game *moved = NULL;
	size_t compared = 0;

	if (!real_init(&real))
		SKIP("no games file");
	for (size_t i = 0; i < real.csv.count && !moved; i++)
		if (real.changed[i].season == 2005 && real.changed[i].week == 5)
			moved = &real.changed[i];
	OK(moved);
	moved->day += 16;
	OK_ERR(walk_games(&real.arena, (struct walk_options){ .tier = TIER_L },
		real.changed, real.csv.count, &before));
	moved->home_score += 30;
	OK_ERR(walk_games(&real.arena, (struct walk_options){ .tier = TIER_L },
		real.changed, real.csv.count, &after));
	for (size_t i = 0; i < real.csv.count; i++)
		if (is_before(&real.changed[i], 2005, 8)) {
			OK(forecasts_equal(&before.forecasts[i], &after.forecasts[i]));
			compared++;
		}
	OK(compared > 1000);
	arena_release(&real.arena);
}

struct thread_walk {
	const struct real *real;
	struct arena arena;
	struct walk walk;
	struct err *err;
};

static void *
walk_in_thread(void *arg)
{
	struct thread_walk *job = arg;

	arena_init(&job->arena, 256 << 20);
	job->err = walk_games(&job->arena,
		(struct walk_options){ .tier = TIER_B, .keep_ratings = true },
		job->real->csv.games, job->real->csv.count, &job->walk);
	return NULL;
}

TEST(two_threads_say_the_same_to_the_last_bit)
{
	struct real real;
	struct thread_walk jobs[2];
	pthread_t threads[2];

	if (!real_init(&real))
		SKIP("no games file");
	for (int i = 0; i < 2; i++) {
		jobs[i].real = &real;
		EQ_I64(pthread_create(&threads[i], NULL, walk_in_thread, &jobs[i]), 0);
	}
	for (int i = 0; i < 2; i++) {
		EQ_I64(pthread_join(threads[i], NULL), 0);
		OK_ERR(jobs[i].err);
	}
	for (size_t i = 0; i < real.csv.count; i++)
		OK(forecasts_equal(
			&jobs[0].walk.forecasts[i], &jobs[1].walk.forecasts[i]));
	EQ_I64(jobs[0].walk.week_count, jobs[1].walk.week_count);
	OK(memcmp(jobs[0].walk.weeks, jobs[1].walk.weeks,
		   jobs[0].walk.week_count * sizeof(*jobs[0].walk.weeks)) == 0);
	OK(memcmp(jobs[0].walk.state->mean, jobs[1].walk.state->mean,
		   sizeof(jobs[0].walk.state->mean)) == 0);
	for (int i = 0; i < 2; i++)
		arena_release(&jobs[i].arena);
	arena_release(&real.arena);
}

TEST(neither_the_order_of_games_nor_the_numbers_of_quarterbacks_matter)
{
	struct real real;
	struct walk before, after;
	size_t count;

	if (!real_init(&real))
		SKIP("no games file");
	count = real.csv.count;
	for (size_t i = 0; i < count; i++) {
		struct model_game *game = &real.changed[i];

		*game = real.csv.games[count - 1 - i];
		game->home_quarterback = real.csv.quarterbacks - game->home_quarterback;
		game->away_quarterback = real.csv.quarterbacks - game->away_quarterback;
	}
	OK_ERR(walk_games(&real.arena, (struct walk_options){ .tier = TIER_L },
		real.csv.games, count, &before));
	OK_ERR(walk_games(&real.arena, (struct walk_options){ .tier = TIER_L },
		real.changed, count, &after));
	for (size_t i = 0; i < count; i++)
		OK(forecasts_equal(
			&before.forecasts[i], &after.forecasts[count - 1 - i]));
	arena_release(&real.arena);
}

TEST(games_to_come_are_forecast_as_the_walk_itself_will)
{
	struct real real;
	struct walk before, after;
	struct forecast forecast;

	if (!real_init(&real))
		SKIP("no games file");
	for (size_t i = 0; i < real.csv.count; i++)
		if (!is_before(&real.changed[i], 2014, 6))
			real.changed[i].is_played = false;
	OK_ERR(walk_games(&real.arena, (struct walk_options){ .tier = TIER_L },
		real.csv.games, real.csv.count, &before));
	OK_ERR(walk_games(&real.arena, (struct walk_options){ .tier = TIER_L },
		real.changed, real.csv.count, &after));
	for (size_t i = 0; i < real.csv.count; i++) {
		const struct model_game *game = &real.changed[i];

		if (is_before(game, 2014, 7))
			OK(forecasts_equal(&before.forecasts[i], &after.forecasts[i]));
		if (game->season != 2014 || game->week != 6)
			continue;
		forecast = walk_forecast(&after, game);
		OK(forecasts_equal(&forecast, &after.forecasts[i]));
	}
	arena_release(&real.arena);
}

/* For the games behind week 6 of 2014: nobody, or whom the home teams of that week have. */
static void
name_later(struct real *real, bool is_named)
{
	int starter[FRANCHISES];

	for (int i = 0; i < FRANCHISES; i++)
		starter[i] = QUARTERBACK_UNKNOWN;
	for (size_t i = 0; is_named && i < real->csv.count; i++)
		if (real->changed[i].season == 2014 && real->changed[i].week == 6)
			starter[real->changed[i].home] =
				real->changed[i].home_quarterback;
	for (size_t i = 0; i < real->csv.count; i++) {
		struct model_game *game = &real->changed[i];

		if (is_before(game, 2014, 7))
			continue;
		game->home_quarterback = starter[game->home];
		game->away_quarterback = starter[game->away];
	}
}

TEST(who_is_named_for_the_next_game_is_expected_in_later_ones)
{
	struct real real;
	struct walk walks[2] = { { .week_count = 0 } };
	int last[FRANCHISES] = { 0 };

	if (!real_init(&real))
		SKIP("no games file");
	for (size_t i = 0; i < real.csv.count; i++) {
		struct model_game *game = &real.changed[i];

		game->is_played = is_before(game, 2014, 6);
		if (game->season == 2014 && game->week == 5)
			last[game->home] = game->home_quarterback;
		/* Somebody new. */
		if (game->season == 2014 && game->week == 6)
			game->home_quarterback = last[game->away];
	}
	for (int is_named = 0; is_named < 2; is_named++) {
		name_later(&real, is_named);
		OK_ERR(walk_games(&real.arena, (struct walk_options){ .tier = TIER_L },
			real.changed, real.csv.count, &walks[is_named]));
	}
	for (size_t i = 0; i < real.csv.count; i++)
		if (real.csv.games[i].season == 2014)
			OK(forecasts_equal(
				&walks[0].forecasts[i], &walks[1].forecasts[i]));
	arena_release(&real.arena);
}

static void
swap_f64(struct opt_f64 *a, struct opt_f64 *b)
{
	struct opt_f64 kept = *a;

	*a = *b;
	*b = kept;
}

static void
swap_i32(int *a, int *b)
{
	int kept = *a;

	*a = *b;
	*b = kept;
}

/* The same game with the other team called the home team. */
static struct model_game
swapped(struct model_game game)
{
	swap_i32(&game.home, &game.away);
	swap_i32(&game.home_quarterback, &game.away_quarterback);
	swap_i32(&game.home_rest_days, &game.away_rest_days);
	swap_f64(&game.home_moneyline, &game.away_moneyline);
	game.spread_line.value = -game.spread_line.value;
	return game;
}

TEST(on_neutral_ground_either_team_may_be_called_the_home_team)
{
	struct real real;
	size_t compared = 0;

	if (!real_init(&real))
		SKIP("no games file");
	for (int tier = TIER_S; tier < TIERS; tier++) {
		struct walk walk;

		OK_ERR(walk_games(&real.arena,
			(struct walk_options){ .tier = (enum tier)tier }, real.csv.games,
			real.csv.count, &walk));
		for (size_t i = real.csv.count - 300; i < real.csv.count; i++) {
			struct model_game game = real.csv.games[i], other;
			struct forecast forecast, mirrored;

			game.is_neutral = true;
			other = swapped(game);
			forecast = walk_forecast(&walk, &game);
			mirrored = walk_forecast(&walk, &other);
			NEAR(mirrored.home_win, 1 - forecast.home_win, 1e-9);
			NEAR(mirrored.result.win, forecast.result.loss, 1e-9);
			NEAR(mirrored.result.push, forecast.result.push, 1e-9);
			NEAR(mirrored.margin, -forecast.margin, 1e-9);
			NEAR(mirrored.total, forecast.total, 1e-9);
			NEAR(mirrored.home_points, forecast.away_points, 1e-9);
			compared++;
		}
	}
	EQ_I64(compared, 300 * TIERS);
	arena_release(&real.arena);
}

static bool
is_chance(double x)
{
	return x >= 0 && x <= 1 + 1e-12;
}

/* Cover chances fall as the line rises, and with push and loss make 1; at lines that no
 * bookmaker would offer as well. */
static void
check_lines(const struct distribution *distribution, double from, double through)
{
	double before = 2;

	for (double line = from; line <= through; line += 0.5) {
		struct chances chances = distribution_against(distribution, line);

		OK(is_chance(chances.win) && is_chance(chances.push) &&
			is_chance(chances.loss));
		NEAR(chances.win + chances.push + chances.loss, 1, 1e-9);
		OK(chances.win <= before && (chances.push == 0 || line == floor(line)));
		before = chances.win;
	}
}

TEST(every_forecast_of_every_tier_hangs_together)
{
	struct real real;

	if (!real_init(&real))
		SKIP("no games file");
	for (int tier = TIER_S; tier < TIERS; tier++) {
		struct walk walk;

		OK_ERR(walk_games(&real.arena,
			(struct walk_options){ .tier = (enum tier)tier }, real.csv.games,
			real.csv.count, &walk));
		for (size_t i = 0; i < real.csv.count; i++) {
			const struct forecast *f = &walk.forecasts[i];

			OK(f->is_made && f->saw_own_line == (tier == TIER_B));
			OK(f->home_win > 0 && f->home_win < 1);
			OK(f->margin_sd > 5 && f->margin_sd < 40);
			OK(f->total_sd > 5 && f->total_sd < 40);
			NEAR(f->result.win + f->result.push / 2, f->home_win, 1e-9);
			NEAR(f->home_points + f->away_points, f->total, 1e-9);
			NEAR(f->home_points - f->away_points, f->margin, 1e-9);
			OK(game_is_playoff(&real.csv.games[i]) == (f->result.push == 0));
			if (i % 37 != 0)
				continue;
			check_lines(&f->margins, -60, 60);
			check_lines(&f->totals, 0, 120);
			NEAR(distribution_mean(&f->totals), f->total, 1e-3);
		}
	}
	arena_release(&real.arena);
}

/* A feed that has only begun, or that has holes: whatever is there gives numbers. */
TEST(a_few_games_of_each_season_are_enough_for_numbers)
{
	struct real real;
	struct walk walk;

	if (!real_init(&real))
		SKIP("no games file");
	for (int last_week = 1; last_week < 8; last_week += 3)
		for (int tier = TIER_S; tier < TIERS; tier++) {
			size_t kept = 0;

			for (size_t i = 0; i < real.csv.count; i++)
				if (real.csv.games[i].week <= last_week)
					real.changed[kept++] = real.csv.games[i];
			OK_ERR(walk_games(&real.arena,
				(struct walk_options){ .tier = (enum tier)tier },
				real.changed, kept, &walk));
			for (size_t i = 0; i < kept; i++) {
				const struct forecast *f = &walk.forecasts[i];

				OK(f->home_win > 0 && f->home_win < 1);
				OK(f->margin_sd > 5 && f->total_sd > 5);
				OK(isfinite(f->margins.location) &&
					isfinite(f->totals.location));
			}
		}
	arena_release(&real.arena);
}

/* What if another played: only what hangs on him changes, and by what he is worth. */
TEST(a_better_quarterback_makes_a_better_forecast)
{
	struct real real;
	struct walk walk;
	struct model_game game, weaker;
	struct forecast best, worst;
	double worth[2], se;

	if (!real_init(&real))
		SKIP("no games file");
	OK_ERR(walk_games(&real.arena, (struct walk_options){ .tier = TIER_L },
		real.csv.games, real.csv.count, &walk));
	game = real.csv.games[real.csv.count - 1];
	weaker = game;
	weaker.home_quarterback = real.csv.quarterbacks; /* whom nobody has seen */
	state_quarterback(walk.state, game.home_quarterback, &worth[0], &se);
	state_quarterback(walk.state, weaker.home_quarterback, &worth[1], &se);
	best = walk_forecast(&walk, &game);
	worst = walk_forecast(&walk, &weaker);
	OK(worth[0] > worth[1]);
	OK(best.home_win > worst.home_win);
	OK(best.margin - worst.margin >= worth[0] - worth[1]);
	OK(worst.margin_se > best.margin_se);
	arena_release(&real.arena);
}

TEST(a_game_of_one_team_is_refused)
{
	struct arena arena;
	struct walk walk;
	struct model_game game = MODEL_GAME_INIT;

	arena_init(&arena, 4 << 20);
	game.season = 2010;
	game.week = 1;
	FAILS_WITH(walk_games(&arena, (struct walk_options){ .tier = TIER_L }, &game, 1,
			   &walk),
		ERR_INVALID);
	game.away = 32;
	FAILS_WITH(walk_games(&arena, (struct walk_options){ .tier = TIER_L }, &game, 1,
			   &walk),
		ERR_INVALID);
	OK_ERR(walk_games(
		&arena, (struct walk_options){ .tier = TIER_L }, &game, 0, &walk));
	arena_release(&arena);
}
