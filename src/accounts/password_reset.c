#include "accounts/password_reset.h"

#include "accounts/account_change.h"
#include "accounts/api_key.h"
#include "accounts/grant.h"
#include "accounts/guess.h"
#include "accounts/identity.h"
#include "accounts/user.h"
#include "accounts/users_q.h"
#include "audit/audit.h"
#include "crypto/hmac.h"
#include "crypto/password.h"
#include "crypto/token.h"
#include "mail/mail.h"

#define MINUTES(n) ((int64_t)(n)*60 * MICROSECONDS_PER_SECOND)

/* --- Forgetting */

struct forgetting {
	struct str email;
	struct str token;
};

static struct err *
send(struct tx *tx, struct user_id user, const struct forgetting *forgetting,
	bool is_by_admin)
{
	struct ctx *ctx = tx->ctx;
	int64_t expires_at = ctx->now + MINUTES(RESET_LINK_MINUTES);
	uint8_t hash[SHA256_BYTES];

	token_hash(forgetting->token, hash);
	TRY(q_reset_insert(tx,
		(struct reset_insert){
			.user_id = user,
			.token_hash = str_from_bytes(hash, sizeof(hash)),
			.ip_address = is_by_admin ? STR_NONE : ctx->remote_address,
			.user_agent = STR_NONE,
			.is_by_admin = is_by_admin,
			.now = ctx->now,
			.expires_at = expires_at,
		}));
	return mail_put(tx,
		&(struct mail){
			.kind = MAIL_RESET_PASSWORD,
			.recipient = forgetting->email,
			.user_id = user,
			.token = forgetting->token,
			.expires_at = expires_at,
		});
}

/* The links of this hour that count against another one to USER at EMAIL. */
static struct err *
count_sent(struct tx *tx, const struct registered *user, struct str email,
	struct link_count *ret)
{
	int64_t since = tx->ctx->now - MINUTES(60);
	struct str identity;

	/* Strangers can make no second account of a proved address, so its links are
	 * counted by themselves, and nobody uses them up by other spellings. */
	if (user->email_verified)
		return q_reset_count(tx, user->id, since, ret);
	identity = email_identity(tx->ctx->arena, email);
	if (str_is_none(identity))
		return err_no_memory();
	return q_reset_count_unproved(tx,
		(struct reset_count_unproved){
			.email_identity = identity, .email = email, .since = since },
		ret);
}

static struct err *
forget_in_tx(struct tx *tx, void *arg)
{
	const struct forgetting *forgetting = arg;
	struct registered user = { .is_active = false };
	struct link_count sent = { .total = 0 };
	bool found, is_sent;

	TRY(q_user_by_email(tx, forgetting->email, &user, &found));
	if (found)
		TRY(count_sent(tx, &user, forgetting->email, &sent));
	is_sent = found && user.is_active && sent.total < LINKS_AN_HOUR_MAX;
	if (is_sent)
		TRY(send(tx, user.id, forgetting, false));
	/* Written for addresses without an account too: a commit takes its time. */
	return audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_PASSWORD_FORGOTTEN,
			.outcome = is_sent ? AUDIT_SUCCESS : AUDIT_REFUSED,
			.subject = found ? user.id : (struct user_id){ { { 0 } } },
		});
}

struct err *
password_forgotten(struct ctx *ctx, struct str email)
{
	struct forgetting forgetting = { .email = email };

	TRY(guess_gate(ctx,
		&(struct guess){
			.kind = GUESS_RESET,
			.account = email,
			.address = ctx->remote_address,
		}));
	TRY(token_new(ctx->arena, STR(TOKEN_RESET), &forgetting.token));
	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, forget_in_tx, &forgetting);
}

struct err *
password_reset_send(struct tx *tx, struct user_id user, struct str email)
{
	struct ctx *ctx = tx->ctx;
	struct forgetting forgetting = { .email = email };
	struct registered registered;
	struct link_count sent;
	bool found;

	TRY(q_user_by_email(tx, email, &registered, &found));
	if (!found)
		return err_new(ctx, ERR_NOT_FOUND, "no such active user");
	TRY(count_sent(tx, &registered, email, &sent));
	if (sent.total >= LINKS_AN_HOUR_MAX)
		return links_too_many(ctx, sent.oldest.value);
	TRY(token_new(ctx->arena, STR(TOKEN_RESET), &forgetting.token));
	return send(tx, user, &forgetting, true);
}

/* --- Resetting */

struct resetting {
	struct str token_hash;
	struct str password_hash;
};

static struct err *
dead_link(struct ctx *ctx)
{
	return err_new(ctx, ERR_GONE,
		"this link does not work any more; ask for a new one at \"forgotten "
		"password\"");
}

/* The link, if it still works. */
static struct err *
find_link(struct tx *tx, struct str hash, struct reset *ret)
{
	bool found;

	TRY(q_reset_by_token(tx, hash, ret, &found));
	if (found && ret->used_at.is_set)
		return err_new(tx->ctx, ERR_GONE,
			"this link has set a password already; sign in with it, or ask "
			"for a new link at \"forgotten password\"");
	if (!found || ret->expires_at <= tx->ctx->now || !ret->is_active)
		return dead_link(tx->ctx);
	return NULL;
}

/* Absent where there are none, so that a mail says nothing of them. */
static struct str
count_text(struct arena *arena, int64_t count)
{
	return count ? str_fmt(arena, "%lld", (long long)count) : STR_NONE;
}

