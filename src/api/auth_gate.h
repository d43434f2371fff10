/* Who may call a route: the one place that decides. */
#ifndef API_AUTH_GATE_H
#define API_AUTH_GATE_H

#include "api/route.h"

/*
 * Let RQ in, or say why not: UNAUTHENTICATED, DENIED. Sets rq->ctx->actor. There are no
 * accounts yet, so every caller is nobody, and routes for ANYONE are the only ones open.
 */
struct err *auth_gate(struct request *rq) MUST_USE;

#endif
