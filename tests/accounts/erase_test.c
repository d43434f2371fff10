/*
 * Erasure: personal data are planted wherever a user's rows can hold a text, and after the
 * account is erased they are looked for in every table, in the files of SQLite and in the
 * log of the program.
 */
#include "accounts/erase.h"

#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "accounts/standing.h"
#include "base/log.h"
#include "crypto/password.h"
#include "ops/shred.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/file.h"
#include "tests/accounts/accounts.h"
#include "tests/accounts/catalog.h"
#include "tests/support/database.h"

enum {
	FILE_BYTES_MAX = 64 << 20,
	WAIT_MS = 20000,
	POLL_MS = 50,
};

/* Where the planting stops: rows that nobody may change, and what the test itself needs.
 */
static const struct exception unplanted[] = {
	{ "audit_logs", NULL, "append-only; personal parts are under the user's key" },
	{ "audit_pending", NULL, "likewise" },
	{ "commission_entries", NULL, "append-only: the ledger" },
	{ "users", "password_hash", "the erasure asks for the password" },
	{ "users", "personal_key", "the audit log needs a real one" },
	{ 0 },
};

/* What stays of a user, as the books need it. Whatever else is planted must go. */
static const struct exception kept[] = {
	{ "payments", "payment_method", "card, transfer: not whose" },
	{ "payments", "provider_payment_id", "what the provider calls the payment" },
	{ "payments", "failure_code", "a word of the provider's list" },
	{ "subscriptions", "provider_subscription_id",
		"what the provider calls the subscription" },
	{ "referrals", "referral_code", "of the affiliate who brought him" },
	{ "affiliate_payouts", "transaction_id", "what the bank calls the transfer" },
	{ "webhook_events", "event_id", "what the provider calls the event" },
	{ "webhook_events", "event_type", "a word of the provider's list" },
	{ 0 },
};

/* --- Planting */

/* What was sent to his address, or to a former one, and waits there. */
static struct err *
plant_invitations(struct ctx *ctx)
{
	static const char *const instead[] = {
		"email='planted.users.email@example.org'; notes='planted'",
		"email='planted.former@example.org'; notes='planted'; addressee_id=%1",
	};

	for (int i = 0; i < (int)COUNT_OF(instead); i++)
		TRY(catalog_insert(ctx, "invitations", 10 + i, instead[i]));
	return NULL;
}

/* A user with a password and the rest planted, and signed in. */
static struct err *
prepare(struct ctx *ctx, struct catalog *catalog, int *ret_planted)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct str hash;

	TRY(accounts_begin(ctx));
	TRY(catalog_read(ctx, catalog));
	TRY(catalog_fill(ctx, catalog));
	TRY(db_run_text(&tx, STR("UPDATE admin_users SET is_active = FALSE")));
	TRY(db_run_text(&tx, STR("UPDATE webhook_events SET status = 'processed'")));
	TRY(catalog_plant(ctx, catalog, unplanted, kept, ret_planted));
	TRY(plant_invitations(ctx));
	TRY(password_hash(ctx, STR(GOOD_PASSWORD), &hash));
	TRY(db_run_text(&tx,
		str_fmt(ctx->arena,
			"UPDATE users SET password_hash = '" STR_FMT "' WHERE id = %s",
			STR_ARG(hash), user_one_literal(ctx))));
	ctx->actor.user_id = user_one();
	return NULL;
}

/* --- Looking */

static struct err *
count_in_column(struct ctx *ctx, const struct column *column, int64_t *ret)
{
	static const enum db_type number[] = { DB_I64 };
	const char *condition = column->is_text
		? "lower(CAST($ AS text)) LIKE '%planted%'"
		: db_dialect(ctx->db) == DIALECT_POSTGRES
		? "position('planted'::bytea IN $) > 0"
		: "instr($, CAST('planted' AS BLOB)) > 0";
	struct str after = str_from(condition), before;
	bool has_column = str_next(&after, '$', &before);
	struct str sql = str_fmt(ctx->arena,
		"SELECT count(*) FROM " STR_FMT " WHERE " STR_FMT STR_FMT STR_FMT,
		STR_ARG(column->table), STR_ARG(before), STR_ARG(column->name),
		STR_ARG(after));
	struct str rows;

	assert(has_column);
	TRY(database_dump(ctx, str_cstr(ctx->arena, sql), number, 1, &rows));
	*ret = str_eq(rows, STR("0\n")) ? 0 : 1;
	return NULL;
}

static void
look_at_tables(struct ctx *ctx, const struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++) {
		const struct column *column = &catalog->columns[i];
		int64_t count = 0;

		if (!column->is_text && !column->is_bytes)
			continue;
		OK_ERR(count_in_column(ctx, column, &count));
		OK_OR(count == 0,
			STR_FMT "." STR_FMT " outlives an erasure: see to it in "
				"sql/queries/erase.sql, or say here why it stays",
			STR_ARG(column->table), STR_ARG(column->name));
	}
}

