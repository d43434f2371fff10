/* From an answer to bytes: the head, 304, gzip. Knows nothing of sockets. */
#ifndef HTTP_RESPOND_H
#define HTTP_RESPOND_H

#include "base/buf.h"
#include "http/message.h"

/* A short answer in plain text, for ever: TEXT is not copied. */
struct http_answer http_answer_text(int status, struct str text);

/* What went wrong, for http_answer_problem. */
struct http_problem {
	int status;
	struct str code;       /* a stable name */
	struct str detail;     /* for the client: what is wrong and what to do */
	struct str field;      /* which input was wrong; absent: none in particular */
	struct str errors;     /* a JSON array of what is wrong; absent: that was all */
	int32_t retry_after_s; /* 0: a retry does not help */
};

/* The problem that ERR is. What only the operator may know (notes, place) is not in
 * it. */
struct http_problem http_problem_of(const struct err *err);

/* "30 seconds", "12 minutes" */
struct str http_wait_text(struct arena *arena, int32_t wait_s);

/*
 * PROBLEM as application/problem+json (RFC 9457), with the request's id; where a retry
 * may help, with Retry-After, which the detail of a 429 says in words. Its `type` is left
 * out, which means about:blank. Without memory the status must do.
 */
struct http_answer
http_answer_problem(struct ctx *ctx, const struct http_problem *problem);

/* The answer of http_problem_of ERR. */
struct http_answer http_answer_err(struct ctx *ctx, const struct err *err);

/* Whether IF_NONE_MATCH, a list or "*", names ETAG; W/ aside (RFC 9110 §13.1.2). */
bool http_etag_matches(struct str if_none_match, struct str etag);

/* Whether the client takes gzip and does not prefer plain text (RFC 9110 §12.5.3). */
bool http_accepts_gzip(const struct http_request *rq);

/*
 * Compress the body of ANSWER where the client takes that and it is worth while: text of
 * 1 KiB or more, in one piece, not compressed yet. Its etag becomes another one, and Vary
 * is set whether compressed or not.
 */
struct err *
http_answer_compress(const struct http_request *rq, struct http_answer *answer) MUST_USE;

/* Turn ANSWER into 304 where the client has it already. */
void http_answer_revalidate(const struct http_request *rq, struct http_answer *answer);

/* How the body of an answer is delimited. */
enum http_framing { HTTP_LENGTH, HTTP_CHUNKED, HTTP_UNTIL_CLOSE };

struct http_head_options {
	enum http_framing framing;
	size_t length;    /* of the body, for HTTP_LENGTH */
	struct str date;  /* "Sun, 06 Nov 1994 08:49:37 GMT" */
	struct str lines; /* where the answer has none */
	bool closes;      /* the connection ends after this answer */
};

/* Write status line and headers into HEAD. */
void http_put_head(struct buf *head, const struct http_request *rq,
	const struct http_answer *answer, struct http_head_options options);

/* 204 and 304 have no body, and say nothing of its length. */
bool http_status_has_body(int status);

enum { HTTP_DATE_BYTES = 29 };
/* NOW_US as an HTTP date (RFC 9110 §5.6.7). */
void http_put_date(struct buf *buf, int64_t now_us);

#endif
