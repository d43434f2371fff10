/*
 * Signing in with address and password, and a code where the account asks for one.
 *
 * Whether the address is unknown, not proved yet or shut out, or the password wrong: the
 * answer is one, and so is the work. Each costs one look at the user, one comparison of
 * the password (with a made-up hash where there is none) and one entry on record. Which
 * it was is known to the audit log alone.
 */
#ifndef ACCOUNTS_SIGN_IN_H
#define ACCOUNTS_SIGN_IN_H

#include "accounts/session.h"

struct sign_in {
	struct str email; /* in lower case */
	struct str password;
	struct str code;        /* of the authenticator, or for recovery; may be absent */
	struct str device_name; /* may be absent */
};

/*
 * Begin a session. RATE_LIMITED for who has failed too often (accounts/guess.h).
 * UNAUTHENTICATED where that is refused; with the field "code" where
 * address and password are right and the code is missing or wrong. A password hashed by
 * another scheme, or cheaper than now, is hashed anew.
 */
struct err *sign_in(struct ctx *ctx, const struct sign_in *sign_in,
	struct session_tokens *ret) MUST_USE;

#endif
