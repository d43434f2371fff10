/*
 * Access tokens: JSON Web Tokens (RFC 7519) in the compact form of JWS (RFC 7515), signed
 * by the keyring's `jwt` key with HS256 or EdDSA.
 *
 * The header names the key (kid), and the key says the algorithm: a token that says
 * another, or "none", is refused (RFC 8725 §3.1). Header and claims are exactly those
 * that jwt_sign writes; a further one, a missing one, a repeated one is refused.
 */
#ifndef CRYPTO_JWT_H
#define CRYPTO_JWT_H

#include "base/ctx.h"
#include "base/err.h"
#include "base/id.h"
#include "crypto/keyring.h"

enum {
	JWT_BYTES_MAX = 1024, /* ours have some 400 */
	JWS_BYTES_MAX = 16384,
};

#define JWT_TYPE     "JWT"
#define JWT_ISSUER   "gridiron"
#define JWT_AUDIENCE "gridiron-api"

struct jwt_claims {
	struct user_id user_id; /* sub */
	struct uuid family_id;  /* sid: the device's chain of refresh tokens */
	int64_t session_epoch;  /* epoch: users.session_epoch when it was made */
	bool is_mfa_passed;     /* mfa */
	/* Microseconds UTC, cut to whole seconds in the token. */
	int64_t issued_at;  /* iat */
	int64_t expires_at; /* exp */
};

/* A token with CLAIMS, by the current key of ctx->keys, in the arena. */
struct err *
jwt_sign(struct ctx *ctx, const struct jwt_claims *claims, struct str *ret) MUST_USE;

/*
 * The claims of TEXT, if it is a token of ours that has not expired. UNAUTHENTICATED
 * otherwise: "the access token has expired …" or "the access token is not valid", with
 * the reason in a note for the operator. Whether the session still is, and its epoch, is
 * the caller's to check.
 */
struct err *jwt_verify(struct ctx *ctx, struct str text, struct jwt_claims *ret) MUST_USE;
/* Let go of what this thread keeps of tokens it verified. */
void jwt_loop_close(void);

/* A key to verify with, and the algorithm it is for. */
struct jws_key {
	enum key_algorithm algorithm; /* HS256 or EDDSA */
	struct str id;                /* absent: the header need not name it */
	struct str secret;            /* of HS256: any length; of EDDSA: the public key */
};

/* What a header says of itself. */
struct jws_header {
	enum key_algorithm algorithm;
	struct str id;   /* of the key; absent: none is named */
	struct str type; /* absent: it has no typ */
};

/* Finds the key of HEADER; false: there is none, for what is of that type. */
typedef bool (*jws_find_fn)(
	void *arg, const struct jws_header *header, struct jws_key *ret);

/*
 * The payload of TEXT, a signed text in compact form, in the arena. UNAUTHENTICATED where
 * the form, the header or the signature is wrong. A header may hold alg, kid, typ, cty
 * and nothing else: what it would ask for beyond (crit, b64, jwk, jku, x5u …) is not
 * done.
 */
struct err *jws_verify(struct ctx *ctx, struct str text, jws_find_fn find, void *arg,
	struct str *ret) MUST_USE;

#endif
