/*
 * How a slow query was carried out: its plan in the log, once a minute at most, asked for
 * when the query is long over. The plan is the generic one, made with the arguments
 * unknown, so no value of anybody's can stand in it.
 */
#ifndef DB_SLOW_PLAN_H
#define DB_SLOW_PLAN_H

#include <pthread.h>

#include "db/db.h"

enum {
	SLOW_PLANS_DUE_MAX = 16, /* what comes on top is not told this time */
};

struct slow_plans {
	pthread_mutex_t lock;
	const struct query *due[SLOW_PLANS_DUE_MAX];
	_Atomic size_t count;
};

/* QUERY was slow; its plan is due where it was not told within the last minute. From any
 * thread. */
void slow_plan_note(struct slow_plans *plans, const struct query *query);

/* Log the plans that are due, on a loop. */
void slow_plans_tell(struct ctx *ctx, struct slow_plans *plans);

#endif
