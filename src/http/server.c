/* Listening, accepting, sweeping out what is idle for too long, and stopping. */
#include "http/server.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "http/connection.h"
#include "sys/clock.h"

enum {
	BACKLOG = 4096,
	ACCEPTS_AT_ONCE = 64,
	NO_DESCRIPTOR_PAUSE_MS = 50,
	SWEEP_MS_MAX = 1000,
	CANCELLED_MS = 2000, /* what cancelled requests get to end */
	ARENA_BYTES_MIN = 64 * 1024,
};

/* --- Options --- */

static struct http_server_options
with_defaults(struct http_server_options options)
{
	if (options.limits.head_bytes_max == 0)
		options.limits = HTTP_LIMITS_DEFAULT;
	if (options.body_bytes_max == 0)
		options.body_bytes_max = 1 << 20;
	if (options.arena_bytes_max == 0)
		options.arena_bytes_max = 8 << 20;
	if (options.arena_bytes_max < ARENA_BYTES_MIN)
		options.arena_bytes_max = ARENA_BYTES_MIN;
	if (options.connections_max == 0)
		options.connections_max = 20000;
	if (options.head_timeout_ms == 0)
		options.head_timeout_ms = 10000;
	if (options.idle_timeout_ms == 0)
		options.idle_timeout_ms = 75000;
	if (options.request_timeout_ms == 0)
		options.request_timeout_ms = 30000;
	if (options.transfer_grace_ms == 0)
		options.transfer_grace_ms = 10000;
	if (options.transfer_rate_min == 0)
		options.transfer_rate_min = 8192;
	if (options.shutdown_timeout_ms == 0)
		options.shutdown_timeout_ms = 10000;
	return options;
}

/* --- Listening --- */

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} of;
	socklen_t len;
};

static struct err *
address_parse(struct arena *arena, struct str text, uint16_t port, struct address *ret)
{
	const char *cstr = str_cstr(arena, text);

	*ret = (struct address){ 0 };
	if (!cstr)
		return err_no_memory();
	if (inet_pton(AF_INET, cstr, &ret->of.v4.sin_addr) == 1) {
		ret->of.v4.sin_family = AF_INET;
		ret->of.v4.sin_port = htons(port);
		ret->len = sizeof(ret->of.v4);
		return NULL;
	}
	if (inet_pton(AF_INET6, cstr, &ret->of.v6.sin6_addr) == 1) {
		ret->of.v6.sin6_family = AF_INET6;
		ret->of.v6.sin6_port = htons(port);
		ret->len = sizeof(ret->of.v6);
		return NULL;
	}
	return err_in(arena, ERR_INVALID,
		"cannot listen on '" STR_FMT "': give an IP address such as 127.0.0.1",
		STR_ARG(text));
}

static uint16_t
address_port(const struct address *address)
{
	return ntohs(address->of.any.sa_family == AF_INET6 ? address->of.v6.sin6_port
							   : address->of.v4.sin_port);
}

/* The address in TEXT of REMOTE_BYTES, an IPv4 address in IPv6 clothes as plain IPv4. */
static struct str
address_format(const struct address *address, char *text)
{
	const struct in6_addr *v6 = &address->of.v6.sin6_addr;

	text[0] = '\0';
	if (address->of.any.sa_family == AF_INET)
		inet_ntop(AF_INET, &address->of.v4.sin_addr, text, REMOTE_BYTES);
	else if (IN6_IS_ADDR_V4MAPPED(v6))
		inet_ntop(AF_INET, &v6->s6_addr[12], text, REMOTE_BYTES);
	else
		inet_ntop(AF_INET6, v6, text, REMOTE_BYTES);
	return str_from(text);
}

static struct err *
listen_fail(struct arena *arena, int fd, struct str text, uint16_t port)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	if (error == EADDRINUSE)
		return err_in(arena, ERR_CONFLICT,
			"port %u of " STR_FMT
			" is in use: choose another, or stop what listens there",
			port, STR_ARG(text));
	return err_in(arena, ERR_INTERNAL, "cannot listen on port %u of " STR_FMT ": %s",
		port, STR_ARG(text), strerror(error));
}

/*
 * A listening socket. SO_REUSEPORT lets each loop have its own; it would also let another
 * program of the same user share the port unnoticed, so the FIRST is bound without it:
 * that finds the port free or fails, and takes the option after.
 */
static struct err *
listen_on(struct arena *arena, const struct address *address, struct str text,
	bool is_first, int *ret)
{
	int fd = socket(
		address->of.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		/* Accepted connections inherit it: answers are never held back. */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
		(!is_first &&
			setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) ||
		bind(fd, &address->of.any, address->len) != 0 ||
		(is_first &&
			setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) ||
		listen(fd, BACKLOG) != 0)
		return listen_fail(arena, fd, text, address_port(address));
	*ret = fd;
	return NULL;
}

