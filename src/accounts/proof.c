#include "accounts/proof.h"

#include "accounts/guess.h"
#include "accounts/mfa.h"
#include "accounts/user.h"
#include "accounts/users_q.h"

struct proving {
	const struct proof *proof;
	proved_change change;
	void *arg;
	struct user_password known;
	enum mfa_result code;
};

static bool
is_refused(enum mfa_result code)
{
	return code == MFA_CODE_MISSING || code == MFA_CODE_WRONG;
}

/* A wrong code is told after the commit, as an error would undo its record. */
static struct err *
prove_in_tx(struct tx *tx, void *arg)
{
	struct proving *proving = arg;

	proving->code = MFA_NOT_ASKED;
	TRY(user_still_confirmed(tx, &proving->known));
	TRY(mfa_check(tx, tx->ctx->actor.user_id, proving->proof->code, &proving->code));
	if (is_refused(proving->code))
		return NULL;
	return proving->change(tx, &proving->known, proving->arg);
}

static struct err *
prepare_for(struct ctx *ctx, struct proving *proving, proved_preparation prepare)
{
	return prepare ? prepare(ctx, &proving->known, proving->arg) : NULL;
}

struct err *
proof_transact(
	struct ctx *ctx, const struct proof *proof, proved_change change, void *arg)
{
	return proof_prepare_and_transact(ctx, proof, NULL, change, arg);
}

struct err *
proof_prepare_and_transact(struct ctx *ctx, const struct proof *proof,
	proved_preparation prepare, proved_change change, void *arg)
{
	const char *field = proof->password_field ? proof->password_field : "password";
	struct user_id user = ctx->actor.user_id;
	struct proving proving = { .proof = proof, .change = change, .arg = arg };
	struct guess guess;
	struct err *err;
	bool has_code;

	TRY(user_confirm(ctx, proof->password, field, &proving.known));
	TRY(prepare_for(ctx, &proving, prepare));
	has_code = proving.known.mfa_enabled_at.is_set && proof->code.len > 0;
	if (has_code)
		TRY(mfa_gate(ctx, user, &guess));
	err = db_transact(ctx, TX_WRITE, db_shard_of(user), prove_in_tx, &proving);
	/* Right it was, also where what it was for is refused. */
	if (has_code && proving.code == MFA_PASSED)
		guess_right(ctx, &guess);
	if (err)
		return err;
	return is_refused(proving.code) ? mfa_code_err(ctx, proving.code) : NULL;
}
