/*
 * Whoever changes what decides who gets in shows once more who he is, by all that signing
 * in takes: a session that somebody found open is not enough.
 */
#ifndef ACCOUNTS_PROOF_H
#define ACCOUNTS_PROOF_H

#include "db/db.h"

struct user_password; /* accounts/users_q.h */

struct proof {
	struct str password;
	const char *password_field; /* its name in the request; NULL for "password" */
	struct str code; /* of the app, or for recovery; absent where none is asked for */
};

/* What is done with ARG once the password is known to be right, and takes too long for a
 * transaction. */
typedef struct err *(*proved_preparation)(
	struct ctx *ctx, const struct user_password *known, void *arg);

/* What is done with ARG for the actor, whose account is as KNOWN says. */
typedef struct err *(*proved_change)(
	struct tx *tx, const struct user_password *known, void *arg);

/*
 * Carry CHANGE out in a transaction of the actor's if PROOF is his. INVALID, with the
 * field of the password or "code", where it is not, which is put on record; RATE_LIMITED
 * after too many such; CONFLICT where the password, the address or the second factor
 * changed while it was compared.
 */
struct err *proof_transact(struct ctx *ctx, const struct proof *proof,
	proved_change change, void *arg) MUST_USE;

/* The same, with PREPARE before the transaction. */
struct err *proof_prepare_and_transact(struct ctx *ctx, const struct proof *proof,
	proved_preparation prepare, proved_change change, void *arg) MUST_USE;

#endif
