/* From a request to its answer, its line in the log and its place in the statistics. */
#include "api/api.h"

#include "api/auth_gate.h"
#include "api/cursor.h"
#include "api/pages.h"
#include "api/rate_gate.h"
#include "api/ready.h"
#include "api/route.h"
#include "api/secure.h"
#include "base/log.h"
#include "http/respond.h"
#include "sys/clock.h"
#include "sys/fiber.h"

/* PROBLEM for a program, or as a page for a person. */
static struct http_answer
tell_problem(struct ctx *ctx, const struct api *api, const struct http_request *http,
	const struct http_problem *problem)
{
	struct http_answer answer = http_answer_problem(ctx, problem);

	page_of_problem(http, problem, api->is_production, &answer);
	return answer;
}

static struct http_answer
method_not_allowed(const struct api *api, struct http_request *http, uint32_t allowed)
{
	struct http_answer answer = tell_problem(&http->ctx, api, http,
		&(struct http_problem){ .status = 405,
			.code = STR("method_not_allowed"),
			.detail = STR("this path does not take that method") });
	struct buf methods;

	buf_init(&methods, http->ctx.arena, 128);
	if (allowed >> METHOD_GET & 1)
		allowed |= 1u << METHOD_HEAD;
	for (int method = 0; allowed >> method; method++)
		if (allowed >> method & 1)
			buf_fmt(&methods, "%s%s", methods.len ? ", " : "",
				http_method_name((enum http_method)method));
	/* A failure to add the header leaves a 405 that is only less helpful. */
	if (http_answer_add(&http->ctx, &answer, STR("Allow"), buf_str(&methods)))
		answer.header_count = 0;
	return answer;
}

/* No route has this path: a page or one of its files, or an error. */
static struct http_answer
answer_unrouted(const struct api *api, struct http_request *http, uint32_t allowed)
{
	struct http_answer answer;
	struct http_problem problem;

	http->ctx.route = "page";
	if (allowed)
		return method_not_allowed(api, http, allowed);
	if (page_find(http, http->path, api->is_production, &answer))
		return http->method == METHOD_GET || http->method == METHOD_HEAD
			? answer
			: method_not_allowed(api, http, 1u << METHOD_GET);
	problem = http_problem_of(err_new(&http->ctx, ERR_NOT_FOUND,
		"nothing is at this address; /docs lists what is"));
	return tell_problem(&http->ctx, api, http, &problem);
}

/* In which a batch of an administrator's is answered; all else in 30 s. A hundred
 * thousand rows may take their time on a slow disk. */
enum { BATCH_TIME_MS = 300000 };

/* A GET has no body that means anything. */
static struct err *
take_body(struct request *rq)
{
	const struct http_request *http = rq->http;
	const struct body_rule *rule = &rq->route->body;
	void *body;

	if (rq->route->method == METHOD_GET)
		return NULL;
	/* {} changes nothing and is answered like any other (RFC 7396); to send nothing
	 * at all is a mistake. */
	if (rq->route->method == METHOD_PATCH && http->body.len == 0)
		return err_new(rq->ctx, ERR_INVALID,
			"a PATCH needs a body: a JSON object with what is to change");
	if (!rule->schema || http->body.len > 0)
		TRY(body_check_type(rq->ctx, http, rule->types));
	if (!rule->schema) {
		if (rq->route->who == WHO_ADMIN)
			rq->ctx->deadline = clock_deadline_ms(BATCH_TIME_MS);
		return NULL;
	}
	body = arena_alloc(rq->ctx->arena, rule->schema->size);
	if (!body)
		return err_no_memory();
	TRY(body_parse(rq->ctx, rule->schema, http->body, body));
	rq->body = body;
	return NULL;
}

/* Who asks, whether he may, and whether not too often. */
static struct err *
let_in(struct request *rq)
{
	struct err *err;

	rq->is_open = access_is_open_to(&rq->api->access, rq->http);
	err = auth_gate(rq);
	if (err && err->code == ERR_UNAUTHENTICATED &&
		!str_is_none(http_request_header(rq->http, STR("authorization"))))
		TRY(rate_gate_refused(rq));
	return err ? err : rate_gate(rq);
}

static struct answer
run(struct request *rq)
{
	struct str query = rq->http->query;
	struct answer answer;
	struct err *err;

	ANSWER_ERR(let_in(rq));
	ANSWER_ERR(params_parse(rq->ctx, query, rq->route->params, &rq->params));
	ANSWER_ERR(take_body(rq));
	answer = rq->route->is_kept ? ready_answer(rq) : rq->route->handler(rq);
	err = answer.err ? NULL : page_tell_next(rq, answer.next, &answer.http);
	if (!err)
		return answer;
	if (answer.http.sent)
		answer.http.sent(answer.http.sent_arg);
	return answer_problem(err);
}

