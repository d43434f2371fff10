/*
 * Migrations: bringing a database to the schema of this program, and back.
 *
 * What was done is on record in the database itself: schema_migrations has a row for each
 * migration that stands, with the checksum of its file, and migration_journal one for
 * each of its statements. A migration runs in one transaction unless its file says why
 * not; one that is interrupted outside a transaction is finished by migrate_resume, which
 * goes on behind the last statement on record. docs/migrations.md is for operators.
 *
 * These functions open sessions of their own and block the thread: for commands, and for
 * start-up before db_open. One process at a time changes a database; others wait for
 * lock_wait_ms and then get BUSY.
 */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include "base/ctx.h"
#include "base/err.h"
#include "base/vec.h"
#include "db/migration_data.h"

enum migrate_stage {
	MIGRATE_BEGINS,         /* a migration */
	MIGRATE_STATEMENT,      /* is about to run */
	MIGRATE_STATEMENT_DONE, /* has run, perhaps not yet committed */
	MIGRATE_RETRIES,        /* a lock was not granted in time: it starts again */
	MIGRATE_ENDS,           /* committed */
};

/* What is happening, for progress and the dry run. */
struct migrate_step {
	enum migrate_stage stage;
	const struct migration *migration;
	bool is_down;
	size_t statement; /* from 1 */
	size_t statement_count;
	struct str sql;
};

typedef void (*migrate_step_fn)(void *arg, const struct migrate_step *step);

struct migrate_options {
	struct str url;
	int64_t lock_wait_ms;    /* for other migrations to end; 0: 60 s */
	int64_t lock_timeout_ms; /* for one lock of one statement; 0: 5 s */
	int32_t retries;         /* after lock_timeout_ms; 0: 10, -1: none */
	bool is_dry_run;         /* tell the steps, change nothing */
	migrate_step_fn step;    /* may be NULL */
	void *step_arg;
	/* Another has the lock, as BUSY says: called each time it was tried again. False:
	 * wait no longer. May be NULL. */
	bool (*wait)(void *arg, const struct err *busy);
	void *wait_arg;
	/* Those to use; NULL: those of the program. For tests. */
	const struct migration *migrations;
	size_t migrations_count;
};

enum migrate_state {
	MIGRATE_PENDING,
	MIGRATE_APPLIED,
	MIGRATE_INCOMPLETE_UP, /* interrupted outside a transaction: see resume */
	MIGRATE_INCOMPLETE_DOWN,
	MIGRATE_CHANGED, /* applied, but the file is not what it was then */
	MIGRATE_UNKNOWN, /* applied by a newer program */
};

const char *migrate_state_name(enum migrate_state state);

struct migrate_status_row {
	int32_t number;
	struct str name;
	enum migrate_state state;
	int64_t applied_at;     /* microseconds UTC; 0 where it is not */
	size_t statements_done; /* of an incomplete one */
	size_t statement_count;
};

struct migrate_status {
	VEC_OF(struct migrate_status_row)
};

/* What stands and what is to come, in order of numbers. Changes nothing. */
struct err *migrate_status(struct ctx *ctx, const struct migrate_options *options,
	struct migrate_status *ret) MUST_USE;

/*
 * Apply what is pending, up to number TO (0: all). ret_count (may be NULL): how many.
 * CONFLICT: a migration that stands was changed since, or is unknown, or one is
 * incomplete; the message says which and what to do.
 */
struct err *migrate_up(struct ctx *ctx, const struct migrate_options *options, int32_t to,
	size_t *ret_count) MUST_USE;
/* Undo the newest first, until TO is the newest that stands (0: none stands). */
struct err *migrate_down(struct ctx *ctx, const struct migrate_options *options,
	int32_t to, size_t *ret_count) MUST_USE;
/* Undo the newest and apply it again. */
struct err *migrate_redo(struct ctx *ctx, const struct migrate_options *options) MUST_USE;
/* Finish what was interrupted, and rebuild indexes that CREATE INDEX CONCURRENTLY left
 * invalid. ret_count: statements run and indexes rebuilt. */
struct err *migrate_resume(struct ctx *ctx, const struct migrate_options *options,
	size_t *ret_count) MUST_USE;

/* The number of the newest migration that stands, 0 where none does. */
struct err *migrate_newest(
	struct ctx *ctx, const struct migrate_options *options, int32_t *ret) MUST_USE;

struct migrate_report {
	VEC_OF(struct str)
};

/* How the live schema differs from what its migrations make (in a scratch schema that is
 * rolled back), one line each: "missing: …", "unexpected: …", "invalid: …". */
struct err *migrate_verify(struct ctx *ctx, const struct migrate_options *options,
	struct migrate_report *ret) MUST_USE;

/* What is risky about the pending migrations on this database (all migrations where URL
 * is absent), one line each. */
struct err *migrate_lint(struct ctx *ctx, const struct migrate_options *options,
	struct migrate_report *ret) MUST_USE;

/* Write an empty migration NAME (words of a-z, 0-9, _) to FOLDER; ret: its path. */
struct err *migrate_new(
	struct ctx *ctx, struct str folder, struct str name, struct str *ret) MUST_USE;

#endif
