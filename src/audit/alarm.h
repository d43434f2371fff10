/* What is wrong with the log, or its files, goes to the operator's log and onto the
 * record. */
#ifndef AUDIT_ALARM_H
#define AUDIT_ALARM_H

#include "audit/check.h"
#include "base/ctx.h"
#include "crypto/keyring.h"

struct trouble; /* sys/trouble.h */

enum {
	ALARM_TOLD_MAX = 64,
	ALARM_MISSING_MAX = 16, /* keys; of more only the operator's log tells */
};

struct alarm {
	/* On while something cannot be put on record: the operator has heard of it. */
	const struct trouble *trouble;
	/* What stays as it is, and was told. */
	struct uuid told[ALARM_TOLD_MAX];
	size_t told_count;
	bool is_crowded; /* there is more of it, which was told as such */
	size_t present;  /* met since alarm_begin */
	/* That were told to be missing. */
	char missing_keys[ALARM_MISSING_MAX][KEY_ID_LEN];
	size_t missing_count;
};

/* An error: it is not on record. The caller marks what was told behind this, never
 * before, and so comes back to it. */
struct err *alarm_tell(
	struct ctx *ctx, struct alarm *alarm, const struct audit_fault *fault) MUST_USE;

/* The same of what stays where it is, known by ID, and will be met again: it is told
 * once. Beyond ALARM_TOLD_MAX it is told that there are more, so that the record does not
 * grow by what is put in the log's way. */
struct err *alarm_tell_once(struct ctx *ctx, struct alarm *alarm, struct uuid id,
	const struct audit_fault *fault) MUST_USE;

/* A look at everything begins, or has come to its end: what was not met has gone. */
void alarm_begin(struct alarm *alarm);
void alarm_end(struct alarm *alarm);

/* The last line of the anchor was TORN. A power cut does that, and so does somebody who
 * cuts one. */
struct err *alarm_tell_torn(struct ctx *ctx, struct str torn) MUST_USE;

/* The anchor has no line of ours, though the chain was anchored up to SEQ: it was taken
 * away or emptied, or is that of another data folder. */
struct err *alarm_tell_begun(struct ctx *ctx, int64_t seq) MUST_USE;

/* The details of an audit.tampered entry. WHAT may hold what others wrote: it is cut, and
 * has ? for what cannot be printed. */
struct err *audit_tampered_details(
	struct ctx *ctx, const struct audit_fault *fault, struct str *ret) MUST_USE;

#endif
