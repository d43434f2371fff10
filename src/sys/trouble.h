/*
 * A trouble that may last: told when it begins, once a minute with a count while it goes
 * on, and when it is over; so that an outage of an hour is some sixty lines of the log
 * and not one for every attempt.
 *
 * Zero is none. From any thread.
 */
#ifndef SYS_TROUBLE_H
#define SYS_TROUBLE_H

#include <stdatomic.h>

#include "base/ctx.h"
#include "base/err.h"

struct trouble {
	_Atomic int64_t told_at; /* monotonic; 0: never */
	_Atomic uint64_t times;  /* met since it was last told of */
	_Atomic bool is_on;      /* its beginning was told */
};

/* It was met as ERR: log that as EVENT where it is time. One that comes and goes is told
 * every five seconds at most. */
void trouble_note(struct trouble *trouble, const struct ctx *ctx, const char *event,
	const struct err *err);

/* It is over: log EVENT where its beginning was told. */
void trouble_over(struct trouble *trouble, const struct ctx *ctx, const char *event);

#endif
