/*
 * Any bytes as an access token, a Fernet token, a sealed field and base64. No key is the
 * fuzzer's, so nothing may be taken; signed here, its claims may be anything.
 */
#include <assert.h>

#include "codec/base64.h"
#include "crypto/fernet.h"
#include "crypto/hmac.h"
#include "crypto/jwt.h"
#include "crypto/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_base64(struct arena *arena, struct str text)
{
	for (int kind = BASE64_STANDARD; kind <= BASE64_URL_PADDED; kind++) {
		struct buf bytes, again;

		buf_init(&bytes, arena, text.len);
		if (!base64_decode(&bytes, text, (enum base64_kind)kind))
			continue;
		buf_init(&again, arena, text.len);
		base64_encode(&again, buf_str(&bytes), (enum base64_kind)kind);
		assert(str_eq(buf_str(&again), text));
	}
}

/* TEXT is the payload of a token that is signed right: read, but never out of bounds. */
static void
try_signed(struct ctx *ctx, struct str text)
{
	const struct key *key = keyring_current(ctx->keys, KEY_JWT, ctx->now);
	struct str header = str_fmt(
		ctx->arena, "{\"alg\":\"HS256\",\"kid\":\"%s\"}", key->id_text);
	uint8_t mac[HMAC_SHA256_BYTES];
	struct jwt_claims claims;
	struct buf token;

	buf_init(&token, ctx->arena, JWS_BYTES_MAX);
	base64_encode(&token, header, BASE64_URL);
	buf_put_char(&token, '.');
	base64_encode(&token, text, BASE64_URL);
	hmac_sha256(str_from_bytes(key->secret, KEY_BYTES), buf_str(&token), mac);
	buf_put_char(&token, '.');
	base64_encode(&token, str_from_bytes(mac, sizeof(mac)), BASE64_URL);
	if (!jwt_verify(ctx, buf_str(&token), &claims))
		assert(claims.expires_at > ctx->now);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct seal_place place = { .table = "t", .column = "c" };
	struct str text = { .ptr = (const char *)data, .len = size }, plain;
	struct fernet_key fernet = { { 1 } };
	struct jwt_claims claims;
	struct keyring *keys;
	struct arena arena;
	struct ctx ctx = { .arena = &arena, .now = 1 };
	struct err *err;

	arena_init(&arena, 64 << 20);
	err = keyring_new(&ctx, &keys);
	assert(!err);
	ctx.keys = keys;
	try_base64(&arena, text);
	assert(jwt_verify(&ctx, text, &claims) != NULL);
	assert(fernet_decrypt(&arena, &fernet, text, 0, -1, &plain) != NULL);
	assert(unseal(&ctx, &place, text, &plain) != NULL);
	try_signed(&ctx, text);
	keyring_close(keys);
	arena_release(&arena);
	return 0;
}
