/*
 * Authenticated encryption under a key at hand: AES-256-GCM (NIST SP 800-38D). For keys
 * that are themselves sealed, such as a user's; the keyring's own keys are
 * crypto/seal.h's.
 */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "base/err.h"
#include "base/str.h"

enum {
	AEAD_KEY_BYTES = 32,
	AEAD_NONCE_BYTES = 12,
	AEAD_TAG_BYTES = 16,
	AEAD_EXTRA_BYTES = AEAD_NONCE_BYTES + AEAD_TAG_BYTES,
};

/*
 * PLAIN sealed in ARENA: a random nonce, the ciphertext, the tag. It opens only with the
 * same CONTEXT, which is not kept in it: say there where the value belongs, so that it
 * cannot be moved. Nonces are random, so one key seals no more than 2^32 texts.
 */
struct err *aead_seal(struct arena *arena, const uint8_t key[static AEAD_KEY_BYTES],
	struct str context, struct str plain, struct str *ret) MUST_USE;

/* INVALID where SEALED was not sealed under KEY for CONTEXT, or is not as it was. */
struct err *aead_open(struct arena *arena, const uint8_t key[static AEAD_KEY_BYTES],
	struct str context, struct str sealed, struct str *ret) MUST_USE;

#endif