BOTH_ENGINES(nothing_personal_is_left_in_any_table)
{
	struct catalog catalog;
	struct standing standing;
	struct str users;
	int planted;
	bool found;

	OK_ERR(prepare(ctx, &catalog, &planted));
	OK_OR(planted > 50, "planted in %d columns only", planted);
	FAILS_WITH(erase_account(
			   ctx, &(struct proof){ .password = STR("not the password") }),
		ERR_INVALID);
	OK_ERR(erase_account(ctx, &(struct proof){ .password = STR(GOOD_PASSWORD) }));
	look_at_tables(ctx, &catalog);
	OK_ERR(value_of(ctx,
		"SELECT email FROM users WHERE erased_at IS NOT NULL AND NOT is_active "
		"AND password_hash = '!' AND personal_key IS NULL",
		&users));
	EQ_STR(users, STR("00000000-0000-0000-0000-000000000001@erased.invalid"));
	OK_ERR(standing_get(ctx, user_one(), &standing, &found));
	OK(found && !standing.is_active);
	FAILS_WITH(erase_account(ctx, &(struct proof){ .password = STR(GOOD_PASSWORD) }),
		ERR_NOT_FOUND);
}

BOTH_ENGINES(the_books_are_whole_after_an_erasure)
{
	static const enum db_type numbers[] = { DB_I64, DB_I64, DB_I64, DB_TEXT };
	static const char books[] =
		"SELECT p.amount_cents, p.refunded_cents, c.amount_cents, p.status FROM "
		"payments p JOIN commission_entries c ON c.payment_id = p.id";
	struct catalog catalog;
	struct str before, after, others;
	int planted;

	OK_ERR(prepare(ctx, &catalog, &planted));
	OK_ERR(database_dump(ctx, books, numbers, 4, &before));
	EQ_STR(before, STR("100|0|30|succeeded\n"));
	OK_ERR(erase_account(ctx, &(struct proof){ .password = STR(GOOD_PASSWORD) }));
	OK_ERR(database_dump(ctx, books, numbers, 4, &after));
	EQ_STR(after, before);
	/* The other users are as they were. */
	OK_ERR(value_of(ctx,
		"SELECT email FROM users WHERE email = 'user2@example.org' AND is_active "
		"AND erased_at IS NULL",
		&others));
	EQ_STR(others, STR("user2@example.org"));
}

BOTH_ENGINES(an_administrator_in_office_is_not_erased)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct catalog catalog;
	int planted;

	OK_ERR(prepare(ctx, &catalog, &planted));
	OK_ERR(db_run_text(&tx, STR("UPDATE admin_users SET is_active = TRUE")));
	FAILS_WITH(erase_account(ctx, &(struct proof){ .password = STR(GOOD_PASSWORD) }),
		ERR_CONFLICT);
}

/* --- Files */

