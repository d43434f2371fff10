/*
 * Sessions: who is signed in, on which device.
 *
 * Signing in gives two tokens. The access token (crypto/jwt.h) lives a quarter of an hour
 * and is proof by itself. The refresh token (crypto/token.h) is a row: whoever brings it
 * gets a new access token and its successor, and it is spent. The chain of successors of
 * one sign-in is a family, which is what a person knows as a session.
 *
 * A spent token that comes again is either a retry (two tabs that woke up together, an
 * answer that was lost) or stolen. The same client, within ten seconds, is taken for the
 * first and given the same successor; anything else ends the family, so that a thief and
 * his victim are both signed out and the victim finds out (RFC 9700 §4.14.2).
 */
#ifndef ACCOUNTS_SESSION_H
#define ACCOUNTS_SESSION_H

#include "accounts/sessions_q.h"
#include "db/db.h"

enum {
	ACCESS_MINUTES = 15,
	/* A device that is not used for so long has to sign in again; and each has in the
	 * end. */
	REFRESH_IDLE_DAYS = 30,
	REFRESH_FAMILY_DAYS = 90,
	REFRESH_GRACE_SECONDS = 10,
	RECENT_MINUTES = 15, /* within which nobody need show again who he is */
};

/* What ended a session, for user_sessions.revoked_reason. */
enum session_end_reason {
	SESSION_SIGNED_OUT,
	SESSION_SIGNED_OUT_ELSEWHERE,
	SESSION_REUSED,
	SESSION_PASSWORD_CHANGED,
	SESSION_DEACTIVATED,
	SESSION_ERASED,
	SESSION_ENDED_BY_ADMIN
};

/* Times are microseconds UTC. */
struct session_tokens {
	struct user_id user_id;
	struct uuid family_id;
	int64_t session_epoch;
	struct str access;
	int64_t access_expires_at;
	struct str refresh;
	int64_t refresh_expires_at;
	bool is_mfa_passed;
};

/* A new session of a user, as it is begun. */
struct session_begin {
	struct user_id user_id;
	struct str device_name; /* absent: by the user agent */
	bool is_mfa_passed;
};

/*
 * Begin a session in TX; its client is that of the context. UNAUTHENTICATED where the
 * account is not active. The access token is not made yet: session_sign does that, after
 * the commit.
 */
struct err *session_begin(struct tx *tx, const struct session_begin *begin,
	struct session_tokens *ret) MUST_USE;
/* Make the access token of TOKENS. */
struct err *session_sign(struct ctx *ctx, struct session_tokens *tokens) MUST_USE;

/* Spend refresh token TEXT for its successor and an access token. UNAUTHENTICATED where
 * it is unknown, ran out, was ended, or was spent before. */
struct err *
session_refresh(struct ctx *ctx, struct str text, struct session_tokens *ret) MUST_USE;

/* End the session of refresh token TEXT. Nothing happens where it is none. */
struct err *session_sign_out(struct ctx *ctx, struct str text) MUST_USE;
/* When the actor's session FAMILY began. NOT_FOUND where he has no such session. */
struct err *
session_find(struct ctx *ctx, struct uuid family, struct session_beginning *ret) MUST_USE;
/* End session FAMILY of the actor. NOT_FOUND where he has no such session. */
struct err *
session_end(struct ctx *ctx, struct uuid family, enum session_end_reason reason) MUST_USE;
/* End all sessions of the actor but EXCEPT (nil: none is spared). */
struct err *
session_end_others(struct ctx *ctx, struct uuid except, int64_t *ret_ended) MUST_USE;

/*
 * End all sessions of USER but EXCEPT (nil: none is spared), for REASON, in TX, and make
 * every access token void, that of EXCEPT too; RET_EPOCH is what a new one is made under.
 */
struct err *session_end_all(struct tx *tx, struct user_id user, struct uuid except,
	enum session_end_reason reason, int64_t *ret_epoch) MUST_USE;

#endif
