/*
 * Metrics as Prometheus reads them (text format 0.0.4): families of series, without
 * timestamps, in base units: seconds, bytes, counts.
 *
 *     struct metrics metrics = metrics_begin(&out);
 *
 *     metrics_family(&metrics, METRIC_COUNTER, "gridiron_http_requests_total",
 *             "Requests answered, by class of status.");
 *     metrics_u64(&metrics, 17, METRIC_LABEL("class", STR("2xx")));
 *
 * The numbers stay where they are counted; the parts of the program write them out when
 * asked. What has many series leaves out those that never counted. Values of labels come
 * from lists that do not grow with use, routes or states and never users or paths; what a
 * family has beyond METRIC_SERIES_MAX is left out and counted.
 */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include "base/buf.h"
#include "base/histogram.h"
#include "base/str.h"

enum {
	METRIC_SERIES_MAX = 1000,
	METRIC_LABELS_MAX = 4,
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_label {
	const char *name;
	struct str value; /* escaped here; a NUL ends nothing */
};

/* Those without a name are none. */
struct metric_labels {
	struct metric_label items[METRIC_LABELS_MAX];
};
#define METRIC_LABEL(n, v) ((struct metric_labels){ { { .name = (n), .value = (v) } } })
#define METRIC_LABELS(...) ((struct metric_labels){ { __VA_ARGS__ } })
#define METRIC_NO_LABELS   ((struct metric_labels){ { { .name = NULL } } })

struct metrics {
	struct buf *out;
	const char *family;
	enum metric_type type;
	size_t series_count; /* of the family */
	size_t left_out;     /* of all families */
};

struct metrics metrics_begin(struct buf *out);

/*
 * Begin a family. NAME and HELP are kept by pointer. Prometheus's rules for names are
 * asserted: lower case, digits and underscores; a counter ends in _total, nothing else
 * does; a histogram, being of durations, in _seconds.
 */
void metrics_family(struct metrics *metrics, enum metric_type type, const char *name,
	const char *help);

/* One series of a family of counters or gauges. */
void metrics_u64(struct metrics *metrics, uint64_t value, struct metric_labels labels);
void metrics_f64(struct metrics *metrics, double value, struct metric_labels labels);
/* A duration in nanoseconds, written in seconds. */
void metrics_ns(struct metrics *metrics, int64_t ns, struct metric_labels labels);

/* One series of a family of histograms: seven buckets from 66 µs to 0.27 s, each bound
 * four times the one before, and all. */
void metrics_histogram(struct metrics *metrics, const struct histogram *histogram,
	struct metric_labels labels);

/* Write what the writing itself has to tell: how many series were left out. */
void metrics_end(struct metrics *metrics);

#endif
