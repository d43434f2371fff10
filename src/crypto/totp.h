/*
 * One-time codes of authenticator apps: TOTP (RFC 6238) with HMAC-SHA-1, six digits and
 * steps of 30 seconds, which is what all of them do.
 */
#ifndef CRYPTO_TOTP_H
#define CRYPTO_TOTP_H

#include "base/arena.h"
#include "base/compiler.h"
#include "base/str.h"

enum {
	TOTP_SECRET_BYTES = 20,
	TOTP_DIGITS = 6,
	TOTP_STEP_SECONDS = 30,
	TOTP_DRIFT_STEPS = 1, /* of a clock that is slow or fast, either way */
};

/* The code of SECRET at step STEP (seconds since 1970 / 30): six digits. */
void totp_code(struct str secret, int64_t step, char ret[static TOTP_DIGITS]);

/*
 * Whether CODE is of SECRET at NOW_S seconds since 1970, or up to TOTP_DRIFT_STEPS away,
 * and of a later step than LAST_STEP: a code is good once. RET is its step, to be kept as
 * the next LAST_STEP. LAST_STEP is INT64_MIN where none was used yet.
 */
bool totp_verify(struct str secret, struct str code, int64_t now_s, int64_t last_step,
	int64_t *ret) MUST_USE;

#endif
