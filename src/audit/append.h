/* The chain's end, and how entries come behind it. */
#ifndef AUDIT_APPEND_H
#define AUDIT_APPEND_H

#include "audit/check.h"

struct tx;

/* The end of the chain, which may be a cut that nothing stands behind. */
struct err *audit_chain_end(struct tx *tx, struct audit_link *ret) MUST_USE;

/* Take COUNT entries that wait, each checked, from where they wait into the chain.
 * CONFLICT: another instance was faster with some of it, and nothing was done. */
struct err *audit_chain_put(
	struct ctx *ctx, const struct audit_waiting **rows, size_t count) MUST_USE;

#endif
