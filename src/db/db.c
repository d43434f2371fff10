#include "db/db.h"

#include <assert.h>

#include "base/buf.h"
#include "base/log.h"
#include "codec/uuid.h"
#include "crypto/digest.h"
#include "db/dispatch.h"
#include "db/observe.h"
#include "db/pool.h"
#include "db/value_check.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/random.h"

enum {
	DB_ARENA_BYTES_MAX = 1 << 20,
	BUCKETS = 1024,
	TRIES_MAX = 30,
	BACKOFF_FIRST_US = 500,
	BACKOFF_MOST_US = 200000,
	NANOSECONDS_PER_US = 1000,
};

struct shard
db_shard_of(struct user_id user)
{
	char storage[UUID_TEXT_LEN];
	uint8_t md5[MD5_BYTES];
	struct buf text;
	uint32_t first;

	buf_init_fixed(&text, storage, sizeof(storage));
	uuid_format(&text, user.uuid);
	digest_md5(buf_str(&text), md5);
	first = (uint32_t)md5[0] << 24 | (uint32_t)md5[1] << 16 | (uint32_t)md5[2] << 8 |
		md5[3];
	return (struct shard){ .bucket = (uint16_t)(first % BUCKETS) };
}

/* --- Opening and closing ------------------------------------------------------------ */

static const struct driver *
driver_for(struct str url)
{
	if (str_starts_with(url, STR("sqlite:")))
		return &driver_sqlite;
	if (str_starts_with(url, STR("postgresql://")) ||
		str_starts_with(url, STR("postgres://")))
		return &driver_postgres;
	return NULL;
}

/* Names only the scheme: the rest of a URL may hold a password. */
static struct err *
no_such_engine(struct ctx *ctx, struct str url)
{
	ptrdiff_t colon = str_find_char(url, ':');
	struct str scheme = str_slice(url, 0, colon > 0 ? (size_t)colon : 0);

	if (scheme.len == 0 || scheme.len > 20)
		return err_new(ctx, ERR_INVALID,
			"the database URL must begin with sqlite: or postgresql://, as "
			"in sqlite:gridiron-data/gridiron.db");
	return err_new(ctx, ERR_INVALID,
		"no database engine for URLs that begin with '" STR_FMT
		":'; use sqlite:PATH or postgresql://…",
		STR_ARG(scheme));
}

struct err *
db_check_url(struct ctx *ctx, struct str url)
{
	const struct driver *driver = driver_for(url);

	return driver ? driver->check_url(ctx, url) : no_such_engine(ctx, url);
}

struct err *
db_open(struct ctx *ctx, const struct db_options *options, struct db **ret)
{
	const struct driver *driver = driver_for(options->url);
	struct arena arena;
	struct err *err;
	struct db *db;

	if (!driver)
		return no_such_engine(ctx, options->url);
	arena_init(&arena, DB_ARENA_BYTES_MAX);
	db = arena_alloc(&arena, sizeof(*db));
	if (!db)
		return err_no_memory();
	*db = (struct db){ .driver = driver,
		.is_echo = options->is_echo,
		.slow_plans.lock = PTHREAD_MUTEX_INITIALIZER };
	err = driver->open(ctx, options, &db->state);
	if (err) {
		arena_release(&arena);
		return err;
	}
	db->arena = arena;
	*ret = db;
	return NULL;
}

void
db_close(struct db *db)
{
	struct arena arena = db->arena;

	db->driver->close(db->state);
	arena_release(&arena);
}

void
db_loop_close(struct db *db)
{
	db->driver->loop_close(db->state);
}

enum dialect
db_dialect(const struct db *db)
{
	return db->driver->dialect;
}

void
db_counters(const struct db *db, struct pool_counters *ret)
{
	*ret = (struct pool_counters){ 0 };
	db->driver->counters(db->state, ret);
}

void
db_shred(struct db *db)
{
	if (db->driver->shred)
		(*db->driver->shred)(db->state);
}

