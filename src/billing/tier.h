/* Tiers of subscription: what each costs, how long it lasts, what it opens. */
#ifndef BILLING_TIER_H
#define BILLING_TIER_H

#include "base/ctx.h"
#include "base/err.h"
#include "billing/entitlement.h"

/* Put the house's eight tiers on file. Those that are there stay as they are, so a second
 * call changes nothing. ret_count: how many were new. */
struct err *tier_seed(struct ctx *ctx, int64_t *ret_count) MUST_USE;

/* Whether any is on file. */
struct err *tier_has_any(struct ctx *ctx, bool *ret) MUST_USE;

/* The names of the tiers that are sold and have FEATURE, the cheapest first: "monthly or
 * season"; "none that is sold" where there is none. */
struct err *
tier_names_with(struct ctx *ctx, enum feature feature, struct str *ret) MUST_USE;

#endif
