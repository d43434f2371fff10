/* Limits, time-outs, refusals and shutdown, seen from the wire. */
#include <stdatomic.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "http/respond.h"
#include "sys/clock.h"
#include "tests/support/http_peer.h"
#include "tests/support/http_shapes.h"
#include "tests/tap.h"

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST(path) "POST " path " HTTP/1.1\r\nHost: a\r\n"

enum {
	FOREVER_MS = 20000,
	BIG_BYTES = 1 << 20,
	BIG_PIECES = 64,
	IDLE_CONNECTIONS = 1000,
};

/* What the server under test saw. */
static struct {
	_Atomic int waiting;   /* requests in /wait or /events */
	_Atomic int cancelled; /* of those */
	_Atomic int finished;
	_Atomic bool is_gone_seen;
	_Atomic bool is_released; /* /hold may go on */
	_Atomic int done_status;
	_Atomic int done_refused;
	_Atomic int done_cut;
} seen;

static struct http_answer
answer_wait(struct http_request *rq)
{
	seen.waiting++;
	if (fiber_sleep_until(clock_deadline_ms(FOREVER_MS)) == WAIT_CANCELLED)
		seen.cancelled++;
	seen.is_gone_seen = rq->is_client_gone;
	seen.finished++;
	return http_answer_text(200, STR("waited"));
}

/* Wait until the test says so, or for as long as a test may take. */
static struct http_answer
answer_hold(struct http_request *rq)
{
	seen.waiting++;
	for (int i = 0; i < FOREVER_MS / 5 && !seen.is_released; i++)
		if (fiber_sleep_until(clock_deadline_ms(5)) == WAIT_CANCELLED)
			break;
	seen.is_gone_seen = rq->is_client_gone;
	seen.finished++;
	return http_answer_text(200, STR("held"));
}

static struct err *
write_events(struct http_writer *writer, void *arg)
{
	struct ctx *ctx = arg;

	TRY(http_write(writer, STR("data: 1\n\n")));
	TRY(http_flush(writer));
	seen.waiting++;
	if (fiber_sleep_until(clock_deadline_ms(FOREVER_MS)) == WAIT_CANCELLED)
		seen.cancelled++;
	return err_new(ctx, ERR_TIMEOUT, "the end of events");
}

static struct http_answer
answer_big(struct http_request *rq)
{
	struct str *pieces = arena_alloc_array(
		rq->ctx.arena, BIG_PIECES, sizeof(*pieces));
	char *text = arena_alloc_text(rq->ctx.arena, BIG_BYTES);

	memset(text, 'x', BIG_BYTES);
	for (size_t i = 0; i < BIG_PIECES; i++)
		pieces[i] = (struct str){ .ptr = text, .len = BIG_BYTES };
	return (struct http_answer){
		.status = 200, .pieces = pieces, .piece_count = BIG_PIECES
	};
}

static struct http_answer
handle(struct http_request *rq, void *arg)
{
	(void)arg;
	if (str_eq(rq->path, STR("/wait")))
		return answer_wait(rq);
	if (str_eq(rq->path, STR("/hold")))
		return answer_hold(rq);
	if (str_eq(rq->path, STR("/greedy"))) {
		while (arena_alloc_text(rq->ctx.arena, 1000)) {
		}
		while (arena_alloc_text(rq->ctx.arena, 1)) {
		}
		return http_answer_text(500, STR("no memory"));
	}
	if (str_eq(rq->path, STR("/big")))
		return answer_big(rq);
	if (str_eq(rq->path, STR("/events")))
		return (struct http_answer){ .status = 200,
			.content_type = STR("text/event-stream"),
			.stream = write_events,
			.stream_arg = &rq->ctx,
			.is_endless = true };
	return http_answer_text(200, STR("hello"));
}

static size_t
body_limit(const struct http_request *rq, void *arg)
{
	(void)arg;
	return str_eq(rq->path, STR("/batch")) ? 300 : SHAPE_BODY_MAX;
}

