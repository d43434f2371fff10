/*
 * Running jobs at their time, and again where they fail (failure.h). What was stored
 * before stays.
 *
 * A run that is cancelled counts as skipped, and its job is due when it was. One that is
 * cancelled, or puts off what is left, leaves alerts and the count of failures as they
 * are.
 */
#ifndef JOBS_SCHEDULE_H
#define JOBS_SCHEDULE_H

#include "jobs/job.h"
#include "jobs/jobs_q.h"
#include "sys/trouble.h"
#include "sys/wait.h"

/* How a run ended. */
struct job_outcome {
	const struct job *job;
	struct str status;  /* succeeded, failed, skipped */
	struct str result;  /* a JSON object */
	struct str warning; /* struct job_run's */
	struct err *failed; /* why, where it did */
	int64_t next_run_at;
	bool has_more; /* it put off what is left, which is due at once */
};

/* Give every job of the table its row: due at once, the feed after one interval. On
 * SQLite what is held by an instance that is no more is free, unless IS_BESIDE,
 * job_setup's. */
struct err *schedule_prepare(struct ctx *ctx, bool is_beside) MUST_USE;

/* Run the job that has been due longest. *RET_RAN: there was one. A job's own failure is
 * recorded and is no error here. */
struct err *schedule_run_due(struct ctx *ctx, const struct job_setup *setup,
	bool *ret_ran, struct job_outcome *ret) MUST_USE;

/* Run the job NAME now. NOT_FOUND, naming the jobs there are; CONFLICT: an instance is
 * at it. */
struct err *schedule_run(struct ctx *ctx, const struct job_setup *setup, struct str name,
	struct job_outcome *ret) MUST_USE;

/* The same turn after turn, until there is no more; RET is how the last one ended. TELL
 * is called behind each before it. A turn that another instance takes between is waited
 * for. */
struct err *schedule_run_through(struct ctx *ctx, const struct job_setup *setup,
	struct str name, void (*tell)(void *arg, const struct job_outcome *outcome),
	void *arg, struct job_outcome *ret) MUST_USE;

/* Somebody did by hand what JOB does: those that work on what it changes are due. */
struct err *schedule_done_by_hand(struct ctx *ctx, enum job_index job) MUST_USE;

/* The schedule of a server: a fiber that looks for due jobs once a second. */
struct schedule {
	struct db *db;
	const struct keyring *keys;
	struct audit *audit;
	struct job_setup setup;
	struct fiber *fiber;               /* NULL: not started */
	struct trouble trouble;            /* in looking for what is due */
	bool is_prepared;                  /* every job has its row */
	const struct job_outcome *at_work; /* NULL: at rest; without job: it looks */
	_Atomic bool is_stopping;
	struct fiber_event ended;
};

/* Start it on the current loop, which jobs may hold for as long as they compute. Where
 * the jobs' rows cannot be written (a full disk), that is tried again. SETUP's texts must
 * outlive it. */
struct err *schedule_start(struct ctx *ctx, const struct job_setup *setup,
	struct schedule *schedule) MUST_USE;
/* Start nothing more; what is at work is told in the log, gets ten seconds to finish, and
 * is then cancelled, which rolls it back. Nothing happens to one that was not started. */
void schedule_stop(struct schedule *schedule);

#endif
