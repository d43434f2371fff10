/* Transactions, single writes and roles on PostgreSQL, and what happens when its
 * connections end. */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "db/pool.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "tests/db/engine.h"
#include "tests/unit/fiber_test.h"

#define PG_QUERY(ident, writes, sql_text, params, columns) \
	QUERY_ON_BOTH(ident, writes, sql_text, "", TYPES(params), TYPES(columns))

PG_QUERY(account_put, true, "INSERT INTO accounts VALUES ($1, 1)", DB_I64, TYPES());
PG_QUERY(accounts_count, false, "SELECT count(*) FROM accounts", TYPES(), DB_I64);
PG_QUERY(kill_self, true, "SELECT pg_terminate_backend(pg_backend_pid())", TYPES(),
	DB_BOOL);
PG_QUERY(put_and_die, true,
	"INSERT INTO accounts SELECT 1, pg_terminate_backend(pg_backend_pid())::int",
	TYPES(), TYPES());
PG_QUERY(kill_idle, true,
	"SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
	" WHERE datname = current_database() AND state = 'idle'"
	" AND pid <> pg_backend_pid()",
	TYPES(), DB_I64);
PG_QUERY(settings, false,
	"SELECT current_setting('TimeZone') || ' '"
	" || current_setting('client_encoding') || ' '"
	" || current_setting('standard_conforming_strings')",
	TYPES(), DB_TEXT);
PG_QUERY(isolation, true,
	"SELECT current_setting('transaction_isolation') || ' '"
	" || current_setting('transaction_read_only')",
	TYPES(), DB_TEXT);
PG_QUERY(time_limit, true, "SELECT current_setting('statement_timeout')", TYPES(),
	DB_TEXT);

static struct err *
run_text(struct ctx *ctx, const char *sql)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return db_run_text(&tx, str_from(sql));
}

static int64_t
count_accounts(struct ctx *ctx)
{
	int64_t count = -1;

	if (auto_i64(ctx, &accounts_count, VALUES_NONE, &count))
		return -1;
	return count;
}

static struct err *
read_text(struct tx *tx, const struct query *query, struct str *ret)
{
	struct rows rows;

	TRY(rows_read(tx, query, VALUES_NONE, &rows));
	*ret = rows.items[0][0].text;
	return NULL;
}

/* --- Settings ----------------------------------------------------------------------- */

DB_TEST(every_connection_has_the_same_settings)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct str text;

	OK_ERR(read_text(&tx, &settings, &text));
	EQ_STR(text, STR("UTC UTF8 on"));
}

static struct err *
read_isolation(struct tx *tx, void *arg)
{
	return read_text(tx, &isolation, arg);
}

DB_TEST(a_transaction_that_writes_is_serializable_and_so_is_a_single_write)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct str text;

	OK_ERR(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, read_isolation, &text));
	EQ_STR(text, STR("serializable off"));
	OK_ERR(read_text(&tx, &isolation, &text));
	EQ_STR(text, STR("serializable off"));
}

static struct err *
read_time_limit(struct tx *tx, void *arg)
{
	return read_text(tx, &time_limit, arg);
}

DB_TEST(the_server_has_a_time_limit_where_the_deadline_is_near_or_far)
{
	struct own_ctx own;
	struct str text;

	own_ctx_init(&own, ctx, 30000);
	OK_ERR(db_transact(&own.ctx, TX_WRITE, SHARD_GLOBAL, read_time_limit, &text));
	EQ_STR(text, STR("30s"));
	own.ctx.deadline = clock_deadline_ms(5000);
	OK_ERR(db_transact(&own.ctx, TX_WRITE, SHARD_GLOBAL, read_time_limit, &text));
	OK(!str_eq(text, STR("30s")) && !str_eq(text, STR("0")));
	own.ctx.deadline = DEADLINE_NEVER;
	OK_ERR(db_transact(&own.ctx, TX_WRITE, SHARD_GLOBAL, read_time_limit, &text));
	EQ_STR(text, STR("0"));
	own_ctx_release(&own);
}

/* --- Lost connections --------------------------------------------------------------- */

