/*
 * A second factor taken away from its owner, who has lost it with all recovery codes. An
 * administrator starts it; nobody but the owner carries it out, with a link sent to his
 * address and his password, after a day in which whoever still has the factor hears of it
 * and can stop it: docs/decisions/lost-factor.md.
 *
 * Where the mailbox set the password, or became another, since the factor is in force,
 * the wait is a week from then: whoever has the mailbox must not get in by it alone while
 * the owner has not so much as found out that his password is another.
 *
 * It is void as soon as a code shows that nothing is lost, when the account is shut out,
 * and when the password is set by a link of the same mailbox, which would make the
 * mailbox alone enough.
 */
#ifndef ACCOUNTS_MFA_REMOVAL_H
#define ACCOUNTS_MFA_REMOVAL_H

#include "base/id.h"
#include "db/db.h"

enum {
	REMOVAL_WAIT_HOURS = 24,
	REMOVAL_WAIT_DAYS_OF_MAILBOX = 7,
	REMOVAL_OPEN_DAYS = 6, /* and then it is over */
};

/* Start it for USER, whose address is EMAIL, in the transaction that puts it on record.
 * CONFLICT: no second factor is in force. RATE_LIMITED. */
struct err *
mfa_removal_start(struct tx *tx, struct user_id user, struct str email) MUST_USE;

/* Carry it out by the link with token TEXT. Every session ends. Carried out again it
 * changes nothing. GONE; CONFLICT: it is too early; INVALID, field "password". */
struct err *
mfa_removal_confirm(struct ctx *ctx, struct str text, struct str password) MUST_USE;

/* Stop it: by the link, or the actor's own. GONE; NOT_FOUND where nothing waits. */
struct err *mfa_removal_stop(struct ctx *ctx, struct str text) MUST_USE;
struct err *mfa_removal_stop_own(struct ctx *ctx) MUST_USE;

#endif
