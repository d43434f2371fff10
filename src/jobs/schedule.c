#include "jobs/schedule.h"

#include "base/log.h"
#include "db/db.h"
#include "jobs/failure.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/random.h"
#include "sys/wait.h"

enum {
	LOOK_MS = 1000,
	STOP_MS = 10000,
	RESULT_BYTES_MAX = 4096,
	ERROR_BYTES_MAX = 1000,
	ARENA_BYTES = 512 << 20,
	/* For the record of a run that was cancelled. */
	GIVE_BACK_MS = 5000,
	/* A lease outlives the run's deadline by this, for the record to be written. */
	LEASE_MARGIN_SECONDS = 30,
	HISTORY_AFTER_SECONDS = 60,
};

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
seconds_us(int64_t seconds)
{
	return seconds * MICROSECONDS_PER_SECOND;
}

/* "every 15 min", "every 6 h". */
static struct str
schedule_of(struct arena *arena, const struct job *job)
{
	int64_t minutes = job->every_seconds / 60;

	return minutes % 60 ? str_fmt(arena, "every %lld min", (long long)minutes)
			    : str_fmt(arena, "every %lld h", (long long)minutes / 60);
}

/* What is on file is worked on at once, but for seasons of before, which wait until
 * whoever looks first has what he came for; the feed was most likely read just now, by
 * whoever filled the database. */
static int64_t
first_run_at(const struct ctx *ctx, size_t job)
{
	if (job == JOB_history)
		return ctx->now + seconds_us(HISTORY_AFTER_SECONDS);
	return job == JOB_fetch ? ctx->now + seconds_us(job_table[job].every_seconds)
				: ctx->now;
}

static void
tell_lost(struct ctx *ctx, struct str jobs)
{
	if (jobs.len)
		log_warning(ctx, "a run whose instance stopped counts as failed",
			LOG_STR("job", jobs));
}

struct preparing {
	bool is_beside;  /* job_setup's */
	struct str lost; /* as struct claiming's */
};

static struct err *
prepare_in_tx(struct tx *tx, void *arg)
{
	struct ctx *ctx = tx->ctx;
	struct preparing *preparing = arg;

	/* The lock of the file says that nobody else is there to hold a job, but for the
	 * server that carries this out. */
	if (db_dialect(ctx->db) == DIALECT_SQLITE && !preparing->is_beside)
		TRY(q_job_release_all(tx));
	TRY(failure_settle_lost(tx, &preparing->lost));
	for (size_t i = 0; i < JOB_COUNT; i++)
		TRY(q_job_put(tx,
			(struct job_put){
				.name = str_from(job_table[i].name),
				.schedule = schedule_of(ctx->arena, &job_table[i]),
				.next_run_at = first_run_at(ctx, i),
				.now = ctx->now,
			}));
	return NULL;
}

struct err *
schedule_prepare(struct ctx *ctx, bool is_beside)
{
	struct preparing preparing = { .is_beside = is_beside };

	TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, prepare_in_tx, &preparing));
	tell_lost(ctx, preparing.lost);
	return NULL;
}

/* --- Claiming */

/* The job that has been due longest, or whose instance is no more, of those that this
 * program knows; NULL where none is. */
static struct err *
find_due(struct tx *tx, const struct job **ret)
{
	struct job_due_row_list due;

	*ret = NULL;
	TRY(q_job_due(tx, tx->ctx->now, &due));
	for (size_t i = 0; i < due.count && !*ret; i++)
		*ret = job_find(due.items[i].name);
	return NULL;
}

struct claiming {
	const struct job_setup *setup;
	const struct job *job; /* NULL: the one that is due */
	struct uuid run;       /* its id: of one claim, however often that is tried */
	struct job_claimed claimed;
	bool is_claimed;
	bool is_again;   /* nobody knows whether it was claimed when this was tried */
	struct str lost; /* jobs whose instance is no more, which was settled first */
	/* The run before failed, or was lost: what it had changed by then it may have
	 * told nobody. */
	bool is_after_failure;
};

