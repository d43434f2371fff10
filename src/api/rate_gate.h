/*
 * How many requests an hour: docs/access.md has the table.
 *
 * Who has a plan is counted as a user, by its hourly_requests; others by their address (a
 * /64 of version 6). A page's own requests, and those that concern one's own account, are
 * counted apart and generously.
 */
#ifndef API_RATE_GATE_H
#define API_RATE_GATE_H

#include "api/route.h"

/* An hour. HOURLY_REQUESTS_NONE of billing/entitlement.h is that of one without a
 * plan. */
enum {
	RATE_PAGE_LIMIT = 600,     /* of pages, shown to one without a plan */
	RATE_ENTRY_LIMIT = 120,    /* sign-in, registration, links from mail; credentials
				    that are wrong */
	RATE_SESSION_LIMIT = 3600, /* going on with a session or ending it, by tokens that
				      nobody guesses: nine hundred devices behind one
				      address, whoever else fails to sign in there */
	RATE_SUPPOSED_LIMIT =
		300,           /* what takes a walk through all seasons, or playing one:
				      with a plan */
	RATE_WALK_LIMIT = 60,  /* and without */
	RATE_OWN_LIMIT = 1200, /* one's own account; administrators' work */
};

/* Count RQ, whose caller is known; its rq->rate says what is left. RATE_LIMITED, with the
 * seconds to wait, when that is nothing. */
struct err *rate_gate(struct request *rq) MUST_USE;

/* Count RQ, whose credentials were refused; RATE_LIMITED likewise. */
struct err *rate_gate_refused(struct request *rq) MUST_USE;

/* Count RQ, whose answer is not kept and takes long to work out; RATE_LIMITED
 * likewise. */
struct err *rate_gate_work(struct request *rq) MUST_USE;

/* Who RQ is counted as: its user, or its address (a /64 of version 6). The kind is the
 * caller's. */
void rate_key_fill(const struct request *rq, bool is_user, struct rate_key *ret);

/* Add RateLimit-Limit, -Remaining and -Reset (draft-ietf-httpapi-ratelimit-headers-03) to
 * ANSWER where RQ was counted. */
void rate_gate_tell(const struct request *rq, struct http_answer *answer);

struct rate_gate_counters {
	uint64_t allowed;
	uint64_t refused;
};
/* Of one kind of count, by its name; NULL past the last. */
const char *rate_gate_counters(size_t kind, struct rate_gate_counters *ret);

#endif
