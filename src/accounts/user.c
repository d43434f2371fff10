#include "accounts/user.h"

#include "accounts/account_change.h"
#include "accounts/grant.h"
#include "accounts/guess.h"
#include "accounts/identity.h"
#include "accounts/session.h"
#include "accounts/standing.h"
#include "accounts/users_q.h"
#include "audit/audit.h"
#include "base/buf.h"
#include "codec/hex.h"
#include "codec/uuid.h"
#include "crypto/digest.h"
#include "crypto/hmac.h"
#include "crypto/password.h"
#include "crypto/password_kind.h"
#include "crypto/token.h"
#include "mail/mail.h"
#include "sys/random.h"

#define HOURS(n) ((int64_t)(n)*3600 * MICROSECONDS_PER_SECOND)

enum { TOMBSTONE_BYTES_MAX = 100 };

/* --- Registering */

struct registering {
	const struct registration *registration;
	struct str identity;
	struct str password_hash;
	struct str token;
	int64_t sent; /* links to this mailbox within the hour, however it was spelt */
};

/* A link to prove the address of USER, unless enough are on their way. */
static struct err *
send_link(struct tx *tx, struct user_id user, const struct registering *registering)
{
	struct ctx *ctx = tx->ctx;
	struct str email = registering->registration->email;
	int64_t expires_at = ctx->now + HOURS(VERIFY_LINK_HOURS);
	uint8_t hash[SHA256_BYTES];

	if (registering->sent >= LINKS_AN_HOUR_MAX)
		return NULL;
	token_hash(registering->token, hash);
	TRY(q_verification_insert(tx,
		(struct verification_insert){
			.user_id = user,
			.email = email,
			.token_hash = str_from_bytes(hash, sizeof(hash)),
			.password_hash = registering->password_hash,
			.first_name = registering->registration->first_name,
			.last_name = registering->registration->last_name,
			.ip_address = ctx->remote_address,
			.now = ctx->now,
			.expires_at = expires_at,
		}));
	return mail_put(tx,
		&(struct mail){
			.kind = MAIL_VERIFY_EMAIL,
			.recipient = email,
			.user_id = user,
			.token = registering->token,
			.expires_at = expires_at,
		});
}

struct err *
user_remind(struct tx *tx, struct user_id user, struct str email)
{
	struct str identity = email_identity(tx->ctx->arena, email);
	uint8_t digest[SHA256_BYTES];
	struct buf key;

	if (str_is_none(identity))
		return err_no_memory();
	digest_sha256(identity, digest);
	buf_init(&key, tx->ctx->arena, 150);
	buf_fmt(&key, "already-registered ");
	hex_encode(&key, str_from_bytes(digest, sizeof(digest)));
	buf_fmt(&key, " %lld", (long long)(tx->ctx->now / HOURS(1)));
	if (buf_is_cut(&key))
		return err_no_memory();
	return mail_put(tx,
		&(struct mail){
			.kind = MAIL_ALREADY_REGISTERED,
			.recipient = email,
			.user_id = user,
			.dedupe_key = buf_str(&key),
		});
}

static struct err *
register_again(struct tx *tx, const struct registered *user,
	const struct registering *registering)
{
	if (!user->is_active)
		return NULL;
	if (user->email_verified)
		return user_remind(tx, user->id, registering->registration->email);
	return send_link(tx, user->id, registering);
}

/* Where no link may go to the mailbox any more, an account that waits for one is not made
 * either, and RET is left alone. */
static struct err *
register_anew(struct tx *tx, const struct registering *registering, struct user_id *ret)
{
	struct user_id id = { uuid_v7(tx->ctx->now) };
	int64_t inserted;

	if (registering->sent >= LINKS_AN_HOUR_MAX)
		return NULL;
	TRY(q_user_insert(tx,
		(struct user_insert){
			.id = id,
			.email = registering->registration->email,
			.email_identity = registering->identity,
			.now = tx->ctx->now,
		},
		&inserted));
	if (inserted != 1)
		return NULL;
	*ret = id;
	return send_link(tx, id, registering);
}