/* --- What must be known to be done */

struct apart {
	struct ctx ctx;
	struct err *(*function)(struct tx *tx, void *arg);
	void *arg;
	struct err *err;
	struct fiber_event done;
};

static void
transact(void *arg)
{
	struct apart *apart = arg;

	apart->err = db_transact(
		&apart->ctx, TX_WRITE, SHARD_GLOBAL, apart->function, apart->arg);
	fiber_event_set(&apart->done);
}

/*
 * A transaction that finds out for itself, told that it IS_AGAIN, whether it was carried
 * out already: where nobody knows, it is run again; if IS_OWED also where the fiber was
 * cancelled. That can wait for nothing any more, so another does it.
 */
static struct err *
transact_surely(struct ctx *ctx, struct err *(*function)(struct tx *tx, void *arg),
	void *arg, bool is_owed, bool *is_again)
{
	struct err *err = db_transact(ctx, TX_WRITE, SHARD_GLOBAL, function, arg);
	struct apart apart = { .ctx = *ctx, .function = function, .arg = arg };

	if (!err || !(err->code == ERR_UNCERTAIN || (is_owed && fiber_is_cancelled())))
		return err;
	*is_again = err->code == ERR_UNCERTAIN;
	apart.ctx.deadline = clock_deadline_ms(GIVE_BACK_MS);
	fiber_event_init(&apart.done);
	if (!fiber_spawn("settle a job", transact, &apart))
		return err;
	fiber_event_join(&apart.done);
	return apart.err;
}

static struct err *
claim_in_tx(struct tx *tx, void *arg)
{
	struct claiming *claiming = arg;
	struct ctx *ctx = tx->ctx;
	const struct job *job = claiming->job;
	struct job_run_state own = { .is_open = false };

	/* Nobody knew whether it was committed; if so, all else was known by then. */
	if (claiming->is_again)
		TRY(q_job_run_is_open(tx, claiming->run, &own));
	claiming->is_claimed = own.is_open;
	if (own.is_open)
		return NULL;
	TRY(failure_settle_lost(tx, &claiming->lost));
	if (!job)
		TRY(find_due(tx, &job));
	if (!job)
		return NULL;
	TRY(q_job_claim(tx,
		(struct job_claim){
			.name = str_from(job->name),
			.instance = claiming->setup->instance,
			.until = ctx->now +
				seconds_us(job->limit_seconds + LEASE_MARGIN_SECONDS),
			.now = ctx->now,
		},
		&claiming->claimed, &claiming->is_claimed));
	if (!claiming->is_claimed)
		return NULL;
	claiming->is_after_failure = claiming->claimed.consecutive_failures > 0;
	return q_job_run_begin(tx,
		(struct job_run_begin){
			.run = claiming->run,
			.id = claiming->claimed.id,
			.instance = claiming->setup->instance,
			.now = ctx->now,
		});
}

static struct err *
claim(struct ctx *ctx, struct claiming *claiming)
{
	claiming->run = uuid_v7(ctx->now);
	TRY(transact_surely(ctx, claim_in_tx, claiming, false, &claiming->is_again));
	tell_lost(ctx, claiming->lost);
	return NULL;
}

/* --- Finishing */

struct finishing {
	struct uuid run;
	const struct job_claimed *claimed;
	const struct job_outcome *outcome;
	struct str state;
	int32_t failures; /* in a row, with this one */
	bool is_cancelled;
	bool is_undecided;   /* no failure of the job's, nor is all well: there is more */
	bool is_nothing_new; /* struct job_run's */
	uint32_t next;       /* due now */
	bool is_again;       /* as struct claiming's */
	bool is_lost;        /* the lease ran out, and another settled it */
};

/* What a run that succeeded says that somebody should look at; one that found nothing new
 * says nothing of it. */