struct keys_fate {
	int64_t ended;
	int64_t left;
};

/* To the owner of EMAIL, who may not have done it. */
static struct err *
tell_owner(struct tx *tx, struct user_id user, struct str email, struct keys_fate keys)
{
	return mail_put(tx,
		&(struct mail){
			.kind = MAIL_PASSWORD_CHANGED,
			.recipient = email,
			.user_id = user,
			.keys_ended = count_text(tx->ctx->arena, keys.ended),
			.keys_left = count_text(tx->ctx->arena, keys.left),
			.happened_at = tx->ctx->now,
			.ip_address = tx->ctx->remote_address,
		});
}

static struct err *
reset_in_tx(struct tx *tx, void *arg)
{
	const struct resetting *resetting = arg;
	struct ctx *ctx = tx->ctx;
	struct uuid nobody = { { 0 } };
	struct reset link;
	struct keys_fate keys = { .left = 0 };
	int64_t changed, epoch;

	TRY(find_link(tx, resetting->token_hash, &link));
	TRY(q_reset_use(tx,
		(struct reset_use){
			.user_id = link.user_id, .id = link.id, .now = ctx->now },
		&changed));
	TRY(q_user_password_reset(tx,
		(struct user_password_reset){
			.id = link.user_id,
			.password_hash = resetting->password_hash,
			.now = ctx->now,
		},
		&changed));
	if (changed != 1)
		return dead_link(ctx);
	TRY(q_reset_drop_unused(tx, link.user_id));
	/* A password set by the mailbox does not open what the mailbox alone must not. */
	TRY(account_change_end_all(tx, link.user_id));
	TRY(grants_claim(tx, link.user_id, link.email));
	TRY(q_verification_drop_all(tx, link.user_id));
	TRY(session_end_all(tx, link.user_id, nobody, SESSION_PASSWORD_CHANGED, &epoch));
	/* Whoever knew the password that is forgotten may have made them. */
	TRY(api_key_revoke_all(tx, link.user_id, &keys.ended));
	TRY(tell_owner(tx, link.user_id, link.email, keys));
	return audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_PASSWORD_RESET,
			.user = link.user_id,
			.details = str_fmt(ctx->arena, "{\"api_keys_revoked\":%lld}",
				(long long)keys.ended),
		});
}

struct err *
password_reset(struct ctx *ctx, struct str text, struct str password)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct guess guess = { .kind = GUESS_RESET, .address = ctx->remote_address };
	struct resetting resetting;
	struct reset link = { .is_active = false };
	uint8_t hash[SHA256_BYTES];

	TRY(guess_wait(ctx, &guess));
	token_hash(text, hash);
	resetting.token_hash = str_from_bytes(hash, sizeof(hash));
	/* Hashing costs: only whoever has a link makes us do it. */
	TRY(guess_judge(ctx, &guess,
		token_is_wellformed(text, STR(TOKEN_RESET))
			? find_link(&tx, resetting.token_hash, &link)
			: dead_link(ctx)));
	TRY(password_check(ctx, password, link.email));
	TRY(password_hash(ctx, password, &resetting.password_hash));
	return db_transact(
		ctx, TX_WRITE, db_shard_of(link.user_id), reset_in_tx, &resetting);
}

/* --- Changing */

struct changing {
	const struct password_change *change;
	struct str password_hash;
	struct session_tokens tokens;
	int64_t api_keys;
};

static struct err *
prepare_change(struct ctx *ctx, const struct user_password *known, void *arg)
{
	struct changing *changing = arg;
	struct str password = changing->change->password;

	if (str_eq(password, changing->change->proof.password))
		return err_field(
			ctx, "password", "that is the present password; choose another");
	TRY(password_check(ctx, password, known->email));
	return password_hash(ctx, password, &changing->password_hash);
}

static struct err *
change_in_tx(struct tx *tx, const struct user_password *known, void *arg)
{
	struct changing *changing = arg;
	struct user_id user = tx->ctx->actor.user_id;
	int64_t changed;

	TRY(q_user_password_put(tx,
		(struct user_password_put){
			.actor = user,
			.checked_hash = known->password_hash,
			.password_hash = changing->password_hash,
			.now = tx->ctx->now,
		},
		&changed));
	if (changed != 1)
		return err_new(tx->ctx, ERR_CONFLICT,
			"the password was changed by another request meanwhile");
	TRY(q_reset_drop_unused(tx, user));
	TRY(account_change_end_all(tx, user));
	TRY(session_end_all(tx, user, changing->change->family, SESSION_PASSWORD_CHANGED,
		&changing->tokens.session_epoch));
	TRY(api_keys_count(tx, user, &changing->api_keys));
	TRY(tell_owner(tx, user, known->email,
		(struct keys_fate){ .left = changing->api_keys }));
	return audit_log(tx, &(struct audit_entry){ .action = AUDIT_PASSWORD_CHANGE });
}

struct err *
password_change(struct ctx *ctx, const struct password_change *change,
	struct session_tokens *ret, int64_t *ret_api_keys)
{
	struct changing changing = {
		.change = change,
		.tokens = {
			.user_id = ctx->actor.user_id,
			.family_id = change->family,
			.is_mfa_passed = change->is_mfa_passed,
		},
	};

	TRY(proof_prepare_and_transact(
		ctx, &change->proof, prepare_change, change_in_tx, &changing));
	TRY(session_sign(ctx, &changing.tokens));
	*ret = changing.tokens;
	*ret_api_keys = changing.api_keys;
	return NULL;
}
