#include "accounts/sign_in.h"

#include "accounts/admins_q.h"
#include "accounts/device.h"
#include "accounts/guess.h"
#include "accounts/mfa.h"
#include "accounts/sessions_q.h"
#include "accounts/users_q.h"
#include "audit/audit.h"
#include "codec/geo.h"
#include "crypto/password.h"
#include "mail/mail.h"

struct signing_in {
	const struct sign_in *sign_in;
	struct sign_in_row user;
	struct str password_hash; /* as it is to be kept */
	enum mfa_result mfa;
	bool is_changed; /* the account, since its password was compared */
	struct session_tokens tokens;
};

enum {
	COMPARED_MOST = 3, /* where others sign in at the same moment */
};

static struct err *
refused(struct ctx *ctx)
{
	return err_new(ctx, ERR_UNAUTHENTICATED,
		"address or password is wrong, or the address has not been confirmed by "
		"its link yet");
}

/* The hash that is compared: none where the account may not sign in with any. */
static struct str
hash_of(const struct sign_in_row *user, bool found)
{
	return found && user->email_verified ? user->password_hash : STR_NONE;
}

/* What FOUND tells of USER goes on record and no further. */
static struct err *
refuse(struct ctx *ctx, const struct sign_in_row *user, bool found)
{
	/* First: where many guess, there may be no room to even out. */
	TRY(audit_log_alone(ctx,
		&(struct audit_entry){
			.action = AUDIT_SIGN_IN,
			.outcome = AUDIT_REFUSED,
			.subject = found ? user->id : (struct user_id){ { { 0 } } },
		}));
	TRY(password_even_out(ctx, hash_of(user, found)));
	return refused(ctx);
}

/* Address and password are right, which only their owner gets to know. */
static struct err *
refuse_code(struct ctx *ctx, const struct signing_in *signing)
{
	bool is_missing = signing->mfa == MFA_CODE_MISSING;
	struct err *err;

	TRY(audit_log_alone(ctx,
		&(struct audit_entry){
			.action = AUDIT_SIGN_IN,
			.outcome = AUDIT_REFUSED,
			.subject = signing->user.id,
		}));
	err = err_new(ctx, ERR_UNAUTHENTICATED,
		is_missing ? "a code of the authenticator is needed, or a recovery code"
			   : "the code is wrong or was used before");
	err->field = STR("code");
	return err;
}

/* Word to the owner where a program signs in that never did: it may be somebody
 * else's. */
static struct err *
tell_of_new_device(struct tx *tx, const struct signing_in *signing)
{
	struct ctx *ctx = tx->ctx;
	struct acquaintance known;

	TRY(q_session_acquaintance(
		tx, signing->user.id, device_agent(ctx->user_agent), &known));
	if (known.sessions == 0 || known.alike > 0)
		return NULL;
	return mail_put(tx,
		&(struct mail){
			.kind = MAIL_NEW_SIGN_IN,
			.recipient = signing->sign_in->email,
			.user_id = signing->user.id,
			.happened_at = ctx->now,
			.device = device_name(ctx->arena, ctx->user_agent),
			.place = geo_place(ctx->geo, ctx->arena, ctx->remote_address),
			.ip_address = ctx->remote_address,
		});
}

static bool
is_code_refused(const struct signing_in *signing)
{
	return signing->mfa == MFA_CODE_MISSING || signing->mfa == MFA_CODE_WRONG;
}

