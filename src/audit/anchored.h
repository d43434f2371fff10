/*
 * What the database remembers of the anchors: the last line that each was seen to hold,
 * so that one that was removed, emptied or cut is missed. A row is signed; whoever owns
 * the database can take it away, or put back an older one, but make none up.
 */
#ifndef AUDIT_ANCHORED_H
#define AUDIT_ANCHORED_H

#include "audit/check.h"
#include "base/ctx.h"
#include "base/err.h"

struct anchored {
	struct audit_hash file; /* by what it is known: struct anchor_found */
	struct audit_link link; /* seq 0: nothing is remembered */
	int64_t at;
	struct str missing_key; /* nobody can tell: the key that the keyring has not */
};

/* The anchor FILE holds LINK, on the disk. */
struct err *anchored_put(struct ctx *ctx, const struct audit_hash *file,
	const struct audit_link *link) MUST_USE;

/* What is remembered of whichever anchor went furthest. RET_FAULT: it is not ours. */
struct err *anchored_newest(
	struct ctx *ctx, struct anchored *ret, struct audit_fault *ret_fault) MUST_USE;

struct anchored_list {
	struct anchored *items; /* that went furthest first */
	size_t count;
};

/* The same of all: of the thousand that went furthest. */
struct err *anchored_all(struct ctx *ctx, struct anchored_list *ret,
	struct audit_fault *ret_fault) MUST_USE;

#endif
