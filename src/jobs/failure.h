/*
 * What failures of a job in a row come to: a run that fails is tried again after 30 s,
 * then twice as long each time; after five once an hour, so that a feed that is down is
 * not asked in vain (a circuit breaker whose single attempt an hour tells when to close).
 * From the third on there is an alert, resolved by the next success.
 */
#ifndef JOBS_FAILURE_H
#define JOBS_FAILURE_H

#include "db/db.h"
#include "jobs/job.h"

/* When JOB is run next, behind so many FAILURES in a row (0: the last run succeeded);
 * microseconds UTC. */
int64_t
failure_next_run_at(const struct ctx *ctx, const struct job *job, int32_t failures);
/* Bring the alert of JOB up to date, which failed so often; WHY it did the last time. */
struct err *failure_put(
	struct tx *tx, const struct job *job, int32_t failures, struct str why) MUST_USE;
/* JOB works again. */
struct err *failure_over(struct tx *tx, const struct job *job) MUST_USE;

/* End the runs that are on record as going on, but whose instance is no more, as their
 * lease has ended. Each counts as failed. It is taken over at once; one that was lost, or
 * failed, before that as well waits as any that fails. RET: the names of their jobs,
 * empty where there were none. */
struct err *failure_settle_lost(struct tx *tx, struct str *ret) MUST_USE;

#endif
