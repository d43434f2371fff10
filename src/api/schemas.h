/* The rows that this API answers, as tables for JSON, CSV and OpenAPI. Each stands in the
 * file of its resource. */
#ifndef API_SCHEMAS_H
#define API_SCHEMAS_H

#include "api/rows.h"

#define ROW_SCHEMAS(X)      \
	X(season)           \
	X(game)             \
	X(seen_line)        \
	X(game_change)      \
	X(team)             \
	X(rating)           \
	X(outlook)          \
	X(prediction)       \
	X(prediction_brief) \
	X(pick)             \
	X(leader)           \
	X(league)           \
	X(league_invited)   \
	X(league_place)     \
	X(league_pick)      \
	X(line)             \
	X(what_if)          \
	X(quarterback)      \
	X(batch)            \
	X(accuracy)         \
	X(entitlements)     \
	X(tier)             \
	X(calibration)      \
	X(tokens)           \
	X(password_changed) \
	X(profile)          \
	X(audit_entry)      \
	X(email_change)     \
	X(session)          \
	X(mfa)              \
	X(mfa_enrolment)    \
	X(recovery_codes)   \
	X(api_key)          \
	X(new_api_key)      \
	X(invitation)       \
	X(administrator)    \
	X(user)             \
	X(grant)            \
	X(grant_result)     \
	X(grant_batch)

#define X(name) extern const struct row_schema name##_schema;
ROW_SCHEMAS(X)
#undef X

#endif
