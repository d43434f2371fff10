#include <unistd.h>

#include "app/command.h"
#include "jobs/schedule.h"
#include "predictions/source.h"

/* The job reads the games where this process is, not where the user is. */
static struct str
games_of(const struct invocation *run)
{
	struct str games = run->config.games, folder = run->console.folder;

	if (games.len == 0 || str_is_none(folder) || games.ptr[0] == '/' ||
		str_find(games, STR("://")) > 0 || str_eq(games, STR(GAMES_SIMULATED)))
		return games;
	return str_fmt(run->arena, STR_FMT "/" STR_FMT, STR_ARG(folder), STR_ARG(games));
}

static struct err *
run_jobs_run(struct invocation *run)
{
	struct job_setup setup = {
		.games = games_of(run),
		.data = run->config.data,
		.instance = str_fmt(run->arena, "command %ld",
			(long)(run->console.pid ? run->console.pid : getpid())),
		.is_beside = run->console.pid != 0,
	};
	struct job_outcome outcome;

	TRY(schedule_run(&run->ctx, &setup, run->args[0], &outcome));
	if (outcome.failed)
		return outcome.failed;
	if (run->is_json)
		fprintf(run->console.out,
			"{\"job\": \"%s\", \"status\": \"" STR_FMT
			"\", \"result\": " STR_FMT "}\n",
			outcome.job->name, STR_ARG(outcome.status),
			STR_ARG(outcome.result));
	else
		fprintf(run->console.out, "%s: " STR_FMT " " STR_FMT "\n",
			outcome.job->name, STR_ARG(outcome.status),
			STR_ARG(outcome.result));
	return NULL;
}

static const char job_names[] =
#define JOB(name, ...) #name "|"
#include "jobs/jobs.def"
#undef JOB
	;

const struct command cmd_jobs_run = {
	.name = "jobs run",
	.args = "NAME",
	.arg_words = job_names,
	.summary = "run a scheduled job now",
	.detail = "As the server would, with the same record: gridiron jobs list shows "
		  "it. What it changes lets the jobs\n"
		  "that work on it become due.",
	.examples = "jobs run fetch\n"
		    "jobs run outlook --json",
	.args_min = 1,
	.args_max = 1,
	.needs = NEEDS_DATABASE,
	.uses_keys = true,
	.run = run_jobs_run,
};
