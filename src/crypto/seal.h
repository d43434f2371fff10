/*
 * Sealed fields: AES-256-GCM (NIST SP 800-38D) under the keyring's `seal` key, bound to
 * the place where they are kept, so that one row's cannot be put into another's.
 *
 *     1 byte    version, 1
 *     8 bytes   id of the key
 *     12 bytes  nonce, random: a key is good for 2^32 fields, rotate it before
 *     n bytes   ciphertext, as long as the plain text
 *     16 bytes  tag, over ciphertext, all before it, table, column and row
 */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include "base/ctx.h"
#include "base/err.h"
#include "base/id.h"
#include "crypto/keyring.h"

enum {
	SEAL_VERSION = 1,
	SEAL_OVERHEAD_BYTES = 1 + KEY_ID_BYTES + 12 + 16,
	SEAL_PLAIN_BYTES_MAX = 1 << 20,
};

/* Where a field is kept. Names as in the database; they are part of what is sealed, so a
 * renamed column must go on under its old one here. */
struct seal_place {
	const char *table;
	const char *column;
	struct uuid row;
};

/* PLAIN sealed for PLACE by the current key of ctx->keys: bytes, in the arena. TOO_LARGE
 * beyond SEAL_PLAIN_BYTES_MAX. */
struct err *seal(struct ctx *ctx, const struct seal_place *place, struct str plain,
	struct str *ret) MUST_USE;

/* What was sealed for PLACE, in the arena. INTERNAL where it was altered, belongs
 * elsewhere, or its key is gone; the note says which. */
struct err *unseal(struct ctx *ctx, const struct seal_place *place, struct str sealed,
	struct str *ret) MUST_USE;

/* Whether ERR of unseal says that it cannot be opened, however often it is tried. */
static inline bool
seal_is_lost(const struct err *err)
{
	return err && err->code == ERR_INTERNAL;
}

/* ERR of unseal for whoever can go on without: NULL where it cannot be opened, which the
 * operator's log is told. */
struct err *seal_go_without(const struct ctx *ctx, struct err *err) MUST_USE;

/* The id of the key that SEALED needs, KEY_ID_LEN digits in RET; false where it is no
 * sealed field. */
bool seal_key_id(struct str sealed, char ret[static KEY_ID_LEN]) MUST_USE;
/* Whether it was sealed by another key than the current one. */
bool seal_is_stale(const struct ctx *ctx, struct str sealed);

#endif