static struct err *
file_of_database(struct ctx *ctx, const char *suffix, struct str *ret)
{
	struct str path;

	TRY(value_of(
		ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'", &path));
	path = str_fmt(ctx->arena, STR_FMT "%s", STR_ARG(path), suffix);
	return file_read(ctx->arena, str_cstr(ctx->arena, path), FILE_BYTES_MAX, ret);
}

/* Until the log is empty: a second of rest, and no read under way. */
static struct err *
wait_for_empty_log(struct ctx *ctx)
{
	int64_t until = clock_deadline_ms(WAIT_MS);
	struct str log = STR("?");

	while (log.len > 0) {
		TRY(file_of_database(ctx, "-wal", &log));
		if (clock_monotonic_ns() > until)
			return err_new(
				ctx, ERR_TIMEOUT, "the log still has %zu bytes", log.len);
		(void)fiber_sleep_until(clock_deadline_ms(POLL_MS));
	}
	return NULL;
}

static void
nothing_is_left_in_files(struct ctx *ctx)
{
	struct catalog catalog;
	struct str before, after, hash;
	int planted;

	OK_ERR(prepare(ctx, &catalog, &planted));
	OK_ERR(value_of(ctx,
		"SELECT password_hash FROM users WHERE password_hash LIKE '$argon2%'",
		&hash));
	OK_ERR(file_of_database(ctx, "-wal", &before));
	OK(str_find(before, STR("planted")) >= 0);
	OK(str_find(before, hash) >= 0);
	OK_ERR(erase_account(ctx, &(struct proof){ .password = STR(GOOD_PASSWORD) }));
	OK_ERR(wait_for_empty_log(ctx));
	OK_ERR(file_of_database(ctx, "", &after));
	OK(after.len > 0);
	OK(str_find(after, STR("kept payments")) >= 0);
	OK(str_find(after, STR("planted")) < 0);
	OK(str_find(after, hash) < 0);
	OK(str_find(after, ctx->user_agent) < 0);
	OK(str_find(after, ctx->remote_address) < 0);
}

TEST(nothing_personal_is_left_in_the_files_of_sqlite)
{
	database_run(DIALECT_SQLITE, nothing_is_left_in_files);
}

/* The files as a crash leaves them: what was deleted may stand in the log. */
static struct err *
copy_files(struct ctx *ctx, struct str to)
{
	static const char *const suffixes[] = { "", "-wal" };

	for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
		struct str content, path;

		TRY(file_of_database(ctx, suffixes[i], &content));
		path = str_fmt(ctx->arena, STR_FMT "%s", STR_ARG(to), suffixes[i]);
		TRY(file_write(ctx->arena, str_cstr(ctx->arena, path), content, 0600));
	}
	return NULL;
}

static void
a_log_that_a_crash_left_is_emptied(struct ctx *ctx)
{
	struct str crashed = str_fmt(ctx->arena, STR_FMT ".crashed",
		STR_ARG(str_slice(database_url(), strlen("sqlite:"), SIZE_MAX)));
	struct db_options options = {
		.url = str_fmt(ctx->arena, "sqlite:" STR_FMT, STR_ARG(crashed)),
	};
	struct catalog catalog;
	struct str log;
	struct ctx again = *ctx;
	int planted;

	OK_ERR(prepare(ctx, &catalog, &planted));
	OK_ERR(copy_files(ctx, crashed));
	OK_ERR(db_open(ctx, &options, &again.db));
	OK_ERR(file_of_database(ctx, "-wal", &log));
	OK(str_find(log, STR("planted")) >= 0);
	OK_ERR(wait_for_empty_log(&again));
	db_close(again.db);
}

TEST(nothing_deleted_stays_in_a_log_that_a_crash_left)
{
	database_run(DIALECT_SQLITE, a_log_that_a_crash_left_is_emptied);
}

/* --- The files of a PostgreSQL that nobody else writes to: tests/accounts/meson.build */

enum { OPEN_FILES = 20 };

static struct {
	const struct str *words;
	size_t count;
	struct arena *arena;
	int64_t files;
	int64_t hits;
	char first[512]; /* file with one */
} search;

static int
file_search(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	struct arena_mark mark = arena_mark(search.arena);
	struct str text;

	(void)status;
	(void)walk;
	if (type != FTW_F || file_read(search.arena, path, FILE_BYTES_MAX, &text))
		return 0;
	search.files++;
	for (size_t i = 0; i < search.count; i++) {
		if (str_find(text, search.words[i]) < 0)
			continue;
		if (!search.hits++)
			snprintf(search.first, sizeof(search.first), "%s has " STR_FMT,
				path, STR_ARG(search.words[i]));
	}
	arena_rewind(search.arena, mark);
	return 0;
}

/* How often the server's files, its log among them, hold one of WORDS. */
static int64_t
files_with(struct ctx *ctx, const struct str *words, size_t count, const char *folder)
{
	struct str data, path;

	search.words = words;
	search.count = count;
	search.arena = ctx->arena;
	search.files = 0;
	search.hits = 0;
	search.first[0] = '\0';
	if (value_of(ctx, "SELECT current_setting('data_directory')", &data))
		return -1;
	path = str_fmt(ctx->arena, STR_FMT "%s", STR_ARG(data), folder);
	if (nftw(str_cstr(ctx->arena, path), file_search, OPEN_FILES, FTW_PHYS) != 0)
		return -1;
	return search.hits;
}

static struct err *
server_run(struct ctx *ctx, const char *sql)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return db_run_text(&tx, str_from(sql));
}

/* What the server says of the values that the planting tries in vain is our doing. */
static struct err *
log_hush(struct ctx *ctx, bool is_hushed)
{
	TRY(server_run(ctx,
		is_hushed ? "ALTER SYSTEM SET log_min_messages = panic"
			  : "ALTER SYSTEM RESET log_min_messages"));
	TRY(server_run(ctx, "SELECT pg_reload_conf()"));
	(void)fiber_sleep_until(clock_deadline_ms(1000));
	return NULL;
}