struct doomed {
	int tries;
	int deaths; /* how many tries kill their connection */
};

static struct err *
put_and_maybe_die(struct tx *tx, void *arg)
{
	struct doomed *doomed = arg;

	TRY(rows_write(tx, &account_put, VALUES(V_I64(1))));
	if (doomed->tries++ < doomed->deaths)
		TRY(rows_write(tx, &kill_self, VALUES_NONE));
	return NULL;
}

DB_TEST(a_transaction_whose_connection_dies_is_run_again_and_done_once)
{
	struct doomed doomed = { .deaths = 2 };

	OK_ERR(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_and_maybe_die, &doomed));
	EQ_I64(doomed.tries, 3);
	EQ_I64(count_accounts(ctx), 1);
}

DB_TEST(a_write_that_the_server_ended_is_known_not_to_be_done)
{
	FAILS_WITH(auto_write(ctx, &put_and_die, VALUES_NONE), ERR_BUSY);
	EQ_I64(count_accounts(ctx), 0);
}

DB_TEST(connections_that_were_closed_while_idle_are_not_noticed)
{
	int64_t killed = 0;

	for (int64_t i = 1; i <= 5; i++) {
		OK_ERR(auto_write(ctx, &account_put, VALUES(V_I64(i))));
		EQ_I64(count_accounts(ctx), i);
		OK_ERR(auto_i64(ctx, &kill_idle, VALUES_NONE, &killed));
		OK(killed > 0);
	}
}

/* --- Doubt -------------------------------------------------------------------------- */

static struct err *
put_one(struct tx *tx, void *arg)
{
	(void)arg;
	return rows_write(tx, &account_put, VALUES(V_I64(1)));
}

DB_TEST(a_connection_that_ends_during_commit_leaves_doubt)
{
	OK_ERR(run_text(ctx,
		"CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
		" PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
		"CREATE CONSTRAINT TRIGGER die AFTER INSERT ON accounts"
		" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die();"));
	FAILS_WITH(
		db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_one, NULL), ERR_UNCERTAIN);
	EQ_I64(count_accounts(ctx), 0);
}

DB_TEST(a_warning_on_commit_leaves_doubt)
{
	OK_ERR(run_text(ctx,
		"CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
		" RAISE WARNING 'not replicated'; RETURN NULL; END $$;"
		"CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON accounts"
		" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION warn();"));
	FAILS_WITH(
		db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_one, NULL), ERR_UNCERTAIN);
	EQ_I64(count_accounts(ctx), 1);
}

static struct err *
put_and_end(struct tx *tx, void *arg)
{
	(void)arg;
	TRY(rows_write(tx, &account_put, VALUES(V_I64(1))));
	return db_run_text(tx, STR("ROLLBACK"));
}

DB_TEST(a_transaction_ended_behind_our_back_leaves_doubt)
{
	FAILS_WITH(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_and_end, NULL),
		ERR_UNCERTAIN);
	EQ_I64(count_accounts(ctx), 0);
}

/* --- Opening ------------------------------------------------------------------------ */

/* The URL of the test's database with USER for the superuser. */
static struct str
url_as(struct ctx *ctx, const char *user)
{
	struct str url = engine_url();
	ptrdiff_t at = str_find_char(url, '@');

	return str_fmt(ctx->arena, "postgresql://%s" STR_FMT, user,
		STR_ARG(str_slice(url, (size_t)at, url.len)));
}

static struct err *
try_open(struct ctx *ctx, struct str url)
{
	struct db *db;

	TRY(db_open(ctx, &(struct db_options){ .url = url }, &db));
	db_close(db);
	return NULL;
}

static bool
says(const struct err *err, const char *what)
{
	if (!err)
		return false;
	for (const struct err_note *note = err->notes; note; note = note->older)
		if (str_find(note->text, str_from(what)) >= 0)
			return true;
	return str_find(err->message, str_from(what)) >= 0;
}

