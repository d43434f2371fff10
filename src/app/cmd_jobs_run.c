#include <sys/epoll.h>
#include <unistd.h>

#include "app/command.h"
#include "jobs/schedule.h"
#include "predictions/source.h"
#include "sys/signal.h"

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

/* --- Ctrl-C, where no server carries this out: the job is given back before we end */

struct hearing {
	int signals;
	struct fiber *worker;
	struct fiber *listener;
	struct fiber_event ended;
};

static void
hear(void *arg)
{
	struct hearing *hearing = arg;

	if (fiber_wait_fd(hearing->signals, EPOLLIN, DEADLINE_NEVER) == WAIT_READY)
		fiber_cancel(hearing->worker);
	hearing->listener = NULL;
	fiber_event_set(&hearing->ended);
}

static void
hearing_begin(const struct invocation *run, struct hearing *hearing)
{
	*hearing = (struct hearing){ .signals = -1, .worker = fiber_current() };
	fiber_event_init(&hearing->ended);
	if (run->console.pid == 0)
		hearing->signals = signal_tell();
	if (hearing->signals >= 0)
		hearing->listener = fiber_spawn("listen to signals", hear, hearing);
	if (!hearing->listener)
		fiber_event_set(&hearing->ended);
}

static void
hearing_end(struct hearing *hearing)
{
	if (hearing->listener)
		fiber_cancel(hearing->listener);
	fiber_event_join(&hearing->ended);
	if (hearing->signals >= 0)
		fiber_forget_fd(hearing->signals);
}

static struct err *
run_job(struct invocation *run, const struct job_setup *setup, struct job_outcome *ret)
{
	struct hearing hearing;
	struct err *err;

	hearing_begin(run, &hearing);
	err = schedule_run(&run->ctx, setup, run->args[0], ret);
	hearing_end(&hearing);
	if (!err)
		err = ret->failed;
	if (err && hearing.signals >= 0 && signal_told()) {
		command_end(run, err);
		signal_end();
	}
	return err;
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

	TRY(run_job(run, &setup, &outcome));
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
