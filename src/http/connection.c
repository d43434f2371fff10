/* The life of a connection: idle, reading a request, handling it, answering,
 * idle again. */
#include <errno.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "http/connection.h"
#include "sys/clock.h"
#include "sys/random.h"

enum {
	/* What a client whose request is refused may go on sending until it reads. */
	LINGER_MS = 10000,
	LINGER_SILENCE_MS = 1000,
	LINGER_BYTES_MAX = 64 << 20,
	LINGER_BYTES_AT_ONCE = 1 << 20,
};

/* What is to become of a connection after a step. */
enum next { NEXT_GO_ON, NEXT_IDLE, NEXT_CLOSE };

static void connection_ready(void *arg);

/* --- Stores --- */

static struct workspace *
workspace_take(struct http_loop *loop)
{
	const struct http_server_options *options = &loop->server->options;
	struct list_link *kept = list_first(&loop->free_workspaces);
	struct workspace *work;

	if (kept) {
		list_remove(kept);
		return CONTAINER_OF(kept, struct workspace, link);
	}
	work = arena_alloc(&loop->arena, sizeof(*work));
	if (!work)
		return NULL;
	list_init(&work->link);
	work->input_size = options->limits.head_bytes_max + INPUT_SPARE_BYTES;
	work->input = arena_alloc_text(&loop->arena, work->input_size);
	work->parser = http_parser_new(&loop->arena, options->limits);
	if (!work->input || !work->parser)
		return NULL;
	/* The first block of an arena is kept by arena_reset. */
	arena_init(&work->arena, options->arena_bytes_max);
	if (!arena_alloc_text(&work->arena, ARENA_KEPT_BYTES))
		return NULL;
	arena_reset(&work->arena);
	return work;
}

static void
workspace_give_back(struct http_loop *loop, struct workspace *work)
{
	arena_reset(&work->arena);
	list_push_front(&loop->free_workspaces, &work->link);
}

/* --- Beginning, waiting, ending --- */

static bool
connection_watch(struct connection *connection)
{
	if (!connection->is_watched)
		connection->is_watched = loop_watch_fd(
			connection->fd, connection_ready, connection);
	return connection->is_watched;
}

/* Wait for a request without a fiber, in LIST. */
static void
connection_idle(struct connection *connection, struct list_link *list, int64_t timeout_ms)
{
	connection->state = CONNECTION_IDLE;
	connection->idle_until = clock_coarse_ns() + timeout_ms * 1000000;
	list_remove(&connection->link);
	list_push_back(list, &connection->link);
	if (connection->loop->is_stopping || !connection_watch(connection))
		connection_close(connection);
}

#define BUSY_BODY                            \
	"{\"status\":503,\"code\":\"busy\"," \
	"\"detail\":\"too many connections, try again soon\"}"
_Static_assert(sizeof(BUSY_BODY) - 1 == 76, "the Content-Length below");

/* Tell a client that there is no room, if it can be told without waiting. */
static void
refuse_fd(struct http_loop *loop, int fd)
{
	static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\n"
				     "Content-Type: application/problem+json\r\n"
				     "Content-Length: 76\r\n"
				     "Retry-After: 1\r\n"
				     "Connection: close\r\n\r\n" BUSY_BODY;

	/* Whether it arrives is the client's luck: nobody waits for a client for whom
	 * there is no room. */
	(void)send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	HTTP_COUNT(loop->counters.refused, 1);
}

void
connection_open(struct http_loop *loop, int fd, struct str remote)
{
	struct connection *connection = NULL;

	if (loop->connection_count < loop->connections_max || connection_evict_one(loop))
		connection = slab_take(&loop->connections);
	if (!connection) {
		refuse_fd(loop, fd);
		close(fd);
		return;
	}
	connection->loop = loop;
	list_init(&connection->link);
	connection->fd = fd;
	if (remote.len > sizeof(connection->remote))
		remote.len = sizeof(connection->remote);
	memcpy(connection->remote, remote.ptr, remote.len);
	connection->remote_len = (uint8_t)remote.len;
	loop->connection_count++;
	HTTP_COUNT(loop->counters.accepted, 1);
	HTTP_COUNT(loop->counters.open, 1);
	connection_idle(connection, &loop->fresh, loop->server->options.head_timeout_ms);
}

void
connection_close(struct connection *connection)
{
	struct http_loop *loop = connection->loop;

	if (connection->work)
		workspace_give_back(loop, connection->work);
	fiber_forget_fd(connection->fd);
	close(connection->fd);
	list_remove(&connection->link);
	slab_give(&loop->connections, connection);
	loop->connection_count--;
	HTTP_COUNT(loop->counters.open, -1);
	if (loop->connection_count == 0)
		wait_queue_wake_all(&loop->ended);
}

