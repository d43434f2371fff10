#include "app/remote_session.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/socket.h>

#include "accounts/standing.h"
#include "app/key_file.h"
#include "app/serve_settings.h"
#include "base/log.h"
#include "base/num.h"
#include "db/db.h"
#include "model/season.h"
#include "sys/clock.h"

enum {
	STACK_BYTES = 512 * 1024, /* as for commands of their own (wiring.c) */
	REQUEST_TIME_MS = 10000,
	REQUEST_BYTES_MAX = 1 << 20,
	FRAMES_BYTES_MAX = 2 * REMOTE_BYTES_MAX,
	/* Requests go first, as before what is offloaded. */
	NICENESS = 10,
};

#define COMMAND_BYTES_MAX ((size_t)1 << 30)
/* The command has its loop for itself and may hold it. */
#define LAG_WARNING_NS ((int64_t)3600 * 1000000000)

static const struct str no_room = STR_INIT(
	"gridiron: the server has no room for the command (memory, open files); try "
	"again shortly\n");

void
remote_session_init(struct remote_session *session, const struct invocation *serving,
	struct local_peer peer, int fd)
{
	*session = (struct remote_session){ .peer = peer, .serving = serving };
	remote_wire_init(&session->wire, fd);
}

void
remote_session_stop(struct remote_session *session)
{
	atomic_store(&session->is_stopping, true);
	/* Whoever listens hears the end. What is said still goes out. */
	shutdown(session->wire.fd, SHUT_RD);
}

void
remote_session_cut(struct remote_session *session)
{
	shutdown(session->wire.fd, SHUT_RDWR);
}

/* --- The request -------------------------------------------------------------------- */

static void
setting_take(struct remote_session *session, struct str text)
{
	ptrdiff_t equals = str_find_char(text, '=');
	int setting = equals < 0 ? SETTING_COUNT
				 : config_flag_find(str_slice(text, 0, (size_t)equals));

	if (setting < SETTING_COUNT)
		session->settings[setting] = str_slice(
			text, (size_t)equals + 1, text.len);
}

static void
frame_take(struct remote_session *session, const struct remote_frame *frame)
{
	struct console *console = &session->run.console;

	if (frame->fd >= 0)
		close(frame->fd);
	if (frame->kind == REMOTE_ARGUMENT) {
		char *copy = arena_alloc_text(&session->arena, frame->bytes.len + 1);

		if (copy)
			memcpy(copy, frame->bytes.ptr, frame->bytes.len + 1);
		session->words[session->word_count++] = copy;
	} else if (frame->kind == REMOTE_SETTING) {
		setting_take(session, frame->bytes);
	} else if (frame->kind == REMOTE_FOLDER) {
		console->folder = frame->bytes;
	} else if (frame->kind == REMOTE_TERMINAL) {
		bool is_out = str_eq(frame->bytes, STR("o"));

		session->is_out_terminal = session->is_out_terminal || is_out;
		console->is_terminal = console->is_terminal || !is_out;
	}
}

/* False: there is no whole one. */
static bool
request_receive(struct remote_session *session)
{
	int64_t deadline = clock_deadline_ms(REQUEST_TIME_MS);
	size_t bytes = 0;

	for (int i = 0; i < REQUEST_FRAMES_MAX && bytes <= REQUEST_BYTES_MAX; i++) {
		struct remote_frame frame;

		if (!remote_wire_receive(
			    &session->wire, &session->arena, deadline, &frame))
			return false;
		frame_take(session, &frame);
		if (frame.kind == REMOTE_GO)
			return true;
		if (session->word_count && !session->words[session->word_count - 1])
			return false;
		bytes += frame.bytes.len;
	}
	return false;
}

/* --- The client's console ----------------------------------------------------------- */

static ssize_t
out_write(void *cookie, const char *bytes, size_t len)
{
	struct remote_session *session = cookie;

	return remote_wire_send(&session->wire, REMOTE_OUT, (struct str){ bytes, len })
		? (ssize_t)len
		: 0;
}

static ssize_t
err_write(void *cookie, const char *bytes, size_t len)
{
	struct remote_session *session = cookie;

	return remote_wire_send(&session->wire, REMOTE_ERR, (struct str){ bytes, len })
		? (ssize_t)len
		: 0;
}

/* Ask the client for something and wait for his answer, in the command's fiber. */
static struct err *
ask(struct remote_session *session, enum remote_kind kind, struct str bytes)
{
	session->is_answered = false;
	if (!remote_wire_send(&session->wire, kind, bytes))
		return err_in(&session->arena, ERR_INTERNAL, "the client is gone");
	while (!session->is_answered)
		if (wait_queue_wait(&session->waiting, DEADLINE_NEVER) == WAIT_CANCELLED)
			return err_in(&session->arena, ERR_TIMEOUT, "cancelled");
	return NULL;
}

