#include "tests/support/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "codec/json_write.h"
#include "crypto/keyring.h"
#include "db/migrate.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "tests/support/folder.h"

/* Tests hold their loop as long as they like. */
#define LAG_WARNING_NS ((int64_t)3600 * 1000000000)

enum {
	ARENA_BYTES_MAX = 1 << 30,
	DEADLINE_MS = 600000, /* for what hangs; ThreadSanitizer takes its time */
	STACK_BYTES = 512 * 1024,
	DUMP_BYTES_MAX = 256 << 20,
};

/* What one run needs to be made and taken away again. */
struct database_run {
	struct ctx *ctx;
	enum dialect engine;
	database_fn fn;
	char folder[100];
	struct str name; /* of the PostgreSQL database */
};

static struct str url_now;

struct str
database_url(void)
{
	return url_now;
}

static struct err *
run_text(struct ctx *ctx, struct str sql)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return db_run_text(&tx, sql);
}

/* The superuser's URL with another database: scheme://authority/NAME?query. */
static struct str
postgres_url(struct arena *arena, struct str name)
{
	struct str url = str_from(getenv("GRIDIRON_TEST_POSTGRES"));
	size_t authority = (size_t)str_find(url, STR("://")) + 3;
	struct str rest = str_slice(url, authority, url.len);
	ptrdiff_t slash = str_find_char(rest, '/'), query = str_find_char(rest, '?');

	return str_fmt(arena, STR_FMT "/" STR_FMT STR_FMT,
		STR_ARG(str_slice(url, 0, authority + (size_t)slash)), STR_ARG(name),
		STR_ARG(str_slice(rest, query < 0 ? rest.len : (size_t)query, rest.len)));
}

static struct err *
open_url(struct ctx *ctx, struct str url)
{
	return db_open(ctx, &(struct db_options){ .url = url, .allows_any_role = true },
		&ctx->db);
}

/* URL with USER in front of its host, in place of whoever is there. */
static struct str
url_as(struct arena *arena, struct str url, const char *user)
{
	size_t authority = (size_t)str_find(url, STR("://")) + 3;
	struct str rest = str_slice(url, authority, url.len);
	ptrdiff_t at = str_find_char(rest, '@'), slash = str_find_char(rest, '/');

	if (at >= 0 && at < slash)
		rest = str_slice(rest, (size_t)at + 1, rest.len);
	return str_fmt(arena, STR_FMT "%s@" STR_FMT,
		STR_ARG(str_slice(url, 0, authority)), user, STR_ARG(rest));
}

struct err *
database_open_as_app(struct ctx *ctx, struct db **ret)
{
	struct db_options options = { .pool_size = 2, .max_overflow = -1 };

	/* SQLite has no roles, and one process opens a file once. */
	if (db_dialect(ctx->db) == DIALECT_SQLITE) {
		*ret = ctx->db;
		return NULL;
	}
	options.url = url_as(ctx->arena, url_now, "gridiron_app");
	return db_open(ctx, &options, ret);
}

void
database_close_as_app(struct ctx *ctx, struct db *db)
{
	if (db == ctx->db)
		return;
	db_loop_close(db);
	db_close(db);
}

static struct err *
as_superuser(struct ctx *ctx, struct str sql)
{
	struct err *err;

	TRY(open_url(ctx, str_from(getenv("GRIDIRON_TEST_POSTGRES"))));
	err = run_text(ctx, sql);
	db_loop_close(ctx->db);
	db_close(ctx->db);
	return err;
}

/* A database with the whole schema, made once a process: a copy costs less than migrating. */
static struct err *
template_get(struct ctx *ctx, struct str *ret)
{
	static bool is_made;

	*ret = str_fmt(ctx->arena, "test_template_%ld", (long)getpid());
	if (is_made)
		return NULL;
	TRY(as_superuser(
		ctx, str_fmt(ctx->arena, "CREATE DATABASE " STR_FMT, STR_ARG(*ret))));
	TRY(migrate_up(ctx,
		&(struct migrate_options){ .url = postgres_url(ctx->arena, *ret) }, 0,
		NULL));
	is_made = true;
	return NULL;
}

static struct err *
create_postgres(struct database_run *run)
{
	static int count;
	struct ctx *ctx = run->ctx;
	struct str template;

	TRY(template_get(ctx, &template));
	run->name = str_fmt(ctx->arena, "test_%ld_%d", (long)getpid(), count++);
	url_now = postgres_url(ctx->arena, run->name);
	return as_superuser(ctx,
		str_fmt(ctx->arena, "CREATE DATABASE " STR_FMT " TEMPLATE " STR_FMT,
			STR_ARG(run->name), STR_ARG(template)));
}