/* --- Accepting --- */

/* Out of descriptors or memory: close an idle connection, or wait a little. */
static void
make_room(struct http_loop *loop)
{
	int error = errno;

	if (connection_evict_one(loop))
		return;
	log_warning(
		NULL, "cannot accept connections", LOG_TEXT("error", strerror(error)));
	fiber_sleep_until(clock_deadline_ms(NO_DESCRIPTOR_PAUSE_MS));
}

static void
accept_one(struct http_loop *loop, int fd, const struct address *address)
{
	char text[REMOTE_BYTES];

	connection_open(loop, fd, address_format(address, text));
}

static void sweep(void *arg);

static void
start_sweep(struct http_loop *loop)
{
	const struct http_server_options *options = &loop->server->options;
	int64_t tick_ms = SWEEP_MS_MAX;

	if (tick_ms > options->head_timeout_ms / 2)
		tick_ms = options->head_timeout_ms / 2;
	if (tick_ms > options->idle_timeout_ms / 2)
		tick_ms = options->idle_timeout_ms / 2;
	loop_timer_start(&loop->sweep, clock_deadline_ms(tick_ms + 1), sweep, loop);
}

/* The fiber that takes connections in, until the server stops. */
static void
accept_clients(void *arg)
{
	struct http_loop *loop = arg;
	size_t count = 0;

	loop->acceptor = fiber_current();
	start_sweep(loop);
	while (!loop->is_stopping) {
		struct address address = { .len = sizeof(address.of) };
		int fd = accept4(loop->listen_fd, &address.of.any, &address.len,
			SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			accept_one(loop, fd, &address);
			if (++count % ACCEPTS_AT_ONCE == 0)
				fiber_yield();
		} else if (errno == EAGAIN) {
			fiber_wait_fd(loop->listen_fd, EPOLLIN, DEADLINE_NEVER);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			errno == ENOMEM) {
			make_room(loop);
		}
		/* Others tell of a connection that failed before it was accepted. */
	}
	fiber_forget_fd(loop->listen_fd);
	close(loop->listen_fd);
	loop->listen_fd = -1;
	loop->acceptor = NULL;
}

/* --- Sweeping and stopping --- */

/* Close the connections of LIST that waited too long. */
static void
sweep_list(struct list_link *list, int64_t now)
{
	struct list_link *first;

	while ((first = list_first(list))) {
		struct connection *connection = CONTAINER_OF(
			first, struct connection, link);

		if (connection->idle_until > now)
			return;
		connection_close(connection);
	}
}

/* End what runs on LOOP: all, or only what would never end by itself. */
static void
cancel_active(struct http_loop *loop, bool is_all)
{
	LIST_FOR_EACH(link, &loop->active) {
		struct connection *connection = CONTAINER_OF(
			link, struct connection, link);

		if (connection->fiber && (is_all || connection->is_endless))
			fiber_cancel(connection->fiber);
	}
}

static void
wait_for_end(struct http_loop *loop, int64_t timeout_ms)
{
	int64_t deadline = clock_deadline_ms(timeout_ms);

	while (loop->connection_count > 0 &&
		wait_queue_wait(&loop->ended, deadline) == WAIT_READY) {
	}
}

/* The fiber that ends the server on a loop. */
static void
stop_loop(void *arg)
{
	struct http_loop *loop = arg;

	if (loop->is_stopping)
		return;
	loop->is_stopping = true;
	loop_timer_stop(&loop->sweep);
	if (loop->acceptor)
		fiber_cancel(loop->acceptor);
	sweep_list(&loop->fresh, INT64_MAX);
	sweep_list(&loop->idle, INT64_MAX);
	cancel_active(loop, false);
	wait_for_end(loop, loop->server->options.shutdown_timeout_ms);
	if (loop->connection_count == 0)
		return;
	log_warning(NULL, "requests cancelled by shutdown",
		LOG_I64("connections", (int64_t)loop->connection_count));
	cancel_active(loop, true);
	wait_for_end(loop, CANCELLED_MS);
}

static void
sweep(void *arg)
{
	struct http_loop *loop = arg;
	int64_t now = clock_coarse_ns();

	sweep_list(&loop->fresh, now);
	sweep_list(&loop->idle, now);
	/* Where http_server_stop could not start the fiber. */
	if (atomic_load(&loop->server->is_stopping) &&
		fiber_spawn("http stop", stop_loop, loop))
		return;
	start_sweep(loop);
}

/* --- The server --- */

