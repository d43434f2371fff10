/* Carrying out one migration. */
#include <time.h>

#include "db/migrator.h"
#include "sys/clock.h"

enum {
	/* The migration that makes the roles, and so runs as whoever signed in. */
	MIGRATION_ROLES = 1,
	DEFAULT_LOCK_TIMEOUT_MS = 5000,
	DEFAULT_RETRIES = 10,
	RETRY_FIRST_MS = 200,
	RETRY_MAX_MS = 5000,
};

static void
tell(const struct migrator *migrator, const struct migrate_step *step)
{
	if (migrator->options->step)
		migrator->options->step(migrator->options->step_arg, step);
}

static void
sleep_ms(int64_t ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	/* A signal may cut it short; then we look a little sooner. */
	nanosleep(&time, NULL);
}

/*
 * Become the owner of the schema, so that whoever migrates makes tables that belong to
 * nobody who can sign in.
 */
static struct err *
become_owner(struct migrator *migrator, const struct migration *migration)
{
	struct str may;

	if (migrator->dialect != DIALECT_POSTGRES)
		return NULL;
	if (migration->number == MIGRATION_ROLES)
		return migrator_run(migrator, "RESET ROLE");
	TRY(session_value(migrator->ctx, migrator->work,
		STR("SELECT pg_has_role(session_user, oid, 'MEMBER') AND "
		    "has_schema_privilege(oid, current_schema(), 'CREATE') FROM pg_roles "
		    "WHERE rolname = 'gridiron_owner'"),
		&may));
	if (!str_eq(may, STR("t")))
		return NULL;
	return migrator_run(migrator, "SET ROLE gridiron_owner");
}

/* Be again who one was when the session was opened. */
static struct err *
come_back(struct migrator *migrator)
{
	if (migrator->dialect != DIALECT_POSTGRES)
		return NULL;
	return migrator_run(
		migrator, migrator->is_owner ? "SET ROLE gridiron_owner" : "RESET ROLE");
}

static struct err *
prepare(struct migrator *migrator)
{
	const struct migrate_options *options = migrator->options;

	if (migrator->dialect != DIALECT_POSTGRES)
		return NULL;
	return migrator_run(migrator, "SET lock_timeout = %lld",
		(long long)(options->lock_timeout_ms ? options->lock_timeout_ms
						     : DEFAULT_LOCK_TIMEOUT_MS));
}

static struct err *
statement_err(struct err *err, const struct migrate_step *step)
{
	return err_note(err, "statement %zu of %zu of " STR_FMT " (%s): " STR_FMT,
		step->statement, step->statement_count, STR_ARG(step->migration->file),
		step->is_down ? "down" : "up", STR_ARG(str_slice(step->sql, 0, 200)));
}

/* --- In one transaction ------------------------------------------------------------- */

static struct err *
run_in_transaction(struct migrator *migrator, struct migrate_step *step)
{
	const struct migration_script *script = migrator_script(
		migrator, step->migration, step->is_down);
	struct ctx *ctx = migrator->ctx;

	TRY(become_owner(migrator, step->migration));
	for (size_t i = 0; i < script->count; i++) {
		struct err *err;

		step->statement = i + 1;
		step->sql = script->statements[i];
		step->stage = MIGRATE_STATEMENT;
		tell(migrator, step);
		err = session_run(ctx, migrator->work, step->sql);
		if (err)
			return statement_err(err, step);
		step->stage = MIGRATE_STATEMENT_DONE;
		tell(migrator, step);
	}
	TRY(come_back(migrator));
	for (size_t i = 1; i <= script->count && !step->is_down; i++) {
		TRY(record_started(migrator, step->migration, false, i));
		TRY(record_finished(migrator, step->migration, false, i));
	}
	return record_ends(migrator, step->migration, step->is_down);
}

static struct err *
apply_once(struct migrator *migrator, struct migrate_step *step)
{
	struct err *err;

	TRY(migrator_run(migrator, "%s",
		migrator->dialect == DIALECT_SQLITE ? "BEGIN IMMEDIATE" : "BEGIN"));
	err = run_in_transaction(migrator, step);
	if (!err)
		return migrator_run(migrator, "COMMIT");
	/* The first error is the one to report; a connection that is gone rolls back by
	 * itself. */
	(void)!migrator_run(migrator, "ROLLBACK");
	return err;
}

/* --- Statement by statement --------------------------------------------------------- */

/* The name of the index that SQL makes CONCURRENTLY, or absent. */
static struct str
concurrent_index(struct str sql)
{
	static const char *const skipped[] = { "create", "unique", "index",
		"concurrently", "if", "not", "exists" };
	struct str rest = sql, word;
	bool is_concurrent = false;

	while (str_next(&rest, ' ', &word)) {
		size_t i = 0;

		word = str_trim(word);
		is_concurrent |= str_eq_nocase(word, STR("concurrently"));
		while (i < COUNT_OF(skipped) &&
			!str_eq_nocase(word, str_from(skipped[i])))
			i++;
		if (word.len && i == COUNT_OF(skipped))
			return is_concurrent ? word : STR_NONE;
	}
	return STR_NONE;
}

/*
 * A statement that was begun and is not known to have ended. An index made CONCURRENTLY
 * is there and valid, or there and of no use, or not there; whatever else stands outside
 * a transaction can be run twice (lint sees to that).
 */
