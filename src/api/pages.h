/* The pages: the files of web/, embedded in the program, with their types and tags. */
#ifndef API_PAGES_H
#define API_PAGES_H

#include "http/message.h"
#include "http/respond.h"

/* The answer to RQ for PATH where a page or one of its files is there; false where none
 * is. IS_PRODUCTION as in api/secure.h. */
bool page_find(const struct http_request *rq, struct str path, bool is_production,
	struct http_answer *ret);

/*
 * Where RQ was opened by a person in a browser, the page that says what PROBLEM is and
 * what to do takes the place of the body of ANSWER, which was made of PROBLEM; its
 * status, its headers and that it is not to be kept remain. A program's answer is left as
 * it is, and so is one for whose page memory is short.
 */
void page_of_problem(const struct http_request *rq, const struct http_problem *problem,
	bool is_production, struct http_answer *answer);

#endif
