/* The client's side of app/remote.h. It runs in no fiber: it only waits for the
 * server. */
#include "app/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/stat.h>

#include "app/remote_wire.h"
#include "base/num.h"
#include "sys/local_socket.h"
#include "sys/signal.h"

enum {
	COPY_BYTES = 1 << 16,
	COPIED_MAX = 256 << 20, /* of what is no file, such as a pipe */
	FRAMES_BYTES_MAX = 2 * REMOTE_BYTES_MAX,
	PATIENCE_MS = 2000, /* with a server that should have said something */
	CANCEL_MS =
		5000, /* with one that is to undo what it did; a second signal ends it */
	SILENCE_SECONDS =
		5, /* after which a user at a terminal is told who is waited for */
};

struct remote_link {
	struct remote_wire wire;
	struct local_peer server;
	struct arena frames; /* what the frame at hand needs */
	int signals;
	bool is_begun; /* the server was told what to do */
	bool is_cancelled;
	bool is_silence_told;
	bool is_left; /* without knowing how it ends */
	bool has_ended;
};

/* --- Finding the server */

/* PATH as the system knows it, or as it stands where nothing is there yet. */
static struct str
absolute(struct arena *arena, struct str path)
{
	const char *name = str_cstr(arena, path);
	char text[PATH_MAX];

	if (!name || !realpath(name, text))
		return path;
	return str_dup(arena, str_from(text));
}

struct str
remote_path(const struct invocation *run)
{
	struct str url = run->config.database_url;

	if (!str_starts_with(url, STR("sqlite:")) ||
		str_starts_with(url, STR("sqlite::")))
		return STR_NONE;
	return str_fmt(run->arena, STR_FMT ".socket",
		STR_ARG(absolute(
			run->arena, str_slice(url, strlen("sqlite:"), url.len))));
}

static struct err *
link_new(struct invocation *run, const char *path, int fd, struct remote_link **ret)
{
	struct remote_link *link;

	TRY_NEW(run->arena, link, 1);
	if (!local_peer_get(fd, &link->server))
		return err_in(
			run->arena, ERR_INTERNAL, "%s: nobody knows whose it is", path);
	/* Root may be served by whomever; nobody else tells a stranger what he does. */
	if (geteuid() != 0 && link->server.uid != geteuid())
		return err_in(run->arena, ERR_DENIED,
			"the server at %s is not yours, but of user %u", path,
			link->server.uid);
	arena_init(&link->frames, FRAMES_BYTES_MAX);
	remote_wire_init(&link->wire, fd);
	*ret = link;
	return NULL;
}

struct err *
remote_find(struct invocation *run, struct remote_link **ret)
{
	struct str text = remote_path(run);
	const char *path = str_cstr(run->arena, text);
	struct err *err;
	int fd;

	*ret = NULL;
	if (str_is_none(text))
		return NULL;
	if (!path)
		return err_no_memory();
	err = local_connect(run->arena, path, &fd);
	/* With a name that is too long for a socket no server has made one. */
	if (err && (err->code == ERR_NOT_FOUND || err->code == ERR_INVALID))
		return NULL;
	if (err && err->code == ERR_DENIED)
		return err_note(err,
			"a server carries commands out for its own user and for root "
			"alone: run this as the server's user");
	TRY(err);
	err = link_new(run, path, fd, ret);
	if (err)
		close(fd);
	return err;
}

/* --- Saying what to do */

static struct err *
gone_err(const struct invocation *run, const struct remote_link *link)
{
	return err_in(run->arena, ERR_INTERNAL,
		"the server (process %ld) that carried this out ended before it was "
		"done; what was not yet committed is undone: run it again",
		(long)link->server.pid);
}

static struct err *
leave(const struct invocation *run, struct remote_link *link)
{
	link->is_left = true;
	return err_in(run->arena, ERR_UNCERTAIN,
		"the server (process %ld) does not answer; %s", (long)link->server.pid,
		link->is_begun ? "the command may go on there" : "nothing was begun");
}

/* Before the command nobody knows what is there, so all are told. Under way, silence may
 * be as it should be: it is told to a user who looks on, with what he can do about it. */
static void
silence_tell(const struct invocation *run, const struct remote_link *link)
{
	struct str url = run->config.database_url;
	FILE *err = run->console.err;

	if (link->is_begun)
		fprintf(err,
			"\r\x1b[Kwaiting: the server (process %ld) carries this out and "
			"has said nothing for %d s; ^C ends the wait\n",
			(long)link->server.pid, SILENCE_SECONDS);
	else
		fprintf(err,
			"waiting: the server (process %ld) that has " STR_FMT
			" does not answer\n",
			(long)link->server.pid,
			STR_ARG(str_slice(url, strlen("sqlite:"), url.len)));
	fflush(err);
}

