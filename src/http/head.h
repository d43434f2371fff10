/* The inside of the parser: the checks that llhttp leaves to its user, on a complete
 * head. */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "http/parse.h"

/* A head as llhttp read it: texts point into BYTES, which begin with the method. */
struct head {
	struct str bytes;
	struct str method;
	struct str target;
	struct str version; /* "1.1" */
};

/*
 * Check HEAD and the headers of RQ, and fill in what they say: the target, the host, what
 * the client expects. RET_IS_CHUNKED: the body comes in chunks. The refusal has status 0
 * where there is nothing to refuse.
 */
struct http_refusal
head_read(const struct head *head, struct http_request *rq, bool *ret_is_chunked);

#endif
