/* Keyed digests, tokens, signatures. */
#include "crypto/hmac.h"
#include "crypto/signature.h"
#include "crypto/token.h"

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
