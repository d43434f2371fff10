/* The season's outlook as of now; and, once, as of each week before, so that the history
 * of a team's chances can be drawn. */
#include "jobs/job.h"
#include "predictions/outlook_store.h"

struct err *
job_outlook(struct ctx *ctx, struct job_run *run)
{
	struct outlook_options options = { .tier = TIER_L,
		.runs = run->setup->season_runs,
		.stop = run->setup->is_stopping };
	struct outlook_completed completed;
	struct err *err = outlook_complete(ctx, &options, &completed);

	if (err && (err->code == ERR_NOT_FOUND || err->code == ERR_INVALID)) {
		job_skip(run, err->message);
		return NULL;
	}
	if (err && err->code == ERR_TIMEOUT && job_is_stopping(run)) {
		job_skip_stopped(run);
		return NULL;
	}
	TRY(err);
	json_put_key(run->result, STR("season"));
	json_put_i64(run->result, completed.season);
	json_put_key(run->result, STR("week"));
	json_put_i64(run->result, completed.week);
	json_put_key(run->result, STR("runs"));
	json_put_i64(run->result, completed.runs);
	json_put_key(run->result, STR("past_weeks"));
	json_put_i64(run->result, completed.past_weeks);
	return NULL;
}
