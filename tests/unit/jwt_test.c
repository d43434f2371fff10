/* Access tokens: what is signed verifies, and nothing else does. */
#include "crypto/jwt.h"

#include <stdlib.h>
#include <unistd.h>

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

/* --- Forgeries: signed with the right key, wrong in one thing */

static void
put_part(struct buf *out, struct str json)
{
	base64_encode(out, json, BASE64_URL);
}

/* HEADER and PAYLOAD signed with HS256 by SECRET. */
static struct str
forged(struct str header, struct str payload, struct str secret)
{
	uint8_t mac[HMAC_SHA256_BYTES];
	struct buf text;

	buf_init(&text, &arena, 1 << 20);
	put_part(&text, header);
	buf_put_char(&text, '.');
	put_part(&text, payload);
	hmac_sha256(secret, buf_str(&text), mac);
	buf_put_char(&text, '.');
	put_part(&text, str_from_bytes(mac, sizeof(mac)));
	return buf_str(&text);
}

static struct str
header_of(const struct ctx *ctx, const char *format)
{
	const struct key *key = keyring_current(ctx->keys, KEY_JWT, ctx->now);
	ptrdiff_t at = str_find(str_from(format), STR("KID"));

	if (at < 0)
		return str_from(format);
	return str_fmt(&arena, STR_FMT "%s%s",
		STR_ARG(str_slice(str_from(format), 0, (size_t)at)), key->id_text,
		format + at + 3);
}

static struct str
secret_of(const struct ctx *ctx)
{
	return str_from_bytes(
		keyring_current(ctx->keys, KEY_JWT, ctx->now)->secret, KEY_BYTES);
}

#define GOOD_HEADER "{\"alg\":\"HS256\",\"kid\":\"KID\",\"typ\":\"JWT\"}"
#define SUB         "\"sub\":\"01020304-0506-7708-890a-0b0c0d0e0f10\""
#define SID         "\"sid\":\"09020304-0506-7708-890a-0b0c0d0e0f10\""
#define GOOD_CLAIMS                                                                   \
	"{\"iss\":\"gridiron\",\"aud\":\"gridiron-api\"," SUB "," SID ",\"epoch\":7," \
	"\"mfa\":true,\"iat\":1700000000,\"exp\":1700000900}"

TEST(the_forger_of_these_tests_can_make_a_good_one)
{
	struct ctx ctx = new_ctx();
	struct jwt_claims got;

	OK_ERR(jwt_verify(&ctx,
		forged(header_of(&ctx, GOOD_HEADER), STR(GOOD_CLAIMS), secret_of(&ctx)),
		&got));
	EQ_I64(got.session_epoch, 7);
	arena_release(&arena);
}

