#include "crypto/jwt.h"

#include "codec/base64.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "codec/uuid.h"
#include "crypto/digest.h"
#include "crypto/hmac.h"
#include "crypto/signature.h"

enum {
	/* Clocks of several machines differ. */
	SKEW_SECONDS_MAX = 60,
	CLAIM_COUNT = 8,
	JSON_BYTES_MAX = 512,
	/* A thread keeps 4,096 that were verified, in 600 KB. */
	VERIFIED_SETS = 1024,
	VERIFIED_WAYS = 4,
	VERIFIED_BYTES_MAX = 1 << 20,
};

/* The last second that microseconds since 1970 can count. */
#define TIME_SECONDS_MAX (INT64_MAX / MICROSECONDS_PER_SECOND)

/* --- Signing */

static void
put_header(struct buf *out, const struct key *key)
{
	char storage[JSON_BYTES_MAX];
	struct buf text;
	struct json json;

	buf_init_fixed(&text, storage, sizeof(storage));
	json = json_begin(&text);
	json_put_object(&json);
	json_put_key(&json, STR("alg"));
	json_put_text(&json, key_algorithm_name(key->algorithm));
	json_put_key(&json, STR("kid"));
	json_put_text(&json, key_id(key));
	json_put_key(&json, STR("typ"));
	json_put_text(&json, STR(JWT_TYPE));
	json_put_object_end(&json);
	base64_encode(out, buf_str(&text), BASE64_URL);
}

static void
put_claims(struct buf *out, const struct jwt_claims *claims)
{
	char storage[JSON_BYTES_MAX];
	struct buf text;
	struct json json;

	buf_init_fixed(&text, storage, sizeof(storage));
	json = json_begin(&text);
	json_put_object(&json);
	json_put_key(&json, STR("iss"));
	json_put_text(&json, STR(JWT_ISSUER));
	json_put_key(&json, STR("aud"));
	json_put_text(&json, STR(JWT_AUDIENCE));
	json_put_key(&json, STR("sub"));
	json_put_uuid(&json, claims->user_id.uuid);
	json_put_key(&json, STR("sid"));
	json_put_uuid(&json, claims->family_id);
	json_put_key(&json, STR("epoch"));
	json_put_i64(&json, claims->session_epoch);
	json_put_key(&json, STR("mfa"));
	json_put_bool(&json, claims->is_mfa_passed);
	json_put_key(&json, STR("iat"));
	json_put_i64(&json, claims->issued_at / MICROSECONDS_PER_SECOND);
	json_put_key(&json, STR("exp"));
	json_put_i64(&json, claims->expires_at / MICROSECONDS_PER_SECOND);
	json_put_object_end(&json);
	base64_encode(out, buf_str(&text), BASE64_URL);
}

static void
put_signature(struct buf *out, const struct key *key)
{
	uint8_t signature[ED25519_SIGNATURE_BYTES];
	size_t len = 0;

	switch (key->algorithm) {
	case KEY_IS_HS256:
		hmac_sha256(
			str_from_bytes(key->secret, KEY_BYTES), buf_str(out), signature);
		len = HMAC_SHA256_BYTES;
		break;
	case KEY_IS_EDDSA:
		ed25519_sign(key->secret, buf_str(out), signature);
		len = ED25519_SIGNATURE_BYTES;
		break;
	case KEY_IS_A256GCM:
	case KEY_ALGORITHM_COUNT:
		break;
	}
	buf_put_char(out, '.');
	base64_encode(out, str_from_bytes(signature, len), BASE64_URL);
}

struct err *
jwt_sign(struct ctx *ctx, const struct jwt_claims *claims, struct str *ret)
{
	const struct key *key = keyring_current(ctx->keys, KEY_JWT, ctx->now);
	struct buf text;

	buf_init(&text, ctx->arena, JWT_BYTES_MAX);
	put_header(&text, key);
	buf_put_char(&text, '.');
	put_claims(&text, claims);
	put_signature(&text, key);
	if (buf_is_cut(&text))
		return err_no_memory();
	*ret = buf_str(&text);
	return NULL;
}