static struct err *
register_in_tx(struct tx *tx, void *arg)
{
	struct registering *registering = arg;
	struct registered user = { .id = { { { 0 } } } };
	struct link_count sent;
	bool found, is_made;

	TRY(q_user_by_email(tx, registering->registration->email, &user, &found));
	TRY(q_verification_count(tx,
		(struct verification_count){ .email_identity = registering->identity,
			.email = registering->registration->email,
			.since = tx->ctx->now - HOURS(1) },
		&sent));
	registering->sent = sent.total;
	if (found)
		TRY(register_again(tx, &user, registering));
	else
		TRY(register_anew(tx, registering, &user.id));
	is_made = !found && !uuid_is_nil(user.id.uuid);
	return audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_REGISTER,
			.outcome = is_made ? AUDIT_SUCCESS : AUDIT_REFUSED,
			.subject = user.id,
		});
}

struct err *
user_register(struct ctx *ctx, const struct registration *registration)
{
	struct registering registering = {
		.registration = registration,
		.identity = email_identity(ctx->arena, registration->email),
	};

	if (str_is_none(registering.identity))
		return err_no_memory();
	TRY(password_check(ctx, registration->password, registration->email));
	TRY(password_hash(ctx, registration->password, &registering.password_hash));
	TRY(token_new(ctx->arena, STR(TOKEN_VERIFY), &registering.token));
	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, register_in_tx, &registering);
}

/* --- Proving an address */

static struct err *
dead_link(struct ctx *ctx)
{
	return err_new(ctx, ERR_GONE,
		"this link does not work any more; sign in, or register again to be sent "
		"another");
}

/* The link with a token of HASH, if it works or has worked. */
static struct err *
find_link(struct tx *tx, struct str hash, struct verification *ret)
{
	bool found;

	TRY(q_verification_by_token(tx, hash, ret, &found));
	if (!found || (!ret->used_at.is_set && ret->expires_at <= tx->ctx->now))
		return dead_link(tx->ctx);
	return NULL;
}

static struct err *
verify_in_tx(struct tx *tx, void *arg)
{
	const struct str *hash = arg;
	struct verification link;
	int64_t changed;

	TRY(find_link(tx, *hash, &link));
	if (link.used_at.is_set)
		return NULL;
	TRY(q_verification_use(tx,
		(struct verification_use){
			.user_id = link.user_id, .id = link.id, .now = tx->ctx->now },
		&changed));
	TRY(q_user_verify(tx,
		(struct user_verify){
			.id = link.user_id,
			.password_hash = link.password_hash,
			.first_name = link.first_name,
			.last_name = link.last_name,
			.now = tx->ctx->now,
		},
		&changed));
	if (changed != 1)
		return dead_link(tx->ctx);
	TRY(q_verification_drop_others(tx, link.user_id, link.id));
	TRY(grants_claim(tx, link.user_id, link.email));
	TRY(audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_EMAIL_VERIFY,
			.user = link.user_id,
		}));
	return standing_changed(tx, link.user_id);
}

/* The link proves who has the mailbox, the password who registered: one without the other
 * could be somebody who gave another's address. */
static struct err *
check_registrant(struct ctx *ctx, const struct verification *link, struct str password)
{
	struct guess guess = { .kind = GUESS_PASSWORD,
		.account = link->email,
		.address = ctx->remote_address };
	struct password_verdict verdict;

	TRY(guess_gate(ctx, &guess));
	TRY(password_verify(ctx, link->password_hash, password, &verdict));
	if (!verdict.matches)
		return err_field(ctx, "password",
			"this is not the password that was given with this link; if you "
			"gave another, follow the link of that mail, or set one at "
			"\"forgotten password\"; if you did not register, somebody else "
			"gave your address: leave it");
	guess_right(ctx, &guess);
	return NULL;
}

static struct err *
verify(struct ctx *ctx, struct str token, struct str password)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct verification link;
	uint8_t bytes[SHA256_BYTES];
	struct str hash = str_from_bytes(bytes, sizeof(bytes));

	if (!token_is_wellformed(token, STR(TOKEN_VERIFY)))
		return dead_link(ctx);
	token_hash(token, bytes);
	TRY(find_link(&tx, hash, &link));
	if (link.used_at.is_set)
		return NULL;
	TRY(check_registrant(ctx, &link, password));
	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, verify_in_tx, &hash);
}

