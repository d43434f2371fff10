/* What the database has on record about its migrations. */
#include "base/num.h"
#include "codec/hex.h"
#include "crypto/digest.h"
#include "db/migrator.h"
#include "sys/clock.h"

enum {
	CHECKSUM_TEXT_MAX = 2 * SHA256_BYTES,
	TIME_TEXT_MAX = 64,
};

static const char *const create_tables[DIALECT_COUNT] = {
	[DIALECT_POSTGRES] = "CREATE TABLE IF NOT EXISTS schema_migrations (\n"
			     "    version integer NOT NULL CONSTRAINT "
			     "schema_migrations_pk PRIMARY KEY,\n"
			     "    name text NOT NULL,\n"
			     "    checksum text NOT NULL,\n"
			     "    applied_at timestamptz NOT NULL);\n"
			     "CREATE TABLE IF NOT EXISTS migration_journal (\n"
			     "    version integer NOT NULL,\n"
			     "    direction text NOT NULL,\n"
			     "    statement integer NOT NULL,\n"
			     "    checksum text NOT NULL,\n"
			     "    started_at timestamptz NOT NULL,\n"
			     "    finished_at timestamptz,\n"
			     "    CONSTRAINT migration_journal_pk PRIMARY KEY (version, "
			     "direction, statement),\n"
			     "    CONSTRAINT migration_journal_direction_known CHECK "
			     "(direction IN ('up', 'down')))",
	[DIALECT_SQLITE] = "CREATE TABLE IF NOT EXISTS schema_migrations (\n"
			   "    version INTEGER NOT NULL CONSTRAINT schema_migrations_pk "
			   "PRIMARY KEY,\n"
			   "    name TEXT NOT NULL,\n"
			   "    checksum TEXT NOT NULL,\n"
			   "    applied_at INTEGER NOT NULL) STRICT;\n"
			   "CREATE TABLE IF NOT EXISTS migration_journal (\n"
			   "    version INTEGER NOT NULL,\n"
			   "    direction TEXT NOT NULL,\n"
			   "    statement INTEGER NOT NULL,\n"
			   "    checksum TEXT NOT NULL,\n"
			   "    started_at INTEGER NOT NULL,\n"
			   "    finished_at INTEGER,\n"
			   "    CONSTRAINT migration_journal_pk PRIMARY KEY (version, "
			   "direction, statement),\n"
			   "    CONSTRAINT migration_journal_direction_known CHECK "
			   "(direction IN ('up', 'down'))) STRICT",
};

static const char *const has_tables[DIALECT_COUNT] = {
	[DIALECT_POSTGRES] =
		"SELECT 1 FROM pg_class WHERE oid = to_regclass('migration_journal')",
	[DIALECT_SQLITE] = "SELECT 1 FROM sqlite_schema WHERE name = 'migration_journal'",
};

static const char *const select_versions[DIALECT_COUNT] = {
	[DIALECT_POSTGRES] =
		"SELECT version, name, checksum, (extract(epoch FROM applied_at) * "
		"1000000)::bigint FROM schema_migrations ORDER BY version",
	[DIALECT_SQLITE] = "SELECT version, name, checksum, applied_at FROM "
			   "schema_migrations ORDER BY version",
};

static const char select_journal[] =
	"SELECT version, direction, min(checksum), count(finished_at) FROM "
	"migration_journal GROUP BY version, direction ORDER BY version, direction";

const char *
migrate_state_name(enum migrate_state state)
{
	switch (state) {
	case MIGRATE_PENDING:
		return "pending";
	case MIGRATE_APPLIED:
		return "applied";
	case MIGRATE_INCOMPLETE_UP:
		return "incomplete";
	case MIGRATE_INCOMPLETE_DOWN:
		return "half undone";
	case MIGRATE_CHANGED:
		return "changed";
	case MIGRATE_UNKNOWN:
		return "unknown";
	}
	return "?";
}

/* The SHA-256 of the migration's file, in hexadecimal digits. */
static struct str
checksum_of(struct arena *arena, const struct migration *migration)
{
	uint8_t digest[SHA256_BYTES];
	struct buf text;

	digest_sha256(migration->source, digest);
	buf_init(&text, arena, CHECKSUM_TEXT_MAX);
	hex_encode(&text,
		(struct str){ .ptr = (const char *)digest, .len = sizeof(digest) });
	return buf_str(&text);
}

const struct migration *
migrator_find(const struct migrator *migrator, int32_t number)
{
	for (size_t i = 0; i < migrator->count; i++)
		if (migrator->migrations[i].number == number)
			return &migrator->migrations[i];
	return NULL;
}

