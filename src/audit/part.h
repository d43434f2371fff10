/* The parts of what is personal in an entry, and the key of a person
 * (audit/personal.h). */
#ifndef AUDIT_PART_H
#define AUDIT_PART_H

#include "base/buf.h"
#include "base/ctx.h"
#include "base/err.h"
#include "crypto/aead.h"
#include "crypto/seal.h"

enum { PART_WHERE = 'w', PART_TEXT = 'p' };
enum { OWNER_USER = 'u', OWNER_SUBJECT = 's', OWNER_NOBODY = 'k' };

struct audit_part {
	char kind;
	char owner;
	struct str sealed;
};

void audit_part_put(struct buf *out, const struct audit_part *part);

/* Take the first part off REST. False: it is not one. */
bool audit_part_next(struct str *rest, struct audit_part *ret) MUST_USE;

/* A key that seals what is personal; none: that person is erased, or it is lost. */
struct personal_key {
	bool is_there;
	uint8_t bytes[AEAD_KEY_BYTES];
};

/* Where it is kept. */
static inline struct seal_place
personal_key_place(struct user_id user)
{
	return (struct seal_place){
		.table = "users", .column = "personal_key", .row = user.uuid
	};
}

/* As unseal. */
struct err *personal_key_unseal(struct ctx *ctx, struct user_id user, struct str sealed,
	struct personal_key *ret) MUST_USE;

/* PLAIN as part KIND of ENTRY, under KEY. */
struct err *audit_part_seal(struct ctx *ctx, const struct personal_key *key,
	struct audit_id entry, char kind, struct str plain, struct str *ret) MUST_USE;
/* As aead_open. */
struct err *audit_part_open(struct ctx *ctx, const struct personal_key *key,
	struct audit_id entry, const struct audit_part *part, struct str *ret) MUST_USE;

#endif
