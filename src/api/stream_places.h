/*
 * Who holds the streams that are open: so many a server, and of those so many an address,
 * or a user where it is known who asks. Docs/access.md says how many.
 */
#ifndef API_STREAM_PLACES_H
#define API_STREAM_PLACES_H

#include "api/request.h"

enum {
	/* Each holds a fiber. */
	STREAMS_MAX = 2000,
};

/* By the settings stream.…; 0: no limit. */
struct stream_limits {
	uint32_t per_address; /* of nobody known */
	uint32_t per_user;
	int64_t age_max_s;
};

/* Whether RQ may have one more stream. BUSY: the server has none left; RATE_LIMITED: he
 * has as many as one may hold. */
struct err *stream_places_check(struct request *rq) MUST_USE;
/* The same, and take it: its number, for stream_place_leave. From any thread. */
struct err *stream_place_take(struct request *rq, size_t *ret) MUST_USE;
void stream_place_leave(size_t place);

#endif
