#include "api/pages.h"

#include "api/secure.h"
#include "api/web_files.h"
#include "codec/uuid.h"
#include "mail/template.h"

enum {
	PAGE_BYTES_MAX = 32768,
};

/* A template, which is no page before it is filled. */
#define ERROR_PAGE STR("/error.html")

static const struct http_header page_headers[] = {
	{ .name = STR_INIT("Vary"), .value = STR_INIT("Accept-Encoding") },
};

/* Addresses that a person sees. All are one file, whose scripts look at the address. */
static const char *const page_addresses[] = { "/", "/game", "/ratings", "/season",
	"/accuracy", "/models", "/picks", "/leaderboard", "/league", "/sign-in",
	"/register", "/account", "/verify-email", "/confirm-email", "/remove-mfa",
	"/reset-password", "/forgot-password", "/accept-invitation", "/unsubscribe",
	"/docs" };

static struct str
file_of(struct str address)
{
	for (size_t i = 0; i < COUNT_OF(page_addresses); i++)
		if (str_eq(address, str_from(page_addresses[i])))
			return STR("/index.html");
	return address;
}

static const struct web_file *
file_find(struct str path)
{
	for (size_t i = 0; i < web_files_count; i++)
		if (str_eq(web_files[i].path, path))
			return &web_files[i];
	return NULL;
}

bool
page_find(const struct http_request *rq, struct str path, bool is_production,
	struct http_answer *ret)
{
	const struct web_file *file;
	bool takes_gzip;

	file = file_find(file_of(path));
	if (!file || str_eq(path, ERROR_PAGE))
		return false;
	takes_gzip = http_accepts_gzip(rq) && file->gzip.len < file->body.len;
	*ret = (struct http_answer){
		.status = 200,
		.content_type = file->content_type,
		.body = takes_gzip ? file->gzip : file->body,
		.encoding = takes_gzip ? STR("gzip") : STR_NONE,
		.etag = file->etag,
		.cache_control = STR("no-cache"),
		.lines = secure_page_lines(is_production),
		.headers = page_headers,
		.header_count = COUNT_OF(page_headers),
	};
	return true;
}

/* --- What went wrong --- */

/* By the name of a status web/error.html has what to do about it. */
static const struct advice {
	int status;
	struct str name;
	struct str heading;
} advices[] = {
	{ 400, STR_INIT("400"), STR_INIT("That cannot be answered") },
	{ 401, STR_INIT("401"), STR_INIT("Not signed in") },
	{ 403, STR_INIT("403"), STR_INIT("Not allowed") },
	{ 404, STR_INIT("404"), STR_INIT("Not found") },
	{ 405, STR_INIT("405"), STR_INIT("Not a page") },
	{ 429, STR_INIT("429"), STR_INIT("Too many requests") },
	{ 500, STR_INIT("500"), STR_INIT("Something broke here") },
	{ 503, STR_INIT("503"), STR_INIT("Too busy just now") },
	{ 504, STR_INIT("504"), STR_INIT("No answer in time") },
};

/* What was opened in a browser. Under /v1 only a browser's own mark counts, since a
 * program may well name HTML among what it takes. */
static bool
is_opened(const struct http_request *rq)
{
	struct str accept = http_request_header(rq, STR("accept"));
	ptrdiff_t html = str_find(accept, STR("text/html"));
	ptrdiff_t json = str_find(accept, STR("json"));

	if (str_eq(http_request_header(rq, STR("sec-fetch-mode")), STR("navigate")))
		return true;
	return !str_starts_with(rq->path, STR("/v1/")) && html >= 0 &&
		(json < 0 || html < json);
}

/* MESSAGE, which is lower case, as the beginning of a sentence. */
static struct str
as_sentence(struct arena *arena, struct str message)
{
	char first = message.len ? message.ptr[0] : '\0';

	if (first < 'a' || first > 'z')
		return message;
	return str_fmt(arena, "%c" STR_FMT, first - 'a' + 'A',
		STR_ARG(str_slice(message, 1, message.len)));
}

/* The page of PROBLEM into PAGE. */
static bool
error_page_fill(
	const struct ctx *ctx, const struct http_problem *problem, struct buf *page)
{
	enum { OTHERS = 8 };
	struct template_value values[OTHERS + COUNT_OF(advices)];
	const struct web_file *file = file_find(ERROR_PAGE);
	struct str heading = str_from(http_status_reason(problem->status));
	bool is_other = true;
	struct buf id;
	size_t count;

	for (count = 0; count < COUNT_OF(advices); count++) {
		const struct advice *advice = &advices[count];
		bool is_it = advice->status == problem->status;

		values[count] = (struct template_value){ .name = advice->name,
			.text = is_it ? advice->name : STR_NONE };
		if (is_it)
			heading = advice->heading;
		is_other &= !is_it;
	}
	buf_init(&id, ctx->arena, UUID_TEXT_LEN);
	uuid_format(&id, ctx->request_id);
	values[count++] = (struct template_value){ .name = STR("other"),
		.text = is_other ? STR("other") : STR_NONE };
	values[count++] = (struct template_value){ .name = STR("fault"),
		.text = problem->status >= 500 ? STR("fault") : STR_NONE };
	values[count++] = (struct template_value){ STR("heading"), heading, false };
	values[count++] = (struct template_value){ STR("said"),
		as_sentence(ctx->arena, problem->detail), false };
	values[count++] = (struct template_value){ STR("wait"),
		problem->retry_after_s > 0
			? http_wait_text(ctx->arena, problem->retry_after_s)
			: STR_NONE,
		false };
	values[count++] = (struct template_value){ STR("status"),
		str_fmt(ctx->arena, "%d", problem->status), false };
	values[count++] = (struct template_value){ STR("code"), problem->code, false };
	values[count++] = (struct template_value){ STR("request_id"), buf_str(&id),
		false };
	return file && template_fill(page, TEMPLATE_HTML, file->body, values, count) &&
		!buf_is_cut(page);
}

void
page_of_problem(const struct http_request *rq, const struct http_problem *problem,
	bool is_production, struct http_answer *answer)
{
	struct buf page;

	if (!is_opened(rq))
		return;
	buf_init(&page, rq->ctx.arena, PAGE_BYTES_MAX);
	if (!error_page_fill(&rq->ctx, problem, &page))
		return;
	answer->content_type = STR("text/html; charset=utf-8");
	answer->body = buf_str(&page);
	answer->lines = secure_page_lines(is_production);
}
