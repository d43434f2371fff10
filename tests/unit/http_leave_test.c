/* Clients that leave, and servers that stop. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "http/respond.h"
#include "sys/clock.h"
#include "tests/support/http_served.h"
#include "tests/tap.h"

/* --- Beginning --- */

/* A loop of another thread that has room for no more fibers. */
struct full_loop {
	pthread_t thread;
	struct arena arena;
	struct loop *loop;
	_Atomic bool is_open;
};

static void
fill(UNUSED void *arg)
{
	while (!loop_is_stopping(loop_current()))
		(void)fiber_sleep_until(clock_deadline_ms(1));
}

static void *
full_loop_main(void *arg)
{
	struct full_loop *full = arg;

	if (!loop_open(&full->arena, (struct loop_options){ .fibers_max = 1 },
		    &full->loop) &&
		fiber_spawn("fill", fill, NULL)) {
		full->is_open = true;
		loop_run(full->loop);
		loop_close(full->loop);
	}
	return NULL;
}

static struct http_answer
answer_nothing(UNUSED struct http_request *rq, UNUSED void *arg)
{
	return http_answer_text(200, STR("ok"));
}

static void
open_on_a_full_loop(void *arg)
{
	struct full_loop *full = arg;
	struct loop *loops[] = { loop_current(), full->loop };
	struct http_server_options options = { .address = STR("127.0.0.1"),
		.loops = loops,
		.loop_count = 2,
		.handler = answer_nothing };
	struct http_server *server;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	FAILS_WITH(http_server_open(&arena, &options, &server), ERR_BUSY);
	/* What began on this loop ends; else the test hangs here. */
	while (loop_counters(loop_current()).fibers_live > 1)
		(void)fiber_sleep_until(clock_deadline_ms(1));
	arena_release(&arena);
}

TEST(a_server_that_one_loop_has_no_room_for_begins_on_none)
{
	struct full_loop full = { .is_open = false };
	struct arena arena;

	arena_init(&arena, 1 << 20);
	arena_init(&full.arena, 1 << 20);
	if (pthread_create(&full.thread, NULL, full_loop_main, &full) != 0)
		return;
	while (!full.is_open)
		usleep(1000);
	OK_ERR(loop_run_once(&arena, (struct loop_options){ .stack_bytes = 0 },
		open_on_a_full_loop, &full));
	loop_stop(full.loop);
	pthread_join(full.thread, NULL);
	arena_release(&full.arena);
	arena_release(&arena);
}

/* --- Leaving --- */

TEST(client_that_leaves_ends_the_waits_of_its_get)
{
	struct arena arena;
	struct peer peer;
	int fd;

	served_start(&peer, &arena, (struct http_server_options){ 0 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(GET("/wait")));
	OK(peer_until(is_one_waiting, NULL));
	close(fd);
	OK(peer_until(is_one_finished, NULL));
	EQ_I64(seen.cancelled, 1);
	OK(seen.is_gone_seen);
	served_stop(&peer, &arena);
}

TEST(client_that_leaves_does_not_end_its_post)
{
	struct arena arena;
	struct peer peer;
	int fd;

	served_start(&peer, &arena, (struct http_server_options){ 0 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(POST("/hold") "\r\n"));
	OK(peer_until(is_one_waiting, NULL));
	close(fd);
	usleep(20000);
	EQ_I64(seen.finished, 0);
	seen.is_released = true;
	OK(peer_until(is_one_finished, NULL));
	OK(seen.is_gone_seen);
	served_stop(&peer, &arena);
}

TEST(client_that_leaves_ends_its_stream)
{
	struct arena arena;
	struct peer peer;
	int fd;

	served_start(&peer, &arena, (struct http_server_options){ 0 });
	fd = peer_connect(&peer);
	peer_send(fd, STR(GET("/events")));
	EQ_I64(peer_read_head(fd, &arena).status, 200);
	OK(peer_until(is_one_waiting, NULL));
	close(fd);
	OK(peer_until(is_one_cancelled, NULL));
	served_stop(&peer, &arena);
}

/* --- Stopping --- */

TEST(stopping_server_finishes_requests_and_closes_idle_connections)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	int idle, busy;

	served_start(&peer, &arena, (struct http_server_options){ 0 });
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

	served_start(&peer, &arena,
		(struct http_server_options){ .shutdown_timeout_ms = 100 });
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
	served_start(&peer, &arena,
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

	served_start(&peer, &arena, (struct http_server_options){ 0 });
	options = peer.options;
	options.port = peer.port;
	err = http_server_open(&arena, &options, &other);
	OK(err && err->code == ERR_CONFLICT);
	OK(str_find(err->message, STR("is in use")) > 0);
	options.address = STR("localhost");
	FAILS_WITH(http_server_open(&arena, &options, &other), ERR_INVALID);
	served_stop(&peer, &arena);
}
