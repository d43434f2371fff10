/*
 * The keyring: every secret key of this installation, in one file that only its owner may
 * read.
 *
 *     { "keys": [ { "id": "5f0c…", "use": "jwt", "algorithm": "HS256", "secret": "…",
 *                   "created_at": "…", "starts_at": "…", "retires_at": null }, … ] }
 *
 * A use has any number of keys. The one that started last is current: it signs and seals.
 * Those before it still verify and unseal until they retire. A new key is on file a
 * moment before it starts, and every process reads the file again when it changes, so
 * none meets a key that it does not have.
 *
 * Keys are read by all threads and never change while one is looked at: a reading of the
 * file makes a new set, and an old set is wiped a minute after it was replaced. So a
 * pointer to a key is good for one request, and never stored.
 */
#ifndef CRYPTO_KEYRING_H
#define CRYPTO_KEYRING_H

#include "base/ctx.h"
#include "base/err.h"

/*
 * X(use, name, algorithm, days that an older key still serves, what it is for)
 * 0 days: until it is taken away (`gridiron keys retire`), as what it made must stay
 * readable.
 */
#define KEY_USES(X)                                                 \
	X(JWT, "jwt", HS256, 1, "signs access tokens")              \
	X(SEAL, "seal", A256GCM, 0, "seals fields of the database") \
	X(AUDIT, "audit", HS256, 0, "chains the audit log")         \
	X(TOKEN, "token", HS256, 31,                                \
		"signs links and cookies, and keys limits by address")

/* X(algorithm, name): HMAC with SHA-256 (RFC 7518 §3.2), Ed25519 (RFC 8037), AES-256-GCM.
 */
#define KEY_ALGORITHMS(X) \
	X(HS256, "HS256") \
	X(EDDSA, "EdDSA") \
	X(A256GCM, "A256GCM")

enum key_use {
#define X(use, name, algorithm, days, about) KEY_##use,
	KEY_USES(X)
#undef X
		KEY_USE_COUNT
};

enum key_algorithm {
#define X(algorithm, name) KEY_IS_##algorithm,
	KEY_ALGORITHMS(X)
#undef X
		KEY_ALGORITHM_COUNT
};

enum {
	KEY_BYTES = 32,
	KEY_ID_BYTES = 8, /* of which the id is the hexadecimal text */
	KEY_ID_LEN = 2 * KEY_ID_BYTES,
	KEYS_MAX = 64, /* of all uses */
};

struct key {
	char id_text[KEY_ID_LEN + 1];
	enum key_use use;
	enum key_algorithm algorithm;
	uint8_t secret[KEY_BYTES];
	uint8_t public_key[KEY_BYTES]; /* of EDDSA */
	int64_t created_at;            /* microseconds UTC, as those below */
	int64_t starts_at;
	int64_t retires_at; /* INT64_MAX: no day is set */
};

static inline struct str
key_id(const struct key *key)
{
	return (struct str){ .ptr = key->id_text, .len = KEY_ID_LEN };
}

struct keyring_options {
	struct str path;   /* of the file */
	bool may_generate; /* make new keys where there is no such file */
};

/*
 * Read the keyring, which lives until keyring_close. Where there is no file: new keys
 * (written with mode 0600), or NOT_FOUND that says what to do. DENIED where others than
 * its owner may read it; INVALID where it is not one, or a use has no key.
 */
struct err *keyring_open(struct ctx *ctx, const struct keyring_options *options,
	struct keyring **ret) MUST_USE;
/* Whether that would do; nothing is made. NOT_FOUND also where new keys would be written
 * into a folder that is not there. */
struct err *
keyring_check(struct ctx *ctx, const struct keyring_options *options) MUST_USE;
/* New keys in memory alone: for tests. */
struct err *keyring_new(struct ctx *ctx, struct keyring **ret) MUST_USE;
/* The same after a rotation of every use: OLD's keys, and newer ones in force. For
 * tests. */
struct err *keyring_new_beside(
	struct ctx *ctx, const struct keyring *old, struct keyring **ret) MUST_USE;
/* Wipes every key. No thread may use KEYS any more. */
void keyring_close(struct keyring *keys);

struct key_set; /* crypto/keyring_file.h */

/* Whether a changed file that lacks the audit key in force may be taken up. CONFLICT: it
 * may not. Any other error: that cannot be told yet, and it is asked again. */
typedef struct err *(*keyring_accept_fn)(
	struct ctx *ctx, const struct key_set *set, void *arg);

/*
 * Read the file again when it changes, four times a second, in a fiber of this loop that
 * ends at keyring_unwatch. A file that cannot be read, or that ACCEPT refuses, is logged,
 * and the keys stay those that they were. ACCEPT may be NULL, and may wait.
 */
struct err *keyring_watch(struct ctx *ctx, struct keyring *keys, keyring_accept_fn accept,
	void *arg) MUST_USE;
void keyring_unwatch(struct keyring *keys);

/* Whether the file is such that it was not taken up. From any thread. */
bool keyring_is_refused(const struct keyring *keys);

/* The key of USE that signs and seals at NOW. There always is one. */
const struct key *
keyring_current(const struct keyring *keys, enum key_use use, int64_t now) NEVER_NULL;
/* The key of USE called ID, current, older or about to start; NULL where there is none,
 * or it retired before NOW. */
const struct key *
keyring_find(const struct keyring *keys, enum key_use use, struct str id, int64_t now);

/* The name of a use and of an algorithm, as in the file and on the command line. */
struct str key_use_name(enum key_use use);
bool key_use_parse(struct str name, enum key_use *ret) MUST_USE;
struct str key_algorithm_name(enum key_algorithm algorithm);
bool key_algorithm_parse(struct str name, enum key_algorithm *ret) MUST_USE;

#endif