const struct migration_script *
migrator_script(
	const struct migrator *migrator, const struct migration *migration, bool is_down)
{
	return is_down ? &migration->down[migrator->dialect]
		       : &migration->up[migrator->dialect];
}

/* --- Reading ------------------------------------------------------------------------ */

struct loading {
	struct migrator *migrator;
	struct migrate_status *status;
};

static struct migrate_status_row *
find_row(struct migrate_status *status, int32_t number)
{
	for (size_t i = 0; i < status->count; i++)
		if (status->items[i].number == number)
			return &status->items[i];
	return NULL;
}

const struct migrate_status_row *
status_find(const struct migrate_status *status, int32_t number)
{
	for (size_t i = 0; i < status->count; i++)
		if (status->items[i].number == number)
			return &status->items[i];
	return NULL;
}

/* Of its file, or of one that it says it does the same as (`-- formerly: CHECKSUM`). */
static bool
is_checksum_of(const struct migrator *migrator, int32_t number, struct str checksum)
{
	const struct migration *migration = migrator_find(migrator, number);
	struct arena *arena = migrator->ctx->arena;
	struct str formerly = str_fmt(
		arena, "\n-- formerly: " STR_FMT "\n", STR_ARG(checksum));

	return migration && !str_is_none(formerly) &&
		(str_eq(checksum, checksum_of(arena, migration)) ||
			str_find(migration->source, formerly) >= 0);
}

static struct err *
bad_record(struct ctx *ctx)
{
	return err_new(ctx, ERR_INTERNAL,
		"the record of migrations holds something that is none of ours");
}

static struct err *
load_version(void *arg, const struct str *columns, size_t count)
{
	struct loading *loading = arg;
	struct ctx *ctx = loading->migrator->ctx;
	struct migrate_status_row *row;
	int32_t number;
	int64_t applied_at;

	if (count != 4 || !num_parse_i32(columns[0], 1, INT32_MAX, &number) ||
		!num_parse_i64(columns[3], 0, INT64_MAX, &applied_at))
		return bad_record(ctx);
	row = find_row(loading->status, number);
	if (!row) {
		if (!VEC_PUSH(ctx->arena, loading->status,
			    (struct migrate_status_row){ .number = number,
				    .name = str_dup(ctx->arena, columns[1]),
				    .state = MIGRATE_UNKNOWN,
				    .applied_at = applied_at }))
			return err_no_memory();
		return NULL;
	}
	row->applied_at = applied_at;
	row->state = is_checksum_of(loading->migrator, number, columns[2])
		? MIGRATE_APPLIED
		: MIGRATE_CHANGED;
	return NULL;
}

/*
 * The journal of a migration that stands has its `up` only; of one that does not,
 * nothing. Whatever else is there was interrupted.
 */
static struct err *
load_journal(void *arg, const struct str *columns, size_t count)
{
	struct loading *loading = arg;
	struct migrator *migrator = loading->migrator;
	struct migrate_status_row *row;
	int32_t number, done;
	bool is_down;

	if (count != 4 || !num_parse_i32(columns[0], 1, INT32_MAX, &number) ||
		!num_parse_i32(columns[3], 0, INT32_MAX, &done))
		return bad_record(migrator->ctx);
	is_down = str_eq(columns[1], STR("down"));
	row = find_row(loading->status, number);
	if (!row || row->state == MIGRATE_UNKNOWN || (row->applied_at && !is_down))
		return NULL;
	row->state = is_down ? MIGRATE_INCOMPLETE_DOWN : MIGRATE_INCOMPLETE_UP;
	if (!is_checksum_of(migrator, number, columns[2]))
		row->state = MIGRATE_CHANGED;
	row->statements_done = (size_t)done;
	row->statement_count = migrator_script(
		migrator, migrator_find(migrator, number), is_down)
				       ->count;
	return NULL;
}

struct err *
migrator_load(struct migrator *migrator, struct migrate_status *ret)
{
	struct ctx *ctx = migrator->ctx;
	struct migrate_status status = { 0 };
	struct loading loading = { .migrator = migrator, .status = &status };
	struct str exists;

	for (size_t i = 0; i < migrator->count; i++)
		if (!VEC_PUSH(ctx->arena, &status,
			    (struct migrate_status_row){
				    .number = migrator->migrations[i].number,
				    .name = migrator->migrations[i].name,
				    .statement_count = migrator_script(
					    migrator, &migrator->migrations[i], false)
							       ->count }))
			return err_no_memory();
	TRY(session_value(
		ctx, migrator->work, str_from(has_tables[migrator->dialect]), &exists));
	if (!str_is_none(exists)) {
		TRY_CTX(session_query(ctx, migrator->work,
				str_from(select_versions[migrator->dialect]),
				load_version, &loading),
			"read schema_migrations");
		TRY_CTX(session_query(ctx, migrator->work, str_from(select_journal),
				load_journal, &loading),
			"read migration_journal");
	}
	*ret = status;
	return NULL;
}

