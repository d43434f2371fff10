#include "http/client.h"

#include <curl/curl.h>
#include <pthread.h>

#include "base/buf.h"
#include "codec/url.h"
#include "sys/clock.h"
#include "sys/wait.h"

enum {
	BODY_MAX_DEFAULT = 1 << 20,
	TIMEOUT_MS_DEFAULT = 30000,
	CONNECT_TIMEOUT_MS = 10000,
	REDIRECTS_MAX = 5,
	/* Slower than this for so long is as good as gone. */
	SLOW_BYTES_PER_SECOND = 100,
	SLOW_SECONDS = 15,
	RETRY_AFTER_SECONDS_MAX = 86400,
	REDIRECT_STATUS_LEAST = 300,
	REDIRECT_STATUS_MOST = 399,
};

/* One transfer, for the thread that carries it out. */
struct transfer {
	struct ctx *ctx;
	const struct fetch_options *options;
	bool is_secure; /* https, and so must be what it redirects to */
	CURL *curl;
	struct curl_slist *headers;
	struct buf body;
	struct fetch_reply reply;
	struct err *err;
	char reason[CURL_ERROR_SIZE];
};

static void
curl_prepare(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t
take_body(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *transfer = arg;

	buf_put(&transfer->body, (struct str){ .ptr = data, .len = size * count });
	return buf_is_cut(&transfer->body) ? 0 : size * count;
}

static int
tell_progress(void *arg, curl_off_t total, curl_off_t got, curl_off_t upload_total,
	curl_off_t uploaded)
{
	const struct fetch_options *options = ((struct transfer *)arg)->options;

	(void)upload_total;
	(void)uploaded;
	if (options->progress)
		options->progress(options->progress_arg, got, total);
	/* Other than 0 ends the transfer. */
	return fiber_is_cancelled();
}

static struct err *
headers_set(struct transfer *transfer)
{
	const struct fetch_options *options = transfer->options;

	for (size_t i = 0; i < options->header_count; i++) {
		const char *header = str_cstr(transfer->ctx->arena, options->headers[i]);
		struct curl_slist *longer = header
			? curl_slist_append(transfer->headers, header)
			: NULL;

		if (!longer)
			return err_no_memory();
		transfer->headers = longer;
	}
	curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, transfer->headers);
	return NULL;
}

/* The whole may take as long as its options say, and no longer than the work it is
 * for. */
static long
timeout_ms(const struct transfer *transfer)
{
	int64_t timeout = transfer->options->timeout_ms ? transfer->options->timeout_ms
							: TIMEOUT_MS_DEFAULT;
	int64_t left = (transfer->ctx->deadline - clock_monotonic_ns()) / 1000000;

	if (left < timeout)
		timeout = left > 0 ? left : 1;
	return (long)timeout;
}

static struct err *
options_set(struct transfer *transfer)
{
	const struct fetch_options *options = transfer->options;
	const char *url = str_cstr(transfer->ctx->arena, options->url);
	CURL *curl = transfer->curl;

	if (!url)
		return err_no_memory();
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR,
		transfer->is_secure ? "https" : "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "gridiron");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms(transfer));
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_SECOND);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->reason);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, tell_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
	if (!str_is_none(options->post_body)) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
			(curl_off_t)options->post_body.len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, options->post_body.ptr);
	}
	return headers_set(transfer);
}

/* What is no http(s), be it where a redirect leads or what answers. */
static struct err *
foreign(struct transfer *transfer, const char *reason)
{
	struct ctx *ctx = transfer->ctx;
	long status = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= REDIRECT_STATUS_LEAST && status <= REDIRECT_STATUS_MOST)
		return err_note(
			err_new(ctx, ERR_INVALID,
				"the server redirects to what is not %s://",
				transfer->is_secure ? "https" : "http:// or https"),
			"%s", reason);
	return err_note(err_new(ctx, ERR_INVALID, "what answers does not speak HTTP"),
		"%s", reason);
}

