#include "http/respond.h"

#include <time.h>

#include "codec/gzip.h"
#include "codec/json_write.h"

enum {
	COMPRESS_BYTES_MIN = 1024,
	PROBLEM_BYTES_MAX = 16384,
	LONG_WAIT_S = 120, /* from here on a wait is told in minutes */
	Q_MAX = 1000,      /* weights of Accept-Encoding are in thousandths */
};

struct http_answer
http_answer_text(int status, struct str text)
{
	return (struct http_answer){ .status = status,
		.content_type = STR("text/plain; charset=utf-8"),
		.body = text };
}

static void
put_member(struct json *json, struct str key, struct str value)
{
	json_put_key(json, key);
	json_put_text(json, value);
}

struct str
http_wait_text(struct arena *arena, int32_t wait_s)
{
	if (wait_s <= 1)
		return STR("a moment");
	return wait_s < LONG_WAIT_S
		? str_fmt(arena, "%d seconds", wait_s)
		: str_fmt(arena, "%d minutes", wait_s / 60 + (wait_s % 60 > 0));
}

/* People read no headers: who asked too often is told in words too when he may again. */
static struct str
detail_of(struct arena *arena, const struct http_problem *problem)
{
	struct str wait = http_wait_text(arena, problem->retry_after_s), detail;

	if (problem->status != 429 || problem->retry_after_s <= 0)
		return problem->detail;
	detail = str_fmt(arena, STR_FMT "; try again in " STR_FMT,
		STR_ARG(problem->detail), STR_ARG(wait));
	return str_is_none(detail) ? problem->detail : detail;
}

struct http_answer
http_answer_problem(struct ctx *ctx, const struct http_problem *problem)
{
	struct buf body;
	struct json json = json_begin(&body);
	struct http_answer answer;

	buf_init(&body, ctx->arena, PROBLEM_BYTES_MAX + problem->errors.len);
	json_put_object(&json);
	json_put_key(&json, STR("status"));
	json_put_i64(&json, problem->status);
	put_member(&json, STR("title"), str_from(http_status_reason(problem->status)));
	put_member(&json, STR("code"), problem->code);
	put_member(&json, STR("detail"), detail_of(ctx->arena, problem));
	if (!str_is_none(problem->field))
		put_member(&json, STR("field"), problem->field);
	if (!str_is_none(problem->errors)) {
		json_put_key(&json, STR("errors"));
		json_put_raw(&json, problem->errors);
	}
	json_put_key(&json, STR("request_id"));
	json_put_uuid(&json, ctx->request_id);
	json_put_object_end(&json);
	answer = (struct http_answer){ .status = problem->status,
		.content_type = STR("application/problem+json"),
		.body = buf_is_cut(&body) ? STR("") : buf_str(&body),
		.cache_control = STR("no-store") };
	/* Without memory the status must do. */
	if (problem->retry_after_s > 0 &&
		http_answer_add(ctx, &answer, STR("Retry-After"),
			str_fmt(ctx->arena, "%d", problem->retry_after_s)))
		answer.header_count = 0;
	return answer;
}

struct http_problem
http_problem_of(const struct err *err)
{
	struct http_problem problem = {
		.status = err_http_status(err->code),
		.code = str_from(err_code_name(err->code)),
		.detail = err->message,
		.field = err->field,
	};

	if (err_may_retry(err->code))
		problem.retry_after_s = err->retry_after_s > 0 ? err->retry_after_s : 1;
	return problem;
}

struct http_answer
http_answer_err(struct ctx *ctx, const struct err *err)
{
	struct http_problem problem = http_problem_of(err);

	return http_answer_problem(ctx, &problem);
}

/* --- Revalidation --- */

static struct str
strong_part(struct str etag)
{
	return str_starts_with(etag, STR("W/")) ? str_slice(etag, 2, etag.len) : etag;
}

bool
http_etag_matches(struct str if_none_match, struct str etag)
{
	struct str rest = if_none_match;

	if (str_eq(str_trim(rest), STR("*")))
		return true;
	etag = strong_part(etag);
	/* Tags may contain commas, so they are found by their quotes. */
	for (;;) {
		ptrdiff_t begin = str_find_char(rest, '"'), end;

		if (begin < 0)
			return false;
		rest = str_slice(rest, (size_t)begin, rest.len);
		end = str_find_char(str_slice(rest, 1, rest.len), '"');
		if (end < 0)
			return false;
		if (str_eq(str_slice(rest, 0, (size_t)end + 2), etag))
			return true;
		rest = str_slice(rest, (size_t)end + 2, rest.len);
	}
}

void
http_answer_revalidate(const struct http_request *rq, struct http_answer *answer)
{
	struct str had;

	if (answer->status != 200 || str_is_none(answer->etag) ||
		(rq->method != METHOD_GET && rq->method != METHOD_HEAD))
		return;
	had = http_request_header(rq, STR("if-none-match"));
	if (str_is_none(had) || !http_etag_matches(had, answer->etag))
		return;
	answer->status = 304;
	answer->content_type = answer->encoding = STR_NONE;
	answer->body = STR("");
	answer->piece_count = 0;
	answer->stream = NULL;
}

