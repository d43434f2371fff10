#include "api/pages.h"

#include "api/web_files.h"
#include "http/respond.h"

/* What every page of ours may do: load its own files and ask its own server. */
static const struct http_header page_headers[] = {
	{ .name = STR_INIT("Content-Security-Policy"),
		.value = STR_INIT(
			"default-src 'none'; script-src 'self'; style-src 'self'; "
			"img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
			"form-action 'self'; frame-ancestors 'none'") },
	{ .name = STR_INIT("X-Content-Type-Options"), .value = STR_INIT("nosniff") },
	{ .name = STR_INIT("Referrer-Policy"), .value = STR_INIT("same-origin") },
	{ .name = STR_INIT("Vary"), .value = STR_INIT("Accept-Encoding") },
};

/* Addresses that a person sees; the scripts of the page look at which it is. */
static const struct {
	struct str address;
	struct str file;
} pages[] = {
	{ STR_INIT("/"), STR_INIT("/index.html") },
	{ STR_INIT("/accuracy"), STR_INIT("/index.html") },
	{ STR_INIT("/docs"), STR_INIT("/docs.html") },
};

static const struct web_file *
file_find(struct str path)
{
	for (size_t i = 0; i < web_files_count; i++)
		if (str_eq(web_files[i].path, path))
			return &web_files[i];
	return NULL;
}

bool
page_find(const struct http_request *rq, struct str path, struct http_answer *ret)
{
	const struct web_file *file;
	bool takes_gzip;

	for (size_t i = 0; i < COUNT_OF(pages); i++)
		if (str_eq(pages[i].address, path))
			path = pages[i].file;
	file = file_find(path);
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
		.headers = page_headers,
		.header_count = COUNT_OF(page_headers),
	};
	return true;
}
