/* What a user may see and change of his own account. */
#ifndef ACCOUNTS_PROFILE_H
#define ACCOUNTS_PROFILE_H

#include "accounts/users_q.h"

enum profile_member {
	PROFILE_FIRST_NAME = 1 << 0,
	PROFILE_LAST_NAME = 1 << 1,
	PROFILE_WANTS_EMAIL_ALERTS = 1 << 2,
	PROFILE_ALERT_MIN_CONFIDENCE = 1 << 3,
	PROFILE_LEADERBOARD_NAME = 1 << 4,
	PROFILE_IS_ON_LEADERBOARD = 1 << 5,
};

/* The members of MEMBERS are to be as in TO; an absent one is taken away. */
struct profile_change {
	uint32_t members;
	struct profile to;
};

/* The actor's profile. NOT_FOUND where the account is gone. */
struct err *profile_get(struct ctx *ctx, struct profile *ret) MUST_USE;

/* Change it. INVALID, field "leaderboard_name", for who would be on the leaderboard
 * without a name, or under one that another there has or that looks like it. */
struct err *profile_change(struct ctx *ctx, const struct profile_change *change,
	struct profile *ret) MUST_USE;

#endif
