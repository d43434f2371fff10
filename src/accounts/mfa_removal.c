#include "accounts/mfa_removal.h"

#include "accounts/account_change.h"
#include "accounts/guess.h"
#include "accounts/session.h"
#include "accounts/user.h"
#include "audit/audit.h"
#include "codec/iso_time.h"
#include "crypto/token.h"
#include "mail/mail.h"

/* What happened since the factor is in force: before, whoever set it up had the
 * password. */
static int64_t
wait_from(const struct mfa_to_lose *factor, struct opt_i64 happened_at, int64_t at_least)
{
	int64_t ends_at = happened_at.value +
		REMOVAL_WAIT_DAYS_OF_MAILBOX * MICROSECONDS_PER_DAY;

	if (!happened_at.is_set || happened_at.value <= factor->mfa_enabled_at.value)
		return at_least;
	return ends_at > at_least ? ends_at : at_least;
}

struct err *
mfa_removal_start(struct tx *tx, struct user_id user, struct str email)
{
	struct ctx *ctx = tx->ctx;
	struct account_change_new change = {
		.user_id = user,
		.kind = CHANGE_MFA_REMOVAL,
		.opens_at = ctx->now + REMOVAL_WAIT_HOURS * MICROSECONDS_PER_HOUR,
	};
	struct mfa_to_lose factor;
	bool found;

	TRY(q_mfa_removal_look(tx, user, &factor, &found));
	if (!found || !factor.mfa_enabled_at.is_set)
		return err_new(ctx, ERR_CONFLICT, "no second factor is in force");
	change.opens_at = wait_from(&factor, factor.reset_at, change.opens_at);
	change.opens_at = wait_from(&factor, factor.proved_at, change.opens_at);
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
	const struct str *text = arg;
	struct account_change change;
	struct user_id user;
	struct uuid nobody = { { 0 } };
	int64_t removed, epoch;
	bool is_done;

	TRY(account_change_find(tx, *text, CHANGE_MFA_REMOVAL, &change, &is_done));
	if (is_done)
		return NULL;
	user = change.user_id;
	TRY(account_change_spend(tx, &change));
	TRY(q_mfa_remove(tx, user, tx->ctx->now, &removed));
	if (removed != 1)
		return err_new(tx->ctx, ERR_CONFLICT, "no second factor is in force");
	TRY(q_recovery_forget(tx, user));
	TRY(session_end_all(tx, user, nobody, SESSION_SIGNED_OUT_ELSEWHERE, &epoch));
	TRY(mail_put(tx,
		&(struct mail){
			.kind = MAIL_MFA_REMOVED,
			.recipient = change.old_email,
			.user_id = user,
			.happened_at = tx->ctx->now,
			.ip_address = tx->ctx->remote_address,
		}));
	return audit_log(
		tx, &(struct audit_entry){ .action = AUDIT_MFA_REMOVE, .user = user });
}

static struct err *
too_early(struct ctx *ctx, int64_t opens_at)
{
	int64_t second = opens_at / MICROSECONDS_PER_SECOND + 1;
	char storage[ISO_TIME_LEN_MAX];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	iso_time_format(&text, second * MICROSECONDS_PER_SECOND);
	return err_new(ctx, ERR_CONFLICT,
		"this link works from " STR_FMT " on, so that the owner of the account "
		"can stop it if it was not him who asked",
		STR_ARG(buf_str(&text)));
}

struct err *
mfa_removal_confirm(struct ctx *ctx, struct str text, struct str password)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct guess guess = { .kind = GUESS_RESET, .address = ctx->remote_address };
	struct account_change change;
	bool is_done;

	TRY(guess_wait(ctx, &guess));
	TRY(guess_judge(ctx, &guess,
		account_change_find(&tx, text, CHANGE_MFA_REMOVAL, &change, &is_done)));
	if (!is_done && change.opens_at > ctx->now)
		return too_early(ctx, change.opens_at);
	TRY(account_change_prove(ctx, &change, password));
	if (is_done)
		return NULL;
	return db_transact(
		ctx, TX_WRITE, db_shard_of(change.user_id), remove_in_tx, &text);
}

/* --- Stopped */

static struct err *
stop_in_tx(struct tx *tx, void *arg)
{
	const struct str *text = arg;
	struct account_change change;
	bool is_done;

	TRY(account_change_find(tx, *text, CHANGE_MFA_REMOVAL, &change, &is_done));
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
