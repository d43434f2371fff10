/*
 * The kinds of password hashes: scheme and parameters, by which a comparison takes its
 * time. A hash that was brought along, or made before the parameters changed, is of
 * another kind than those in force, and a refusal that took another time would tell that
 * its address has an account. So a refusal takes the time of every kind there is
 * (password_even_out).
 *
 * Kinds are learned, and stay until the program ends. Any thread may ask.
 */
#ifndef CRYPTO_PASSWORD_KIND_H
#define CRYPTO_PASSWORD_KIND_H

#include "base/arena.h"
#include "crypto/password.h"

enum {
	PASSWORD_KINDS_MAX = 8, /* beyond these none is learned */
};

struct password_kind {
	enum password_scheme scheme;
	int64_t memory_kib, passes, lanes; /* of argon2id; else 0 */
	int64_t cost;                      /* of bcrypt; else 0 */
};

/* The kind of HASH, or of its beginning up to its salt. False where it is of no known
 * form. */
bool password_kind_of(struct str hash, struct password_kind *ret);
bool password_kind_eq(const struct password_kind *a, const struct password_kind *b);

/* A hash of no password, which takes as long to compare as any of KIND. Absent: no
 * memory. */
struct str password_kind_dummy(struct arena *arena, const struct password_kind *kind);

/* There are hashes of KIND. One that no setting could ask for is not learned: comparing
 * with it might take for ever. */
void password_kind_learn(const struct password_kind *kind);

/* Those that were learned, copied to RET; how many. */
size_t password_kinds(struct password_kind ret[static PASSWORD_KINDS_MAX]);

#endif