struct err *
user_verify(struct ctx *ctx, struct str token, struct str password)
{
	struct guess guess = { .kind = GUESS_VERIFY, .address = ctx->remote_address };

	TRY(guess_wait(ctx, &guess));
	return guess_judge(ctx, &guess, verify(ctx, token, password));
}

/* --- Shutting out */

struct err *
user_deactivate(struct tx *tx, struct user_id user)
{
	int64_t changed, epoch;

	TRY(q_user_deactivate(tx, user, tx->ctx->now, &changed));
	if (changed != 1)
		return err_new(tx->ctx, ERR_NOT_FOUND, "no such active user");
	/* Nor do links that were sent before wait for the day he is let in again. */
	TRY(q_reset_drop_unused(tx, user));
	TRY(account_change_end_all(tx, user));
	return session_end_all(
		tx, user, (struct uuid){ { 0 } }, SESSION_DEACTIVATED, &epoch);
}

struct err *
user_reactivate(struct tx *tx, struct user_id user)
{
	int64_t changed;

	TRY(q_user_reactivate(tx, user, tx->ctx->now, &changed));
	if (changed != 1)
		return err_new(tx->ctx, ERR_NOT_FOUND, "no such deactivated user");
	return standing_changed(tx, user);
}

/* --- Asking again */

struct err *
user_confirm(struct ctx *ctx, struct str password, const char *field,
	struct user_password *ret)
{
	struct tx tx = db_auto(ctx, db_shard_of(ctx->actor.user_id));
	struct user_password user;
	struct password_verdict verdict;
	struct guess guess = { .kind = GUESS_PASSWORD, .address = ctx->remote_address };

	TRY(q_user_password_get(&tx, ctx->actor.user_id, &user));
	guess.account = user.email;
	TRY(guess_gate(ctx, &guess));
	TRY(password_verify(ctx, user.password_hash, password, &verdict));
	if (!verdict.matches) {
		TRY(audit_log_alone(ctx,
			&(struct audit_entry){
				.action = AUDIT_PASSWORD_CHECK,
				.outcome = AUDIT_REFUSED,
			}));
		return err_field(ctx, field, "this is not your password");
	}
	guess_right(ctx, &guess);
	*ret = user;
	return NULL;
}

struct err *
user_still_confirmed(struct tx *tx, const struct user_password *known)
{
	struct user_password now;

	TRY(q_user_password_get(tx, tx->ctx->actor.user_id, &now));
	if (str_eq(now.password_hash, known->password_hash) &&
		str_eq(now.email, known->email) &&
		now.mfa_enabled_at.is_set == known->mfa_enabled_at.is_set &&
		now.mfa_enabled_at.value == known->mfa_enabled_at.value)
		return NULL;
	return err_new(tx->ctx, ERR_CONFLICT,
		"the account was changed by another request meanwhile; try again");
}

/* --- Accounts that are none any more */

struct err *
user_tombstone(struct ctx *ctx, struct user_id user, struct str *ret)
{
	struct buf tombstone;

	buf_init(&tombstone, ctx->arena, TOMBSTONE_BYTES_MAX);
	uuid_format(&tombstone, user.uuid);
	buf_put(&tombstone, STR("@erased.invalid"));
	if (buf_is_cut(&tombstone))
		return err_no_memory();
	*ret = buf_str(&tombstone);
	return NULL;
}

struct err *
user_lose_address(struct tx *tx, struct user_id user, int64_t *ret_gone)
{
	struct user_give_way account = { .id = user, .now = tx->ctx->now };

	TRY(user_tombstone(tx->ctx, user, &account.tombstone));
	return q_user_give_way(tx, account, ret_gone);
}

/* --- Kinds of hashes */

enum { KINDS_FOUND_MAX = 50 };

struct err *
user_password_kinds_learn(struct ctx *ctx)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct password_kind_found_list found;
	struct password_kind kind;

	TRY(q_password_kinds(&tx, KINDS_FOUND_MAX, &found));
	for (size_t i = 0; i < found.count; i++) {
		if (password_kind_of(found.items[i].kind, &kind))
			password_kind_learn(&kind);
	}
	return NULL;
}
