/*
 * What is personal in an entry: where a request came from, and the entry's `personal`
 * text. It is sealed under the key of the person it tells of (users.personal_key, itself
 * sealed under the keyring), so that it cannot be read once erasure has taken that key
 * away; the sealed bytes stay, and with them the chain. Of nobody who is known: under the
 * keyring.
 *
 * As stored: parts one after another, each its kind ('w' where from, 'p' the text), whose
 * key ('u' the user's, 's' the subject's, 'k' the keyring's), its length in four bytes,
 * and what crypto/aead.h made of it.
 */
#ifndef AUDIT_PERSONAL_H
#define AUDIT_PERSONAL_H

#include "audit/audit.h"
#include "audit/part.h"

/* Of whom an entry tells. */
struct audit_people {
	struct audit_id entry;
	struct user_id user;
	struct user_id subject;
};

/* What the context of TX and TEXT (may be absent) hold of PEOPLE, sealed; absent where
 * there is nothing, or they are erased. INTERNAL where one of them does not exist. */
struct err *audit_personal_seal(struct tx *tx, const struct audit_people *people,
	struct str text, struct str *ret) MUST_USE;

/* Absent: not in the entry, or not to be read any more. */
struct audit_personal {
	struct str remote_address;
	struct str user_agent;
	struct str text;
	bool is_erased;  /* a part is there that nobody can read */
	bool is_damaged; /* one cannot be opened: it was altered, or a key is missing */
};

/* Reads keys by queries outside any transaction. */
struct err *audit_personal_open(struct ctx *ctx, const struct audit_people *people,
	struct str sealed, struct audit_personal *ret) MUST_USE;

/* The key of one person, opened once to read many entries. */
struct audit_reader {
	struct user_id user;
	struct personal_key key; /* none: erased, or damaged */
	bool is_damaged; /* it cannot be opened, or is missing without an erasure */
};
struct err *audit_reader_open(
	struct ctx *ctx, struct user_id user, struct audit_reader *ret) MUST_USE;
/* Of what is personal in an entry only what is READER's: another's is left out, as if it
 * were not there. */
struct err *audit_personal_read(struct ctx *ctx, const struct audit_reader *reader,
	const struct audit_people *people, struct str sealed,
	struct audit_personal *ret) MUST_USE;

#endif
