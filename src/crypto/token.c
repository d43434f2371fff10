#include "crypto/token.h"

#include <assert.h>

#include "codec/base64.h"
#include "sys/random.h"

enum {
	TOKEN_RANDOM_BYTES = 32,
};

struct err *
token_new(struct arena *arena, struct str prefix, struct str *ret)
{
	char random[TOKEN_RANDOM_BYTES];
	struct buf text;

	assert(prefix.len == TOKEN_PREFIX_LEN);
	random_bytes(random, sizeof(random));
	buf_init(&text, arena, TOKEN_LEN);
	buf_put(&text, prefix);
	base64_encode(
		&text, (struct str){ .ptr = random, .len = sizeof(random) }, BASE64_URL);
	explicit_bzero(random, sizeof(random));
	if (buf_is_cut(&text))
		return err_no_memory();
	*ret = buf_str(&text);
	return NULL;
}

bool
token_is_wellformed(struct str text, struct str prefix)
{
	char storage[TOKEN_RANDOM_BYTES];
	struct buf random;
	bool is_read;

	if (text.len != TOKEN_LEN || !str_starts_with(text, prefix))
		return false;
	buf_init_fixed(&random, storage, sizeof(storage));
	is_read = base64_decode(
		&random, str_slice(text, TOKEN_PREFIX_LEN, text.len), BASE64_URL);
	explicit_bzero(storage, sizeof(storage));
	return is_read && random.len == TOKEN_RANDOM_BYTES;
}

void
token_hash(struct str text, uint8_t ret[static SHA256_BYTES])
{
	digest_sha256(text, ret);
}
