#include "accounts/alert.h"
#include "db/db.h"
#include "jobs/job.h"
#include "predictions/publication.h"
#include "predictions/schedule.h"

struct err *
job_alerts(struct ctx *ctx, struct job_run *run)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct opt_i32 current = { .is_set = true, .value = WEEK_CURRENT };
	struct alert_counts counts = { .games = 0 };
	struct week_range range;

	TRY(schedule_range(&tx, current, current, &range));
	TRY(alerts_promise(ctx, STR(HOUSE_MODEL), range.season, &counts));
	json_put_key(run->result, STR("games"));
	json_put_i64(run->result, counts.games);
	json_put_key(run->result, STR("readers"));
	json_put_i64(run->result, counts.readers);
	return NULL;
}
