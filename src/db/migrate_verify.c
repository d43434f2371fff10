/* The drift report: the live schema beside the one that its migrations make. */
#include "db/migrator.h"

#define SCRATCH "gridiron_verify"

/* CREATE INDEX CONCURRENTLY cannot run in a transaction;
 * the index is the same without. */
static struct str
without_concurrently(struct arena *arena, struct str sql)
{
	struct str word = STR("CONCURRENTLY ");
	ptrdiff_t at = str_find(sql, word);

	if (at < 0)
		return sql;
	return str_fmt(arena, STR_FMT STR_FMT, STR_ARG(str_slice(sql, 0, (size_t)at)),
		STR_ARG(str_slice(sql, (size_t)at + word.len, sql.len)));
}

/* Apply to SESSION what stands according to STATUS. */
static struct err *
replay(struct migrator *migrator, struct session *session,
	const struct migrate_status *status)
{
	struct ctx *ctx = migrator->ctx;

	for (size_t i = 0; i < migrator->count; i++) {
		const struct migration *migration = &migrator->migrations[i];
		const struct migration_script *script = migrator_script(
			migrator, migration, false);

		if (!status_find(status, migration->number)->applied_at)
			continue;
		for (size_t k = 0; k < script->count; k++)
			TRY_CTX(session_run(ctx, session,
					without_concurrently(
						ctx->arena, script->statements[k])),
				"scratch copy of " STR_FMT, STR_ARG(migration->file));
	}
	return NULL;
}

/*
 * PostgreSQL: a schema beside the live one, made in a transaction that is rolled back, so
 * that nothing stays even if the process is killed. The roles of migration 0001 are in
 * place, or it could not stand.
 */
static struct err *
scratch_postgres(struct migrator *migrator, const struct migrate_status *status,
	struct migrate_report *ret)
{
	struct err *err;

	TRY(migrator_run(migrator, "BEGIN"));
	err = migrator_run(
		migrator, "CREATE SCHEMA " SCRATCH "; SET LOCAL search_path = " SCRATCH);
	if (err && err->code == ERR_DENIED)
		err_note(err,
			"the scratch schema needs the right CREATE on the database: "
			"connect as its owner, or have him GRANT CREATE ON DATABASE");
	if (!err)
		err = record_create_tables(migrator);
	if (!err)
		err = replay(migrator, migrator->work, status);
	if (!err)
		err = schema_snapshot(migrator->ctx, migrator->work, ret);
	TRY(migrator_run(migrator, "ROLLBACK"));
	return err;
}

static struct err *
scratch_sqlite(struct migrator *migrator, const struct migrate_status *status,
	struct migrate_report *ret)
{
	struct session *scratch;
	struct err *err;

	TRY(session_open(migrator->ctx, STR("sqlite::memory:"), &scratch));
	err = replay(migrator, scratch, status);
	if (!err)
		err = schema_snapshot(migrator->ctx, scratch, ret);
	session_close(scratch);
	return err;
}

static struct err *
add(struct ctx *ctx, struct migrate_report *report, const char *what, struct str line)
{
	struct str text = str_fmt(ctx->arena, "%s: " STR_FMT, what, STR_ARG(line));

	if (str_is_none(text) || !VEC_PUSH(ctx->arena, report, text))
		return err_no_memory();
	return NULL;
}

/* Two sorted lists, walked side by side. */
static struct err *
compare(struct ctx *ctx, const struct migrate_report *live,
	const struct migrate_report *wanted, struct migrate_report *ret)
{
	size_t l = 0, w = 0;

	while (l < live->count || w < wanted->count) {
		int order;

		if (l == live->count)
			order = 1;
		else if (w == wanted->count)
			order = -1;
		else
			order = str_cmp(live->items[l], wanted->items[w]);
		if (order < 0)
			TRY(add(ctx, ret, "unexpected", live->items[l++]));
		else if (order > 0)
			TRY(add(ctx, ret, "missing", wanted->items[w++]));
		else
			l++, w++;
	}
	return NULL;
}

static struct err *
check_invalid(
	struct ctx *ctx, const struct migrate_report *live, struct migrate_report *ret)
{
	for (size_t i = 0; i < live->count; i++)
		if (str_starts_with(live->items[i], STR("index ")) &&
			str_ends_with(live->items[i], STR(" INVALID")))
			TRY(add(ctx, ret,
				"invalid, rebuild it with 'gridiron migrate resume'",
				live->items[i]));
	return NULL;
}

static struct err *
verify(struct migrator *migrator, struct migrate_report *ret)
{
	struct ctx *ctx = migrator->ctx;
	struct migrate_status status;
	struct migrate_report live, wanted = { 0 };

	TRY(migrator_load(migrator, &status));
	TRY(status_check(migrator, &status));
	TRY(schema_snapshot(ctx, migrator->work, &live));
	TRY(migrator->dialect == DIALECT_POSTGRES
			? scratch_postgres(migrator, &status, &wanted)
			: scratch_sqlite(migrator, &status, &wanted));
	TRY(check_invalid(ctx, &live, ret));
	return compare(ctx, &live, &wanted, ret);
}

struct err *
migrate_verify(struct ctx *ctx, const struct migrate_options *options,
	struct migrate_report *ret)
{
	struct migrate_report report = { 0 };
	struct migrator migrator;
	struct err *err;

	TRY(migrator_open(ctx, options, false, &migrator));
	err = verify(&migrator, &report);
	migrator_close(&migrator);
	TRY(err);
	*ret = report;
	return NULL;
}
