/*
 * Invitations: a link that makes whoever follows it an administrator, or gives him free
 * access. Kept is the hash of its token; it works once.
 */
#ifndef ACCOUNTS_INVITATION_H
#define ACCOUNTS_INVITATION_H

#include "accounts/invitations_q.h"
#include "accounts/permission.h"
#include "crypto/digest.h"
#include "db/db.h"

enum {
	INVITATION_FIRST_HOURS = 24,
	INVITATION_ADMIN_DAYS = 7,
	INVITATION_GRANT_DAYS = 30,
};

enum invitation_kind { INVITATION_FIRST_ADMIN, INVITATION_ADMIN, INVITATION_GRANT };
/* "first_admin", "admin", "grant" */
struct str invitation_kind_name(enum invitation_kind kind);
bool invitation_is(const struct invitation_row *invitation, enum invitation_kind kind);

/* A link's secret, and what is kept of it. */
struct invitation_token {
	struct str text;
	struct str hash;
};
struct err *
invitation_token_new(struct arena *arena, struct invitation_token *ret) MUST_USE;

/* The invitation of the link with token TEXT. GONE where there is none, it was accepted
 * or taken back, or its time is over. */
struct err *
invitation_find(struct tx *tx, struct str text, struct invitation_row *ret) MUST_USE;

/* Spend INVITATION for USER. GONE where somebody was faster. */
struct err *invitation_accept(struct tx *tx, const struct invitation_row *invitation,
	struct user_id user) MUST_USE;

/* COUNT invitations from behind AFTER on, the first made first. They have addresses, so
 * the look is put on record. */
struct err *invitation_list(struct ctx *ctx, struct uuid after, int32_t count,
	struct invitation_row_list *ret) MUST_USE;

/* Take back the invitation ID, as one who may do what PERMISSIONS say: those of
 * administrators need roles.write. NOT_FOUND where it does not stand; DENIED. Puts it on
 * record. */
struct err *invitation_withdraw(
	struct ctx *ctx, struct invitation_id id, uint32_t permissions) MUST_USE;

#endif
