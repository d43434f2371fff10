/*
 * Pages: how many rows, and where the next page begins.
 *
 * A list is read with one row more than asked for; that it came says that there is a next
 * page. A cursor is the key of the page's last row, opaque to clients (base64url), so
 * pages stay right while rows are added. It says which list it is of, by route and
 * filters: in another it would skip rows or repeat them.
 */
#ifndef API_CURSOR_H
#define API_CURSOR_H

#include "api/request.h"
#include "base/id.h"

enum {
	PAGE_ROWS_DEFAULT = 50,
};

/* The key of lists by week. The first page begins after week 0. */
struct page_key {
	int32_t week;
	struct uuid id;
};

/* The first week of a page after AFTER, of a list from week FIRST on. */
static inline int32_t
page_first_week(int32_t first, struct page_key after)
{
	return first > after.week ? first : after.week;
}

/* The rows of a page. */
int32_t page_limit(const struct params *params);
/* Whether COUNT rows, read with one more than the limit, fill the page and leave some;
 * then COUNT becomes the limit. */
bool page_is_full(const struct params *params, size_t *count);

/*
 * Tell in ANSWER, to RQ, where the page behind it begins, which is at the cursor NEXT:
 * as `Link` with rel="next" (RFC 8288), so that CSV, which has no place for it, says so
 * too. Nothing where NEXT is absent.
 */
struct err *page_tell_next(
	const struct request *rq, struct str next, struct http_answer *answer) MUST_USE;

/* RQ's; INVALID, field `cursor`, for what is no cursor of its list; the start where it is
 * absent. */
struct err *cursor_parse(const struct request *rq, struct page_key *ret) MUST_USE;
struct err *
cursor_format(const struct request *rq, struct page_key key, struct str *ret) MUST_USE;

/* The same for lists whose key is a number and a text (accuracy: season, and week, type
 * and model). */
struct text_key {
	int32_t number;
	struct str text;
};
struct err *text_cursor_parse(const struct request *rq, struct text_key *ret) MUST_USE;
struct err *text_cursor_format(
	const struct request *rq, struct text_key key, struct str *ret) MUST_USE;

#endif
