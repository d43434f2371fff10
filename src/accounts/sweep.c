#include "accounts/sweep.h"

#include "accounts/account_changes_q.h"
#include "accounts/invitations_q.h"
#include "accounts/sessions_q.h"
#include "accounts/user.h"
#include "accounts/users_q.h"
#include "audit/audit.h"
#include "codec/iso_time.h"
#include "mail/mail.h"

enum {
	BATCH = 500, /* rows a transaction, so that none holds others up */
};

/* --- Accounts that nobody proved */

struct forgetting {
	int64_t before;
	int64_t forgotten;
};

/* On record, as every key that opens what is personal in the log and goes. */
static struct err *
forget_one(struct tx *tx, struct user_id user, int64_t *ret)
{
	TRY(user_lose_address(tx, user, ret));
	return *ret == 0 ? NULL
			 : audit_log(tx,
				   &(struct audit_entry){
					   .action = AUDIT_EMAIL_LOSE, .subject = user });
}

static struct err *
forget_in_tx(struct tx *tx, void *arg)
{
	struct forgetting *forgetting = arg;
	struct unproved_list found;

	forgetting->forgotten = 0;
	TRY(q_unproved_list(tx, forgetting->before, BATCH, &found));
	for (size_t i = 0; i < found.count; i++) {
		int64_t gone;

		TRY(forget_one(tx, found.items[i].id, &gone));
		forgetting->forgotten += gone;
	}
	return NULL;
}

static struct err *
forget_unproved(struct ctx *ctx, int64_t before, int64_t *ret)
{
	struct forgetting forgetting = { .before = before };
	int64_t total = 0;

	do {
		struct arena_mark mark = arena_mark(ctx->arena);

		TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, forget_in_tx, &forgetting));
		arena_rewind(ctx->arena, mark);
		total += forgetting.forgotten;
	} while (forgetting.forgotten == BATCH);
	*ret = total;
	return NULL;
}

static struct err *
forget_invitations(struct tx *tx, int64_t before, int64_t *ret)
{
	int64_t swept, total = 0;

	do {
		TRY(q_invitation_sweep(tx, before, BATCH, &swept));
		total += swept;
	} while (swept == BATCH);
	*ret = total;
	return NULL;
}

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
	TRY(forget_invitations(&tx, before, &ret->invitations));
	/* Behind the links: an account waits for as long as one of its own is kept. */
	TRY(forget_unproved(ctx, before, &ret->accounts));
	ret->links = verifications + resets + changes;
	return NULL;
}
