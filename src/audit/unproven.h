/* What of the log was signed with keys that the keyring has not: nobody can tell whether
 * it was altered. Whoever owns the database can name a key that never was. */
#ifndef AUDIT_UNPROVEN_H
#define AUDIT_UNPROVEN_H

#include "audit/check.h"
#include "crypto/keyring.h"

enum {
	AUDIT_UNPROVEN_KEYS_MAX = 16, /* nobody lost more of them */
};

struct audit_unproven_key {
	char id[KEY_ID_LEN];
	int64_t rows; /* of the chain */
	int64_t first;
	int64_t last;
	int64_t others; /* entries that wait, the last cut, anchors of another chain */
};

struct audit_unproven {
	struct audit_unproven_key keys[AUDIT_UNPROVEN_KEYS_MAX];
	size_t count;
};

/* FAULT names a key that is missing (audit/check.h). It is counted, as a row of the chain
 * where it has a number, and taken back; it stays what it is where there are too many
 * keys for all to have been ours. */
void audit_unproven_take(struct audit_unproven *unproven, struct audit_fault *fault);

/* The last row that cannot be verified; 0 where there is none. */
int64_t audit_unproven_last(const struct audit_unproven *unproven);

/* "key '…', which the keyring has not, signed 4 rows, 1 to 4". */
struct str audit_unproven_text(struct arena *arena, const struct audit_unproven_key *key);

static inline struct str
audit_unproven_id(const struct audit_unproven_key *key)
{
	return (struct str){ key->id, KEY_ID_LEN };
}

#endif