static struct err *
sign_in_in_tx(struct tx *tx, void *arg)
{
	struct signing_in *signing = arg;
	const struct sign_in_row *user = &signing->user;
	int64_t signed_in;

	signing->is_changed = false;
	TRY(mfa_check(tx, user->id, signing->sign_in->code, &signing->mfa));
	if (is_code_refused(signing))
		return NULL;
	TRY(q_user_signed_in(tx,
		(struct user_signed_in){
			.id = user->id,
			.checked_hash = user->password_hash,
			.password_hash = signing->password_hash,
			.now = tx->ctx->now,
		},
		&signed_in));
	/* The code is not used up by that. */
	signing->is_changed = signed_in != 1;
	if (signing->is_changed)
		return err_new(tx->ctx, ERR_CONFLICT, "the account has changed");
	if (signing->mfa == MFA_PASSED)
		TRY(q_admin_signed_in(tx, user->id, tx->ctx->now));
	TRY(tell_of_new_device(tx, signing));
	TRY(session_begin(tx,
		&(struct session_begin){
			.user_id = user->id,
			.device_name = signing->sign_in->device_name,
			.is_mfa_passed = signing->mfa == MFA_PASSED,
		},
		&signing->tokens));
	return audit_log(tx,
		&(struct audit_entry){
			.action = AUDIT_SIGN_IN,
			.user = user->id,
		});
}

/* The transaction, with a try at the code taken where there is one to be right. */
static struct err *
sign_in_run(struct ctx *ctx, struct signing_in *signing)
{
	bool has_code = signing->user.mfa_enabled_at.is_set &&
		signing->sign_in->code.len > 0;
	struct guess guess;
	struct err *err;

	if (has_code)
		TRY(mfa_gate(ctx, signing->user.id, &guess));
	/* Also where it does not come to the transaction. */
	signing->is_changed = false;
	err = db_transact(
		ctx, TX_WRITE, db_shard_of(signing->user.id), sign_in_in_tx, signing);
	if (err && !signing->is_changed)
		return err;
	if (has_code && signing->mfa == MFA_PASSED)
		guess_right(ctx, &guess);
	return NULL;
}

/* The account is not looked up by more than its address: everything else is decided after
 * the password was compared. */
static struct err *
compare(struct ctx *ctx, const struct sign_in *sign_in, struct signing_in *signing,
	bool *ret_found, struct password_verdict *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	TRY(q_user_for_sign_in(&tx, sign_in->email, &signing->user, ret_found));
	return password_verify(
		ctx, hash_of(&signing->user, *ret_found), sign_in->password, ret);
}

/* The hash that is to be kept: anew where the scheme in force is another, or dearer; but
 * for a password that it does not read, which bcrypt has. */
static struct err *
rehash(struct ctx *ctx, struct signing_in *signing,
	const struct password_verdict *verdict)
{
	struct err *err = NULL;

	signing->password_hash = signing->user.password_hash;
	if (verdict->needs_rehash)
		err = password_hash(
			ctx, signing->sign_in->password, &signing->password_hash);
	return err && err->code == ERR_INVALID ? NULL : err;
}

struct err *
sign_in(struct ctx *ctx, const struct sign_in *sign_in, struct session_tokens *ret)
{
	struct signing_in signing = { .sign_in = sign_in };
	struct guess guess = {
		.kind = GUESS_PASSWORD,
		.account = sign_in->email,
		.address = ctx->remote_address,
	};
	struct password_verdict verdict;
	int compared = 0;
	bool found;

	TRY(guess_gate(ctx, &guess));
	/* What another sign-in hashed anew is the same password still; what was changed
	 * is not, or is shut out. */
	do {
		TRY(compare(ctx, sign_in, &signing, &found, &verdict));
		if (!verdict.matches || !signing.user.is_active)
			return refuse(ctx, &signing.user, found);
		if (compared++ == 0)
			guess_right(ctx, &guess);
		TRY(rehash(ctx, &signing, &verdict));
		TRY(sign_in_run(ctx, &signing));
	} while (signing.is_changed && compared < COMPARED_MOST);
	if (is_code_refused(&signing))
		return refuse_code(ctx, &signing);
	if (signing.is_changed)
		return err_new(ctx, ERR_BUSY,
			"others sign in to this account at the same moment; try again");
	TRY(session_sign(ctx, &signing.tokens));
	*ret = signing.tokens;
	return NULL;
}
