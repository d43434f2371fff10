#include "crypto/signature.h"

#include <assert.h>

#include <sodium.h>

_Static_assert(ED25519_KEY_BYTES == crypto_sign_SEEDBYTES, "as libsodium has seeds");
_Static_assert(
	ED25519_SIGNATURE_BYTES == crypto_sign_BYTES, "as libsodium has signatures");

/* Both halves, as libsodium signs with them. */
static void
pair_from(const uint8_t *secret, uint8_t *ret_public,
	uint8_t ret_pair[static crypto_sign_SECRETKEYBYTES])
{
	int failed = sodium_init() < 0 ||
		crypto_sign_seed_keypair(ret_public, ret_pair, secret) != 0;

	assert(!failed);
}

void
ed25519_public_key(const uint8_t secret[static ED25519_KEY_BYTES],
	uint8_t ret[static ED25519_KEY_BYTES])
{
	uint8_t pair[crypto_sign_SECRETKEYBYTES];

	pair_from(secret, ret, pair);
	sodium_memzero(pair, sizeof(pair));
}

void
ed25519_sign(const uint8_t secret[static ED25519_KEY_BYTES], struct str text,
	uint8_t ret[static ED25519_SIGNATURE_BYTES])
{
	uint8_t pair[crypto_sign_SECRETKEYBYTES], public_key[ED25519_KEY_BYTES];
	int failed;

	pair_from(secret, public_key, pair);
	failed = crypto_sign_detached(
		ret, NULL, (const unsigned char *)text.ptr, text.len, pair);
	sodium_memzero(pair, sizeof(pair));
	assert(failed == 0);
}

bool
ed25519_verify(const uint8_t public_key[static ED25519_KEY_BYTES], struct str text,
	const uint8_t signature[static ED25519_SIGNATURE_BYTES])
{
	int failed = sodium_init() < 0;

	assert(!failed);
	return crypto_sign_verify_detached(signature, (const unsigned char *)text.ptr,
		       text.len, public_key) == 0;
}