/* --- Verifying */

static struct err *
refusal(struct ctx *ctx, const char *why)
{
	return err_note(
		err_new(ctx, ERR_UNAUTHENTICATED, "the access token is not valid"), "%s",
		why);
}

struct finding {
	const struct keyring *keys;
	int64_t now;
	char key_id[KEY_ID_LEN]; /* of the key that was found */
};

static bool
find_key(void *arg, const struct jws_header *header, struct jws_key *ret)
{
	struct finding *finding = arg;
	const struct key *key = keyring_find(
		finding->keys, KEY_JWT, header->id, finding->now);

	if (!key || !str_eq(header->type, STR(JWT_TYPE)))
		return false;
	memcpy(finding->key_id, key->id_text, KEY_ID_LEN);
	*ret = (struct jws_key){ .algorithm = key->algorithm,
		.id = header->id,
		.secret = str_from_bytes(
			key->algorithm == KEY_IS_EDDSA ? key->public_key : key->secret,
			KEY_BYTES) };
	return true;
}

/* From a member of the claims to a value; false where it is missing or no such thing. */
static bool
claim_is(const struct json_node *claims, struct str name, struct str want)
{
	const struct json_node *claim = json_node_find(claims, name);

	return claim && claim->kind == JSON_IS_TEXT && str_eq(claim->text, want);
}

static bool
claim_uuid(const struct json_node *claims, struct str name, struct uuid *ret)
{
	const struct json_node *claim = json_node_find(claims, name);

	return claim && claim->kind == JSON_IS_TEXT && uuid_parse(claim->text, ret);
}

static bool
claim_i64(const struct json_node *claims, struct str name, int64_t *ret)
{
	const struct json_node *claim = json_node_find(claims, name);

	if (!claim || claim->kind != JSON_IS_I64 || claim->i64 < 0 ||
		claim->i64 > TIME_SECONDS_MAX)
		return false;
	*ret = claim->i64;
	return true;
}

static bool
claim_bool(const struct json_node *claims, struct str name, bool *ret)
{
	const struct json_node *claim = json_node_find(claims, name);

	if (!claim || claim->kind != JSON_IS_BOOL)
		return false;
	*ret = claim->boolean;
	return true;
}

static bool
claims_read(const struct json_node *root, struct jwt_claims *ret)
{
	int64_t issued_s, expires_s;

	if (root->kind != JSON_IS_OBJECT || root->count != CLAIM_COUNT ||
		!claim_is(root, STR("iss"), STR(JWT_ISSUER)) ||
		!claim_is(root, STR("aud"), STR(JWT_AUDIENCE)) ||
		!claim_uuid(root, STR("sub"), &ret->user_id.uuid) ||
		!claim_uuid(root, STR("sid"), &ret->family_id) ||
		!claim_i64(root, STR("epoch"), &ret->session_epoch) ||
		!claim_bool(root, STR("mfa"), &ret->is_mfa_passed) ||
		!claim_i64(root, STR("iat"), &issued_s) ||
		!claim_i64(root, STR("exp"), &expires_s))
		return false;
	ret->issued_at = issued_s * MICROSECONDS_PER_SECOND;
	ret->expires_at = expires_s * MICROSECONDS_PER_SECOND;
	return true;
}

/* --- Tokens that were verified a moment ago */

/*
 * A client sends the same token for a quarter of an hour. What was verified is kept by
 * the thread, under the token's digest, so that the next time takes one digest (some
 * microsecond) in place of a signature and two readings of JSON (ten; with EdDSA
 * seventy). The time and the key are looked at each time.
 */
struct verified {
	uint8_t digest[SHA256_BYTES];
	char key_id[KEY_ID_LEN]; /* of zeros where there is none */
	struct jwt_claims claims;
};

