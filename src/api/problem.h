/* Errors as application/problem+json (RFC 9457), with a stable `code` and the request's
 * id. */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include "base/err.h"
#include "http/message.h"

/* The answer for ERR. What only the operator may know (notes, place) is not in it. */
struct http_answer problem_from_err(struct ctx *ctx, const struct err *err);

/* An answer with STATUS for which no error code stands: 405 and the like. */
struct http_answer
problem_from_status(struct ctx *ctx, int status, struct str code, struct str detail);

/* The request's id as 32 hexadecimal digits, in CTX's arena. */
struct str request_id_format(struct ctx *ctx);

#endif
