/* The record of the season outlook in docs/forecast.md, made once more on the real file:
 * half a minute of processor time, so it runs with `meson test --benchmark outlook`. */
#include "tests/tap.h"

#include <math.h>

#include "model/season.h"
#include "tests/support/games_csv.h"

enum {
	FIRST_SEASON = 2006,
	LAST_SEASON = 2023,
	SEASONS = LAST_SEASON - FIRST_SEASON + 1,
	RUNS = 20000,
};

/* Before that week. Means over clubs and seasons, of titles over seasons. */
struct record {
	int week;
	double playoffs, division; /* Brier scores */
	double title;              /* surprise */
	double wins;               /* off by */
	double squares, variance;  /* how far, squared, and how far was said */
};

static const struct record kept[] = { { 1, .205, .159, 2.86, 2.19, 1.08, 1 },
	{ 5, .154, .113, 2.59, 1.70, 1.15, 1 }, { 9, .129, .094, 2.48, 1.37, 1.19, 1 },
	{ 13, .097, .076, 2.49, .92, 1.08, 1 }, { 17, .042, .022, 2.46, .41, .92, 1 } };

static struct err *
play(struct arena *arena, const struct games_csv *csv, struct season_time when,
	uint32_t runs, struct season_counts *ret)
{
	struct walk_options options = season_walk(TIER_L, when);
	struct season_view view;
	struct season_plan *plan;
	struct walk walk;

	options.only_chances = true;
	TRY(season_cut(arena, csv->games, csv->count, when, &view));
	TRY(walk_games(arena, options, view.games, view.count, &walk));
	TRY(season_plan_new(arena, &walk, view, when, &plan));
	season_simulate(plan, 0, runs, ret);
	return NULL;
}

/* Add how COUNTS did, now that END is known. */
static void
add(struct record *sum, const struct season_counts *counts,
	const struct season_counts *end)
{
	const double share = 1.0 / FRANCHISES / SEASONS;

	for (int club = 0; club < FRANCHISES; club++) {
		struct season_outlook said = season_outlook(counts, club);
		struct season_outlook came = season_outlook(end, club);
		double off = said.wins_mean - came.wins_mean;

		sum->playoffs += pow(said.playoffs - came.playoffs, 2) * share;
		sum->division += pow(said.division - came.division, 2) * share;
		sum->wins += fabs(off) * share;
		sum->squares += off * off;
		sum->variance += said.wins_sd * said.wins_sd;
		if (came.title == 1)
			sum->title -= log(fmax(said.title, 0.5 / RUNS)) / SEASONS;
	}
}

static void
check(const struct record *sum, const struct record *is_kept)
{
	double spread = sum->squares / sum->variance;

	fprintf(stderr, "# week %2d: %.5f %.5f %.4f %.4f %.4f\n", is_kept->week,
		sum->playoffs, sum->division, sum->title, sum->wins, spread);
	NEAR(sum->playoffs, is_kept->playoffs, 0.0006);
	NEAR(sum->division, is_kept->division, 0.0006);
	NEAR(sum->title, is_kept->title, 0.006);
	NEAR(sum->wins, is_kept->wins, 0.006);
	NEAR(spread, is_kept->squares, 0.006);
}

TEST(the_outlooks_record_is_what_the_documentation_says)
{
	struct record sums[COUNT_OF(kept)] = { { .wins = 0 } };
	static struct season_counts end, counts;
	struct games_csv csv;
	struct arena arena;

	arena_init(&arena, 512 << 20);
	if (!games_csv_read(&arena, &csv))
		SKIP("no games file");
	for (int season = FIRST_SEASON; season <= LAST_SEASON; season++) {
		struct arena_mark mark = arena_mark(&arena);
		struct season_time when = { .season = season,
			.week = season_next_week(csv.games, csv.count, season) };

		memset(&end, 0, sizeof(end));
		OK_ERR(play(&arena, &csv, when, 1, &end));
		for (size_t i = 0; i < COUNT_OF(kept); i++) {
			when.week = kept[i].week;
			memset(&counts, 0, sizeof(counts));
			OK_ERR(play(&arena, &csv, when, RUNS, &counts));
			add(&sums[i], &counts, &end);
			arena_rewind(&arena, mark);
		}
	}
	for (size_t i = 0; i < COUNT_OF(kept); i++)
		check(&sums[i], &kept[i]);
	arena_release(&arena);
}
