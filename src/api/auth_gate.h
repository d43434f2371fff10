/*
 * Who may call a route: the one place that decides, by the columns `who`, `key` and
 * `feature` of routes.def. What no column allows is refused.
 *
 * Credentials come as `Authorization: Bearer …` (RFC 6750): an access token, or an API
 * key, which begins with grk_. Those sent to a route for ANYONE must be good too: an
 * answer for nobody would surprise whoever holds an expired token. A person who still has
 * to set up the second factor that everybody needs here is shown there what nobody is
 * denied: less than a stranger gets nobody who signed in.
 */
#ifndef API_AUTH_GATE_H
#define API_AUTH_GATE_H

#include "api/route.h"

/* DENIED: the account that asks needs a second factor first; where to set one up. */
struct err *auth_needs_mfa(struct request *rq) MUST_USE;
/* DENIED, with the plans that have it, where RQ's caller is not entitled to FEATURE. */
struct err *auth_check_feature(struct request *rq, enum feature feature) MUST_USE;

/*
 * Let RQ in and set rq->caller and the actor of its context, or say why not:
 * UNAUTHENTICATED (401) where it is not known who asks, DENIED (403) with what is missing
 * where that is known and not enough.
 */
struct err *auth_gate(struct request *rq) MUST_USE;

/* Add to ANSWER, made of ERR, how to do better: WWW-Authenticate of a 401. */
struct err *auth_challenge(
	struct request *rq, const struct err *err, struct http_answer *answer) MUST_USE;

/*
 * Put on record that RQ was refused as ERR, where that tells of an attempt: credentials
 * that are wrong, and what somebody known, or a client at the routes that let in, was
 * denied or asked too often (docs/decisions/refusals.md). Writes nothing itself.
 */
void auth_note_refusal(struct request *rq, const struct err *err);

#endif
