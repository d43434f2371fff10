/*
 * Whether rows are what was written: the chain link by link, and what waits for it.
 */
#ifndef AUDIT_CHECK_H
#define AUDIT_CHECK_H

#include "audit/audit_q.h"
#include "audit/chain.h"

struct keyring;

/* What is wrong; the text is absent where nothing is. */
struct audit_fault {
	int64_t seq; /* 0: of no row of the chain */
	struct str what;
	/* Where it is only that nobody can tell: the key that the keyring has not. */
	struct str missing_key;
};

/* "row 12 was altered", or only what is wrong where it is of no row. */
struct str audit_fault_text(struct arena *arena, const struct audit_fault *fault);

/* Going along the chain. Zeroed but for ctx before the first row. */
struct audit_check {
	struct ctx *ctx;
	struct audit_link
		link;          /* the last that was found good, or what to begin behind */
	struct audit_hash mac; /* of that row's entry */
};

/* Whether ROW is the link behind check->link, unaltered; then check->link moves on. So it
 * does where only the key is missing, to the hash that stands there: the link behind
 * vouches for that, if its key is not missing, too. */
struct err *audit_check_row(struct audit_check *check, const struct audit_row *row,
	struct audit_fault *ret) MUST_USE;

/* Whether ROW, which waits for the chain, is what its writer wrote. */
struct err *audit_check_waiting(struct ctx *ctx, const struct audit_waiting *row,
	struct audit_fault *ret) MUST_USE;

struct err *audit_check_cut(
	struct ctx *ctx, const struct audit_cut *cut, struct audit_fault *ret) MUST_USE;

#define KEY_MISSING_FMT "was signed with key '" STR_FMT "', which the keyring has not"

/* Whether a key may be called ID. */
bool audit_is_key_id(struct str id);
/* ID, which the keyring has not: absent where it cannot be a key's, and so was
 * altered. */
struct str audit_key_named(struct ctx *ctx, struct str id);

/* The secret of audit key ID, absent where the keyring has none. */
struct str audit_secret(const struct ctx *ctx, struct str id);

#endif
