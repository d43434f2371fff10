/* GET /metrics: what every part counts, for Prometheus. */
#include "accounts/guess.h"
#include "accounts/standing.h"
#include "api/api.h"
#include "api/rate_gate.h"
#include "api/ready.h"
#include "api/route.h"
#include "db/db.h"
#include "db/listen.h"
#include "db/pool.h"
#include "mail/deliver.h"
#include "metrics/metrics.h"
#include "ops/health.h"
#include "predictions/believed.h"
#include "predictions/delivery.h"
#include "predictions/elo_chance.h"
#include "sys/clock.h"

enum {
	METRICS_BYTES_MAX = 4 << 20,
	ALERTS_MS = 1000, /* as long the database is waited for */
};

static void
put_one(struct metrics *metrics, enum metric_type type, const char *name,
	const char *help, uint64_t value)
{
	metrics_family(metrics, type, name, help);
	metrics_u64(metrics, value, METRIC_NO_LABELS);
}

static uint64_t
calls_of(const struct histogram *durations)
{
	return atomic_load_explicit(&durations->count, memory_order_relaxed);
}

/* Of the many routes and queries, those that never counted are left out. Prometheus's
 * rate() does not see the first count of a series that begins with it, so alerts go by
 * what is always there: gridiron_http_requests_total, by class, and failures, by
 * query. */
static void
put_counted(struct metrics *metrics, const _Atomic uint64_t *counter,
	struct metric_labels labels)
{
	uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);

	if (value > 0)
		metrics_u64(metrics, value, labels);
}

/* Of status codes, by hundreds. */
static const struct str classes[] = { STR_INIT("1xx"), STR_INIT("2xx"), STR_INIT("3xx"),
	STR_INIT("4xx"), STR_INIT("5xx") };

static void
put_routes(struct metrics *metrics)
{
	metrics_family(metrics, METRIC_HISTOGRAM, "gridiron_route_duration_seconds",
		"Time from a request's head to its answer, by route.");
	for (size_t i = 0; i < ROUTE_COUNT; i++)
		if (calls_of(&route_stats[i].duration) > 0)
			metrics_histogram(metrics, &route_stats[i].duration,
				METRIC_LABEL("route", str_from(route_table[i].label)));
	metrics_family(metrics, METRIC_COUNTER, "gridiron_route_answers_total",
		"Answers by route and class of status.");
	for (size_t i = 0; i < ROUTE_COUNT; i++)
		for (size_t class = 1; class < COUNT_OF(classes); class ++)
			put_counted(metrics, &route_stats[i].answers[class],
				METRIC_LABELS(
					{ .name = "route",
						.value = str_from(route_table[i].label) },
					{ .name = "class", .value = classes[class] }));
}

/* Told from the start, that an alert sees the first that fails. */
static void
put_classes(struct metrics *metrics, const struct http_counters *counters)
{
	metrics_family(metrics, METRIC_COUNTER, "gridiron_http_requests_total",
		"Requests answered, by class of status.");
	for (size_t class = 1; class < COUNT_OF(classes); class ++)
		metrics_u64(metrics, counters->requests_by_class[class + 1],
			METRIC_LABEL("class", classes[class]));
}

