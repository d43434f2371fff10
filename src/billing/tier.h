/* Tiers of subscription: what each costs, how long it lasts, what it opens. */
#ifndef BILLING_TIER_H
#define BILLING_TIER_H

#include "base/ctx.h"
#include "base/err.h"

/* Put the house's eight tiers on file. Those that are there stay as they are, so a second
 * call changes nothing. ret_count: how many were new. */
struct err *tier_seed(struct ctx *ctx, int64_t *ret_count) MUST_USE;

#endif
