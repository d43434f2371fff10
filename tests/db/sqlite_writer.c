/*
 * The child of tests/db/sqlite_test.c: sqlite_writer PATH FIRST_ID opens a database,
 * writes for ever with many fibers, and says each id on standard output, as 8 bytes, once
 * it was told that it is written. It is made to be killed.
 */
#include <unistd.h>

#include "base/num.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "tests/db/engine.h"

enum {
	FIBERS = 16,
};

WRITE_ON_BOTH(written_put, "", "INSERT INTO written VALUES (?1)", TYPES(DB_I64), TYPES());
WRITE_ON_BOTH(half_put, "", "INSERT INTO halves VALUES (?1, ?2)", TYPES(DB_I64, DB_I64),
	TYPES());

static struct {
	struct arena arena;
	struct ctx ctx;
	struct str url;
	int64_t next_id;
} writer;

static void
say(int64_t id)
{
	if (write(STDOUT_FILENO, &id, sizeof(id)) != sizeof(id))
		_exit(1);
}

static struct err *
put(struct tx *tx, void *arg)
{
	const int64_t *id = arg;

	TRY(rows_write(tx, &half_put, VALUES(V_I64(*id), V_I64(1))));
	TRY(rows_write(tx, &written_put, VALUES(V_I64(*id))));
	return rows_write(tx, &half_put, VALUES(V_I64(*id), V_I64(2)));
}

static void
write_for_ever(void *unused)
{
	struct own_ctx own;

	(void)unused;
	own_ctx_init(&own, &writer.ctx, 600000);
	for (;;) {
		int64_t id = writer.next_id++;

		if (db_transact(&own.ctx, TX_WRITE, SHARD_GLOBAL, put, &id))
			_exit(1);
		say(id);
		arena_reset(&own.arena);
	}
}

static void
start(void *unused)
{
	static const struct str tables = STR_INIT(
		"CREATE TABLE IF NOT EXISTS written (id INTEGER PRIMARY KEY) STRICT;"
		"CREATE TABLE IF NOT EXISTS halves (pair INTEGER, half INTEGER)"
		" STRICT;");
	struct tx tx;

	(void)unused;
	if (db_open(&writer.ctx, &(struct db_options){ .url = writer.url },
		    &writer.ctx.db))
		_exit(1);
	tx = db_auto(&writer.ctx, SHARD_GLOBAL);
	if (db_run_text(&tx, tables))
		_exit(1);
	for (int i = 0; i < FIBERS; i++)
		if (!fiber_spawn("writer", write_for_ever, NULL))
			_exit(1);
}

int
main(int argc, char **argv)
{
	if (argc != 3 || !num_parse_i64(str_from(argv[2]), 0, INT64_MAX, &writer.next_id))
		return 2;
	arena_init(&writer.arena, 64 << 20);
	writer.ctx = (struct ctx){
		.arena = &writer.arena,
		.deadline = DEADLINE_NEVER,
		.route = "writer",
	};
	writer.url = str_fmt(&writer.arena, "sqlite:%s", argv[1]);
	return loop_run_once(&writer.arena, (struct loop_options){ .fibers_max = 100 },
		       start, NULL)
		? 1
		: 0;
}
