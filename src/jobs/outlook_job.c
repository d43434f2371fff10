/* The season's outlook as of now; and, once, as of each week before, so that the history of a team's chances can be
 * drawn. */
#include <stdatomic.h>

#include "jobs/job.h"
#include "predictions/forecast.h"
#include "predictions/outlook.h"
#include "predictions/outlooks_q.h"

enum {
	/* Of weeks gone by, which nobody decides upon: a chance is off by .0035 at most. */
	RUNS_OF_PAST_WEEKS = 20000,
};

static struct err *
play(struct ctx *ctx, const struct outlook_options *options, struct outlook *ret)
{
	TRY(outlook_simulate(ctx, options, ret));
	return outlook_store(ctx, options->tier, ret);
}

/* Play those before weeks through NOW that are not stored yet. */
static struct err *
past_play(struct ctx *ctx, const struct outlook_options *now, struct outlook *scratch,
	int *ret_played)
{
	struct outlook_options options = { .tier = now->tier,
		.season = now->season,
		.runs = RUNS_OF_PAST_WEEKS,
		.stop = now->stop };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct outlook_week_list stored;
	size_t next = 0;

	TRY(q_outlook_weeks(
		&tx, forecast_model_name(options.tier), now->season, &stored));
	for (options.week = 1; options.week <= now->week; options.week++) {
		while (next < stored.count && stored.items[next].week < options.week)
			next++;
		if (next < stored.count && stored.items[next].week == options.week)
			continue;
		TRY(play(ctx, &options, scratch));
		++*ret_played;
	}
	return NULL;
}

static void
skip(struct job_run *run, struct str reason)
{
	run->is_skipped = true;
	json_put_key(run->result, STR("reason"));
	json_put_text(run->result, reason);
}

static bool
is_stopped(const struct job_run *run, const struct err *err)
{
	return err && err->code == ERR_TIMEOUT && run->setup->is_stopping &&
		atomic_load(run->setup->is_stopping);
}

/* What was played is stored, and not played again. */
static struct err *
put_off(struct job_run *run)
{
	skip(run, STR("the server stopped; the rest is played after its next start"));
	run->is_put_off = true;
	return NULL;
}

struct err *
job_outlook(struct ctx *ctx, struct job_run *run)
{
	struct outlook_options options = { .tier = TIER_L,
		.stop = run->setup->is_stopping };
	struct outlook *outlook;
	struct err *err;
	int past = 0;

	TRY_NEW(ctx->arena, outlook, 1);
	err = play(ctx, &options, outlook);
	if (err && (err->code == ERR_NOT_FOUND || err->code == ERR_INVALID)) {
		skip(run, err->message);
		return NULL;
	}
	if (is_stopped(run, err))
		return put_off(run);
	TRY(err);
	options.season = outlook->when.season;
	options.week = outlook->when.week;
	json_put_key(run->result, STR("season"));
	json_put_i64(run->result, options.season);
	json_put_key(run->result, STR("week"));
	json_put_i64(run->result, options.week);
	json_put_key(run->result, STR("runs"));
	json_put_i64(run->result, outlook->counts.runs);
	err = past_play(ctx, &options, outlook, &past);
	if (is_stopped(run, err))
		return put_off(run);
	TRY(err);
	json_put_key(run->result, STR("past_weeks"));
	json_put_i64(run->result, past);
	return NULL;
}
