/* A games file in the making, for tests: the header and the rows that a test wants. */
#ifndef TESTS_SUPPORT_FEED_TEXT_H
#define TESTS_SUPPORT_FEED_TEXT_H

#include "base/buf.h"
#include "predictions/feed.h"

struct feed_row {
	int season;
	int week;
	const char *type;  /* NULL: REG */
	const char *day;   /* "2023-09-10" */
	const char *clock; /* NULL: 13:00 */
	const char *away;
	const char *home;
	const char *scores; /* "21-20", away first; NULL: still to be played */
	const char *lines;  /* of the columns away_moneyline to over_odds; NULL: usual
			       ones */
};

/* The header line of all 46 columns. */
extern const char feed_header[];
void feed_put_row(struct buf *out, const struct feed_row *row);
/* Header and ROWS, read. */
struct err *feed_of(struct arena *arena, const struct feed_row *rows, size_t count,
	struct feed *ret) MUST_USE;
struct err *feed_of_text(struct arena *arena, struct str text, struct feed *ret) MUST_USE;

#endif
