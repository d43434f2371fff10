/*
 * What this process knows to be committed and has not yet seen in the chain.
 *
 * A row that waits can be taken away by whoever owns the database, and nothing in the
 * database would show it. So every entry is remembered here when its transaction has been
 * committed, in memory and as a line of a file in the data folder, until it stands in the
 * chain and the anchor (audit/anchor.h) vouches for it. The file outlives the death of
 * the process, not that of the machine: it is not synced a line at a time.
 *
 *     0190c1d2-… 3f2a…(mac)
 *
 * One file a process, audit.witness.<its id>, locked while it lives. Safe for all threads.
 */
#ifndef AUDIT_WITNESS_H
#define AUDIT_WITNESS_H

#include "audit/chain.h"
#include "base/ctx.h"
#include "base/err.h"

struct tx;
struct witness;

struct witness_line {
	struct uuid id;
	struct audit_hash mac;
};

enum {
	/* Beyond these, entries are watched over in the file alone. */
	WITNESS_ENTRIES_MAX = 8192,
};

/* FOLDER may be absent: memory alone. */
struct err *
witness_open(struct ctx *ctx, struct str folder, struct witness **ret) MUST_USE;
/* The file goes where everything in it was seen, else it stays for the next to look at. */
void witness_close(struct witness *witness);

/* For audit_log: entry ID with MAC is written in TX; remember it when that is committed. */
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
/* It was told to somebody: do not come back to it. */
void witness_forget(struct witness *witness, struct uuid id);

size_t witness_count(struct witness *witness);

/* What another process that died had committed is watched over from now on. */
void witness_adopt(struct witness *witness, const struct witness_line *line);

/* The anchor vouches for all that was seen: the file keeps what is still waited for. Written
 * beside and renamed, in the offload pool: at every moment there is one that has it all. */
void witness_anchored(struct ctx *ctx, struct witness *witness);

/* --- The files of others, or of all */

struct witness_file {
	const char *path;
	bool is_alive; /* its process runs */
	struct witness_line *lines;
	size_t count;
	size_t damaged; /* lines that are none */
};

struct witness_files {
	struct witness_file *items;
	size_t count;
};

/* Those in FOLDER but WITNESS's own (which may be NULL: then nothing is tidied up either).
 * Waits for the disk. */
struct err *witness_files_read(struct arena *arena, struct str folder,
	const struct witness *witness, struct witness_files *ret) MUST_USE;

/* Its process died, and all of it was looked at. */
void witness_file_remove(const struct witness_file *file);

#endif
