/*
 * API keys: what a user's programs call with. A key is shown once; its hash, its first
 * characters and what it may do are kept. Who calls with one is found by caller_by_key
 * (accounts/caller.h).
 */
#ifndef ACCOUNTS_API_KEY_H
#define ACCOUNTS_API_KEY_H

#include "accounts/proof.h"
#include "base/id.h"

struct api_key; /* accounts/api_keys_q.h */

enum {
	API_KEYS_MAX = 20, /* that are good at a time */
	API_KEY_DAYS_DEFAULT = 365,
	API_KEY_DAYS_MAX = 730,
	API_KEY_SHOWN_LEN = 12, /* kept of its text, to tell keys apart */
};

struct api_key_new {
	struct str name;
	uint32_t scopes;    /* bits 1 << SCOPE_x (accounts/caller.h), at least one */
	int32_t days;       /* it is good for, 1 to API_KEY_DAYS_MAX */
	struct proof proof; /* a key outlasts the session that makes it */
};

/* A key for the actor, who is told by mail: RET is the row, RET_TEXT the key itself,
 * which nobody can show again. CONFLICT where he has API_KEYS_MAX; else errors as
 * proof_transact. */
struct err *api_key_create(struct ctx *ctx, const struct api_key_new *key,
	struct api_key *ret, struct str *ret_text) MUST_USE;

/* Take the actor's key ID back, from this moment on, and tell him by mail. NOT_FOUND
 * where he has no such key. */
struct err *api_key_revoke(struct ctx *ctx, struct api_key_id id) MUST_USE;

/* Take all of USER's back, in the transaction that keeps everybody out; RET: how many
 * were good. */
struct err *api_key_revoke_all(struct tx *tx, struct user_id user, int64_t *ret) MUST_USE;

/* How many of USER's, the actor, are good. */
struct err *api_keys_count(struct tx *tx, struct user_id user, int64_t *ret) MUST_USE;

#endif
