/* The server's side of app/remote.h: one thread for what it listens on (the serving
 * command's own), one for each command that is under way. */
#include "app/remote.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "app/remote_session.h"
#include "base/log.h"
#include "sys/clock.h"
#include "sys/local_socket.h"

enum {
	SESSIONS_MAX = 8,
	STOP_GRACE_MS = 10000,
	STOP_LOOK_MS = 20,
	READ_GRACE_MS = 2000, /* what a cancelled command's client gets to read */
	ACCEPT_RETRY_MS = 100,
	SEND_TIMEOUT_SECONDS = 300,
};

enum place_state { PLACE_FREE, PLACE_BUSY, PLACE_ENDED };

/* A place for a command under way. */
struct place {
	_Atomic enum place_state state;
	pthread_t thread;
	struct remote_session session;
};

struct remote_server {
	const char *path;
	int fd;
	struct fiber *acceptor;
	struct fiber_event ended;
	const struct invocation *serving;
	struct place places[SESSIONS_MAX];
};

/* --- Places ------------------------------------------------------------------------- */

static void *
place_main(void *arg)
{
	struct place *place = arg;

	remote_session_run(&place->session);
	atomic_store(&place->state, PLACE_ENDED);
	return NULL;
}

static void
place_clear(struct place *place)
{
	pthread_join(place->thread, NULL);
	remote_wire_release(&place->session.wire);
	atomic_store(&place->state, PLACE_FREE);
}

static struct place *
place_find(struct remote_server *server)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct place *place = &server->places[i];

		if (atomic_load(&place->state) == PLACE_ENDED)
			place_clear(place);
		if (atomic_load(&place->state) == PLACE_FREE)
			return place;
	}
	return NULL;
}

/* --- Those who come ----------------------------------------------------------------- */

/* Say why not to one who has no place yet. */
static void
turn_away(int fd, struct str why)
{
	struct remote_wire wire;

	remote_wire_init(&wire, fd);
	remote_wire_send(&wire, REMOTE_HELLO, STR(REMOTE_VERSION));
	remote_wire_refuse(&wire, why);
	remote_wire_release(&wire);
}

/* The socket's mode keeps others out already; where somebody widened it, this does. */
static bool
is_ours(int fd, struct local_peer *ret)
{
	return local_peer_get(fd, ret) && (ret->uid == geteuid() || ret->uid == 0);
}

static void
take_in(struct remote_server *server, int fd)
{
	struct timeval send_timeout = { .tv_sec = SEND_TIMEOUT_SECONDS };
	struct local_peer peer = { .pid = 0 };
	struct place *place;

	if (!is_ours(fd, &peer)) {
		log_warning(NULL, "a command of another user was refused",
			LOG_I64("uid", peer.uid), LOG_I64("pid", peer.pid));
		turn_away(fd,
			STR("gridiron: the server takes commands of its own user "
			    "only\n"));
		return;
	}
	place = place_find(server);
	if (!place) {
		turn_away(fd,
			STR("gridiron: the server is carrying out eight commands "
			    "already; try again shortly\n"));
		return;
	}
	/* A client that takes nothing for so long would keep what its command reads. */
	(void)setsockopt(
		fd, SOL_SOCKET, SO_SNDTIMEO, &send_timeout, sizeof(send_timeout));
	remote_session_init(&place->session, server->serving, peer, fd);
	atomic_store(&place->state, PLACE_BUSY);
	if (pthread_create(&place->thread, NULL, place_main, place) == 0)
		return;
	atomic_store(&place->state, PLACE_FREE);
	turn_away(fd, STR("gridiron: the system gives no thread for the command\n"));
}

static void
accept_all(void *arg)
{
	struct remote_server *server = arg;

	while (fiber_wait_fd(server->fd, EPOLLIN, DEADLINE_NEVER) == WAIT_READY) {
		int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			take_in(server, fd);
		else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			fiber_sleep_until(clock_deadline_ms(ACCEPT_RETRY_MS));
	}
	fiber_event_set(&server->ended);
}

/* --- The whole ---------------------------------------------------------------------- */

struct err *
remote_open(struct invocation *run, struct remote_server **ret)
{
	struct str path = remote_path(run);
	struct remote_server *server;
	struct err *err;

	*ret = NULL;
	if (str_is_none(path))
		return NULL;
	TRY_NEW(run->arena, server, 1);
	server->path = str_cstr(run->arena, path);
	if (!server->path)
		return err_no_memory();
	server->serving = run;
	/* We have the database's file: whoever listened there is no more. */
	err = local_listen(run->arena, server->path, &server->fd);
	if (err) {
		log_err(&run->ctx, "no command can be carried out beside this server",
			err);
		return NULL;
	}
	fiber_event_init(&server->ended);
	server->acceptor = fiber_spawn("take commands", accept_all, server);
	if (!server->acceptor) {
		close(server->fd);
		return err_in(run->arena, ERR_BUSY, "no fiber is left to take commands");
	}
	*ret = server;
	return NULL;
}

static bool
is_busy(const struct remote_server *server)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (atomic_load(&server->places[i].state) == PLACE_BUSY)
			return true;
	return false;
}

void
remote_close(struct remote_server *server)
{
	int64_t deadline = clock_deadline_ms(STOP_GRACE_MS);

	if (!server)
		return;
	local_unlink(server->path);
	fiber_cancel(server->acceptor);
	fiber_event_join(&server->ended);
	fiber_forget_fd(server->fd);
	close(server->fd);
	while (is_busy(server) && clock_monotonic_ns() < deadline)
		fiber_sleep_until(clock_deadline_ms(STOP_LOOK_MS));
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (atomic_load(&server->places[i].state) == PLACE_BUSY)
			remote_session_stop(&server->places[i].session);
	deadline = clock_deadline_ms(READ_GRACE_MS);
	while (is_busy(server) && clock_monotonic_ns() < deadline)
		fiber_sleep_until(clock_deadline_ms(STOP_LOOK_MS));
	/* A client that reads nothing would keep what is said to it waiting. */
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (atomic_load(&server->places[i].state) == PLACE_BUSY)
			remote_session_cut(&server->places[i].session);
	while (is_busy(server))
		fiber_sleep_until(clock_deadline_ms(STOP_LOOK_MS));
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (atomic_load(&server->places[i].state) == PLACE_ENDED)
			place_clear(&server->places[i]);
}
