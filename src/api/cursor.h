/*
 * Pages: how many rows, and where the next page begins.
 *
 * A list is read with one row more than asked for; that it came says that there is a next
 * page. A cursor is the key of the page's last row, opaque to clients (base64url), so
 * pages stay right while rows are added.
 */
#ifndef API_CURSOR_H
#define API_CURSOR_H

#include "api/params.h"
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

/* INVALID for a text that is no cursor; the start for an absent one. */
struct err *cursor_parse(struct ctx *ctx, struct str text, struct page_key *ret) MUST_USE;
struct str cursor_format(struct ctx *ctx, struct page_key key);

/* The same for lists whose key is a number and a text (accuracy: season, and week, type
 * and model). */
struct text_key {
	int32_t number;
	struct str text;
};
struct err *
text_cursor_parse(struct ctx *ctx, struct str text, struct text_key *ret) MUST_USE;
struct str text_cursor_format(struct ctx *ctx, struct text_key key);

#endif
