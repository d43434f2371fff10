#include "tests/db/scratch.h"

#include <unistd.h>

#include "base/buf.h"
#include "db/migrator.h"
#include "sys/clock.h"
#include "tests/support/folder.h"

enum {
	ARENA_BYTES_MAX = 512 << 20,
	PATH_BYTES_MAX = 600,
};

enum dialect
scratch_dialect(void)
{
	const char *name = getenv("GRIDIRON_TEST_ENGINE");

	return name && strcmp(name, "postgres") == 0 ? DIALECT_POSTGRES : DIALECT_SQLITE;
}

bool
scratch_is_postgres(void)
{
	return scratch_dialect() == DIALECT_POSTGRES;
}

static struct str
server_url(void)
{
	const char *url = getenv("GRIDIRON_TEST_POSTGRES");

	return url ? str_from(url) : STR_NONE;
}

/* The server's URL with another user and database: postgresql://USER@/NAME?host=… */
static struct str
url_with(struct arena *arena, const char *user, struct str name)
{
	struct str url = server_url();
	ptrdiff_t authority = str_find(url, STR("://"));
	ptrdiff_t at = str_find_char(url, '@');
	struct str host = str_slice(url, (size_t)(at + 1), url.len);
	ptrdiff_t slash = str_find_char(host, '/');
	ptrdiff_t query = str_find_char(host, '?');

	if (authority < 0 || at < 0 || slash < 0)
		return STR_NONE;
	return str_fmt(arena, "postgresql://%s@" STR_FMT "/" STR_FMT STR_FMT, user,
		STR_ARG(str_slice(host, 0, (size_t)slash)), STR_ARG(name),
		STR_ARG(str_slice(host, query < 0 ? host.len : (size_t)query, host.len)));
}

static struct err *
run_on(struct ctx *ctx, struct str url, struct str sql)
{
	struct session *session;
	struct err *err;

	TRY(session_open(ctx, url, &session));
	err = session_run(ctx, session, sql);
	session_close(session);
	return err;
}

static struct err *
open_postgres(struct scratch *scratch)
{
	static int made;
	struct arena *arena = &scratch->arena;

	scratch->name = str_fmt(arena, "scratch_%ld_%d", (long)getpid(), ++made);
	TRY(run_on(&scratch->ctx, server_url(),
		str_fmt(arena, "CREATE DATABASE " STR_FMT, STR_ARG(scratch->name))));
	scratch->options.url = url_with(arena, "postgres", scratch->name);
	return NULL;
}

static struct err *
open_sqlite(struct scratch *scratch)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(scratch->folder, sizeof(scratch->folder),
		"%.200s/gridiron-scratch.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(scratch->folder))
		return err_new(
			&scratch->ctx, ERR_INTERNAL, "cannot make %s", scratch->folder);
	scratch->options.url = str_fmt(
		&scratch->arena, "sqlite:%s/test.db", scratch->folder);
	return NULL;
}

struct err *
scratch_open(struct scratch *scratch, bool *ret_is_there)
{
	*scratch = (struct scratch){ .name = STR_NONE };
	arena_init(&scratch->arena, ARENA_BYTES_MAX);
	scratch->ctx = (struct ctx){ .arena = &scratch->arena,
		.now = clock_now_us(),
		.deadline = DEADLINE_NEVER };
	*ret_is_there = !scratch_is_postgres() || !str_is_none(server_url());
	if (!*ret_is_there)
		return NULL;
	return scratch_is_postgres() ? open_postgres(scratch) : open_sqlite(scratch);
}

/* The template is not removed: the server is thrown away after the tests. */
static struct err *
make_template(struct scratch *scratch, struct str name)
{
	struct migrate_options options = { .url = url_with(
						   &scratch->arena, "postgres", name) };

	TRY(run_on(&scratch->ctx, server_url(),
		str_fmt(&scratch->arena, "CREATE DATABASE " STR_FMT, STR_ARG(name))));
	return migrate_up(&scratch->ctx, &options, 0, NULL);
}

struct err *
scratch_migrate(struct scratch *scratch)
{
	static bool is_made;
	struct arena *arena = &scratch->arena;
	struct str template = str_fmt(arena, "scratch_template_%ld", (long)getpid());

	if (!scratch_is_postgres())
		return migrate_up(&scratch->ctx, &scratch->options, 0, NULL);
	if (!is_made)
		TRY(make_template(scratch, template));
	is_made = true;
	TRY(run_on(&scratch->ctx, server_url(),
		str_fmt(arena, "DROP DATABASE " STR_FMT, STR_ARG(scratch->name))));
	return run_on(&scratch->ctx, server_url(),
		str_fmt(arena, "CREATE DATABASE " STR_FMT " TEMPLATE " STR_FMT,
			STR_ARG(scratch->name), STR_ARG(template)));
}

void
scratch_close(struct scratch *scratch)
{
	if (scratch_is_postgres())
		/* The server is thrown away after the tests in any case. */
		(void)!run_on(&scratch->ctx, server_url(),
			str_fmt(&scratch->arena,
				"DROP DATABASE IF EXISTS " STR_FMT " WITH (FORCE)",
				STR_ARG(scratch->name)));
	else
		folder_remove(str_from(scratch->folder));
	arena_release(&scratch->arena);
}

struct str
scratch_url_as(struct scratch *scratch, const char *user)
{
	return url_with(&scratch->arena, user, scratch->name);
}

struct err *
scratch_run(struct scratch *scratch, const char *sql)
{
	return run_on(&scratch->ctx, scratch->options.url, str_from(sql));
}

struct err *
scratch_value(struct scratch *scratch, const char *sql, struct str *ret)
{
	struct session *session;
	struct err *err;

	TRY(session_open(&scratch->ctx, scratch->options.url, &session));
	err = session_value(&scratch->ctx, session, str_from(sql), ret);
	session_close(session);
	return err;
}

struct err *
scratch_snapshot(struct scratch *scratch, struct migrate_report *ret)
{
	struct session *session;
	struct err *err;

	TRY(session_open(&scratch->ctx, scratch->options.url, &session));
	err = schema_snapshot(&scratch->ctx, session, ret);
	session_close(session);
	return err;
}

struct str
report_difference(struct arena *arena, const struct migrate_report *a,
	const struct migrate_report *b)
{
	for (size_t i = 0; i < a->count || i < b->count; i++) {
		struct str left = i < a->count ? a->items[i] : STR("(nothing)");
		struct str right = i < b->count ? b->items[i] : STR("(nothing)");

		if (!str_eq(left, right))
			return str_fmt(arena, STR_FMT " <> " STR_FMT, STR_ARG(left),
				STR_ARG(right));
	}
	return STR_NONE;
}

bool
report_has(const struct migrate_report *report, const char *text)
{
	for (size_t i = 0; i < report->count; i++)
		if (str_find(report->items[i], str_from(text)) >= 0)
			return true;
	return false;
}

static void
count_step(void *arg, const struct migrate_step *step)
{
	struct scratch_seen *seen = arg;

	if (step->stage != MIGRATE_STATEMENT)
		return;
	seen->statements++;
	seen->foreign_keys += str_find(step->sql, STR("FOREIGN KEY")) >= 0;
}

void
scratch_count_steps(struct scratch *scratch, struct scratch_seen *seen)
{
	*seen = (struct scratch_seen){ 0 };
	scratch->options.step = count_step;
	scratch->options.step_arg = seen;
}
