/* A new password: by a link for whoever has forgotten the old one, or by the old one. */
#ifndef ACCOUNTS_PASSWORD_RESET_H
#define ACCOUNTS_PASSWORD_RESET_H

#include "accounts/proof.h"
#include "accounts/session.h"

enum {
	RESET_LINK_MINUTES = 60,
};

/* Send a link to EMAIL (in lower case), if it has an account. The caller is told nothing
 * of that. */
struct err *password_forgotten(struct ctx *ctx, struct str email) MUST_USE;

/* Send USER, whose address is EMAIL, a link: an administrator starts a reset and never
 * sets a password. In the transaction that puts it on record. RATE_LIMITED: three were
 * sent within the hour. */
struct err *
password_reset_send(struct tx *tx, struct user_id user, struct str email) MUST_USE;

/*
 * Set PASSWORD by the link with token TEXT, which proves the address as well. Every
 * session ends, and every API key. GONE where the link does not work; INVALID, field
 * "password", for one that is not taken, and the link still works.
 */
struct err *
password_reset(struct ctx *ctx, struct str text, struct str password) MUST_USE;

struct password_change {
	struct proof proof;
	struct str password;
	struct uuid family; /* the session that changes it and goes on */
	bool is_mfa_passed; /* in that session */
};

/*
 * Change the actor's password. Every other session ends; RET has a new access token for
 * this one, whose refresh token goes on. So do RET_API_KEYS keys, as he knew the old
 * password: docs/decisions/keys-and-passwords.md. INVALID, with the field
 * of the proof or "password".
 */
struct err *password_change(struct ctx *ctx, const struct password_change *change,
	struct session_tokens *ret, int64_t *ret_api_keys) MUST_USE;

#endif
