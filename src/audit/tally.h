/*
 * What anybody can cause any number of times, put on record in few entries: refusals of
 * the gates, and files of forecasts taken away. What somebody did first is an entry
 * within a second; what he does of the same kind in the hour that begins with it is
 * counted, and told in one more when the hour is over (docs/decisions/refusals.md).
 *
 * Noting writes nothing: the fiber that keeps the chain does. A count lives in memory, so
 * what a killed process had counted and not told is lost; the first entry is not.
 */
#ifndef AUDIT_TALLY_H
#define AUDIT_TALLY_H

#include "audit/audit.h"

enum {
	TALLY_HOUR_S = 3600,
	TALLY_PLACES = 1024, /* who finds none is counted with all such */
};

struct audit_note {
	enum audit_action action;
	enum audit_outcome outcome;
	/* Both live as long as the program. Notes with another reason are counted apart.
	 * Those with another route are not: the entries name the route of the first. */
	const char *reason; /* may be NULL */
	const char *route;
};

/*
 * Note that the actor of CTX, or where there is none whoever asks from its remote_address
 * (a /64 of version 6), did what NOTE says. From any thread. Nothing where CTX has no
 * ctx->audit.
 */
void audit_note(const struct ctx *ctx, const struct audit_note *note);

/* For the chain's keeper: put on record what is to be told now, of all hours where
 * IS_LAST. What fails is told the next time. */
struct err *audit_tally_write(struct ctx *ctx, bool is_last) MUST_USE;

#endif
