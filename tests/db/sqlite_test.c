/* What only SQLite must prove: the lock, the file, a full disk, other programs. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/session.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/file.h"
#include "sys/wait.h"
#include "tests/db/engine.h"

WRITE_ON_BOTH(account_put, "", "INSERT INTO accounts VALUES (?1, ?2)",
	TYPES(DB_I64, DB_I64), TYPES());
WRITE_ON_BOTH(kind_put, "", "INSERT INTO kinds (id, y) VALUES (?1, ?2)",
	TYPES(DB_I64, DB_BYTES), TYPES());
READ_ON_BOTH(kinds_count, "", "SELECT count(*) FROM kinds", TYPES(), TYPES(DB_I64));
READ_ON_BOTH(accounts_count, "", "SELECT count(*) FROM accounts", TYPES(), TYPES(DB_I64));
READ_ON_BOTH(text_as_integer, "", "SELECT 'one'", TYPES(), TYPES(DB_I64));

/* --- The file ----------------------------------------------------------------------- */

static const char *
file_path(struct ctx *ctx, const char *suffix)
{
	struct str url = engine_url();
	struct str path = str_fmt(ctx->arena, STR_FMT "%s",
		STR_ARG(str_slice(url, sizeof("sqlite:") - 1, url.len)), suffix);

	return str_cstr(ctx->arena, path);
}

DB_TEST(the_file_is_for_its_owners_eyes_only)
{
	struct stat status;

	OK_ERR(auto_write(ctx, &account_put, VALUES(V_I64(1), V_I64(1))));
	OK(stat(file_path(ctx, ""), &status) == 0);
	EQ_I64(status.st_mode & 0777, 0600);
	OK(stat(file_path(ctx, "-wal"), &status) == 0);
	EQ_I64(status.st_mode & 0777, 0600);
}

DB_TEST(a_missing_folder_and_a_damaged_file_are_said_to_be_that)
{
	struct db *db = NULL;
	const char *path = file_path(ctx, ".damaged");
	struct err *err = db_open(ctx,
		&(struct db_options){ .url = STR("sqlite:/nonexistent/folder/x.db") },
		&db);
	char garbage[8192];
	int fd;

	OK(err && err->code == ERR_INTERNAL);
	OK(str_find(err->message, STR("/nonexistent/folder/x.db")) >= 0);
	memset(garbage, 'g', sizeof(garbage));
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	OK(fd >= 0 && write(fd, garbage, sizeof(garbage)) == sizeof(garbage));
	close(fd);
	err = db_open(ctx,
		&(struct db_options){ .url = str_fmt(ctx->arena, "sqlite:%s", path) },
		&db);
	OK(err && err->code == ERR_INTERNAL && !db);
	OK(str_find(err->message, STR("damaged")) >= 0);
}

DB_TEST(a_column_of_another_type_is_an_internal_error_that_names_it)
{
	struct rows rows;
	struct err *err = auto_read(ctx, &text_as_integer, VALUES_NONE, &rows);

	OK(err && err->code == ERR_INTERNAL);
	OK(str_find(err_describe(ctx->arena, err), STR("column 1 of text_as_integer")) >=
		0);
}

DB_TEST(the_wal_is_copied_and_begun_again_under_steady_writes)
{
	enum { BYTES = 200000, WRITES = 400 };
	char *bytes = arena_alloc(ctx->arena, BYTES);
	struct stat status;

	OK(bytes);
	for (int64_t i = 0; i < WRITES; i++)
		OK_ERR(auto_write(ctx, &kind_put,
			VALUES(V_I64(i), V_STR(((struct str){ bytes, BYTES })))));
	OK(stat(file_path(ctx, "-wal"), &status) == 0);
	/* 80 MB were written; it is copied when it is 32 MB long even
	 * where others wait. */
	OK_OR(status.st_size < 48000000, "the WAL is %lld bytes",
		(long long)status.st_size);
}

