/*
 * The chain of the audit log, as bytes: pure, no database, no clock.
 *
 *     commitment = HMAC(key, "gridiron audit personal 1", personal, ip_address,
 *                       user_agent)
 *     mac        = HMAC(key, "gridiron audit entry 1", key id, every plain field,
 *                       commitment)
 *     hash       = HMAC(key, "gridiron audit link 1", seq, hash of seq - 1, mac)
 *
 * Each field goes in as its length and its bytes, an absent one as such, so no two
 * entries have the same bytes. The first link's previous hash is all zero. What signs is
 * HMAC with SHA-256 (RFC 2104) under a key of KEY_AUDIT, which the database never sees.
 *
 * Source of the scheme: Schneier and Kelsey, "Secure Audit Logs to Support Computer
 * Forensics", ACM TISSEC 2(2), 1999.
 */
#ifndef AUDIT_CHAIN_H
#define AUDIT_CHAIN_H

#include "base/err.h"
#include "base/id.h"
#include "base/str.h"

enum {
	AUDIT_HASH_BYTES = 32,
};

struct audit_hash {
	uint8_t bytes[AUDIT_HASH_BYTES];
};

static inline struct str
audit_hash_str(const struct audit_hash *hash)
{
	return (struct str){ .ptr = (const char *)hash->bytes, .len = AUDIT_HASH_BYTES };
}

/* False where TEXT is not a hash's bytes. */
bool audit_hash_from(struct str text, struct audit_hash *ret) MUST_USE;

/* In constant time. */
bool audit_hash_eq(const struct audit_hash *hash, struct str text) MUST_USE;

/* What an entry says, waiting or chained. */
struct audit_fields {
	struct uuid id;
	struct uuid user_id; /* these may be nil */
	struct uuid subject_id;
	struct uuid request_id;
	struct str actor_kind;
	struct str action;
	struct str outcome;
	struct str resource_type; /* these may be absent */
	struct str resource_id;
	struct str details; /* canonical (codec/json_canonical.h) */
	struct str personal;
	struct str ip_address;
	struct str user_agent;
	struct str key_id;
	int64_t created_at;
};

/* KEY: the 32 bytes of the key that fields->key_id names. ARENA is used and rewound; it
 * is full: err_no_memory. */
struct err *audit_commitment(struct arena *arena, struct str key,
	const struct audit_fields *fields, struct audit_hash *ret) MUST_USE;

struct err *
audit_mac(struct arena *arena, struct str key, const struct audit_fields *fields,
	struct str commitment, struct audit_hash *ret) MUST_USE;

/* A place in the chain. */
struct audit_link {
	int64_t seq;
	struct audit_hash hash; /* of the link before, going in; its own, coming out */
};

/* What stands before the first link. */
#define AUDIT_LINK_NONE ((struct audit_link){ .seq = 0 })

/* The link that an entry with MAC becomes behind PREVIOUS. */
struct audit_link audit_link_next(
	struct str key, const struct audit_link *previous, const struct audit_hash *mac);

/* What signs a cut: everything before and at seq may be gone. */
struct audit_hash audit_cut_mac(struct str key, struct str key_id,
	const struct audit_link *last, int64_t entries_until, int64_t created_at);

/* What signs a line of the anchor: at AT the chain ended with LINK. */
struct audit_hash audit_anchor_mac(
	struct str key, struct str key_id, const struct audit_link *link, int64_t at);

/* What signs that the database remembers LINK of the anchor FILE. */
struct audit_hash audit_anchored_mac(struct str key, struct str key_id,
	const struct audit_hash *file, const struct audit_link *link, int64_t at);

#endif