/* How long to wait before something is done about it; -1: for ever. */
static int
patience_ms(const struct invocation *run, const struct remote_link *link)
{
	if (link->is_cancelled)
		return CANCEL_MS;
	if (!link->is_begun)
		return PATIENCE_MS;
	return run->console.is_terminal && !link->is_silence_told ? SILENCE_SECONDS * 1000
								  : -1;
}

static void
cancel(struct remote_link *link, struct pollfd *signals)
{
	uint64_t count;

	if (read(link->signals, &count, sizeof(count)) < 0)
		signals->fd = -1;
	link->is_cancelled = true;
	remote_wire_send(&link->wire, REMOTE_CANCEL, STR(""));
}

/* A command under way may be silent for long; the first word, and the answer to a
 * signal, come at once from a server that is well. */
static struct err *
word_wait(const struct invocation *run, struct remote_link *link)
{
	struct pollfd waiting[] = { { .fd = link->wire.fd, .events = POLLIN },
		{ .fd = link->signals, .events = POLLIN } };
	int limit_ms = patience_ms(run, link);

	for (;;) {
		int ready = poll(waiting, COUNT_OF(waiting), limit_ms);

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0)
			return err_in(run->arena, ERR_INTERNAL, "cannot wait: %s",
				strerror(errno));
		if (waiting[0].revents)
			return NULL;
		if (link->is_cancelled || (ready > 0 && !link->is_begun))
			return leave(run, link);
		if (ready == 0) {
			silence_tell(run, link);
			link->is_silence_told = link->is_begun;
			limit_ms = -1;
			continue;
		}
		cancel(link, &waiting[1]);
		limit_ms = CANCEL_MS;
	}
}

static struct err *
hello_receive(const struct invocation *run, struct remote_link *link)
{
	struct remote_frame hello;

	TRY(word_wait(run, link));
	if (!remote_wire_receive(&link->wire, &link->frames, DEADLINE_NEVER, &hello))
		return gone_err(run, link);
	if (hello.kind != REMOTE_HELLO || !str_eq(hello.bytes, STR(REMOTE_VERSION)))
		return err_in(run->arena, ERR_CONFLICT,
			"the server (process %ld) that has the database is of "
			"version " STR_FMT
			", this program of %s: restart the server, or call its "
			"program",
			(long)link->server.pid, STR_ARG(hello.bytes), REMOTE_VERSION);
	return NULL;
}

static void
setting_send(const struct invocation *run, struct remote_link *link, int setting,
	struct str value)
{
	remote_wire_send(&link->wire, REMOTE_SETTING,
		str_fmt(run->arena, "%s=" STR_FMT, settings[setting].key,
			STR_ARG(value)));
}

/* That the other end is gone shows when its answer does not come. */
static void
request_send(const struct invocation *run, struct remote_link *link)
{
	const struct config *config = &run->config;
	struct remote_wire *wire = &link->wire;
	char folder[PATH_MAX];

	for (int i = 0; i < run->word_count; i++)
		remote_wire_send(wire, REMOTE_ARGUMENT, str_from(run->words[i]));
	if (getcwd(folder, sizeof(folder)))
		remote_wire_send(wire, REMOTE_FOLDER, str_from(folder));
	if (isatty(STDOUT_FILENO) == 1)
		remote_wire_send(wire, REMOTE_TERMINAL, STR("o"));
	if (run->console.is_terminal)
		remote_wire_send(wire, REMOTE_TERMINAL, STR("e"));
	setting_send(run, link, SETTING_games, config->games);
	if (!str_eq(config->origins[SETTING_season_runs], STR("default")))
		setting_send(run, link, SETTING_season_runs,
			config->texts[SETTING_season_runs]);
	setting_send(run, link, SETTING_public_url, config->public_url);
	setting_send(run, link, SETTING_data, absolute(run->arena, config->data));
	if (config->keys_file.len)
		setting_send(run, link, SETTING_keys_file,
			absolute(run->arena, config->keys_file));
	remote_wire_send(wire, REMOTE_GO, STR(""));
	link->is_begun = true;
}

/* --- Files, for the server */