/* Made in UTF-16 by somebody else's program. */
DB_TEST(a_file_in_another_encoding_is_said_to_be_that)
{
	const char *path = file_path(ctx, ".utf16");
	sqlite3 *other = NULL;
	struct db *db = NULL;
	struct err *err;

	OK(sqlite3_open(path, &other) == SQLITE_OK);
	OK(sqlite3_exec(other, "PRAGMA encoding = 'UTF-16'; CREATE TABLE t (x)", NULL,
		   NULL, NULL) == SQLITE_OK);
	OK(sqlite3_close(other) == SQLITE_OK);
	err = db_open(ctx,
		&(struct db_options){ .url = str_fmt(ctx->arena, "sqlite:%s", path) },
		&db);
	OK(err && err->code == ERR_INVALID && !db);
	OK_OR(str_find(err->message, STR("UTF-8")) >= 0, STR_FMT, STR_ARG(err->message));
}

/* --- What was erased ---------------------------------------------------------------- */

static int64_t
wal_bytes(struct ctx *ctx)
{
	struct stat status;

	return stat(file_path(ctx, "-wal"), &status) == 0 ? status.st_size : 0;
}

/* A server is never without some write for a second. */
DB_TEST(the_wal_is_emptied_of_what_was_erased_though_writes_go_on)
{
	enum { BYTES = 2000000, SMALL = 500000, WRITES = 100, EACH_MS = 20 };
	char *bytes = arena_alloc(ctx->arena, BYTES);
	bool is_empty = false;

	OK(bytes);
	OK_ERR(auto_write(
		ctx, &kind_put, VALUES(V_I64(1), V_STR(((struct str){ bytes, BYTES })))));
	OK(wal_bytes(ctx) > BYTES);
	db_shred(ctx->db);
	for (int64_t i = 1; i <= WRITES && !is_empty; i++) {
		OK_ERR(auto_write(ctx, &account_put, VALUES(V_I64(i), V_I64(0))));
		(void)fiber_sleep_until(clock_deadline_ms(EACH_MS));
		is_empty = wal_bytes(ctx) < SMALL;
	}
	OK(is_empty);
}

/* --- The lock ----------------------------------------------------------------------- */

DB_TEST(a_second_opening_is_refused_and_names_the_process)
{
	struct db *db = NULL;
	struct err *err = db_open(ctx, &(struct db_options){ .url = engine_url() }, &db);

	OK(err && err->code == ERR_CONFLICT && !db);
	OK(str_find(err->message, str_fmt(ctx->arena, "process %ld;", (long)getpid())) >=
		0);
}

/* Migrations open the file by themselves, perhaps by another name. */
DB_TEST(the_lock_is_that_of_the_file_by_whatever_name)
{
	const char *link = file_path(ctx, ".link");
	struct session *session = NULL;
	struct err *err;

	OK(symlink(file_path(ctx, ""), link) == 0);
	err = session_open(ctx, str_fmt(ctx->arena, "sqlite:%s", link), &session);
	OK(err && err->code == ERR_CONFLICT && !session);
}

/* Whether some process has SQLite's shared lock of the file (its file format, 5.2.3), as
 * each has that reads or writes it. */
static bool
is_open_in_sqlite(struct ctx *ctx)
{
	struct str locks = STR(""), wanted;
	struct stat status;

	if (stat(file_path(ctx, ""), &status) != 0 ||
		file_read(ctx->arena, "/proc/locks", 1 << 20, &locks))
		return false;
	wanted = str_fmt(
		ctx->arena, ":%llu 1073741826 ", (unsigned long long)status.st_ino);
	return str_find(locks, wanted) >= 0;
}

/* A process loses its locks of a file with the first descriptor of it that it closes. */
DB_TEST(an_opening_that_is_refused_takes_no_lock_of_sqlites_away)
{
	struct db *db = NULL;

	OK(is_open_in_sqlite(ctx));
	FAILS_WITH(db_open(ctx, &(struct db_options){ .url = engine_url() }, &db),
		ERR_CONFLICT);
	OK(is_open_in_sqlite(ctx));
}

/* --- Another process ---------------------------------------------------------------- */

/* tests/db/sqlite_writer.c on the file of this test. */
struct child {
	pid_t pid;
	int hear;
};

