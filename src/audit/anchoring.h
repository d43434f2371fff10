/*
 * The chain's end goes into the anchor: first into the file, then the database remembers
 * that it is there. One at a time uses it.
 */
#ifndef AUDIT_ANCHORING_H
#define AUDIT_ANCHORING_H

#include "audit/anchor.h"

struct anchoring {
	struct anchor_options options; /* without a folder nothing is anchored */
	int64_t seq;                   /* of the last link that is in the file */
	struct audit_hash file;
	bool is_untold;  /* the database does not know of that yet */
	bool is_unasked; /* no line was found at first: whether there ever was one */
};

/* What the file has of a chain that ends with END; logged where that is too short. */
struct err *anchoring_open(struct ctx *ctx, const struct anchor_options *options,
	const struct audit_link *end, struct anchoring *ret) MUST_USE;

/* Whether the file has gone since it was last added to, or what is remembered of it was
 * altered: it is to be begun anew. Asked once: true once at most. */
struct err *
anchoring_is_gone(struct ctx *ctx, struct anchoring *anchoring, bool *ret) MUST_USE;

/* Add END to the file; only where it is not there already, unless IS_ALWAYS. RET: it was
 * added. */
struct err *anchoring_add(struct ctx *ctx, struct anchoring *anchoring,
	const struct audit_link *end, bool is_always, bool *ret) MUST_USE;

/* Have the database remember END, which was added. */
struct err *anchoring_remember(struct ctx *ctx, struct anchoring *anchoring,
	const struct audit_link *end) MUST_USE;

/* Whether the chain lacks what was anchored, or has another link there, or what is
 * remembered of it was altered. */
struct err *anchoring_is_lacking(
	struct ctx *ctx, const struct anchoring *anchoring, bool *ret) MUST_USE;

#endif
