#include "crypto/seal.h"

#include <assert.h>
#include <pthread.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "codec/hex.h"
#include "sys/random.h"

enum {
	VERSION = 1,
	NONCE_BYTES = 12,
	TAG_BYTES = 16,
	HEAD_BYTES = 1 + KEY_ID_BYTES,
	PLACE_BYTES_MAX = 256,
};

static EVP_CIPHER *aes_256_gcm;
static pthread_once_t is_fetched = PTHREAD_ONCE_INIT;

static void
fetch(void)
{
	aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	assert(aes_256_gcm);
}

static void
cipher_release(EVP_CIPHER_CTX **cipher)
{
	EVP_CIPHER_CTX_free(*cipher);
}

/* A sealed field, cut up. */
struct parts {
	struct str head; /* version and key id */
	struct str nonce;
	struct str text; /* encrypted */
	struct str tag;
};

static bool
split(struct str sealed, struct parts *ret)
{
	size_t end = sealed.len - TAG_BYTES;

	if (sealed.len < SEAL_OVERHEAD_BYTES || sealed.ptr[0] != VERSION)
		return false;
	*ret = (struct parts){
		.head = str_slice(sealed, 0, HEAD_BYTES),
		.nonce = str_slice(sealed, HEAD_BYTES, HEAD_BYTES + NONCE_BYTES),
		.text = str_slice(sealed, HEAD_BYTES + NONCE_BYTES, end),
		.tag = str_slice(sealed, end, sealed.len),
	};
	return true;
}

/* What is authenticated beside the text: names end in zero bytes, so that no two places
 * are written the same. */
static struct err *
put_place(
	struct ctx *ctx, struct buf *out, struct str head, const struct seal_place *place)
{
	buf_put(out, head);
	buf_put(out, str_from(place->table));
	buf_put_char(out, '\0');
	buf_put(out, str_from(place->column));
	buf_put_char(out, '\0');
	buf_put(out,
		(struct str){ .ptr = (const char *)place->row.bytes,
			.len = sizeof(place->row.bytes) });
	if (buf_is_cut(out))
		return err_new(
			ctx, ERR_INTERNAL, "the name of a sealed place is too long");
	return NULL;
}

static const unsigned char *
bytes_of(struct str text)
{
	return (const unsigned char *)(text.ptr ? text.ptr : "");
}

static bool
encrypt(const struct key *key, const struct parts *parts, struct str place,
	struct str plain, char *ret_text, char *ret_tag)
{
	CLEANUP(cipher_release) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	unsigned char *text = (unsigned char *)ret_text;
	int len, last;

	return cipher &&
		EVP_EncryptInit_ex2(cipher, aes_256_gcm, key->secret,
			bytes_of(parts->nonce), NULL) == 1 &&
		EVP_EncryptUpdate(cipher, NULL, &len, bytes_of(place), (int)place.len) ==
		1 &&
		EVP_EncryptUpdate(cipher, text, &len, bytes_of(plain), (int)plain.len) ==
		1 &&
		EVP_EncryptFinal_ex(cipher, text + len, &last) == 1 &&
		EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, ret_tag) ==
		1;
}

static bool
decrypt(const struct key *key, const struct parts *parts, struct str place, char *ret)
{
	CLEANUP(cipher_release) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	unsigned char *plain = (unsigned char *)ret;
	unsigned char tag[TAG_BYTES];
	int len, last;

	memcpy(tag, parts->tag.ptr, sizeof(tag));
	return cipher &&
		EVP_DecryptInit_ex2(cipher, aes_256_gcm, key->secret,
			bytes_of(parts->nonce), NULL) == 1 &&
		EVP_DecryptUpdate(cipher, NULL, &len, bytes_of(place), (int)place.len) ==
		1 &&
		EVP_DecryptUpdate(cipher, plain, &len, bytes_of(parts->text),
			(int)parts->text.len) == 1 &&
		EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) ==
		1 &&
		EVP_DecryptFinal_ex(cipher, plain + len, &last) == 1;
}

