#include "audit/chain.h"

#include "base/buf.h"
#include "crypto/hmac.h"

enum {
	HEADS_BYTES_MAX = 1024, /* of all fields, and those of fixed length */
	SMALL_BYTES_MAX = 512,
	U64_BYTES = 8,
};

bool
audit_hash_from(struct str text, struct audit_hash *ret)
{
	if (text.len != AUDIT_HASH_BYTES)
		return false;
	memcpy(ret->bytes, text.ptr, AUDIT_HASH_BYTES);
	return true;
}

bool
audit_hash_eq(const struct audit_hash *hash, struct str text)
{
	return bytes_eq_constant_time(audit_hash_str(hash), text);
}

/* --- Fields as bytes: a sign whether it is there, its length, itself */

static void
put_u64(struct buf *out, uint64_t value)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		buf_put_char(out, (char)(value >> shift & 0xff));
}

static void
put_text(struct buf *out, struct str text)
{
	buf_put_char(out, str_is_none(text) ? 0 : 1);
	put_u64(out, text.len);
	buf_put(out, text);
}

static void
put_i64(struct buf *out, int64_t value)
{
	buf_put_char(out, 1);
	put_u64(out, U64_BYTES);
	put_u64(out, (uint64_t)value);
}

static void
put_uuid(struct buf *out, struct uuid uuid)
{
	struct str bytes = { .ptr = (const char *)uuid.bytes, .len = sizeof(uuid.bytes) };

	put_text(out, uuid_is_nil(uuid) ? STR_NONE : bytes);
}

static struct audit_hash
signed_by(struct str key, const struct buf *text)
{
	struct audit_hash hash = { { 0 } };

	hmac_sha256(key, buf_str(text), hash.bytes);
	return hash;
}

/* --- Entries */

/* Room for all of FIELDS: somebody may have put there what no entry of ours holds. */
static size_t
fields_bytes(const struct audit_fields *fields)
{
	return HEADS_BYTES_MAX + fields->actor_kind.len + fields->action.len +
		fields->outcome.len + fields->resource_type.len +
		fields->resource_id.len + fields->details.len + fields->personal.len +
		fields->ip_address.len + fields->user_agent.len + fields->key_id.len;
}

struct err *
audit_commitment(struct arena *arena, struct str key, const struct audit_fields *fields,
	struct audit_hash *ret)
{
	struct arena_mark mark = arena_mark(arena);
	struct audit_hash hash;
	struct buf text;
	bool is_cut;

	buf_init(&text, arena, fields_bytes(fields));
	put_text(&text, STR("gridiron audit personal 1"));
	put_text(&text, fields->personal);
	put_text(&text, fields->ip_address);
	put_text(&text, fields->user_agent);
	is_cut = buf_is_cut(&text);
	hash = signed_by(key, &text);
	arena_rewind(arena, mark);
	if (is_cut)
		return err_no_memory();
	*ret = hash;
	return NULL;
}

struct err *
audit_mac(struct arena *arena, struct str key, const struct audit_fields *fields,
	struct str commitment, struct audit_hash *ret)
{
	struct arena_mark mark = arena_mark(arena);
	struct audit_hash hash;
	struct buf text;
	bool is_cut;

	buf_init(&text, arena, fields_bytes(fields));
	put_text(&text, STR("gridiron audit entry 1"));
	put_text(&text, fields->key_id);
	put_uuid(&text, fields->id);
	put_uuid(&text, fields->user_id);
	put_uuid(&text, fields->subject_id);
	put_uuid(&text, fields->request_id);
	put_text(&text, fields->actor_kind);
	put_text(&text, fields->action);
	put_text(&text, fields->outcome);
	put_text(&text, fields->resource_type);
	put_text(&text, fields->resource_id);
	put_text(&text, fields->details);
	put_text(&text, commitment);
	put_i64(&text, fields->created_at);
	is_cut = buf_is_cut(&text);
	hash = signed_by(key, &text);
	arena_rewind(arena, mark);
	if (is_cut)
		return err_no_memory();
	*ret = hash;
	return NULL;
}

struct audit_link
audit_link_next(
	struct str key, const struct audit_link *previous, const struct audit_hash *mac)
{
	char storage[SMALL_BYTES_MAX];
	struct audit_link next = { .seq = previous->seq + 1 };
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	put_text(&text, STR("gridiron audit link 1"));
	put_i64(&text, next.seq);
	put_text(&text, audit_hash_str(&previous->hash));
	put_text(&text, audit_hash_str(mac));
	next.hash = signed_by(key, &text);
	return next;
}

/* --- What vouches for the chain's ends */

struct audit_hash
audit_cut_mac(struct str key, struct str key_id, const struct audit_link *last,
	int64_t entries_until, int64_t created_at)
{
	char storage[SMALL_BYTES_MAX];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	put_text(&text, STR("gridiron audit cut 1"));
	put_text(&text, key_id);
	put_i64(&text, last->seq);
	put_text(&text, audit_hash_str(&last->hash));
	put_i64(&text, entries_until);
	put_i64(&text, created_at);
	return signed_by(key, &text);
}

struct audit_hash
audit_anchor_mac(
	struct str key, struct str key_id, const struct audit_link *link, int64_t at)
{
	char storage[SMALL_BYTES_MAX];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	put_text(&text, STR("gridiron audit anchor 1"));
	put_text(&text, key_id);
	put_i64(&text, link->seq);
	put_text(&text, audit_hash_str(&link->hash));
	put_i64(&text, at);
	return signed_by(key, &text);
}

struct audit_hash
audit_anchored_mac(struct str key, struct str key_id, const struct audit_hash *file,
	const struct audit_link *link, int64_t at)
{
	char storage[SMALL_BYTES_MAX];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	put_text(&text, STR("gridiron audit anchored 1"));
	put_text(&text, key_id);
	put_text(&text, audit_hash_str(file));
	put_i64(&text, link->seq);
	put_text(&text, audit_hash_str(&link->hash));
	put_i64(&text, at);
	return signed_by(key, &text);
}
