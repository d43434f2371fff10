/*
 * What a user may have: the features and the hourly limit that his subscriptions, grants
 * and add-ons come to, taken together.
 *
 * Features add up; the limit is the highest of any. Live are a subscription that is
 * `trial` or `active` until it expires, one that is `past_due` for three days, and a
 * grant between its dates. Which tiers there are, and what is in each, is data
 * (subscription_tiers).
 */
#ifndef BILLING_ENTITLEMENT_H
#define BILLING_ENTITLEMENT_H

#include "base/ctx.h"
#include "base/err.h"
#include "base/opt.h"

/* X(name, name in subscription_tiers.features, what it opens) */
#define FEATURES(X)                                                                 \
	X(REAL_TIME_PREDICTIONS, "real_time_predictions",                           \
		"every forecast as it is made")                                     \
	X(BASIC_PROPS, "basic_props", "forecasts of players' numbers")              \
	X(LIVE_ACCURACY, "live_accuracy", "the record without the day's delay")     \
	X(EMAIL_ALERTS, "email_alerts", "forecasts by e-mail")                      \
	X(BASIC_ANALYTICS, "basic_analytics", "ratings over time")                  \
	X(ADVANCED_ANALYTICS, "advanced_analytics", "chances at any line and odds") \
	X(FULL_PROPS, "full_props", "every forecast of players' numbers")           \
	X(DATA_EXPORT, "data_export", "forecasts as one file")                      \
	X(PLAYOFF_PREDICTIONS, "playoff_predictions", "forecasts of the playoffs")  \
	X(PRIORITY_SUPPORT, "priority_support", "answers before others get theirs") \
	X(API_ACCESS, "api_access", "keys for programs of one's own")

enum feature {
#define X(name, text, about) FEATURE_##name,
	FEATURES(X)
#undef X
		FEATURE_COUNT
};

enum {
	FEATURES_ALL = (1 << FEATURE_COUNT) - 1,
	TIER_NAME_BYTES = 32,
	HOURLY_REQUESTS_NONE = 10, /* of one without a tier */
	PAST_DUE_DAYS = 3,
};

struct entitlement {
	uint32_t features;          /* 1 << FEATURE_x */
	int32_t hourly_requests;    /* HOURLY_REQUESTS_NONE without a tier */
	char tier[TIER_NAME_BYTES]; /* the best one's name, terminated; "": none */
	int32_t rank;               /* of that tier */
	int64_t tier_until;         /* when that tier ends; 0: there is none */
	/* When something of it begins or ends, so that it must be asked for again:
	 * microseconds UTC, INT64_MAX for never. */
	int64_t valid_until;
};

/* One subscription, grant or add-on, as the database has it. */
struct entitlement_part {
	struct str tier;
	struct str features; /* a JSON array of their names; unknown ones are no matter */
	struct opt_i32 hourly_requests; /* absent: an add-on */
	int32_t rank;
	int64_t starts_at;
	int64_t ends_at;
};

/* Nothing; then as many parts as there are, in any order, those that are over or still to
 * come among them. */
void entitlement_init(struct entitlement *entitlement);
struct err *entitlement_add(struct ctx *ctx, struct entitlement *entitlement,
	const struct entitlement_part *part) MUST_USE;

static inline bool
entitlement_has(const struct entitlement *entitlement, enum feature feature)
{
	return entitlement->features >> feature & 1;
}

const char *feature_name(enum feature feature);
/* What it opens. */
const char *feature_about(enum feature feature);

#endif