static bool
child_start(struct child *child, const char *path, const char *first_id)
{
	const char *arguments[] = { SQLITE_WRITER, path, first_id, NULL };
	posix_spawn_file_actions_t actions;
	int ends[2];
	int rc;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	rc = posix_spawn(&child->pid, SQLITE_WRITER, &actions, NULL,
		(char *const *)(uintptr_t)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	child->hear = ends[0];
	return rc == 0;
}

static void
child_kill(struct child *child)
{
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
}

/* The next id that CHILD says is written; false at the end. */
static bool
child_hear(struct child *child, int64_t *ret)
{
	return read(child->hear, ret, sizeof(*ret)) == sizeof(*ret);
}

DB_TEST(another_process_that_holds_the_file_is_named)
{
	const char *path = file_path(ctx, ".held");
	struct db *db = NULL;
	struct child child;
	struct err *err;
	int64_t id;

	OK(child_start(&child, path, "0"));
	OK(child_hear(&child, &id));
	err = db_open(ctx,
		&(struct db_options){ .url = str_fmt(ctx->arena, "sqlite:%s", path) },
		&db);
	child_kill(&child);
	close(child.hear);
	OK(err && err->code == ERR_CONFLICT && !db);
	OK(str_find(err->message, str_fmt(ctx->arena, "process %ld;", (long)child.pid)) >=
		0);
}

READ_ON_BOTH(written_count, "", "SELECT count(*) FROM written WHERE id = ?1",
	TYPES(DB_I64), TYPES(DB_I64));
READ_ON_BOTH(halves, "",
	"SELECT count(*) FROM (SELECT pair FROM halves GROUP BY pair"
	" HAVING count(*) <> 2)",
	TYPES(), TYPES(DB_I64));

enum { IDS_MAX = 100000 };

/* Open what the killed CHILD left and look for each of the IDS. */
static void
find_all(struct ctx *ctx, const char *path, const int64_t *ids, size_t count)
{
	struct ctx reader = *ctx;
	int64_t found;

	OK_ERR(db_open(ctx,
		&(struct db_options){ .url = str_fmt(ctx->arena, "sqlite:%s", path) },
		&reader.db));
	for (size_t i = 0; i < count; i++) {
		OK_ERR(auto_i64(&reader, &written_count, VALUES(V_I64(ids[i])), &found));
		OK_OR(found == 1, "acknowledged %lld is lost", (long long)ids[i]);
	}
	OK_ERR(auto_i64(&reader, &halves, VALUES_NONE, &found));
	OK_OR(found == 0, "%lld transactions are there in part", (long long)found);
	db_close(reader.db);
}

DB_TEST(no_acknowledged_write_is_lost_when_the_process_is_killed)
{
	const char *path = file_path(ctx, ".journal");
	int64_t *ids = arena_alloc_array(ctx->arena, IDS_MAX, sizeof(*ids));
	size_t count = 0;

	OK(ids);
	for (int round = 0; round < 8 && !tap_failed; round++) {
		struct child child;
		size_t until = count + 100 + 150 * (size_t)round;
		const char *first_id = str_cstr(
			ctx->arena, str_fmt(ctx->arena, "%d", round * 1000000));

		OK(child_start(&child, path, first_id));
		while (count < until && child_hear(&child, &ids[count]))
			count++;
		OK_OR(count == until, "the writer ended by itself");
		child_kill(&child);
		/* What it said before it died counts as well. */
		while (count < IDS_MAX && child_hear(&child, &ids[count]))
			count++;
		close(child.hear);
		find_all(ctx, path, ids, count);
	}
}

/* --- A full disk -------------------------------------------------------------------- */

enum {
	DISK_BYTES = 3 << 20,
	FAT_BYTES = 100000,
};

static struct err *
put_two_fat_rows(struct tx *tx, void *arg)
{
	int64_t *id = arg;
	char *bytes = arena_alloc(tx->ctx->arena, FAT_BYTES);

	if (!bytes)
		return err_no_memory();
	for (int64_t i = 0; i < 2; i++)
		TRY(rows_write(tx, &kind_put,
			VALUES(V_I64(*id + i),
				V_STR(((struct str){ bytes, FAT_BYTES })))));
	return NULL;
}

/* Fill the disk by writing; what was acknowledged is there in whole pairs. */
static void
fill_disk(struct ctx *ctx, const char *ballast)
{
	struct tx alone = db_auto(ctx, SHARD_GLOBAL);
	struct err *err = NULL;
	int64_t id = 0, count;

	OK_ERR(db_run_text(&alone, schema_texts[DIALECT_SQLITE]));
	for (; !err && id < 1000; id += err ? 0 : 2)
		err = db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_two_fat_rows, &id);
	OK(err && err->code == ERR_BUSY);
	OK(str_find(err->message, STR("disk is full")) >= 0);
	OK(id > 4);
	OK_ERR(auto_i64(ctx, &kinds_count, VALUES_NONE, &count));
	EQ_I64(count, id);
	OK(unlink(ballast) == 0);
	OK_ERR(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_two_fat_rows, &id));
	OK_ERR(auto_i64(ctx, &kinds_count, VALUES_NONE, &count));
	EQ_I64(count, id + 2);
}

