/* The outlooks of the seasons before the last: played once, the newest first, for as long
 * as a run may take; then others have their turn. A season that cannot be played is in no
 * other's way. */
#include "jobs/job.h"
#include "model/standings.h"
#include "predictions/outlook_store.h"
#include "sys/clock.h"

enum {
	TURN_MS = 20000,
};

/* The season before SEASON that has games, down to the first of today's divisions; 0:
 * none. */
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
play_season(struct ctx *ctx, const struct outlook_options *options, int *weeks)
{
	struct outlook_completed completed;

	TRY(outlook_complete(ctx, options, &completed));
	*weeks += completed.past_weeks + 1;
	return NULL;
}

/* What came of the seasons so far. */
struct history {
	int seasons, weeks; /* played */
	int failed;         /* seasons that could not be */
	int32_t failed_first;
	struct err *err; /* why that one could not */
};

/* Whether an error is the season's own: the database, a deadline or the instance's end
 * would be in the way of the next as well. */
static bool
is_of_season(const struct err *err)
{
	return !err_may_retry(err->code) && err->code != ERR_UNCERTAIN;
}

static struct err *
history_play(struct ctx *ctx, struct job_run *run, const struct game_set *games,
	struct history *history)
{
	int turn_ms = run->setup->turn_ms ? run->setup->turn_ms : TURN_MS;
	int64_t until = clock_deadline_ms(turn_ms);
	bool is_complete;

	for (int32_t season = season_before(games, season_before(games, INT32_MAX));
		season; season = season_before(games, season)) {
		struct arena_mark mark = arena_mark(ctx->arena);
		struct outlook_options options = {
			.tier = TIER_L,
			.season = season,
			.runs = run->setup->season_runs,
			.stop = run->setup->is_stopping,
		};
		struct err *err;

		TRY(outlook_is_complete(ctx, games, &options, &is_complete));
		if (is_complete)
			continue;
		/* Those that fail alone take no turn from those behind them. */
		run->is_put_off = job_is_stopping(run) ||
			(history->seasons > 0 && clock_monotonic_ns() > until);
		if (run->is_put_off)
			break;
		err = play_season(ctx, &options, &history->weeks);
		if (err && !is_of_season(err))
			return err;
		history->seasons += !err;
		history->failed += err != NULL;
		if (err && !history->err) {
			history->failed_first = season;
			history->err = err; /* which lies in the arena */
		} else
			arena_rewind(ctx->arena, mark);
	}
	return NULL;
}

static struct err *
failed_tell(struct ctx *ctx, const struct history *history)
{
	struct err *err;

	if (!history->err)
		return NULL;
	err = err_new(ctx, history->err->code,
		"%d %s could not be played; the first, %d: " STR_FMT, history->failed,
		history->failed == 1 ? "season" : "seasons", history->failed_first,
		STR_ARG(history->err->message));
	err->notes = history->err->notes;
	return err;
}

static void
put_count(struct json *json, struct str key, int count)
{
	json_put_key(json, key);
	json_put_i64(json, count);
}

struct err *
job_history(struct ctx *ctx, struct job_run *run)
{
	struct history history = { .err = NULL };
	struct game_set games;
	struct err *err;

	TRY(game_set_read(ctx, &games));
	err = history_play(ctx, run, &games, &history);
	/* What was stored is not played again. */
	if (err && err->code == ERR_TIMEOUT && job_is_stopping(run)) {
		run->is_put_off = true;
		err = NULL;
	}
	if (run->is_put_off && history.seasons == 0)
		job_skip_stopped(run);
	put_count(run->result, STR("seasons"), history.seasons);
	put_count(run->result, STR("weeks"), history.weeks);
	put_count(run->result, STR("failed"), history.failed);
	json_put_key(run->result, STR("has_more"));
	json_put_bool(run->result, run->is_put_off);
	/* The last turn tries all of them once more, and tells. */
	return err || run->is_put_off ? err : failed_tell(ctx, &history);
}
