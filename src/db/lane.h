/*
 * Lanes: connections on which the queries of many fibers are under way at once.
 *
 * Each loop has a few. A query outside any transaction goes to the lane with the fewest
 * unanswered, followed by a Sync of its own, so that an error is nobody else's. Answers
 * come in order; the loop takes them as they arrive, with no fiber of its own, and wakes
 * each query's. One that gave up meanwhile leaves its place in the order, and its answer
 * is dropped. Lanes only read: what was lost with a connection is asked again on another.
 */
#ifndef DB_LANE_H
#define DB_LANE_H

#include "db/db_postgres.h"

/* Run QUERY on a lane of this loop. */
struct err *lane_run(struct pg_db *db, struct ctx *ctx, const struct query *query,
	const struct value *params, struct row_sink sink) MUST_USE;

/* Close the lanes of this loop, if it has any. Queries under way are lost. */
void lanes_close(struct pg_db *db);

/* Add what is known of all lanes to RET. */
void lanes_count(struct pg_db *db, struct pool_counters *ret);

#endif
