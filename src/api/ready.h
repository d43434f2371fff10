/*
 * Ready answers: the bytes of public lists, kept by each loop until games or forecasts
 * change.
 *
 * There is one for each audience (api/access.h), not one for each user.
 *
 * What is published has a token (predictions/publication.h), new with every import,
 * forecast and grade; a loop looks at it again after a second, so an answer is never
 * older than that. A kept answer belongs to the token and to the day (UTC) it was made
 * under, as the current week moves on with the days, that for the public to the hour, as
 * what it is told of the record does; it is made again when either is another. Many
 * requests for one missing answer make it once. The ETag is token, hour and audience, so
 * that a client which has the answer is told so without looking for it.
 */
#ifndef API_READY_H
#define API_READY_H

#include "api/route.h"

/* The ready answer to RQ, whose route is kept and whose parameters are parsed; made by
 * its handler where there is none. */
struct answer ready_answer(struct request *rq);

/* The ETag that the answer to RQ has now: of what was published a second ago or later. */
struct err *ready_tag(struct request *rq, struct str *ret) MUST_USE;

struct ready_counters {
	uint64_t hits;
	uint64_t misses;
	uint64_t not_modified;
};
struct ready_counters ready_counters(void);

/* Forget what the calling loop keeps. Before the loop ends. */
void ready_loop_close(void);

#endif
