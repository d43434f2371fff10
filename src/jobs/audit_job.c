#include "audit/daily.h"
#include "jobs/job.h"

struct err *
job_audit(struct ctx *ctx, struct job_run *run)
{
	struct audit_verified verified;

	if (!ctx->keys) {
		run->is_skipped = true;
		json_put_key(run->result, STR("reason"));
		json_put_text(run->result, STR("no keyring is open here"));
		return NULL;
	}
	TRY(audit_verify_daily(ctx, run->setup->data, &verified));
	json_put_key(run->result, STR("rows"));
	json_put_i64(run->result, verified.rows);
	json_put_key(run->result, STR("tampered"));
	json_put_i64(run->result, verified.tampered);
	return NULL;
}
