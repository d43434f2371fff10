#include "jobs/job.h"
#include "predictions/outlook.h"

struct err *
job_outlook(struct ctx *ctx, struct job_run *run)
{
	struct outlook_options options = { .tier = TIER_L };
	struct outlook *outlook;
	struct err *err;

	TRY_NEW(ctx->arena, outlook, 1);
	err = outlook_simulate(ctx, &options, outlook);
	if (err && (err->code == ERR_NOT_FOUND || err->code == ERR_INVALID)) {
		run->is_skipped = true;
		json_put_key(run->result, STR("reason"));
		json_put_text(run->result, err->message);
		return NULL;
	}
	TRY(err);
	TRY(outlook_store(ctx, options.tier, outlook));
	json_put_key(run->result, STR("season"));
	json_put_i64(run->result, outlook->when.season);
	json_put_key(run->result, STR("week"));
	json_put_i64(run->result, outlook->when.week);
	json_put_key(run->result, STR("runs"));
	json_put_i64(run->result, outlook->counts.runs);
	return NULL;
}
