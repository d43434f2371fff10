#include "accounts/session.h"

#include "accounts/device.h"
#include "accounts/standing.h"
#include "accounts/users_q.h"
#include "audit/audit.h"
#include "codec/geo.h"
#include "codec/iso_time.h"
#include "crypto/hmac.h"
#include "crypto/jwt.h"
#include "crypto/seal.h"
#include "crypto/token.h"
#include "mail/mail.h"
#include "sys/random.h"

#define SECONDS(n) ((int64_t)(n)*MICROSECONDS_PER_SECOND)
#define DAYS(n)    ((int64_t)(n)*MICROSECONDS_PER_DAY)

static const char *const reason_names[] = {
	[SESSION_SIGNED_OUT] = "sign_out",
	[SESSION_SIGNED_OUT_ELSEWHERE] = "signed_out_elsewhere",
	[SESSION_REUSED] = "reuse",
	[SESSION_PASSWORD_CHANGED] = "password_change",
	[SESSION_DEACTIVATED] = "deactivation",
	[SESSION_ERASED] = "erasure",
	[SESSION_ENDED_BY_ADMIN] = "administrator",
};

static struct str
reason_name(enum session_end_reason reason)
{
	return str_from(reason_names[reason]);
}

static struct err *
sign_in_again(struct ctx *ctx)
{
	return err_new(ctx, ERR_UNAUTHENTICATED, "this session has ended; sign in again");
}

/* --- Beginning */

static int64_t
refresh_expiry(int64_t family_started_at, int64_t now)
{
	int64_t by_idleness = now + DAYS(REFRESH_IDLE_DAYS);
	int64_t at_last = family_started_at + DAYS(REFRESH_FAMILY_DAYS);

	return by_idleness < at_last ? by_idleness : at_last;
}

/* A row for refresh token TEXT of the client that asks. */
static struct err *
insert(struct tx *tx, struct session_insert row, struct str text)
{
	uint8_t hash[SHA256_BYTES];

	token_hash(text, hash);
	row.token_hash = str_from_bytes(hash, sizeof(hash));
	row.ip_address = tx->ctx->remote_address;
	row.user_agent = device_agent(tx->ctx->user_agent);
	row.place = geo_place(tx->ctx->geo, tx->ctx->arena, tx->ctx->remote_address);
	row.now = tx->ctx->now;
	return q_session_insert(tx, row);
}

struct err *
session_begin(
	struct tx *tx, const struct session_begin *begin, struct session_tokens *ret)
{
	struct ctx *ctx = tx->ctx;
	struct session_tokens tokens = {
		.user_id = begin->user_id,
		.family_id = uuid_v7(ctx->now),
		.refresh_expires_at = refresh_expiry(ctx->now, ctx->now),
		.is_mfa_passed = begin->is_mfa_passed,
	};
	struct str device = str_is_none(begin->device_name)
		? device_name(ctx->arena, ctx->user_agent)
		: begin->device_name;

	struct user_epoch epoch;
	bool is_active;

	if (str_is_none(device))
		return err_no_memory();
	TRY(q_user_epoch_get(tx, begin->user_id, &epoch, &is_active));
	if (!is_active)
		return sign_in_again(ctx);
	tokens.session_epoch = epoch.session_epoch;
	TRY(token_new(ctx->arena, STR(TOKEN_REFRESH), &tokens.refresh));
	TRY(insert(tx,
		(struct session_insert){
			.user_id = begin->user_id,
			.id = { uuid_v7(ctx->now) },
			.family_id = tokens.family_id,
			.expires_at = tokens.refresh_expires_at,
			.device_name = device,
			.family_started_at = ctx->now,
			.mfa_passed_at = { .is_set = begin->is_mfa_passed,
				.value = ctx->now },
		},
		tokens.refresh));
	*ret = tokens;
	return NULL;
}

struct err *
session_sign(struct ctx *ctx, struct session_tokens *tokens)
{
	int64_t expires_at = ctx->now + SECONDS(60 * ACCESS_MINUTES);

	TRY(jwt_sign(ctx,
		&(struct jwt_claims){
			.user_id = tokens->user_id,
			.family_id = tokens->family_id,
			.session_epoch = tokens->session_epoch,
			.is_mfa_passed = tokens->is_mfa_passed,
			.issued_at = ctx->now,
			.expires_at = expires_at,
		},
		&tokens->access));
	tokens->access_expires_at = expires_at;
	return NULL;
}

/* --- Refreshing */

enum refresh_outcome { REFRESH_REFUSED, REFRESH_DONE };

/* One use of a refresh token. Its outcome is told after the commit, as an error would
 * undo what reuse has ended. */
struct refresh {
	struct str text;
	struct str successor; /* made before, as the function may run twice */
	enum refresh_outcome outcome;
	struct session_tokens tokens;
};

static struct seal_place
successor_place(const struct session_row *session)
{
	return (struct seal_place){ .table = "user_sessions",
		.column = "successor_sealed",
		.row = session->id.uuid };
}