static void
put_server(struct metrics *metrics, const struct api *api)
{
	const struct http_server *server = api->server;
	struct http_counters counters = server ? http_server_counters(server)
					       : (struct http_counters){ 0 };
	struct ready_counters ready = ready_counters();
	struct believed_counters believed = believed_counters();

	put_one(metrics, METRIC_COUNTER, "gridiron_walks_total",
		"Walks through all seasons to what was believed before a week.",
		believed.walked);
	put_one(metrics, METRIC_COUNTER, "gridiron_walks_saved_total",
		"Times that it was kept.", believed.kept);
	put_one(metrics, METRIC_COUNTER, "gridiron_elo_walks_total",
		"Walks through all seasons to Elo's chances, for the record without what "
		"is late.",
		elo_chances_walked());
	put_one(metrics, METRIC_GAUGE, "gridiron_http_connections",
		"Connections open now.", counters.connections_open);
	put_one(metrics, METRIC_COUNTER, "gridiron_http_connections_accepted_total",
		"Connections accepted.", counters.connections_accepted);
	put_one(metrics, METRIC_COUNTER, "gridiron_http_connections_refused_total",
		"Connections refused for want of room.", counters.connections_refused);
	put_one(metrics, METRIC_GAUGE, "gridiron_http_requests_active",
		"Requests being served now.", counters.requests_active);
	put_classes(metrics, &counters);
	put_one(metrics, METRIC_COUNTER, "gridiron_http_requests_refused_total",
		"Requests refused as malformed, too large or too slow.",
		counters.requests_refused);
	put_one(metrics, METRIC_COUNTER, "gridiron_http_clients_gone_total",
		"Clients that left before their answer was complete.",
		counters.clients_gone);
	put_one(metrics, METRIC_COUNTER, "gridiron_http_received_bytes_total",
		"Bytes received.", counters.received_bytes);
	put_one(metrics, METRIC_COUNTER, "gridiron_http_sent_bytes_total", "Bytes sent.",
		counters.sent_bytes);
	put_one(metrics, METRIC_COUNTER, "gridiron_ready_hits_total",
		"Answers given from those kept ready.", ready.hits);
	put_one(metrics, METRIC_COUNTER, "gridiron_ready_misses_total",
		"Answers that had to be made.", ready.misses);
	put_one(metrics, METRIC_COUNTER, "gridiron_ready_not_modified_total",
		"Clients that had the answer already.", ready.not_modified);
}

static void
put_loops(struct metrics *metrics, const struct api *api)
{
	struct loop_counters sum = { 0 };

	for (size_t i = 0; i < api->loop_count; i++) {
		struct loop_counters one = loop_counters(api->loops[i]);

		sum.fibers_live += one.fibers_live;
		sum.fibers_started += one.fibers_started;
		sum.lag_events += one.lag_events;
		sum.offloads += one.offloads;
		sum.offloads_refused += one.offloads_refused;
		if (one.lag_max_ns > sum.lag_max_ns)
			sum.lag_max_ns = one.lag_max_ns;
	}
	put_one(metrics, METRIC_GAUGE, "gridiron_fibers", "Fibers alive now.",
		sum.fibers_live);
	put_one(metrics, METRIC_COUNTER, "gridiron_fibers_started_total",
		"Fibers started.", sum.fibers_started);
	put_one(metrics, METRIC_COUNTER, "gridiron_loop_lags_total",
		"Times a fiber held its loop too long.", sum.lag_events);
	metrics_family(metrics, METRIC_GAUGE, "gridiron_loop_lag_max_seconds",
		"The longest time a fiber held its loop.");
	metrics_ns(metrics, sum.lag_max_ns, METRIC_NO_LABELS);
	put_one(metrics, METRIC_COUNTER, "gridiron_offloads_total",
		"Calls handed to the offload threads.", sum.offloads);
	put_one(metrics, METRIC_COUNTER, "gridiron_offloads_refused_total",
		"Calls refused because too many waited.", sum.offloads_refused);
}

static void
put_pool(struct metrics *metrics, const struct api *api)
{
	struct pool_counters pool = { 0 };

	db_counters(api->db, &pool);
	put_one(metrics, METRIC_GAUGE, "gridiron_pool_connections_max",
		"Connections the pool may open.", pool.max);
	put_one(metrics, METRIC_GAUGE, "gridiron_pool_connections_idle",
		"Connections checked in.", pool.checked_in);
	put_one(metrics, METRIC_GAUGE, "gridiron_pool_connections_used",
		"Connections checked out.", pool.checked_out);
	put_one(metrics, METRIC_COUNTER, "gridiron_pool_checkouts_total", "Checkouts.",
		pool.checkouts);
	put_one(metrics, METRIC_COUNTER, "gridiron_pool_waits_total",
		"Checkouts that had to wait.", pool.waits);
	put_one(metrics, METRIC_COUNTER, "gridiron_pool_timeouts_total",
		"Checkouts that waited in vain.", pool.timeouts);
	put_one(metrics, METRIC_COUNTER, "gridiron_pool_connects_total",
		"Connections opened.", pool.connects);
	put_one(metrics, METRIC_COUNTER, "gridiron_pool_connect_failures_total",
		"Connections that could not be opened.", pool.connect_failures);
	put_one(metrics, METRIC_COUNTER, "gridiron_pool_invalidated_total",
		"Connections found broken.", pool.invalidated);
	put_one(metrics, METRIC_GAUGE, "gridiron_lanes", "Lanes open for reads.",
		pool.lanes_open);
	put_one(metrics, METRIC_COUNTER, "gridiron_lane_queries_total",
		"Queries sent on lanes.", pool.lane_queries);
}

