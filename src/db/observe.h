/*
 * What is known of every query afterwards: its statistics, a line in the log where it was
 * slow (over 100 ms) or where every statement is to be logged (DB_ECHO).
 *
 * Arguments are never written, only their types and, of texts, their lengths.
 */
#ifndef DB_OBSERVE_H
#define DB_OBSERVE_H

#include "db/db.h"

enum {
	OBSERVE_SLOW_MS = 100,
};

/* One run of a query, as it ended. */
struct observation {
	const struct query *query;
	const struct value *params;
	size_t sets;        /* of arguments; 1 but for a batch */
	int64_t started_at; /* monotonic nanoseconds */
	int64_t rows;       /* read, or where none were read, written */
	const struct err *err;
};

/* Count it, and log it where it deserves that. */
void observe(const struct tx *tx, bool is_echo, const struct observation *seen);

#endif