/* A digest has its place in one of the sets, and gives room to the next there in turn. */
struct verified_table {
	struct arena arena; /* this struct lives in it */
	uint8_t next[VERIFIED_SETS];
	struct verified sets[VERIFIED_SETS][VERIFIED_WAYS];
};

static _Thread_local struct verified_table *verified_of_thread;

static size_t
verified_set(const uint8_t digest[static SHA256_BYTES])
{
	return (size_t)(digest[0] << 8 | digest[1]) % VERIFIED_SETS;
}

void
jwt_loop_close(void)
{
	struct arena arena;

	if (!verified_of_thread)
		return;
	arena = verified_of_thread->arena;
	verified_of_thread = NULL;
	arena_release(&arena);
}

/* False: TEXT has to be verified. */
static bool
verified_find(const struct ctx *ctx, const uint8_t digest[static SHA256_BYTES],
	struct jwt_claims *ret)
{
	const struct verified *set;

	if (!verified_of_thread)
		return false;
	set = verified_of_thread->sets[verified_set(digest)];
	for (size_t way = 0; way < VERIFIED_WAYS; way++) {
		struct str id = { .ptr = set[way].key_id, .len = KEY_ID_LEN };

		if (!bytes_eq_constant_time(str_from_bytes(digest, SHA256_BYTES),
			    str_from_bytes(set[way].digest, SHA256_BYTES)))
			continue;
		if (!keyring_find(ctx->keys, KEY_JWT, id, ctx->now))
			return false;
		*ret = set[way].claims;
		return true;
	}
	return false;
}

/* Without memory the next time takes as long as this one. */
static void
verified_put(const uint8_t digest[static SHA256_BYTES], const struct finding *finding,
	const struct jwt_claims *claims)
{
	struct verified_table *table = verified_of_thread;
	struct verified *place;
	struct arena arena;
	size_t at = verified_set(digest);

	if (!table) {
		arena_init(&arena, VERIFIED_BYTES_MAX);
		table = arena_alloc(&arena, sizeof(*table));
		if (!table)
			return;
		table->arena = arena;
		verified_of_thread = table;
	}
	place = &table->sets[at][table->next[at]++ % VERIFIED_WAYS];
	memcpy(place->digest, digest, SHA256_BYTES);
	memcpy(place->key_id, finding->key_id, KEY_ID_LEN);
	place->claims = *claims;
}

static struct err *
signature_verify(struct ctx *ctx, struct str text,
	const uint8_t digest[static SHA256_BYTES], struct jwt_claims *ret)
{
	struct finding finding = { .keys = ctx->keys, .now = ctx->now };
	struct json_node root;
	struct str payload;

	TRY(jws_verify(ctx, text, find_key, &finding, &payload));
	if (json_read(ctx->arena, payload, &root) || !claims_read(&root, ret))
		return refusal(ctx, "its claims are not those of an access token");
	verified_put(digest, &finding, ret);
	return NULL;
}

struct err *
jwt_verify(struct ctx *ctx, struct str text, struct jwt_claims *ret)
{
	struct jwt_claims claims = { .issued_at = 0 };
	uint8_t digest[SHA256_BYTES];

	if (text.len > JWT_BYTES_MAX)
		return refusal(ctx, "it is too long");
	digest_sha256(text, digest);
	if (!verified_find(ctx, digest, &claims))
		TRY(signature_verify(ctx, text, digest, &claims));
	if (claims.issued_at >
		ctx->now + (int64_t)SKEW_SECONDS_MAX * MICROSECONDS_PER_SECOND)
		return refusal(ctx, "it was issued in the future");
	if (claims.expires_at <= ctx->now)
		return err_new(ctx, ERR_UNAUTHENTICATED,
			"the access token has expired; get a new one by POST "
			"/v1/auth/refresh");
	*ret = claims;
	return NULL;
}
