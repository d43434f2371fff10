#include <limits.h>
#include <unistd.h>

#include <sys/epoll.h>

#include "app/command.h"
#include "jobs/schedule.h"
#include "predictions/source.h"
#include "sys/signal.h"

/* GAMES as it is where it is read from FOLDER (absent: from here). */
static struct str
place_of(struct arena *arena, struct str games, struct str folder)
{
	char real[PATH_MAX];
	const char *path;

	if (str_find(games, STR("://")) > 0 || str_eq(games, STR(GAMES_SIMULATED)))
		return games;
	if (!str_is_none(folder) && games.len && games.ptr[0] != '/')
		games = str_fmt(
			arena, STR_FMT "/" STR_FMT, STR_ARG(folder), STR_ARG(games));
	path = str_cstr(arena, games);
	return path && realpath(path, real) ? str_dup(arena, str_from(real)) : games;
}

/* The feed is the server's, where one carries this out: whoever has another set would
 * otherwise mix its games into the database, and no later run would take them out. */
static struct err *
games_of(struct invocation *run, struct str *ret)
{
	struct str told = run->config.games, ours, theirs;

	*ret = told;
	if (!run->served)
		return NULL;
	*ret = run->served->games;
	if (told.len == 0 || !str_eq(run->args[0], str_from(job_table[JOB_fetch].name)))
		return NULL;
	theirs = place_of(run->arena, told, run->console.folder);
	ours = ret->len ? place_of(run->arena, *ret, STR_NONE) : STR(GAMES_PUBLIC_URL);
	if (str_eq(ours, theirs))
		return NULL;
	return err_in(run->arena, ERR_CONFLICT,
		"setting games is '" STR_FMT "' here, and '" STR_FMT
		"' for the server (process %ld) that fetches: give both the same, or "
		"none here; gridiron import reads what you name",
		STR_ARG(theirs), STR_ARG(ours), (long)getpid());
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

static void
tell(void *arg, const struct job_outcome *outcome)
{
	struct invocation *run = arg;

	fprintf(run->console.out,
		run->is_json ? "{\"job\": \"%s\", \"status\": \"" STR_FMT
			       "\", \"result\": " STR_FMT "}\n"
			     : "%s: " STR_FMT " " STR_FMT "\n",
		outcome->job->name, STR_ARG(outcome->status), STR_ARG(outcome->result));
	fflush(run->console.out);
}

static struct err *
run_job(struct invocation *run, const struct job_setup *setup, struct job_outcome *ret)
{
	struct hearing hearing;
	struct err *err;

	hearing_begin(run, &hearing);
	err = schedule_run_through(&run->ctx, setup, run->args[0], tell, run, ret);
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
		.data = run->config.data,
		.season_runs = (int32_t)run->config.season_runs,
		.instance = str_fmt(run->arena, "command %ld",
			(long)(run->console.pid ? run->console.pid : getpid())),
		.is_beside = run->console.pid != 0,
	};
	struct job_outcome outcome;

	TRY(games_of(run, &setup.games));
	TRY(run_job(run, &setup, &outcome));
	tell(run, &outcome);
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
		  "that work on it become due. Beside a server, fetch reads what that "
		  "server reads, and --season-runs\n"
		  "holds for this run: what it plays less often than the server does, "
		  "that plays anew later. history is run\n"
		  "turn after turn until all is played, each told by a line; where a "
		  "server is at it, it is so anyway.",
	.examples = "jobs run fetch\n"
		    "jobs run outlook --json",
	.args_min = 1,
	.args_max = 1,
	.needs = NEEDS_DATABASE,
	.uses_keys = true,
	.run = run_jobs_run,
};