static struct err *
warning_put(struct tx *tx, const struct finishing *finishing)
{
	const struct job_outcome *outcome = finishing->outcome;
	struct arena *arena = tx->ctx->arena;
	struct str fingerprint = str_fmt(arena, "job_warning:%s", outcome->job->name);
	int64_t resolved;

	if (outcome->failed || finishing->is_nothing_new)
		return NULL;
	if (str_is_none(outcome->warning))
		return q_job_alert_resolve(tx, fingerprint, tx->ctx->now, &resolved);
	return q_job_alert_open(tx,
		(struct job_alert_open){
			.rule = STR("job_warning"),
			.fingerprint = fingerprint,
			.severity = STR("warning"),
			.labels = str_fmt(arena, "{\"job\": \"%s\"}", outcome->job->name),
			.message = str_fmt(arena, "job %s: " STR_FMT, outcome->job->name,
				STR_ARG(outcome->warning)),
			.now = tx->ctx->now,
		});
}

static struct err *
alert_put(struct tx *tx, const struct finishing *finishing)
{
	const struct job_outcome *outcome = finishing->outcome;

	if (finishing->is_undecided)
		return NULL;
	return outcome->failed ? failure_put(tx, outcome->job, finishing->failures,
					 outcome->failed->message)
			       : failure_over(tx, outcome->job);
}

static struct err *
make_due(struct tx *tx, uint32_t jobs)
{
	for (size_t i = 0; i < JOB_COUNT; i++)
		if (jobs >> i & 1)
			TRY(q_job_make_due(
				tx, str_from(job_table[i].name), tx->ctx->now));
	return NULL;
}

static struct err *
finish_in_tx(struct tx *tx, void *arg)
{
	struct finishing *finishing = arg;
	const struct job_outcome *outcome = finishing->outcome;
	struct ctx *ctx = tx->ctx;
	struct str error = outcome->failed
		? str_slice(outcome->failed->message, 0, ERROR_BYTES_MAX)
		: STR_NONE;
	int64_t found, ended;

	TRY(q_job_finish(tx,
		(struct job_finish){
			.id = finishing->claimed->id,
			.run = finishing->run,
			.status = outcome->status,
			.result = outcome->result,
			.error = error,
			.state = finishing->state,
			.next_run_at = outcome->next_run_at,
			.failed = outcome->failed && !finishing->is_undecided,
			.consecutive_failures = finishing->failures,
			.now = ctx->now,
		},
		&found));
	/* Not where this was carried out before, and nobody knew. */
	finishing->is_lost = found == 0 && !finishing->is_again;
	if (found == 0)
		return NULL;
	TRY(q_job_runs_end(tx,
		(struct job_runs_end){
			.id = finishing->claimed->id,
			.status = outcome->status,
			.result = outcome->result,
			.error = error,
			.now = ctx->now,
		},
		&ended));
	TRY(alert_put(tx, finishing));
	TRY(warning_put(tx, finishing));
	return make_due(tx, finishing->next);
}

/* Whoever was cancelled gives the lease back too: else nobody could run the job until
 * that has run out. */
static struct err *
finish(struct ctx *ctx, struct finishing *finishing)
{
	return transact_surely(ctx, finish_in_tx, finishing, true, &finishing->is_again);
}

/* --- Running */

static int64_t
next_run_at(const struct ctx *ctx, const struct claiming *claiming,
	const struct job_run *run, const struct finishing *finishing)
{
	const struct job_outcome *outcome = finishing->outcome;
	int64_t next;

	if (run->is_put_off)
		return ctx->now;
	/* As it was before. */
	if (finishing->is_cancelled)
		return claiming->claimed.next_run_at;
	next = failure_next_run_at(ctx, outcome->job, finishing->failures);
	return outcome->failed
		? later(next, ctx->now + seconds_us(outcome->failed->retry_after_s))
		: next;
}

