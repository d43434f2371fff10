#include "accounts/email_change.h"

#include "accounts/account_change.h"
#include "accounts/grant.h"
#include "accounts/guess.h"
#include "accounts/identity.h"
#include "accounts/invitations_q.h"
#include "accounts/session.h"
#include "accounts/user.h"
#include "accounts/users_q.h"
#include "audit/audit.h"
#include "codec/iso_time.h"
#include "crypto/token.h"
#include "mail/mail.h"

#define HOURS(n) ((int64_t)(n)*3600 * MICROSECONDS_PER_SECOND)

/* --- Asking */

struct asking {
	const struct email_change *change;
	struct str identity; /* of the new address */
	struct str token;
};

/* With the link that was just put. Whoever asks is not told: it may be others who fill a
 * mailbox. */
static struct err *
is_flooded(struct tx *tx, struct str identity, bool *ret)
{
	struct change_count sent;

	TRY(q_account_change_count_to(
		tx, identity, tx->ctx->now - MICROSECONDS_PER_HOUR, &sent));
	*ret = sent.total > LINKS_AN_HOUR_MAX;
	return NULL;
}

/* What the new address is sent: a link, or word that it has an account; nothing where
 * that is shut out, as at registration, or where its mailbox was sent enough. */
static struct err *
write_to_new(struct tx *tx, const struct asking *asking)
{
	struct str email = asking->change->email;
	struct registered owner;
	bool is_taken, is_full;

	TRY(q_user_by_email(tx, email, &owner, &is_taken));
	if (is_taken && !owner.is_active)
		return NULL;
	if (is_taken && owner.email_verified)
		return user_remind(tx, owner.id, email);
	TRY(is_flooded(tx, asking->identity, &is_full));
	if (is_full)
		return NULL;
	return mail_put(tx,
		&(struct mail){
			.kind = MAIL_CHANGE_EMAIL,
			.recipient = email,
			.user_id = tx->ctx->actor.user_id,
			.token = asking->token,
			.expires_at = tx->ctx->now + HOURS(EMAIL_LINK_HOURS),
		});
}

static struct err *
ask_in_tx(struct tx *tx, const struct user_password *known, void *arg)
{
	const struct asking *asking = arg;
	struct ctx *ctx = tx->ctx;
	struct user_id user = ctx->actor.user_id;

	if (str_eq(known->email, asking->change->email))
		return err_field(ctx, "email", "this is your address already");
	TRY(account_change_put(tx,
		&(struct account_change_new){
			.user_id = user,
			.kind = CHANGE_EMAIL,
			.email = asking->change->email,
			.email_identity = asking->identity,
			.token = asking->token,
			.family_id = asking->change->family,
			.opens_at = ctx->now,
			.expires_at = ctx->now + HOURS(EMAIL_LINK_HOURS),
		}));
	TRY(write_to_new(tx, asking));
	TRY(mail_put(tx,
		&(struct mail){
			.kind = MAIL_EMAIL_CHANGE_ASKED,
			.recipient = known->email,
			.user_id = user,
			.happened_at = ctx->now,
			.ip_address = ctx->remote_address,
		}));
	return audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_EMAIL_CHANGE_ASK,
			.personal = asking->change->email,
		});
}

struct err *
email_change_ask(struct ctx *ctx, const struct email_change *change)
{
	struct asking asking = { .change = change };

	asking.identity = email_identity(ctx->arena, change->email);
	if (str_is_none(asking.identity))
		return err_no_memory();
	TRY(token_new(ctx->arena, STR(TOKEN_CHANGE), &asking.token));
	return proof_transact(ctx, &change->proof, ask_in_tx, &asking);
}

static struct err *
withdraw_in_tx(struct tx *tx, void *arg)
{
	bool was_waiting;

	(void)arg;
	TRY(account_change_end(tx, tx->ctx->actor.user_id, CHANGE_EMAIL, &was_waiting));
	if (!was_waiting)
		return err_new(tx->ctx, ERR_NOT_FOUND, "no change of address waits");
	return audit_log(
		tx, &(struct audit_entry){ .action = AUDIT_EMAIL_CHANGE_WITHDRAW });
}

