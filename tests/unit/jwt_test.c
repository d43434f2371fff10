/* Access tokens: what is signed verifies, and nothing else does. */
#include "crypto/jwt.h"

#include <stdlib.h>
#include <unistd.h>

#include "codec/base64.h"
#include "crypto/hmac.h"
#include "crypto/keyring_file.h"
#include "crypto/signature.h"
#include "tests/tap.h"

#define NOW     ((int64_t)1700000000 * MICROSECONDS_PER_SECOND)
#define MINUTES ((int64_t)60 * MICROSECONDS_PER_SECOND)

static struct arena arena;
static struct keyring *keys; /* of the claim that is tried */

/* A claim that holds for tokens of either algorithm. */
#define BOTH_ALGORITHMS(name)                                  \
	static void name##_body(enum key_algorithm algorithm); \
	TEST(name##_hs256)                                     \
	{                                                      \
		name##_body(KEY_IS_HS256);                     \
	}                                                      \
	TEST(name##_eddsa)                                     \
	{                                                      \
		name##_body(KEY_IS_EDDSA);                     \
	}                                                      \
	static void name##_body(enum key_algorithm algorithm)

/* Other keys for CTX, whose tokens are signed with ALGORITHM. */
static struct err *
keys_renew(struct ctx *ctx, enum key_algorithm algorithm)
{
	struct key_set set = { .count = 0 };
	char path[] = "/tmp/gridiron-jwt-test-XXXXXX";
	struct keyring_options options = { .path = str_from(path) };
	struct err *err;
	int fd = mkstemp(path);

	if (fd < 0)
		return err_new(ctx, ERR_INTERNAL, "no file can be made in /tmp");
	close(fd);
	if (keys)
		keyring_close(keys);
	key_set_generate(&set, NOW - MINUTES);
	key_generate(&set.keys[KEY_JWT], KEY_JWT, algorithm, NOW - MINUTES);
	err = key_file_write(ctx->arena, path, &set);
	if (!err)
		err = keyring_open(ctx, &options, &keys);
	unlink(path);
	ctx->keys = keys;
	return err;
}

static struct ctx
new_ctx(enum key_algorithm algorithm)
{
	struct ctx ctx = { .arena = &arena, .now = NOW, .deadline = DEADLINE_NEVER };

	arena_release(&arena);
	arena_init(&arena, 1 << 22);
	keys = NULL;
	if (keys_renew(&ctx, algorithm))
		abort();
	return ctx;
}

static void
end(void)
{
	keyring_close(keys);
	arena_release(&arena);
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

BOTH_ALGORITHMS(a_token_brings_its_claims_back)
{
	struct ctx ctx = new_ctx(algorithm);
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
	end();
}

BOTH_ALGORITHMS(a_token_ends_with_its_second)
{
	struct ctx ctx = new_ctx(algorithm);
	struct jwt_claims got;
	struct str text;

	OK_ERR(jwt_sign(&ctx, &claims, &text));
	ctx.now = claims.expires_at - 1;
	OK_ERR(jwt_verify(&ctx, text, &got));
	ctx.now = claims.expires_at;
	FAILS_WITH(jwt_verify(&ctx, text, &got), ERR_UNAUTHENTICATED);
	ctx.now = NOW - 2 * MINUTES;
	FAILS_WITH(jwt_verify(&ctx, text, &got), ERR_UNAUTHENTICATED);
	end();
}

BOTH_ALGORITHMS(a_token_of_another_keyring_is_refused)
{
	struct ctx ctx = new_ctx(algorithm);
	struct jwt_claims got;
	struct str text;

	OK_ERR(jwt_sign(&ctx, &claims, &text));
	OK_ERR(keys_renew(&ctx, algorithm));
	FAILS_WITH(jwt_verify(&ctx, text, &got), ERR_UNAUTHENTICATED);
	end();
}

BOTH_ALGORITHMS(a_token_with_any_byte_changed_is_refused)
{
	struct ctx ctx = new_ctx(algorithm);
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
	end();
}

/* --- Forgeries: signed with the right key, wrong in one thing */

static void
put_part(struct buf *out, struct str json)
{
	base64_encode(out, json, BASE64_URL);
}

/* HEADER and PAYLOAD signed with ALGORITHM by SECRET. */
static struct str
signed_by(enum key_algorithm algorithm, struct str secret, struct str header,
	struct str payload)
{
	uint8_t signature[ED25519_SIGNATURE_BYTES];
	size_t len = HMAC_SHA256_BYTES;
	struct buf text;

	buf_init(&text, &arena, 1 << 20);
	put_part(&text, header);
	buf_put_char(&text, '.');
	put_part(&text, payload);
	if (algorithm == KEY_IS_HS256) {
		hmac_sha256(secret, buf_str(&text), signature);
	} else {
		len = ED25519_SIGNATURE_BYTES;
		ed25519_sign((const uint8_t *)secret.ptr, buf_str(&text), signature);
	}
	buf_put_char(&text, '.');
	put_part(&text, str_from_bytes(signature, len));
	return buf_str(&text);
}

/* FORMAT with the id of KEY for KID, its algorithm for ALG, and the other one that tokens
 * are signed with for OTHER. */
static struct str
header_of(const struct key *key, const char *format)
{
	bool is_hs256 = key->algorithm == KEY_IS_HS256;
	const struct {
		struct str word, value;
	} words[] = {
		{ STR("KID"), key_id(key) },
		{ STR("ALG"), key_algorithm_name(key->algorithm) },
		{ STR("OTHER"),
			key_algorithm_name(is_hs256 ? KEY_IS_EDDSA : KEY_IS_HS256) },
	};
	struct str text = str_from(format);

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		for (ptrdiff_t at; (at = str_find(text, words[i].word)) >= 0;)
			text = str_fmt(&arena, STR_FMT STR_FMT STR_FMT,
				STR_ARG(str_slice(text, 0, (size_t)at)),
				STR_ARG(words[i].value),
				STR_ARG(str_slice(
					text, (size_t)at + words[i].word.len, text.len)));
	}
	return text;
}

/* HEADER, as header_of has it, and PAYLOAD, signed with the right key. */
static struct str
forged(const struct ctx *ctx, const char *header, struct str payload)
{
	const struct key *key = keyring_current(ctx->keys, KEY_JWT, ctx->now);

	return signed_by(key->algorithm, str_from_bytes(key->secret, KEY_BYTES),
		header_of(key, header), payload);
}

#define GOOD_HEADER "{\"alg\":\"ALG\",\"kid\":\"KID\",\"typ\":\"JWT\"}"
#define SUB         "\"sub\":\"01020304-0506-7708-890a-0b0c0d0e0f10\""
#define SID         "\"sid\":\"09020304-0506-7708-890a-0b0c0d0e0f10\""
#define GOOD_CLAIMS                                                                   \
	"{\"iss\":\"gridiron\",\"aud\":\"gridiron-api\"," SUB "," SID ",\"epoch\":7," \
	"\"mfa\":true,\"iat\":1700000000,\"exp\":1700000900}"

BOTH_ALGORITHMS(the_forger_of_these_tests_can_make_a_good_one)
{
	struct ctx ctx = new_ctx(algorithm);
	struct jwt_claims got;

	OK_ERR(jwt_verify(&ctx, forged(&ctx, GOOD_HEADER, STR(GOOD_CLAIMS)), &got));
	EQ_I64(got.session_epoch, 7);
	end();
}

BOTH_ALGORITHMS(a_header_that_is_not_ours_is_refused)
{
	static const char *const headers[] = {
		"{\"alg\":\"none\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":\"None\",\"kid\":\"KID\"}",
		"{\"alg\":\"OTHER\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS512\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":\"RS256\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":\"A256GCM\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":\"hs256\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":[\"ALG\"],\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":null,\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":\"ALG\",\"typ\":\"JWT\"}",
		"{\"alg\":\"ALG\",\"kid\":\"\",\"typ\":\"JWT\"}",
		"{\"alg\":\"ALG\",\"kid\":\"0000000000000000\",\"typ\":\"JWT\"}",
		"{\"alg\":\"ALG\",\"kid\":\"KID\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
		"{\"alg\":\"ALG\",\"alg\":\"ALG\",\"kid\":\"KID\"}",
		"{\"alg\":\"ALG\",\"kid\":\"KID\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"ALG\",\"kid\":\"KID\",\"b64\":false}",
		"{\"alg\":\"ALG\",\"kid\":\"KID\",\"jku\":\"https://x.example/\"}",
		"{\"alg\":\"ALG\",\"kid\":\"KID\",\"x5u\":\"https://x.example/\"}",
		"{\"alg\":\"ALG\",\"kid\":\"KID\",\"jwk\":{\"kty\":\"oct\"}}",
		"{\"alg\":\"ALG\",\"kid\":\"../../etc/passwd\",\"typ\":\"JWT\"}",
		/* of another type, or of none: ours says which it is */
		"{\"alg\":\"ALG\",\"kid\":\"KID\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"ALG\",\"kid\":\"KID\",\"typ\":\"jwt\"}",
		"{\"alg\":\"ALG\",\"kid\":\"KID\"}",
		"[\"ALG\"]",
		"\"ALG\"",
		"",
		"{",
		"{\"alg\":\"ALG\",\"kid\":\"KID\"} {}",
	};

	for (size_t i = 0; i < COUNT_OF(headers); i++) {
		struct ctx ctx = new_ctx(algorithm);
		struct jwt_claims got;

		FAILS_WITH(jwt_verify(&ctx, forged(&ctx, headers[i], STR(GOOD_CLAIMS)),
				   &got),
			ERR_UNAUTHENTICATED);
		end();
	}
}

BOTH_ALGORITHMS(claims_that_are_not_ours_are_refused)
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
		struct ctx ctx = new_ctx(algorithm);
		struct jwt_claims got;

		FAILS_WITH(
			jwt_verify(&ctx, forged(&ctx, GOOD_HEADER, str_from(payloads[i])),
				&got),
			ERR_UNAUTHENTICATED);
		end();
	}
}

BOTH_ALGORITHMS(a_token_with_padding_or_of_another_alphabet_is_refused)
{
	struct ctx ctx = new_ctx(algorithm);
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
	end();
}

BOTH_ALGORITHMS(an_oversize_token_is_refused_before_it_is_read)
{
	struct ctx ctx = new_ctx(algorithm);
	struct jwt_claims got;
	struct buf payload;
	struct str text;
	struct err *err;

	/* Spaces are part of JSON, so only its size is wrong with this one. */
	buf_init(&payload, &arena, 4096);
	buf_put(&payload, STR(GOOD_CLAIMS));
	for (int i = 0; i < 1000; i++)
		buf_put_char(&payload, ' ');
	text = forged(&ctx, GOOD_HEADER, buf_str(&payload));
	err = jwt_verify(&ctx, text, &got);
	FAILS_WITH(err, ERR_UNAUTHENTICATED);
	EQ_STR(err->notes->text, STR("it is too long"));
	end();
}

/* The classic confusion: a public key, which everyone has, taken as a secret. */
TEST(the_public_key_of_eddsa_signs_nothing)
{
	struct ctx ctx = new_ctx(KEY_IS_EDDSA);
	const struct key *key = keyring_current(ctx.keys, KEY_JWT, ctx.now);
	struct str public_key = str_from_bytes(key->public_key, KEY_BYTES);
	struct jwt_claims got;

	FAILS_WITH(jwt_verify(&ctx,
			   signed_by(KEY_IS_HS256, public_key,
				   header_of(key,
					   "{\"alg\":\"OTHER\",\"kid\":\"KID\","
					   "\"typ\":\"JWT\"}"),
				   STR(GOOD_CLAIMS)),
			   &got),
		ERR_UNAUTHENTICATED);
	FAILS_WITH(jwt_verify(&ctx,
			   signed_by(KEY_IS_HS256, public_key,
				   header_of(key, GOOD_HEADER), STR(GOOD_CLAIMS)),
			   &got),
		ERR_UNAUTHENTICATED);
	end();
}

/* A signature of the right form by a key that is not in the keyring. */
TEST(the_signature_of_another_eddsa_key_is_refused)
{
	struct ctx ctx = new_ctx(KEY_IS_EDDSA);
	const struct key *key = keyring_current(ctx.keys, KEY_JWT, ctx.now);
	struct jwt_claims got;
	struct key other;

	key_generate(&other, KEY_JWT, KEY_IS_EDDSA, NOW - MINUTES);
	FAILS_WITH(
		jwt_verify(&ctx,
			signed_by(KEY_IS_EDDSA, str_from_bytes(other.secret, KEY_BYTES),
				header_of(key, GOOD_HEADER), STR(GOOD_CLAIMS)),
			&got),
		ERR_UNAUTHENTICATED);
	end();
}

static bool
find_the_one(void *arg, const struct jws_header *header, struct jws_key *ret)
{
	(void)header;
	*ret = *(const struct jws_key *)arg;
	return true;
}

/* RFC 8037, appendix A.4, with the public key of A.2; and the same with each byte of the
 * signature changed. */
TEST(eddsa_is_that_of_rfc_8037)
{
	static const char text[] =
		"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
		"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt"
		"9g7sVvpAr_MuM0KAg";
	struct ctx ctx = { .arena = &arena, .now = NOW };
	struct jws_key key = { .algorithm = KEY_IS_EDDSA, .id = STR_NONE };
	struct buf public_key;
	struct str payload;
	char copy[sizeof(text)];

	arena_release(&arena);
	arena_init(&arena, 1 << 22);
	buf_init(&public_key, &arena, ED25519_KEY_BYTES);
	OK(base64_decode(&public_key, STR("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
		BASE64_URL));
	key.secret = buf_str(&public_key);
	OK_ERR(jws_verify(&ctx, str_from(text), find_the_one, &key, &payload));
	EQ_STR(payload, STR("Example of Ed25519 signing"));
	for (size_t i = (size_t)(strrchr(text, '.') - text) + 1; i < strlen(text); i++) {
		memcpy(copy, text, sizeof(text));
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		FAILS_WITH(jws_verify(&ctx, str_from(copy), find_the_one, &key, &payload),
			ERR_UNAUTHENTICATED);
	}
	arena_release(&arena);
}

/* What was verified before is kept; what could change since is looked at each time. */
BOTH_ALGORITHMS(a_token_seen_before_is_refused_once_its_key_is_gone)
{
	struct ctx ctx = new_ctx(algorithm);
	struct jwt_claims got;
	struct str text;

	OK_ERR(jwt_sign(&ctx, &claims, &text));
	for (int i = 0; i < 3; i++) {
		memset(&got, 0, sizeof(got));
		OK_ERR(jwt_verify(&ctx, text, &got));
		EQ_I64(got.session_epoch, 7);
		OK(uuid_eq(got.family_id, claims.family_id));
	}
	OK_ERR(keys_renew(&ctx, algorithm));
	FAILS_WITH(jwt_verify(&ctx, text, &got), ERR_UNAUTHENTICATED);
	end();
}

BOTH_ALGORITHMS(tokens_of_many_users_are_never_mixed_up)
{
	enum { USERS = 3000 };
	struct ctx ctx = new_ctx(algorithm);
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
	end();
}
