#include "accounts/account_change.h"

#include "accounts/guess.h"
#include "accounts/user.h"
#include "accounts/users_q.h"
#include "audit/audit.h"
#include "codec/iso_time.h"
#include "crypto/hmac.h"
#include "crypto/password.h"
#include "crypto/token.h"

static struct str
kind_name(enum account_change_kind kind)
{
	static const struct str names[] = { [CHANGE_EMAIL] = STR_INIT("email"),
		[CHANGE_MFA_REMOVAL] = STR_INIT("mfa_removal") };

	return names[kind];
}

struct err *
links_too_many(struct ctx *ctx, int64_t oldest)
{
	struct err *err = err_new(ctx, ERR_RATE_LIMITED,
		"%d links were sent within the hour", LINKS_AN_HOUR_MAX);
	int64_t wait_us = oldest + MICROSECONDS_PER_HOUR - ctx->now;

	err->retry_after_s = (int32_t)((wait_us + MICROSECONDS_PER_SECOND - 1) /
		MICROSECONDS_PER_SECOND);
	return err;
}

struct err *
account_change_put(struct tx *tx, const struct account_change_new *change)
{
	struct ctx *ctx = tx->ctx;
	struct change_count sent;
	uint8_t hash[SHA256_BYTES];
	bool was_waiting;

	TRY(q_account_change_count(tx,
		(struct account_change_count){ .user_id = change->user_id,
			.kind = kind_name(change->kind),
			.since = ctx->now - MICROSECONDS_PER_HOUR },
		&sent));
	if (sent.total >= LINKS_AN_HOUR_MAX)
		return links_too_many(ctx, sent.oldest.value);
	TRY(account_change_end(tx, change->user_id, change->kind, &was_waiting));
	token_hash(change->token, hash);
	return q_account_change_insert(tx,
		(struct account_change_insert){
			.user_id = change->user_id,
			.kind = kind_name(change->kind),
			.email = change->email,
			.email_identity = change->email_identity,
			.token_hash = str_from_bytes(hash, sizeof(hash)),
			.family_id = change->family_id,
			.ip_address = ctx->remote_address,
			.now = ctx->now,
			.opens_at = change->opens_at,
			.expires_at = change->expires_at,
		});
}

static struct err *
dead_link(struct ctx *ctx)
{
	return err_new(ctx, ERR_GONE,
		"this link does not work any more; ask for the change again");
}

/* Whether the account is as CHANGE, which has ended, would have it. */
static bool
is_done(const struct account_change *change, enum account_change_kind kind)
{
	if (!change->ended_at.is_set)
		return false;
	return kind == CHANGE_EMAIL ? str_eq(change->email, change->old_email)
				    : !change->has_mfa;
}

struct err *
account_change_find(struct tx *tx, struct str text, enum account_change_kind kind,
	struct account_change *ret, bool *ret_is_done)
{
	struct account_change change;
	uint8_t hash[SHA256_BYTES];
	bool found;

	if (!token_is_wellformed(text, STR(TOKEN_CHANGE)))
		return dead_link(tx->ctx);
	token_hash(text, hash);
	TRY(q_account_change_by_token(
		tx, str_from_bytes(hash, sizeof(hash)), &change, &found));
	if (!found || !str_eq(change.kind, kind_name(kind)) || !change.is_active)
		return dead_link(tx->ctx);
	*ret_is_done = is_done(&change, kind);
	if (!*ret_is_done &&
		(change.ended_at.is_set || change.expires_at <= tx->ctx->now))
		return dead_link(tx->ctx);
	*ret = change;
	return NULL;
}

struct err *
account_change_prove(
	struct ctx *ctx, const struct account_change *change, struct str password)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct guess guess = { .kind = GUESS_PASSWORD,
		.account = change->old_email,
		.address = ctx->remote_address };
	struct password_verdict verdict;
	struct sign_in_row user = { .is_active = false };
	bool found;

	TRY(guess_gate(ctx, &guess));
	TRY(q_user_for_sign_in(&tx, change->old_email, &user, &found));
	TRY(password_verify(
		ctx, found ? user.password_hash : STR_NONE, password, &verdict));
	if (!verdict.matches) {
		TRY(audit_log_alone(ctx,
			&(struct audit_entry){
				.action = AUDIT_PASSWORD_CHECK,
				.outcome = AUDIT_REFUSED,
				.subject = change->user_id,
			}));
		return err_field(ctx, "password", "this is not the account's password");
	}
	guess_right(ctx, &guess);
	return NULL;
}

struct err *
account_change_spend(struct tx *tx, const struct account_change *change)
{
	int64_t spent;

	TRY(q_account_change_use(tx,
		(struct account_change_use){ .user_id = change->user_id,
			.id = change->id,
			.now = tx->ctx->now },
		&spent));
	return spent == 1 ? NULL : dead_link(tx->ctx);
}

struct err *
account_change_end(
	struct tx *tx, struct user_id user, enum account_change_kind kind, bool *ret)
{
	int64_t ended;

	TRY(q_account_change_end(tx,
		(struct account_change_end){
			.user_id = user, .kind = kind_name(kind), .now = tx->ctx->now },
		&ended));
	*ret = ended > 0;
	return NULL;
}

struct err *
account_change_end_all(struct tx *tx, struct user_id user)
{
	bool was_waiting;

	TRY(account_change_end(tx, user, CHANGE_EMAIL, &was_waiting));
	return account_change_end(tx, user, CHANGE_MFA_REMOVAL, &was_waiting);
}

struct err *
account_change_look(struct ctx *ctx, enum account_change_kind kind,
	struct waiting_change *ret, bool *ret_found)
{
	struct tx tx = db_auto(ctx, db_shard_of(ctx->actor.user_id));

	return q_account_change_waiting(&tx,
		(struct account_change_waiting){ .actor = ctx->actor.user_id,
			.kind = kind_name(kind),
			.now = ctx->now },
		ret, ret_found);
}
