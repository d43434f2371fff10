/*
 * Identifiers. A UUID is 16 bytes in network order (RFC 9562); every kind of object has
 * an id type of its own, so that passing one for another does not compile.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <string.h>

#include "base/compiler.h"

struct uuid {
	uint8_t bytes[16];
};

static inline bool
uuid_eq(struct uuid a, struct uuid b)
{
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static inline bool
uuid_is_nil(struct uuid a)
{
	return uuid_eq(a, (struct uuid){ { 0 } });
}

#define DEFINE_ID(name)                                            \
	struct name {                                              \
		struct uuid uuid;                                  \
	};                                                         \
	static inline bool name##_eq(struct name a, struct name b) \
	{                                                          \
		return uuid_eq(a.uuid, b.uuid);                    \
	}

DEFINE_ID(user_id)
DEFINE_ID(session_id)
DEFINE_ID(verification_id)
DEFINE_ID(reset_id)
DEFINE_ID(account_change_id)
DEFINE_ID(api_key_id)
DEFINE_ID(tier_id)
DEFINE_ID(subscription_id)
DEFINE_ID(payment_id)
DEFINE_ID(grant_id)
DEFINE_ID(invitation_id)
DEFINE_ID(affiliate_id)
DEFINE_ID(referral_id)
DEFINE_ID(payout_id)
DEFINE_ID(commission_id)
DEFINE_ID(promotion_id)
DEFINE_ID(prediction_id)
DEFINE_ID(metric_id)
DEFINE_ID(pick_id)
DEFINE_ID(team_id)
DEFINE_ID(game_id)
DEFINE_ID(rating_id)
DEFINE_ID(simulation_id)
DEFINE_ID(admin_id)
DEFINE_ID(audit_id)
DEFINE_ID(event_id)
DEFINE_ID(outbox_id)
DEFINE_ID(job_id)
DEFINE_ID(alert_id)

#endif
