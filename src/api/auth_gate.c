#include "api/auth_gate.h"

struct err *
auth_gate(struct request *rq)
{
	rq->ctx->actor = (struct actor){ 0 };
	switch (rq->route->who) {
	case WHO_ANYONE:
		return NULL;
	case WHO_USER:
	case WHO_ADMIN:
		break;
	}
	return err_new(rq->ctx, ERR_UNAUTHENTICATED, "sign in first");
}
