/*
 * What this process knows to be committed and has not yet seen in the chain.
 *
 * A row that waits can be taken away by whoever owns the database, and nothing in the
 * database would show it. So every entry is remembered here when its transaction has been
 * committed, in memory and as a line of a file in the data folder (audit/witness_file.h),
 * until it stands in the chain and the anchor (audit/anchor.h) vouches for it. The file
 * outlives the death of the process, not that of the machine: it is not synced a line at
 * a time. What finds no room in memory is read back from it. Safe for all threads.
 */
#ifndef AUDIT_WITNESS_H
#define AUDIT_WITNESS_H

#include "audit/witness_file.h"

struct tx;
struct witness;

enum {
	WITNESS_ENTRIES_MAX = 8192, /* in memory, of those that the file has */
};

/* FOLDER may be absent: memory alone. */
struct err *
witness_open(struct ctx *ctx, struct str folder, struct witness **ret) MUST_USE;
/* The file goes where all of it was seen and IS_ANCHORED: the anchor vouches for that.
 * Else it stays for the next process to look at. */
void witness_close(struct witness *witness, bool is_anchored);

/* For audit_log: entry ID with MAC is written in TX; remember it when that is
 * committed. */
struct err *
witness_expect(struct tx *tx, struct uuid id, const struct audit_hash *mac) MUST_USE;

/* Entry ID was found in the chain, with MAC. False: it is not the one that was written.
 * True also where it is another process's. */
bool witness_seen(struct witness *witness, struct uuid id, const struct audit_hash *mac);

struct witness_entry {
	struct uuid id;
	struct audit_hash mac;
	int64_t committed_ns; /* monotonic */
};

/* The entries committed before MONOTONIC_NS and not seen, at most MAX; how many. */
size_t witness_overdue(struct witness *witness, int64_t monotonic_ns,
	struct witness_entry *ret, size_t max);
/* It was told to somebody, or found in its place: do not come back to it. */
void witness_forget(struct witness *witness, struct uuid id);
/* It waits still: come back to it behind the others. */
void witness_put_off(struct witness *witness, struct uuid id);

/* In memory. */
size_t witness_count(struct witness *witness);
/* For so many entries; less in tests. */
void witness_set_room(struct witness *witness, size_t max);

/* What another process that died had committed is watched over from now on. */
void witness_adopt(struct witness *witness, const struct witness_line *line);

/* --- Those that found no room, for one fiber at a time */

/* Where the file has them; false: there are none. */
bool witness_overflow(struct witness *witness, struct witness_file *ret);
/* They were looked at up to FILE's begin. */
void witness_overflow_pass(struct witness *witness, const struct witness_file *file);
/* LINE is one of them and waits: from now on it is in memory. False: there is no room. */
bool witness_recover(struct witness *witness, const struct witness_line *line);

/* The anchor vouches for all that was seen: the file keeps what is still waited for.
 * Written beside and renamed, in the offload pool: at every moment there is one that has
 * it all. */
void witness_anchored(struct ctx *ctx, struct witness *witness);

#endif
