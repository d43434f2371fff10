/*
 * Opaque tokens: 32 random bytes as base64url behind a prefix that says what they are
 * ("grt_…"), so that a leaked one is recognised by people and by scanners. They are shown
 * once; what is kept is their SHA-256, which needs no salt and no pepper, as nobody can
 * guess 256 random bits.
 */
#ifndef CRYPTO_TOKEN_H
#define CRYPTO_TOKEN_H

#include "base/err.h"
#include "crypto/digest.h"

#define TOKEN_REFRESH "grt_" /* of a session */
#define TOKEN_API_KEY "grk_"
#define TOKEN_VERIFY  "grv_" /* e-mail verification */
#define TOKEN_RESET   "grp_" /* password reset */
#define TOKEN_CHANGE  "grc_" /* of an account: another address, a lost second factor */
#define TOKEN_INVITE  "gri_" /* administrators, grants */

enum {
	TOKEN_PREFIX_LEN = 4,
	TOKEN_LEN = TOKEN_PREFIX_LEN + 43,
};

/* A new token in ARENA. PREFIX is one of those above. */
struct err *token_new(struct arena *arena, struct str prefix, struct str *ret) MUST_USE;

/* Whether TEXT has the form of a token with PREFIX: worth looking for. */
bool token_is_wellformed(struct str text, struct str prefix);

/* What is kept of a token, and looked for. */
void token_hash(struct str text, uint8_t ret[static SHA256_BYTES]);

#endif
