/*
 * The files of witnesses (audit/witness.h): a line an entry that some process knows to be
 * committed. One file a process, audit.witness.<its id>, locked while it lives.
 *
 *     0190c1d2-… 3f2a…(mac)
 *
 * Whoever holds the lock of a file may take it away, and nobody else; so a process that
 * makes one looks whether it is still there once it has the lock.
 */
#ifndef AUDIT_WITNESS_FILE_H
#define AUDIT_WITNESS_FILE_H

#include <sys/types.h>

#include "audit/chain.h"
#include "base/buf.h"
#include "base/ctx.h"
#include "base/err.h"
#include "codec/uuid.h"

#define WITNESS_PREFIX "audit.witness."
/* The next file of the same process, until it is renamed. */
#define WITNESS_ASIDE_PREFIX "audit.witness-new."

enum {
	WITNESS_LINE_LEN = UUID_TEXT_LEN + 1 + 2 * AUDIT_HASH_BYTES + 1,
};

struct witness_line {
	struct uuid id;
	struct audit_hash mac;
};

/* With its line end. */
void witness_line_format(struct buf *out, const struct witness_line *line);

/*
 * Make PATH, for lines to be added to and read, locked. -1, and errno: where that is
 * EAGAIN, another process took it for one that was left by the dead.
 */
int witness_file_make(const char *path);

/* --- Reading, in the memory of a page */

struct witness_file {
	const char *path;
	int fd;
	off_t begin;    /* where the next line to be read begins */
	off_t end;      /* how far is read */
	bool is_inside; /* BEGIN is in the middle of a line that is too long to be one */
};

/* What stands on one line. Behind damage that lacked its end there may be an entry. */
struct witness_found {
	struct witness_line line;
	bool is_line;
	bool is_damaged;
	off_t next; /* what begin and is_inside are behind it */
	bool is_inside;
};

struct witness_page {
	struct witness_found *items;
	size_t count;
};

/* The next lines of FILE, none at its end. Reads in the offload pool. */
struct err *witness_page_read(struct ctx *ctx, const struct witness_file *file,
	struct witness_page *ret) MUST_USE;

/* FOUND, of a page of FILE, is done with. */
void witness_file_pass(struct witness_file *file, const struct witness_found *found);

/* --- The files of a folder */

struct witness_paths {
	const char **items;
	size_t count;
};
struct err *witness_paths_list(
	struct arena *arena, struct str folder, struct witness_paths *ret) MUST_USE;

/* To look at what is there now. NOT_FOUND: its process ended just now. */
struct err *witness_file_open(
	struct arena *arena, const char *path, struct witness_file *ret) MUST_USE;
void witness_file_close(struct witness_file *file);

struct witness_files {
	struct witness_file *items;
	size_t count;
};

/* Those in FOLDER whose processes died, some dozens at most, locked: whoever else asks
 * does not get them. What they left of a next file is taken away. */
struct err *witness_files_take(
	struct arena *arena, struct str folder, struct witness_files *ret) MUST_USE;

/* Closed, they are there for the next. */
void witness_files_close(struct witness_files *files);

/* All of FILE, which was taken, was looked at: take it away. */
void witness_file_remove(struct witness_file *file);

#endif
