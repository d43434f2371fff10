/*
 * Passwords: hashed by argon2id (RFC 9106, libsodium) or bcrypt (libcrypt), and which
 * ones are taken.
 *
 * A hash is text in the usual form ("$argon2id$…", "$2b$…") with its own parameters, so
 * hashes of other programs verify, and each user's is made anew at sign-in when the
 * parameters in force are others.
 *
 * Hashing takes tens of milliseconds of one core: these functions do it in the offload
 * pool by themselves. BUSY where its queue is full.
 */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "base/ctx.h"
#include "base/err.h"

enum password_scheme { PASSWORD_ARGON2ID, PASSWORD_BCRYPT };

enum {
	PASSWORD_CHARACTERS_MIN = 8,
	PASSWORD_CHARACTERS_MAX = 256,
	PASSWORD_BYTES_MAX = 4 * PASSWORD_CHARACTERS_MAX,
	PASSWORD_BCRYPT_BYTES_MAX = 72,
	PASSWORD_HASH_LEN_MAX = 128,
	PASSWORD_MEMORY_KIB_MIN = 8192,
	PASSWORD_MEMORY_KIB_MAX = 4194304,
	PASSWORD_PASSES_MAX = 64,
	PASSWORD_BCRYPT_COST_MIN = 10,
	PASSWORD_BCRYPT_COST_MAX = 16,
};

struct password_params {
	enum password_scheme scheme;
	int64_t memory_kib;  /* of argon2id: PASSWORD_MEMORY_KIB_MIN to _MAX */
	int64_t passes;      /* of argon2id: 1 to PASSWORD_PASSES_MAX */
	int64_t bcrypt_cost; /* PASSWORD_BCRYPT_COST_MIN to _MAX: 2^cost rounds */
};

/* OWASP's choice for argon2id: 19 MiB, 2 passes, 1 lane; cost 12 for bcrypt. */
#define PASSWORD_PARAMS_DEFAULT                                                \
	{                                                                      \
		.scheme = PASSWORD_ARGON2ID, .memory_kib = 19456, .passes = 2, \
		.bcrypt_cost = 12                                              \
	}

/* Set once at start-up, before threads. Until then: PASSWORD_PARAMS_DEFAULT. INVALID
 * names the setting that is out of range. */
struct err *
password_configure(struct arena *arena, const struct password_params *params) MUST_USE;

/* INVALID where PASSWORD has a zero byte, or more bytes than the scheme reads: bcrypt
 * reads 72, and a password is never cut. */
struct err *password_hash(struct ctx *ctx, struct str password, struct str *ret) MUST_USE;

struct password_verdict {
	bool matches;
	bool needs_rehash; /* it matches, but was made by another scheme or cheaper */
};

/*
 * Whether PASSWORD is the one that HASH was made of. An absent HASH (no such user) takes
 * as long as one made by the parameters in force, and does not match. INTERNAL where HASH
 * is of no known form.
 */
struct err *password_verify(struct ctx *ctx, struct str hash, struct str password,
	struct password_verdict *ret) MUST_USE;

/*
 * After HASH (absent: none) was compared, and whoever came is refused: compare for
 * nothing with one of each other kind that accounts have (crypto/password_kind.h), so
 * that the time of all refusals is that of all kinds together.
 */
struct err *password_even_out(struct ctx *ctx, struct str hash) MUST_USE;

/*
 * Whether PASSWORD may be chosen by the user with the address EMAIL (absent: none yet): 8
 * to 256 characters of UTF-8, not among the commonest in breaches, not made of the
 * address, not in the file of breached passwords. No rules of composition (NIST SP
 * 800-63B §5.1.1.2). INVALID, field "password". INTERNAL where that file cannot be
 * searched; BUSY and TIMEOUT as of hashing.
 */
struct err *
password_check(struct ctx *ctx, struct str password, struct str email) MUST_USE;

/* Set once at start-up, before threads: the file of breached passwords
 * (crypto/breached.h), which stays the caller's. NULL, and until then: there is none. */
void password_breached_file(const char *path);

#endif
