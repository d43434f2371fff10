/* The commands of migration: what to carry out, in which order, under which lock. */
#include "db/migrate.h"

#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "db/migrator.h"
#include "sys/clock.h"

enum {
	STATEMENT_BYTES_MAX = 4096,
	DEFAULT_LOCK_WAIT_MS = 60000,
	POLL_MS = 20,
	ALL = 0,
};

/* One lock a database, whatever the schema: "grid" "migr" in ASCII. */
#define ADVISORY_KEY "7454143173563967858"

struct err *
migrator_run(struct migrator *migrator, const char *fmt, ...)
{
	struct buf sql;
	va_list args;

	buf_init(&sql, migrator->ctx->arena, STATEMENT_BYTES_MAX);
	va_start(args, fmt);
	buf_vfmt(&sql, fmt, args);
	va_end(args);
	if (buf_is_cut(&sql))
		return err_no_memory();
	return session_run(migrator->ctx, migrator->work, buf_str(&sql));
}

/* --- Opening and the lock ----------------------------------------------------------- */

static void
poll_sleep(void)
{
	struct timespec time = { .tv_nsec = POLL_MS * 1000000 };

	nanosleep(&time, NULL);
}

static int64_t
lock_deadline(const struct migrate_options *options)
{
	return clock_deadline_ms(
		options->lock_wait_ms ? options->lock_wait_ms : DEFAULT_LOCK_WAIT_MS);
}

static bool
is_sqlite(struct str url)
{
	return str_starts_with(url, STR("sqlite:"));
}

/* Where there is no file yet there is nothing to read, and reading must not make one. */
static struct str
readable_url(struct ctx *ctx, struct str url)
{
	const char *path = str_cstr(
		ctx->arena, str_slice(url, strlen("sqlite:"), url.len));

	if (is_sqlite(url) && path && access(path, F_OK) != 0)
		return STR("sqlite::memory:");
	return url;
}

static bool
wait_on(const struct migrate_options *options, const struct err *busy)
{
	return !options->wait || options->wait(options->wait_arg, busy);
}

/* The session that works. SQLite's is the lock as well: wait for the file. */
static struct err *
open_work(struct migrator *migrator, bool is_exclusive)
{
	struct ctx *ctx = migrator->ctx;
	const struct migrate_options *options = migrator->options;
	int64_t deadline = lock_deadline(options);
	struct str url = is_exclusive ? options->url : readable_url(ctx, options->url);

	for (;;) {
		struct err *err = session_open(ctx, url, &migrator->work);

		if (!err || err->code != ERR_CONFLICT || !is_sqlite(url) ||
			clock_monotonic_ns() > deadline || !wait_on(options, err))
			return err;
		poll_sleep();
	}
}

static struct err *
lock_err(struct migrator *migrator)
{
	struct str holder;

	TRY(session_value(migrator->ctx, migrator->lock,
		STR("SELECT string_agg(format('process %s (%s)', a.pid, "
		    "coalesce(nullif(a.application_name, ''), a.usename)), ', ') FROM "
		    "pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = "
		    "'advisory' AND l.granted AND (l.classid::bigint << 32) + "
		    "l.objid::bigint = " ADVISORY_KEY
		    " AND l.database = (SELECT oid FROM pg_database WHERE datname = "
		    "current_database())"),
		&holder));
	return err_new(migrator->ctx, ERR_BUSY,
		"another migration of this database is under way: " STR_FMT,
		STR_ARG(holder));
}

/*
 * Ask again and again instead of waiting in the server: a waiting session would hold a
 * snapshot, for which CREATE INDEX CONCURRENTLY of the lock's holder would wait in turn.
 */
