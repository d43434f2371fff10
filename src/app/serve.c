#include "app/serve.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "accounts/standing.h"
#include "accounts/user.h"
#include "api/api.h"
#include "api/ready.h"
#include "api/secure.h"
#include "app/games_import.h"
#include "app/mailing.h"
#include "app/remote.h"
#include "app/serve_settings.h"
#include "base/log.h"
#include "billing/tier.h"
#include "codec/url.h"
#include "crypto/jwt.h"
#include "db/db.h"
#include "jobs/schedule.h"
#include "predictions/believed.h"
#include "predictions/delivery.h"
#include "predictions/elo_chance.h"
#include "sys/clock.h"
#include "sys/signal.h"
#include "sys/wait.h"

enum {
	LOOPS_MAX = 64,
	/* Of all loops: each takes two of the memory maps of a process (Linux gives it
	 * 65,530), and libraries want some. */
	FIBERS_MAX = 30000,
	STOP_LOOK_MS = 50,
	LOOP_ARENA_BYTES = 1 << 20,
	HOST_NAME_BYTES_MAX = 256,
	TEND_MS = 1000,
	TEND_LIMIT_MS = 5000,      /* how long one look after the database may take */
	KINDS_MS = 60 * 60 * 1000, /* how often password hashes are looked through */
	TEND_ARENA_BYTES = 1 << 18,
};

/* One serving thread. */
struct worker {
	pthread_t thread;
	struct arena arena;
	struct loop *loop;
	size_t fibers_max;
	struct err *err; /* why its loop was not opened */
	struct fiber_event opened;
	const struct serving *serving;
};

struct serving {
	struct worker workers[LOOPS_MAX];
	struct loop *loops[LOOPS_MAX];
	size_t count;
	struct api api;
	struct http_server *server;
	struct schedule schedule; /* on the command's own loop: jobs may hold it */
	struct mailer *mailer;
	struct remote_server *remote;
	struct db *db;
	struct fiber *tender; /* looks after the database's connections; NULL: ended */
};

static void *
worker_main(void *arg)
{
	struct worker *worker = arg;

	worker->err = loop_open(&worker->arena,
		(struct loop_options){ .fibers_max = worker->fibers_max }, &worker->loop);
	fiber_event_set(&worker->opened);
	if (worker->err)
		return NULL;
	loop_run(worker->loop);
	loop_close(worker->loop);
	return NULL;
}

/* Runs on the worker's loop, behind what stops the server there: no connection is added
 * any more. Those it has end by themselves or are cancelled, and what they wait for has
 * time limits; a second signal ends everything. */
static void
worker_close(void *arg)
{
	const struct worker *worker = arg;
	const struct serving *serving = worker->serving;

	while (serving->server &&
		http_server_counters(serving->server).connections_open > 0)
		fiber_sleep_until(clock_deadline_ms(STOP_LOOK_MS));
	delivery_loop_close(serving->api.db);
	standing_loop_close();
	jwt_loop_close();
	ready_loop_close();
	db_loop_close(serving->api.db);
}

static struct err *
worker_start(struct ctx *ctx, struct worker *worker)
{
	struct err *err;

	arena_init(&worker->arena, LOOP_ARENA_BYTES);
	fiber_event_init(&worker->opened);
	if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0)
		return err_new(
			ctx, ERR_INTERNAL, "the system gives no thread to serve with");
	fiber_event_join(&worker->opened);
	if (!worker->err)
		return NULL;
	pthread_join(worker->thread, NULL);
	/* The first error lies in the memory of the thread. */
	err = err_new(ctx, worker->err->code, STR_FMT, STR_ARG(worker->err->message));
	arena_release(&worker->arena);
	return err;
}

static size_t
core_count(void)
{
	cpu_set_t cores;
	int count = sched_getaffinity(0, sizeof(cores), &cores) == 0 ? CPU_COUNT(&cores)
								     : 1;

	return count > LOOPS_MAX ? LOOPS_MAX : (size_t)count;
}

