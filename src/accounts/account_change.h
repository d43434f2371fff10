/*
 * Changes of an account that its owner confirms by a link sent by mail, since they decide
 * who gets in: another address (accounts/email_change.h), and a second factor that he has
 * lost taken away (accounts/mfa_removal.h).
 *
 * One of each kind waits at a time: a new one makes the one before void.
 */
#ifndef ACCOUNTS_ACCOUNT_CHANGE_H
#define ACCOUNTS_ACCOUNT_CHANGE_H

#include "accounts/account_changes_q.h"
#include "base/opt.h"
#include "db/db.h"

enum account_change_kind { CHANGE_EMAIL, CHANGE_MFA_REMOVAL };

struct account_change_new {
	struct user_id user_id;
	enum account_change_kind kind;
	struct str email; /* of CHANGE_EMAIL */
	struct str email_identity;
	struct str token;
	struct uuid family_id; /* the session that asks; nil: none */
	int64_t opens_at;
	int64_t expires_at;
};

/* RATE_LIMITED, until the first of the links of this hour, sent at OLDEST, is an hour
 * old. */
struct err *links_too_many(struct ctx *ctx, int64_t oldest) MUST_USE;

/* Keep it, in place of what waits. RATE_LIMITED: three were asked for in this hour. */
struct err *
account_change_put(struct tx *tx, const struct account_change_new *change) MUST_USE;

/*
 * The change of the link with token TEXT, which still waits, or with RET_IS_DONE is how
 * the account is: people click twice, and only whoever has the token is told. GONE.
 */
struct err *
account_change_find(struct tx *tx, struct str text, enum account_change_kind kind,
	struct account_change *ret, bool *ret_is_done) MUST_USE;

/* Whether PASSWORD is that of the account which CHANGE is of. INVALID, field "password",
 * where it is not; RATE_LIMITED, as at sign-in, by the account and the address. */
struct err *account_change_prove(struct ctx *ctx, const struct account_change *change,
	struct str password) MUST_USE;

/* Take it for carried out, or for withdrawn. GONE where another did so just before. */
struct err *
account_change_spend(struct tx *tx, const struct account_change *change) MUST_USE;

/* End what waits of USER's; RET: whether something did. */
struct err *account_change_end(struct tx *tx, struct user_id user,
	enum account_change_kind kind, bool *ret) MUST_USE;

/* End all that waits of USER's: who asked for it may be whom a new password, or shutting
 * the account, keeps out. */
struct err *account_change_end_all(struct tx *tx, struct user_id user) MUST_USE;

/* The actor's that waits. */
struct err *account_change_look(struct ctx *ctx, enum account_change_kind kind,
	struct waiting_change *ret, bool *ret_found) MUST_USE;

#endif
