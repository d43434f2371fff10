/* The pages: the files of web/, embedded in the program, with their types and tags. */
#ifndef API_PAGES_H
#define API_PAGES_H

#include "http/message.h"

/* The answer to RQ for PATH where a page or one of its files is there; false where none
 * is. IS_PRODUCTION as in api/secure.h. */
bool page_find(const struct http_request *rq, struct str path, bool is_production,
	struct http_answer *ret);

/* The page that says that there is none, 404. False where RQ does not ask for a page but
 * for data, under /v1 or by its Accept. */
bool page_not_found(
	const struct http_request *rq, bool is_production, struct http_answer *ret);

#endif
