/* What administrators do with users: find them, look at them, shut them out, start a
 * reset of their password. All of it is on record, looking too. */
#ifndef ACCOUNTS_ADMIN_USER_H
#define ACCOUNTS_ADMIN_USER_H

#include "accounts/admins_q.h"
#include "accounts/grants_q.h"
#include "db/db.h"

struct admin_user_search {
	struct str prefix; /* of the address, in any case; absent: all users */
	struct str after;  /* an address; absent: from the first on */
	int32_t row_count;
};

/* Users by address. */
struct err *admin_user_list(struct ctx *ctx, const struct admin_user_search *search,
	struct admin_user_row_list *ret) MUST_USE;

/* One. NOT_FOUND. */
struct err *admin_user_look(
	struct ctx *ctx, struct user_id user, struct admin_user_row *ret) MUST_USE;

/* The free access that one was given. NOT_FOUND. */
struct err *admin_user_grants(
	struct ctx *ctx, struct user_id user, struct grant_row_list *ret) MUST_USE;

enum admin_act {
	ADMIN_DEACTIVATES,
	ADMIN_REACTIVATES,
	ADMIN_RESETS_PASSWORD,
	ADMIN_REMOVES_MFA, /* starts it: accounts/mfa_removal.h */
};

/*
 * Act on USER as one who may do what PERMISSIONS say. A reset sends a link to the user's
 * address: nobody but the user ever sets the password. A lost second factor likewise;
 * that of an administrator only a super_admin may start on (DENIED). NOT_FOUND: no such
 * user, or none in the other state; what else see admin_may_act_on.
 */
struct err *admin_user_act(struct ctx *ctx, struct user_id user, enum admin_act act,
	uint32_t permissions) MUST_USE;

#endif