/* All at once, since each waits for its own requests. */
static void
workers_stop(struct serving *serving)
{
	for (size_t i = 0; i < serving->count; i++) {
		struct worker *worker = &serving->workers[i];

		/* A loop full of requests has room when some have ended. */
		while (!loop_post(worker->loop, "close loop", worker_close, worker))
			fiber_sleep_until(clock_deadline_ms(STOP_LOOK_MS));
		loop_stop(worker->loop);
	}
	for (size_t i = 0; i < serving->count; i++) {
		pthread_join(serving->workers[i].thread, NULL);
		arena_release(&serving->workers[i].arena);
	}
}

static struct err *
workers_start(struct ctx *ctx, struct serving *serving)
{
	size_t wanted = core_count();

	while (serving->count < wanted) {
		struct worker *worker = &serving->workers[serving->count];

		worker->serving = serving;
		worker->fibers_max = FIBERS_MAX / wanted;
		TRY(worker_start(ctx, worker));
		serving->loops[serving->count++] = worker->loop;
	}
	return NULL;
}

static struct err *
server_start(struct invocation *run, struct serving *serving,
	const struct serve_options *options)
{
	struct http_server_options server = {
		.loops = serving->loops,
		.loop_count = serving->count,
		.handler = api_handle,
		.body_limit = api_body_limit,
		.done = api_done,
		.lines = secure_lines(run->config.environment == ENVIRONMENT_PRODUCTION),
		.arg = &serving->api,
	};
	struct mail_options mail;
	struct str address;

	server.address = run->settings->host;
	server.port = run->settings->port;
	serving->api.loops = serving->loops;
	serving->api.loop_count = serving->count;
	TRY(http_server_open(run->arena, &server, &serving->server));
	serving->api.server = serving->server;
	/* An IPv6 address in brackets, as it was given and as a browser takes it. */
	address = str_fmt(run->arena,
		str_find_char(server.address, ':') >= 0 ? "[" STR_FMT "]:%d"
							: STR_FMT ":%d",
		STR_ARG(server.address), http_server_port(serving->server));
	run->settings->mail.public_url = public_url_of(run, address);
	mail = run->settings->mail;
	/* Before it is said that it serves; links of commands begin with that. */
	TRY(remote_open(run, &serving->remote));
	TRY(mailer_open(&run->ctx, &mail, &serving->mailer));
	log_info(NULL, "serving", LOG_STR("listen", address),
		LOG_I64("loops", (int64_t)serving->count));
	if (options->ready)
		options->ready(run, address);
	return NULL;
}

/* --- Looking after the database */

/* Failing, it is done an hour later: what is known already is used meanwhile. */
static void
learn_password_kinds(struct ctx *ctx)
{
	struct err *err = user_password_kinds_learn(ctx);

	if (err)
		log_err(ctx, "kinds of password hashes were not looked up", err);
}

static void
tend_database(void *arg)
{
	struct serving *serving = arg;
	struct arena arena;
	int64_t kinds_due = 0;

	arena_init(&arena, TEND_ARENA_BYTES);
	do {
		struct ctx ctx = { .arena = &arena,
			.db = serving->db,
			.now = clock_now_us(),
			.deadline = clock_deadline_ms(TEND_LIMIT_MS),
			.route = "tend database" };

		db_tend(&ctx);
		if (clock_monotonic_ns() >= kinds_due) {
			learn_password_kinds(&ctx);
			kinds_due = clock_deadline_ms(KINDS_MS);
		}
		arena_reset(&arena);
	} while (fiber_sleep_until(clock_deadline_ms(TEND_MS)) == WAIT_TIMED_OUT);
	arena_release(&arena);
	serving->tender = NULL;
}

static struct err *
tend_start(struct ctx *ctx, struct serving *serving)
{
	serving->db = ctx->db;
	serving->tender = fiber_spawn("tend database", tend_database, serving);
	return serving->tender
		? NULL
		: err_new(ctx, ERR_BUSY, "no fiber is left to look after the database");
}

static void
tend_stop(struct serving *serving)
{
	if (serving->tender)
		fiber_cancel(serving->tender);
	while (serving->tender)
		fiber_sleep_until(clock_deadline_ms(1));
}