static struct err *
look_at_begun(struct migrator *migrator, struct str sql, bool *ret_is_done)
{
	struct str index = concurrent_index(sql);
	struct str name = session_quote(migrator->ctx->arena, index);
	struct str is_valid;

	*ret_is_done = false;
	if (migrator->dialect != DIALECT_POSTGRES || str_is_none(index))
		return NULL;
	TRY(session_value(migrator->ctx, migrator->work,
		str_fmt(migrator->ctx->arena,
			"SELECT indisvalid FROM pg_index WHERE indexrelid = "
			"to_regclass(" STR_FMT ")",
			STR_ARG(name)),
		&is_valid));
	if (str_eq(is_valid, STR("f")))
		return migrator_run(
			migrator, "DROP INDEX CONCURRENTLY " STR_FMT, STR_ARG(index));
	*ret_is_done = str_eq(is_valid, STR("t"));
	return NULL;
}

static struct err *
run_alone(struct migrator *migrator, struct migrate_step *step)
{
	bool is_done;
	struct err *err;

	step->stage = MIGRATE_STATEMENT;
	tell(migrator, step);
	TRY(record_started(migrator, step->migration, step->is_down, step->statement));
	TRY(look_at_begun(migrator, step->sql, &is_done));
	if (!is_done) {
		TRY(become_owner(migrator, step->migration));
		err = session_run(migrator->ctx, migrator->work, step->sql);
		if (!err)
			err = come_back(migrator);
		else
			(void)!come_back(migrator);
		if (err)
			return statement_err(err, step);
	}
	TRY(record_finished(migrator, step->migration, step->is_down, step->statement));
	step->stage = MIGRATE_STATEMENT_DONE;
	tell(migrator, step);
	return NULL;
}

static struct err *
apply_alone(struct migrator *migrator, struct migrate_step *step, size_t *done)
{
	const struct migration_script *script = migrator_script(
		migrator, step->migration, step->is_down);
	struct err *err;

	for (; *done < script->count; (*done)++) {
		step->statement = *done + 1;
		step->sql = script->statements[*done];
		TRY(run_alone(migrator, step));
	}
	TRY(migrator_run(migrator, "BEGIN"));
	err = record_ends(migrator, step->migration, step->is_down);
	if (!err)
		return migrator_run(migrator, "COMMIT");
	(void)!migrator_run(migrator, "ROLLBACK");
	return err;
}

/* --- Either ------------------------------------------------------------------------- */

static void
tell_all(const struct migrator *migrator, struct migrate_step step, size_t done)
{
	const struct migration_script *script = migrator_script(
		migrator, step.migration, step.is_down);

	step.stage = MIGRATE_STATEMENT;
	for (size_t i = done; i < script->count; i++) {
		step.statement = i + 1;
		step.sql = script->statements[i];
		tell(migrator, &step);
	}
}

struct err *
migrator_apply(struct migrator *migrator, const struct migration *migration, bool is_down,
	size_t done)
{
	const struct migrate_options *options = migrator->options;
	int32_t tries = options->retries ? options->retries : DEFAULT_RETRIES;
	int64_t wait_ms = RETRY_FIRST_MS;
	struct migrate_step step = { .stage = MIGRATE_BEGINS,
		.migration = migration,
		.is_down = is_down,
		.statement_count = migrator_script(migrator, migration, is_down)->count };

	tell(migrator, &step);
	if (options->is_dry_run) {
		tell_all(migrator, step, done);
		return NULL;
	}
	TRY(prepare(migrator));
	for (;;) {
		struct err *err = migration->is_transactional
			? apply_once(migrator, &step)
			: apply_alone(migrator, &step, &done);

		if (!err)
			break;
		if (err->code != ERR_BUSY || tries-- <= 0)
			return err;
		step.stage = MIGRATE_RETRIES;
		tell(migrator, &step);
		sleep_ms(wait_ms);
		wait_ms = wait_ms * 2 < RETRY_MAX_MS ? wait_ms * 2 : RETRY_MAX_MS;
	}
	step.stage = MIGRATE_ENDS;
	tell(migrator, &step);
	return NULL;
}

/* --- Indexes that CONCURRENTLY left invalid ----------------------------------------- */

struct index_list {
	struct arena *arena;
	struct migrate_report names;
};

static struct err *
keep_name(void *arg, const struct str *columns, size_t count)
{
	struct index_list *list = arg;

	if (count != 1 ||
		!VEC_PUSH(list->arena, &list->names, str_dup(list->arena, columns[0])))
		return err_no_memory();
	return NULL;
}

/* What REINDEX CONCURRENTLY was building when it failed; the old one still serves. */
static bool
is_left_over(struct str name)
{
	return str_find(name, STR("_ccnew")) >= 0 || str_find(name, STR("_ccold")) >= 0;
}

struct err *
repair_indexes(struct migrator *migrator, size_t *ret_count)
{
	struct index_list list = { .arena = migrator->ctx->arena };

	*ret_count = 0;
	if (migrator->dialect != DIALECT_POSTGRES)
		return NULL;
	TRY(prepare(migrator));
	TRY(session_query(migrator->ctx, migrator->work,
		STR("SELECT quote_ident(c.relname) FROM pg_index i JOIN pg_class c ON "
		    "c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
		    "WHERE NOT i.indisvalid AND n.nspname = current_schema() ORDER BY 1"),
		keep_name, &list));
	for (size_t i = 0; i < list.names.count; i++) {
		struct str name = list.names.items[i];

		TRY_CTX(migrator_run(migrator,
				is_left_over(name)
					? "DROP INDEX CONCURRENTLY " STR_FMT
					: "REINDEX INDEX CONCURRENTLY " STR_FMT,
				STR_ARG(name)),
			"repair index " STR_FMT, STR_ARG(name));
		++*ret_count;
	}
	return NULL;
}
