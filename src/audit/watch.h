/* Watching over what was committed: what this process wrote, and what processes that died
 * have left of it. */
#ifndef AUDIT_WATCH_H
#define AUDIT_WATCH_H

#include "audit/check.h"
#include "audit/witness.h"

struct alarm; /* audit/alarm.h */

struct watch {
	struct witness *witness;
	struct alarm *alarm;
	int64_t patience_ms; /* after which what this process committed is looked for */
	struct witness_files dead;
	size_t dead_count; /* of them, looked at */
	int64_t lost;      /* entries that were not there, or others; ever */
};

/* Over FOLDER, which may be absent. In the arena of CTX, which outlives it. */
struct err *watch_open(struct ctx *ctx, struct str folder, struct alarm *alarm,
	struct watch *ret) MUST_USE;
/* IS_ANCHORED as in witness_close. */
void watch_close(struct watch *watch, bool is_anchored);

/*
 * Look for entries, for a second or so: those of the dead, those of ours that are overdue
 * or found no room in memory. What has gone is told; what waits is waited for. CUT: the
 * newest. Whatever this found in the chain is anchored by whoever follows the chain after
 * it.
 */
struct err *
watch_look(struct ctx *ctx, struct watch *watch, const struct audit_cut *cut) MUST_USE;

/* Whether all was looked at that processes that died had left; false too where none
 * had. */
bool watch_dead_done(const struct watch *watch);
/* It is anchored: take that away. */
void watch_dead_remove(struct watch *watch);

#endif
