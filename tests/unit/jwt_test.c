/* Access tokens: what is signed verifies, and nothing else does. */
#include "crypto/jwt.h"

#include "codec/base64.h"
#include "crypto/hmac.h"
#include "crypto/keyring_file.h"
#include "tests/tap.h"

#define NOW     ((int64_t)1700000000 * MICROSECONDS_PER_SECOND)
#define MINUTES ((int64_t)60 * MICROSECONDS_PER_SECOND)

static struct arena arena;

static struct ctx
new_ctx(void)
{
	struct ctx ctx = { .arena = &arena, .now = NOW, .deadline = DEADLINE_NEVER };
	struct keyring *keys = NULL;

	arena_release(&arena);
	arena_init(&arena, 1 << 22);
	if (keyring_new(&ctx, &keys))
		return ctx;
	ctx.keys = keys;
	return ctx;
}

static const struct jwt_claims claims = {
	.user_id = { { { 1, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15,
		16 } } },
	.family_id = { { 9, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16 } },
	.session_epoch = 7,
	.is_mfa_passed = true,
	.issued_at = NOW,
	.expires_at = NOW + 15 * MINUTES,
};

TEST(a_token_brings_its_claims_back)
{
	struct ctx ctx = new_ctx();
	struct jwt_claims got;
	struct str text;

	OK_ERR(jwt_sign(&ctx, &claims, &text));
	OK_ERR(jwt_verify(&ctx, text, &got));
	OK(user_id_eq(got.user_id, claims.user_id));
	OK(uuid_eq(got.family_id, claims.family_id));
	EQ_I64(got.session_epoch, 7);
	OK(got.is_mfa_passed);
	EQ_I64(got.issued_at, claims.issued_at);
	EQ_I64(got.expires_at, claims.expires_at);
	arena_release(&arena);
}

TEST(a_token_ends_with_its_second)
{
	struct ctx ctx = new_ctx();
	struct jwt_claims got;
	struct str text;

	OK_ERR(jwt_sign(&ctx, &claims, &text));
	ctx.now = claims.expires_at - 1;
	OK_ERR(jwt_verify(&ctx, text, &got));
	ctx.now = claims.expires_at;
	FAILS_WITH(jwt_verify(&ctx, text, &got), ERR_UNAUTHENTICATED);
	ctx.now = NOW - 2 * MINUTES;
	FAILS_WITH(jwt_verify(&ctx, text, &got), ERR_UNAUTHENTICATED);
	arena_release(&arena);
}

TEST(a_token_of_another_keyring_is_refused)
{
	struct ctx ctx = new_ctx();
	struct jwt_claims got;
	struct keyring *others;
	struct str text;

	OK_ERR(jwt_sign(&ctx, &claims, &text));
	OK_ERR(keyring_new(&ctx, &others));
	ctx.keys = others;
	FAILS_WITH(jwt_verify(&ctx, text, &got), ERR_UNAUTHENTICATED);
	arena_release(&arena);
}

TEST(a_token_with_any_byte_changed_is_refused)
{
	struct ctx ctx = new_ctx();
	struct jwt_claims got;
	struct str text;
	char *copy;

	OK_ERR(jwt_sign(&ctx, &claims, &text));
	copy = arena_alloc_text(&arena, text.len);
	OK(copy);
	for (size_t i = 0; i < text.len; i++) {
		struct arena_mark mark = arena_mark(&arena);

		memcpy(copy, text.ptr, text.len);
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		FAILS_WITH(jwt_verify(&ctx, (struct str){ copy, text.len }, &got),
			ERR_UNAUTHENTICATED);
		FAILS_WITH(jwt_verify(&ctx, str_slice(text, 0, i), &got),
			ERR_UNAUTHENTICATED);
		arena_rewind(&arena, mark);
	}
	arena_release(&arena);
}