static struct err *
create_sqlite(struct database_run *run)
{
	struct ctx *ctx = run->ctx;

	snprintf(run->folder, sizeof(run->folder), "/tmp/gridiron-test.XXXXXX");
	if (!mkdtemp(run->folder))
		return err_new(ctx, ERR_INTERNAL, "cannot make a folder");
	url_now = str_fmt(ctx->arena, "sqlite:%s/test.db", run->folder);
	return migrate_up(ctx, &(struct migrate_options){ .url = url_now }, 0, NULL);
}

static struct err *
drop(struct database_run *run)
{
	struct ctx *ctx = run->ctx;

	if (run->engine == DIALECT_POSTGRES)
		return as_superuser(ctx,
			str_fmt(ctx->arena, "DROP DATABASE " STR_FMT,
				STR_ARG(run->name)));
	folder_remove(str_from(run->folder));
	return NULL;
}

static void
run_in_fiber(void *arg)
{
	struct database_run *run = arg;
	struct ctx *ctx = run->ctx;

	struct keyring *keys;

	OK_ERR(keyring_new(ctx, &keys));
	ctx->keys = keys;
	OK_ERR(run->engine == DIALECT_POSTGRES ? create_postgres(run)
					       : create_sqlite(run));
	OK_ERR(open_url(ctx, url_now));
	run->fn(ctx);
	db_loop_close(ctx->db);
	db_close(ctx->db);
	keyring_close(keys);
	OK_ERR(drop(run));
}

void
database_run(enum dialect engine, database_fn fn)
{
	struct arena arena;
	struct ctx ctx = {
		.arena = &arena,
		.now = clock_now_us(),
		.deadline = clock_deadline_ms(DEADLINE_MS),
		.actor = { .is_system = true },
		.route = "test",
	};
	struct database_run run = { .ctx = &ctx, .engine = engine, .fn = fn };

	if (engine == DIALECT_POSTGRES && !getenv("GRIDIRON_TEST_POSTGRES"))
		SKIP("needs PostgreSQL: run by tests/with-servers");
	arena_init(&arena, ARENA_BYTES_MAX);
	OK_ERR(loop_run_once(&arena,
		(struct loop_options){
			.stack_bytes = STACK_BYTES, .lag_warning_ns = LAG_WARNING_NS },
		run_in_fiber, &run));
	arena_release(&arena);
}

/* --- Dumps */

struct dump {
	struct buf out;
	const enum db_type *columns;
	size_t column_count;
};

static struct err *
dump_row(void *arg, const struct value *columns)
{
	struct dump *dump = arg;

	for (size_t i = 0; i < dump->column_count; i++) {
		const struct value *value = &columns[i];

		if (i)
			buf_put_char(&dump->out, '|');
		if (value->is_null)
			continue;
		if (dump->columns[i] == DB_F64)
			f64_format(&dump->out, value->f64);
		else if (dump->columns[i] == DB_TEXT || dump->columns[i] == DB_JSON)
			buf_put(&dump->out, value->text);
		else if (dump->columns[i] == DB_BOOL)
			buf_put_char(&dump->out, value->boolean ? 't' : 'f');
		else
			buf_put_i64(&dump->out, value->i64);
	}
	buf_put_char(&dump->out, '\n');
	return NULL;
}

struct err *
database_dump(struct ctx *ctx, const char *sql, const enum db_type *columns,
	size_t column_count, struct str *ret)
{
	static const bool nullable[QUERY_COLUMNS_MAX] = { [0 ... QUERY_COLUMNS_MAX -
								  1] = true };
	static struct query_stats stats;
	/* Drivers prepare by the query's address, so each dump has its own. */
	struct query *query = arena_alloc(ctx->arena, sizeof(*query));
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct dump dump = { .columns = columns, .column_count = column_count };

	if (!query)
		return err_no_memory();
	*query = (struct query){
		.name = "dump",
		.file = "test",
		.sql = { [DIALECT_POSTGRES] = sql, [DIALECT_SQLITE] = sql },
		.shape = QUERY_EACH,
		.is_system = true,
		.column_count = (uint8_t)column_count,
		.column_types = columns,
		.column_nullable = nullable,
		.stats = &stats,
	};
	buf_init(&dump.out, ctx->arena, DUMP_BYTES_MAX);
	TRY(query_run(&tx, query, NULL,
		(struct row_sink){ .row = dump_row, .arg = &dump }, NULL));
	*ret = buf_str(&dump.out);
	return NULL;
}

int64_t
database_number(struct ctx *ctx, const char *sql)
{
	static const enum db_type columns[] = { DB_I64 };
	struct str dump = STR_NONE;

	if (database_dump(ctx, sql, columns, 1, &dump))
		return -1;
	return strtoll(str_cstr(ctx->arena, dump), NULL, 10);
}

struct str
database_text(struct ctx *ctx, const char *sql)
{
	static const enum db_type columns[] = { DB_TEXT };
	struct str dump = STR_NONE;

	if (database_dump(ctx, sql, columns, 1, &dump))
		return STR("failed");
	return str_trim(dump);
}

struct err *
database_sql(struct ctx *ctx, struct str sql)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return db_run_text(&tx, sql);
}