/* --- Compression --- */

/* "0.8" in thousandths; what is no weight counts as refused. */
static int
read_weight(struct str text)
{
	int weight = 0, digit = Q_MAX;

	for (size_t i = 0; i < text.len; i++) {
		if (i == 1 && text.ptr[i] == '.')
			continue;
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || i > 4)
			return 0;
		weight += (text.ptr[i] - '0') * digit;
		digit /= 10;
	}
	return weight > Q_MAX ? 0 : weight;
}

bool
http_accepts_gzip(const struct http_request *rq)
{
	struct str rest = http_request_header(rq, STR("accept-encoding"));
	int gzip = -1, any = -1, identity = 1;
	struct str item;

	while (str_next(&rest, ',', &item)) {
		struct str parameter = item, coding = item;
		int weight = Q_MAX;

		if (!str_next(&parameter, ';', &coding))
			continue;
		coding = str_trim(coding);
		parameter = str_trim(parameter);
		if (str_starts_with(parameter, STR("q=")) ||
			str_starts_with(parameter, STR("Q=")))
			weight = read_weight(str_slice(parameter, 2, parameter.len));
		if (str_eq_nocase(coding, STR("gzip")) ||
			str_eq_nocase(coding, STR("x-gzip")))
			gzip = weight;
		else if (str_eq_nocase(coding, STR("*")))
			any = weight;
		else if (str_eq_nocase(coding, STR("identity")))
			identity = weight;
	}
	if (gzip < 0)
		gzip = any;
	return gzip > 0 && gzip >= identity;
}

static bool
is_text(struct str content_type)
{
	return str_starts_with(content_type, STR("text/")) ||
		str_starts_with(content_type, STR("application/json")) ||
		str_starts_with(content_type, STR("application/javascript")) ||
		str_ends_with(content_type, STR("+json")) ||
		str_ends_with(content_type, STR("+xml"));
}

struct err *
http_answer_compress(const struct http_request *rq, struct http_answer *answer)
{
	struct arena *arena = rq->ctx.arena;
	struct ctx ctx = rq->ctx;
	struct str packed;

	if (answer->body.len < COMPRESS_BYTES_MIN || answer->piece_count > 0 ||
		answer->stream || !str_is_none(answer->encoding) ||
		!is_text(answer->content_type))
		return NULL;
	TRY(http_answer_add(&ctx, answer, STR("Vary"), STR("Accept-Encoding")));
	if (!http_accepts_gzip(rq))
		return NULL;
	if (answer->etag.len > 2)
		answer->etag = str_fmt(arena, STR_FMT "-gzip\"",
			STR_ARG(str_slice(answer->etag, 0, answer->etag.len - 1)));
	/* Nothing to compress for a client that has it. */
	http_answer_revalidate(rq, answer);
	if (answer->status == 304)
		return NULL;
	TRY(gzip_compress(arena, answer->body, &packed));
	answer->body = packed;
	answer->encoding = STR("gzip");
	return NULL;
}

/* --- The head --- */

void
http_put_date(struct buf *buf, int64_t now_us)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = now_us / MICROSECONDS_PER_SECOND;
	struct tm tm;

	/* strftime would use the names of the locale. */
	gmtime_r(&seconds, &tm);
	buf_fmt(buf, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
		months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
put_header(struct buf *head, struct str name, struct str value)
{
	if (str_is_none(value))
		return;
	buf_put(head, name);
	buf_put(head, STR(": "));
	buf_put(head, value);
	buf_put(head, STR("\r\n"));
}

bool
http_status_has_body(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

void
http_put_head(struct buf *head, const struct http_request *rq,
	const struct http_answer *answer, struct http_head_options options)
{
	const struct http_header *headers = answer->headers;

	buf_put(head, STR("HTTP/1.1 "));
	buf_put_i64(head, answer->status);
	buf_put_char(head, ' ');
	buf_put(head, str_from(http_status_reason(answer->status)));
	buf_put(head, STR("\r\n"));
	put_header(head, STR("Date"), options.date);
	put_header(head, STR("Content-Type"), answer->content_type);
	put_header(head, STR("Content-Encoding"), answer->encoding);
	put_header(head, STR("ETag"), answer->etag);
	put_header(head, STR("Cache-Control"), answer->cache_control);
	for (size_t i = 0; i < answer->header_count; i++)
		put_header(head, headers[i].name, headers[i].value);
	buf_put(head, str_is_none(answer->lines) ? options.lines : answer->lines);
	if (options.framing == HTTP_CHUNKED) {
		buf_put(head, STR("Transfer-Encoding: chunked\r\n"));
	} else if (options.framing == HTTP_LENGTH &&
		http_status_has_body(answer->status)) {
		buf_put(head, STR("Content-Length: "));
		buf_put_i64(head, (int64_t)options.length);
		buf_put(head, STR("\r\n"));
	}
	if (options.closes)
		buf_put(head, STR("Connection: close\r\n"));
	else if (rq->minor_version == 0)
		buf_put(head, STR("Connection: keep-alive\r\n"));
	buf_put(head, STR("\r\n"));
}