static void
note_done(const struct http_request *rq, const struct http_outcome *outcome, void *arg)
{
	(void)rq;
	(void)arg;
	seen.done_status = outcome->status;
	seen.done_refused += outcome->is_refused;
	seen.done_cut += outcome->is_cut;
}

static void
start(struct peer *peer, struct arena *arena, struct http_server_options options)
{
	arena_init(arena, 64 << 20);
	seen.waiting = seen.cancelled = seen.finished = 0;
	seen.is_gone_seen = seen.is_released = false;
	seen.done_status = seen.done_refused = seen.done_cut = 0;
	options.handler = handle;
	options.body_limit = body_limit;
	options.done = note_done;
	peer_start(peer, options, 1);
}

static void
stop(struct peer *peer, struct arena *arena)
{
	peer_stop(peer);
	arena_release(arena);
}

static bool
is_one_waiting(void *arg)
{
	(void)arg;
	return seen.waiting == 1;
}

static bool
is_one_finished(void *arg)
{
	(void)arg;
	return seen.finished == 1;
}

static bool
is_one_cancelled(void *arg)
{
	(void)arg;
	return seen.cancelled == 1;
}

static bool
is_one_cut(void *arg)
{
	(void)arg;
	return seen.done_cut == 1;
}

/* --- Refusals --- */

TEST(refused_shapes_are_answered_and_their_connection_closed)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;

	start(&peer, &arena, (struct http_server_options){ 0 });
	for (size_t i = 0; i < http_shape_count; i++) {
		int fd = peer_connect(&peer);

		if (http_shapes[i].status <= 0) {
			close(fd);
			continue;
		}
		/* What stands behind must not be taken for a request. */
		peer_send(fd, http_shapes[i].text);
		peer_send(fd, STR(GET("/smuggled")));
		answer = peer_read(fd, &arena);
		OK_OR(answer.status == http_shapes[i].status && !answer.is_cut,
			"%s: %d, not %d", http_shapes[i].name, answer.status,
			http_shapes[i].status);
		EQ_STR(peer_header(&answer, STR("connection")), STR("close"));
		EQ_STR(peer_header(&answer, STR("content-type")),
			STR("application/problem+json"));
		OK(str_find(answer.body, STR("\"request_id\":\"")) > 0);
		OK_OR(peer_is_closed(fd), "%s: left open", http_shapes[i].name);
		close(fd);
		arena_reset(&arena);
	}
	stop(&peer, &arena);
}

TEST(accepted_shapes_are_served_and_the_next_request_too)
{
	struct arena arena;
	struct peer peer;

	start(&peer, &arena, (struct http_server_options){ 0 });
	for (size_t i = 0; i < http_shape_count; i++) {
		int fd = peer_connect(&peer);

		if (http_shapes[i].status == 0 &&
			str_find(http_shapes[i].text, STR("HTTP/1.1")) > 0) {
			peer_send(fd, http_shapes[i].text);
			peer_send(fd, STR(GET("/next")));
			OK_OR(peer_read(fd, &arena).status == 200 &&
					peer_read(fd, &arena).status == 200,
				"%s", http_shapes[i].name);
		}
		close(fd);
		arena_reset(&arena);
	}
	stop(&peer, &arena);
}

TEST(head_beyond_limits_is_refused)
{
	struct arena arena;
	struct peer peer;
	struct buf text;

	start(&peer, &arena, (struct http_server_options){ 0 });
	buf_init(&text, &arena, 1 << 20);
	buf_put(&text, STR("GET /"));
	for (int i = 0; i < 1000; i++)
		buf_put(&text, STR("0123456789"));
	EQ_I64(peer_ask(&peer, &arena, buf_str(&text)).status, 414);
	buf_clear(&text);
	buf_put(&text, STR("GET / HTTP/1.1\r\nHost: a\r\nA: "));
	for (int i = 0; i < 2000; i++)
		buf_put(&text, STR("0123456789"));
	EQ_I64(peer_ask(&peer, &arena, buf_str(&text)).status, 431);
	buf_clear(&text);
	buf_put(&text, STR("GET / HTTP/1.1\r\nHost: a\r\n"));
	for (int i = 0; i < 64; i++)
		buf_put(&text, STR("A: b\r\n"));
	buf_put(&text, STR("\r\n"));
	EQ_I64(peer_ask(&peer, &arena, buf_str(&text)).status, 431);
	stop(&peer, &arena);
}

