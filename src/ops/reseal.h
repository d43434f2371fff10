/*
 * Sealed fields under a new key. After `gridiron keys rotate seal` what was sealed before
 * still opens by the older key; this seals it again, so that the older one can go.
 *
 * Fields of users are sealed again, page by page, while servers go on; one that is
 * changed meanwhile is left to whoever changed it. What ends by itself is left alone:
 * successors of refresh tokens (seconds), mail (sent, or dead and swept). So is what the
 * audit log holds of callers who were nobody: its rows cannot be altered, and a key that
 * is needed for them serves until retention has cut them off.
 */
#ifndef OPS_RESEAL_H
#define OPS_RESEAL_H

#include "crypto/keyring.h"
#include "db/db.h"

struct reseal_options {
	/* Called now and then with how many users are done. */
	void (*progress)(void *arg, int64_t done);
	void *progress_arg;
	/* Keys of the audit log that cannot be opened are taken away, so that the next
	 * entry about their user makes another: what it holds of them stays closed, also
	 * should the key be found. */
	bool gives_up;
};

struct resealed {
	int64_t fields;       /* that were sealed again */
	int64_t lost_factors; /* that cannot be opened: secrets of second factors */
	int64_t lost_keys;    /* and keys of users for the audit log */
	int64_t given_up;     /* of those */
};

/* How many users have something sealed. */
struct err *reseal_count(struct ctx *ctx, int64_t *ret) MUST_USE;

/* Seal everything again that is not sealed by the current key of ctx->keys. What cannot
 * be opened is counted, and left as it is. */
struct err *reseal_all(struct ctx *ctx, const struct reseal_options *options,
	struct resealed *ret) MUST_USE;

/* What still needs a key. */
struct reseal_uses {
	int64_t users;
	int64_t sessions;
	int64_t mails;
	int64_t audit_entries;
};
struct err *
reseal_uses(struct ctx *ctx, struct str key_id, struct reseal_uses *ret) MUST_USE;

struct seal_ids {
	struct str *items;
	size_t count;
};

/* The ids of keys that fields are sealed by and ctx->keys has not: of all, or only of
 * what the audit log keeps of the first and the last hundred who registered, which takes
 * no time. */
struct err *
reseal_missing(struct ctx *ctx, bool is_sample, struct seal_ids *ret) MUST_USE;

static inline int64_t
reseal_uses_total(const struct reseal_uses *uses)
{
	return uses->users + uses->sessions + uses->mails + uses->audit_entries;
}

#endif
