#include "accounts/sweep.h"
#include "jobs/job.h"

struct err *
job_retention(struct ctx *ctx, struct job_run *run)
{
	struct sweep_counts counts = { .sessions = 0 };

	TRY(account_sweep(ctx, &counts));
	json_put_key(run->result, STR("sessions"));
	json_put_i64(run->result, counts.sessions);
	json_put_key(run->result, STR("links"));
	json_put_i64(run->result, counts.links);
	json_put_key(run->result, STR("mails"));
	json_put_i64(run->result, counts.mails);
	json_put_key(run->result, STR("invitations"));
	json_put_i64(run->result, counts.invitations);
	json_put_key(run->result, STR("accounts"));
	json_put_i64(run->result, counts.accounts);
	return NULL;
}