/* The server may be less than we are: it gets what the user named, and nothing else. */
static bool
is_named(const struct invocation *run, struct str path)
{
	for (size_t i = 0; i < run->arg_count; i++)
		if (str_eq(path, run->args[i]))
			return true;
	for (size_t i = 0; i < COMMAND_FLAGS_MAX; i++)
		if (!str_is_none(run->flags[i]) && str_eq(path, run->flags[i]))
			return true;
	return path.len && str_eq(path, run->config.games);
}

/* What FD gives until its end, in a file that can be read on the other side: a pipe has
 * no end that somebody else could wait for. -1: errno says why not. */
static int
copied(int fd)
{
	int ret = memfd_create("input", MFD_CLOEXEC);
	char bytes[COPY_BYTES];
	off_t total = 0;
	ssize_t got = 0;

	while (ret >= 0 && (got = read(fd, bytes, sizeof(bytes))) > 0) {
		total += got;
		if (total > COPIED_MAX)
			errno = EFBIG;
		if (total > COPIED_MAX || write(ret, bytes, (size_t)got) != got)
			got = -1;
		if (got < 0)
			break;
	}
	if (ret >= 0 && (got < 0 || lseek(ret, 0, SEEK_SET) < 0)) {
		int why = errno;

		close(ret);
		errno = why;
		return -1;
	}
	return ret;
}

static int
open_for_server(const struct invocation *run, struct str path)
{
	struct stat about;
	int fd, copy;

	if (!is_named(run, path)) {
		errno = EACCES;
		return -1;
	}
	fd = open(path.ptr, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &about) != 0 || S_ISREG(about.st_mode) ||
		S_ISDIR(about.st_mode))
		return fd;
	copy = copied(fd);
	close(fd);
	return copy;
}

static void
open_answer(const struct invocation *run, struct remote_link *link, struct str path)
{
	int fd = open_for_server(run, path);
	char why[16];

	if (fd >= 0) {
		remote_wire_send_fd(&link->wire, REMOTE_OPENED, STR(""), fd);
		close(fd);
		return;
	}
	snprintf(why, sizeof(why), "%d", errno);
	remote_wire_send(&link->wire, REMOTE_OPENED, str_from(why));
}

static void
write_answer(const struct invocation *run, struct remote_link *link, struct str request)
{
	struct str path = str_from(request.ptr);
	struct str text = str_slice(request, path.len + 1, request.len);
	struct err *err = is_named(run, path)
		? console_write_file(&run->console, &link->frames, path, text)
		: err_in(&link->frames, ERR_DENIED, "nobody named " STR_FMT,
			  STR_ARG(path));

	remote_wire_send(&link->wire, REMOTE_WRITTEN, err ? err->message : STR(""));
}

/* --- Following it */

static void
out_print(struct console *console, struct str text)
{
	fwrite(text.ptr, 1, text.len, console->out);
	fflush(console->out);
}

static void
err_print(FILE *file, struct str text)
{
	fwrite(text.ptr, 1, text.len, file);
	fflush(file);
}

static struct err *
frame_take(struct invocation *run, struct remote_link *link)
{
	struct remote_frame frame;

	if (!remote_wire_receive(&link->wire, &link->frames, DEADLINE_NEVER, &frame))
		return gone_err(run, link);
	if (frame.fd >= 0)
		close(frame.fd);
	/* The kind is whatever byte came. */
	if (frame.kind == REMOTE_OUT) {
		out_print(&run->console, frame.bytes);
	} else if (frame.kind == REMOTE_ERR) {
		err_print(run->console.err, frame.bytes);
	} else if (frame.kind == REMOTE_OPEN) {
		open_answer(run, link, frame.bytes);
	} else if (frame.kind == REMOTE_WRITE) {
		write_answer(run, link, frame.bytes);
	} else if (frame.kind == REMOTE_STATUS && frame.bytes.len == 1) {
		run->exit_status = (unsigned char)frame.bytes.ptr[0];
		link->has_ended = true;
	}
	arena_reset(&link->frames);
	return NULL;
}

static struct err *
follow(struct invocation *run, struct remote_link *link)
{
	while (!link->has_ended) {
		TRY(word_wait(run, link));
		TRY(frame_take(run, link));
	}
	return NULL;
}

struct err *
remote_run(struct invocation *run, struct remote_link *link)
{
	struct err *err;

	link->signals = signal_tell();
	err = hello_receive(run, link);
	if (!err)
		request_send(run, link);
	if (!err)
		err = follow(run, link);
	remote_wire_release(&link->wire);
	arena_release(&link->frames);
	if (signal_told() && !link->is_left && (err || run->exit_status)) {
		fflush(run->console.out);
		signal_end();
	}
	return err;
}