static struct err *
take_lock(struct migrator *migrator)
{
	struct ctx *ctx = migrator->ctx;
	int64_t deadline = lock_deadline(migrator->options);
	bool is_first = true;

	TRY(session_open(ctx, migrator->options->url, &migrator->lock));
	for (;;) {
		struct str is_mine;

		TRY(session_value(ctx, migrator->lock,
			STR("SELECT pg_try_advisory_lock(" ADVISORY_KEY ")"), &is_mine));
		if (str_eq(is_mine, STR("t")))
			return NULL;
		if (clock_monotonic_ns() > deadline ||
			(is_first && !wait_on(migrator->options, lock_err(migrator))))
			return lock_err(migrator);
		is_first = false;
		poll_sleep();
	}
}

/* A member of gridiron_owner who does not inherit its rights may not even read which
 * migrations stand before he becomes it. */
static struct err *
owner_throughout(struct migrator *migrator)
{
	struct str must;

	TRY(session_value(migrator->ctx, migrator->work,
		STR("SELECT pg_has_role(session_user, oid, 'MEMBER') AND NOT "
		    "pg_has_role(session_user, oid, 'USAGE') FROM pg_roles WHERE rolname "
		    "= 'gridiron_owner'"),
		&must));
	migrator->is_owner = str_eq(must, STR("t"));
	return migrator->is_owner ? migrator_run(migrator, "SET ROLE gridiron_owner")
				  : NULL;
}

struct err *
migrator_open(struct ctx *ctx, const struct migrate_options *options, bool is_exclusive,
	struct migrator *ret)
{
	struct migrator migrator = { .ctx = ctx,
		.options = options,
		.migrations = options->migrations ? options->migrations : migrations,
		.count = options->migrations ? options->migrations_count
					     : migrations_count };
	struct err *err = open_work(&migrator, is_exclusive);

	if (err)
		return err;
	migrator.dialect = session_dialect(migrator.work);
	if (migrator.dialect == DIALECT_POSTGRES)
		err = owner_throughout(&migrator);
	if (!err && is_exclusive && migrator.dialect == DIALECT_POSTGRES)
		err = take_lock(&migrator);
	if (!err && is_exclusive)
		err = record_create_tables(&migrator);
	if (err) {
		migrator_close(&migrator);
		return err;
	}
	*ret = migrator;
	return NULL;
}

void
migrator_close(struct migrator *migrator)
{
	session_close(migrator->work);
	session_close(migrator->lock);
}

/* --- Commands ----------------------------------------------------------------------- */

typedef struct err *(*command_fn)(struct migrator *migrator, void *arg);

static struct err *
with_migrator(struct ctx *ctx, const struct migrate_options *options, bool is_exclusive,
	command_fn command, void *arg)
{
	struct migrator migrator;
	struct err *err;

	err = migrator_open(
		ctx, options, is_exclusive && !options->is_dry_run, &migrator);
	if (!err) {
		/* With the star, which says nothing new, or cppcheck takes it for an
		 * initialiser. */
		err = (*command)(&migrator, arg);
		migrator_close(&migrator);
	}
	if (err && err->code == ERR_DENIED && is_exclusive && !is_sqlite(options->url))
		return err_note(err,
			"migrations are run as gridiron_migrator or a member of it, or, "
			"the first time, as the owner of the database: "
			"docs/migrations.md");
	return err;
}

static struct err *
load_status(struct migrator *migrator, void *arg)
{
	return migrator_load(migrator, arg);
}

struct err *
migrate_status(struct ctx *ctx, const struct migrate_options *options,
	struct migrate_status *ret)
{
	return with_migrator(ctx, options, false, load_status, ret);
}

struct err *
migrate_newest(struct ctx *ctx, const struct migrate_options *options, int32_t *ret)
{
	struct migrate_status status;

	TRY(migrate_status(ctx, options, &status));
	*ret = status_newest(&status);
	return NULL;
}

struct target {
	int32_t to;
	size_t count;
};

/* The state before a change, with nothing in its way. */
static struct err *
load_checked(struct migrator *migrator, struct migrate_status *ret)
{
	TRY(migrator_load(migrator, ret));
	return status_check(migrator, ret);
}

