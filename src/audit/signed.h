/* What of the log a key has signed: none of it can be verified without that key. */
#ifndef AUDIT_SIGNED_H
#define AUDIT_SIGNED_H

#include "base/ctx.h"
#include "base/err.h"

struct audit_signed {
	int64_t rows; /* of the chain */
	int64_t first;
	int64_t last;
	int64_t others; /* entries that wait, cuts, and what is remembered of anchors */
};

/* Looks at the whole log. */
struct err *
audit_signed_by(struct ctx *ctx, struct str key_id, struct audit_signed *ret) MUST_USE;

#endif