int32_t
status_newest(const struct migrate_status *status)
{
	int32_t newest = 0;

	for (size_t i = 0; i < status->count; i++)
		if (status->items[i].applied_at && status->items[i].number > newest)
			newest = status->items[i].number;
	return newest;
}

struct err *
status_check(const struct migrator *migrator, const struct migrate_status *status)
{
	for (size_t i = 0; i < status->count; i++) {
		const struct migrate_status_row *row = &status->items[i];
		const struct migration *migration = migrator_find(migrator, row->number);

		switch (row->state) {
		case MIGRATE_PENDING:
		case MIGRATE_APPLIED:
			break;
		case MIGRATE_CHANGED:
			return err_new(migrator->ctx, ERR_CONFLICT,
				STR_FMT
				" was changed after it was applied; put it back as it "
				"was, and write a new migration for the change",
				STR_ARG(migration->file));
		case MIGRATE_UNKNOWN:
			return err_new(migrator->ctx, ERR_CONFLICT,
				"the database has migration %d (" STR_FMT
				"), which this program does not know; use the newer "
				"program",
				row->number, STR_ARG(row->name));
		case MIGRATE_INCOMPLETE_UP:
		case MIGRATE_INCOMPLETE_DOWN:
			return err_new(migrator->ctx, ERR_CONFLICT,
				STR_FMT " was interrupted after %zu of %zu statements; "
					"finish it with 'gridiron migrate resume'",
				STR_ARG(migration->file), row->statements_done,
				row->statement_count);
		}
	}
	return NULL;
}

/* --- Writing ------------------------------------------------------------------------ */

struct err *
record_create_tables(struct migrator *migrator)
{
	return session_run(migrator->ctx, migrator->work,
		str_from(create_tables[migrator->dialect]));
}

/* This moment, as a literal of the engine. */
static const char *
now_literal(const struct migrator *migrator, char storage[static TIME_TEXT_MAX])
{
	struct buf text;

	buf_init_fixed(&text, storage, TIME_TEXT_MAX - 1);
	if (migrator->dialect == DIALECT_POSTGRES)
		buf_fmt(&text, "to_timestamp(%lld / 1000000.0)",
			(long long)clock_now_us());
	else
		buf_put_i64(&text, clock_now_us());
	storage[text.len] = '\0';
	return storage;
}

static const char *
direction_name(bool is_down)
{
	return is_down ? "down" : "up";
}

struct err *
record_started(struct migrator *migrator, const struct migration *migration, bool is_down,
	size_t statement)
{
	char now[TIME_TEXT_MAX];
	struct str checksum = checksum_of(migrator->ctx->arena, migration);

	return migrator_run(migrator,
		"INSERT INTO migration_journal (version, direction, statement, checksum, "
		"started_at) VALUES (%d, '%s', %zu, '" STR_FMT
		"', %s) ON CONFLICT DO NOTHING",
		migration->number, direction_name(is_down), statement, STR_ARG(checksum),
		now_literal(migrator, now));
}

struct err *
record_finished(struct migrator *migrator, const struct migration *migration,
	bool is_down, size_t statement)
{
	char now[TIME_TEXT_MAX];

	return migrator_run(migrator,
		"UPDATE migration_journal SET finished_at = %s WHERE version = %d AND "
		"direction = '%s' AND statement = %zu",
		now_literal(migrator, now), migration->number, direction_name(is_down),
		statement);
}

struct err *
record_ends(struct migrator *migrator, const struct migration *migration, bool is_down)
{
	char now[TIME_TEXT_MAX];
	struct arena *arena = migrator->ctx->arena;
	struct str checksum = checksum_of(arena, migration);
	struct str name = session_quote(arena, migration->name);

	if (!is_down)
		return migrator_run(migrator,
			"INSERT INTO schema_migrations (version, name, checksum, "
			"applied_at) VALUES (%d, " STR_FMT ", '" STR_FMT "', %s)",
			migration->number, STR_ARG(name), STR_ARG(checksum),
			now_literal(migrator, now));
	TRY(migrator_run(migrator, "DELETE FROM schema_migrations WHERE version = %d",
		migration->number));
	return migrator_run(migrator, "DELETE FROM migration_journal WHERE version = %d",
		migration->number);
}
