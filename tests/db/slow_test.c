/* A slow query is in the log with its plan, and never with a value. */
#include "tests/db/engine.h"

#include <unistd.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/file.h"

/* Counts to ?1; an id and an address keep it company. */
READ_ON_BOTH(slow_read,
	"SELECT count(*) + (SELECT count(*) FROM accounts WHERE id = $2) FROM "
	"pg_sleep($1::double precision / 1000.0) WHERE $3 <> ''",
	"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?1 * "
	"8000) SELECT count(*) + (SELECT count(*) FROM accounts WHERE id = ?2) FROM c "
	"WHERE ?3 <> ''",
	TYPES(DB_I64, DB_I64, DB_TEXT), TYPES(DB_I64));

enum {
	SLOW = 200,
	LOG_BYTES_MAX = 65536,
};

static FILE *log_file;

static void
log_begin(void)
{
	log_file = tmpfile();
	log_configure((struct log_options){ .level = LOG_INFO, .fd = fileno(log_file) });
}

/* What was logged since log_begin. */
static struct str
log_end(struct arena *arena)
{
	char *text = arena_alloc_text(arena, LOG_BYTES_MAX);
	ssize_t len = pread(fileno(log_file), text, LOG_BYTES_MAX, 0);

	log_configure((struct log_options){ .level = LOG_INFO, .fd = STDERR_FILENO });
	fclose(log_file);
	return (struct str){ .ptr = text, .len = len > 0 ? (size_t)len : 0 };
}

static size_t
times_in(struct str text, const char *needle)
{
	size_t count = 0;
	ptrdiff_t at;

	while ((at = str_find(text, str_from(needle))) >= 0) {
		count++;
		text = str_slice(text, (size_t)at + 1, text.len);
	}
	return count;
}

static void
run_slowly(struct ctx *ctx)
{
	int64_t count;

	OK_ERR(auto_i64(ctx, &slow_read,
		VALUES(V_I64(SLOW), V_I64(987654321), V_TEXT("ann@example.org")),
		&count));
}

DB_TEST(a_slow_query_is_logged_with_its_plan_once_a_minute_and_with_no_value)
{
	struct str log;

	ctx->actor = (struct actor){ 0 };
	slow_read_stats.plan_again_at = 0;
	log_begin();
	run_slowly(ctx);
	db_tend(ctx);
	run_slowly(ctx);
	db_tend(ctx);
	log = log_end(ctx->arena);
	EQ_I64(times_in(log, "event=\"slow query\""), 2);
	EQ_I64(times_in(log, "event=\"slow query plan\" route=test query=slow_read"), 1);
	OK_OR(str_find(log, STR("accounts")) > 0 && str_find(log, STR("plan=")) > 0,
		STR_FMT, STR_ARG(log));
	EQ_I64(times_in(log, "params=\"integer, integer, text(15)\""), 2);
	EQ_I64(times_in(log, "987654321"), 0);
	EQ_I64(times_in(log, "ann@"), 0);

	slow_read_stats.plan_again_at = clock_monotonic_ns();
	log_begin();
	run_slowly(ctx);
	db_tend(ctx);
	log = log_end(ctx->arena);
	EQ_I64(times_in(log, "event=\"slow query plan\""), 1);
}

DB_TEST(what_the_system_does_in_batches_may_take_a_second)
{
	struct str log;
	int64_t began_at;
	bool is_timely;

	slow_read_stats.plan_again_at = 0;
	log_begin();
	ctx->actor = (struct actor){ .is_system = true };
	began_at = clock_monotonic_ns();
	run_slowly(ctx);
	/* It is made to take a fifth of a second; of a machine that is far slower nothing
	 * is claimed. */
	is_timely = clock_monotonic_ns() - began_at < 900000000;
	db_tend(ctx);
	log = log_end(ctx->arena);
	OK_OR(!is_timely || times_in(log, "slow query") == 0, STR_FMT, STR_ARG(log));
}
