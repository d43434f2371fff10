/*
 * Another address for an account: asked for with all that signing in takes, confirmed by
 * a link sent to the new address within a day, told to the old one both times.
 *
 * Whoever asks is told nothing of whether the new address has an account: one that is
 * proved gets word of that by mail, as at registration, and no link.
 */
#ifndef ACCOUNTS_EMAIL_CHANGE_H
#define ACCOUNTS_EMAIL_CHANGE_H

#include "accounts/proof.h"
#include "base/id.h"

enum { EMAIL_LINK_HOURS = 24 };

struct email_change {
	struct str email; /* valid, in lower case */
	struct proof proof;
	struct uuid family; /* the session that asks */
};

/* Ask for the actor. INVALID, field "email" (it is his already), "password" or "code";
 * RATE_LIMITED. */
struct err *email_change_ask(struct ctx *ctx, const struct email_change *change) MUST_USE;

/* Give up what the actor asked for. NOT_FOUND where nothing waits. */
struct err *email_change_withdraw(struct ctx *ctx) MUST_USE;

/*
 * Follow the link with token TEXT and the account's PASSWORD, so that a mistyped address
 * gives nobody the account, and nobody has a stranger's address confirmed for his own:
 * the account has the new address. Every session ends but that which asked, links that
 * were sent to the old address are void, and whatever an administrator offered to the new
 * address is the account's. Followed again it changes nothing. GONE; INVALID, field
 * "password".
 */
struct err *
email_change_confirm(struct ctx *ctx, struct str text, struct str password) MUST_USE;

#endif