static void
wait_for_signal(void)
{
	while (!loop_is_stopping(loop_current()))
		fiber_sleep_until(clock_deadline_ms(STOP_LOOK_MS));
}

static struct err *
jobs_start(struct invocation *run, struct serving *serving)
{
	char host[HOST_NAME_BYTES_MAX] = "";
	struct job_setup setup = {
		.games = run->config.games,
		.data = run->config.data,
		.season_runs = (int32_t)run->config.season_runs,
	};

	if (!run->config.jobs)
		return NULL;
	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	setup.instance = str_fmt(run->arena, "%s %ld", host, (long)getpid());
	return schedule_start(&run->ctx, &setup, &serving->schedule);
}

/* "https://example.com" of "https://example.com/gridiron"; absent where TEXT is no
 * URL. */
static struct str
origin_of(struct arena *arena, struct str text)
{
	struct url url;

	if (!url_split(text, &url))
		return STR_NONE;
	return str_fmt(arena,
		str_find_char(url.host, ':') >= 0 ? STR_FMT "://[" STR_FMT "]%s" STR_FMT
						  : STR_FMT "://" STR_FMT "%s" STR_FMT,
		STR_ARG(url.scheme), STR_ARG(url.host), str_is_none(url.port) ? "" : ":",
		STR_ARG(url.port));
}

/* --- What an operator should know, though it serves */

static void
warn(void *arg, struct str remark)
{
	(void)arg;
	log_warning(NULL, "settings", LOG_STR("remark", remark));
}

static struct err *
warn_of_all(struct invocation *run, const struct access *access)
{
	const struct err *no_games = games_check(run);
	bool has_tiers;

	if (access->is_open)
		log_warning(NULL,
			"open access: whoever asks from this machine sees what "
			"subscribers see; access.open: false ends that");
	serve_settings_remarks(run, warn, NULL);
	if (no_games)
		warn(NULL, no_games->message);
	TRY(tier_has_any(&run->ctx, &has_tiers));
	if (!has_tiers)
		log_warning(NULL,
			"no plans are on file, so nobody can be given one: run gridiron "
			"seed");
	return NULL;
}

struct err *
serve(struct invocation *run, const struct serve_options *options)
{
	struct serving *serving = arena_alloc(run->arena, sizeof(*serving));
	struct err *err;

	if (!serving)
		return err_no_memory();
	serving->api = (struct api){
		.db = run->ctx.db,
		.keys = run->ctx.keys,
		.audit = run->ctx.audit,
		.geo = run->ctx.geo,
		.is_quiet = options->is_quiet,
		.runs_jobs = run->config.jobs,
		.is_production = run->config.environment == ENVIRONMENT_PRODUCTION,
		.access = run->settings->access,
		.streams = { .per_address = (uint32_t)run->config.stream_per_address,
			.per_user = (uint32_t)run->config.stream_per_user,
			.age_max_s = run->config.stream_age_max_s },
		.requires_mfa = run->settings->requires_mfa,
		.public_origin = origin_of(run->arena, run->config.public_url),
		.started_at = run->ctx.now,
	};
	TRY(warn_of_all(run, &serving->api.access));
	TRY(standing_open(&run->ctx));
	openapi_open(&serving->api.openapi, GRIDIRON_VERSION);
	err = workers_start(&run->ctx, serving);
	/* Whoever reads where it is may end it. */
	signal_stop_loops((struct loop *const[]){ loop_current() }, 1);
	if (!err)
		err = server_start(run, serving, options);
	if (!err)
		err = jobs_start(run, serving);
	if (!err)
		err = tend_start(&run->ctx, serving);
	if (!err) {
		wait_for_signal();
		log_info(NULL, "stopping");
	}
	signal_restore();
	/* Also where what comes after it did not start: its fibers would go on for
	 * ever. */
	if (serving->server)
		http_server_stop(serving->server);
	remote_close(serving->remote);
	tend_stop(serving);
	schedule_stop(&serving->schedule);
	workers_stop(serving);
	if (serving->mailer)
		mailer_close(serving->mailer);
	if (serving->server)
		http_server_close(serving->server);
	believed_forget();
	elo_chances_forget();
	openapi_close(&serving->api.openapi);
	return err;
}
