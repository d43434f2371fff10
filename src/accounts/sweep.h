/* Retention: what accounts leave behind that has run out is deleted. */
#ifndef ACCOUNTS_SWEEP_H
#define ACCOUNTS_SWEEP_H

#include "db/db.h"

enum {
	/* So long it is kept, for whoever asks what happened. */
	SWEEP_AFTER_DAYS = 30,
};

struct sweep_counts {
	int64_t sessions; /* refresh tokens, spent ones too */
	int64_t links;
	int64_t mails; /* sent, or given up */
	int64_t invitations;
	int64_t accounts;
};

/* Delete sessions, links and invitations that ran out more than SWEEP_AFTER_DAYS ago, and
 * mail from before that does not wait. Of accounts whose address nobody proved, and whose
 * links are gone, only the tombstone stays. */
struct err *account_sweep(struct ctx *ctx, struct sweep_counts *ret) MUST_USE;

#endif