static void
loop_init(struct http_loop *loop, struct http_server *server, struct loop *on)
{
	const struct http_server_options *options = &server->options;
	size_t workspace_bytes = sizeof(struct workspace) +
		options->limits.head_bytes_max + INPUT_SPARE_BYTES +
		64 * options->limits.headers_max + 4096;

	loop->server = server;
	loop->loop = on;
	loop->listen_fd = -1;
	loop->connections_max = (options->connections_max + server->loop_count - 1) /
		server->loop_count;
	/* Blocks are up to 1 MiB, so some of the last may be wasted. */
	arena_init(&loop->arena, loop->connections_max * workspace_bytes + (2 << 20));
	list_init(&loop->fresh);
	list_init(&loop->idle);
	list_init(&loop->active);
	slab_init(&loop->connections, sizeof(struct connection), loop->connections_max);
	list_init(&loop->free_workspaces);
	wait_queue_init(&loop->ended);
	loop->date_second = INT64_MIN;
}

static struct err *
listen_all(struct arena *arena, struct http_server *server)
{
	struct str text = server->options.address;
	struct address address;

	TRY(address_parse(arena, text, server->options.port, &address));
	for (size_t i = 0; i < server->loop_count; i++) {
		TRY(listen_on(
			arena, &address, text, i == 0, &server->loops[i].listen_fd));
		if (i == 0 &&
			getsockname(server->loops[0].listen_fd, &address.of.any,
				&address.len) != 0)
			return err_in(arena, ERR_INTERNAL,
				"cannot tell the port listened on: %s", strerror(errno));
	}
	server->port = address_port(&address);
	return NULL;
}

struct err *
http_address_check(struct arena *arena, struct str address)
{
	struct address parsed;

	return address_parse(arena, address, 0, &parsed);
}

struct err *
http_server_try(struct arena *arena, struct str address, uint16_t port)
{
	struct address parsed;
	int fd;

	TRY(address_parse(arena, address, port, &parsed));
	TRY(listen_on(arena, &parsed, address, true, &fd));
	close(fd);
	return NULL;
}

/* Begin to accept on each loop. Where one takes no more fibers, those that have begun end
 * by themselves; they use the server until their loops end, so it is not closed. */
static struct err *
accept_all(struct arena *arena, struct http_server *server)
{
	size_t begun = 0;

	while (begun < server->loop_count &&
		loop_post(server->loops[begun].loop, "http accept", accept_clients,
			&server->loops[begun]))
		begun++;
	if (begun == server->loop_count)
		return NULL;
	for (size_t i = begun; i < server->loop_count; i++) {
		close(server->loops[i].listen_fd);
		server->loops[i].listen_fd = -1;
	}
	http_server_stop(server);
	return err_in(arena, ERR_BUSY, "a loop has too many fibers to begin to serve");
}

struct err *
http_server_open(struct arena *arena, const struct http_server_options *options,
	struct http_server **ret)
{
	struct http_server *server;
	struct err *err;

	assert(options->handler && options->loop_count > 0);
	TRY_NEW(arena, server, 1);
	server->options = with_defaults(*options);
	server->loop_count = options->loop_count;
	TRY_NEW(arena, server->loops, server->loop_count);
	for (size_t i = 0; i < server->loop_count; i++)
		loop_init(&server->loops[i], server, options->loops[i]);
	err = listen_all(arena, server);
	if (err) {
		http_server_close(server);
		return err;
	}
	TRY(accept_all(arena, server));
	*ret = server;
	return NULL;
}

uint16_t
http_server_port(const struct http_server *server)
{
	return server->port;
}

void
http_server_stop(struct http_server *server)
{
	atomic_store(&server->is_stopping, true);
	/* A loop too full to take this in sees the flag when it next sweeps. */
	for (size_t i = 0; i < server->loop_count; i++)
		(void)!loop_post(
			server->loops[i].loop, "http stop", stop_loop, &server->loops[i]);
}

void
http_server_close(struct http_server *server)
{
	for (size_t i = 0; i < server->loop_count; i++) {
		struct http_loop *loop = &server->loops[i];

		if (loop->listen_fd >= 0)
			close(loop->listen_fd);
		LIST_FOR_EACH(link, &loop->free_workspaces)
			arena_release(&CONTAINER_OF(link, struct workspace, link)->arena);
		arena_release(&loop->arena);
		slab_release(&loop->connections);
	}
}

struct http_counters
http_server_counters(const struct http_server *server)
{
	struct http_counters total = { 0 };

	for (size_t i = 0; i < server->loop_count; i++) {
		const struct http_loop_counters *c = &server->loops[i].counters;

		total.connections_accepted += c->accepted;
		total.connections_open += c->open;
		total.connections_refused += c->refused;
		total.requests_active += c->active;
		for (size_t class = 0; class < COUNT_OF(total.requests_by_class);
			class ++)
			total.requests_by_class[class] += c->by_class[class];
		total.requests_refused += c->malformed;
		total.clients_gone += c->gone;
		total.received_bytes += c->received;
		total.sent_bytes += c->sent;
	}
	return total;
}