/* Run what was claimed, and write down how it ended. */
static struct err *
carry_out(struct ctx *ctx, const struct claiming *claiming, struct job_outcome *ret)
{
	const struct job *job = job_find(claiming->claimed.name);
	struct buf text;
	struct json result = json_begin(&text);
	struct job_run run = { .setup = claiming->setup,
		.state = claiming->claimed.state,
		.result = &result };
	struct job_outcome outcome = { .job = job };
	struct finishing finishing = {
		.run = claiming->run, .claimed = &claiming->claimed, .outcome = &outcome
	};
	struct ctx job_ctx = *ctx;

	if (!job)
		return err_new(ctx, ERR_INTERNAL, "there is no such job");
	job_ctx.route = job->label;
	job_ctx.deadline = earlier(
		ctx->deadline, clock_deadline_ms(job->limit_seconds * 1000));
	buf_init(&text, ctx->arena, RESULT_BYTES_MAX);
	json_put_object(&result);
	outcome.failed = job->run(&job_ctx, &run);
	finishing.is_cancelled = outcome.failed && fiber_is_cancelled();
	finishing.is_undecided = outcome.failed ? finishing.is_cancelled : run.is_put_off;
	/* It says at which wait; whoever cancelled it knows better. */
	if (finishing.is_cancelled)
		outcome.failed = err_new(ctx, ERR_TIMEOUT,
			"cancelled; what was not yet committed is undone");
	json_put_object_end(&result);
	if (buf_is_cut(&text))
		return err_no_memory();
	outcome.result = buf_str(&text);
	outcome.warning = run.warning;
	outcome.status = run.is_skipped || finishing.is_cancelled ? STR("skipped")
		: outcome.failed                                  ? STR("failed")
								  : STR("succeeded");
	finishing.is_nothing_new = run.is_nothing_new || run.is_skipped;
	finishing.state = outcome.failed ? claiming->claimed.state : run.state;
	/* What was cancelled may have changed something that it had no time to say. */
	if (run.has_changed || finishing.is_cancelled ||
		(!outcome.failed && claiming->is_after_failure))
		finishing.next = job->next;
	/* The run took its time; a clock that was set back meanwhile must not let it end
	 * before it began. */
	ctx->now = later(ctx->now, clock_now_us());
	outcome.has_more = run.is_put_off;
	finishing.failures = finishing.is_undecided
		? claiming->claimed.consecutive_failures
		: outcome.failed ? claiming->claimed.consecutive_failures + 1
				 : 0;
	outcome.next_run_at = next_run_at(ctx, claiming, &run, &finishing);
	TRY(finish(ctx, &finishing));
	if (finishing.is_lost)
		return err_new(ctx, ERR_CONFLICT,
			"job %s took longer than %lld s, and counts as failed since",
			job->name, (long long)job->limit_seconds);
	*ret = outcome;
	return NULL;
}

struct err *
schedule_run_due(struct ctx *ctx, const struct job_setup *setup, bool *ret_ran,
	struct job_outcome *ret)
{
	struct claiming claiming = { .setup = setup };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	const struct job *due;

	*ret_ran = false;
	/* Looking costs a read; only what is due costs a write. */
	TRY(find_due(&tx, &due));
	if (!due)
		return NULL;
	TRY(claim(ctx, &claiming));
	if (!claiming.is_claimed)
		return NULL;
	*ret_ran = true;
	ret->job = job_find(claiming.claimed.name);
	return carry_out(ctx, &claiming, ret);
}

struct err *
schedule_run(struct ctx *ctx, const struct job_setup *setup, struct str name,
	struct job_outcome *ret)
{
	struct claiming claiming = { .setup = setup, .job = job_find(name) };

	if (!claiming.job) {
		struct buf names;

		buf_init(&names, ctx->arena, 512);
		for (size_t i = 0; i < JOB_COUNT; i++)
			buf_fmt(&names, "%s%s", i ? ", " : "", job_table[i].name);
		return err_new(ctx, ERR_NOT_FOUND,
			"there is no job '" STR_FMT "'; there are " STR_FMT,
			STR_ARG(name), STR_ARG(buf_str(&names)));
	}
	TRY(schedule_prepare(ctx, setup->is_beside));
	TRY(claim(ctx, &claiming));
	if (!claiming.is_claimed)
		return err_new(ctx, ERR_CONFLICT,
			"another instance is running job " STR_FMT
			" now, or died of late; gridiron jobs list shows which, and "
			"until when at most it is left to that",
			STR_ARG(name));
	return carry_out(ctx, &claiming, ret);
}

