/* Vectors: RFC 1321 A.5 and FIPS 180-4 (NIST's examples). */
#include "crypto/digest.h"

#include "base/buf.h"
#include "codec/hex.h"
#include "tests/tap.h"

static struct str
hex_of(const uint8_t *bytes, size_t len)
{
	static char storage[2 * SHA256_BYTES];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	hex_encode(&text, (struct str){ .ptr = (const char *)bytes, .len = len });
	return buf_str(&text);
}

TEST(md5_is_that_of_the_rfc)
{
	uint8_t got[MD5_BYTES];

	digest_md5(STR(""), got);
	EQ_STR(hex_of(got, sizeof(got)), STR("d41d8cd98f00b204e9800998ecf8427e"));
	digest_md5(STR("message digest"), got);
	EQ_STR(hex_of(got, sizeof(got)), STR("f96b697d7cb7938d525a2f31aaf161d0"));
}

TEST(sha1_is_that_of_the_standard)
{
	uint8_t got[SHA1_BYTES];

	digest_sha1(STR("abc"), got);
	EQ_STR(hex_of(got, sizeof(got)), STR("a9993e364706816aba3e25717850c26c9cd0d89d"));
}

TEST(sha256_is_that_of_the_standard)
{
	uint8_t got[SHA256_BYTES];

	digest_sha256(STR("abc"), got);
	EQ_STR(hex_of(got, sizeof(got)),
		STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
	digest_sha256(STR_NONE, got);
	EQ_STR(hex_of(got, sizeof(got)),
		STR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}