static struct err *
failure(struct transfer *transfer, CURLcode code)
{
	struct ctx *ctx = transfer->ctx;
	const char *reason = *transfer->reason ? transfer->reason
					       : curl_easy_strerror(code);

	if (buf_is_cut(&transfer->body))
		return err_new(ctx, ERR_TOO_LARGE, "the answer is larger than %zu bytes",
			transfer->body.max);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return err_note(err_new(ctx, ERR_TIMEOUT, "no complete answer in time"),
			"%s", reason);
	if (code == CURLE_UNSUPPORTED_PROTOCOL)
		return foreign(transfer, reason);
	if (code == CURLE_URL_MALFORMAT)
		return err_new(ctx, ERR_INVALID, "not a URL that can be fetched");
	if (code == CURLE_PARTIAL_FILE)
		return err_new(ctx, ERR_BUSY, "the answer broke off");
	return err_new(ctx, ERR_BUSY, "%s", reason);
}

/* The header NAME of the last answer; absent where it is not there. */
static struct str
header_get(struct transfer *transfer, const char *name)
{
	struct curl_header *header;

	if (curl_easy_header(transfer->curl, name, 0, CURLH_HEADER, -1, &header) !=
		CURLHE_OK)
		return STR_NONE;
	return str_dup(transfer->ctx->arena, str_from(header->value));
}

static int32_t
retry_after_s(struct transfer *transfer)
{
	curl_off_t seconds = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_RETRY_AFTER, &seconds);
	if (seconds < 0)
		return 0;
	return seconds < RETRY_AFTER_SECONDS_MAX ? (int32_t)seconds
						 : RETRY_AFTER_SECONDS_MAX;
}

static struct err *
perform(struct transfer *transfer)
{
	CURLcode code;
	long status = 0;
	const char *content_type = NULL;

	TRY(options_set(transfer));
	code = curl_easy_perform(transfer->curl);
	if (code != CURLE_OK)
		return failure(transfer, code);
	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_TYPE, &content_type);
	transfer->reply = (struct fetch_reply){
		.status = (int)status,
		.content_type = str_dup(transfer->ctx->arena,
			content_type ? str_from(content_type) : STR("")),
		.etag = header_get(transfer, "ETag"),
		.last_modified = header_get(transfer, "Last-Modified"),
		.retry_after_s = retry_after_s(transfer),
		.body = buf_str(&transfer->body),
	};
	return NULL;
}

/* On the other thread. The fiber that waits leaves its arena to this one meanwhile. */
static void
transfer_run(void *arg)
{
	static pthread_once_t prepared = PTHREAD_ONCE_INIT;
	struct transfer *transfer = arg;

	pthread_once(&prepared, curl_prepare);
	transfer->curl = curl_easy_init();
	transfer->err = transfer->curl ? perform(transfer) : err_no_memory();
	curl_slist_free_all(transfer->headers);
	if (transfer->curl)
		curl_easy_cleanup(transfer->curl);
}

struct err *
fetch(struct ctx *ctx, const struct fetch_options *options, struct fetch_reply *ret)
{
	struct transfer transfer = { .ctx = ctx, .options = options };
	struct url url;

	if (!url_split(options->url, &url) ||
		(!str_eq_nocase(url.scheme, STR("http")) &&
			!str_eq_nocase(url.scheme, STR("https"))))
		return err_new(ctx, ERR_INVALID,
			"not a URL that can be fetched: must begin with http:// or "
			"https://");
	transfer.is_secure = str_eq_nocase(url.scheme, STR("https"));
	buf_init(&transfer.body, ctx->arena,
		options->body_max ? options->body_max : BODY_MAX_DEFAULT);
	TRY(fiber_offload(ctx, transfer_run, &transfer));
	TRY(transfer.err);
	*ret = transfer.reply;
	return NULL;
}
