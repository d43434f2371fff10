#include "tests/db/engine.h"

#include <stdio.h>
#include <unistd.h>

#include "db/driver.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "tests/support/folder.h"

enum {
	ARENA_BYTES_MAX = 512 << 20,
	FIBERS_MAX = 3000,
	TEST_DEADLINE_MS = 60000,
	PATH_BYTES_MAX = 512,
};

/* Machines that run tests are slow: no warnings before a minute. */
#define LAG_NS INT64_C(60000000000)

static struct {
	char folder[PATH_BYTES_MAX]; /* of the SQLite file */
	char url[PATH_BYTES_MAX];
	engine_fn fn;
} running;

/* --- The engine --------------------------------------------------------------------- */

enum dialect
engine_dialect(void)
{
	const char *name = getenv("GRIDIRON_TEST_ENGINE");

	return name && strcmp(name, "postgres") == 0 ? DIALECT_POSTGRES : DIALECT_SQLITE;
}

struct str
engine_url(void)
{
	return str_from(running.url);
}

/* The superuser's URL with the database replaced: postgresql://user@/NAME?host=… */
static struct err *
postgres_url(struct ctx *ctx, struct str url, const char *name)
{
	ptrdiff_t authority = str_find(url, STR("://"));
	struct str rest = str_slice(url, (size_t)authority + 3, url.len);
	ptrdiff_t slash = str_find_char(rest, '/');
	ptrdiff_t query = str_find_char(rest, '?');

	if (authority < 0 || slash < 0)
		return err_new(ctx, ERR_INVALID, "GRIDIRON_TEST_POSTGRES is not a URL");
	snprintf(running.url, sizeof(running.url), STR_FMT STR_FMT "/%s" STR_FMT,
		STR_ARG(str_slice(url, 0, (size_t)authority + 3)),
		STR_ARG(str_slice(rest, 0, (size_t)slash)), name,
		STR_ARG(str_slice(rest, query < 0 ? rest.len : (size_t)query, rest.len)));
	return NULL;
}

static struct err *
text_run(struct ctx *ctx, struct str sql)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return db_run_text(&tx, sql);
}

/* One database a process, made by the first test. */
static struct err *
postgres_create(struct ctx *ctx, const char *name)
{
	static bool is_made;
	struct err *err;

	if (is_made)
		return NULL;
	TRY(db_open(ctx,
		&(struct db_options){
			.url = str_from(getenv("GRIDIRON_TEST_POSTGRES")),
			.allows_any_role = true,
		},
		&ctx->db));
	err = text_run(ctx, str_fmt(ctx->arena, "CREATE DATABASE %s", name));
	db_close(ctx->db);
	is_made = !err;
	return err;
}

static struct err *
postgres_open(struct ctx *ctx)
{
	char name[64];

	snprintf(name, sizeof(name), "conformance_%ld", (long)getpid());
	TRY(postgres_create(ctx, name));
	TRY(postgres_url(ctx, str_from(getenv("GRIDIRON_TEST_POSTGRES")), name));
	TRY(db_open(ctx,
		&(struct db_options){ .url = engine_url(), .allows_any_role = true },
		&ctx->db));
	return text_run(ctx, STR("DROP SCHEMA public CASCADE; CREATE SCHEMA public;"));
}

static struct err *
sqlite_open(struct ctx *ctx)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(running.folder, sizeof(running.folder), "%s/gridiron-db-test.XXXXXX",
		tmp ? tmp : "/tmp");
	if (!mkdtemp(running.folder))
		return err_new(ctx, ERR_INTERNAL, "cannot make %s", running.folder);
	snprintf(running.url, sizeof(running.url), "sqlite:%.400s/test.db",
		running.folder);
	return db_open(ctx, &(struct db_options){ .url = engine_url() }, &ctx->db);
}

static struct err *
open_engine(struct ctx *ctx)
{
	if (engine_dialect() == DIALECT_POSTGRES)
		TRY(postgres_open(ctx));
	else
		TRY(sqlite_open(ctx));
	return text_run(ctx, schema_texts[engine_dialect()]);
}

static void
run_in_fiber(void *arg)
{
	struct ctx *ctx = arg;

	OK_ERR(open_engine(ctx));
	running.fn(ctx);
	db_loop_close(ctx->db);
	db_close(ctx->db);
	if (engine_dialect() == DIALECT_SQLITE)
		folder_remove(str_from(running.folder));
}

void
engine_run(engine_fn fn)
{
	struct arena arena;
	struct ctx ctx = {
		.arena = &arena,
		.now = clock_now_us(),
		.deadline = clock_deadline_ms(TEST_DEADLINE_MS),
		.route = "test",
	};

	if (engine_dialect() == DIALECT_POSTGRES && !getenv("GRIDIRON_TEST_POSTGRES"))
		SKIP("needs PostgreSQL: run by tests/with-servers");
	arena_init(&arena, ARENA_BYTES_MAX);
	running.fn = fn;
	OK_ERR(loop_run_once(&arena,
		(struct loop_options){
			.fibers_max = FIBERS_MAX, .lag_warning_ns = LAG_NS },
		run_in_fiber, &ctx));
	arena_release(&arena);
}
