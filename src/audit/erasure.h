/*
 * Whether it is on record that what is personal of a user may not be read any more: the
 * column erased_at is anybody's to write who owns the database, a link of the chain is
 * not.
 */
#ifndef AUDIT_ERASURE_H
#define AUDIT_ERASURE_H

#include "audit/audit_q.h"
#include "base/ctx.h"
#include "base/err.h"
#include "base/opt.h"

/* Whether an entry of ours, chained or waiting, says that USER was erased, or lost an
 * account whose address was never proved. One that nobody can tell of, since its key is
 * missing, counts. */
struct err *audit_erasure_find(struct ctx *ctx, struct user_id user, bool *ret) MUST_USE;

/* The same, or ERASED_AT lies before a cut of the chain, with which that entry went. */
struct err *audit_erasure_known(struct ctx *ctx, struct user_id user,
	struct opt_i64 erased_at, bool *ret) MUST_USE;

/* The newest link of ours that says that keys which were lost are given up; 0: none. */
struct err *audit_give_up_seq(struct ctx *ctx, int64_t *ret) MUST_USE;

#endif