void
db_tend(struct ctx *ctx)
{
	if (ctx->db->driver->tend)
		ctx->db->driver->tend(ctx->db->state, ctx);
	slow_plans_tell(ctx, &ctx->db->slow_plans);
}

struct err *
db_check_place(struct ctx *ctx)
{
	const struct driver *driver = ctx->db->driver;

	return driver->check_place ? driver->check_place(ctx->db->state, ctx) : NULL;
}

struct err *
db_describe(struct ctx *ctx, const struct query *query, struct query_description *ret)
{
	return ctx->db->driver->describe(ctx->db->state, ctx, query, ret);
}

/* --- Transactions ------------------------------------------------------------------- */

struct tx
db_auto(struct ctx *ctx, struct shard shard)
{
	return (struct tx){ .ctx = ctx, .db = ctx->db, .shard = shard, .is_auto = true };
}

bool
db_back_off(const struct ctx *ctx, unsigned int try)
{
	uint32_t most_us = BACKOFF_FIRST_US << (try < 10 ? try : 10);
	int64_t until;

	if (try >= TRIES_MAX)
		return false;
	if (most_us > BACKOFF_MOST_US)
		most_us = BACKOFF_MOST_US;
	until = clock_monotonic_ns() +
		(int64_t)(random_u64() % most_us) * NANOSECONDS_PER_US;
	return until < ctx->deadline && fiber_sleep_until(until) == WAIT_TIMED_OUT;
}

struct work {
	tx_fn fn;
	void *arg;
};

/* What is to be done after the commit, the latest first. */
struct tx_sequel {
	struct tx_sequel *earlier;
	void (*fn)(void *arg);
	void *arg;
};

struct err *
tx_on_commit(struct tx *tx, void (*fn)(void *arg), void *arg)
{
	struct tx_sequel *sequel;

	if (tx->is_auto)
		return err_note(err_new(tx->ctx, ERR_INTERNAL, "internal error"),
			"a query by itself has no commit to wait for");
	TRY_NEW(tx->ctx->arena, sequel, 1);
	*sequel = (struct tx_sequel){ .earlier = tx->sequels, .fn = fn, .arg = arg };
	tx->sequels = sequel;
	return NULL;
}

static void
sequels_run(struct tx_sequel *latest)
{
	struct tx_sequel *first = NULL;

	while (latest) {
		struct tx_sequel *earlier = latest->earlier;

		latest->earlier = first;
		first = latest;
		latest = earlier;
	}
	for (; first; first = first->earlier)
		first->fn(first->arg);
}

/* PostgreSQL takes no more queries in a transaction where one has failed, and would turn
 * its COMMIT into a ROLLBACK without a word. It is the same for all. */
static struct err *
work_run(struct tx *tx, void *arg)
{
	struct work *work = arg;

	tx->failed = NULL;
	tx->notices = NULL;
	tx->sequels = NULL;
	TRY(work->fn(tx, work->arg));
	return tx->failed;
}

/*
 * What a failed try put into the arena stays there: results that FN set in ARG, or texts
 * that it made grow, may lie there and be looked at by the next try. Tries are few and
 * the arena has its cap.
 */
struct err *
db_transact(struct ctx *ctx, enum tx_kind kind, struct shard shard, tx_fn fn, void *arg)
{
	struct db *db = ctx->db;
	struct work work = { .fn = fn, .arg = arg };

	for (unsigned int try = 1;; try++) {
		struct tx tx = { .ctx = ctx, .db = db, .kind = kind, .shard = shard };
		bool may_retry = false;
		struct err *err = (*db->driver->transact)(
			db->state, &tx, work_run, &work, &may_retry);

		if (!err || err->code == ERR_UNCERTAIN)
			notices_give(&tx);
		if (!err)
			sequels_run(tx.sequels);
		if (!err || !may_retry)
			return err;
		if (!db_back_off(ctx, try))
			return err_note(err, "given up after %u tries", try);
		log_debug(ctx, "transaction tried again", LOG_I64("try", try + 1),
			LOG_STR("after", err->message));
	}
}