static void
nothing_is_left_in_files_of_server(struct ctx *ctx)
{
	const struct err *err;
	struct str words[] = { STR("planted"), STR_NONE, ctx->user_agent,
		STR(GOOD_PASSWORD) };
	const size_t count = COUNT_OF(words);
	static const struct str kept_word[] = { STR_INIT("kept payments") };
	struct catalog catalog;
	struct str statistics;
	int planted;

	OK_ERR(log_hush(ctx, true));
	OK_ERR(prepare(ctx, &catalog, &planted));
	OK_ERR(log_hush(ctx, false));
	words[2] = ctx->user_agent;
	OK_ERR(value_of(ctx,
		"SELECT password_hash FROM users WHERE password_hash LIKE '$argon2%'",
		&words[1]));
	/* A table that is the user's alone is empty afterwards: ANALYZE leaves its statistics. */
	OK_ERR(server_run(ctx,
		str_cstr(ctx->arena,
			str_fmt(ctx->arena,
				"DELETE FROM outbox WHERE user_id IS DISTINCT FROM %s",
				user_one_literal(ctx)))));
	OK_ERR(server_run(ctx,
		str_cstr(ctx->arena,
			str_fmt(ctx->arena,
				"INSERT INTO outbox (id, kind, user_id, recipient, "
				"payload, status, attempts, next_attempt_at, created_at) "
				"SELECT gen_random_uuid(), 'mail', %s, 'planted' || n || "
				"'@example.org', '{}', 'pending', 0, now(), now() FROM "
				"generate_series(1, 9) n",
				user_one_literal(ctx)))));
	OK_ERR(server_run(ctx, "ANALYZE"));
	OK_ERR(server_run(ctx, "CHECKPOINT"));
	OK(files_with(ctx, words, count, "/base") > 0);
	OK(files_with(ctx, words, count, "/pg_wal") > 0);
	OK_ERR(value_of(ctx,
		"SELECT CAST(count(*) AS text) FROM pg_stats WHERE "
		"histogram_bounds::text LIKE '%planted%' OR most_common_vals::text LIKE "
		"'%planted%'",
		&statistics));
	OK_OR(!str_eq(statistics, STR("0")), "no statistics hold it");
	OK_ERR(erase_account(ctx, &(struct proof){ .password = STR(GOOD_PASSWORD) }));
	/* Neither deleting nor vacuuming clears a byte. */
	OK_ERR(server_run(ctx, "VACUUM (ANALYZE)"));
	OK_ERR(server_run(ctx, "CHECKPOINT"));
	OK(files_with(ctx, words, count, "/base") > 0);
	OK(files_with(ctx, words, count, "/pg_wal") > 0);
	/* As long as the server keeps its log it is refused. */
	OK_ERR(server_run(ctx, "ALTER SYSTEM SET wal_recycle = on"));
	OK_ERR(server_run(ctx, "SELECT pg_reload_conf()"));
	(void)fiber_sleep_until(clock_deadline_ms(1000));
	err = shred(ctx);
	OK(err && err->code == ERR_CONFLICT &&
		str_find(err->message, STR("ALTER SYSTEM SET wal_recycle = off")) > 0);
	OK_ERR(server_run(ctx, "ALTER SYSTEM RESET wal_recycle"));
	OK_ERR(server_run(ctx, "SELECT pg_reload_conf()"));
	(void)fiber_sleep_until(clock_deadline_ms(1000));
	OK_ERR(shred(ctx));
	EQ_I64(files_with(ctx, words, count, ""), 0);
	OK_OR(search.hits == 0, "%s", search.first);
	OK(search.files > 500);
	OK(files_with(ctx, kept_word, 1, "/base") > 0);
}

TEST(own_server_keeps_nothing_personal_in_its_files)
{
	if (!getenv("GRIDIRON_TEST_POSTGRES_IS_OWN"))
		SKIP("the server is shared with other tests");
	database_run(DIALECT_POSTGRES, nothing_is_left_in_files_of_server);
}

/* --- The log of the program */

static void
erase_with_a_log(struct ctx *ctx)
{
	char path[] = "/tmp/gridiron-erase-log.XXXXXX";
	int fd = mkstemp(path);
	struct catalog catalog;
	struct str log;
	int planted;

	OK(fd >= 0);
	log_configure((struct log_options){ .level = LOG_DEBUG, .fd = fd });
	log_info(ctx, "the log is written");
	OK_ERR(prepare(ctx, &catalog, &planted));
	OK_ERR(erase_account(ctx, &(struct proof){ .password = STR(GOOD_PASSWORD) }));
	log_configure((struct log_options){ .level = LOG_INFO, .fd = STDERR_FILENO });
	OK_ERR(file_read(ctx->arena, path, FILE_BYTES_MAX, &log));
	close(fd);
	unlink(path);
	OK(str_find(log, STR("the log is written")) >= 0);
	OK(str_find(log, STR("planted")) < 0);
	OK(str_find(log, STR(GOOD_PASSWORD)) < 0);
}

TEST(nothing_personal_is_written_into_the_log)
{
	database_run(DIALECT_SQLITE, erase_with_a_log);
}
