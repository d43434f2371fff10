/*
 * What a handler takes and gives.
 *
 * A handler parses nothing: its declared parameters are in `params`, checked against
 * api/params.def, its body in `body`, by api/bodies.def. It calls the domain and returns
 * an answer; there is no other way out, so none forgets to answer. An error becomes
 * application/problem+json (RFC 9457) and is logged once, by the router.
 */
#ifndef API_REQUEST_H
#define API_REQUEST_H

#include "accounts/caller.h"
#include "api/params.h"
#include "api/rate_table.h"
#include "base/buf.h"
#include "base/ctx.h"
#include "base/err.h"
#include "http/message.h"

struct api;
struct route;
struct row_schema; /* api/rows.h */

enum {
	PATH_PARAMS_MAX = 2,
};

struct request {
	struct ctx *ctx;
	const struct http_request *http;
	const struct route *route;
	struct api *api;
	struct caller caller; /* who asks (api/auth_gate.h) */
	bool is_open;         /* open access holds for him (api/access.h) */
	bool lacks_mfa;    /* he needs a second factor here; without, he is shown what a
			   stranger is */
	bool is_on_record; /* that he was refused, at once */
	struct rate_taken rate; /* limit 0: not counted (api/rate_gate.h) */
	struct params params;
	struct str delivered; /* by the answer: forecasts' ids, sixteen bytes each */
	const void *body; /* see BODY_OF; NULL where the route takes raw bytes: those are
			     http->body */
	struct str
		path_params[PATH_PARAMS_MAX]; /* {id} and the like, in order, decoded */
};

struct answer {
	struct http_answer http;
	struct str next; /* of a page: the cursor of the one behind it, see
			    page_tell_next */
	struct err *err; /* not NULL: everything else is made from it */
};

/* The body of RQ, of a route that TAKES(name). */
#define BODY_OF(rq, name) ((const struct name##_body *)(rq)->body)

typedef struct answer (*handler_fn)(struct request *rq);

/* Return the problem that EXPR failed with, if it did. */
#define ANSWER_ERR(expr)                                    \
	do {                                                \
		struct err *answer_err_ = (expr);           \
		if (UNLIKELY(answer_err_ != NULL))          \
			return answer_problem(answer_err_); \
	} while (0)

struct answer answer_problem(struct err *err);
/* Let RQ have BYTES of memory more than requests usually may, until it is answered: for
 * the few that take all games or a whole batch in hand. */
void request_widen(struct request *rq, size_t bytes);
/* BODY as it is; it must live in the request's arena or for ever. */
struct answer answer_text(int status, struct str content_type, struct str body);
/* One row as a JSON object. */
struct answer
answer_row(struct request *rq, const struct row_schema *schema, const void *row);

/* COUNT rows, one behind another, as {"data": […], "next": NEXT}; as CSV where
 * ?format=csv asks for it. NEXT is absent on the last page. */
struct page {
	const struct row_schema *schema;
	const void *rows;
	size_t count;
	struct str next;
};
struct answer answer_rows(struct request *rq, const struct page *list);

/* The same for rows that are written as they come. Begin; put row after row; end. SAME
 * has what all rows have in common, see is_same of a field. */
struct row_writer {
	struct buf out;
	const struct row_schema *schema;
	bool is_csv;
	bool has_rows;
};
void answer_rows_begin(struct request *rq, const struct row_schema *schema,
	const void *same, size_t rows_expected, struct row_writer *ret);
void answer_rows_put(struct row_writer *writer, const void *row);
struct answer
answer_rows_end(struct request *rq, struct row_writer *writer, struct str next);

#endif