static bool
ballast_write(const char *path)
{
	static char bytes[1 << 20];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	bool is_written = fd >= 0 && write(fd, bytes, sizeof(bytes)) == sizeof(bytes);

	close(fd);
	return is_written;
}

DB_TEST(a_full_disk_is_said_to_be_full_and_reads_go_on)
{
	const char *folder = file_path(ctx, ".disk");
	const char *ballast = file_path(ctx, ".disk/ballast");
	struct ctx on_disk = *ctx;

	OK(mkdir(folder, 0700) == 0);
	if (mount("tmpfs", folder, "tmpfs", 0, "size=3m") != 0) {
		rmdir(folder);
		SKIP("needs to mount a small disk, which takes root");
	}
	if (ballast_write(ballast) &&
		!db_open(ctx,
			&(struct db_options){
				.url = str_fmt(ctx->arena, "sqlite:%s/full.db", folder) },
			&on_disk.db)) {
		fill_disk(&on_disk, ballast);
		db_close(on_disk.db);
	} else {
		tap_fail(__FILE__, __LINE__, "cannot open on the small disk");
	}
	umount(folder);
	rmdir(folder);
}

/* --- A file that is gone ------------------------------------------------------------- */

static void
nothing_is_taken(struct ctx *ctx, const char *what)
{
	struct err *err = auto_write(ctx, &account_put, VALUES(V_I64(2), V_I64(1)));

	OK_OR(err && err->code == ERR_BUSY, "%s: a write is acknowledged", what);
	OK(str_find(err->message, STR("moved or removed")) >= 0);
	FAILS_WITH(db_check_place(ctx), ERR_BUSY);
}

/* Restored over, moved away with its folder, removed: it is all the same to the writer. */
DB_TEST(nothing_is_written_to_a_file_that_is_not_in_its_place)
{
	const char *path = file_path(ctx, ""), *away = file_path(ctx, ".away");
	int64_t count;
	int fd;

	OK_ERR(auto_write(ctx, &account_put, VALUES(V_I64(1), V_I64(1))));
	OK_ERR(db_check_place(ctx));
	OK(rename(path, away) == 0);
	nothing_is_taken(ctx, "moved");
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	OK(fd >= 0 && close(fd) == 0);
	nothing_is_taken(ctx, "another in its place");
	/* Nor is the other read. */
	FAILS_WITH(auto_i64(ctx, &accounts_count, VALUES_NONE, &count), ERR_BUSY);
	OK(rename(away, path) == 0);
	OK_ERR(db_check_place(ctx));
	OK_ERR(auto_write(ctx, &account_put, VALUES(V_I64(2), V_I64(1))));
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 2);
	/* Whoever reads already goes on. */
	OK(rename(path, away) == 0);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	OK(rename(away, path) == 0);
}

/* --- Other programs ----------------------------------------------------------------- */

