#include "jobs/failure.h"

#include "jobs/jobs_q.h"
#include "sys/clock.h"
#include "sys/random.h"

enum {
	RETRY_FIRST_SECONDS = 30,
	RETRY_LAST_SECONDS = 3600,
	/* So many failures in a row open the breaker. */
	FAILURES_BEFORE_REST = 5,
	FAILURES_BEFORE_ALERT = 3,
	NAMES_BYTES_MAX = 1000,
};

int64_t
failure_next_run_at(const struct ctx *ctx, const struct job *job, int32_t failures)
{
	int64_t seconds = job->every_seconds, us;

	if (failures >= FAILURES_BEFORE_REST)
		seconds = RETRY_LAST_SECONDS;
	else if (failures > 0 && seconds > (int64_t)RETRY_FIRST_SECONDS << (failures - 1))
		seconds = (int64_t)RETRY_FIRST_SECONDS << (failures - 1);
	us = seconds * MICROSECONDS_PER_SECOND;
	/* A tenth either way, so that instances and installations do not march in
	 * step. */
	return ctx->now + us * 9 / 10 + (int64_t)(random_u64() % (uint64_t)(us / 5));
}

static struct str
fingerprint_of(struct arena *arena, const struct job *job)
{
	return str_fmt(arena, "job_failing:%s", job->name);
}

struct err *
failure_put(struct tx *tx, const struct job *job, int32_t failures, struct str why)
{
	struct arena *arena = tx->ctx->arena;

	if (failures < FAILURES_BEFORE_ALERT)
		return NULL;
	return q_job_alert_open(tx,
		(struct job_alert_open){
			.rule = STR("job_failing"),
			.fingerprint = fingerprint_of(arena, job),
			.severity = STR("warning"),
			.labels = str_fmt(arena, "{\"job\": \"%s\"}", job->name),
			.message = str_fmt(arena,
				"job %s failed %d times in a row: " STR_FMT
				"; gridiron jobs run %s tries it now",
				job->name, failures, STR_ARG(why), job->name),
			.value = (struct opt_f64)OPT(failures),
			.threshold = (struct opt_f64)OPT(FAILURES_BEFORE_ALERT),
			.now = tx->ctx->now,
		});
}

struct err *
failure_over(struct tx *tx, const struct job *job)
{
	int64_t resolved;

	return q_job_alert_resolve(
		tx, fingerprint_of(tx->ctx->arena, job), tx->ctx->now, &resolved);
}

static struct err *
settle(struct tx *tx, const struct job_lost *lost, const struct job *job,
	struct buf *settled)
{
	struct ctx *ctx = tx->ctx;
	int32_t failures = lost->consecutive_failures + 1;
	struct str why = str_fmt(ctx->arena,
		"its instance (" STR_FMT ") stopped before it ended",
		STR_ARG(lost->locked_by));
	int64_t found, ended;

	TRY(q_job_lose(tx,
		(struct job_lose){
			.id = lost->id,
			.error = why,
			.next_run_at = failures == 1
				? ctx->now
				: failure_next_run_at(ctx, job, failures),
			.now = ctx->now,
		},
		&found));
	/* Another was here before. */
	if (found == 0)
		return NULL;
	buf_fmt(settled, "%s%s", settled->len ? ", " : "", job->name);
	TRY(q_job_runs_end(tx,
		(struct job_runs_end){
			.id = lost->id,
			.status = STR("failed"),
			.result = STR_NONE,
			.error = why,
			.now = ctx->now,
		},
		&ended));
	return failure_put(tx, job, failures, why);
}

struct err *
failure_settle_lost(struct tx *tx, struct str *ret)
{
	struct job_lost_list lost;
	struct buf settled;

	buf_init(&settled, tx->ctx->arena, NAMES_BYTES_MAX);
	TRY(q_job_lost(tx, tx->ctx->now, &lost));
	for (size_t i = 0; i < lost.count; i++) {
		const struct job *job = job_find(lost.items[i].name);

		/* One of a newer program is its own to settle. */
		if (job)
			TRY(settle(tx, &lost.items[i], job, &settled));
	}
	*ret = buf_str(&settled);
	return NULL;
}