TEST(a_header_that_is_not_ours_is_refused)
{
	static const char *const headers[] = {
		"{\"alg\":\"none\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":\"None\",\"kid\":\"KID\"}",
		"{\"alg\":\"EdDSA\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS512\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":\"RS256\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":\"A256GCM\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":\"hs256\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":[\"HS256\"],\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":null,\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"kid\":\"\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"kid\":\"0000000000000000\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"kid\":\"KID\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"alg\":\"HS256\",\"kid\":\"KID\"}",
		"{\"alg\":\"HS256\",\"kid\":\"KID\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"HS256\",\"kid\":\"KID\",\"b64\":false}",
		"{\"alg\":\"HS256\",\"kid\":\"KID\",\"jku\":\"https://x.example/\"}",
		"{\"alg\":\"HS256\",\"kid\":\"KID\",\"x5u\":\"https://x.example/\"}",
		"{\"alg\":\"HS256\",\"kid\":\"KID\",\"jwk\":{\"kty\":\"oct\"}}",
		"{\"alg\":\"HS256\",\"kid\":\"../../etc/passwd\",\"typ\":\"JWT\"}",
		/* of another type, or of none: ours says which it is */
		"{\"alg\":\"HS256\",\"kid\":\"KID\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"HS256\",\"kid\":\"KID\",\"typ\":\"jwt\"}",
		"{\"alg\":\"HS256\",\"kid\":\"KID\"}",
		"[\"HS256\"]",
		"\"HS256\"",
		"",
		"{",
		"{\"alg\":\"HS256\",\"kid\":\"KID\"} {}",
	};

	for (size_t i = 0; i < COUNT_OF(headers); i++) {
		struct ctx ctx = new_ctx();
		struct jwt_claims got;

		FAILS_WITH(jwt_verify(&ctx,
				   forged(header_of(&ctx, headers[i]), STR(GOOD_CLAIMS),
					   secret_of(&ctx)),
				   &got),
			ERR_UNAUTHENTICATED);
		arena_release(&arena);
	}
}

TEST(claims_that_are_not_ours_are_refused)
{
	static const char *const payloads[] = {
		/* another issuer, another audience, a list of audiences */
		"{\"iss\":\"other\",\"aud\":\"gridiron-api\"," SUB "," SID
		",\"epoch\":7,\"mfa\":true,\"iat\":1700000000,\"exp\":1700000900}",
		"{\"iss\":\"gridiron\",\"aud\":\"other\"," SUB "," SID
		",\"epoch\":7,\"mfa\":true,\"iat\":1700000000,\"exp\":1700000900}",
		"{\"iss\":\"gridiron\",\"aud\":[\"gridiron-api\"]," SUB "," SID
		",\"epoch\":7,\"mfa\":true,\"iat\":1700000000,\"exp\":1700000900}",
		/* a claim twice, which some parsers read as its first, some as its last */
		"{\"iss\":\"gridiron\",\"aud\":\"gridiron-api\"," SUB "," SID "," SUB
		",\"epoch\":7,\"mfa\":true,\"iat\":1700000000,\"exp\":1700000900}",
		"{\"iss\":\"gridiron\",\"aud\":\"gridiron-api\"," SUB "," SID
		",\"epoch\":7,\"mfa\":true,\"iat\":1700000000,\"exp\":1700000900,"
		"\"exp\":1900000000}",
		/* without an end; with one that is no integer, negative, past all time */
		"{\"iss\":\"gridiron\",\"aud\":\"gridiron-api\"," SUB "," SID
		",\"epoch\":7,\"mfa\":true,\"iat\":1700000000}",
		"{\"iss\":\"gridiron\",\"aud\":\"gridiron-api\"," SUB "," SID
		",\"epoch\":7,\"mfa\":true,\"iat\":1700000000,\"exp\":1700000900.5}",
		"{\"iss\":\"gridiron\",\"aud\":\"gridiron-api\"," SUB "," SID
		",\"epoch\":7,\"mfa\":true,\"iat\":1700000000,\"exp\":\"1700000900\"}",
		"{\"iss\":\"gridiron\",\"aud\":\"gridiron-api\"," SUB "," SID
		",\"epoch\":7,\"mfa\":true,\"iat\":1700000000,\"exp\":-1}",
		"{\"iss\":\"gridiron\",\"aud\":\"gridiron-api\"," SUB "," SID
		",\"epoch\":7,\"mfa\":true,\"iat\":1700000000,"
		"\"exp\":9223372036854775807}",
		/* from the future */
		"{\"iss\":\"gridiron\",\"aud\":\"gridiron-api\"," SUB "," SID
		",\"epoch\":7,\"mfa\":true,\"iat\":1700000061,\"exp\":1700000900}",
		/* one claim more, one of another type */
		"{\"iss\":\"gridiron\",\"aud\":\"gridiron-api\"," SUB "," SID
		",\"epoch\":7,\"mfa\":true,\"iat\":1700000000,\"exp\":1700000900,"
		"\"role\":\"admin\"}",
		"{\"iss\":\"gridiron\",\"aud\":\"gridiron-api\"," SUB "," SID
		",\"epoch\":7,\"mfa\":1,\"iat\":1700000000,\"exp\":1700000900}",
		"{\"iss\":\"gridiron\",\"aud\":\"gridiron-api\",\"sub\":\"x\"," SID
		",\"epoch\":7,\"mfa\":true,\"iat\":1700000000,\"exp\":1700000900}",
		"null",
		"[]",
		"",
		"{}",
	};

	for (size_t i = 0; i < COUNT_OF(payloads); i++) {
		struct ctx ctx = new_ctx();
		struct jwt_claims got;

		FAILS_WITH(jwt_verify(&ctx,
				   forged(header_of(&ctx, GOOD_HEADER),
					   str_from(payloads[i]), secret_of(&ctx)),
				   &got),
			ERR_UNAUTHENTICATED);
		arena_release(&arena);
	}
}

TEST(a_token_with_padding_or_of_another_alphabet_is_refused)
{
	struct ctx ctx = new_ctx();
	struct jwt_claims got;
	struct str text;

	OK_ERR(jwt_sign(&ctx, &claims, &text));
	FAILS_WITH(jwt_verify(&ctx, str_fmt(&arena, STR_FMT "=", STR_ARG(text)), &got),
		ERR_UNAUTHENTICATED);
	FAILS_WITH(jwt_verify(&ctx, str_fmt(&arena, STR_FMT "\n", STR_ARG(text)), &got),
		ERR_UNAUTHENTICATED);
	FAILS_WITH(jwt_verify(&ctx, str_fmt(&arena, " " STR_FMT, STR_ARG(text)), &got),
		ERR_UNAUTHENTICATED);
	FAILS_WITH(jwt_verify(&ctx, str_fmt(&arena, STR_FMT ".", STR_ARG(text)), &got),
		ERR_UNAUTHENTICATED);
	FAILS_WITH(jwt_verify(&ctx, STR(""), &got), ERR_UNAUTHENTICATED);
	FAILS_WITH(jwt_verify(&ctx, STR_NONE, &got), ERR_UNAUTHENTICATED);
	FAILS_WITH(jwt_verify(&ctx, STR(".."), &got), ERR_UNAUTHENTICATED);
	arena_release(&arena);
}

TEST(an_oversize_token_is_refused_before_it_is_read)
{
	struct ctx ctx = new_ctx();
	struct jwt_claims got;
	struct buf payload;
	struct str text;
	struct err *err;

	/* Spaces are part of JSON, so only its size is wrong with this one. */
	buf_init(&payload, &arena, 4096);
	buf_put(&payload, STR(GOOD_CLAIMS));
	for (int i = 0; i < 1000; i++)
		buf_put_char(&payload, ' ');
	text = forged(header_of(&ctx, GOOD_HEADER), buf_str(&payload), secret_of(&ctx));
	err = jwt_verify(&ctx, text, &got);
	FAILS_WITH(err, ERR_UNAUTHENTICATED);
	EQ_STR(err->notes->text, STR("it is too long"));
	arena_release(&arena);
}

/* The classic confusion: a public key, which everyone has, taken as a secret. */
TEST(the_public_key_of_eddsa_signs_nothing)
{
	struct ctx ctx = { .arena = &arena, .now = NOW };
	struct key_set set = { .count = 0 };
	char path[] = "/tmp/gridiron-jwt-test-XXXXXX";
	struct keyring_options options;
	struct keyring *keys;
	struct jwt_claims got;
	struct str text;
	int fd = mkstemp(path);

	arena_release(&arena);
	arena_init(&arena, 1 << 22);
	OK(fd >= 0);
	close(fd);
	key_set_generate(&set, NOW - MINUTES);
	key_generate(&set.keys[KEY_JWT], KEY_JWT, KEY_IS_EDDSA, NOW - MINUTES);
	OK_ERR(key_file_write(&arena, path, &set));
	options = (struct keyring_options){ .path = str_from(path) };
	OK_ERR(keyring_open(&ctx, &options, &keys));
	unlink(path);
	ctx.keys = keys;
	OK_ERR(jwt_sign(&ctx, &claims, &text));
	OK_ERR(jwt_verify(&ctx, text, &got));
	OK(user_id_eq(got.user_id, claims.user_id));
	FAILS_WITH(
		jwt_verify(&ctx,
			forged(header_of(&ctx, GOOD_HEADER), STR(GOOD_CLAIMS),
				str_from_bytes(set.keys[KEY_JWT].public_key, KEY_BYTES)),
			&got),
		ERR_UNAUTHENTICATED);
	keyring_close(keys);
	arena_release(&arena);
}

/* What was verified before is kept; what could change since is looked at each time. */
TEST(a_token_seen_before_is_refused_once_its_key_is_gone)
{
	struct ctx ctx = new_ctx();
	struct jwt_claims got;
	struct keyring *others;
	struct str text;

	OK_ERR(jwt_sign(&ctx, &claims, &text));
	for (int i = 0; i < 3; i++) {
		memset(&got, 0, sizeof(got));
		OK_ERR(jwt_verify(&ctx, text, &got));
		EQ_I64(got.session_epoch, 7);
		OK(uuid_eq(got.family_id, claims.family_id));
	}
	OK_ERR(keyring_new(&ctx, &others));
	ctx.keys = others;
	FAILS_WITH(jwt_verify(&ctx, text, &got), ERR_UNAUTHENTICATED);
	arena_release(&arena);
}

TEST(tokens_of_many_users_are_never_mixed_up)
{
	enum { USERS = 3000 };
	struct ctx ctx = new_ctx();
	struct arena texts;
	struct str *tokens;

	arena_init(&texts, 8 << 20);
	tokens = arena_alloc_array(&texts, USERS, sizeof(*tokens));
	OK(tokens);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < USERS; i++) {
			struct arena_mark mark = arena_mark(&arena);
			struct jwt_claims mine = claims, got;

			mine.session_epoch = i;
			if (round == 0) {
				OK_ERR(jwt_sign(&ctx, &mine, &tokens[i]));
				tokens[i] = str_dup(&texts, tokens[i]);
			}
			OK_ERR(jwt_verify(&ctx, tokens[i], &got));
			EQ_I64(got.session_epoch, i);
			arena_rewind(&arena, mark);
		}
	}
	arena_release(&texts);
	arena_release(&arena);
}