static struct err *
client_open(void *arg, struct arena *arena, const char *path, int *ret_fd)
{
	struct remote_session *session = arg;
	int32_t number = 0;

	TRY(ask(session, REMOTE_OPEN, str_from(path)));
	if (session->answer_fd < 0) {
		if (!num_parse_i32(session->answer, 0, INT32_MAX, &number))
			number = EPROTO;
		return console_open_err(arena, number);
	}
	*ret_fd = session->answer_fd;
	session->answer_fd = -1;
	return NULL;
}

static struct err *
client_write(void *arg, struct arena *arena, const char *path, struct str text)
{
	struct remote_session *session = arg;
	struct buf request;

	buf_init(&request, arena, REMOTE_BYTES_MAX);
	buf_put(&request, (struct str){ path, strlen(path) + 1 });
	buf_put(&request, text);
	if (buf_is_cut(&request))
		return err_in(arena, ERR_TOO_LARGE, "%s would be too large", path);
	TRY(ask(session, REMOTE_WRITE, buf_str(&request)));
	return session->answer.len
		? err_in(arena, ERR_INTERNAL, STR_FMT, STR_ARG(session->answer))
		: NULL;
}

static bool
console_open(struct remote_session *session)
{
	struct console *console = &session->run.console;

	console->out = fopencookie(
		session, "w", (cookie_io_functions_t){ .write = out_write });
	console->err = fopencookie(
		session, "w", (cookie_io_functions_t){ .write = err_write });
	console->pid = session->peer.pid;
	console->files = (struct console_files){ client_open, client_write, session };
	if (!console->out || !console->err)
		return false;
	setvbuf(console->err, NULL, _IOLBF, BUFSIZ);
	if (session->is_out_terminal)
		setvbuf(console->out, NULL, _IOLBF, BUFSIZ);
	return true;
}

static void
console_close(const struct console *console)
{
	if (console->out)
		fclose(console->out);
	if (console->err)
		fclose(console->err);
}

/* --- Carrying it out ---------------------------------------------------------------- */

static struct err *
same_check(struct remote_session *session, int setting, struct str ours)
{
	const char *name = str_cstr(&session->arena, ours);
	struct str theirs = session->settings[setting];
	char path[PATH_MAX];

	if (str_is_none(theirs) || !name || !realpath(name, path) ||
		str_eq(theirs, str_from(path)))
		return NULL;
	return err_in(&session->arena, ERR_CONFLICT,
		"setting %s is " STR_FMT " here, and %s for the server (process %ld) "
		"that has the database: give both the same",
		settings[setting].key, STR_ARG(theirs), path, (long)getpid());
}

/* The server's settings, but for what only this command looks at. */
static struct err *
config_make(struct remote_session *session)
{
	struct invocation *run = &session->run;
	struct config *config = &run->config;
	const struct str *told = session->settings;
	struct str keys;

	run->served = &session->serving->config;
	*config = *run->served;
	if (run->command->uses_keys) {
		TRY(same_check(session, SETTING_data, config->data));
		TRY(key_file_path(run, &keys));
		TRY(same_check(session, SETTING_keys_file, keys));
	}
	if (!str_is_none(told[SETTING_games]))
		config->games = told[SETTING_games];
	if (!str_is_none(told[SETTING_season_runs]) &&
		!num_parse_i64(told[SETTING_season_runs], SEASON_RUNS_LEAST,
			SEASON_RUNS_MOST, &config->season_runs))
		return err_in(&session->arena, ERR_INVALID, "no number of runs");
	config->public_url = told[SETTING_public_url].len
		? told[SETTING_public_url]
		: session->serving->settings->mail.public_url;
	return NULL;
}

static void
ctx_make(struct remote_session *session)
{
	const struct ctx *serving = &session->serving->ctx;
	struct invocation *run = &session->run;

	run->ctx = (struct ctx){
		.arena = &session->arena,
		.db = serving->db,
		.now = clock_now_us(),
		.deadline = DEADLINE_NEVER,
		.actor = { .is_system = true },
		.route = run->command->name,
	};
	if (!run->command->uses_keys)
		return;
	run->keys = session->serving->keys;
	run->ctx.keys = run->keys;
	if (!run->command->is_off_record)
		run->ctx.audit = serving->audit;
}

static struct err *
command_run(struct remote_session *session)
{
	struct invocation *run = &session->run;

	TRY(command_line_parse(run, session->word_count, session->words));
	if (!run->command || run->wants_help ||
		command_beside(run->command) != BESIDE_BY_SERVER)
		return err_in(run->arena, ERR_INVALID, "no command for a server");
	fiber_set_name(run->command->name);
	ctx_make(session);
	TRY(config_make(session));
	if (run->command->check)
		TRY(run->command->check(run));
	return run->command->run(run);
}