/* ERR, remembered where it dooms a transaction. */
static struct err *
note_failure(struct tx *tx, struct err *err)
{
	if (err && !tx->is_auto && !tx->failed)
		tx->failed = err;
	return err;
}

struct err *
db_run_text(struct tx *tx, struct str sql)
{
	struct err *err;

	if (tx->db->is_echo)
		log_info(tx->ctx, "text", LOG_STR("sql", sql));
	TRY(tx->failed);
	err = tx->db->driver->run_text(tx->db->state, tx, sql);
	return note_failure(tx, err);
}

/* --- Queries ------------------------------------------------------------------------ */

/* Stands between the driver and the sink, to count. */
struct row_counter {
	struct row_sink sink;
	int64_t rows;
};

static struct err *
row_count(void *arg, const struct value *columns)
{
	struct row_counter *counter = arg;

	counter->rows++;
	return counter->sink.row ? counter->sink.row(counter->sink.arg, columns) : NULL;
}

/* What no engine needs to be asked. */
static struct err *
run_check(struct tx *tx, const struct query *query)
{
	assert(query->param_count <= QUERY_PARAMS_MAX);
	assert(query->column_count <= QUERY_COLUMNS_MAX);
	TRY(tx->failed);
	if (query->is_write && !tx->is_auto && tx->kind == TX_READ)
		return err_note(err_new(tx->ctx, ERR_INTERNAL, "internal error"),
			"query %s writes, in a transaction that only reads", query->name);
	return NULL;
}

static struct err *
run(struct tx *tx, const struct query *query, const struct value *params,
	struct row_counter *counter, int64_t *ret_affected)
{
	struct row_sink sink = {
		.row = row_count, .arg = counter, .texts_last = counter->sink.texts_last
	};

	TRY(run_check(tx, query));
	TRY(values_check(tx->ctx, query, params));
	return tx->db->driver->run(tx->db->state, tx, query, params, sink, ret_affected);
}

struct err *
query_run(struct tx *tx, const struct query *query, const struct value *params,
	struct row_sink sink, int64_t *ret_affected)
{
	struct row_counter counter = { .sink = sink };
	int64_t started_at = clock_monotonic_ns();
	int64_t affected = 0;
	struct err *err = run(tx, query, params, &counter, &affected);

	observe(tx, tx->db->is_echo,
		&(struct observation){
			.query = query,
			.params = params,
			.sets = 1,
			.started_at = started_at,
			.rows = counter.rows ? counter.rows : affected,
			.err = err,
		});
	if (!err && ret_affected)
		*ret_affected = affected;
	return note_failure(tx, err);
}

static struct err *
run_batch(struct tx *tx, const struct query *query, const struct value *params,
	size_t sets, int64_t *ret_affected)
{
	TRY(run_check(tx, query));
	if (tx->is_auto || tx->kind != TX_WRITE)
		return err_note(err_new(tx->ctx, ERR_INTERNAL, "internal error"),
			"batch %s runs outside a transaction that writes", query->name);
	for (size_t set = 0; set < sets; set++)
		TRY_CTX(values_check(tx->ctx, query, params + set * query->param_count),
			"set %zu", set);
	return tx->db->driver->run_batch(
		tx->db->state, tx, query, params, sets, ret_affected);
}

struct err *
query_run_batch(struct tx *tx, const struct query *query, const struct value *params,
	size_t sets, int64_t *ret_affected)
{
	int64_t started_at = clock_monotonic_ns();
	int64_t affected = 0;
	struct err *err = run_batch(tx, query, params, sets, &affected);

	observe(tx, tx->db->is_echo,
		&(struct observation){
			.query = query,
			.params = params,
			.sets = sets,
			.started_at = started_at,
			.rows = affected,
			.err = err,
		});
	if (!err && ret_affected)
		*ret_affected = affected;
	return note_failure(tx, err);
}
