/* What tests of the database share beside the engine itself. */
#include <assert.h>

#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"
#include "tests/db/engine.h"

enum {
	ARENA_BYTES_MAX = 512 << 20,
};

const bool all_nullable[QUERY_COLUMNS_MAX] = { [0 ... QUERY_COLUMNS_MAX - 1] = true };

/* --- Rows --------------------------------------------------------------------------- */

struct uuid
uuid_of(int64_t number)
{
	struct uuid uuid = { .bytes = { 0x01, 0x90, 0, 0, 0, 0, 0x70, 0, 0x80 } };

	for (int i = 0; i < 7; i++)
		uuid.bytes[15 - i] = (uint8_t)((uint64_t)number >> (8 * i));
	return uuid;
}

static struct err *
keep_row(void *arg, const struct value *columns)
{
	struct rows *rows = arg;
	struct arena *arena = rows->ctx->arena;
	struct value *kept;

	TRY_NEW(arena, kept, rows->query->column_count);
	for (size_t i = 0; i < rows->query->column_count; i++) {
		enum db_type type = rows->query->column_types[i];

		kept[i] = columns[i];
		if (!kept[i].is_null &&
			(type == DB_TEXT || type == DB_BYTES || type == DB_JSON))
			kept[i].text = str_dup(arena, columns[i].text);
	}
	return VEC_PUSH(arena, rows, kept) ? NULL : err_no_memory();
}

struct err *
rows_read(struct tx *tx, const struct query *query, const struct value *params,
	struct rows *ret)
{
	*ret = (struct rows){ .ctx = tx->ctx, .query = query };
	return query_run(tx, query, params,
		(struct row_sink){ .row = keep_row, .arg = ret }, NULL);
}

struct err *
rows_write(struct tx *tx, const struct query *query, const struct value *params)
{
	return query_run(tx, query, params, (struct row_sink){ .row = NULL }, NULL);
}

struct err *
auto_read(struct ctx *ctx, const struct query *query, const struct value *params,
	struct rows *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return rows_read(&tx, query, params, ret);
}

struct err *
auto_write(struct ctx *ctx, const struct query *query, const struct value *params)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return rows_write(&tx, query, params);
}

struct err *
auto_i64(struct ctx *ctx, const struct query *query, const struct value *params,
	int64_t *ret)
{
	struct rows rows;

	TRY(auto_read(ctx, query, params, &rows));
	if (rows.count != 1)
		return err_new(ctx, ERR_INTERNAL, "%zu rows", rows.count);
	*ret = rows.items[0][0].i64;
	return NULL;
}

/* --- Fibers ------------------------------------------------------------------------- */

struct crowd {
	void (*fn)(void *);
	size_t running;
	struct fiber_event all_done;
};

struct one_of_crowd {
	struct crowd *crowd;
	void *arg;
};

static void
run_one(void *arg)
{
	struct one_of_crowd *one = arg;

	one->crowd->fn(one->arg);
	if (--one->crowd->running == 0)
		fiber_event_set(&one->crowd->all_done);
}

void
at_once(void (*fn)(void *), void *args, size_t count, size_t size)
{
	struct crowd crowd = { .fn = fn, .running = count };
	struct one_of_crowd *ones;
	struct arena arena;

	arena_init(&arena, ARENA_BYTES_MAX);
	ones = arena_alloc_array(&arena, count, sizeof(*ones));
	assert(ones);
	fiber_event_init(&crowd.all_done);
	for (size_t i = 0; i < count; i++) {
		const struct fiber *fiber;

		ones[i] = (struct one_of_crowd){ .crowd = &crowd,
			.arg = (char *)args + i * size };
		fiber = fiber_spawn("test", run_one, &ones[i]);
		assert(fiber);
	}
	fiber_event_join(&crowd.all_done);
	arena_release(&arena);
}

void
own_ctx_init(struct own_ctx *own, const struct ctx *like, int64_t deadline_ms)
{
	arena_init(&own->arena, ARENA_BYTES_MAX);
	own->ctx = *like;
	own->ctx.arena = &own->arena;
	own->ctx.deadline = clock_deadline_ms(deadline_ms);
}

void
own_ctx_release(struct own_ctx *own)
{
	arena_release(&own->arena);
}
