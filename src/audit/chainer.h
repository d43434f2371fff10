/*
 * What keeps the chain: it takes in what waits, follows what comes in (from this process
 * or another), watches over its own entries and has the chain's end anchored.
 *
 * Every instance has one. Two that append at once meet at the unique number of a link:
 * one of them finds the other's links and tries again behind them.
 */
#ifndef AUDIT_CHAINER_H
#define AUDIT_CHAINER_H

#include "audit/chain.h"
#include "base/ctx.h"
#include "base/err.h"

struct audit;
struct witness;

struct audit_options {
	/* Where the anchor and the witness are, made already. Absent: neither is. */
	struct str folder;
	bool is_syslog; /* the anchor goes there too */
};

/* Watch over the log of ctx->db, from its present end. In the arena of CTX, which
 * outlives it. Set ctx->audit of whatever writes entries. */
struct err *audit_open(struct ctx *ctx, const struct audit_options *options,
	struct audit **ret) MUST_USE;

/* Twice a second a round, in a fiber of this loop, until audit_close. An anchor that has
 * gone is begun anew before it returns. */
struct err *audit_start(struct ctx *ctx, struct audit *audit) MUST_USE;

/* A last round, so that nothing waits, and the anchor; then release. Nobody may use it
 * any more. */
void audit_close(struct ctx *ctx, struct audit *audit);

struct audit_round {
	int64_t chained;
	int64_t refused; /* that wait and were not written by us, or altered */
	int64_t lost;    /* that were committed and are not there */
};

/*
 * One round: what waits goes into the chain; what came in is checked; what is missing or
 * wrong is logged and put on record (audit.tampered). Another round under way is waited
 * for. What the tally cannot tell is logged, and no error.
 */
struct err *
audit_round(struct ctx *ctx, struct audit *audit, struct audit_round *ret) MUST_USE;

/* Wait until what was said of USER before ctx->now stands in the chain: five seconds at
 * most, and not at all where no fiber of this process adds to it (audit_start). */
struct err *
audit_settle(struct ctx *ctx, const struct audit *audit, struct user_id user) MUST_USE;

/* Put the chain's end, as this process has seen it, into the anchor. Nothing is done
 * where this process, or the last line that it found, put it there. */
struct err *audit_anchor(struct ctx *ctx, struct audit *audit) MUST_USE;

/*
 * Freeze the chain where it was cut: where it lacks a link that is known to have been
 * anchored, or has another in its place. It is frozen, too, where what is remembered of
 * the anchor was altered, and where it cannot be told (an error).
 *
 * This process then adds nothing more to the chain, nor to the anchor, so that what was
 * cut off can be compared and put back. What it puts on record waits for the next server.
 * A server itself is never frozen (audit_start).
 *
 * Before the first round, which may begin an anchor anew. RET: it is frozen.
 */
struct err *audit_freeze_if_cut(struct ctx *ctx, struct audit *audit, bool *ret) MUST_USE;

struct witness *audit_witness(struct audit *audit);

/* Whether the last line that was due is in the anchor. From any thread. */
bool audit_is_anchored(const struct audit *audit);

/* Microseconds UTC: what is said to be older is taken for pruned rows put back. INT64_MIN
 * before the first cut. From any thread. */
int64_t audit_earliest(struct audit *audit);

/* How long after their commit entries must stand in the chain: 10 s; less in tests. */
void audit_set_patience(struct audit *audit, int64_t patience_ms);

#endif
