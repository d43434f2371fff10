/*
 * What is risky about a migration on a database that is in use: locks held for long,
 * changes that the running version of the program cannot bear.
 *
 * The rules look at words, not at a parse: they may warn of what is harmless, and the
 * operator decides. Facts on locks: PostgreSQL 15, chapters 13.3.2 and ALTER TABLE.
 */
#include "base/buf.h"
#include "base/num.h"
#include "db/migrator.h"

enum {
	LARGE_TABLE_ROWS = 100000,
	STATEMENT_BYTES_MAX = 1 << 20,
	TABLE_NAME_MAX = 64,
};

struct lint {
	struct ctx *ctx;
	struct migrator *migrator; /* NULL: no database */
	const struct migration *migration;
	bool is_down;
	size_t statement;
	struct migrate_report *report;
};

/* SQL with one space between words, so that rules can look for phrases. */
static struct str
plain(struct arena *arena, struct str sql)
{
	struct buf out;
	bool is_space = true;

	buf_init(&out, arena, STATEMENT_BYTES_MAX);
	for (size_t i = 0; i < sql.len; i++) {
		char c = sql.ptr[i];
		bool is_white = c == ' ' || c == '\n' || c == '\t';

		if (!is_white)
			buf_put_char(&out, c >= 'a' && c <= 'z' ? (char)(c - 32) : c);
		else if (!is_space)
			buf_put_char(&out, ' ');
		is_space = is_white;
	}
	return buf_str(&out);
}

static bool
has(struct str sql, const char *phrase)
{
	return str_find(sql, str_from(phrase)) >= 0;
}

static bool
begins(struct str sql, const char *phrase)
{
	return str_starts_with(sql, str_from(phrase));
}

static struct err *
warn(struct lint *lint, const char *advice)
{
	struct str line = str_fmt(lint->ctx->arena, STR_FMT ", %sstatement %zu: %s",
		STR_ARG(lint->migration->file), lint->is_down ? "down, " : "",
		lint->statement, advice);

	if (str_is_none(line) || !VEC_PUSH(lint->ctx->arena, lint->report, line))
		return err_no_memory();
	return NULL;
}

/* The word behind PHRASE in SQL, or absent. */
static struct str
word_behind(struct str sql, const char *phrase)
{
	ptrdiff_t at = str_find(sql, str_from(phrase));
	struct str rest, word;

	if (at < 0)
		return STR_NONE;
	rest = str_slice(sql, (size_t)at + strlen(phrase), sql.len);
	return str_next(&rest, ' ', &word) ? word : STR_NONE;
}

/* Whether this migration itself makes TABLE: it is empty then, and nobody uses it. */
static bool
is_made_here(
	const struct lint *lint, const struct migration_script *script, struct str table)
{
	struct str wanted = str_fmt(
		lint->ctx->arena, "CREATE TABLE " STR_FMT " ", STR_ARG(table));

	for (size_t i = 0; i < script->count; i++)
		if (str_starts_with(
			    plain(lint->ctx->arena, script->statements[i]), wanted))
			return true;
	return false;
}

/* How many rows the server believes TABLE has; a large number where nobody knows. */
static struct err *
table_rows(struct lint *lint, struct str table, int64_t *ret)
{
	struct arena *arena = lint->ctx->arena;
	struct str name, rows;

	*ret = INT64_MAX;
	if (!lint->migrator || table.len > TABLE_NAME_MAX)
		return NULL;
	name = session_quote(arena, table);
	TRY(session_value(lint->ctx, lint->migrator->work,
		str_fmt(arena,
			"SELECT reltuples::bigint FROM pg_class WHERE relname = "
			"lower(" STR_FMT
			") AND relnamespace = current_schema()::regnamespace",
			STR_ARG(name)),
		&rows));
	if (str_is_none(rows)) /* not there yet */
		*ret = 0;
	else if (!num_parse_i64(rows, 0, INT64_MAX, ret))
		*ret = INT64_MAX; /* -1: never analysed */
	return NULL;
}

/* ALTER TABLE of a table that may be large and is in use. */
static struct err *
lint_alter(struct lint *lint, struct str sql)
{
	if (has(sql, " ADD COLUMN ") && has(sql, " NOT NULL") && !has(sql, " DEFAULT "))
		TRY(warn(lint,
			"a NOT NULL column without DEFAULT is refused where rows exist; "
			"add it nullable, fill it, then set NOT NULL"));
	if (has(sql, " ADD CONSTRAINT ") &&
		(has(sql, " CHECK ") || has(sql, " FOREIGN ")) && !has(sql, " NOT VALID"))
		TRY(warn(lint,
			"looks at every row while the table is locked; add it NOT VALID, "
			"then VALIDATE CONSTRAINT in a later statement"));
	if (has(sql, " ADD CONSTRAINT ") && has(sql, " UNIQUE") &&
		!has(sql, " USING INDEX"))
		TRY(warn(lint,
			"builds an index while the table is locked; CREATE UNIQUE INDEX "
			"CONCURRENTLY first, then ADD … USING INDEX"));
	if (has(sql, " ALTER COLUMN ") && has(sql, " TYPE "))
		TRY(warn(lint, "may rewrite the whole table while it is locked"));
	if (has(sql, " SET NOT NULL"))
		TRY(warn(lint,
			"looks at every row while the table is locked, unless a "
			"validated CHECK (… IS NOT NULL) stands"));
	return NULL;
}

