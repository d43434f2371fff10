/*
 * The standing of a user: what the program must know of him at each request before it
 * does anything for him, asked for in one query.
 *
 * Each loop keeps the standings of the users it serves, and forgets one as soon as it
 * changes: whatever changes it says so in its transaction (standing_changed), and after
 * the commit no loop of this process uses what it kept; other processes on the same
 * PostgreSQL are told by NOTIFY. While a process cannot hear (db/listen.h) it trusts
 * nothing kept and asks the database each time.
 */
#ifndef ACCOUNTS_STANDING_H
#define ACCOUNTS_STANDING_H

#include "accounts/permission.h"
#include "base/ctx.h"
#include "base/err.h"
#include "billing/entitlement.h"
#include "db/db.h"

enum {
	STANDING_ENDED_MAX = 8,
	/* Longer than an access token lives: what ended before has no valid token. */
	STANDING_ENDED_MINUTES = 20,
};

struct standing {
	struct user_id user_id;
	int64_t session_epoch; /* a token made under another one is worth nothing */
	bool is_active;        /* neither deactivated nor erased */
	bool is_verified;      /* his address is */
	bool has_mfa;
	enum admin_role role;
	uint32_t permissions; /* 1 << PERMISSION_x */
	struct entitlement entitlement;
	/* Families of sessions that were signed out or revoked of late. */
	uint32_t ended_count;
	bool has_more_ended;
	struct uuid ended[STANDING_ENDED_MAX];
};

/* Begin to hear of changes on ctx->db; before it nothing is kept. Before the loops serve,
 * on the loop that opened the database. */
struct err *standing_open(struct ctx *ctx) MUST_USE;
/* Forget what the calling loop keeps. Before the loop ends. */
void standing_loop_close(void);

/* The standing of USER at ctx->now. ret_found: whether there is such a user; where there
 * is none RET is left as it is. */
struct err *standing_get(struct ctx *ctx, struct user_id user, struct standing *ret,
	bool *ret_found) MUST_USE;

/* Whether the sessions of FAMILY go on, as far as being signed out is concerned. Asks the
 * database only of somebody who ended more than STANDING_ENDED_MAX of late. */
struct err *standing_has_session(struct ctx *ctx, const struct standing *standing,
	struct uuid family, bool *ret) MUST_USE;

static inline bool
standing_may(const struct standing *standing, enum permission permission)
{
	return standing->permissions >> permission & 1;
}

/*
 * Tell everybody that what standing_get answers of USER is another once TX has committed:
 * his epoch, sessions that ended, activity, verification, MFA, roles, subscriptions,
 * grants. Call it in the transaction that changes it.
 */
struct err *standing_changed(struct tx *tx, struct user_id user) MUST_USE;
/* The same of everybody: a tier was changed. */
struct err *standing_changed_for_all(struct tx *tx) MUST_USE;

struct standing_counters {
	uint64_t hits;
	uint64_t misses;
	uint64_t
		untrusted; /* asked although kept, perhaps: nothing was heard just then */
};
struct standing_counters standing_counters(void);

#endif