/* The first use. */
static struct err *
rotate(struct tx *tx, const struct session_row *session, struct refresh *refresh)
{
	struct ctx *ctx = tx->ctx;
	struct session_id id = { uuid_v7(ctx->now) };
	int64_t expires_at = refresh_expiry(session->family_started_at, ctx->now);
	struct seal_place place = successor_place(session);
	int64_t rotated;
	struct str sealed;

	TRY(seal(ctx, &place, refresh->successor, &sealed));
	TRY(insert(tx,
		(struct session_insert){
			.user_id = session->user_id,
			.id = id,
			.family_id = session->family_id,
			.expires_at = expires_at,
			.device_name = session->device_name,
			.family_started_at = session->family_started_at,
			.mfa_passed_at = session->mfa_passed_at,
		},
		refresh->successor));
	TRY(q_session_rotate(tx,
		(struct session_rotate){
			.user_id = session->user_id,
			.id = session->id,
			.successor_id = id.uuid,
			.successor_sealed = sealed,
			.now = ctx->now,
		},
		&rotated));
	if (rotated != 1)
		return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
			"a session was rotated in the transaction that rotates it");
	TRY(q_session_forget_successor(tx,
		(struct session_forget_successor){
			.user_id = session->user_id,
			.successor_id = session->id.uuid,
			.rotated_before = ctx->now - SECONDS(REFRESH_GRACE_SECONDS),
		}));
	refresh->outcome = REFRESH_DONE;
	refresh->tokens.refresh = refresh->successor;
	refresh->tokens.refresh_expires_at = expires_at;
	return NULL;
}

static bool
is_in_grace(const struct ctx *ctx, const struct session_row *session)
{
	return session->rotated_at.is_set && !str_is_none(session->successor_sealed) &&
		ctx->now - session->rotated_at.value <= SECONDS(REFRESH_GRACE_SECONDS);
}

/* Whether the one who asks is the one to whom the session was given. */
static bool
is_same_client(const struct ctx *ctx, const struct session_row *session)
{
	return str_eq(session->user_agent, device_agent(ctx->user_agent)) &&
		str_eq(session->ip_address, ctx->remote_address);
}

/* Word to the owner, once a family. The device is the one that was signed in, the rest is
 * of whoever came with the token. */
static struct err *
tell_of_reuse(struct tx *tx, const struct session_row *session, struct str email)
{
	struct ctx *ctx = tx->ctx;

	return mail_put(tx,
		&(struct mail){
			.kind = MAIL_SESSION_REUSED,
			.recipient = email,
			.user_id = session->user_id,
			.happened_at = ctx->now,
			.device = str_is_none(session->device_name)
				? device_name(ctx->arena, session->user_agent)
				: session->device_name,
			.place = geo_place(ctx->geo, ctx->arena, ctx->remote_address),
			.ip_address = ctx->remote_address,
		});
}

/* Somebody has a token that was spent: the family of EMAIL's ends, if it has not. */
static struct err *
end_reused(struct tx *tx, const struct session_row *session, struct str email)
{
	int64_t ended;

	TRY(q_session_family_end(tx,
		(struct session_family_end){
			.user_id = session->user_id,
			.family_id = session->family_id,
			.reason = reason_name(SESSION_REUSED),
			.now = tx->ctx->now,
		},
		&ended));
	if (ended == 0)
		return NULL;
	TRY(audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_TOKEN_REUSED,
			.outcome = AUDIT_REFUSED,
			.subject = session->user_id,
		}));
	TRY(tell_of_reuse(tx, session, email));
	return standing_changed(tx, session->user_id);
}

/* A token that was spent: whoever spent it, and asks again within the grace, gets the
 * successor that he was given, unless it has been ended since. */
static struct err *
repeat(struct tx *tx, const struct session_row *session, struct str email,
	struct refresh *refresh)
{
	struct seal_place place = successor_place(session);
	struct session_row successor;

	if (!is_in_grace(tx->ctx, session))
		return end_reused(tx, session, email);
	TRY(q_session_get(tx, session->user_id,
		(struct session_id){ session->successor_id }, &successor));
	if (!is_same_client(tx->ctx, &successor))
		return end_reused(tx, session, email);
	if (successor.revoked_at.is_set)
		return NULL;
	TRY(seal_go_without(tx->ctx,
		unseal(tx->ctx, &place, session->successor_sealed,
			&refresh->tokens.refresh)));
	if (str_is_none(refresh->tokens.refresh))
		return NULL;
	refresh->tokens.refresh_expires_at = successor.expires_at;
	refresh->outcome = REFRESH_DONE;
	return NULL;
}

static struct err *
refresh_in_tx(struct tx *tx, void *arg)
{
	struct refresh *refresh = arg;
	const struct ctx *ctx = tx->ctx;
	uint8_t hash[SHA256_BYTES];
	struct session_row session;
	struct user_epoch epoch;
	bool found, is_active;

	refresh->outcome = REFRESH_REFUSED;
	token_hash(refresh->text, hash);
	TRY(q_session_by_token(tx, str_from_bytes(hash, sizeof(hash)), &session, &found));
	if (!found || session.revoked_at.is_set || session.expires_at <= ctx->now)
		return NULL;
	TRY(q_user_epoch_get(tx, session.user_id, &epoch, &is_active));
	if (!is_active)
		return NULL;
	refresh->tokens = (struct session_tokens){
		.user_id = session.user_id,
		.family_id = session.family_id,
		.session_epoch = epoch.session_epoch,
		.is_mfa_passed = session.mfa_passed_at.is_set,
	};
	return session.is_active ? rotate(tx, &session, refresh)
				 : repeat(tx, &session, epoch.email, refresh);
}