bool
connection_evict_one(struct http_loop *loop)
{
	struct list_link *oldest = list_first(&loop->idle);

	if (!oldest)
		return false;
	connection_close(CONTAINER_OF(oldest, struct connection, link));
	return true;
}

/* --- Reading --- */

/* Receive up to SIZE bytes at TO. NEXT_IDLE: nothing is there now. */
static enum next
receive(struct connection *connection, char *to, size_t size, size_t *ret_len)
{
	ssize_t len;

	do
		len = recv(connection->fd, to, size, MSG_DONTWAIT);
	while (len < 0 && errno == EINTR);
	if (len < 0 && errno == EAGAIN)
		return NEXT_IDLE;
	if (len <= 0)
		return NEXT_CLOSE;
	HTTP_COUNT(connection->loop->counters.received, (uint64_t)len);
	*ret_len = (size_t)len;
	return NEXT_GO_ON;
}

/* Receive more behind the input at hand. */
static enum next
receive_input(struct connection *connection)
{
	struct workspace *work = connection->work;
	size_t len = 0;
	enum next next = receive(connection, work->input + work->input_len,
		work->input_size - work->input_len, &len);

	work->input_len += len;
	return next;
}

/* Begin a request in WORK. */
static void
request_begin(struct connection *connection)
{
	struct workspace *work = connection->work;
	struct http_request *rq = &work->rq;

	arena_reset(&work->arena);
	work->arena.cap_bytes = connection->loop->server->options.arena_bytes_max;
	work->outcome = (struct http_outcome){ 0 };
	work->input_used = 0;
	work->began_at = clock_monotonic_ns();
	*rq = (struct http_request){ 0 };
	rq->remote_address = (struct str){ .ptr = connection->remote,
		.len = connection->remote_len };
	rq->ctx.arena = &work->arena;
	rq->ctx.now = clock_now_us();
	rq->ctx.request_id = uuid_v7(rq->ctx.now);
	http_parser_begin(work->parser, rq);
}

/* Count an answered request and tell the application. */
static void
request_end(struct connection *connection)
{
	const struct http_server_options *options = &connection->loop->server->options;
	struct http_loop_counters *counters = &connection->loop->counters;
	struct workspace *work = connection->work;
	struct http_outcome *outcome = &work->outcome;

	outcome->duration_ns = clock_monotonic_ns() - work->began_at;
	HTTP_COUNT(counters->by_class[outcome->status / 100 % 6], 1);
	HTTP_COUNT(counters->sent, outcome->sent_bytes);
	if (outcome->is_refused)
		HTTP_COUNT(counters->malformed, 1);
	if (outcome->is_cut || work->rq.is_client_gone)
		HTTP_COUNT(counters->gone, 1);
	if (options->done)
		options->done(&work->rq, outcome, options->arg);
}

/*
 * Close so that the answer arrives. With bytes of the client unread, close() would make
 * the kernel send a reset, on which the client may drop the answer unread; and most
 * clients read only when they have sent everything. A stop does not wait for it.
 */
static void
linger(struct connection *connection)
{
	struct workspace *work = connection->work;
	int64_t ends_at = clock_deadline_ms(
		connection->loop->is_stopping ? LINGER_SILENCE_MS : LINGER_MS);
	size_t total = 0, len = 0;
	enum next next = NEXT_GO_ON;

	shutdown(connection->fd, SHUT_WR);
	connection->is_endless = true;
	while (next != NEXT_CLOSE && total < LINGER_BYTES_MAX) {
		int64_t deadline = clock_deadline_ms(LINGER_SILENCE_MS);

		if (ends_at < deadline)
			deadline = ends_at;
		next = receive(connection, work->input, work->input_size, &len);
		if (next == NEXT_IDLE &&
			fiber_wait_fd(connection->fd, EPOLLIN, deadline) != WAIT_READY)
			return;
		if (next != NEXT_GO_ON)
			continue;
		total += len;
		if (total % LINGER_BYTES_AT_ONCE < len)
			fiber_yield();
	}
}

static const char *
refusal_code(int status)
{
	switch (status) {
	case 408:
		return err_code_name(ERR_TIMEOUT);
	case 413:
	case 414:
	case 431:
		return err_code_name(ERR_TOO_LARGE);
	case 503:
		return err_code_name(ERR_BUSY);
	default:
		return err_code_name(ERR_INVALID);
	}
}

