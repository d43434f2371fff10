#include "app/command.h"
#include "codec/iso_time.h"
#include "db/db.h"
#include "jobs/schedule.h"

static const struct table_column columns[] = {
	{ "name", "JOB" },
	{ "schedule", "SCHEDULE" },
	{ "last_status", "LAST" },
	{ "last_finished_at", "ENDED" },
	{ "next_run_at", "NEXT" },
	{ "run_count", "RUNS" },
	{ "failure_count", "FAILED" },
	{ "locked_by", "AT IT" },
	{ "locked_until", "AT MOST UNTIL" },
	{ "alert_since", "ALERT SINCE" },
	{ "outcome", "RESULT" },
};

static void
put_time(struct table *table, struct opt_i64 time)
{
	struct buf text;

	buf_init(&text, table->arena, 64);
	if (time.is_set)
		iso_time_format(&text, time.value);
	table_put_text(table, time.is_set ? buf_str(&text) : STR_NONE);
}

/* How the last run ended, for people. */
static struct str
outcome_of(const struct job_row *job)
{
	return str_is_none(job->last_error) ? job->last_result : job->last_error;
}

static void
put_job(struct table *table, const struct job_row *job)
{
	table_put_text(table, job->name);
	table_put_text(table, job->schedule);
	table_put_text(table, job->last_status);
	put_time(table, job->last_finished_at);
	put_time(table, job->next_run_at);
	table_put_i64(table, job->run_count);
	table_put_i64(table, job->failure_count);
	table_put_text(table, job->locked_by);
	put_time(table, job->locked_until);
	put_time(table, job->alert_since);
	table_put_text(table, outcome_of(job));
}

static struct err *
run_jobs_list(struct invocation *run)
{
	struct tx tx = db_auto(&run->ctx, SHARD_GLOBAL);
	struct job_row_list list;
	struct table table;

	TRY(schedule_prepare(&run->ctx, run->console.pid != 0));
	TRY(q_job_list(&tx, &list));
	TABLE_INIT(&table, run->arena, columns);
	for (size_t i = 0; i < list.count; i++)
		put_job(&table, &list.items[i]);
	print_table(run, &table);
	return NULL;
}

const struct command cmd_jobs_list = {
	.name = "jobs list",
	.args = "",
	.summary = "the scheduled jobs: last run, its result, next run",
	.detail = "Jobs run in the server (serve, demo), each in one instance at a time: "
		  "fetch reads the games feed,\n"
		  "grade grades, forecast forecasts the games to come, outlook plays the "
		  "rest of the season.\n"
		  "What an instance that died was at, another takes over at the time "
		  "under AT MOST UNTIL.",
	.examples = "jobs list\n"
		    "jobs list --json",
	.needs = NEEDS_DATABASE,
	.run = run_jobs_list,
};