struct err *
email_change_withdraw(struct ctx *ctx)
{
	return db_transact(
		ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), withdraw_in_tx, NULL);
}

/* --- Confirming */

static struct err *
dead_link(struct ctx *ctx)
{
	return err_new(ctx, ERR_GONE,
		"this link does not work any more; ask for the change again");
}

/* The new address may have been registered meanwhile. Who did not prove it has no claim
 * to it, and loses it to HEIR, who did; else it stays his who has proved it. */
static struct err *
make_room(struct tx *tx, struct str email, struct user_id heir)
{
	struct registered owner;
	int64_t gone;
	bool is_taken;

	TRY(q_user_by_email(tx, email, &owner, &is_taken));
	if (!is_taken)
		return NULL;
	if (owner.email_verified)
		return dead_link(tx->ctx);
	TRY(q_verification_drop_all(tx, owner.id));
	TRY(q_reset_drop_unused(tx, owner.id));
	TRY(user_lose_address(tx, owner.id, &gone));
	if (gone != 1)
		return dead_link(tx->ctx);
	return audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_EMAIL_LOSE,
			.user = heir,
			.subject = owner.id,
		});
}

/* What was sent to the old address opens nothing any more. */
static struct err *
cut_off(struct tx *tx, const struct account_change *change)
{
	int64_t epoch;
	bool was_waiting;

	TRY(q_reset_drop_unused(tx, change->user_id));
	TRY(q_verification_drop_all(tx, change->user_id));
	TRY(account_change_end(tx, change->user_id, CHANGE_MFA_REMOVAL, &was_waiting));
	return session_end_all(tx, change->user_id, change->family_id,
		SESSION_SIGNED_OUT_ELSEWHERE, &epoch);
}

static struct err *
confirm_in_tx(struct tx *tx, void *arg)
{
	const struct str *text = arg;
	struct ctx *ctx = tx->ctx;
	struct account_change change;
	struct str identity;
	int64_t changed;
	bool is_done;

	TRY(account_change_find(tx, *text, CHANGE_EMAIL, &change, &is_done));
	if (is_done)
		return NULL;
	TRY(account_change_spend(tx, &change));
	TRY(make_room(tx, change.email, change.user_id));
	identity = email_identity(ctx->arena, change.email);
	if (str_is_none(identity))
		return err_no_memory();
	TRY(q_user_put_email(tx,
		(struct user_put_email){
			.id = change.user_id,
			.old_email = change.old_email,
			.email = change.email,
			.email_identity = identity,
			.now = ctx->now,
		},
		&changed));
	if (changed != 1)
		return dead_link(ctx);
	TRY(cut_off(tx, &change));
	TRY(grants_claim(tx, change.user_id, change.email));
	TRY(mail_adopt(tx, change.user_id, change.old_email));
	TRY(q_invitation_adopt(tx, change.user_id, change.old_email));
	TRY(mail_put(tx,
		&(struct mail){
			.kind = MAIL_EMAIL_CHANGED,
			.recipient = change.old_email,
			.user_id = change.user_id,
			.happened_at = ctx->now,
			.ip_address = ctx->remote_address,
		}));
	return audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_EMAIL_CHANGE,
			.user = change.user_id,
			.personal = str_fmt(ctx->arena, STR_FMT " -> " STR_FMT,
				STR_ARG(change.old_email), STR_ARG(change.email)),
		});
}

struct err *
email_change_confirm(struct ctx *ctx, struct str text, struct str password)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct guess guess = { .kind = GUESS_VERIFY, .address = ctx->remote_address };
	struct account_change change;
	bool is_done;

	TRY(guess_wait(ctx, &guess));
	TRY(guess_judge(ctx, &guess,
		account_change_find(&tx, text, CHANGE_EMAIL, &change, &is_done)));
	TRY(account_change_prove(ctx, &change, password));
	if (is_done)
		return NULL;
	return db_transact(
		ctx, TX_WRITE, db_shard_of(change.user_id), confirm_in_tx, &text);
}
