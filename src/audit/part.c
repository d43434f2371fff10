#include "audit/part.h"

#include "codec/uuid.h"

enum {
	PART_HEAD_BYTES = 6,
	CONTEXT_LEN_MAX = 128,
};

void
audit_part_put(struct buf *out, const struct audit_part *part)
{
	buf_put_char(out, part->kind);
	buf_put_char(out, part->owner);
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_put_char(out, (char)(part->sealed.len >> shift & 0xff));
	buf_put(out, part->sealed);
}

bool
audit_part_next(struct str *rest, struct audit_part *ret)
{
	size_t len = 0;

	if (rest->len < PART_HEAD_BYTES)
		return false;
	for (size_t i = 2; i < PART_HEAD_BYTES; i++)
		len = len << 8 | (uint8_t)rest->ptr[i];
	if (len > rest->len - PART_HEAD_BYTES)
		return false;
	*ret = (struct audit_part){ .kind = rest->ptr[0],
		.owner = rest->ptr[1],
		.sealed = str_slice(*rest, PART_HEAD_BYTES, PART_HEAD_BYTES + len) };
	*rest = str_slice(*rest, PART_HEAD_BYTES + len, rest->len);
	return true;
}

struct err *
personal_key_unseal(
	struct ctx *ctx, struct user_id user, struct str sealed, struct personal_key *ret)
{
	struct seal_place place = personal_key_place(user);
	struct str bytes;

	TRY_CTX(unseal(ctx, &place, sealed, &bytes), "the personal key of a user");
	if (bytes.len != sizeof(ret->bytes))
		return err_new(
			ctx, ERR_INTERNAL, "the personal key of a user is not a key");
	ret->is_there = true;
	memcpy(ret->bytes, bytes.ptr, sizeof(ret->bytes));
	return NULL;
}

/* Where a part belongs: in which entry, and as what. */
static struct str
context_of(struct buf *text, struct audit_id entry, char kind)
{
	buf_put(text, STR("audit_logs.personal "));
	uuid_format(text, entry.uuid);
	buf_put_char(text, ' ');
	buf_put_char(text, kind);
	return buf_str(text);
}

struct err *
audit_part_seal(struct ctx *ctx, const struct personal_key *key, struct audit_id entry,
	char kind, struct str plain, struct str *ret)
{
	char storage[CONTEXT_LEN_MAX];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	return aead_seal(
		ctx->arena, key->bytes, context_of(&text, entry, kind), plain, ret);
}

struct err *
audit_part_open(struct ctx *ctx, const struct personal_key *key, struct audit_id entry,
	const struct audit_part *part, struct str *ret)
{
	char storage[CONTEXT_LEN_MAX];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	return aead_open(ctx->arena, key->bytes, context_of(&text, entry, part->kind),
		part->sealed, ret);
}