/* What was answered to somebody, or may hold a secret, is kept by no browser and no
 * proxy; the same for all are the reads of nobody. */
static struct http_answer
private_unless_public(const struct request *rq, struct http_answer answer)
{
	bool is_public = rq->caller.kind == CALLER_NOBODY &&
		rq->route->who == WHO_ANYONE && rq->route->method == METHOD_GET;

	if (!is_public)
		answer.cache_control = STR("no-store");
	return answer;
}

/* Of which types a PATCH may be (RFC 5789 §3.1). */
static struct err *
tell_patch_types(struct request *rq, const struct err *err, struct http_answer *answer)
{
	struct str types = rq->route->body.types, type;
	struct buf list;

	if (err->code != ERR_UNSUPPORTED || rq->route->method != METHOD_PATCH)
		return NULL;
	buf_init(&list, rq->ctx->arena, 256);
	while (str_next(&types, '|', &type))
		buf_fmt(&list, "%s" STR_FMT, list.len ? ", " : "", STR_ARG(type));
	return http_answer_add(rq->ctx, answer, STR("Accept-Patch"), buf_str(&list));
}

static struct http_answer
answer_routed(struct request *rq)
{
	struct http_answer http;
	struct http_problem problem;
	struct answer answer;

	rq->ctx->route = rq->route->label;
	fiber_set_name(rq->route->label);
	answer = run(rq);
	if (!answer.err) {
		access_note(rq);
		return private_unless_public(rq, answer.http);
	}
	auth_note_refusal(rq, answer.err);
	/* What the client did wrong is said to the client, and the line of the request
	 * has its status. One that left ended its own request. */
	if (answer.err->code == ERR_BUSY && !rq->http->is_client_gone)
		trouble_note(&rq->api->busy, rq->ctx, "request failed", answer.err);
	else if (err_http_status(answer.err->code) >= 500 && !rq->http->is_client_gone)
		log_err(rq->ctx, "request failed", answer.err);
	problem = http_problem_of(answer.err);
	http = tell_problem(rq->ctx, rq->api, rq->http, &problem);
	/* A failure to add a header leaves a problem that is only less helpful. */
	if (auth_challenge(rq, answer.err, &http) ||
		tell_patch_types(rq, answer.err, &http))
		http.header_count = 0;
	return http;
}

static void
count(const struct route *route, int status, int64_t duration_ns)
{
	struct route_stats *stats = &route_stats[route - route_table];

	histogram_record(&stats->duration, duration_ns);
	if (status >= 100 && status < 600)
		atomic_fetch_add_explicit(
			&stats->answers[status / 100 - 1], 1, memory_order_relaxed);
}

size_t
api_body_limit(const struct http_request *http, void *arg)
{
	struct str parts[PATH_PARAMS_MAX];
	const struct route *route;
	uint32_t allowed;

	(void)arg;
	route = route_find(http->ctx.arena, http->method, http->path, parts, &allowed);
	return route && !route->body.schema ? BODY_RAW_BYTES_MAX : BODY_JSON_BYTES_MAX;
}

struct http_answer
api_handle(struct http_request *http, void *arg)
{
	struct api *api = arg;
	struct request rq = { .ctx = &http->ctx, .http = http, .api = api };
	int64_t started_ns = clock_monotonic_ns(), duration_ns;
	struct http_answer answer;
	uint32_t allowed;

	http->ctx.db = api->db;
	http->ctx.keys = api->keys;
	http->ctx.audit = api->audit;
	http->ctx.geo = api->geo;
	/* For what may be put on record: the client behind a proxy of ours, not the
	 * proxy. */
	access_find_client(&api->access, http);
	http->ctx.remote_address = http->remote_address;
	http->ctx.user_agent = http_request_header(http, STR("user-agent"));
	rq.route = route_find(
		http->ctx.arena, http->method, http->path, rq.path_params, &allowed);
	answer = rq.route ? answer_routed(&rq) : answer_unrouted(api, http, allowed);
	rate_gate_tell(&rq, &answer);
	if (str_is_none(answer.lines))
		answer.lines = secure_lines(api->is_production);
	duration_ns = clock_monotonic_ns() - started_ns;
	if (rq.route)
		count(rq.route, answer.status, duration_ns);
	return answer;
}

void
api_done(const struct http_request *http, const struct http_outcome *outcome, void *arg)
{
	const struct api *api = arg;

	if (api->is_quiet)
		return;
	log_info(&http->ctx,
		outcome->is_refused       ? "request refused"
			: outcome->is_cut ? "request cut off"
					  : "request",
		LOG_TEXT("method", http_method_name(http->method)),
		LOG_STR("path", http->path), LOG_I64("status", outcome->status),
		LOG_I64("bytes", (int64_t)outcome->sent_bytes),
		LOG_I64("duration_us", outcome->duration_ns / 1000),
		LOG_STR("client", http->remote_address));
}
