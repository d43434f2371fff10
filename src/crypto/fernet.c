#include "crypto/fernet.h"

#include <assert.h>
#include <pthread.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "codec/base64.h"
#include "crypto/hmac.h"
#include "sys/random.h"

enum {
	VERSION = 0x80,
	TIME_BYTES = 8,
	HEAD_BYTES = 1 + TIME_BYTES + FERNET_IV_BYTES,
	HALF_KEY_BYTES = FERNET_KEY_BYTES / 2,
	AES_BLOCK_BYTES = 16,
};

static EVP_CIPHER *aes_128_cbc;
static pthread_once_t is_fetched = PTHREAD_ONCE_INIT;

static void
fetch(void)
{
	aes_128_cbc = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
	assert(aes_128_cbc);
}

static void
cipher_release(EVP_CIPHER_CTX **cipher)
{
	EVP_CIPHER_CTX_free(*cipher);
}

bool
fernet_key_parse(struct str text, struct fernet_key *ret)
{
	struct fernet_key key = { { 0 } };
	struct buf bytes;

	buf_init_fixed(&bytes, (char *)key.bytes, sizeof(key.bytes));
	if (!base64_decode(&bytes, text, BASE64_URL_PADDED) ||
		bytes.len != sizeof(key.bytes))
		return false;
	*ret = key;
	return true;
}

static void
sign(const struct fernet_key *key, struct str text, uint8_t ret[static HMAC_SHA256_BYTES])
{
	hmac_sha256(str_from_bytes(key->bytes, HALF_KEY_BYTES), text, ret);
}

/* --- Writing */

static bool
put_encrypted(struct buf *out, const struct fernet_key *key, const unsigned char *iv,
	struct str plain)
{
	CLEANUP(cipher_release) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	unsigned char *at = (unsigned char *)buf_reserve(
		out, plain.len + AES_BLOCK_BYTES);
	int len, last;

	if (!at || !cipher ||
		EVP_EncryptInit_ex2(cipher, aes_128_cbc, key->bytes + HALF_KEY_BYTES, iv,
			NULL) != 1 ||
		EVP_EncryptUpdate(cipher, at, &len, (const unsigned char *)plain.ptr,
			(int)plain.len) != 1 ||
		EVP_EncryptFinal_ex(cipher, at + len, &last) != 1)
		return false;
	buf_added(out, (size_t)len + (size_t)last);
	return true;
}

struct err *
fernet_encrypt(struct arena *arena, const struct fernet_key *key,
	const struct fernet_options *options, struct str plain, struct str *ret)
{
	uint8_t iv[FERNET_IV_BYTES], mac[HMAC_SHA256_BYTES];
	struct buf bytes, text;

	if (plain.len > FERNET_BYTES_MAX / 2)
		return err_in(arena, ERR_TOO_LARGE, "too much for a Fernet token");
	pthread_once(&is_fetched, fetch);
	if (options->iv)
		memcpy(iv, options->iv, sizeof(iv));
	else
		random_bytes(iv, sizeof(iv));
	buf_init(&bytes, arena, FERNET_BYTES_MAX);
	buf_put_char(&bytes, (char)VERSION);
	for (int shift = 56; shift >= 0; shift -= 8)
		buf_put_char(&bytes, (char)((uint64_t)options->now_s >> shift));
	buf_put(&bytes, str_from_bytes(iv, sizeof(iv)));
	if (!put_encrypted(&bytes, key, iv, plain.len ? plain : STR("")))
		return err_no_memory();
	sign(key, buf_str(&bytes), mac);
	buf_put(&bytes, str_from_bytes(mac, sizeof(mac)));
	buf_init(&text, arena, FERNET_BYTES_MAX);
	base64_encode(&text, buf_str(&bytes), BASE64_URL_PADDED);
	if (buf_is_cut(&bytes) || buf_is_cut(&text))
		return err_no_memory();
	*ret = buf_str(&text);
	return NULL;
}

/* --- Reading */

static struct err *
refusal(struct arena *arena)
{
	return err_in(arena, ERR_INVALID, "not a valid Fernet token");
}

static int64_t
time_of(struct str bytes)
{
	uint64_t ret = 0;

	for (size_t i = 1; i <= TIME_BYTES; i++)
		ret = ret << 8 | (unsigned char)bytes.ptr[i];
	return ret > INT64_MAX ? -1 : (int64_t)ret;
}

static bool
time_is_right(int64_t made_s, int64_t now_s, int64_t ttl_s)
{
	if (made_s < 0 || made_s > now_s + FERNET_SKEW_SECONDS)
		return false;
	return ttl_s < 0 || now_s - made_s <= ttl_s;
}

static bool
decrypt(const struct fernet_key *key, struct str iv, struct str text, struct buf *ret)
{
	CLEANUP(cipher_release) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	unsigned char *at = (unsigned char *)buf_reserve(ret, text.len + AES_BLOCK_BYTES);
	int len, last;

	if (!at || !cipher ||
		EVP_DecryptInit_ex2(cipher, aes_128_cbc, key->bytes + HALF_KEY_BYTES,
			(const unsigned char *)iv.ptr, NULL) != 1 ||
		EVP_DecryptUpdate(cipher, at, &len, (const unsigned char *)text.ptr,
			(int)text.len) != 1 ||
		EVP_DecryptFinal_ex(cipher, at + len, &last) != 1)
		return false;
	buf_added(ret, (size_t)len + (size_t)last);
	return true;
}

struct err *
fernet_decrypt(struct arena *arena, const struct fernet_key *key, struct str text,
	int64_t now_s, int64_t ttl_s, struct str *ret)
{
	uint8_t mac[HMAC_SHA256_BYTES];
	struct buf bytes, plain;
	struct str token, body;

	if (text.len > FERNET_BYTES_MAX)
		return refusal(arena);
	buf_init(&bytes, arena, text.len);
	if (!base64_decode(&bytes, text, BASE64_URL_PADDED))
		return refusal(arena);
	token = buf_str(&bytes);
	if (token.len < HEAD_BYTES + AES_BLOCK_BYTES + HMAC_SHA256_BYTES ||
		(unsigned char)token.ptr[0] != VERSION ||
		!time_is_right(time_of(token), now_s, ttl_s))
		return refusal(arena);
	body = str_slice(token, 0, token.len - HMAC_SHA256_BYTES);
	sign(key, body, mac);
	if (!bytes_eq_constant_time(str_from_bytes(mac, sizeof(mac)),
		    str_slice(token, body.len, token.len)))
		return refusal(arena);
	pthread_once(&is_fetched, fetch);
	buf_init(&plain, arena, body.len + AES_BLOCK_BYTES);
	if (!decrypt(key, str_slice(token, 1 + TIME_BYTES, HEAD_BYTES),
		    str_slice(body, HEAD_BYTES, body.len), &plain))
		return refusal(arena);
	*ret = buf_str(&plain);
	return NULL;
}
