#include "crypto/aead.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>

#include <openssl/evp.h>

#include "sys/random.h"

/* Looked up once, as in digest.c. */
static EVP_CIPHER *aes_256_gcm;
static pthread_once_t is_fetched = PTHREAD_ONCE_INIT;

static void
fetch(void)
{
	aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	assert(aes_256_gcm);
}

static const uint8_t *
bytes_of(struct str text)
{
	return (const uint8_t *)(text.ptr ? text.ptr : "");
}

/* Whether all went well; else there is no memory, or the lengths are not OpenSSL's. */
static bool
encrypt(EVP_CIPHER_CTX *cipher, const uint8_t *key, struct str context, struct str plain,
	uint8_t *out)
{
	uint8_t *body = out + AEAD_NONCE_BYTES;
	int len = 0;

	return EVP_EncryptInit_ex2(cipher, aes_256_gcm, key, out, NULL) == 1 &&
		EVP_EncryptUpdate(
			cipher, NULL, &len, bytes_of(context), (int)context.len) == 1 &&
		EVP_EncryptUpdate(cipher, body, &len, bytes_of(plain), (int)plain.len) ==
		1 &&
		EVP_EncryptFinal_ex(cipher, body + len, &len) == 1 &&
		EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES,
			body + plain.len) == 1;
}

static bool
decrypt(EVP_CIPHER_CTX *cipher, const uint8_t *key, struct str context, struct str sealed,
	uint8_t *out)
{
	const uint8_t *nonce = bytes_of(sealed), *body = nonce + AEAD_NONCE_BYTES;
	size_t body_len = sealed.len - AEAD_EXTRA_BYTES;
	uint8_t tag[AEAD_TAG_BYTES];
	int len = 0;

	memcpy(tag, body + body_len, sizeof(tag));
	return EVP_DecryptInit_ex2(cipher, aes_256_gcm, key, nonce, NULL) == 1 &&
		EVP_DecryptUpdate(
			cipher, NULL, &len, bytes_of(context), (int)context.len) == 1 &&
		EVP_DecryptUpdate(cipher, out, &len, body, (int)body_len) == 1 &&
		EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, tag) ==
		1 &&
		EVP_DecryptFinal_ex(cipher, out + len, &len) == 1;
}

struct err *
aead_seal(struct arena *arena, const uint8_t key[static AEAD_KEY_BYTES],
	struct str context, struct str plain, struct str *ret)
{
	EVP_CIPHER_CTX *cipher;
	uint8_t *out;
	bool is_done;

	assert(context.len <= INT_MAX && plain.len <= INT_MAX);
	pthread_once(&is_fetched, fetch);
	TRY_NEW(arena, out, plain.len + AEAD_EXTRA_BYTES);
	random_bytes(out, AEAD_NONCE_BYTES);
	cipher = EVP_CIPHER_CTX_new();
	is_done = cipher && encrypt(cipher, key, context, plain, out);
	EVP_CIPHER_CTX_free(cipher);
	if (!is_done)
		return err_in(arena, ERR_INTERNAL, "a value could not be sealed");
	*ret = (struct str){ .ptr = (const char *)out,
		.len = plain.len + AEAD_EXTRA_BYTES };
	return NULL;
}

struct err *
aead_open(struct arena *arena, const uint8_t key[static AEAD_KEY_BYTES],
	struct str context, struct str sealed, struct str *ret)
{
	EVP_CIPHER_CTX *cipher;
	uint8_t *out;
	bool is_done;

	if (sealed.len < AEAD_EXTRA_BYTES || sealed.len > INT_MAX)
		return err_in(arena, ERR_INVALID, "a sealed value is too short or long");
	assert(context.len <= INT_MAX);
	pthread_once(&is_fetched, fetch);
	/* One more, as nothing is sealed too. */
	TRY_NEW(arena, out, sealed.len - AEAD_EXTRA_BYTES + 1);
	cipher = EVP_CIPHER_CTX_new();
	is_done = cipher && decrypt(cipher, key, context, sealed, out);
	EVP_CIPHER_CTX_free(cipher);
	if (!is_done)
		return err_in(arena, ERR_INVALID,
			"a sealed value does not open: another key, another place, or "
			"altered");
	*ret = (struct str){ .ptr = (const char *)out,
		.len = sealed.len - AEAD_EXTRA_BYTES };
	return NULL;
}