/* Answer a request that never reaches the handler, and close. */
static enum next
refuse(struct connection *connection, int status, const char *detail)
{
	struct workspace *work = connection->work;
	struct http_answer answer = http_answer_problem(&work->rq.ctx,
		&(struct http_problem){ .status = status,
			.code = str_from(refusal_code(status)),
			.detail = str_from(detail) });

	work->rq.is_kept_alive = false;
	work->outcome.is_refused = true;
	work->outcome.is_cut = !connection_answer(connection, &answer);
	request_end(connection);
	linger(connection);
	return NEXT_CLOSE;
}

/* Refuse for the reason that the parser has. */
static enum next
refuse_malformed(struct connection *connection)
{
	struct http_refusal refusal = http_parser_refusal(connection->work->parser);

	return refuse(connection, refusal.status, refusal.detail);
}

/* Read the head of a request. NEXT_IDLE: not a byte has come. */
static enum next
read_head(struct connection *connection)
{
	const struct http_server_options *options = &connection->loop->server->options;
	struct workspace *work = connection->work;
	int64_t deadline = work->began_at + options->head_timeout_ms * 1000000;
	enum http_step step = HTTP_MORE;
	enum next next;

	if (work->input_len > 0)
		step = http_parse_head(
			work->parser, work->input, work->input_len, &work->input_used);
	while (step == HTTP_MORE) {
		next = receive_input(connection);
		if (next == NEXT_CLOSE || (next == NEXT_IDLE && work->input_len == 0))
			return next;
		if (next == NEXT_GO_ON) {
			step = http_parse_head(work->parser, work->input, work->input_len,
				&work->input_used);
			continue;
		}
		switch (fiber_wait_fd(connection->fd, EPOLLIN, deadline)) {
		case WAIT_READY:
			break;
		case WAIT_TIMED_OUT:
			return refuse(
				connection, 408, "the request did not come in time");
		case WAIT_CANCELLED:
			return NEXT_CLOSE;
		}
	}
	return step == HTTP_DONE ? NEXT_GO_ON : refuse_malformed(connection);
}

/* Read the input at hand as part of the body; what is behind that stays for the next
 * request. */
static enum http_step
parse_body_input(struct workspace *work)
{
	size_t used = 0;
	enum http_step step = http_parse_body(work->parser,
		work->input + work->input_used, work->input_len - work->input_used,
		&used);

	if (step == HTTP_DONE)
		work->input_used += used;
	else
		work->input_len = work->input_used;
	return step;
}

/* Receive some of the body: to its place where that is known, else behind the head. */
static enum next
receive_body(struct connection *connection, enum http_step *step, size_t *ret_len)
{
	struct workspace *work = connection->work;
	enum next next;
	size_t size;
	char *room;

	if (http_parser_room(work->parser, &room, &size)) {
		next = receive(connection, room, size, ret_len);
		if (next == NEXT_GO_ON)
			*step = http_parser_filled(work->parser, *ret_len);
		return next;
	}
	/* What came so far has been copied, so its place behind the head is free. */
	next = receive(connection, work->input + work->input_used,
		work->input_size - work->input_used, ret_len);
	if (next == NEXT_GO_ON) {
		work->input_len = work->input_used + *ret_len;
		*step = parse_body_input(work);
	}
	return next;
}

/* The client waits for leave to send the body. */
static bool
say_continue(struct connection *connection)
{
	static char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct iovec piece = { .iov_base = text, .iov_len = sizeof(text) - 1 };

	return connection_send(connection, &piece, 1);
}

static enum next
read_body(struct connection *connection)
{
	const struct http_server_options *options = &connection->loop->server->options;
	struct workspace *work = connection->work;
	struct pace pace = { 0 };
	size_t limit = options->body_bytes_max, len = 0;
	enum http_step step;
	enum next next;

	if (options->body_limit && http_parser_has_body(work->parser))
		limit = options->body_limit(&work->rq, options->arg);
	step = http_parse_body_begin(work->parser, limit);
	/* A chunked body is gathered in a text that doubles, so all its sizes together
	 * take twice the last; and that may be twice the body. */
	if (step == HTTP_MORE)
		work->arena.cap_bytes += limit < SIZE_MAX / 8 ? limit * 4 : SIZE_MAX / 2;
	if (step == HTTP_MORE && work->input_len > work->input_used)
		step = parse_body_input(work);
	else if (step == HTTP_MORE && work->rq.expects_continue &&
		!say_continue(connection))
		return NEXT_CLOSE;
	while (step == HTTP_MORE) {
		next = receive_body(connection, &step, &len);
		if (next == NEXT_CLOSE)
			return next;
		if (next == NEXT_GO_ON)
			pace.bytes += len;
		else if (!pace_wait(connection, &pace, EPOLLIN))
			return refuse(connection, 408, "the body did not come in time");
	}
	return step == HTTP_DONE ? NEXT_GO_ON : refuse_malformed(connection);
}

