#include "accounts/caller.h"

#include "accounts/callers_q.h"
#include "accounts/standing.h"
#include "base/log.h"
#include "codec/json_read.h"
#include "crypto/jwt.h"
#include "crypto/token.h"

/* How exactly the last use of a key is known; a write each time would cost more than the
 * request. */
#define USE_NOTED_EVERY (INT64_C(5) * 60 * MICROSECONDS_PER_SECOND)

static const struct str scope_names[SCOPE_COUNT] = {
#define SCOPE(name, text, about) [SCOPE_##name] = STR_INIT(text),
#include "accounts/scope.def"
#undef SCOPE
};

struct str
scope_name(enum scope scope)
{
	return scope_names[scope];
}

static struct err *
token_is_over(struct ctx *ctx)
{
	return err_new(ctx, ERR_UNAUTHENTICATED,
		"the access token is not valid any more; refresh it, or sign in again");
}

struct err *
caller_by_token(struct ctx *ctx, struct str text, struct caller *ret)
{
	struct jwt_claims claims;
	struct standing standing;
	bool is_found, goes_on;

	TRY(jwt_verify(ctx, text, &claims));
	TRY(standing_get(ctx, claims.user_id, &standing, &is_found));
	if (!is_found || !standing.is_active ||
		standing.session_epoch != claims.session_epoch)
		return token_is_over(ctx);
	TRY(standing_has_session(ctx, &standing, claims.family_id, &goes_on));
	if (!goes_on)
		return token_is_over(ctx);
	*ret = (struct caller){
		.kind = CALLER_SESSION,
		.user_id = claims.user_id,
		.session_family = claims.family_id,
		.is_mfa_passed = claims.is_mfa_passed && standing.has_mfa,
		.role = standing.role,
		.entitlement = standing.entitlement,
	};
	if (ret->is_mfa_passed)
		ret->permissions = standing.permissions;
	return NULL;
}

static struct err *
key_is_not_valid(struct ctx *ctx)
{
	return err_new(ctx, ERR_UNAUTHENTICATED,
		"the API key is not valid: unknown, expired or revoked");
}

/* Scopes that this program does not know are no matter. */
static struct err *
read_scopes(struct ctx *ctx, struct str json, uint32_t *ret)
{
	struct json_node list;
	uint32_t scopes = 0;

	TRY_CTX(json_read(ctx->arena, json, &list), "scopes of an API key");
	for (size_t i = 0; list.kind == JSON_IS_ARRAY && i < list.count; i++)
		for (int scope = 0; scope < SCOPE_COUNT; scope++)
			if (str_eq(list.items[i].text, scope_names[scope]))
				scopes |= 1u << scope;
	*ret = scopes;
	return NULL;
}

/* In the name of the key's owner, who is not yet the actor of CTX. */
static struct err *
note_use(const struct ctx *ctx, const struct caller_key *key)
{
	struct ctx owner = *ctx;
	struct tx tx;

	if (key->last_used_at.is_set &&
		key->last_used_at.value > ctx->now - USE_NOTED_EVERY)
		return NULL;
	owner.actor = (struct actor){ .user_id = key->user_id };
	tx = db_auto(&owner, db_shard_of(key->user_id));
	return q_caller_key_used(&tx,
		(struct caller_key_used){ .actor = key->user_id,
			.id = key->id,
			.ip = ctx->remote_address,
			.before = ctx->now - USE_NOTED_EVERY,
			.now = ctx->now });
}

struct err *
caller_by_key(struct ctx *ctx, struct str text, struct caller *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	uint8_t hash[SHA256_BYTES];
	struct standing standing;
	struct caller_key key;
	struct err *noted;
	bool is_found;
	uint32_t scopes;

	if (!token_is_wellformed(text, STR(TOKEN_API_KEY)))
		return key_is_not_valid(ctx);
	token_hash(text, hash);
	TRY(q_caller_key(
		&tx, (struct str){ (const char *)hash, sizeof(hash) }, &key, &is_found));
	if (!is_found || !key.is_active ||
		(key.expires_at.is_set && key.expires_at.value <= ctx->now))
		return key_is_not_valid(ctx);
	TRY(standing_get(ctx, key.user_id, &standing, &is_found));
	if (!is_found || !standing.is_active)
		return key_is_not_valid(ctx);
	TRY(read_scopes(ctx, key.scopes, &scopes));
	/* What is only for the list of keys keeps nobody from reading. */
	noted = note_use(ctx, &key);
	if (noted)
		log_err(ctx, "the use of an API key was not noted", noted);
	*ret = (struct caller){
		.kind = CALLER_API_KEY,
		.user_id = key.user_id,
		.key_id = key.id,
		.scopes = scopes,
		.is_mfa_passed = standing.has_mfa,
		.role = standing.role,
		.entitlement = standing.entitlement,
	};
	return NULL;
}
