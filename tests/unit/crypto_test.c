/* Keyed digests, tokens, signatures. */
#include "crypto/hmac.h"
#include "crypto/signature.h"
#include "crypto/token.h"
#include "crypto/totp.h"

#include "codec/base32.h"
#include "codec/hex.h"
#include "tests/tap.h"

static struct str
unhex(struct arena *arena, const char *text)
{
	struct buf bytes;

	buf_init(&bytes, arena, 4096);
	if (!hex_decode(&bytes, str_from(text)))
		return STR_NONE;
	return buf_str(&bytes);
}

/* RFC 4231, test cases 2 and 6. */
TEST(hmac_sha256_is_that_of_rfc_4231)
{
	struct arena arena;
	uint8_t mac[HMAC_SHA256_BYTES];
	char key[131];

	arena_init(&arena, 1 << 16);
	hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), mac);
	EQ_STR(str_from_bytes(mac, sizeof(mac)),
		unhex(&arena,
			"5bdcc146bf60754e6a042426089575c7"
			"5a003f089d2739839dec58b964ec3843"));
	memset(key, 0xaa, sizeof(key));
	hmac_sha256((struct str){ .ptr = key, .len = sizeof(key) },
		STR("Test Using Larger Than Block-Size Key - Hash Key First"), mac);
	EQ_STR(str_from_bytes(mac, sizeof(mac)),
		unhex(&arena,
			"60e431591ee0b67f0d8a26aacbf5b77f"
			"8e0bc6213728c5140546040f0ee37f54"));
	arena_release(&arena);
}

/* RFC 5869, test cases 1 and 3. */
TEST(hkdf_sha256_is_that_of_rfc_5869)
{
	struct arena arena;
	uint8_t out[42];
	struct str key;

	arena_init(&arena, 1 << 16);
	key = unhex(&arena, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
	hkdf_sha256(key, unhex(&arena, "000102030405060708090a0b0c"),
		unhex(&arena, "f0f1f2f3f4f5f6f7f8f9"), out, sizeof(out));
	EQ_STR(str_from_bytes(out, sizeof(out)),
		unhex(&arena,
			"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56"
			"ecc4c5bf34007208d5b887185865"));
	hkdf_sha256(key, STR_NONE, STR(""), out, sizeof(out));
	EQ_STR(str_from_bytes(out, sizeof(out)),
		unhex(&arena,
			"8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f"
			"3c738d2d9d201395faa4b61a96c8"));
	arena_release(&arena);
}

/* RFC 8032 §7.1, test 2. */
TEST(ed25519_is_that_of_rfc_8032)
{
	struct arena arena;
	uint8_t public_key[ED25519_KEY_BYTES], signature[ED25519_SIGNATURE_BYTES];
	struct str secret;

	arena_init(&arena, 1 << 16);
	secret = unhex(&arena,
		"4ccd089b28ff96da9db6c346ec114e0f"
		"5b8a319f35aba624da8cf6ed4fb8a6fb");
	ed25519_public_key((const uint8_t *)secret.ptr, public_key);
	EQ_STR(str_from_bytes(public_key, sizeof(public_key)),
		unhex(&arena,
			"3d4017c3e843895a92b70aa74d1b7ebc"
			"9c982ccf2ec4968cc0cd55f12af4660c"));
	ed25519_sign((const uint8_t *)secret.ptr, STR("r"), signature);
	EQ_STR(str_from_bytes(signature, sizeof(signature)),
		unhex(&arena,
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
			"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c0"
			"0"));
	OK(ed25519_verify(public_key, STR("r"), signature));
	OK(!ed25519_verify(public_key, STR("s"), signature));
	signature[40] ^= 1;
	OK(!ed25519_verify(public_key, STR("r"), signature));
	arena_release(&arena);
}

TEST(bytes_are_compared_whole)
{
	OK(bytes_eq_constant_time(STR("abc"), STR("abc")));
	OK(bytes_eq_constant_time(STR(""), STR_NONE));
	OK(!bytes_eq_constant_time(STR("abc"), STR("abd")));
	OK(!bytes_eq_constant_time(STR("abc"), STR("abcd")));
	OK(!bytes_eq_constant_time(STR("a\0b"), STR("a\0c")));
}

TEST(a_token_has_its_prefix_and_is_never_the_same_twice)
{
	struct arena arena;
	struct str a, b;

	arena_init(&arena, 1 << 16);
	OK_ERR(token_new(&arena, STR(TOKEN_REFRESH), &a));
	OK_ERR(token_new(&arena, STR(TOKEN_REFRESH), &b));
	OK(token_is_wellformed(a, STR(TOKEN_REFRESH)));
	OK(!token_is_wellformed(a, STR(TOKEN_API_KEY)));
	OK(!token_is_wellformed(str_slice(a, 0, a.len - 1), STR(TOKEN_REFRESH)));
	OK(!token_is_wellformed(STR("grt_*23456789012345678901234567890123456789012A"),
		STR(TOKEN_REFRESH)));
	OK(!str_eq(a, b));
	arena_release(&arena);
}

/* RFC 6238, appendix B, the last six of its eight digits. */
TEST(one_time_codes_are_those_of_rfc_6238)
{
	static const struct {
		int64_t seconds;
		const char *code;
	} table[] = { { 59, "287082" }, { 1111111109, "081804" },
		{ 1111111111, "050471" }, { 1234567890, "005924" },
		{ 2000000000, "279037" }, { 20000000000, "353130" } };

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		char code[TOTP_DIGITS];

		totp_code(STR("12345678901234567890"),
			table[i].seconds / TOTP_STEP_SECONDS, code);
		EQ_STR(((struct str){ code, sizeof(code) }), str_from(table[i].code));
	}
}

TEST(a_one_time_code_is_good_once_and_for_one_step_around)
{
	struct str secret = STR("12345678901234567890"), code = STR("081804");
	const int64_t now = 1111111109, none = INT64_MIN;
	int64_t step = 0, again;

	OK(totp_verify(secret, code, now, none, &step));
	EQ_I64(step, now / TOTP_STEP_SECONDS);
	OK(!totp_verify(secret, code, now, step, &again));
	OK(!totp_verify(secret, code, now, step + 1, &again));
	OK(totp_verify(secret, code, now, step - 1, &again));
	OK(totp_verify(secret, code, now + 30, none, &again));
	OK(totp_verify(secret, code, now - 29, none, &again));
	OK(!totp_verify(secret, code, now + 60, none, &again));
	OK(!totp_verify(secret, code, now - 60, none, &again));
	OK(!totp_verify(secret, STR("081805"), now, none, &again));
	OK(!totp_verify(secret, STR("81804"), now, none, &again));
	OK(!totp_verify(secret, STR(""), now, none, &again));
}

/* RFC 4648 §10, without padding. */
TEST(base32_is_that_of_rfc_4648)
{
	static const char *const table[][2] = { { "", "" }, { "f", "MY" },
		{ "fo", "MZXQ" }, { "foo", "MZXW6" }, { "foob", "MZXW6YQ" },
		{ "fooba", "MZXW6YTB" }, { "foobar", "MZXW6YTBOI" } };

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		char storage[32];
		struct buf out;

		buf_init_fixed(&out, storage, sizeof(storage));
		base32_encode(&out, str_from(table[i][0]));
		EQ_STR(buf_str(&out), str_from(table[i][1]));
	}
}
