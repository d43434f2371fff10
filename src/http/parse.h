/*
 * From bytes to a request (RFC 9112), by llhttp in its strict mode and the checks that
 * llhttp leaves to its user. Knows nothing of sockets.
 *
 * Refused, with the status the client gets; every refusal ends the connection, since what
 * follows on it cannot be trusted:
 *
 * 400  two lengths, a length with chunks, Transfer-Encoding that is not exactly "chunked"
 *      or stands in HTTP/1.0, bad chunk sizes, chunk extensions, a chunk size of more
 * than 16 digits, Content-Length, Transfer-Encoding or Host in a trailer; a bare CR or
 * LF, a folded header line, an empty header name, a space before the colon; Host missing
 *      (1.1), repeated, empty, a list or not a host; a target in absolute form, with a
 *      fragment, or '*' but for OPTIONS; more than one space or empty line in or before
 *      the request line; no version
 * 413  a body over its limit         414  a target over its limit
 * 415  a Content-Encoding            417  an Expect other than 100-continue
 * 431  a head over its limit in bytes or header lines
 * 501  another method, a transfer coding other than chunked      505  not HTTP/1.0 or 1.1
 */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "http/message.h"

struct http_limits {
	size_t head_bytes_max;   /* request line and headers */
	size_t target_bytes_max; /* less than head_bytes_max */
	size_t headers_max;
};
#define HTTP_LIMITS_DEFAULT    \
	((struct http_limits){ \
		.head_bytes_max = 16384, .target_bytes_max = 8192, .headers_max = 64 })

enum http_step {
	HTTP_MORE,    /* all bytes are used, the request goes on */
	HTTP_DONE,    /* the head, or the body, is complete */
	HTTP_REFUSED, /* see http_parser_refusal */
};

struct http_refusal {
	int status;
	const char *detail; /* what is wrong, for the client */
};

struct http_parser;

/* A parser in ARENA, for one request after another. NULL: the arena is full. */
struct http_parser *http_parser_new(struct arena *arena, struct http_limits limits);

/* Begin a new request, which is filled in as it is read. Its ctx.arena is set. */
void http_parser_begin(struct http_parser *parser, struct http_request *rq);

/*
 * Read the head. INPUT holds all bytes of the request so far, LEN of them; it may move
 * until the head is complete, and must stay where it is from then on. Call again with
 * more after HTTP_MORE. After HTTP_DONE, RET_USED is the length of the head.
 */
enum http_step http_parse_head(
	struct http_parser *parser, const char *input, size_t len, size_t *ret_used);

/* Whether the head, which is complete, announces a body. */
bool http_parser_has_body(const struct http_parser *parser);

/* Begin the body, of at most BODY_BYTES_MAX: HTTP_DONE where there is none. */
enum http_step http_parse_body_begin(struct http_parser *parser, size_t body_bytes_max);

/* Read LEN more bytes of the body, which stay where they are. RET_USED is less than LEN
 * where the body ended. */
enum http_step http_parse_body(
	struct http_parser *parser, const char *data, size_t len, size_t *ret_used);

/*
 * Where the rest of a body of known length may be received without copying: at RET,
 * RET_LEN bytes; then say how many came. False where the length is not known. Call
 * http_parse_body first with what is at hand.
 */
bool http_parser_room(struct http_parser *parser, char **ret, size_t *ret_len);
enum http_step http_parser_filled(struct http_parser *parser, size_t len);

/* Why the request was refused. */
struct http_refusal http_parser_refusal(const struct http_parser *parser);

#endif
