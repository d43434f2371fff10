/* The rest of db.h: opening, texts, descriptions, statistics, retries. */
#include <unistd.h>

#include "base/log.h"
#include "db/dispatch.h"
#include "db/fault.h"
#include "tests/db/engine.h"

WRITE_ON_BOTH(account_put, "INSERT INTO accounts VALUES ($1, $2)",
	"INSERT INTO accounts VALUES (?1, ?2)", TYPES(DB_I64, DB_I64), TYPES());
READ_ON_BOTH(account_get, "SELECT id, balance FROM accounts WHERE id = $1",
	"SELECT id, balance FROM accounts WHERE id = ?1", TYPES(DB_I64),
	TYPES(DB_I64, DB_I64));
READ_ON_BOTH(accounts_count, "SELECT count(*) FROM accounts",
	"SELECT count(*) FROM accounts", TYPES(), TYPES(DB_I64));
READ_ON_BOTH(wrong_table, "SELECT x FROM nowhere", "SELECT x FROM nowhere", TYPES(),
	TYPES(DB_I64));

DB_TEST(a_url_of_no_engine_is_refused_without_quoting_it)
{
	struct db *db = NULL;
	struct err *err = db_open(
		ctx, &(struct db_options){ .url = STR("mysql://u:secret@host/db") }, &db);

	OK(err && err->code == ERR_INVALID && !db);
	OK(str_find(err->message, STR("'mysql:'")) >= 0);
	OK(str_find(err_describe(ctx->arena, err), STR("secret")) < 0);
	FAILS_WITH(db_open(ctx, &(struct db_options){ .url = STR("x.db") }, &db),
		ERR_INVALID);
	FAILS_WITH(db_open(ctx, &(struct db_options){ .url = STR("sqlite:") }, &db),
		ERR_INVALID);
}

DB_TEST(the_database_is_in_its_place)
{
	OK_ERR(db_check_place(ctx));
}

DB_TEST(the_bucket_of_a_user_is_that_of_the_md5_of_its_text)
{
	/* printf %s 00000000-0000-0000-0000-000000000000 | md5sum: 9f89c84a…; mod 1024 */
	struct user_id nil = { { { 0 } } };
	struct user_id other = { uuid_of(1) };

	EQ_I64(db_shard_of(nil).bucket, 0x9f89c84a % 1024);
	OK(!db_shard_of(nil).is_global);
	OK(db_shard_of(other).bucket < 1024);
}

DB_TEST(a_query_on_what_is_not_there_is_an_internal_error_that_names_it)
{
	struct rows rows;
	struct err *err = auto_read(ctx, &wrong_table, VALUES_NONE, &rows);

	OK(err && err->code == ERR_INTERNAL);
	OK(str_find(err->message, STR("nowhere")) < 0);
	OK(str_find(err_describe(ctx->arena, err), STR("nowhere")) >= 0);
	OK(str_find(err_describe(ctx->arena, err), STR("wrong_table")) >= 0);
}

static struct err *
texts_then_fail(struct tx *tx, void *unused)
{
	(void)unused;
	TRY(db_run_text(tx, STR("CREATE TABLE t1 (x bigint)")));
	TRY(db_run_text(tx, STR("INSERT INTO accounts VALUES (1, 1)")));
	return err_new(tx->ctx, ERR_GONE, "changed my mind");
}

DB_TEST(texts_run_in_a_transaction_and_are_undone_with_it)
{
	struct tx alone = db_auto(ctx, SHARD_GLOBAL);
	int64_t count;

	FAILS_WITH(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, texts_then_fail, NULL),
		ERR_GONE);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 0);
	OK_ERR(db_run_text(&alone, STR("CREATE TABLE t1 (x bigint)")));
	FAILS_WITH(db_run_text(&alone, STR("CREATE TABLE t1 (x bigint)")), ERR_INTERNAL);
}

DB_TEST(a_query_is_described_with_its_types_and_plan)
{
	struct query_description got;

	OK_ERR(db_describe(ctx, &account_get, &got));
	EQ_I64(got.param_count, 1);
	EQ_I64(got.column_count, 2);
	OK(got.column_types[0] == DB_I64 && got.column_types[1] == DB_I64);
	OK(got.plan.len > 0);
	OK_ERR(db_describe(ctx, &account_put, &got));
	EQ_I64(got.param_count, 2);
	EQ_I64(got.column_count, 0);
	FAILS_WITH(db_describe(ctx, &wrong_table, &got), ERR_INTERNAL);
}

