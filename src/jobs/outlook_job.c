/* The season's outlook as of now; and, once, as of each week before, so that the history of a team's chances can be
 * drawn. */
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

/* Play the weeks before NOW that have no outlook yet. */
static struct err *
past_play(
	struct ctx *ctx, struct season_time now, struct outlook *scratch, int *ret_played)
{
	struct outlook_options options = {
		.tier = TIER_L, .season = now.season, .runs = RUNS_OF_PAST_WEEKS
	};
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct outlook_week_list stored;
	size_t next = 0;

	TRY(q_outlook_weeks(&tx, forecast_model_name(options.tier), now.season, &stored));
	for (options.week = 1; options.week < now.week; options.week++) {
		while (next < stored.count && stored.items[next].week < options.week)
			next++;
		if (next < stored.count && stored.items[next].week == options.week)
			continue;
		TRY(play(ctx, &options, scratch));
		++*ret_played;
	}
	return NULL;
}

struct err *
job_outlook(struct ctx *ctx, struct job_run *run)
{
	struct outlook_options options = { .tier = TIER_L };
	struct outlook *outlook;
	struct season_time now;
	struct err *err;
	int past = 0;

	TRY_NEW(ctx->arena, outlook, 1);
	err = play(ctx, &options, outlook);
	if (err && (err->code == ERR_NOT_FOUND || err->code == ERR_INVALID)) {
		run->is_skipped = true;
		json_put_key(run->result, STR("reason"));
		json_put_text(run->result, err->message);
		return NULL;
	}
	TRY(err);
	now = outlook->when;
	json_put_key(run->result, STR("season"));
	json_put_i64(run->result, now.season);
	json_put_key(run->result, STR("week"));
	json_put_i64(run->result, now.week);
	json_put_key(run->result, STR("runs"));
	json_put_i64(run->result, outlook->counts.runs);
	TRY(past_play(ctx, now, outlook, &past));
	json_put_key(run->result, STR("past_weeks"));
	json_put_i64(run->result, past);
	return NULL;
}
