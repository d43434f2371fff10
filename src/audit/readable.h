/*
 * Whether what is personal in the chain can be read by whoever may read it: the chain
 * holds the sealed bytes, the keys are columns of users (audit/personal.h), which the
 * owner of the database can take away or exchange.
 * docs/decisions/missing-personal-keys.md says what counts as erasure.
 *
 * Reads the rows as a stream, in the memory of one row and some keys.
 */
#ifndef AUDIT_READABLE_H
#define AUDIT_READABLE_H

#include "audit/check.h"
#include "crypto/keyring.h"

struct audit_readable {
	int64_t rows; /* that cannot be read, and nothing on record says why */
	int64_t first;
	int64_t last;
	/* Parts of rows, which may have two, whose user's key is sealed with a missing
	 * one. */
	int64_t unproven;
	char missing_key[KEY_ID_LEN]; /* the first of those */
};

/* The links FIRST to LAST. CUT: the newest of ours. */
struct err *audit_readable_check(struct ctx *ctx, int64_t first, int64_t last,
	const struct audit_cut *cut, struct audit_readable *ret) MUST_USE;

/* What is wrong where rows cannot be read; and where a key is missing. Absent: no
 * memory. */
struct str
audit_readable_text(struct arena *arena, const struct audit_readable *readable);
struct str
audit_readable_unproven_text(struct arena *arena, const struct audit_readable *readable);

#endif