struct err *
session_refresh(struct ctx *ctx, struct str text, struct session_tokens *ret)
{
	struct refresh refresh = { .text = text };

	if (!token_is_wellformed(text, STR(TOKEN_REFRESH)))
		return sign_in_again(ctx);
	TRY(token_new(ctx->arena, STR(TOKEN_REFRESH), &refresh.successor));
	TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, refresh_in_tx, &refresh));
	if (refresh.outcome != REFRESH_DONE)
		return sign_in_again(ctx);
	TRY(session_sign(ctx, &refresh.tokens));
	*ret = refresh.tokens;
	return NULL;
}

/* --- Ending */

struct ending {
	struct str text; /* a refresh token, or absent */
	struct uuid family;
	enum session_end_reason reason;
	int64_t ended;
};

static struct err *
end_family(struct tx *tx, struct user_id user, struct ending *ending)
{
	TRY(q_session_family_end(tx,
		(struct session_family_end){
			.user_id = user,
			.family_id = ending->family,
			.reason = reason_name(ending->reason),
			.now = tx->ctx->now,
		},
		&ending->ended));
	if (ending->ended == 0)
		return NULL;
	TRY(audit_log(tx,
		&(struct audit_entry){
			.action = ending->reason == SESSION_SIGNED_OUT
				? AUDIT_SIGN_OUT
				: AUDIT_SESSION_END,
			.user = user,
		}));
	return standing_changed(tx, user);
}

static struct err *
sign_out_in_tx(struct tx *tx, void *arg)
{
	struct ending *ending = arg;
	uint8_t hash[SHA256_BYTES];
	struct session_row session;
	bool found;

	token_hash(ending->text, hash);
	TRY(q_session_by_token(tx, str_from_bytes(hash, sizeof(hash)), &session, &found));
	if (!found)
		return NULL;
	ending->family = session.family_id;
	return end_family(tx, session.user_id, ending);
}

struct err *
session_sign_out(struct ctx *ctx, struct str text)
{
	struct ending ending = { .text = text, .reason = SESSION_SIGNED_OUT };

	if (!token_is_wellformed(text, STR(TOKEN_REFRESH)))
		return NULL;
	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, sign_out_in_tx, &ending);
}

struct err *
session_find(struct ctx *ctx, struct uuid family, struct session_beginning *ret)
{
	struct tx tx = db_auto(ctx, db_shard_of(ctx->actor.user_id));
	bool found;

	TRY(q_session_beginning(&tx, ctx->actor.user_id, family, ret, &found));
	return found ? NULL : err_new(ctx, ERR_NOT_FOUND, "no such session");
}

static struct err *
end_in_tx(struct tx *tx, void *arg)
{
	return end_family(tx, tx->ctx->actor.user_id, arg);
}

struct err *
session_end(struct ctx *ctx, struct uuid family, enum session_end_reason reason)
{
	struct ending ending = { .family = family, .reason = reason };

	TRY(db_transact(
		ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), end_in_tx, &ending));
	if (ending.ended == 0)
		return err_new(ctx, ERR_NOT_FOUND, "no such session");
	return NULL;
}

static struct err *
end_others_in_tx(struct tx *tx, void *arg)
{
	struct ending *ending = arg;
	struct user_id user = tx->ctx->actor.user_id;

	TRY(q_session_end_all(tx,
		(struct session_end_all){
			.user_id = user,
			.except_family_id = ending->family,
			.reason = reason_name(ending->reason),
			.now = tx->ctx->now,
		},
		&ending->ended));
	if (ending->ended == 0)
		return NULL;
	TRY(audit_log(tx, &(struct audit_entry){ .action = AUDIT_SESSION_END }));
	return standing_changed(tx, user);
}

struct err *
session_end_others(struct ctx *ctx, struct uuid except, int64_t *ret_ended)
{
	struct ending ending = { .family = except,
		.reason = SESSION_SIGNED_OUT_ELSEWHERE };

	TRY(db_transact(ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), end_others_in_tx,
		&ending));
	*ret_ended = ending.ended;
	return NULL;
}

struct err *
session_end_all(struct tx *tx, struct user_id user, struct uuid except,
	enum session_end_reason reason, int64_t *ret_epoch)
{
	struct user_epoch epoch;
	int64_t ended;

	TRY(q_session_end_all(tx,
		(struct session_end_all){
			.user_id = user,
			.except_family_id = except,
			.reason = reason_name(reason),
			.now = tx->ctx->now,
		},
		&ended));
	TRY(q_user_epoch_raise(tx, user, tx->ctx->now, &epoch));
	*ret_epoch = epoch.session_epoch;
	return standing_changed(tx, user);
}
