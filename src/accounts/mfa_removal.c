#include "accounts/mfa_removal.h"

#include "accounts/account_change.h"
#include "accounts/guess.h"
#include "accounts/session.h"
#include "accounts/user.h"
#include "accounts/users_q.h"
#include "audit/audit.h"
#include "codec/iso_time.h"
#include "crypto/password.h"
#include "crypto/token.h"
#include "mail/mail.h"

#define AN_HOUR (INT64_C(3600) * MICROSECONDS_PER_SECOND)

struct err *
mfa_removal_start(struct tx *tx, struct user_id user, struct str email)
{
	struct ctx *ctx = tx->ctx;
	struct account_change_new change = {
		.user_id = user,
		.kind = CHANGE_MFA_REMOVAL,
		.opens_at = ctx->now + REMOVAL_WAIT_HOURS * AN_HOUR,
	};
	struct sign_in_row known;
	bool found;

	TRY(q_user_for_sign_in(tx, email, &known, &found));
	if (!found || !known.mfa_enabled_at.is_set)
		return err_new(ctx, ERR_CONFLICT, "no second factor is in force");
	change.expires_at = change.opens_at + REMOVAL_OPEN_DAYS * MICROSECONDS_PER_DAY;
	TRY(token_new(ctx->arena, STR(TOKEN_CHANGE), &change.token));
	TRY(account_change_put(tx, &change));
	return mail_put(tx,
		&(struct mail){
			.kind = MAIL_REMOVE_MFA,
			.recipient = email,
			.user_id = user,
			.token = change.token,
			.opens_at = change.opens_at,
			.expires_at = change.expires_at,
		});
}

/* --- By its owner */

static struct err *
remove_in_tx(struct tx *tx, void *arg)
{
	const struct account_change *change = arg;
	struct user_id user = change->user_id;
	struct uuid nobody = { { 0 } };
	int64_t removed, epoch;

	TRY(account_change_spend(tx, change));
	TRY(q_mfa_remove(tx, user, tx->ctx->now, &removed));
	if (removed != 1)
		return err_new(tx->ctx, ERR_CONFLICT, "no second factor is in force");
	TRY(q_recovery_forget(tx, user));
	TRY(session_end_all(tx, user, nobody, SESSION_SIGNED_OUT_ELSEWHERE, &epoch));
	TRY(mail_put(tx,
		&(struct mail){
			.kind = MAIL_MFA_REMOVED,
			.recipient = change->old_email,
			.user_id = user,
			.happened_at = tx->ctx->now,
			.ip_address = tx->ctx->remote_address,
		}));
	return audit_log(
		tx, &(struct audit_entry){ .action = AUDIT_MFA_REMOVE, .user = user });
}

/* As at sign-in: by the account and the address. */
static struct err *
check_password(struct ctx *ctx, struct str email, struct str password)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct guess guess = {
		.kind = GUESS_PASSWORD, .account = email, .address = ctx->remote_address
	};
	struct password_verdict verdict;
	struct sign_in_row user = { .is_active = false };
	bool found;

	TRY(guess_gate(ctx, &guess));
	TRY(q_user_for_sign_in(&tx, email, &user, &found));
	TRY(password_verify(
		ctx, found ? user.password_hash : STR_NONE, password, &verdict));
	if (!verdict.matches)
		return err_field(ctx, "password", "this is not the account's password");
	guess_right(ctx, &guess);
	return NULL;
}

struct err *
mfa_removal_confirm(struct ctx *ctx, struct str text, struct str password)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct guess guess = { .kind = GUESS_RESET, .address = ctx->remote_address };
	struct account_change change;

	TRY(guess_wait(ctx, &guess));
	TRY(guess_judge(ctx, &guess,
		account_change_find(&tx, text, CHANGE_MFA_REMOVAL, &change)));
	if (change.opens_at > ctx->now)
		return err_new(ctx, ERR_CONFLICT,
			"this link works a day after it was sent, so that the owner of "
			"the account can stop it if it was not him who asked");
	TRY(check_password(ctx, change.old_email, password));
	return db_transact(
		ctx, TX_WRITE, db_shard_of(change.user_id), remove_in_tx, &change);
}

/* --- Stopped */

static struct err *
stop_in_tx(struct tx *tx, void *arg)
{
	const struct str *text = arg;
	struct account_change change;

	TRY(account_change_find(tx, *text, CHANGE_MFA_REMOVAL, &change));
	TRY(account_change_spend(tx, &change));
	return audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_MFA_REMOVAL_STOP, .user = change.user_id });
}

struct err *
mfa_removal_stop(struct ctx *ctx, struct str text)
{
	struct guess guess = { .kind = GUESS_RESET, .address = ctx->remote_address };

	TRY(guess_wait(ctx, &guess));
	return guess_judge(
		ctx, &guess, db_transact(ctx, TX_WRITE, SHARD_GLOBAL, stop_in_tx, &text));
}

static struct err *
stop_own_in_tx(struct tx *tx, void *arg)
{
	bool was_waiting;

	(void)arg;
	TRY(account_change_end(
		tx, tx->ctx->actor.user_id, CHANGE_MFA_REMOVAL, &was_waiting));
	if (!was_waiting)
		return err_new(tx->ctx, ERR_NOT_FOUND,
			"nobody asked for your codes to be turned off");
	return audit_log(tx, &(struct audit_entry){ .action = AUDIT_MFA_REMOVAL_STOP });
}

struct err *
mfa_removal_stop_own(struct ctx *ctx)
{
	return db_transact(
		ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), stop_own_in_tx, NULL);
}
