/*
 * Who sent a request, and what that one may do: found out from what was sent with it, by
 * the gate of the HTTP edge (api/auth_gate.h), and read by handlers.
 */
#ifndef ACCOUNTS_CALLER_H
#define ACCOUNTS_CALLER_H

#include "accounts/permission.h"
#include "base/ctx.h"
#include "base/err.h"
#include "billing/entitlement.h"

enum scope {
#define SCOPE(name, text, about) SCOPE_##name,
#include "accounts/scope.def"
#undef SCOPE
	SCOPE_COUNT
};

enum caller_kind {
	CALLER_NOBODY,
	CALLER_SESSION, /* a person who signed in: a JWT */
	CALLER_API_KEY, /* a program with a key of its user */
};

/* All zero: nobody. */
struct caller {
	enum caller_kind kind;
	struct user_id user_id;     /* nil: nobody */
	struct uuid session_family; /* of a SESSION: user_sessions.family_id */
	struct api_key_id key_id;   /* of an API_KEY */
	uint32_t scopes;            /* bits 1 << SCOPE_x, of an API_KEY */
	bool is_mfa_passed;         /* in this session; of a key: its owner has one */
	enum admin_role role;
	uint32_t permissions; /* bits 1 << PERMISSION_x; none unless MFA is passed */
	struct entitlement entitlement;
};

/*
 * The caller with access token TEXT (crypto/jwt.h). UNAUTHENTICATED: it is none of ours
 * or has expired, its session ended, or its user is gone or deactivated.
 */
struct err *
caller_by_token(struct ctx *ctx, struct str text, struct caller *ret) MUST_USE;

/* The caller with API key TEXT. UNAUTHENTICATED likewise. Notes the key's use, every few
 * minutes. */
struct err *caller_by_key(struct ctx *ctx, struct str text, struct caller *ret) MUST_USE;

/* "forecasts" */
struct str scope_name(enum scope scope);

#endif