TEST(route_may_allow_a_larger_body)
{
	struct arena arena;
	struct peer peer;
	struct buf body;

	start(&peer, &arena, (struct http_server_options){ 0 });
	buf_init(&body, &arena, 1000);
	for (int i = 0; i < 30; i++)
		buf_put(&body, STR("0123456789"));
	EQ_I64(peer_ask(&peer, &arena,
		       str_fmt(&arena,
			       POST("/batch") "Content-Length: 300\r\n\r\n" STR_FMT,
			       STR_ARG(buf_str(&body))))
			.status,
		200);
	EQ_I64(peer_ask(&peer, &arena, STR(POST("/batch") "Content-Length: 301\r\n\r\n"))
			.status,
		413);
	EQ_I64(peer_ask(&peer, &arena, STR(POST("/other") "Content-Length: 300\r\n\r\n"))
			.status,
		413);
	stop(&peer, &arena);
}

TEST(refusal_arrives_though_the_client_goes_on_sending)
{
	struct arena arena;
	struct peer peer;
	struct buf body;

	start(&peer, &arena, (struct http_server_options){ 0 });
	buf_init(&body, &arena, 1 << 20);
	buf_put(&body, STR(POST("/") "Content-Length: 600000\r\n\r\n"));
	for (int i = 0; i < 60000; i++)
		buf_put(&body, STR("0123456789"));
	for (int i = 0; i < 5; i++)
		EQ_I64(peer_ask(&peer, &arena, buf_str(&body)).status, 413);
	stop(&peer, &arena);
}

TEST(handler_that_used_up_its_memory_can_say_so)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena, (struct http_server_options){ .arena_bytes_max = 100000 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(GET("/greedy")));
	answer = peer_read(fd, &arena);
	EQ_I64(answer.status, 500);
	EQ_STR(answer.body, STR("no memory"));
	/* And the next has its own again. */
	peer_send(fd, STR(GET("/")));
	EQ_I64(peer_read(fd, &arena).status, 200);
	close(fd);
	stop(&peer, &arena);
}

/* --- Time --- */

TEST(slow_sender_of_a_head_is_cut_off_while_others_are_served)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	int slow;

	start(&peer, &arena, (struct http_server_options){ .head_timeout_ms = 200 });
	slow = peer_connect(&peer);
	peer_send(slow, STR("GET / HTTP/1.1\r\nHo"));
	for (int i = 0; i < 20; i++)
		EQ_I64(peer_ask(&peer, &arena, STR(GET("/"))).status, 200);
	answer = peer_read(slow, &arena);
	EQ_I64(answer.status, 408);
	OK(peer_is_closed(slow));
	EQ_I64(seen.done_refused, 1);
	close(slow);
	stop(&peer, &arena);
}

TEST(slow_sender_of_a_body_is_cut_off_while_others_are_served)
{
	struct arena arena;
	struct peer peer;
	int slow, chunked;

	start(&peer, &arena, (struct http_server_options){ .transfer_grace_ms = 200 });
	slow = peer_connect(&peer);
	peer_send(slow, STR(POST("/") "Content-Length: 50\r\n\r\nab"));
	chunked = peer_connect(&peer);
	peer_send(chunked, STR(POST("/") "Transfer-Encoding: chunked\r\n\r\n5\r\nab"));
	for (int i = 0; i < 20; i++)
		EQ_I64(peer_ask(&peer, &arena, STR(GET("/"))).status, 200);
	EQ_I64(peer_read(slow, &arena).status, 408);
	EQ_I64(peer_read(chunked, &arena).status, 408);
	OK(peer_is_closed(slow));
	OK(peer_is_closed(chunked));
	close(slow);
	close(chunked);
	stop(&peer, &arena);
}

