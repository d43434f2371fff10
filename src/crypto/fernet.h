/*
 * Fernet tokens (github.com/fernet/spec, version 0x80): AES-128-CBC and HMAC-SHA-256 with
 * the time they were made, as Python's `cryptography` writes them. For what other systems
 * sealed; our own fields are sealed by crypto/seal.h.
 */
#ifndef CRYPTO_FERNET_H
#define CRYPTO_FERNET_H

#include "base/err.h"

enum {
	FERNET_KEY_BYTES = 32, /* 16 to sign with, then 16 to encrypt with */
	FERNET_IV_BYTES = 16,
	FERNET_SKEW_SECONDS = 60,
	FERNET_BYTES_MAX = 1 << 20, /* of a token */
};

struct fernet_key {
	uint8_t bytes[FERNET_KEY_BYTES];
};

/* A key as its users write it: 32 bytes in base64url with padding. */
bool fernet_key_parse(struct str text, struct fernet_key *ret) MUST_USE;

struct fernet_options {
	int64_t now_s;     /* seconds since 1970 UTC */
	const uint8_t *iv; /* FERNET_IV_BYTES; NULL: random, as it must be but in tests */
};

/* PLAIN as a token, in ARENA. TOO_LARGE where it has no room in FERNET_BYTES_MAX. */
struct err *fernet_encrypt(struct arena *arena, const struct fernet_key *key,
	const struct fernet_options *options, struct str plain, struct str *ret) MUST_USE;

/*
 * What TEXT was made of, in ARENA. INVALID for whatever is wrong, without saying what:
 * the form, the signature, a time more than FERNET_SKEW_SECONDS ahead of NOW_S, or an age
 * over TTL_S seconds (negative: any age).
 */
struct err *fernet_decrypt(struct arena *arena, const struct fernet_key *key,
	struct str text, int64_t now_s, int64_t ttl_s, struct str *ret) MUST_USE;

#endif
