/*
 * Sealed fields under a new key. After `gridiron keys rotate seal` what was sealed before
 * still opens by the older key; this seals it again, so that the older one can go.
 *
 * Fields of users are sealed again, page by page, while servers go on; one that is changed
 * meanwhile is left to whoever changed it. What ends by itself is left alone: successors
 * of refresh tokens (seconds), mail (sent, or dead and swept). So is what the audit log
 * holds of callers who were nobody: its rows cannot be altered, and a key that is needed
 * for them serves until retention has cut them off.
 */
#ifndef OPS_RESEAL_H
#define OPS_RESEAL_H

#include "crypto/keyring.h"
#include "db/db.h"

/* Called now and then with how many users are done. */
typedef void (*reseal_progress_fn)(void *arg, int64_t done);

/* How many users have something sealed. */
struct err *reseal_count(struct ctx *ctx, int64_t *ret) MUST_USE;

/* Seal everything again that is not sealed by the current key of ctx->keys. RET is how
 * many fields were. INTERNAL, with a note of whose, where one cannot be opened. */
struct err *reseal_all(
	struct ctx *ctx, reseal_progress_fn progress, void *arg, int64_t *ret) MUST_USE;

/* What still needs a key. */
struct reseal_uses {
	int64_t users;
	int64_t sessions;
	int64_t mails;
	int64_t audit_entries;
};
struct err *
reseal_uses(struct ctx *ctx, struct str key_id, struct reseal_uses *ret) MUST_USE;

static inline int64_t
reseal_uses_total(const struct reseal_uses *uses)
{
	return uses->users + uses->sessions + uses->mails + uses->audit_entries;
}

#endif