TEST(steady_sender_above_the_rate_is_served)
{
	struct arena arena;
	struct peer peer;
	int fd;

	/* 100 bytes at 200 bytes a second may take half a second beyond the grace. */
	start(&peer, &arena,
		(struct http_server_options){
			.transfer_grace_ms = 300, .transfer_rate_min = 10 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(POST("/") "Content-Length: 60\r\n\r\n"));
	for (int i = 0; i < 12; i++) {
		peer_send(fd, STR("01234"));
		usleep(40000);
	}
	EQ_I64(peer_read(fd, &arena).status, 200);
	close(fd);
	stop(&peer, &arena);
}

TEST(client_that_takes_no_answer_is_cut_off)
{
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena,
		(struct http_server_options){
			.transfer_grace_ms = 200, .transfer_rate_min = 1 << 30 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(GET("/big")));
	OK(peer_until(is_one_cut, NULL));
	EQ_I64(http_server_counters(peer.server).clients_gone, 1);
	close(fd);
	stop(&peer, &arena);
}

TEST(silent_connections_are_closed)
{
	struct arena arena;
	struct peer peer;
	int fresh, idle;

	start(&peer, &arena,
		(struct http_server_options){
			.head_timeout_ms = 200, .idle_timeout_ms = 300 });
	fresh = peer_connect(&peer);
	idle = peer_connect(&peer);
	peer_send(idle, STR(GET("/")));
	EQ_I64(peer_read(idle, &arena).status, 200);
	OK(peer_is_closed(fresh));
	OK(peer_is_closed(idle));
	close(fresh);
	close(idle);
	stop(&peer, &arena);
}

/* --- Many --- */

TEST(a_thousand_idle_connections_hold_no_fiber_and_are_served)
{
	static int fds[IDLE_CONNECTIONS];
	struct rlimit limit;
	struct arena arena;
	struct peer peer;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 2 * IDLE_CONNECTIONS + 100)
		SKIP("the limit of open files is too low");
	start(&peer, &arena, (struct http_server_options){ 0 });
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < IDLE_CONNECTIONS; i++) {
			if (round == 0)
				fds[i] = peer_connect(&peer);
			peer_send(fds[i], STR(GET("/")));
			EQ_I64(peer_read(fds[i], &arena).status, 200);
			arena_reset(&arena);
		}
	}
	EQ_I64(http_server_counters(peer.server).connections_open, IDLE_CONNECTIONS);
	/* The one that accepts, and at most the last to end. */
	OK(loop_counters(peer.loops[0]).fibers_live <= 2);
	for (size_t i = 0; i < IDLE_CONNECTIONS; i++)
		close(fds[i]);
	stop(&peer, &arena);
}

TEST(over_the_limit_idle_connections_make_room_and_busy_ones_do_not)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	int idle, busy, third;

	start(&peer, &arena, (struct http_server_options){ .connections_max = 2 });
	idle = peer_connect(&peer);
	peer_send(idle, STR(GET("/")));
	EQ_I64(peer_read(idle, &arena).status, 200);
	busy = peer_connect(&peer);
	peer_send(busy, STR(GET("/hold")));
	OK(peer_until(is_one_waiting, NULL));
	third = peer_connect(&peer);
	peer_send(third, STR(GET("/hold")));
	OK(peer_is_closed(idle));
	while (seen.waiting < 2)
		usleep(1000);
	answer = peer_ask(&peer, &arena, STR(""));
	EQ_I64(answer.status, 503);
	EQ_STR(peer_header(&answer, STR("retry-after")), STR("1"));
	OK(!answer.is_cut && str_ends_with(answer.body, STR("\"}")));
	seen.is_released = true;
	EQ_STR(peer_read(busy, &arena).body, STR("held"));
	EQ_STR(peer_read(third, &arena).body, STR("held"));
	close(idle);
	close(busy);
	close(third);
	stop(&peer, &arena);
}

