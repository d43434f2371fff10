/* Parameters found again are the same on one thread and on two. */
#include "tests/support/database.h"
#include "tests/support/feed_text.h"

#include "codec/iso_time.h"
#include "predictions/fitting.h"
#include "predictions/import.h"
#include "predictions/simulated.h"

enum {
	SEED = 3,
	FIRST_SEASON = 2019,
	LAST_SEASON = 2021,
};

static const struct fit_options usual = {
	.tier = TIER_L,
	.from_season = FIRST_SEASON + 1,
	.through_season = LAST_SEASON - 1,
	.passes = 2,
};

static struct err *
league_read(struct ctx *ctx, struct game_set *ret)
{
	struct simulated_options league = {
		.seed = SEED, .first_season = FIRST_SEASON, .last_season = LAST_SEASON
	};
	struct import_options import = { .source = STR("league"), .is_simulated = true };
	struct import_counts counts;
	struct feed feed;
	struct str csv;

	if (!iso_time_parse(STR("2022-06-01T00:00:00Z"), &ctx->now))
		return err_new(ctx, ERR_INTERNAL, "a wrong date");
	league.now = ctx->now;
	TRY(simulated_league(ctx->arena, &league, &csv));
	TRY(feed_of_text(ctx->arena, csv, &feed));
	TRY(import_store(ctx, &feed, &import, &counts));
	return game_set_read(ctx, ret);
}

BOTH_ENGINES(two_threads_find_what_one_finds)
{
	struct game_set games;
	struct fitting one, two;
	struct parameters start = parameters_published(TIER_L);
	struct fit_options options = usual;

	options.start = &start;
	OK_ERR(league_read(ctx, &games));
	OK_ERR(fitting_run(ctx, &options, 1, &games, &one));
	OK_ERR(fitting_run(ctx, &options, 2, &games, &two));
	OK(memcmp(&one.found, &two.found, sizeof(one.found)) == 0);
	OK(memcmp(&one.after, &two.after, sizeof(one.after)) == 0);
	OK(memcmp(&one.start, &start, sizeof(start)) == 0);
	OK(one.after.sum < one.before.sum);
}

BOTH_ENGINES(fitting_looks_at_no_later_season)
{
	struct game_set games;
	struct fitting before, after;

	OK_ERR(league_read(ctx, &games));
	OK_ERR(fitting_run(ctx, &usual, 2, &games, &before));
	for (size_t i = 0; i < games.count; i++) {
		struct model_game *game = &games.numbers[i];

		if (game->season <= usual.through_season)
			continue;
		game->home_score = 77;
		game->spread_line.value = -30;
	}
	OK_ERR(fitting_run(ctx, &usual, 2, &games, &after));
	OK(memcmp(&before.found, &after.found, sizeof(before.found)) == 0);
}

BOTH_ENGINES(without_games_to_judge_by_fitting_says_so)
{
	struct game_set games;
	struct fitting fitting;
	struct fit_options options = usual;
	struct err *err;

	options.from_season = options.through_season = FIRST_SEASON - 1;
	OK_ERR(league_read(ctx, &games));
	err = fitting_run(ctx, &options, 2, &games, &fitting);
	OK(err && err->code == ERR_INVALID);
}