DB_TEST(roles_that_row_security_does_not_hold_are_refused)
{
	OK_ERR(run_text(ctx,
		"DO $$ BEGIN CREATE ROLE t_bypass LOGIN BYPASSRLS; EXCEPTION WHEN "
		"duplicate_object THEN NULL; END $$;"
		"DO $$ BEGIN CREATE ROLE t_owner LOGIN; EXCEPTION WHEN "
		"duplicate_object THEN NULL; END $$;"
		"DO $$ BEGIN CREATE ROLE t_app LOGIN; EXCEPTION WHEN "
		"duplicate_object THEN NULL; END $$;"
		"CREATE TABLE owned (id bigint); ALTER TABLE owned OWNER TO t_owner;"));
	OK(says(try_open(ctx, engine_url()), "is a superuser"));
	OK(says(try_open(ctx, url_as(ctx, "t_bypass")), "has BYPASSRLS"));
	OK(says(try_open(ctx, url_as(ctx, "t_owner")), "owns tables"));
	OK_ERR(try_open(ctx, url_as(ctx, "t_app")));
}

DB_TEST(a_server_that_refuses_and_one_that_is_not_there_are_told_apart)
{
	struct err *err = try_open(ctx, url_as(ctx, "nobody_of_that_name"));

	OK(err && err->code == ERR_BUSY);
	OK(says(err, "refuses"));
	err = try_open(ctx, STR("postgresql://u@/d?host=/tmp/no-such-folder"));
	OK(err && err->code == ERR_BUSY);
	OK(says(err, "cannot connect"));
	err = try_open(ctx, STR("postgresql://u:secret@[/d"));
	OK(err && err->code == ERR_INVALID && !says(err, "secret"));
}

/* A server that takes connections and says nothing. */
static int
listen_silently(const char *folder, char *path, size_t path_size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(path, path_size, "%s/.s.PGSQL.5432", folder);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(fd, 16) != 0)
		return -1;
	return fd;
}

DB_TEST(of_several_servers_those_that_fail_or_hang_are_passed_over)
{
	char folder[] = "/tmp/gridiron-silent.XXXXXX", path[64];
	struct str url = engine_url();
	ptrdiff_t host = str_find(url, STR("host="));
	struct str real = str_slice(url, (size_t)host + 5, url.len);
	struct str several;
	int fd;

	OK(mkdtemp(folder));
	fd = listen_silently(folder, path, sizeof(path));
	OK(fd >= 0);
	several = str_fmt(ctx->arena, STR_FMT "host=/tmp/no-such-folder,%s," STR_FMT,
		STR_ARG(str_slice(url, 0, (size_t)host)), folder, STR_ARG(real));
	several = str_fmt(ctx->arena, "postgresql://t_app" STR_FMT,
		STR_ARG(str_slice(
			several, (size_t)str_find_char(several, '@'), several.len)));
	OK_ERR(run_text(ctx,
		"DO $$ BEGIN CREATE ROLE t_app LOGIN; EXCEPTION WHEN "
		"duplicate_object THEN NULL; END $$;"));
	OK_ERR(try_open(ctx, several));
	close(fd);
	unlink(path);
	rmdir(folder);
}

DB_TEST(a_name_is_looked_up_off_the_loop)
{
	const struct err *err = try_open(ctx, STR("postgresql://u@localhost:1/d"));

	OK(err && err->code == ERR_BUSY);
	OK(says(err, "cannot connect"));
	OK(loop_counters(loop_current()).offloads > 0);
}

/* --- Identity ----------------------------------------------------------------------- */

static const enum db_type text_type[] = { DB_TEXT };
static struct query_stats identity_stats;
#define IDENTITY_QUERY(ident, writes, actor, system)                                \
	static const struct query ident = { .name = #ident,                         \
		.sql = { "SELECT current_user || ' ' ||"                            \
			 " coalesce(current_setting('app.current_user_id', true), " \
			 "'')" },                                                   \
		.shape = QUERY_MANY,                                                \
		.is_write = (writes),                                               \
		.is_actor = (actor),                                                \
		.is_system = (system),                                              \
		.column_count = 1,                                                  \
		.column_types = text_type,                                          \
		.column_nullable = all_nullable,                                    \
		.stats = &identity_stats }
