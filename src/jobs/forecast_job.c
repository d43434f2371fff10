#include "jobs/job.h"
#include "predictions/forecast.h"

struct err *
job_forecast(struct ctx *ctx, struct job_run *run)
{
	struct forecast_options options = { .tier = TIER_L, .scope = FORECAST_TO_COME };
	struct forecast_counts counts = { .games = 0 };
	struct err *err = forecast_store(ctx, &options, &counts);

	/* Between seasons there is nothing to forecast. */
	if (err && err->code == ERR_NOT_FOUND) {
		run->is_skipped = true;
		json_put_key(run->result, STR("reason"));
		json_put_text(run->result, err->message);
		return NULL;
	}
	TRY(err);
	json_put_key(run->result, STR("games"));
	json_put_i64(run->result, counts.games);
	json_put_key(run->result, STR("stored"));
	json_put_i64(run->result, counts.stored);
	json_put_key(run->result, STR("unchanged"));
	json_put_i64(run->result, counts.unchanged);
	if (counts.stored)
		run->has_changed = true;
	return NULL;
}
