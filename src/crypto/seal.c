#include "crypto/seal.h"

#include "base/buf.h"
#include "base/log.h"
#include "codec/hex.h"
#include "crypto/aead.h"

enum {
	HEAD_BYTES = 1 + KEY_ID_BYTES,
	CONTEXT_BYTES_MAX = 256,
};

_Static_assert(SEAL_OVERHEAD_BYTES == HEAD_BYTES + AEAD_EXTRA_BYTES,
	"what a sealed field is made of");

static bool
is_wellformed(struct str sealed)
{
	return sealed.len >= SEAL_OVERHEAD_BYTES && sealed.ptr[0] == SEAL_VERSION;
}

/* What is authenticated beside the text: names end in zero bytes, so that no two places
 * are written the same. */
static struct err *
put_context(
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

struct err *
seal(struct ctx *ctx, const struct seal_place *place, struct str plain, struct str *ret)
{
	const struct key *key = keyring_current(ctx->keys, KEY_SEAL, ctx->now);
	char storage[CONTEXT_BYTES_MAX];
	struct buf sealed, context;
	struct str text;

	if (plain.len > SEAL_PLAIN_BYTES_MAX)
		return err_new(ctx, ERR_TOO_LARGE, "more than %d bytes cannot be sealed",
			SEAL_PLAIN_BYTES_MAX);
	buf_init(&sealed, ctx->arena, plain.len + SEAL_OVERHEAD_BYTES);
	buf_put_char(&sealed, SEAL_VERSION);
	/* The id is hexadecimal digits: keyring_file.c sees to it. */
	if (!hex_decode(&sealed, key_id(key)))
		return err_no_memory();
	buf_init_fixed(&context, storage, sizeof(storage));
	TRY(put_context(ctx, &context, buf_str(&sealed), place));
	TRY(aead_seal(ctx->arena, key->secret, buf_str(&context), plain, &text));
	buf_put(&sealed, text);
	if (buf_is_cut(&sealed))
		return err_no_memory();
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
	char storage[CONTEXT_BYTES_MAX], id[KEY_ID_LEN];
	const struct key *key;
	struct buf context;
	struct err *err;

	if (!seal_key_id(sealed, id))
		return unseal_err(ctx, place, "it has not the form of one");
	key = keyring_find(ctx->keys, KEY_SEAL,
		(struct str){ .ptr = id, .len = sizeof(id) }, ctx->now);
	if (!key)
		return err_note(unseal_err(ctx, place, "its key is not in the keyring"),
			"key %.*s", KEY_ID_LEN, id);
	buf_init_fixed(&context, storage, sizeof(storage));
	TRY(put_context(ctx, &context, str_slice(sealed, 0, HEAD_BYTES), place));
	err = aead_open(ctx->arena, key->secret, buf_str(&context),
		str_slice(sealed, HEAD_BYTES, sealed.len), ret);
	if (err && err->code == ERR_INVALID)
		return unseal_err(ctx, place, "it was altered, or sealed for elsewhere");
	return err;
}

struct err *
seal_go_without(const struct ctx *ctx, struct err *err)
{
	if (!seal_is_lost(err))
		return err;
	log_err(ctx, "a sealed field is lost: see gridiron keys reseal", err);
	return NULL;
}

bool
seal_key_id(struct str sealed, char ret[static KEY_ID_LEN])
{
	struct buf id;

	if (!is_wellformed(sealed))
		return false;
	buf_init_fixed(&id, ret, KEY_ID_LEN);
	hex_encode(&id, str_slice(sealed, 1, HEAD_BYTES));
	return !buf_is_cut(&id);
}

bool
seal_is_stale(const struct ctx *ctx, struct str sealed)
{
	const struct key *key = keyring_current(ctx->keys, KEY_SEAL, ctx->now);
	char id[KEY_ID_LEN];

	return !seal_key_id(sealed, id) || memcmp(id, key->id_text, sizeof(id)) != 0;
}