DB_TEST(every_run_of_a_query_is_counted)
{
	uint64_t before = atomic_load(&account_get_stats.duration.count);
	struct rows rows;

	OK_ERR(auto_write(ctx, &account_put, VALUES(V_I64(1), V_I64(1))));
	OK_ERR(auto_read(ctx, &account_get, VALUES(V_I64(1)), &rows));
	OK_ERR(auto_read(ctx, &account_get, VALUES(V_I64(2)), &rows));
	EQ_I64(atomic_load(&account_get_stats.duration.count) - before, 2);
	EQ_I64(atomic_load(&account_get_stats.rows), 1);
	EQ_I64(atomic_load(&account_get_stats.failures), 0);
	FAILS_WITH(
		auto_write(ctx, &account_put, VALUES(V_I64(1), V_I64(1))), ERR_CONFLICT);
	OK(atomic_load(&account_put_stats.failures) >= 1);
}

/* --- The log ------------------------------------------------------------------------ */

READ_ON_BOTH(text_length, "SELECT length($1)::bigint", "SELECT length(?1)",
	TYPES(DB_TEXT), TYPES(DB_I64));
/* Takes longer than it may: a tenth of a second and more. */
READ_ON_BOTH(sleepy, "SELECT length($1)::bigint FROM pg_sleep(0.15)",
	"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < "
	"3000000)"
	" SELECT length(?1) + 0 * count(*) FROM c",
	TYPES(DB_TEXT), TYPES(DB_I64));

/* What is logged while QUERY runs with a secret for its argument. */
static struct str
log_of(struct ctx *ctx, const struct query *query)
{
	char *text = arena_alloc(ctx->arena, 8192);
	FILE *file = text ? tmpfile() : NULL;
	int64_t length;
	ssize_t got;

	if (!file)
		return STR_NONE;
	log_configure((struct log_options){ .level = LOG_INFO, .fd = fileno(file) });
	(void)!auto_i64(ctx, query, VALUES(V_TEXT("s3cret")), &length);
	log_configure((struct log_options){ .level = LOG_INFO, .fd = STDERR_FILENO });
	got = pread(fileno(file), text, 8192, 0);
	fclose(file);
	return (struct str){ .ptr = text, .len = got > 0 ? (size_t)got : 0 };
}

DB_TEST(a_slow_query_is_logged_by_name_and_route_without_its_arguments)
{
	struct str line = log_of(ctx, &sleepy);

	OK(str_find(line, STR("\"slow query\"")) >= 0);
	OK(str_find(line, STR("query=sleepy")) >= 0);
	OK(str_find(line, STR("route=test")) >= 0);
	OK(str_find(line, STR("text(6)")) >= 0);
	OK(str_find(line, STR("s3cret")) < 0);
	EQ_I64(log_of(ctx, &text_length).len, 0);
}

DB_TEST(with_echo_every_statement_is_logged_without_its_arguments)
{
	struct str line;

	ctx->db->is_echo = true;
	line = log_of(ctx, &text_length);
	OK(str_find(line, STR("query=text_length")) >= 0);
	OK(str_find(line, STR("text(6)")) >= 0);
	OK(str_find(line, STR("s3cret")) < 0);
}

/* --- Retries and faults ------------------------------------------------------------- */

struct twice {
	int tries;
};

static struct err *
put_and_count_tries(struct tx *tx, void *arg)
{
	struct twice *twice = arg;

	twice->tries++;
	TRY(rows_write(tx, &account_put, VALUES(V_I64(1), V_I64(1))));
	return rows_write(tx, &account_put, VALUES(V_I64(2), V_I64(1)));
}

DB_TEST(a_transaction_undone_for_others_sake_is_tried_again)
{
	struct twice twice = { 0 };
	struct fault *fault;
	int64_t count;

	OK_ERR(fault_put(ctx, ctx->db, &fault));
	fault_arm(fault, 4, ERR_BUSY); /* begin, put, put, commit */
	OK_ERR(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_and_count_tries, &twice));
	EQ_I64(twice.tries, 2);
	EQ_I64(fault_calls(fault), 8);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 2);
}

DB_TEST(a_transaction_that_fails_at_any_call_leaves_nothing)
{
	struct fault *fault;
	uint64_t nth = 0;
	struct err *err;

	OK_ERR(fault_put(ctx, ctx->db, &fault));
	do {
		struct twice twice = { 0 };
		int64_t count;

		fault_arm(fault, ++nth, ERR_INTERNAL);
		err = db_transact(
			ctx, TX_WRITE, SHARD_GLOBAL, put_and_count_tries, &twice);
		OK(!err == !fault_has_struck(fault));
		fault_arm(fault, 0, ERR_INTERNAL);
		OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
		EQ_I64(count, err ? 0 : 2);
	} while (err);
	EQ_I64(nth, 5);
}

DB_TEST(an_uncertain_commit_is_not_tried_again)
{
	struct twice twice = { 0 };
	struct fault *fault;
	int64_t count;

	OK_ERR(fault_put(ctx, ctx->db, &fault));
	fault_arm(fault, 4, ERR_UNCERTAIN);
	FAILS_WITH(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, put_and_count_tries, &twice),
		ERR_UNCERTAIN);
	EQ_I64(twice.tries, 1);
	OK_ERR(auto_i64(ctx, &accounts_count, VALUES_NONE, &count));
	EQ_I64(count, 2);
}
