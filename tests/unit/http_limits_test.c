/* Limits, time-outs and refusals, seen from the wire. */
#include <unistd.h>

#include <sys/resource.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "sys/clock.h"
#include "tests/support/http_served.h"
#include "tests/support/http_shapes.h"
#include "tests/tap.h"

enum { IDLE_CONNECTIONS = 1000 };

/* --- Refusals --- */

TEST(refused_shapes_are_answered_and_their_connection_closed)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;

	served_start(&peer, &arena, (struct http_server_options){ 0 });
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
	served_stop(&peer, &arena);
}

TEST(accepted_shapes_are_served_and_the_next_request_too)
{
	struct arena arena;
	struct peer peer;

	served_start(&peer, &arena, (struct http_server_options){ 0 });
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
	served_stop(&peer, &arena);
}

TEST(head_beyond_limits_is_refused)
{
	struct arena arena;
	struct peer peer;
	struct buf text;

	served_start(&peer, &arena, (struct http_server_options){ 0 });
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
	served_stop(&peer, &arena);
}

TEST(route_may_allow_a_larger_body)
{
	struct arena arena;
	struct peer peer;
	struct buf body;

	served_start(&peer, &arena, (struct http_server_options){ 0 });
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
	served_stop(&peer, &arena);
}

/* Send BYTES of a body, as long as they are taken. Returns how many were. */
static size_t
send_body(int fd, size_t bytes)
{
	static char some[1 << 16];
	size_t total = 0;

	while (total < bytes) {
		size_t size = bytes - total < sizeof(some) ? bytes - total : sizeof(some);
		ssize_t sent = send(fd, some, size, MSG_NOSIGNAL);

		if (sent <= 0)
			break;
		total += (size_t)sent;
	}
	return total;
}

/* As most HTTP libraries do: they read only when all is sent. */
TEST(refusal_arrives_though_the_client_goes_on_sending)
{
	static const size_t sizes[] = { 600000, 600000, 600000, 20 << 20 };
	struct arena arena;
	struct peer peer;

	served_start(&peer, &arena, (struct http_server_options){ 0 });
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		int fd = peer_connect(&peer);
		char byte;

		peer_send(fd,
			str_fmt(&arena, POST("/") "Content-Length: %zu\r\n\r\n",
				sizes[i]));
		EQ_I64(send_body(fd, sizes[i]), sizes[i]);
		EQ_I64(peer_read(fd, &arena).status, 413);
		/* An end, not a reset: on that, many clients drop the answer. */
		EQ_I64(recv(fd, &byte, 1, 0), 0);
		close(fd);
	}
	served_stop(&peer, &arena);
}

TEST(client_that_never_ends_sending_is_cut_off)
{
	struct arena arena;
	struct peer peer;
	int fd;

	served_start(&peer, &arena, (struct http_server_options){ 0 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(POST("/") "Content-Length: 1000000000\r\n\r\n"));
	OK(send_body(fd, 1000000000) < 200000000);
	close(fd);
	served_stop(&peer, &arena);
}

TEST(stop_does_not_wait_for_a_refused_client_that_goes_on_sending)
{
	struct arena arena;
	struct peer peer;
	enum { LINGERS = 10000000, EVERY = 20000, SOME = 6000000 }; /* μs */
	int sent = 0, fd;

	served_start(&peer, &arena, (struct http_server_options){ 0 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(POST("/") "Content-Length: 1000000000\r\n\r\n"));
	EQ_I64(peer_read(fd, &arena).status, 413);
	peer_stop_begin(&peer);
	for (; sent < LINGERS / EVERY && send_body(fd, 1) == 1; sent++)
		usleep(EVERY);
	OK(sent < SOME / EVERY);
	close(fd);
	peer_stop_end(&peer);
	arena_release(&arena);
}

TEST(handler_that_used_up_its_memory_can_say_so)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	int fd;

	served_start(
		&peer, &arena, (struct http_server_options){ .arena_bytes_max = 100000 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(GET("/greedy")));
	answer = peer_read(fd, &arena);
	EQ_I64(answer.status, 500);
	EQ_STR(answer.body, STR("no memory"));
	/* And the next has its own again, also right behind. */
	peer_send(fd, STR(GET("/greedy") GET("/headers")));
	EQ_I64(peer_read(fd, &arena).status, 500);
	EQ_I64(peer_read(fd, &arena).status, 200);
	close(fd);
	served_stop(&peer, &arena);
}

TEST(many_headers_are_sent)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;

	served_start(&peer, &arena, (struct http_server_options){ 0 });
	answer = peer_ask(&peer, &arena, STR(GET("/headers")));
	EQ_I64(answer.status, 200);
	EQ_STR(answer.body, STR("hello"));
	EQ_I64(peer_header(&answer, STR("x-0")).len, 100);
	EQ_I64(peer_header(&answer, STR("x-39")).len, 100);
	served_stop(&peer, &arena);
}

/* --- Time --- */

TEST(slow_sender_of_a_head_is_cut_off_while_others_are_served)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	int slow;

	served_start(
		&peer, &arena, (struct http_server_options){ .head_timeout_ms = 200 });
	slow = peer_connect(&peer);
	peer_send(slow, STR("GET / HTTP/1.1\r\nHo"));
	for (int i = 0; i < 20; i++)
		EQ_I64(peer_ask(&peer, &arena, STR(GET("/"))).status, 200);
	answer = peer_read(slow, &arena);
	EQ_I64(answer.status, 408);
	OK(peer_is_closed(slow));
	EQ_I64(seen.done_refused, 1);
	close(slow);
	served_stop(&peer, &arena);
}

TEST(slow_sender_of_a_body_is_cut_off_while_others_are_served)
{
	struct arena arena;
	struct peer peer;
	int slow, chunked;

	served_start(
		&peer, &arena, (struct http_server_options){ .transfer_grace_ms = 200 });
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
	served_stop(&peer, &arena);
}

TEST(steady_sender_above_the_rate_is_served)
{
	struct arena arena;
	struct peer peer;
	int fd;

	/* 100 bytes at 200 bytes a second may take half a second beyond the grace. */
	served_start(&peer, &arena,
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
	served_stop(&peer, &arena);
}

TEST(client_that_takes_no_answer_is_cut_off)
{
	struct arena arena;
	struct peer peer;
	int fd;

	served_start(&peer, &arena,
		(struct http_server_options){
			.transfer_grace_ms = 200, .transfer_rate_min = 1 << 30 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(GET("/big")));
	OK(peer_until(is_one_cut, NULL));
	EQ_I64(http_server_counters(peer.server).clients_gone, 1);
	close(fd);
	served_stop(&peer, &arena);
}

TEST(silent_connections_are_closed)
{
	struct arena arena;
	struct peer peer;
	int fresh, idle;

	served_start(&peer, &arena,
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
	served_stop(&peer, &arena);
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
	served_start(&peer, &arena, (struct http_server_options){ 0 });
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
	served_stop(&peer, &arena);
}

TEST(over_the_limit_idle_connections_make_room_and_busy_ones_do_not)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	int idle, busy, third;

	served_start(&peer, &arena, (struct http_server_options){ .connections_max = 2 });
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
	served_stop(&peer, &arena);
}