/* --- Leaving --- */

TEST(client_that_leaves_ends_the_waits_of_its_get)
{
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena, (struct http_server_options){ 0 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(GET("/wait")));
	OK(peer_until(is_one_waiting, NULL));
	close(fd);
	OK(peer_until(is_one_finished, NULL));
	EQ_I64(seen.cancelled, 1);
	OK(seen.is_gone_seen);
	stop(&peer, &arena);
}

TEST(client_that_leaves_does_not_end_its_post)
{
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena, (struct http_server_options){ 0 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(POST("/hold") "\r\n"));
	OK(peer_until(is_one_waiting, NULL));
	close(fd);
	usleep(20000);
	EQ_I64(seen.finished, 0);
	seen.is_released = true;
	OK(peer_until(is_one_finished, NULL));
	OK(seen.is_gone_seen);
	stop(&peer, &arena);
}

TEST(client_that_leaves_ends_its_stream)
{
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena, (struct http_server_options){ 0 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(GET("/events")));
	EQ_I64(peer_read_head(fd, &arena).status, 200);
	OK(peer_until(is_one_waiting, NULL));
	close(fd);
	OK(peer_until(is_one_cancelled, NULL));
	stop(&peer, &arena);
}

/* --- Stopping --- */

TEST(stopping_server_finishes_requests_and_closes_idle_connections)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	int idle, busy;

	start(&peer, &arena, (struct http_server_options){ 0 });
	idle = peer_connect(&peer);
	peer_send(idle, STR(GET("/")));
	EQ_I64(peer_read(idle, &arena).status, 200);
	busy = peer_connect(&peer);
	peer_send(busy, STR(GET("/hold")));
	OK(peer_until(is_one_waiting, NULL));
	peer_stop_begin(&peer);
	OK(peer_is_closed(idle));
	seen.is_released = true;
	answer = peer_read(busy, &arena);
	EQ_STR(answer.body, STR("held"));
	EQ_STR(peer_header(&answer, STR("connection")), STR("close"));
	OK(peer_is_closed(busy));
	peer_stop_end(&peer);
	close(idle);
	close(busy);
	arena_release(&arena);
}

TEST(stopping_server_cancels_requests_that_do_not_end)
{
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena, (struct http_server_options){ .shutdown_timeout_ms = 100 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(POST("/wait") "\r\n"));
	OK(peer_until(is_one_waiting, NULL));
	peer_stop(&peer);
	EQ_I64(seen.cancelled, 1);
	close(fd);
	arena_release(&arena);
}

TEST(stopping_server_ends_endless_streams_at_once)
{
	struct arena arena;
	struct peer peer;
	int fd;

	/* It would be an hour otherwise. */
	start(&peer, &arena,
		(struct http_server_options){ .shutdown_timeout_ms = 3600000 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(GET("/events")));
	EQ_I64(peer_read_head(fd, &arena).status, 200);
	OK(peer_until(is_one_waiting, NULL));
	peer_stop(&peer);
	EQ_I64(seen.cancelled, 1);
	close(fd);
	arena_release(&arena);
}

TEST(port_in_use_is_a_conflict_that_says_so)
{
	struct http_server_options options;
	struct http_server *other;
	struct arena arena;
	struct peer peer;
	struct err *err;

	start(&peer, &arena, (struct http_server_options){ 0 });
	options = peer.options;
	options.port = peer.port;
	err = http_server_open(&arena, &options, &other);
	OK(err && err->code == ERR_CONFLICT);
	OK(str_find(err->message, STR("is in use")) > 0);
	options.address = STR("localhost");
	FAILS_WITH(http_server_open(&arena, &options, &other), ERR_INVALID);
	stop(&peer, &arena);
}