/* A command that was cancelled says at which wait; whoever cancelled it knows better. */
static struct err *
cancelled_err(struct remote_session *session, struct err *err)
{
	if (!err || !session->is_cancelled)
		return err;
	return err_in(&session->arena, ERR_TIMEOUT,
		atomic_load(&session->is_stopping)
			? "the server is stopping; what was not yet committed is undone"
			: "cancelled; what was not yet committed is undone");
}

static void
carry(void *arg)
{
	struct remote_session *session = arg;
	struct invocation *run = &session->run;
	int64_t begun = clock_monotonic_ns();
	struct err *err = cancelled_err(session, command_run(session));
	char status = (char)command_end(run, err);

	fflush(run->console.err);
	fflush(run->console.out);
	log_info(&run->ctx, "command carried out",
		LOG_TEXT("command", run->command ? run->command->name : "none"),
		LOG_I64("uid", session->peer.uid), LOG_I64("pid", session->peer.pid),
		LOG_I64("status", status),
		LOG_I64("ms", (clock_monotonic_ns() - begun) / NANOSECONDS_PER_MS));
	remote_wire_send(&session->wire, REMOTE_STATUS, (struct str){ &status, 1 });
	session->carrier = NULL;
	fiber_event_set(&session->carried);
}

/* --- The client's further words ----------------------------------------------------- */

static void
answer_take(struct remote_session *session, const struct remote_frame *frame)
{
	if (session->answer_fd >= 0)
		close(session->answer_fd);
	session->answer_fd = frame->fd;
	session->answer = str_dup(&session->arena, frame->bytes);
	session->is_answered = true;
	wait_queue_wake_all(&session->waiting);
}

/* Until the client is gone, or the command has ended and this is cancelled. */
static void
listen_on(void *arg)
{
	struct remote_session *session = arg;
	struct remote_frame frame;

	while (remote_wire_receive(
		       &session->wire, &session->frames, DEADLINE_NEVER, &frame) &&
		frame.kind != REMOTE_CANCEL) {
		if (frame.kind == REMOTE_OPENED || frame.kind == REMOTE_WRITTEN)
			answer_take(session, &frame);
		else if (frame.fd >= 0)
			close(frame.fd);
		arena_reset(&session->frames);
	}
	if (session->carrier) {
		session->is_cancelled = true;
		fiber_cancel(session->carrier);
	}
	session->listener = NULL;
	fiber_event_set(&session->listened);
}

/* --- The whole ---------------------------------------------------------------------- */

/* False: the system has no memory for their stacks. Without one that listens, what the
 * command asks of its client would never be answered, nor would a stop be heard. */
static bool
fibers_run(struct remote_session *session)
{
	bool is_carried;

	fiber_event_init(&session->carried);
	fiber_event_init(&session->listened);
	wait_queue_init(&session->waiting);
	session->listener = fiber_spawn("listen to client", listen_on, session);
	if (!session->listener)
		return false;
	session->carrier = fiber_spawn("command", carry, session);
	is_carried = session->carrier;
	if (is_carried)
		fiber_event_join(&session->carried);
	if (session->listener)
		fiber_cancel(session->listener);
	fiber_event_join(&session->listened);
	return is_carried;
}

static void
converse(void *arg)
{
	struct remote_session *session = arg;

	session->answer_fd = -1;
	session->run.arena = &session->arena;
	if (remote_wire_send(&session->wire, REMOTE_HELLO, STR(REMOTE_VERSION)) &&
		request_receive(session) &&
		!(console_open(session) && fibers_run(session)))
		remote_wire_refuse(&session->wire, no_room);
	console_close(&session->run.console);
	if (session->answer_fd >= 0)
		close(session->answer_fd);
	fiber_forget_fd(session->wire.fd);
	standing_loop_close();
	db_loop_close(session->serving->ctx.db);
}

void
remote_session_run(struct remote_session *session)
{
	struct loop_options options = { .stack_bytes = STACK_BYTES,
		.lag_warning_ns = LAG_WARNING_NS };
	struct err *err;

	/* Of this thread alone. */
	(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	arena_init(&session->arena, COMMAND_BYTES_MAX);
	arena_init(&session->frames, FRAMES_BYTES_MAX);
	err = loop_run_once(&session->arena, options, converse, session);
	if (err) {
		log_err(NULL, "a command could not be carried out", err);
		remote_wire_send(&session->wire, REMOTE_HELLO, STR(REMOTE_VERSION));
		remote_wire_refuse(&session->wire, no_room);
	}
	shutdown(session->wire.fd, SHUT_RDWR);
	arena_release(&session->frames);
	arena_release(&session->arena);
}
