#include "tests/tap.h"

#include "metrics/metrics.h"

TEST(families_are_written_as_prometheus_reads_them)
{
	char storage[2000];
	struct buf out;
	struct metrics metrics;

	buf_init_fixed(&out, storage, sizeof(storage));
	metrics = metrics_begin(&out);
	metrics_family(
		&metrics, METRIC_COUNTER, "gridiron_http_requests_total", "Requests.");
	metrics_u64(&metrics, 17, METRIC_LABEL("class", STR("2xx")));
	metrics_u64(&metrics, UINT64_MAX,
		METRIC_LABELS({ .name = "class", .value = STR("5xx") },
			{ .name = "loop", .value = STR("1") }));
	metrics_family(
		&metrics, METRIC_GAUGE, "gridiron_uptime_seconds", "Since the start.");
	metrics_ns(&metrics, 1500000000, METRIC_NO_LABELS);
	metrics_f64(&metrics, -0.25, METRIC_LABEL("what", STR("a \"b\"\\\n")));
	EQ_STR(buf_str(&out),
		STR("# HELP gridiron_http_requests_total Requests.\n"
		    "# TYPE gridiron_http_requests_total counter\n"
		    "gridiron_http_requests_total{class=\"2xx\"} 17\n"
		    "gridiron_http_requests_total{class=\"5xx\",loop=\"1\"} "
		    "18446744073709551615\n"
		    "# HELP gridiron_uptime_seconds Since the start.\n"
		    "# TYPE gridiron_uptime_seconds gauge\n"
		    "gridiron_uptime_seconds 1.5\n"
		    "gridiron_uptime_seconds{what=\"a \\\"b\\\"\\\\\\n\"} -0.25\n"));
}

/* The number behind the line of TEXT that begins with LINE. */
static int
value_of(struct str text, const char *line)
{
	ptrdiff_t at = str_find(text, str_from(line));
	int value = 0;

	if (at < 0)
		return -1;
	for (size_t i = (size_t)at + strlen(line); i < text.len && text.ptr[i] >= '0';
		i++)
		value = value * 10 + (text.ptr[i] - '0');
	return value;
}

TEST(histogram_is_cumulative_and_ends_with_all)
{
	static struct histogram histogram;
	char storage[8000];
	struct metrics metrics;
	struct buf out;

	histogram_record(&histogram, 1000);
	histogram_record(&histogram, 70000);
	histogram_record(&histogram, 262144);
	histogram_record(&histogram, 3000000000);
	buf_init_fixed(&out, storage, sizeof(storage));
	metrics = metrics_begin(&out);
	metrics_family(&metrics, METRIC_HISTOGRAM, "wait_seconds", "Waits.");
	metrics_histogram(&metrics, &histogram, METRIC_LABEL("pool", STR("a")));
	OK(!buf_is_cut(&out));
	EQ_I64(value_of(buf_str(&out),
		       "wait_seconds_bucket{pool=\"a\",le=\"6.5536e-05\"} "),
		1);
	EQ_I64(value_of(buf_str(&out),
		       "wait_seconds_bucket{pool=\"a\",le=\"0.000262144\"} "),
		3);
	EQ_I64(value_of(buf_str(&out),
		       "wait_seconds_bucket{pool=\"a\",le=\"0.268435456\"} "),
		3);
	EQ_I64(value_of(buf_str(&out), "wait_seconds_bucket{pool=\"a\",le=\"+Inf\"} "),
		4);
	EQ_I64(value_of(buf_str(&out), "wait_seconds_count{pool=\"a\"} "), 4);
	OK_OR(out.len < 600, "%zu bytes for one series", out.len);
	EQ_I64(value_of(buf_str(&out), "wait_seconds_sum{pool=\"a\"} "), 3);
}

TEST(family_has_no_more_than_its_share_of_series)
{
	struct arena arena;
	struct metrics metrics;
	struct buf out;

	arena_init(&arena, 4 << 20);
	buf_init(&out, &arena, 1 << 20);
	metrics = metrics_begin(&out);
	metrics_family(&metrics, METRIC_COUNTER, "a_total", "Many.");
	for (int i = 0; i < METRIC_SERIES_MAX + 5; i++)
		metrics_u64(&metrics, 1, METRIC_LABEL("i", str_fmt(&arena, "%d", i)));
	OK(str_find(buf_str(&out), STR("i=\"999\"")) > 0);
	OK(str_find(buf_str(&out), STR("i=\"1000\"")) < 0);
	metrics_end(&metrics);
	EQ_I64(value_of(buf_str(&out), "\ngridiron_metrics_series_left_out "), 5);
	arena_release(&arena);
}