static void
put_mail(struct metrics *metrics)
{
	struct mail_counts mail = mail_counters();

	put_one(metrics, METRIC_COUNTER, "gridiron_mail_sent_total",
		"Mails that a mail server took.", (uint64_t)mail.sent);
	put_one(metrics, METRIC_COUNTER, "gridiron_mail_deferred_total",
		"Attempts to send a mail that failed, to be repeated.",
		(uint64_t)mail.deferred);
	put_one(metrics, METRIC_COUNTER, "gridiron_mail_dead_total",
		"Mails given up: refused for good, or tried too often.",
		(uint64_t)mail.dead);
}

static void
put_standings(struct metrics *metrics, const struct db *db)
{
	struct standing_counters standings = standing_counters();
	struct listen_counters notices = db_listen_counters(db);

	metrics_family(metrics, METRIC_COUNTER, "gridiron_standings_total",
		"Look-ups of a user's standing: kept, asked of the database, or asked "
		"because notices were not heard.");
	metrics_u64(metrics, standings.hits, METRIC_LABEL("from", STR("memory")));
	metrics_u64(metrics, standings.misses, METRIC_LABEL("from", STR("database")));
	metrics_u64(metrics, standings.untrusted, METRIC_LABEL("from", STR("distrust")));
	put_one(metrics, METRIC_GAUGE, "gridiron_notices_heard",
		"1 while notices of other instances are heard.", db_hears(db));
	put_one(metrics, METRIC_COUNTER, "gridiron_notices_total",
		"Notices heard, from here and elsewhere.", notices.heard);
	put_one(metrics, METRIC_COUNTER, "gridiron_notices_missed_total",
		"Times that notices may have been missed, and everything kept was "
		"forgotten.",
		notices.missings);
}

static void
put_rates(struct metrics *metrics, const struct access *access)
{
	static const struct str results[] = { STR_INIT("allowed"), STR_INIT("refused") };
	struct guess_counters guesses = guess_counters();
	struct rate_counters users = rate_table_counters(access->users);
	struct rate_counters addresses = rate_table_counters(access->addresses);
	struct rate_gate_counters counts;
	const char *kind;

	metrics_family(metrics, METRIC_COUNTER, "gridiron_rate_requests_total",
		"Requests counted against an hourly limit, by what they count as.");
	for (size_t i = 0; (kind = rate_gate_counters(i, &counts)) != NULL; i++)
		for (size_t result = 0; result < COUNT_OF(results); result++)
			metrics_u64(metrics, result ? counts.refused : counts.allowed,
				METRIC_LABELS({ .name = "kind", .value = str_from(kind) },
					{ .name = "result", .value = results[result] }));
	metrics_family(metrics, METRIC_GAUGE, "gridiron_rate_counts",
		"Places of the tables of hourly counts that were ever taken.");
	metrics_u64(metrics, users.held, METRIC_LABEL("of", STR("users")));
	metrics_u64(metrics, addresses.held, METRIC_LABEL("of", STR("addresses")));
	metrics_family(metrics, METRIC_COUNTER, "gridiron_rate_evictions_total",
		"Counts given up for newcomers before their hour was over.");
	metrics_u64(metrics, users.evicted, METRIC_LABEL("of", STR("users")));
	metrics_u64(metrics, addresses.evicted, METRIC_LABEL("of", STR("addresses")));
	metrics_family(metrics, METRIC_COUNTER, "gridiron_guesses_total",
		"Tries of passwords, codes and tokens.");
	metrics_u64(metrics, guesses.taken, METRIC_LABEL("result", STR("taken")));
	metrics_u64(metrics, guesses.refused, METRIC_LABEL("result", STR("refused")));
}

