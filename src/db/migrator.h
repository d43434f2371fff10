/* The engine of migrations from inside. Only migrate*.c include this. */
#ifndef DB_MIGRATOR_H
#define DB_MIGRATOR_H

#include "db/migrate.h"
#include "db/session.h"

/* One command at work on one database. */
struct migrator {
	struct ctx *ctx;
	const struct migrate_options *options;
	const struct migration *migrations;
	size_t count;
	enum dialect dialect;
	/* PostgreSQL: WORK is gridiron_owner throughout, as whoever signed in has its
	 * rights no other way (NOINHERIT). */
	bool is_owner;
	struct session *work;
	struct session *lock; /* PostgreSQL: holds the advisory lock and does nothing
				 else, so it has no snapshot that CREATE INDEX
				 CONCURRENTLY would wait for */
};

/* IS_EXCLUSIVE: to change the database; waits until no other migrator does. */
struct err *migrator_open(struct ctx *ctx, const struct migrate_options *options,
	bool is_exclusive, struct migrator *ret) MUST_USE;
void migrator_close(struct migrator *migrator);

/* Run a formatted statement. */
struct err *
migrator_run(struct migrator *migrator, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_USE;
/* As it stands now: the status of every migration (migrate_state.c). */
struct err *migrator_load(struct migrator *migrator, struct migrate_status *ret) MUST_USE;
/* The row of NUMBER, or NULL. */
const struct migrate_status_row *
status_find(const struct migrate_status *status, int32_t number);
/* The newest that stands, complete or not; 0: none. */
int32_t status_newest(const struct migrate_status *status);
/* CONFLICT where something stands in the way of up, down or redo. */
struct err *status_check(
	const struct migrator *migrator, const struct migrate_status *status) MUST_USE;
const struct migration *migrator_find(const struct migrator *migrator, int32_t number);
const struct migration_script *migrator_script(
	const struct migrator *migrator, const struct migration *migration, bool is_down);

/* --- The record (migrate_state.c) --------------------------------------------------- */

struct err *record_create_tables(struct migrator *migrator) MUST_USE;
/* A statement of a migration outside a transaction. */
struct err *record_started(struct migrator *migrator, const struct migration *migration,
	bool is_down, size_t statement) MUST_USE;
struct err *record_finished(struct migrator *migrator, const struct migration *migration,
	bool is_down, size_t statement) MUST_USE;
/* The migration stands (or, IS_DOWN, no longer does); all its statements are on record.
 * Inside a transaction. */
struct err *record_ends(struct migrator *migrator, const struct migration *migration,
	bool is_down) MUST_USE;

/* --- Carrying out (migrate_apply.c) ------------------------------------------------- */

/* Carry out MIGRATION up or down, from behind statement DONE on (0
 * unless it is resumed). */
struct err *migrator_apply(struct migrator *migrator, const struct migration *migration,
	bool is_down, size_t done) MUST_USE;
/* PostgreSQL: rebuild invalid indexes and drop what a failed rebuild left. */
struct err *repair_indexes(struct migrator *migrator, size_t *ret_count) MUST_USE;

/* --- Snapshots (migrate_snapshot.c) ------------------------------------------------- */

/* The schema of a session (PostgreSQL: of its current_schema()) as sorted lines. */
struct err *schema_snapshot(
	struct ctx *ctx, struct session *session, struct migrate_report *ret) MUST_USE;

#endif
