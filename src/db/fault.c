#include "db/fault.h"

#include <stdatomic.h>

#include "db/dispatch.h"

enum {
	FAULT_BYTES_MAX = 4096,
};

struct fault {
	struct arena arena; /* this struct lives in it */
	const struct driver *inner;
	void *inner_state;
	struct driver driver; /* this one, of the inner one's dialect */
	_Atomic uint64_t calls;
	_Atomic uint64_t nth;
	_Atomic enum err_code code;
};

/* Count a call of WHAT; the error, if it is the one. */
static struct err *
strike(struct fault *fault, struct ctx *ctx, const char *what)
{
	uint64_t call = atomic_fetch_add(&fault->calls, 1) + 1;

	if (call != atomic_load(&fault->nth))
		return NULL;
	return err_note(err_new(ctx, atomic_load(&fault->code), "a fault on purpose"),
		"call %llu: %s", (unsigned long long)call, what);
}

/* --- Transactions ------------------------------------------------------------------- */

struct faulty_work {
	struct fault *fault;
	tx_fn fn;
	void *arg;
	struct err *err; /* of the COMMIT */
};

static struct err *
work_run(struct tx *tx, void *arg)
{
	struct faulty_work *work = arg;

	TRY(work->fn(tx, work->arg));
	work->err = strike(work->fault, tx->ctx, "commit");
	/* Not knowing is told after it has happened. */
	return work->err && work->err->code == ERR_UNCERTAIN ? NULL : work->err;
}

static struct err *
fault_transact(void *state, struct tx *tx, tx_fn fn, void *arg, bool *ret_may_retry)
{
	struct fault *fault = state;
	struct faulty_work work = { .fault = fault, .fn = fn, .arg = arg };
	struct err *err = strike(fault, tx->ctx, "begin");

	if (err) {
		*ret_may_retry = err->code == ERR_BUSY;
		return err;
	}
	err = (*fault->inner->transact)(
		fault->inner_state, tx, work_run, &work, ret_may_retry);
	if (work.err && (!err || err == work.err)) {
		*ret_may_retry = work.err->code == ERR_BUSY;
		return work.err;
	}
	return err;
}

/* --- Queries ------------------------------------------------------------------------ */

static struct err *
fault_run(void *state, struct tx *tx, const struct query *query,
	const struct value *params, struct row_sink sink, int64_t *ret_affected)
{
	struct fault *fault = state;

	TRY(strike(fault, tx->ctx, query->name));
	return fault->inner->run(
		fault->inner_state, tx, query, params, sink, ret_affected);
}

static struct err *
fault_run_batch(void *state, struct tx *tx, const struct query *query,
	const struct value *params, size_t sets, int64_t *ret_affected)
{
	struct fault *fault = state;

	TRY(strike(fault, tx->ctx, query->name));
	return fault->inner->run_batch(
		fault->inner_state, tx, query, params, sets, ret_affected);
}

static struct err *
fault_run_text(void *state, struct tx *tx, struct str sql)
{
	struct fault *fault = state;

	TRY(strike(fault, tx->ctx, "text"));
	return fault->inner->run_text(fault->inner_state, tx, sql);
}

/* --- What passes through ------------------------------------------------------------ */

static struct err *
fault_describe(void *state, struct ctx *ctx, const struct query *query,
	struct query_description *ret)
{
	struct fault *fault = state;

	return fault->inner->describe(fault->inner_state, ctx, query, ret);
}

static struct err *
fault_check_place(void *arg, struct ctx *ctx)
{
	struct fault *fault = arg;
	const struct driver *inner = fault->inner;

	return inner->check_place ? inner->check_place(fault->inner_state, ctx) : NULL;
}

static void
fault_counters(void *state, struct pool_counters *ret)
{
	struct fault *fault = state;

	fault->inner->counters(fault->inner_state, ret);
}

static struct err *
fault_listen(void *state, struct ctx *ctx, struct notices *notices)
{
	struct fault *fault = state;

	return fault->inner->listen(fault->inner_state, ctx, notices);
}

static void
fault_shred(void *state)
{
	struct fault *fault = state;

	if (fault->inner->shred)
		fault->inner->shred(fault->inner_state);
}

static void
fault_loop_close(void *state)
{
	struct fault *fault = state;

	fault->inner->loop_close(fault->inner_state);
}

static void
fault_close(void *state)
{
	struct fault *fault = state;
	struct arena arena = fault->arena;

	fault->inner->close(fault->inner_state);
	arena_release(&arena);
}

struct err *
fault_put(struct ctx *ctx, struct db *db, struct fault **ret)
{
	struct arena arena;
	struct fault *fault;

	arena_init(&arena, FAULT_BYTES_MAX);
	fault = arena_alloc(&arena, sizeof(*fault));
	if (!fault)
		return err_new(ctx, ERR_BUSY, "out of memory");
	*fault = (struct fault){
		.arena = arena,
		.inner = db->driver,
		.inner_state = db->state,
		.driver = {
			.name = "fault",
			.dialect = db->driver->dialect,
			.close = fault_close,
			.loop_close = fault_loop_close,
			.transact = fault_transact,
			.run = fault_run,
			.run_batch = fault_run_batch,
			.run_text = fault_run_text,
			.describe = fault_describe,
			.check_place = fault_check_place,
			.counters = fault_counters,
			.listen = fault_listen,
			.notify_query = db->driver->notify_query,
			.shred = fault_shred,
		},
	};
	db->driver = &fault->driver;
	db->state = fault;
	*ret = fault;
	return NULL;
}

void
fault_arm(struct fault *fault, uint64_t nth, enum err_code code)
{
	atomic_store(&fault->code, code);
	atomic_store(&fault->nth, nth);
	atomic_store(&fault->calls, 0);
}

uint64_t
fault_calls(const struct fault *fault)
{
	return atomic_load(&fault->calls);
}

bool
fault_has_struck(const struct fault *fault)
{
	uint64_t nth = atomic_load(&fault->nth);

	return nth > 0 && fault_calls(fault) >= nth;
}
