/*
 * The second factor: one-time codes of an authenticator app (crypto/totp.h), and ten
 * recovery codes for whoever loses it.
 *
 * mfa_begin makes a secret, mfa_confirm puts it in force with the first code that the app
 * shows; from then on signing in asks for a code (mfa_check). A code is good once, and
 * for half a minute around its own. A recovery code is good once, for ever; only its hash
 * is kept.
 */
#ifndef ACCOUNTS_MFA_H
#define ACCOUNTS_MFA_H

#include "accounts/proof.h"
#include "base/id.h"
#include "db/db.h"

enum {
	MFA_RECOVERY_CODES = 10,
};

struct mfa_enrolment {
	struct str secret; /* base32, for typing */
	struct str uri;    /* otpauth://, for a QR code */
};

struct recovery_codes {
	/* "abcd-efgh-ijkl-mnop-qrst-uvwx-yz": 128 random bits in base32 */
	struct str codes[MFA_RECOVERY_CODES];
};

/*
 * A new secret for the actor, in place of one that was not confirmed. INVALID, field
 * "password"; CONFLICT where a second factor is in force.
 */
struct err *
mfa_begin(struct ctx *ctx, struct str password, struct mfa_enrolment *ret) MUST_USE;

/*
 * Put the actor's new secret in force by a code of it. Session FAMILY goes on and has
 * passed it, as its next access token says; all others end. INVALID, field "code";
 * CONFLICT where nothing is to be confirmed.
 */
struct err *mfa_confirm(struct ctx *ctx, struct uuid family, struct str code,
	struct recovery_codes *ret) MUST_USE;

/* New recovery codes for the actor; the old ones are void. INVALID, field "password" or
 * "code"; CONFLICT where no second factor is in force. */
struct err *mfa_renew_codes(
	struct ctx *ctx, const struct proof *proof, struct recovery_codes *ret) MUST_USE;

/* Take the actor's second factor away. Errors as mfa_renew_codes. */
struct err *mfa_disable(struct ctx *ctx, const struct proof *proof) MUST_USE;

enum mfa_result { MFA_NOT_ASKED, MFA_PASSED, MFA_CODE_MISSING, MFA_CODE_WRONG };

/* Whether CODE (may be absent) is USER's, in the transaction that signs him in; it is
 * spent by that. A wrong one goes on record. */
struct err *mfa_check(struct tx *tx, struct user_id user, struct str code,
	enum mfa_result *ret) MUST_USE;

/* What whoever sent no code, or a wrong one, is told: INVALID, field "code". */
struct err *mfa_code_err(struct ctx *ctx, enum mfa_result result) MUST_USE;

/* Take a try at a code of USER's, before mfa_check; guess_right(RET) where it passed. As
 * guess_gate. */
struct guess; /* accounts/guess.h */
struct err *mfa_gate(struct ctx *ctx, struct user_id user, struct guess *ret) MUST_USE;

/* How the actor's second factor stands. */
struct mfa_status {
	struct opt_i64 enabled_at;
	bool is_begun; /* a secret waits to be confirmed */
	int64_t recovery_codes_left;
	/* Its removal was started (accounts/mfa_removal.h), and may be carried out
	 * then. */
	struct opt_i64 removal_opens_at;
};
struct err *mfa_status(struct ctx *ctx, struct mfa_status *ret) MUST_USE;

#endif
