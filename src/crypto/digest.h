/*
 * Digests of bytes. SHA-256 for whatever is meant to be safe; MD5 and SHA-1 only where a
 * format outside asks for them (the shard of a user, lists of breached passwords), never
 * to keep a secret.
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "base/compiler.h"
#include "base/str.h"

enum {
	MD5_BYTES = 16,
	SHA1_BYTES = 20,
	SHA256_BYTES = 32,
};

void digest_md5(struct str text, uint8_t ret[static MD5_BYTES]);
void digest_sha1(struct str text, uint8_t ret[static SHA1_BYTES]);
void digest_sha256(struct str text, uint8_t ret[static SHA256_BYTES]);

#endif
