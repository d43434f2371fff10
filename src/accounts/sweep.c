#include "accounts/sweep.h"

#include "accounts/sessions_q.h"
#include "accounts/users_q.h"
#include "codec/iso_time.h"

struct err *
account_sweep(struct ctx *ctx, struct sweep_counts *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	int64_t before = ctx->now - SWEEP_AFTER_DAYS * MICROSECONDS_PER_DAY;
	int64_t verifications, resets;

	TRY(q_session_sweep(&tx, before, &ret->sessions));
	TRY(q_verification_sweep(&tx, before, &verifications));
	TRY(q_reset_sweep(&tx, before, &resets));
	ret->links = verifications + resets;
	return NULL;
}
