/* The pages: the files of web/, embedded in the program, with their types and tags. */
#ifndef API_PAGES_H
#define API_PAGES_H

#include "http/message.h"

/* The answer to RQ for PATH where a page or one of its files is there; false where none
 * is. */
bool page_find(const struct http_request *rq, struct str path, struct http_answer *ret);

#endif
