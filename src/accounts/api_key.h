/*
 * API keys: what a user's programs call with. A key is shown once; its hash, its first
 * characters and what it may do are kept. Who calls with one is found by caller_by_key
 * (accounts/caller.h).
 */
#ifndef ACCOUNTS_API_KEY_H
#define ACCOUNTS_API_KEY_H

#include "base/id.h"
#include "db/db.h"

struct api_key; /* accounts/api_keys_q.h */

enum {
	API_KEYS_MAX = 20, /* that are good at a time */
	API_KEY_DAYS_DEFAULT = 365,
	API_KEY_DAYS_MAX = 730,
	API_KEY_SHOWN_LEN = 12, /* kept of its text, to tell keys apart */
};

struct api_key_new {
	struct str name;
	uint32_t scopes; /* bits 1 << SCOPE_x (accounts/caller.h), at least one */
	int32_t days;    /* it is good for, 1 to API_KEY_DAYS_MAX */
};

/* A key for the actor: RET is the row, RET_TEXT the key itself, which nobody can show
 * again. CONFLICT where he has API_KEYS_MAX. */
struct err *api_key_create(struct ctx *ctx, const struct api_key_new *key,
	struct api_key *ret, struct str *ret_text) MUST_USE;

/* Take the actor's key ID back, from this moment on. NOT_FOUND where he has no such key. */
struct err *api_key_revoke(struct ctx *ctx, struct api_key_id id) MUST_USE;

#endif
