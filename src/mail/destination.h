/*
 * Where the lanes of a mailer are sending, so that one destination whose mail server
 * hangs does not hold all of them: of the domains known to be slow one lane at most sends
 * to any, and to any domain two. What is not known yet is found out by waiting, once for
 * each domain. For fibers of one loop.
 */
#ifndef MAIL_DESTINATION_H
#define MAIL_DESTINATION_H

#include <stdint.h>

#include "base/str.h"

enum {
	DESTINATION_LANES = 4,
	DESTINATION_BYTES_MAX = 256,
	DESTINATIONS_SLOW_MAX = 64, /* remembered; beyond that the oldest is forgotten */
	/* So long it is remembered of a domain that it was slow. */
	DESTINATION_REST_MS = 600000,
};

struct destination {
	char text[DESTINATION_BYTES_MAX]; /* the domain, without what is below it */
	size_t len;                       /* 0: none */
	int64_t since_ns;
};

struct destinations {
	int64_t slow_ms; /* sending takes less where nothing is the matter */
	struct destination lanes[DESTINATION_LANES]; /* where each is now */
	struct destination slow[DESTINATIONS_SLOW_MAX];
};

/* Have LANE send to ADDRESS from now on. Waits while two others are at its domain, but no
 * longer than until it would be slow. False: it is, or the others came first again and
 * again; come back to that mail later. */
bool destination_enter(
	struct destinations *destinations, size_t lane, struct str address) MUST_USE;

/* That was sent, or not. */
void destination_leave(struct destinations *destinations, size_t lane, bool is_sent);

#endif
