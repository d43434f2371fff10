#include "db/observe.h"

#include "base/buf.h"
#include "base/log.h"
#include "db/dispatch.h"
#include "sys/clock.h"

enum {
	MASKED_BYTES_MAX = 1024,
};

static void
put_masked(struct buf *text, enum db_type type, const struct value *value)
{
	if (value->is_null) {
		buf_put(text, STR("null"));
		return;
	}
	switch (type) {
	case DB_BOOL:
		buf_put(text, STR("bool"));
		break;
	case DB_I32:
	case DB_I64:
		buf_put(text, STR("integer"));
		break;
	case DB_F64:
		buf_put(text, STR("real"));
		break;
	case DB_TEXT:
		buf_fmt(text, "text(%zu)", value->text.len);
		break;
	case DB_BYTES:
		buf_fmt(text, "bytes(%zu)", value->text.len);
		break;
	case DB_JSON:
		buf_fmt(text, "json(%zu)", value->text.len);
		break;
	case DB_TIME:
		buf_put(text, STR("time"));
		break;
	case DB_RATE:
		buf_put(text, STR("rate"));
		break;
	case DB_UUID:
		buf_put(text, STR("uuid"));
		break;
	}
}

/* "uuid, text(12), null": the arguments of the first set. */
static void
put_params(struct buf *text, const struct observation *seen)
{
	if (seen->sets == 0)
		return;
	for (size_t i = 0; i < seen->query->param_count; i++) {
		if (i > 0)
			buf_put(text, STR(", "));
		put_masked(text, seen->query->param_types[i], &seen->params[i]);
	}
}

static void
write_line(enum log_level level, const char *event, const struct tx *tx,
	const struct observation *seen, int64_t duration_ns)
{
	char storage[MASKED_BYTES_MAX];
	struct buf params;

	buf_init_fixed(&params, storage, sizeof(storage));
	put_params(&params, seen);
	LOG_AT(level, tx->ctx, event, LOG_TEXT("query", seen->query->name),
		LOG_F64("ms", (double)duration_ns / NANOSECONDS_PER_MS),
		LOG_I64("rows", seen->rows), LOG_I64("sets", (int64_t)seen->sets),
		LOG_STR("params", buf_str(&params)),
		LOG_TEXT("result", seen->err ? err_code_name(seen->err->code) : "ok"),
		LOG_TEXT("sql", seen->query->sql[db_dialect(tx->db)]));
}

/* What may take so long. What runs in batches or for the system is expected to. */
static int64_t
limit_ns(const struct tx *tx, const struct observation *seen)
{
	int64_t limit_ms = OBSERVE_SLOW_MS;

	if (seen->query->is_slow || tx->ctx->actor.is_system || seen->sets > 1)
		limit_ms = OBSERVE_SLOW_BATCH_MS;
	if (limit_ms < (int64_t)seen->sets)
		limit_ms = (int64_t)seen->sets;
	return limit_ms * NANOSECONDS_PER_MS;
}

void
observe(const struct tx *tx, bool is_echo, const struct observation *seen)
{
	struct query_stats *stats = seen->query->stats;
	int64_t duration_ns = clock_monotonic_ns() - seen->started_at;

	if (stats) {
		histogram_record(&stats->duration, duration_ns);
		if (seen->rows > 0)
			atomic_fetch_add_explicit(
				&stats->rows, (uint64_t)seen->rows, memory_order_relaxed);
		if (seen->err)
			atomic_fetch_add_explicit(
				&stats->failures, 1, memory_order_relaxed);
	}
	if (UNLIKELY(duration_ns > (int64_t)OBSERVE_SLOW_MS * NANOSECONDS_PER_MS) &&
		duration_ns > limit_ns(tx, seen)) {
		write_line(LOG_WARNING, "slow query", tx, seen, duration_ns);
		slow_plan_note(&tx->db->slow_plans, seen->query);
	} else if (UNLIKELY(is_echo))
		write_line(LOG_INFO, "query", tx, seen, duration_ns);
}
