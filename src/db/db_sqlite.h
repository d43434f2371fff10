/*
 * The SQLite driver from inside. Only db_sqlite*.c include this.
 *
 * One writer connection on a thread of its own (db_sqlite_write.c), reader connections
 * for each loop (db_sqlite_read.c). A connection is used by one thread at a time, and by
 * one transaction or query at a time.
 */
#ifndef DB_DB_SQLITE_H
#define DB_DB_SQLITE_H

#include <pthread.h>
#include <sys/types.h>

#include "db/db_sqlite_conn.h"
#include "sys/wait.h"

enum {
	SQLITE_LOOPS_MAX = 80, /* 64 that serve, the main one, commands carried out */
	SQLITE_READERS_PER_LOOP_MAX = 32,
	SQLITE_STATE_BYTES_MAX = 1 << 20,
};

/* --- Readers (db_sqlite_read.c) ----------------------------------------------------- */

/* The reader connections of one loop. */
struct readers {
	_Atomic(struct loop *) loop; /* NULL: unused */
	struct list_link free;       /* newest first: its pages are in memory */
	_Atomic uint32_t open_count; /* the loop's own; others only look */
	struct wait_queue waiting;
};

struct sqlite_state;

struct err *
reader_get(struct sqlite_state *state, struct ctx *ctx, struct conn **ret) MUST_USE;
void reader_put(struct sqlite_state *state, struct conn *conn);
/* Close the free readers of LOOP. */
void readers_close(struct sqlite_state *state, const struct loop *loop);

/* --- The file's place (db_sqlite_place.c) ------------------------------------------- */

struct place {
	const char *path;
	dev_t device;
	ino_t inode;
	_Atomic bool is_left; /* as it was seen last */
};

/* Where the file at PATH, which is open, is. False: not there. */
bool place_find(struct place *ret, const char *path) MUST_USE;
/* Whether it still is. Logs when that changes. From any thread. */
bool place_holds(struct place *place);
/* BUSY: it is not. */
struct err *place_err(struct ctx *ctx) MUST_USE;

/* --- The writer (db_sqlite_write.c) ------------------------------------------------- */

struct writer {
	struct conn *conn;
	struct place place; /* of the file; every thread's */
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows, up to the blank line */
	pthread_cond_t work;
	struct list_link waiting; /* struct write_job, first come first served */
	bool is_asleep;
	bool is_stopping;

	_Atomic bool is_shred_due; /* the WAL is to be emptied */

	/* The writer thread's. */
	int64_t shred_at; /* not before; 0: at once */
	int wal_pages;
	int checkpoint_pages; /* no checkpoint before the WAL is longer than this */
	bool is_wal_dirty;    /* commits since the last checkpoint */
};

struct err *
writer_start(struct writer *writer, struct ctx *ctx, const char *path) MUST_USE;
/* Commit what waits, checkpoint, end the thread, close the connection. */
void writer_stop(struct writer *writer);
/* FN(TX, ARG) in a transaction on the writer's thread. IS_ALONE: in none, by itself. */
struct err *writer_transact(struct writer *writer, struct tx *tx, tx_fn fn, void *arg,
	bool is_alone, bool *ret_may_retry) MUST_USE;
/* Empty the WAL as soon as that can be done. From any thread. */
void writer_shred(struct writer *writer);
/* Whether this is the thread of some writer. */
bool writer_is_here(void);

/* --- The whole ---------------------------------------------------------------------- */

struct sqlite_state {
	struct arena arena; /* this struct lives in it */
	const char *path;
	int lock_fd;
	struct writer writer;
	pthread_mutex_t lock; /* of taking a place in readers[] */
	struct readers readers[SQLITE_LOOPS_MAX];
	_Atomic int64_t readers_busy;
};

/*
 * Keep other processes, and this one, from opening the file at PATH a second time, by
 * whatever name (db_sqlite_lock.c). It is made where it is missing, for its owner's eyes
 * only; ret_path is its own, absolute path, in ARENA.
 */
struct err *lock_take(struct ctx *ctx, const char *path, struct arena *arena,
	const char **ret_path, int *ret_fd) MUST_USE;
void lock_release(int fd);

#endif
