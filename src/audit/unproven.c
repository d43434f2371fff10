#include "audit/unproven.h"

#include "base/num.h"

/* That of ID, or a new one; NULL where there are too many. */
static struct audit_unproven_key *
key_of(struct audit_unproven *unproven, struct str id)
{
	struct audit_unproven_key *key;

	for (size_t i = 0; i < unproven->count; i++)
		if (str_eq(id, audit_unproven_id(&unproven->keys[i])))
			return &unproven->keys[i];
	if (unproven->count == AUDIT_UNPROVEN_KEYS_MAX)
		return NULL;
	key = &unproven->keys[unproven->count++];
	*key = (struct audit_unproven_key){ .rows = 0 };
	memcpy(key->id, id.ptr, KEY_ID_LEN);
	return key;
}

void
audit_unproven_take(struct audit_unproven *unproven, struct audit_fault *fault)
{
	struct audit_unproven_key *key = key_of(
		unproven, str_slice(fault->missing_key, 0, KEY_ID_LEN));

	fault->missing_key = STR_NONE;
	if (!key)
		return;
	if (fault->seq) {
		key->first = key->rows++ ? key->first : fault->seq;
		key->last = fault->seq;
	} else {
		key->others++;
	}
	*fault = (struct audit_fault){ .seq = 0 };
}

int64_t
audit_unproven_last(const struct audit_unproven *unproven)
{
	int64_t last = 0;

	for (size_t i = 0; i < unproven->count; i++)
		if (unproven->keys[i].last > last)
			last = unproven->keys[i].last;
	return last;
}

struct str
audit_unproven_text(struct arena *arena, const struct audit_unproven_key *key)
{
	struct str others = STR("");

	if (key->others)
		others = str_fmt(arena, "%s%lld of what waits, cuts and anchors",
			key->rows ? " and " : "", (long long)key->others);
	if (!key->rows)
		return str_fmt(arena,
			"key '" STR_FMT "', which the keyring has not, signed " STR_FMT,
			STR_ARG(audit_unproven_id(key)), STR_ARG(others));
	return str_fmt(arena,
		"key '" STR_FMT
		"', which the keyring has not, signed %lld row%s, %lld to "
		"%lld" STR_FMT,
		STR_ARG(audit_unproven_id(key)), (long long)key->rows,
		plural_s(key->rows), (long long)key->first, (long long)key->last,
		STR_ARG(others));
}
