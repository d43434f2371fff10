/*
 * Administrators: how the first comes, how others follow, and who may do what to whom.
 *
 * The first follows a link that the operator of the program prints; others are invited by
 * mail. Accepting makes an account an administrator, and makes the account where there is
 * none. None of their permissions works before they have signed in with a second factor
 * (api/auth_gate.h).
 */
#ifndef ACCOUNTS_ADMIN_H
#define ACCOUNTS_ADMIN_H

#include "accounts/admins_q.h"
#include "accounts/invitation.h"

/*
 * A link for the first administrator, a super_admin, in place of those made before: its
 * token, and until when it works. CONFLICT where there is a super_admin.
 */
struct err *admin_invite_first(
	struct ctx *ctx, struct str *ret_token, int64_t *ret_expires_at) MUST_USE;

/* Whether there is a super_admin who can sign in. */
struct err *admin_has_first(struct ctx *ctx, bool *ret) MUST_USE;

/* Mail EMAIL (valid, in lower case) an invitation to be ROLE, in place of those sent
 * before. CONFLICT where it belongs to an administrator. */
struct err *
admin_invite(struct ctx *ctx, struct str email, enum admin_role role) MUST_USE;

/* Make the actor's account what the link with TOKEN offers. GONE: it does not stand.
 * DENIED: it was sent to another address. */
struct err *admin_accept(struct ctx *ctx, struct str token) MUST_USE;

struct admin_registration {
	struct str token;
	struct str email; /* absent: that which the invitation was sent to */
	struct str password;
	struct str first_name; /* may be absent */
	struct str last_name;  /* likewise */
};

/*
 * The same for somebody without an account, which is made; its address needs no further
 * proof, as the link came to it (or from the operator's own terminal). CONFLICT where the
 * address has an account: sign in and accept with that. INVALID: field "password", or
 * "email" where the invitation names none or another.
 */
struct err *
admin_accept_new(struct ctx *ctx, const struct admin_registration *registration) MUST_USE;

/* Change the role of ID. NOT_FOUND; CONFLICT: oneself. */
struct err *
admin_change_role(struct ctx *ctx, struct admin_id id, enum admin_role role) MUST_USE;
/* Make ID an administrator no more. NOT_FOUND; CONFLICT: oneself, or the last
 * super_admin. */
struct err *admin_remove(struct ctx *ctx, struct admin_id id) MUST_USE;

/* COUNT administrators from behind AFTER on, former ones too. They have addresses, so the
 * look is put on record. */
struct err *admin_list(struct ctx *ctx, struct uuid after, int32_t count,
	struct admin_row_list *ret) MUST_USE;

/* The actor's own row; its id is nil where the operator acts from the command line. */
struct err *admin_of_actor(struct tx *tx, struct admin_row *ret) MUST_USE;

/*
 * Whether USER may be acted on by one who may do what PERMISSIONS say: an administrator's
 * account only with roles.write (DENIED), never one's own, and never that of the last
 * super_admin (CONFLICT).
 */
struct err *
admin_may_act_on(struct tx *tx, struct user_id user, uint32_t permissions) MUST_USE;

#endif