static struct err *
check_target(const struct migrator *migrator, int32_t to)
{
	if (to != ALL && !migrator_find(migrator, to))
		return err_new(migrator->ctx, ERR_INVALID,
			"there is no migration %d; the newest is %zu", to,
			migrator->count);
	return NULL;
}

static struct err *
go_up(struct migrator *migrator, void *arg)
{
	struct target *target = arg;
	struct migrate_status status;

	TRY(check_target(migrator, target->to));
	TRY(load_checked(migrator, &status));
	for (size_t i = 0; i < migrator->count; i++) {
		const struct migration *migration = &migrator->migrations[i];

		if (target->to != ALL && migration->number > target->to)
			break;
		if (status_find(&status, migration->number)->applied_at)
			continue;
		TRY(migrator_apply(migrator, migration, false, 0));
		target->count++;
	}
	return NULL;
}

static struct err *
go_down(struct migrator *migrator, void *arg)
{
	struct target *target = arg;
	struct migrate_status status;

	TRY(check_target(migrator, target->to));
	TRY(load_checked(migrator, &status));
	for (size_t i = migrator->count; i > 0; i--) {
		const struct migration *migration = &migrator->migrations[i - 1];

		if (migration->number <= target->to)
			break;
		if (!status_find(&status, migration->number)->applied_at)
			continue;
		TRY(migrator_apply(migrator, migration, true, 0));
		target->count++;
	}
	return NULL;
}

struct err *
migrate_up(struct ctx *ctx, const struct migrate_options *options, int32_t to,
	size_t *ret_count)
{
	struct target target = { .to = to };

	TRY(with_migrator(ctx, options, true, go_up, &target));
	if (ret_count)
		*ret_count = target.count;
	return NULL;
}

struct err *
migrate_down(struct ctx *ctx, const struct migrate_options *options, int32_t to,
	size_t *ret_count)
{
	struct target target = { .to = to };

	TRY(with_migrator(ctx, options, true, go_down, &target));
	if (ret_count)
		*ret_count = target.count;
	return NULL;
}

static struct err *
go_again(struct migrator *migrator, void *arg)
{
	struct migrate_status status;
	const struct migration *newest;

	(void)arg;
	TRY(load_checked(migrator, &status));
	newest = migrator_find(migrator, status_newest(&status));
	if (!newest)
		return err_new(migrator->ctx, ERR_INVALID,
			"no migration stands, so there is none to redo");
	TRY(migrator_apply(migrator, newest, true, 0));
	return migrator_apply(migrator, newest, false, 0);
}

struct err *
migrate_redo(struct ctx *ctx, const struct migrate_options *options)
{
	return with_migrator(ctx, options, true, go_again, NULL);
}

static struct err *
go_on(struct migrator *migrator, void *arg)
{
	size_t *count = arg, repaired = 0;
	struct migrate_status status;

	TRY(migrator_load(migrator, &status));
	for (size_t i = 0; i < status.count; i++) {
		const struct migrate_status_row *row = &status.items[i];
		bool is_down = row->state == MIGRATE_INCOMPLETE_DOWN;

		if (row->state != MIGRATE_INCOMPLETE_UP && !is_down)
			continue;
		TRY(migrator_apply(migrator, migrator_find(migrator, row->number),
			is_down, row->statements_done));
		*count += row->statement_count - row->statements_done;
	}
	if (migrator->options->is_dry_run)
		return NULL;
	TRY(load_checked(migrator, &status));
	TRY(repair_indexes(migrator, &repaired));
	*count += repaired;
	return NULL;
}

struct err *
migrate_resume(struct ctx *ctx, const struct migrate_options *options, size_t *ret_count)
{
	size_t count = 0;

	TRY(with_migrator(ctx, options, true, go_on, &count));
	if (ret_count)
		*ret_count = count;
	return NULL;
}
