/*
 * What is known of every query afterwards: its statistics, a line in the log where it was
 * slow or where every statement is to be logged (DB_ECHO). Its plan follows, where a
 * server looks after the database (db/slow_plan.h).
 *
 * Slow is over 100 ms; over a second for what a command or a job asks, what is declared
 * `pool: batch`, and batches, which get a millisecond for each set of arguments besides.
 *
 * Arguments are never written, only their types and, of texts, their lengths.
 */
#ifndef DB_OBSERVE_H
#define DB_OBSERVE_H

#include "db/db.h"

enum {
	OBSERVE_SLOW_MS = 100,
	OBSERVE_SLOW_BATCH_MS = 1000,
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
