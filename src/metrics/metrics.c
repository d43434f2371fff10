#include "metrics/metrics.h"

#include <assert.h>
#include <math.h>

#define NS_PER_SECOND 1e9

/* Of the buckets counted, those told: every fourth bound, each four times the one before,
 * is fine enough for graphs and alerts, and each costs a line for every series. */
enum {
	FIRST_BUCKET = 12, /* 65.5 µs */
	BUCKET_STEP = 4,
};

struct metrics
metrics_begin(struct buf *out)
{
	return (struct metrics){ .out = out };
}

static const char *
type_name(enum metric_type type)
{
	switch (type) {
	case METRIC_COUNTER:
		return "counter";
	case METRIC_GAUGE:
		return "gauge";
	case METRIC_HISTOGRAM:
		return "histogram";
	}
	return "untyped";
}

static bool
is_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || c == '_' ||
			    (i > 0 && c >= '0' && c <= '9')))
			return false;
	}
	return name.len > 0;
}

void
metrics_family(struct metrics *metrics, enum metric_type type, const char *name,
	const char *help)
{
	struct str text = str_from(name);

	assert(is_name(text));
	assert(str_ends_with(text, STR("_total")) == (type == METRIC_COUNTER));
	assert(type != METRIC_HISTOGRAM || str_ends_with(text, STR("_seconds")));
	assert(!strpbrk(help, "\\\n"));
	metrics->family = name;
	metrics->type = type;
	metrics->series_count = 0;
	buf_fmt(metrics->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
		type_name(type));
}

/* Whether the family may have one series more. */
static bool
series_begin(struct metrics *metrics)
{
	if (metrics->series_count == METRIC_SERIES_MAX) {
		metrics->left_out++;
		return false;
	}
	metrics->series_count++;
	return true;
}

static void
put_label(struct buf *out, struct metric_label label, bool *is_first)
{
	assert(is_name(str_from(label.name)));
	buf_put_char(out, *is_first ? '{' : ',');
	*is_first = false;
	buf_fmt(out, "%s=\"", label.name);
	for (size_t i = 0; i < label.value.len; i++) {
		char c = label.value.ptr[i];

		if (c == '\n') {
			buf_put(out, STR("\\n"));
			continue;
		}
		if (c == '"' || c == '\\')
			buf_put_char(out, '\\');
		buf_put_char(out, c);
	}
	buf_put_char(out, '"');
}

/* NAME SUFFIX {labels}, with the bound LE among them where there is one, and a space. */
static void
put_series(struct metrics *metrics, const char *suffix,
	const struct metric_labels *labels, struct str le)
{
	bool is_first = true;

	buf_fmt(metrics->out, "%s%s", metrics->family, suffix);
	for (size_t i = 0; i < METRIC_LABELS_MAX; i++)
		if (labels->items[i].name)
			put_label(metrics->out, labels->items[i], &is_first);
	if (!str_is_none(le))
		put_label(metrics->out,
			(struct metric_label){ .name = "le", .value = le }, &is_first);
	buf_put(metrics->out, is_first ? STR(" ") : STR("} "));
}

void
metrics_u64(struct metrics *metrics, uint64_t value, struct metric_labels labels)
{
	assert(metrics->type != METRIC_HISTOGRAM);
	if (!series_begin(metrics))
		return;
	put_series(metrics, "", &labels, STR_NONE);
	buf_fmt(metrics->out, "%llu\n", (unsigned long long)value);
}

static void
put_f64(struct buf *out, double value)
{
	if (isnan(value))
		buf_put(out, STR("NaN"));
	else if (isinf(value))
		buf_put(out, value > 0 ? STR("+Inf") : STR("-Inf"));
	else
		buf_fmt(out, "%.12g", value);
}

void
metrics_f64(struct metrics *metrics, double value, struct metric_labels labels)
{
	assert(metrics->type != METRIC_HISTOGRAM);
	if (!series_begin(metrics))
		return;
	put_series(metrics, "", &labels, STR_NONE);
	put_f64(metrics->out, value);
	buf_put_char(metrics->out, '\n');
}

void
metrics_ns(struct metrics *metrics, int64_t ns, struct metric_labels labels)
{
	metrics_f64(metrics, (double)ns / NS_PER_SECOND, labels);
}

void
metrics_histogram(struct metrics *metrics, const struct histogram *histogram,
	struct metric_labels labels)
{
	uint64_t below = 0;
	char storage[32];
	struct buf bound;

	assert(metrics->type == METRIC_HISTOGRAM);
	if (!series_begin(metrics))
		return;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		bool is_last = i == HISTOGRAM_BUCKETS - 1;

		below += atomic_load_explicit(
			&histogram->counts[i], memory_order_relaxed);
		if (!is_last && (i < FIRST_BUCKET || (i - FIRST_BUCKET) % BUCKET_STEP))
			continue;
		buf_init_fixed(&bound, storage, sizeof(storage));
		if (is_last)
			buf_put(&bound, STR("+Inf"));
		else
			put_f64(&bound, (double)histogram_bound_ns(i) / NS_PER_SECOND);
		put_series(metrics, "_bucket", &labels, buf_str(&bound));
		buf_fmt(metrics->out, "%llu\n", (unsigned long long)below);
	}
	put_series(metrics, "_sum", &labels, STR_NONE);
	put_f64(metrics->out,
		(double)atomic_load_explicit(&histogram->total_ns, memory_order_relaxed) /
			NS_PER_SECOND);
	buf_put_char(metrics->out, '\n');
	/* The sum of the buckets and not ->count, which may be one ahead: both must agree
	 * or Prometheus finds fault. */
	put_series(metrics, "_count", &labels, STR_NONE);
	buf_fmt(metrics->out, "%llu\n", (unsigned long long)below);
}

void
metrics_end(struct metrics *metrics)
{
	size_t left_out = metrics->left_out;

	metrics_family(metrics, METRIC_GAUGE, "gridiron_metrics_series_left_out",
		"Series beyond the most that one family may have.");
	metrics_u64(metrics, left_out, METRIC_NO_LABELS);
}