IDENTITY_QUERY(who_nobody, false, false, false);
IDENTITY_QUERY(who_actor, false, true, false);
IDENTITY_QUERY(who_system, false, false, true);
IDENTITY_QUERY(who_actor_writes, true, true, false);
IDENTITY_QUERY(who_system_writes, true, false, true);

static struct err *
check_who(struct tx *tx, const struct query *query, const char *wanted)
{
	struct str got;

	TRY(read_text(tx, query, &got));
	if (!str_eq(got, str_from(wanted)))
		return err_new(tx->ctx, ERR_INTERNAL, "%s: '" STR_FMT "'", query->name,
			STR_ARG(got));
	return NULL;
}

#define USER_1 "t_app 01900000-0000-7000-8000-000000000001"

static struct err *
who_in_turn(struct tx *tx, void *arg)
{
	(void)arg;
	TRY(check_who(tx, &who_nobody, "t_app "));
	TRY(check_who(tx, &who_actor, USER_1));
	TRY(check_who(tx, &who_nobody, USER_1));
	return check_who(tx, &who_system, "gridiron_system ");
}

static struct err *
who_writes_in_turn(struct tx *tx, void *arg)
{
	TRY(who_in_turn(tx, arg));
	TRY(check_who(tx, &who_actor_writes, USER_1));
	return check_who(tx, &who_system_writes, "gridiron_system ");
}

DB_TEST(each_query_runs_as_whom_it_says_and_nothing_stays_behind)
{
	struct ctx app = *ctx;
	struct tx tx;

	OK_ERR(run_text(ctx,
		"DO $$ BEGIN CREATE ROLE t_app LOGIN; EXCEPTION WHEN "
		"duplicate_object THEN NULL; END $$;"
		"DO $$ BEGIN CREATE ROLE gridiron_system; EXCEPTION WHEN "
		"duplicate_object THEN NULL; END $$;"
		"ALTER ROLE t_app NOINHERIT; GRANT gridiron_system TO t_app;"));
	OK_ERR(db_open(ctx,
		&(struct db_options){ .url = url_as(ctx, "t_app"),
			.lanes_per_loop = 1,
			.pool_size = 1,
			.max_overflow = -1 },
		&app.db));
	app.actor.user_id.uuid = uuid_of(1);
	tx = db_auto(&app, SHARD_GLOBAL);
	for (int i = 0; i < 2; i++) {
		OK_ERR(check_who(&tx, &who_nobody, "t_app "));
		OK_ERR(check_who(&tx, &who_actor, USER_1));
		OK_ERR(check_who(&tx, &who_nobody, "t_app "));
		OK_ERR(check_who(&tx, &who_system, "gridiron_system "));
		OK_ERR(check_who(&tx, &who_actor_writes, USER_1));
		OK_ERR(check_who(&tx, &who_system_writes, "gridiron_system "));
		OK_ERR(db_transact(
			&app, TX_WRITE, SHARD_GLOBAL, who_writes_in_turn, NULL));
		OK_ERR(db_transact(&app, TX_READ, SHARD_GLOBAL, who_in_turn, NULL));
	}
	db_loop_close(app.db);
	db_close(app.db);
}

/* The minimum is one connection; that one here ended with what it ran. */
DB_TEST(a_connection_that_was_lost_is_opened_anew_ahead_of_need)
{
	struct pool_counters before, after;

	/* Of what was slow the plan is asked for, on a connection that ends with it: now, if
	 * it was before, and of this not at all. */
	db_tend(ctx);
	atomic_store(&kill_self.stats->plan_again_at, INT64_MAX);
	OK(auto_write(ctx, &kill_self, VALUES_NONE) != NULL);
	db_counters(ctx->db, &before);
	EQ_I64(before.open, 0);
	db_tend(ctx);
	db_counters(ctx->db, &after);
	EQ_I64(after.open, 1);
	EQ_I64(after.checked_in, 1);
	EQ_I64(after.connects, before.connects + 1);
	db_tend(ctx);
	db_counters(ctx->db, &after);
	EQ_I64(after.connects, before.connects + 1);
}
