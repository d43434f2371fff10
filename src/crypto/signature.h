/* Ed25519 signatures (RFC 8032), by libsodium, which refuses points of small order and
 * numbers that are not in their one form. */
#ifndef CRYPTO_SIGNATURE_H
#define CRYPTO_SIGNATURE_H

#include "base/compiler.h"
#include "base/str.h"

enum {
	ED25519_KEY_BYTES = 32,
	ED25519_SIGNATURE_BYTES = 64,
};

/* The public key of the secret one, which is a seed of 32 random bytes. */
void ed25519_public_key(const uint8_t secret[static ED25519_KEY_BYTES],
	uint8_t ret[static ED25519_KEY_BYTES]);
void ed25519_sign(const uint8_t secret[static ED25519_KEY_BYTES], struct str text,
	uint8_t ret[static ED25519_SIGNATURE_BYTES]);
bool ed25519_verify(const uint8_t public_key[static ED25519_KEY_BYTES], struct str text,
	const uint8_t signature[static ED25519_SIGNATURE_BYTES]);

#endif