static void
put_deliveries(struct metrics *metrics)
{
	struct delivery_counters counts = delivery_counters();

	put_one(metrics, METRIC_COUNTER, "gridiron_deliveries_total",
		"Forecasts shown to a known user.", counts.noted);
	put_one(metrics, METRIC_COUNTER, "gridiron_deliveries_stored_total",
		"Of these, put on record.", counts.stored);
	put_one(metrics, METRIC_COUNTER, "gridiron_deliveries_lost_total",
		"Of these, never put on record: the queue was full.", counts.lost);
	put_one(metrics, METRIC_COUNTER, "gridiron_deliveries_failures_total",
		"Statements of the record that the database did not take.",
		counts.failures);
}

/* Left out where the database does not answer, which others tell. */
static void
put_alerts(struct metrics *metrics, const struct ctx *asking)
{
	int64_t until = clock_deadline_ms(ALERTS_MS), firing;
	struct ctx ctx = *asking;

	if (until < ctx.deadline)
		ctx.deadline = until;
	if (!health_alerts(&ctx, &firing))
		put_one(metrics, METRIC_GAUGE, "gridiron_alerts_firing",
			"Alerts that are open: jobs that fail, or warn.",
			(uint64_t)firing);
}

/* One distribution for all that read and one for all that write: one a query would be
 * most of the answer. Of each query the calls and their time tell the mean. */
static void
put_query_durations(struct metrics *metrics)
{
	static const struct str kinds[] = { STR_INIT("read"), STR_INIT("write") };

	metrics_family(metrics, METRIC_HISTOGRAM, "gridiron_query_duration_seconds",
		"Time of a query, waiting included.");
	for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
		struct histogram sum = { 0 };

		for (size_t i = 0; i < query_registry_count; i++)
			if (query_registry[i]->is_write == (kind == 1))
				histogram_add(&sum, &query_registry[i]->stats->duration);
		metrics_histogram(metrics, &sum, METRIC_LABEL("kind", kinds[kind]));
	}
}

static void
put_queries(struct metrics *metrics)
{
	put_query_durations(metrics);
	metrics_family(metrics, METRIC_COUNTER, "gridiron_query_calls_total",
		"Queries run, by name.");
	for (size_t i = 0; i < query_registry_count; i++)
		put_counted(metrics, &query_registry[i]->stats->duration.count,
			METRIC_LABEL("query", str_from(query_registry[i]->name)));
	metrics_family(metrics, METRIC_COUNTER, "gridiron_query_seconds_total",
		"Their time, waiting included.");
	for (size_t i = 0; i < query_registry_count; i++) {
		const struct histogram *duration = &query_registry[i]->stats->duration;

		if (calls_of(duration) > 0)
			metrics_ns(metrics,
				(int64_t)atomic_load_explicit(
					&duration->total_ns, memory_order_relaxed),
				METRIC_LABEL("query", str_from(query_registry[i]->name)));
	}
	metrics_family(metrics, METRIC_COUNTER, "gridiron_query_failures_total",
		"Queries that failed, by name.");
	for (size_t i = 0; i < query_registry_count; i++)
		metrics_u64(metrics,
			atomic_load_explicit(&query_registry[i]->stats->failures,
				memory_order_relaxed),
			METRIC_LABEL("query", str_from(query_registry[i]->name)));
}

struct answer
api_metrics(struct request *rq)
{
	struct metrics metrics;
	struct buf out;

	buf_init(&out, rq->ctx->arena, METRICS_BYTES_MAX);
	metrics = metrics_begin(&out);
	put_one(&metrics, METRIC_GAUGE, "gridiron_start_time_seconds",
		"When the program started serving, Unix time.",
		(uint64_t)(rq->api->started_at / MICROSECONDS_PER_SECOND));
	put_routes(&metrics);
	put_server(&metrics, rq->api);
	put_loops(&metrics, rq->api);
	put_pool(&metrics, rq->api);
	put_mail(&metrics);
	put_standings(&metrics, rq->api->db);
	put_rates(&metrics, &rq->api->access);
	put_deliveries(&metrics);
	put_alerts(&metrics, rq->ctx);
	put_queries(&metrics);
	metrics_end(&metrics);
	if (buf_is_cut(&out))
		return answer_problem(err_new(
			rq->ctx, ERR_TOO_LARGE, "the metrics do not fit an answer"));
	return answer_text(
		200, STR("text/plain; version=0.0.4; charset=utf-8"), buf_str(&out));
}
