/*
 * Scheduled jobs: what one is, and the table of all.
 *
 * A job is a function of the domain run at its time by one instance among all that share
 * the database: whoever claims its row (table jobs), for as long as the longest run may
 * take, so that the work of an instance that died is taken over by another
 * (docs/decisions/job-leases.md). It may be run twice with no harm.
 */
#ifndef JOBS_JOB_H
#define JOBS_JOB_H

#include <stdatomic.h>

#include "base/ctx.h"
#include "base/err.h"
#include "codec/json_write.h"

enum job_index {
#define JOB(name, minutes, limit_seconds, next, about) JOB_##name,
#include "jobs/jobs.def"
#undef JOB
	JOB_COUNT
};

/* What the program gives its jobs. */
struct job_setup {
	struct str
		games;   /* path or URL of the feed; "simulated"; empty: the public one */
	struct str data; /* the data folder; absent: there is none */
	int32_t season_runs; /* how often a season is played; 0: SEASON_RUNS_USUAL */
	int32_t turn_ms; /* how long history plays before others have theirs; 0: 20 s */
	struct str instance; /* this process, among those that share the database */
	bool is_beside; /* a server carries this out, which may be at jobs of its own */
	const _Atomic bool *is_stopping; /* set: the instance ends; NULL: it never does */
};

/* One run, for the job's function. */
struct job_run {
	const struct job_setup *setup;
	struct str
		state; /* a JSON object: what the job kept for itself; may be replaced */
	struct json *result; /* an open object: what came of it, for people */
	struct str
		warning; /* done, but somebody should look at it: why; absent: not so */
	bool is_nothing_new; /* what it works on is what it was, and so is the warning */
	bool is_skipped;     /* there was nothing it could do: set RESULT's "reason" */
	bool is_put_off;     /* there is more to do, or the instance ends: it stays due */
	bool has_changed;    /* what others work on: they are due, also where it failed
				behind that */
};

/* Whether the instance ends, which cuts a run short that says so. */
static inline bool
job_is_stopping(const struct job_run *run)
{
	return run->setup->is_stopping && atomic_load(run->setup->is_stopping);
}

/* There was nothing that RUN could do, for REASON. */
void job_skip(struct job_run *run, struct str reason);
/* The instance ended before anything was played: that is put off. */
void job_skip_stopped(struct job_run *run);

struct job {
	const char *name;
	const char *label; /* "job fetch": for logs and statistics */
	const char *about;
	int64_t every_seconds;
	int64_t limit_seconds; /* the deadline of a run; so long it keeps others out */
	uint32_t next;         /* bits of those that work on what it changes */
	struct err *(*run)(struct ctx *ctx, struct job_run *run);
};

extern const struct job job_table[JOB_COUNT];
/* The job NAME; NULL: this program has none. */
const struct job *job_find(struct str name);

#define JOB(name, minutes, limit_seconds, next, about) \
	struct err *job_##name(struct ctx *ctx, struct job_run *run) MUST_USE;
#include "jobs/jobs.def"
#undef JOB

#endif
