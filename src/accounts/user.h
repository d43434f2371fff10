/*
 * Users: how they come, prove their address, and are shut out.
 *
 * Nothing here tells whether an address has an account: registration answers alike, and
 * whoever reads the mail of the address is told the rest.
 */
#ifndef ACCOUNTS_USER_H
#define ACCOUNTS_USER_H

#include "db/db.h"

enum {
	VERIFY_LINK_HOURS = 24,
	/* Of each kind of link, to one account that is proved, and to all of a mailbox
	 * (accounts/identity.h) that are not: docs/decisions/links-an-hour.md. */
	LINKS_AN_HOUR_MAX = 3,
};

/* The address of an account that is one no more: nobody can have it. */
struct err *
user_tombstone(struct ctx *ctx, struct user_id user, struct str *ret) MUST_USE;
/* Take USER's address, which was never proved, away, and with it the account. RET_GONE: 0
 * where it was proved or shut out meanwhile. */
struct err *
user_lose_address(struct tx *tx, struct user_id user, int64_t *ret_gone) MUST_USE;

struct registration {
	struct str email; /* valid, in lower case */
	struct str password;
	struct str first_name; /* may be absent */
	struct str last_name;  /* likewise */
};

/*
 * Make an account that waits for its address to be proved, and send the link that does.
 * An address that is taken is sent word of that instead, and where it has not been proved
 * yet a link of its own: the link that is followed brings its password and its names.
 *
 * INVALID, field "password": one that is not taken. Nothing else depends on whether the
 * address has an account, and the work done is the same. Where the mailbox was sent its
 * links of this hour, under whatever spelling, nothing is made and nothing sent.
 */
struct err *
user_register(struct ctx *ctx, const struct registration *registration) MUST_USE;

/* Word to USER, whose address somebody gave for an account that is to be made or to move:
 * he has one. Once an hour to a mailbox. */
struct err *user_remind(struct tx *tx, struct user_id user, struct str email) MUST_USE;

/* Follow the link with TOKEN, giving the PASSWORD that it was registered with: INVALID,
 * field "password", where that is another. A link that proved its address may be followed
 * again, since people click twice. GONE where it does not work. */
struct err *user_verify(struct ctx *ctx, struct str token, struct str password) MUST_USE;

/* Shut USER out, ending every session, and every reset and change that waits for its
 * link; and let him in again. NOT_FOUND where there is none in the other state. In the
 * transaction of whoever decides it and puts it on record. */
struct err *user_deactivate(struct tx *tx, struct user_id user) MUST_USE;
struct err *user_reactivate(struct tx *tx, struct user_id user) MUST_USE;

/*
 * Whether PASSWORD is the actor's: asked again before what cannot be undone. INVALID,
 * field FIELD, where it is not, which is put on record; RATE_LIMITED after too many wrong
 * ones. RET is the account as it was compared.
 */
struct user_password; /* accounts/users_q.h */
struct err *user_confirm(struct ctx *ctx, struct str password, const char *field,
	struct user_password *ret) MUST_USE;

/* In the transaction that does what was asked for: whether the actor's account is still
 * as KNOWN says, which user_confirm compared. CONFLICT where the password, the address or
 * the second factor changed since. */
struct err *
user_still_confirmed(struct tx *tx, const struct user_password *known) MUST_USE;

/* Learn which kinds of password hashes accounts have (crypto/password_kind.h): reads all
 * of them. */
struct err *user_password_kinds_learn(struct ctx *ctx) MUST_USE;

#endif
