/*
 * A request and its answer, as the server and the handlers see them (RFC 9110).
 *
 * Texts of a request point into the bytes received, undecoded; they and everything a
 * handler allocates in the request's arena live until its answer is sent. What reaches a
 * handler is well formed: parse.h lists what was refused before.
 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include "base/ctx.h"
#include "base/err.h"
#include "base/str.h"

/* X(name): every method that Gridiron speaks; others are answered 501. */
#define HTTP_METHODS(X) X(GET) X(HEAD) X(POST) X(PUT) X(PATCH) X(DELETE) X(OPTIONS)

enum http_method {
#define X(name) METHOD_##name,
	HTTP_METHODS(X)
#undef X
};

struct http_header {
	struct str name;
	struct str value;
};

struct http_request {
	struct ctx ctx; /* arena, now, deadline, request id; database, actor and route
			   are the handler's to set */
	enum http_method method;
	struct str target; /* "/v1/games?season=2024": path and query as they came */
	struct str path;
	struct str query; /* without the '?'; absent where there is none */
	struct str host;  /* absent: HTTP/1.0 without one */
	struct str body;  /* empty where there is none */
	const struct http_header *headers;
	size_t header_count;
	int minor_version; /* 0 or 1, of HTTP/1.x */
	bool is_kept_alive;
	bool expects_continue;
	bool is_client_gone; /* set while the handler waits; see server.h */
	struct str remote_address;
};

/* The value of header NAME (any case), the first where it is repeated; absent where it is
 * not there. */
struct str http_request_header(const struct http_request *rq, struct str name);
/* Whether header NAME (any case) is there more than once. */
bool http_request_repeats(const struct http_request *rq, struct str name);
const char *http_method_name(enum http_method method);

/* Writes the pieces of an answer whose length is not known when it begins: an export, a
 * stream of events. */
struct http_writer;
typedef struct err *(*http_stream_fn)(struct http_writer *writer, void *arg);

/*
 * What a handler answers. Texts live in the request's arena or for ever. Content-Length,
 * Date and Connection are the server's. For a GET with an `etag`, If-None-Match is
 * answered 304 by the server.
 */
struct http_answer {
	int status;
	struct str content_type; /* absent: none is sent */
	struct str body;
	const struct str *pieces; /* sent after `body`: texts kept ready elsewhere */
	size_t piece_count;
	struct str etag;          /* with its quotes; absent: none */
	struct str encoding;      /* "gzip": body and pieces are compressed already */
	struct str cache_control; /* absent: none is sent */
	struct str lines; /* ready header lines, each with its CR LF; absent: those of
			     http_server_options */
	const struct http_header *headers; /* others, see http_answer_add */
	size_t header_count;
	http_stream_fn stream; /* not NULL: called to write the body instead */
	void *stream_arg;
	bool is_endless; /* a stream that ends only with the client, or the server: when
			    that stops, its waits end at once */
	bool closes;     /* close the connection after it */
	void (*sent)(void *arg); /* not NULL: called once, when the texts are needed no
				    more, sent or not; it must not wait */
	void *sent_arg;
};

/*
 * Add a header. Names and values with line ends would let a value forge headers, so they
 * are refused (INVALID). The array is in the arena of CTX.
 */
struct err *http_answer_add(struct ctx *ctx, struct http_answer *answer, struct str name,
	struct str value) MUST_USE;

/* Append TEXT to a streamed answer; it is sent when enough has gathered. An error means
 * that the client is gone or too slow: return it. */
struct err *http_write(struct http_writer *writer, struct str text) MUST_USE;
/* Send what has gathered now: after each event of a stream. */
struct err *http_flush(struct http_writer *writer) MUST_USE;

/* "Not Found" for 404; "Unknown" for what is not in the list. */
const char *http_status_reason(int status);

#endif
