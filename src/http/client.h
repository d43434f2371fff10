/*
 * Requests to other servers, by libcurl on a thread of the offload pool; the fiber waits.
 *
 * http and https only; certificates are checked; at most five redirects, never from https
 * to http. The answer is taken whole into the arena, decompressed, within its limit.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "base/ctx.h"
#include "base/err.h"

struct fetch_options {
	struct str url;
	struct str post_body;      /* absent: GET */
	const struct str *headers; /* "Name: value" each */
	size_t header_count;
	size_t body_max;    /* 0: 1 MiB */
	int64_t timeout_ms; /* of the whole, within CTX's deadline; 0: 30,000 */
	/* Called on the other thread; total 0: not known. May be NULL. */
	void (*progress)(void *arg, int64_t got, int64_t total);
	void *progress_arg;
};

struct fetch_reply {
	int status; /* whatever the server said, 404 too */
	struct str content_type;
	struct str etag;          /* absent: none was sent */
	struct str last_modified; /* likewise */
	int32_t retry_after_s;    /* how long it asks to wait, a day at most; 0: not */
	struct str body;
};

/*
 * Fetch. INVALID: not such a URL. TIMEOUT. TOO_LARGE: more than body_max. BUSY: no
 * connection, or it broke off; a retry may help. Messages do not repeat the URL, which
 * may hold a password.
 */
struct err *fetch(struct ctx *ctx, const struct fetch_options *options,
	struct fetch_reply *ret) MUST_USE;

#endif
