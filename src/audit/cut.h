/*
 * Retention that keeps the chain provable: first a cut, a signed row that holds the hash
 * of the last link that may go; then those links are taken away, which only the owner of
 * the schema may do (on SQLite, whoever has the file).
 */
#ifndef AUDIT_CUT_H
#define AUDIT_CUT_H

#include "audit/verify.h"

enum {
	AUDIT_CUT_AGE_LEAST_S = 86400,
};

struct audit_cut_options {
	struct str folder; /* of the anchor and the witnesses; absent: without them */
	int64_t before;
	/* Also what nobody can verify, since its key is missing: that is put on record,
	 * and entries as old of such keys that wait, which no chain takes in, go with the
	 * cut. */
	bool takes_unproven;
};

struct audit_cut_done {
	int64_t seq;   /* the last link that may go; 0: nothing was cut */
	int64_t taken; /* entries that waited, of keys that are missing */
	int64_t left;  /* the same, which stay where nothing was cut to vouch for them */
};

/*
 * Cut behind the last link before which every entry is older than options->before (at
 * least a day ago). The whole chain is verified first, and the cut is put on record.
 * Nothing is cut where no link is that old, or none was added since the last cut.
 * CONFLICT where something is wrong with the log, entries as old still wait, or something
 * that would go cannot be verified and options do not say so.
 */
struct err *audit_cut_before(struct ctx *ctx, const struct audit_cut_options *options,
	struct audit_cut_done *ret) MUST_USE;

/* Take away what lies before the newest cut that is ours. RET: how many links. CONFLICT
 * where one behind it was altered, or its key is missing and nothing lies before ours. */
struct err *audit_prune(struct ctx *ctx, int64_t *ret) MUST_USE;

#endif
