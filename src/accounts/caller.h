/*
 * Who sent a request, and what that one may do. Set by the gate of the HTTP edge
 * (api/auth_gate.h), read by handlers; lives as long as the request.
 */
#ifndef ACCOUNTS_CALLER_H
#define ACCOUNTS_CALLER_H

#include "accounts/permission.h"
#include "base/id.h"
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

struct caller {
	enum caller_kind kind;
	struct user_id user_id;     /* nil: nobody */
	struct uuid session_family; /* of a SESSION: user_sessions.family_id */
	struct api_key_id key_id;   /* of an API_KEY */
	uint32_t scopes;            /* bits 1 << SCOPE_x, of an API_KEY */
	bool is_mfa_passed;         /* in this session */
	enum admin_role role;
	uint32_t permissions; /* bits 1 << PERMISSION_x; none unless MFA is passed */
	struct entitlement entitlement;
};

#endif
