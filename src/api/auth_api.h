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

/* Done, and nothing to show: 204, or 202 for what goes on without the client. */
struct answer answer_empty(int status);
/* Wait to the next step of time since STARTED_NS (clock_monotonic_ns), so that what was
 * done in between for one address and not for another does not show. */
void wait_even(int64_t started_ns);
/* TOKENS as JSON, for nobody to keep. A refresh token that is absent is null. */
struct answer answer_tokens(struct request *rq, const struct session_tokens *tokens);

#endif
