#include "crypto/hmac.h"

#include <assert.h>
#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/buf.h"

/* Made once: MACs that know their digest, of which each use is a copy. */
static EVP_MAC_CTX *of_sha1, *of_sha256;
static pthread_once_t is_made = PTHREAD_ONCE_INIT;

static EVP_MAC_CTX *
prototype_new(EVP_MAC *mac, const char *digest)
{
	/* OpenSSL takes it as changeable and leaves it alone. */
	char *name = (char *)(uintptr_t)digest;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC_CTX *ret = EVP_MAC_CTX_new(mac);
	int is_set = ret && EVP_MAC_CTX_set_params(ret, params) == 1;

	assert(is_set);
	return ret;
}

static void
make(void)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	assert(mac);
	of_sha1 = prototype_new(mac, "SHA1");
	of_sha256 = prototype_new(mac, "SHA256");
	EVP_MAC_free(mac);
}

static void
hmac(EVP_MAC_CTX *const *prototype, struct str key, struct str text, uint8_t *ret,
	size_t size)
{
	/* An empty key is a key; a NULL one would mean "as before". */
	const void *key_bytes = key.len ? key.ptr : "";
	const void *bytes = text.len ? text.ptr : "";
	EVP_MAC_CTX *mac;
	size_t len = 0;
	int is_done;

	pthread_once(&is_made, make);
	mac = EVP_MAC_CTX_dup(*prototype);
	/* With an algorithm at hand it fails only where there is no memory at all. */
	is_done = mac && EVP_MAC_init(mac, key_bytes, key.len, NULL) == 1 &&
		EVP_MAC_update(mac, bytes, text.len) == 1 &&
		EVP_MAC_final(mac, ret, &len, size) == 1;
	EVP_MAC_CTX_free(mac);
	assert(is_done && len == size);
}

void
hmac_sha256(struct str key, struct str text, uint8_t ret[static HMAC_SHA256_BYTES])
{
	hmac(&of_sha256, key, text, ret, HMAC_SHA256_BYTES);
}

void
hmac_sha1(struct str key, struct str text, uint8_t ret[static HMAC_SHA1_BYTES])
{
	hmac(&of_sha1, key, text, ret, HMAC_SHA1_BYTES);
}

void
hkdf_sha256(struct str key, struct str salt, struct str info, uint8_t *ret, size_t len)
{
	static const uint8_t no_salt[HMAC_SHA256_BYTES];
	uint8_t extracted[HMAC_SHA256_BYTES], block[HMAC_SHA256_BYTES];
	char storage[HMAC_SHA256_BYTES + 256 + 1];
	struct buf input;
	size_t done = 0;

	assert(len <= HKDF_BYTES_MAX && info.len <= 256);
	if (salt.len == 0)
		salt = str_from_bytes(no_salt, sizeof(no_salt));
	hmac_sha256(salt, key, extracted);
	for (unsigned char counter = 1; done < len; counter++) {
		size_t part = len - done < sizeof(block) ? len - done : sizeof(block);

		buf_init_fixed(&input, storage, sizeof(storage));
		if (counter > 1)
			buf_put(&input, str_from_bytes(block, sizeof(block)));
		buf_put(&input, info);
		buf_put_char(&input, (char)counter);
		hmac_sha256(str_from_bytes(extracted, sizeof(extracted)), buf_str(&input),
			block);
		memcpy(ret + done, block, part);
		done += part;
	}
	explicit_bzero(extracted, sizeof(extracted));
	explicit_bzero(block, sizeof(block));
	explicit_bzero(storage, sizeof(storage));
}

bool
bytes_eq_constant_time(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}