/* What the version that is still running cannot bear, on any engine. */
static struct err *
lint_removal(struct lint *lint, struct str sql)
{
	if (begins(sql, "DROP TABLE") || has(sql, " DROP COLUMN "))
		TRY(warn(lint,
			"removes what the running version may still use; release a "
			"version that does not use it first"));
	if (begins(sql, "ALTER TABLE") && has(sql, " RENAME "))
		TRY(warn(lint,
			"renames what the running version uses; add the new name, and "
			"remove the old one in a later release"));
	return NULL;
}

/* What an older server than the newest does not know. */
static struct err *
lint_version(struct lint *lint, struct str sql)
{
	struct str text;
	int32_t version;

	if (!lint->migrator || !has(sql, " NULLS NOT DISTINCT"))
		return NULL;
	TRY(session_value(lint->ctx, lint->migrator->work,
		STR("SELECT current_setting('server_version_num')"), &text));
	if (num_parse_i32(text, 0, INT32_MAX, &version) && version < 150000)
		return warn(lint,
			"NULLS NOT DISTINCT needs PostgreSQL 15, and this server is "
			"older");
	return NULL;
}

static struct err *
lint_postgres(struct lint *lint, const struct migration_script *script, struct str sql)
{
	struct str table = STR_NONE;
	int64_t rows = 0;

	TRY(lint_version(lint, sql));
	if (begins(sql, "CREATE INDEX") || begins(sql, "CREATE UNIQUE INDEX"))
		table = word_behind(sql, " ON ");
	else if (begins(sql, "ALTER TABLE "))
		table = word_behind(sql, "ALTER TABLE ");
	if (str_is_none(table) || is_made_here(lint, script, table))
		return NULL;
	TRY(table_rows(lint, table, &rows));
	if (rows < LARGE_TABLE_ROWS)
		return NULL;
	if (begins(sql, "ALTER TABLE "))
		return lint_alter(lint, sql);
	if (!has(sql, " CONCURRENTLY "))
		TRY(warn(lint,
			"stops all writes to the table until the index is built; use "
			"CREATE INDEX CONCURRENTLY and -- transaction: none"));
	return NULL;
}

/* Outside a transaction a statement may run twice: once before a kill, once on resume. */
static struct err *
lint_alone(struct lint *lint, struct str sql)
{
	bool is_concurrent = has(sql, " INDEX CONCURRENTLY ");
	/* What resume finds of it is looked at, and taken away where it is of no use. */
	bool is_build = is_concurrent && begins(sql, "CREATE ");

	if (is_concurrent && lint->migration->is_transactional)
		return warn(lint,
			"CONCURRENTLY cannot run in a transaction; write -- transaction: "
			"none, why");
	if (lint->migration->is_transactional || is_build || has(sql, "IF NOT EXISTS") ||
		has(sql, "IF EXISTS") || begins(sql, "VACUUM") || begins(sql, "ANALYZE"))
		return NULL;
	return warn(lint,
		"outside a transaction a statement may run twice; write IF NOT EXISTS or "
		"IF EXISTS");
}

static struct err *
lint_down(struct lint *lint)
{
	const struct migration_script *script = &lint->migration->down[DIALECT_POSTGRES];

	lint->is_down = true;
	for (size_t i = 0; i < script->count; i++) {
		lint->statement = i + 1;
		TRY(lint_alone(lint, plain(lint->ctx->arena, script->statements[i])));
	}
	return NULL;
}

static struct err *
lint_script(struct lint *lint, enum dialect dialect)
{
	const struct migration_script *script = &lint->migration->up[dialect];

	for (size_t i = 0; i < script->count; i++) {
		struct str sql = plain(lint->ctx->arena, script->statements[i]);

		lint->statement = i + 1;
		TRY(lint_removal(lint, sql));
		if (dialect == DIALECT_POSTGRES) {
			TRY(lint_alone(lint, sql));
			TRY(lint_postgres(lint, script, sql));
		}
	}
	if (script->count && !lint->migration->down[dialect].count) {
		lint->statement = 0;
		TRY(warn(lint, "has no down: it cannot be undone"));
	}
	return dialect == DIALECT_POSTGRES ? lint_down(lint) : NULL;
}

/* Of pending migrations on the database of MIGRATOR. */
static struct err *
lint_pending(struct migrator *migrator, struct migrate_report *report)
{
	struct migrate_status status;

	TRY(migrator_load(migrator, &status));
	for (size_t i = 0; i < migrator->count; i++) {
		struct lint lint = { .ctx = migrator->ctx,
			.migrator = migrator,
			.migration = &migrator->migrations[i],
			.report = report };

		if (!status_find(&status, lint.migration->number)->applied_at)
			TRY(lint_script(&lint, migrator->dialect));
	}
	return NULL;
}

static struct err *
lint_all(struct ctx *ctx, const struct migrate_options *options,
	struct migrate_report *report)
{
	const struct migration *all = options->migrations ? options->migrations
							  : migrations;
	size_t count = options->migrations ? options->migrations_count : migrations_count;

	for (size_t i = 0; i < count; i++) {
		struct lint lint = { .ctx = ctx, .migration = &all[i], .report = report };

		TRY(lint_script(&lint, DIALECT_POSTGRES));
	}
	return NULL;
}

struct err *
migrate_lint(struct ctx *ctx, const struct migrate_options *options,
	struct migrate_report *ret)
{
	struct migrate_report report = { 0 };
	struct migrator migrator;
	struct err *err;

	if (options->url.len == 0) {
		TRY(lint_all(ctx, options, &report));
		*ret = report;
		return NULL;
	}
	TRY(migrator_open(ctx, options, false, &migrator));
	err = lint_pending(&migrator, &report);
	migrator_close(&migrator);
	TRY(err);
	*ret = report;
	return NULL;
}
