/* Keyed digests: HMAC-SHA-256 (RFC 2104, FIPS 198-1), keys derived by HKDF (RFC 5869),
 * and comparison that takes as long whatever differs. */
#ifndef CRYPTO_HMAC_H
#define CRYPTO_HMAC_H

#include "base/compiler.h"
#include "base/str.h"

enum {
	HMAC_SHA1_BYTES = 20,
	HMAC_SHA256_BYTES = 32,
	HKDF_BYTES_MAX = 255 * HMAC_SHA256_BYTES,
};

/* KEY may have any length; 32 random bytes are right. */
void hmac_sha256(struct str key, struct str text, uint8_t ret[static HMAC_SHA256_BYTES]);

/* For codes of authenticator apps (crypto/totp.h), which know no other. */
void hmac_sha1(struct str key, struct str text, uint8_t ret[static HMAC_SHA1_BYTES]);

/*
 * LEN bytes (at most HKDF_BYTES_MAX) of a key for one purpose, from a key of many. INFO
 * names the purpose: "gridiron email link 1". SALT may be absent. Extract and expand.
 */
void
hkdf_sha256(struct str key, struct str salt, struct str info, uint8_t *ret, size_t len);

/* Whether A and B are the same bytes, in time that depends on their lengths alone. */
bool bytes_eq_constant_time(struct str a, struct str b);

/* Fixed bytes as text, for the functions of this folder. */
static inline struct str
str_from_bytes(const uint8_t *bytes, size_t len)
{
	return (struct str){ .ptr = (const char *)bytes, .len = len };
}

#endif