struct waiting {
	struct own_ctx own;
	struct err *err;
	struct fiber_event ended;
};

static void
put_apart(void *arg)
{
	struct waiting *waiting = arg;

	waiting->err = auto_write(
		&waiting->own.ctx, &account_put, VALUES(V_I64(2), V_I64(1)));
	fiber_event_set(&waiting->ended);
}

DB_TEST(a_write_waits_for_another_program_as_long_as_it_may_and_then_says_busy)
{
	struct own_ctx own;
	struct waiting waiting = { .err = NULL };
	sqlite3 *other = NULL;
	int64_t count;

	OK(sqlite3_open(file_path(ctx, ""), &other) == SQLITE_OK);
	OK(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
	own_ctx_init(&own, ctx, 300);
	FAILS_WITH(
		auto_write(&own.ctx, &account_put, VALUES(V_I64(1), V_I64(1))), ERR_BUSY);
	own_ctx_release(&own);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 0);
	/* Longer than SQLite itself waits at a time. */
	own_ctx_init(&waiting.own, ctx, 10000);
	fiber_event_init(&waiting.ended);
	OK(fiber_spawn("write", put_apart, &waiting));
	fiber_sleep_until(clock_deadline_ms(600));
	OK(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
	OK(sqlite3_close(other) == SQLITE_OK);
	fiber_event_join(&waiting.ended);
	OK_ERR(waiting.err);
	own_ctx_release(&waiting.own);
	OK_ERR(auto_write(ctx, &account_put, VALUES(V_I64(1), V_I64(1))));
}

/* --- Out of time -------------------------------------------------------------------- */

static struct err *
count_accounts(struct tx *tx, void *arg)
{
	struct rows rows;

	TRY(rows_read(tx, &accounts_count, VALUES_NONE, &rows));
	*(int64_t *)arg = rows.items[0][0].i64;
	return NULL;
}

/* SQLite looks at the time in the middle of a BEGIN too, now and then. */
DB_TEST(a_transaction_begun_when_its_time_is_up_leaves_its_connection_fit)
{
	enum { TRIES = 3000 };
	struct own_ctx late;
	int64_t count = 0;

	own_ctx_init(&late, ctx, 0);
	for (int i = 0; i < TRIES; i++)
		FAILS_WITH(db_transact(&late.ctx, TX_READ, SHARD_GLOBAL, count_accounts,
				   &count),
			ERR_TIMEOUT);
	own_ctx_release(&late);
	OK_ERR(auto_write(ctx, &account_put, VALUES(V_I64(1), V_I64(0))));
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 1);
	OK_ERR(db_transact(ctx, TX_READ, SHARD_GLOBAL, count_accounts, &count));
	EQ_I64(count, 1);
}

/* --- Settings ----------------------------------------------------------------------- */

READ_ON_BOTH(settings, "",
	"SELECT (SELECT synchronous FROM pragma_synchronous),"
	" (SELECT foreign_keys FROM pragma_foreign_keys),"
	" (SELECT cell_size_check FROM pragma_cell_size_check),"
	" (SELECT query_only FROM pragma_query_only),"
	" (SELECT journal_mode FROM pragma_journal_mode)",
	TYPES(), TYPES(DB_I64, DB_I64, DB_I64, DB_I64, DB_TEXT));

static struct err *
read_settings(struct tx *tx, void *arg)
{
	return rows_read(tx, &settings, VALUES_NONE, arg);
}

DB_TEST(connections_are_durable_and_defensive)
{
	struct rows rows;

	for (int kind = TX_READ; kind <= TX_WRITE; kind++) {
		OK_ERR(db_transact(
			ctx, (enum tx_kind)kind, SHARD_GLOBAL, read_settings, &rows));
		EQ_I64(rows.items[0][0].i64, 2); /* FULL */
		EQ_I64(rows.items[0][1].i64, 1);
		EQ_I64(rows.items[0][2].i64, 1);
		EQ_I64(rows.items[0][3].i64, kind == TX_READ);
		EQ_STR(rows.items[0][4].text, STR("wal"));
	}
}