/* --- Handling --- */

/* The client of a request being handled closed, or sent more. */
static void
handled_ready(struct connection *connection)
{
	struct http_request *rq = &connection->work->rq;
	char byte;
	ssize_t len = recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	/* More is the next request, which is read when this one is answered. */
	if (len > 0)
		return;
	if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
		(void)connection_watch(connection);
		return;
	}
	rq->is_client_gone = true;
	if (rq->method == METHOD_GET || rq->method == METHOD_HEAD)
		fiber_cancel(connection->fiber);
}

static enum next
handle(struct connection *connection)
{
	const struct http_server_options *options = &connection->loop->server->options;
	struct workspace *work = connection->work;
	struct http_request *rq = &work->rq;
	struct http_answer answer;
	bool ok;

	/* A request is of the moment when all of it is there: a head sent before a
	 * deadline does not keep it open for a body that drips. */
	rq->ctx.now = clock_now_us();
	rq->ctx.deadline = clock_deadline_ms(options->request_timeout_ms);
	connection->state = CONNECTION_HANDLED;
	(void)connection_watch(connection);
	answer = options->handler(rq, options->arg);
	/* A stream goes on as a handler does. */
	if (!answer.stream)
		connection->state = CONNECTION_BUSY;
	ok = connection_answer(connection, &answer);
	connection->state = CONNECTION_BUSY;
	work->outcome.is_cut = !ok;
	request_end(connection);
	if (ok && rq->is_kept_alive && !rq->is_client_gone && !fiber_is_cancelled())
		return NEXT_GO_ON;
	if (ok && work->input_len > work->input_used)
		linger(connection);
	return NEXT_CLOSE;
}

/* Serve one request. NEXT_IDLE: none has begun. */
static enum next
serve_one(struct connection *connection)
{
	struct http_loop_counters *counters = &connection->loop->counters;
	struct workspace *work = connection->work;
	enum next next;

	request_begin(connection);
	next = read_head(connection);
	if (next == NEXT_GO_ON)
		next = read_body(connection);
	if (next != NEXT_GO_ON)
		return next;
	HTTP_COUNT(counters->active, 1);
	next = handle(connection);
	HTTP_COUNT(counters->active, -1);
	if (next == NEXT_GO_ON) {
		work->input_len -= work->input_used;
		if (work->input_len > 0)
			memmove(work->input, work->input + work->input_used,
				work->input_len);
		/* Else a client that sends without end would keep the loop. */
		if (work->input_len > 0)
			fiber_yield();
	}
	return next;
}

/* The fiber of a connection, from the first byte of a request until
 * nothing is at hand. */
static void
connection_serve(void *arg)
{
	struct connection *connection = arg;
	struct http_loop *loop = connection->loop;
	struct workspace *work = connection->work;
	enum next next;

	do
		next = serve_one(connection);
	while (next == NEXT_GO_ON && work->input_len > 0);
	connection->fiber = NULL;
	if (next == NEXT_CLOSE) {
		connection_close(connection);
		return;
	}
	connection->work = NULL;
	workspace_give_back(loop, work);
	connection_idle(connection, &loop->idle, loop->server->options.idle_timeout_ms);
}

/* Called by the loop when the descriptor is readable or closed. */
static void
connection_ready(void *arg)
{
	struct connection *connection = arg;
	struct http_loop *loop = connection->loop;

	connection->is_watched = false;
	switch (connection->state) {
	case CONNECTION_BUSY:
		return;
	case CONNECTION_HANDLED:
		handled_ready(connection);
		return;
	case CONNECTION_IDLE:
		break;
	}
	connection->state = CONNECTION_BUSY;
	connection->work = workspace_take(loop);
	if (connection->work)
		connection->work->input_len = 0;
	if (connection->work)
		connection->fiber = fiber_spawn(
			"http request", connection_serve, connection);
	if (!connection->fiber) {
		refuse_fd(loop, connection->fd);
		connection_close(connection);
		return;
	}
	list_remove(&connection->link);
	list_push_back(&loop->active, &connection->link);
}
