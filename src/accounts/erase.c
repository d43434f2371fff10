#include "accounts/erase.h"

#include "accounts/erase_q.h"
#include "accounts/standing.h"
#include "accounts/user.h"
#include "accounts/users_q.h"
#include "audit/audit.h"
#include "mail/mail.h"

typedef struct err *(*erase_step)(struct tx *tx, struct user_id user);

/* Rows that only served the account. What refers to others goes first. */
static const erase_step deletions[] = {
	q_erase_sessions,
	q_erase_verifications,
	q_erase_resets,
	q_erase_account_changes,
	q_erase_api_keys,
	q_erase_recovery_codes,
	q_erase_access,
	q_erase_picks,
	q_erase_league_heirs,
	q_erase_league_standings,
	q_erase_league_members,
	q_erase_leagues,
	q_erase_predictions,
	q_erase_idempotency_keys,
	q_erase_directory,
	q_erase_outbox,
	q_erase_invitations,
};

typedef struct err *(*erase_dated_step)(struct tx *tx, struct user_id user, int64_t now);

/* Rows that the books need, without what is personal in them. */
static const erase_dated_step clearings[] = {
	q_erase_subscriptions,
	q_erase_grants,
	q_erase_referrals,
	q_erase_affiliates,
	q_erase_payouts,
};

static struct err *
clear_rows(struct tx *tx, struct user_id user)
{
	int64_t now = tx->ctx->now;

	for (size_t i = 0; i < COUNT_OF(deletions); i++)
		TRY(deletions[i](tx, user));
	for (size_t i = 0; i < COUNT_OF(clearings); i++)
		TRY(clearings[i](tx, user, now));
	TRY(q_erase_referred(tx, user));
	TRY(q_erase_payments(tx,
		(struct erase_payments){
			.actor = user, .no_metadata = STR("{}"), .now = now }));
	TRY(q_erase_webhook_events(tx, user, STR("{}")));
	return q_erase_admin(tx,
		(struct erase_admin){
			.user_id = user, .no_permissions = STR("[]"), .now = now });
}

static struct err *
erase_in_tx(struct tx *tx, const struct user_password *known, void *arg)
{
	struct user_id user = tx->ctx->actor.user_id;
	struct erasable account;
	struct str tombstone;
	int64_t erased = 0;
	bool found;

	(void)known;
	(void)arg;
	TRY(q_erase_look(tx, user, &account, &found));
	if (found && account.is_admin)
		return err_new(tx->ctx, ERR_CONFLICT,
			"an administrator's account cannot be erased: have another "
			"administrator end the role first");
	if (!found)
		return err_new(tx->ctx, ERR_NOT_FOUND, "this account is gone");
	/* While the key of what is personal is still there. */
	TRY(audit_log(tx, &(struct audit_entry){ .action = AUDIT_ERASE }));
	TRY(mail_forget(tx, user, account.email));
	TRY(q_erase_invitations_to(tx, user, account.email));
	TRY(clear_rows(tx, user));
	TRY(user_tombstone(tx->ctx, user, &tombstone));
	TRY(q_erase_user(tx,
		(struct erase_user){
			.actor = user, .tombstone = tombstone, .now = tx->ctx->now },
		&erased));
	return standing_changed(tx, user);
}

struct err *
erase_account(struct ctx *ctx, const struct proof *proof)
{
	TRY(proof_transact(ctx, proof, erase_in_tx, NULL));
	db_shred(ctx->db);
	return NULL;
}
