/* What operators and their tools ask for: liveness, readiness, and the documentation
 * page. */
#include "api/api.h"
#include "api/pages.h"
#include "api/ready.h"
#include "api/route.h"
#include "audit/chainer.h"
#include "crypto/keyring.h"
#include "ops/health.h"

static const struct str plain_text = STR_INIT("text/plain; charset=utf-8");

struct answer
api_livez(struct request *rq)
{
	(void)rq;
	return answer_text(200, plain_text, STR("ok\n"));
}

struct answer
api_readyz(struct request *rq)
{
	const struct audit *audit = rq->ctx->audit;
	const struct keyring *keys = rq->ctx->keys;
	int64_t alerts;

	ANSWER_ERR(health_ready(rq->ctx));
	ANSWER_ERR(health_alerts(rq->ctx, &alerts));
	/* It serves with the keys that it has. */
	if (keys && keyring_is_refused(keys))
		return answer_text(200, plain_text,
			STR("ready, but the changed keyring is not used: the log says "
			    "why\n"));
	/* What goes on record is there all the same: no reason to send nobody here. */
	if (audit && !audit_is_anchored(audit))
		return answer_text(200, plain_text,
			STR("ready, but the audit chain cannot be anchored: the log says "
			    "why\n"));
	return answer_text(200, plain_text,
		alerts ? STR("ready, but a job needs looking at: gridiron jobs list\n")
		       : STR("ready\n"));
}

struct answer
api_docs(struct request *rq)
{
	struct answer answer = { 0 };

	if (!page_find(rq->http, STR("/docs"), rq->api->is_production, &answer.http))
		return answer_problem(
			err_new(rq->ctx, ERR_NOT_FOUND, "this build has no pages"));
	return answer;
}
