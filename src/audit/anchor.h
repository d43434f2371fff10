/*
 * The anchor: what the end of the chain was, kept outside the database, so that an end
 * that was cut off is noticed. A file to which lines are added, and synced:
 *
 *     2026-11-23T18:30:06.000000Z 1234 9f3c…(hash) 5f0c…(key id) 77ab…(mac)
 *
 * A machine that dies in the middle of a line leaves it torn. Whoever adds the next one
 * ends it, and signs what there was, so that it stays to be seen and nothing else passes
 * for torn:
 *
 *     2026-11-23T18:3 torn 2026-11-24T06:00:00.000000Z 5f0c…(key id) 1c02…(mac)
 *
 * Whoever may write that file can cut it, too: send it to another machine, or syslog.
 */
#ifndef AUDIT_ANCHOR_H
#define AUDIT_ANCHOR_H

#include "audit/anchor_file.h"
#include "audit/unproven.h"
#include "base/ctx.h"
#include "base/err.h"

struct anchor_options {
	struct str folder;
	bool is_syslog;
};

/* What is on record already of the file that a line is to be added to. */
struct anchor_told {
	struct str torn; /* the last line; absent: none */
	bool is_begun;   /* that no line of ours is there */
};

struct anchor_found {
	bool is_added;
	/* Where it is not, what has to be on record first. */
	struct str torn;
	bool is_begun;
	/* Where it is, by what the file is known: the hash of its first whole line. */
	struct audit_hash file;
};

/*
 * Add LINK, at ctx->now. Waits for the disk in the offload pool. Where the last line is
 * torn, or none of ours is there, nothing is added until that was TOLD: put it on record,
 * and come again. An error leaves the file as it was, or the last line torn. BUSY, naming
 * it, where another process holds the file for seconds.
 */
struct err *anchor_put(struct ctx *ctx, const struct anchor_options *options,
	const struct audit_link *link, const struct anchor_told *told,
	struct anchor_found *ret) MUST_USE;

/* The link on the last line; seq 0 where there is no line, or that is none of ours. Waits
 * for the disk in the offload pool. */
struct err *
anchor_last(struct ctx *ctx, struct str folder, struct audit_link *ret) MUST_USE;

struct anchor {
	struct audit_link link;
	struct str missing_key; /* nobody can tell: the key that the keyring has not */
};

/* What is known of the chain, by number. */
struct anchors {
	struct anchor *items;
	size_t count;
	/* The greatest number of a link, also of one whose line was torn behind it:
	 * nobody signs for that, but the chain has to have it. */
	int64_t last_seq;
	struct audit_unproven unproven; /* lines whose keys are missing */
	size_t torn;                    /* lines that were, which are not among these */
	bool is_last_torn;              /* and nobody has ended that one yet */
	bool is_there;                  /* a file */
	struct audit_hash file; /* as in struct anchor_found, where there are items */
};

/* All of the file, none where there is no file. INVALID, naming the line, where one is
 * damaged or not ours, which a torn last line is not, nor one whose key is missing. Waits
 * for the disk. */
struct err *
anchors_read(struct ctx *ctx, struct str folder, struct anchors *ret) MUST_USE;

/* COUNT others are known from elsewhere, too. */
struct err *anchors_add(struct ctx *ctx, struct anchors *anchors,
	const struct anchor *others, size_t count) MUST_USE;

#endif
