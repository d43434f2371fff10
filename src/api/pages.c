#include "api/pages.h"

#include "api/secure.h"
#include "api/web_files.h"
#include "http/respond.h"

static const struct http_header page_headers[] = {
	{ .name = STR_INIT("Vary"), .value = STR_INIT("Accept-Encoding") },
};

/* Addresses that a person sees. All but /docs are one file, whose scripts look at the address. */
static const char *const page_addresses[] = { "/", "/game", "/ratings", "/season",
	"/accuracy", "/models", "/picks", "/leaderboard", "/league", "/sign-in",
	"/register", "/account", "/verify-email", "/confirm-email", "/remove-mfa",
	"/reset-password", "/forgot-password", "/accept-invitation", "/unsubscribe" };

static struct str
file_of(struct str address)
{
	if (str_eq(address, STR("/docs")))
		return STR("/docs.html");
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
	if (!file)
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

bool
page_not_found(const struct http_request *rq, bool is_production, struct http_answer *ret)
{
	struct str accept = http_request_header(rq, STR("accept"));

	if (str_starts_with(rq->path, STR("/v1/")) ||
		str_find(accept, STR("text/html")) < 0 ||
		!page_find(rq, STR("/not-found.html"), is_production, ret))
		return false;
	ret->status = 404;
	ret->etag = STR_NONE;
	ret->cache_control = STR("no-store");
	return true;
}
