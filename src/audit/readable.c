#include "audit/readable.h"

#include "audit/erasure.h"
#include "audit/part.h"
#include "base/num.h"
#include "db/db.h"

enum {
	SLOTS = 1024,
	SEALED_BYTES_MAX = SEAL_OVERHEAD_BYTES + AEAD_KEY_BYTES,
	/* A transaction that had the key when its user was erased ends within it. */
	LATE_SECONDS = 60,
};

enum key_state { KEY_NONE, KEY_OPEN, KEY_WRONG, KEY_MISSING };

/* Of a user, the last that fell in it. */
struct slot {
	struct user_id user;
	char sealed[SEALED_BYTES_MAX];
	size_t sealed_len;
	bool is_used;
	bool is_erasure_known;
	bool is_erased; /* where that is known */
	enum key_state state;
	char sealed_by[KEY_ID_LEN]; /* where that is missing */
	struct personal_key key;
};

struct reading {
	struct ctx *ctx;
	const struct audit_cut *cut;
	struct slot *slots;
	int64_t give_up_seq; /* -1: not looked for yet */
	struct audit_readable result;
};

/* The person whom a part tells of, as the row has it. */
struct owner {
	struct user_id user;
	struct str sealed_key;
	struct opt_i64 erased_at;
};

static struct owner
owner_of(const struct audit_sealed *row, char owner)
{
	if (owner == OWNER_USER)
		return (struct owner){ row->user_id, row->user_key, row->user_erased_at };
	return (struct owner){ row->subject_id, row->subject_key,
		row->subject_erased_at };
}

/* --- Keys */

static struct err *
slot_open(struct reading *reading, const struct owner *owner, struct slot *slot)
{
	struct ctx *ctx = reading->ctx;
	struct str id = { slot->sealed_by, KEY_ID_LEN };
	struct err *err;

	slot->state = KEY_NONE;
	if (str_is_none(owner->sealed_key))
		return NULL;
	err = personal_key_unseal(ctx, owner->user, owner->sealed_key, &slot->key);
	if (err && !seal_is_lost(err))
		return err;
	slot->state = err ? KEY_WRONG : KEY_OPEN;
	if (err && seal_key_id(owner->sealed_key, slot->sealed_by) &&
		!keyring_find(ctx->keys, KEY_SEAL, id, ctx->now))
		slot->state = KEY_MISSING;
	return NULL;
}

static struct err *
slot_get(struct reading *reading, const struct owner *owner, struct slot **ret)
{
	const uint8_t *id = owner->user.uuid.bytes;
	/* The end of an id is random. */
	size_t place = ((size_t)id[14] << 8 | id[15]) % SLOTS;
	struct slot *slot = &reading->slots[place];
	bool is_kept = slot->is_used && user_id_eq(slot->user, owner->user);

	*ret = slot;
	if (is_kept &&
		str_eq((struct str){ slot->sealed, slot->sealed_len },
			str_is_none(owner->sealed_key) ? STR("") : owner->sealed_key))
		return NULL;
	explicit_bzero(slot, sizeof(*slot));
	slot->is_used = owner->sealed_key.len <= SEALED_BYTES_MAX;
	slot->user = owner->user;
	if (slot->is_used && owner->sealed_key.len) {
		memcpy(slot->sealed, owner->sealed_key.ptr, owner->sealed_key.len);
		slot->sealed_len = owner->sealed_key.len;
	}
	return slot_open(reading, owner, slot);
}

/* --- Rows */

/* Whether it is on record that a part of ROW cannot be read. */
static struct err *
is_excused(struct reading *reading, const struct audit_sealed *row,
	const struct owner *owner, struct slot *slot, bool *ret)
{
	const int64_t late = (int64_t)LATE_SECONDS * MICROSECONDS_PER_SECOND;
	const struct audit_cut *cut = reading->cut;

	*ret = false;
	if (slot->state == KEY_NONE && !slot->is_erasure_known) {
		TRY(audit_erasure_find(reading->ctx, owner->user, &slot->is_erased));
		slot->is_erasure_known = true;
	}
	if (reading->give_up_seq < 0)
		TRY(audit_give_up_seq(reading->ctx, &reading->give_up_seq));
	*ret = slot->is_erased || row->seq < reading->give_up_seq;
	/* The entry of the erasure went with the cut: what is left is from before it. */
	if (slot->state == KEY_NONE && owner->erased_at.is_set && cut->seq > 0 &&
		owner->erased_at.value <= cut->entries_until)
		*ret |= row->created_at <= owner->erased_at.value + late;
	return NULL;
}

static struct err *
part_check(struct reading *reading, const struct audit_sealed *row,
	const struct audit_part *part, bool *ret_is_lost)
{
	struct owner owner = owner_of(row, part->owner);
	struct audit_readable *result = &reading->result;
	struct err *err = NULL;
	struct slot *slot;
	struct str plain;
	bool is_known;

	TRY(slot_get(reading, &owner, &slot));
	if (slot->state == KEY_OPEN)
		err = audit_part_open(reading->ctx, &slot->key, row->id, part, &plain);
	if (err && err->code != ERR_INVALID)
		return err;
	if (slot->state == KEY_OPEN && !err)
		return NULL;
	if (slot->state == KEY_MISSING) {
		if (!result->unproven++)
			memcpy(result->missing_key, slot->sealed_by, KEY_ID_LEN);
		return NULL;
	}
	TRY(is_excused(reading, row, &owner, slot, &is_known));
	*ret_is_lost |= !is_known;
	return NULL;
}

static struct err *
row_check(void *arg, const struct audit_sealed *row)
{
	struct reading *reading = arg;
	struct audit_readable *result = &reading->result;
	struct arena_mark mark = arena_mark(reading->ctx->arena);
	struct str rest = row->personal;
	struct audit_part part;
	bool is_lost = false;

	while (rest.len && audit_part_next(&rest, &part))
		if (part.owner != OWNER_NOBODY)
			TRY(part_check(reading, row, &part, &is_lost));
	arena_rewind(reading->ctx->arena, mark);
	if (!is_lost)
		return NULL;
	result->first = result->rows++ ? result->first : row->seq;
	result->last = row->seq;
	return NULL;
}

struct err *
audit_readable_check(struct ctx *ctx, int64_t first, int64_t last,
	const struct audit_cut *cut, struct audit_readable *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct reading reading = { .ctx = ctx, .cut = cut, .give_up_seq = -1 };
	struct err *err;

	TRY_NEW(ctx->arena, reading.slots, SLOTS);
	err = q_audit_sealed_from(&tx,
		(struct audit_sealed_from){ .first = first, .last = last }, row_check,
		&reading);
	explicit_bzero(reading.slots, SLOTS * sizeof(*reading.slots));
	*ret = reading.result;
	return err;
}

struct str
audit_readable_text(struct arena *arena, const struct audit_readable *readable)
{
	return str_fmt(arena,
		"what is personal in %lld row%s, %lld to %lld, cannot be opened: the "
		"key of its user was taken away or replaced, and nothing on record says "
		"that the user was erased; put users.personal_key back from a backup",
		(long long)readable->rows, plural_s(readable->rows),
		(long long)readable->first, (long long)readable->last);
}

struct str
audit_readable_unproven_text(struct arena *arena, const struct audit_readable *readable)
{
	return str_fmt(arena,
		"what is personal in the chain cannot be opened %lld time%s, since the "
		"key of its user is sealed with key '%.*s', which the keyring has not: "
		"put it back, or see gridiron keys reseal",
		(long long)readable->unproven, plural_s(readable->unproven), KEY_ID_LEN,
		readable->missing_key);
}