static struct err *
done_in_tx(struct tx *tx, void *arg)
{
	const enum job_index *job = arg;

	return make_due(tx, job_table[*job].next);
}

struct err *
schedule_done_by_hand(struct ctx *ctx, enum job_index job)
{
	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, done_in_tx, &job);
}

/* --- In the server */

static void
tell(struct ctx *ctx, const struct job_outcome *outcome)
{
	if (outcome->failed && fiber_is_cancelled())
		log_info(ctx, "job cancelled, to be run again",
			LOG_TEXT("job", outcome->job->name));
	else if (outcome->failed)
		log_err(ctx, "job failed", outcome->failed);
	else
		log_info(ctx, "job done", LOG_TEXT("job", outcome->job->name),
			LOG_STR("status", outcome->status),
			LOG_STR("result", outcome->result));
	if (!outcome->failed && outcome->warning.len)
		log_warning(ctx, "job to be looked at",
			LOG_TEXT("job", outcome->job->name),
			LOG_STR("why", outcome->warning));
}

/* One look at what is due. False: nothing was. */
static bool
look(struct schedule *schedule, struct arena *arena)
{
	struct ctx ctx = { .arena = arena,
		.db = schedule->db,
		.keys = schedule->keys,
		.audit = schedule->audit,
		.now = clock_now_us(),
		.deadline = DEADLINE_NEVER,
		.actor = { .is_system = true },
		.route = "jobs" };
	struct job_outcome outcome = { .job = NULL };
	bool ran = false;
	struct err *err = NULL;

	schedule->at_work = &outcome;
	if (!schedule->is_prepared)
		err = schedule_prepare(&ctx, false);
	schedule->is_prepared = schedule->is_prepared || !err;
	if (!err)
		err = schedule_run_due(&ctx, &schedule->setup, &ran, &outcome);
	schedule->at_work = NULL;
	if (err && !fiber_is_cancelled())
		trouble_note(
			&schedule->trouble, &ctx, "looking for due jobs failed", err);
	if (!err)
		trouble_over(&schedule->trouble, &ctx, "due jobs are looked for again");
	if (!err && ran)
		tell(&ctx, &outcome);
	return !err && ran;
}

static void
run_always(void *arg)
{
	struct schedule *schedule = arg;
	struct arena arena;

	arena_init(&arena, ARENA_BYTES);
	do {
		while (!schedule->is_stopping && look(schedule, &arena))
			arena_release(&arena);
		arena_release(&arena);
	} while (!schedule->is_stopping &&
		fiber_sleep_until(clock_deadline_ms(LOOK_MS)) != WAIT_CANCELLED);
	fiber_event_set(&schedule->ended);
}

struct err *
schedule_start(struct ctx *ctx, const struct job_setup *setup, struct schedule *schedule)
{
	*schedule = (struct schedule){
		.db = ctx->db, .keys = ctx->keys, .audit = ctx->audit, .setup = *setup
	};
	schedule->setup.is_stopping = &schedule->is_stopping;
	fiber_event_init(&schedule->ended);
	schedule->fiber = fiber_spawn("jobs", run_always, schedule);
	return schedule->fiber ? NULL : err_no_memory();
}

void
schedule_stop(struct schedule *schedule)
{
	if (!schedule->fiber)
		return;
	schedule->is_stopping = true;
	if (schedule->at_work && schedule->at_work->job)
		log_info(NULL, "waiting for a job, at most 10 s; a second signal ends it",
			LOG_TEXT("job", schedule->at_work->job->name));
	if (!schedule->at_work ||
		fiber_event_wait(&schedule->ended, clock_deadline_ms(STOP_MS)) !=
			WAIT_READY) {
		/* It has not ended: between the wait's end and here nothing ran. */
		fiber_cancel(schedule->fiber);
		fiber_event_join(&schedule->ended);
	}
	schedule->fiber = NULL;
}
