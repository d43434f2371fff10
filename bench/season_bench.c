/*
 * How long a walk through all games takes, and 100,000 simulated seasons, on one thread
 * and on two:
 *
 *     ninja -C build bench/season_bench && GRIDIRON_SHARED=FOLDER build/bench/season_bench
 *
 * Reads data/games.csv.gz of FOLDER, walks to week 1 of the season 2023, the most work
 * there is, and to week 10.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "model/season.h"
#include "tests/support/games_csv.h"

enum {
	SEASON = 2023,
	MOST_THREADS = 2,
};

struct share {
	const struct season_plan *plan;
	uint32_t first, runs;
	struct season_counts counts;
};

static double
seconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double
seconds(void)
{
	return seconds_of(CLOCK_MONOTONIC);
}

static void *
play(void *arg)
{
	struct share *share = arg;

	season_simulate(share->plan, share->first, share->runs, &share->counts);
	return NULL;
}

static bool
measure(const struct season_plan *plan, int week, int threads)
{
	static struct share shares[MOST_THREADS];
	pthread_t ids[MOST_THREADS];
	double begin = seconds();

	for (int i = 0; i < threads; i++) {
		shares[i] = (struct share){ .plan = plan };
		shares[i].runs = SEASON_RUNS_USUAL / (uint32_t)threads;
		shares[i].first = shares[i].runs * (uint32_t)i;
		if (pthread_create(&ids[i], NULL, play, &shares[i]) != 0)
			return false;
	}
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	printf("week %2d, %d threads: %.3f s for %d seasons\n", week, threads,
		seconds() - begin, SEASON_RUNS_USUAL);
	return true;
}

static struct err *
measure_week(struct arena *arena, const struct games_csv *csv, int week)
{
	struct season_time when = { .season = SEASON, .week = week };
	struct walk_options options = season_walk(TIER_L, when);
	struct season_view view = { .count = 0 };
	struct season_plan *plan = NULL;
	struct walk walk = { .week_count = 0 };
	double begin = seconds();

	TRY(season_cut(arena, csv->games, csv->count, when, &view));
	options.only_chances = true;
	TRY(walk_games(arena, options, view.games, view.count, &walk));
	printf("week %2d: walked in %.3f s, ", week, seconds() - begin);
	begin = seconds();
	TRY(season_plan_new(arena, &walk, view, when, &plan));
	printf("planned in %.3f s\n", seconds() - begin);
	for (int threads = 1; threads <= MOST_THREADS; threads++)
		if (!measure(plan, week, threads))
			return err_in(arena, ERR_INTERNAL, "no more threads");
	return NULL;
}

/* The least of a few, in processor time. */
static struct err *
measure_walk(struct arena *arena, const struct games_csv *csv)
{
	double least = 1e9;

	for (int i = 0; i < 5; i++) {
		struct arena_mark mark = arena_mark(arena);
		struct walk walk = { .week_count = 0 };
		double begin = seconds_of(CLOCK_THREAD_CPUTIME_ID), taken;

		TRY(walk_games(arena, (struct walk_options){ .tier = TIER_L }, csv->games,
			csv->count, &walk));
		taken = seconds_of(CLOCK_THREAD_CPUTIME_ID) - begin;
		least = taken < least ? taken : least;
		arena_rewind(arena, mark);
	}
	printf("all seasons: walked in %.3f s of processor time\n", least);
	return NULL;
}

int
main(void)
{
	struct arena arena;
	struct games_csv csv;
	struct err *err = NULL;

	arena_init(&arena, 512 << 20);
	if (!games_csv_read(&arena, &csv)) {
		printf("no games: set GRIDIRON_SHARED\n");
		return 1;
	}
	err = measure_walk(&arena, &csv);
	for (int week = 1; !err && week <= 10; week += 9)
		err = measure_week(&arena, &csv, week);
	if (err)
		printf(STR_FMT "\n", STR_ARG(err->message));
	return err ? 1 : 0;
}
