/* The outlooks of the seasons before the last: played once, the newest first, for as long
 * as a run may take; then others have their turn. */
#include <stdatomic.h>

#include "jobs/job.h"
#include "model/standings.h"
#include "predictions/outlook_store.h"
#include "sys/clock.h"

enum {
	TURN_MS = 20000,
};

static bool
is_stopping(const struct job_run *run)
{
	return run->setup->is_stopping && atomic_load(run->setup->is_stopping);
}

/* The season before SEASON that has games, down to the first of today's divisions; 0: none. */
static int32_t
season_before(const struct game_set *games, int32_t season)
{
	int32_t ret = 0;

	for (size_t i = 0; i < games->count; i++)
		if (games->numbers[i].season < season && games->numbers[i].season > ret)
			ret = games->numbers[i].season;
	return ret < STANDINGS_FIRST_SEASON ? 0 : ret;
}

static struct err *
play_season(struct ctx *ctx, const struct job_run *run, int32_t season, int *weeks)
{
	struct outlook_options options = {
		.tier = TIER_L,
		.season = season,
		.runs = run->setup->season_runs,
		.stop = run->setup->is_stopping,
	};
	struct outlook_completed completed;
	struct arena_mark mark = arena_mark(ctx->arena);

	TRY(outlook_complete(ctx, &options, &completed));
	arena_rewind(ctx->arena, mark);
	*weeks += completed.past_weeks + 1;
	return NULL;
}

struct err *
job_history(struct ctx *ctx, struct job_run *run)
{
	int64_t until = clock_deadline_ms(TURN_MS);
	struct err *err = NULL;
	struct game_set games;
	int seasons = 0, weeks = 0;
	bool is_complete;

	TRY(game_set_read(ctx, &games));
	for (int32_t season = season_before(&games, season_before(&games, INT32_MAX));
		season && !err; season = season_before(&games, season)) {
		TRY(outlook_is_complete(ctx, &games, TIER_L, season, &is_complete));
		if (is_complete)
			continue;
		run->is_put_off = is_stopping(run) || clock_monotonic_ns() > until;
		if (run->is_put_off)
			break;
		err = play_season(ctx, run, season, &weeks);
		seasons += !err;
	}
	/* What was stored is not played again. */
	if (err && err->code == ERR_TIMEOUT && is_stopping(run)) {
		run->is_put_off = true;
		err = NULL;
	}
	TRY(err);
	json_put_key(run->result, STR("seasons"));
	json_put_i64(run->result, seasons);
	json_put_key(run->result, STR("weeks"));
	json_put_i64(run->result, weeks);
	json_put_key(run->result, STR("has_more"));
	json_put_bool(run->result, run->is_put_off);
	return NULL;
}
