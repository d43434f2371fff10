/* What the handlers of accounts share. */
#ifndef API_AUTH_API_H
#define API_AUTH_API_H

#include "accounts/session.h"
#include "api/request.h"
#include "base/opt.h"

struct tokens_row {
	struct str access_token;
	struct str token_type;
	int32_t expires_in;
	struct str refresh_token;
	struct opt_i64 refresh_expires_at;
};

/* The fields of rows of TYPE that hold a struct tokens_row; AT: "member.", or nothing. */
#define TOKENS_FIELDS(type, at)                                                       \
	FIELD_AS("access_token", type, at access_token, TEXT,                         \
		"for the header Authorization, behind \"Bearer \""),                  \
		FIELD_AS("token_type", type, at token_type, TEXT, "Bearer"),          \
		FIELD_AS("expires_in", type, at expires_in, I32,                      \
			"how many seconds the access token is good for"),             \
		FIELD_AS("refresh_token", type, at refresh_token, OPT_TEXT,           \
			"what the next access token is had for, once; null where a "  \
			"cookie "                                                     \
			"holds it, or the one at hand goes on"),                      \
		FIELD_AS("refresh_expires_at", type, at refresh_expires_at, OPT_TIME, \
			"when the refresh token ends, unless it is used before")

/* Done, and nothing to show: 204, or 202 for what goes on without the client. */
struct answer answer_empty(int status);
/* Wait to the next step of time since STARTED_NS (clock_monotonic_ns), so that what was
 * done in between for one address and not for another does not show. */
void wait_even(int64_t started_ns);
/* A refresh token that is absent is null. */
struct tokens_row
tokens_row_of(const struct request *rq, const struct session_tokens *tokens);
/* ROW with secrets in it, as JSON for nobody to keep. */
struct answer
answer_secret(struct request *rq, const struct row_schema *schema, const void *row);

#endif
