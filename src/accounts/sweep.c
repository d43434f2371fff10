#include "accounts/sweep.h"

#include "accounts/account_changes_q.h"
#include "accounts/sessions_q.h"
#include "accounts/users_q.h"
#include "codec/iso_time.h"
#include "mail/mail.h"

struct err *
account_sweep(struct ctx *ctx, struct sweep_counts *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	int64_t before = ctx->now - SWEEP_AFTER_DAYS * MICROSECONDS_PER_DAY;
	int64_t verifications, resets, changes;

	TRY(q_session_sweep(&tx, before, &ret->sessions));
	TRY(q_verification_sweep(&tx, before, &verifications));
	TRY(q_reset_sweep(&tx, before, &resets));
	TRY(q_account_change_sweep(&tx, before, &changes));
	TRY(mail_sweep(&tx, before, &ret->mails));
	ret->links = verifications + resets + changes;
	return NULL;
}