struct err *
seal(struct ctx *ctx, const struct seal_place *place, struct str plain, struct str *ret)
{
	const struct key *key = keyring_current(ctx->keys, KEY_SEAL, ctx->now);
	char place_storage[PLACE_BYTES_MAX], nonce[NONCE_BYTES];
	struct buf sealed, place_text;
	struct parts parts;

	if (plain.len > SEAL_PLAIN_BYTES_MAX)
		return err_new(ctx, ERR_TOO_LARGE, "more than %d bytes cannot be sealed",
			SEAL_PLAIN_BYTES_MAX);
	pthread_once(&is_fetched, fetch);
	buf_init(&sealed, ctx->arena, plain.len + SEAL_OVERHEAD_BYTES);
	if (!buf_reserve(&sealed, plain.len + SEAL_OVERHEAD_BYTES))
		return err_no_memory();
	random_bytes(nonce, sizeof(nonce));
	buf_put_char(&sealed, VERSION);
	/* The id is hexadecimal digits: keyring_file.c sees to it. */
	if (!hex_decode(&sealed, key_id(key)))
		return err_new(ctx, ERR_INTERNAL, "a key has no proper id");
	buf_put(&sealed, (struct str){ .ptr = nonce, .len = sizeof(nonce) });
	parts.head = str_slice(buf_str(&sealed), 0, HEAD_BYTES);
	parts.nonce = str_slice(buf_str(&sealed), HEAD_BYTES, HEAD_BYTES + NONCE_BYTES);
	buf_init_fixed(&place_text, place_storage, sizeof(place_storage));
	TRY(put_place(ctx, &place_text, parts.head, place));
	if (!encrypt(key, &parts, buf_str(&place_text), plain, sealed.ptr + sealed.len,
		    sealed.ptr + sealed.len + plain.len))
		return err_new(ctx, ERR_INTERNAL, "a field could not be sealed");
	buf_added(&sealed, plain.len + TAG_BYTES);
	*ret = buf_str(&sealed);
	return NULL;
}

static struct err *
unseal_err(struct ctx *ctx, const struct seal_place *place, const char *why)
{
	return err_note(err_new(ctx, ERR_INTERNAL, "a sealed field cannot be read"),
		"%s.%s: %s", place->table, place->column, why);
}

struct err *
unseal(struct ctx *ctx, const struct seal_place *place, struct str sealed,
	struct str *ret)
{
	char place_storage[PLACE_BYTES_MAX], id[KEY_ID_LEN];
	struct buf place_text;
	const struct key *key;
	struct parts parts;
	char *plain;

	if (!split(sealed, &parts) || !seal_key_id(sealed, id))
		return unseal_err(ctx, place, "it has not the form of one");
	key = keyring_find(ctx->keys, KEY_SEAL,
		(struct str){ .ptr = id, .len = sizeof(id) }, ctx->now);
	if (!key)
		return err_note(unseal_err(ctx, place, "its key is not in the keyring"),
			"key %.*s", KEY_ID_LEN, id);
	pthread_once(&is_fetched, fetch);
	plain = arena_alloc_text(ctx->arena, parts.text.len + 1);
	if (!plain)
		return err_no_memory();
	buf_init_fixed(&place_text, place_storage, sizeof(place_storage));
	TRY(put_place(ctx, &place_text, parts.head, place));
	if (!decrypt(key, &parts, buf_str(&place_text), plain)) {
		explicit_bzero(plain, parts.text.len);
		return unseal_err(ctx, place, "it was altered, or sealed for elsewhere");
	}
	*ret = (struct str){ .ptr = plain, .len = parts.text.len };
	return NULL;
}

bool
seal_key_id(struct str sealed, char ret[static KEY_ID_LEN])
{
	struct parts parts;
	struct buf id;

	if (!split(sealed, &parts))
		return false;
	buf_init_fixed(&id, ret, KEY_ID_LEN);
	hex_encode(&id, str_slice(parts.head, 1, HEAD_BYTES));
	return !buf_is_cut(&id);
}

bool
seal_is_stale(const struct ctx *ctx, struct str sealed)
{
	const struct key *key = keyring_current(ctx->keys, KEY_SEAL, ctx->now);
	char id[KEY_ID_LEN];

	return !seal_key_id(sealed, id) || memcmp(id, key->id_text, sizeof(id)) != 0;
}
