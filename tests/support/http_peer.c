#include "tests/support/http_peer.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/num.h"
#include "sys/clock.h"

enum {
	READ_TIMEOUT_MS = 60000, /* for what hangs */
	HEAD_BYTES_MAX = 65536,
	BODY_BYTES_MAX = 64 << 20,
};

/* What the threads of a peer meet at, when each has its loop. */
struct peer_threads {
	pthread_barrier_t ready;
	struct peer_thread *items;
};

struct peer_thread {
	struct peer *peer;
	size_t index;
	pthread_t thread;
};

static void
die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void *
run_loop(void *arg)
{
	struct peer_thread *self = arg;
	struct peer_threads *threads = self->peer->threads;
	struct loop *loop = NULL;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	if (loop_open(&arena, (struct loop_options){ 0 }, &loop))
		die("loop_open");
	self->peer->loops[self->index] = loop;
	pthread_barrier_wait(&threads->ready);
	loop_run(loop);
	loop_close(loop);
	arena_release(&arena);
	return NULL;
}

void
peer_start(struct peer *peer, struct http_server_options options, size_t loop_count)
{
	struct peer_threads *threads;
	struct err *err;

	assert(loop_count <= PEER_LOOPS_MAX);
	*peer = (struct peer){ 0 };
	arena_init(&peer->arena, 16 << 20);
	threads = arena_alloc(&peer->arena, sizeof(*threads));
	threads->items = arena_alloc_array(
		&peer->arena, loop_count, sizeof(*threads->items));
	peer->threads = threads;
	pthread_barrier_init(&threads->ready, NULL, (unsigned)loop_count + 1);
	for (size_t i = 0; i < loop_count; i++) {
		threads->items[i] = (struct peer_thread){ .peer = peer, .index = i };
		if (pthread_create(&threads->items[i].thread, NULL, run_loop,
			    &threads->items[i]) != 0)
			die("pthread_create");
	}
	pthread_barrier_wait(&threads->ready);
	options.address = STR("127.0.0.1");
	options.loops = peer->loops;
	options.loop_count = loop_count;
	peer->options = options;
	err = http_server_open(&peer->arena, &options, &peer->server);
	if (err) {
		printf("# " STR_FMT "\n", STR_ARG(err->message));
		die("http_server_open");
	}
	peer->port = http_server_port(peer->server);
}

void
peer_stop_begin(struct peer *peer)
{
	http_server_stop(peer->server);
	for (size_t i = 0; i < peer->options.loop_count; i++)
		loop_stop(peer->loops[i]);
}

void
peer_stop_end(struct peer *peer)
{
	struct peer_threads *threads = peer->threads;

	for (size_t i = 0; i < peer->options.loop_count; i++)
		pthread_join(threads->items[i].thread, NULL);
	pthread_barrier_destroy(&threads->ready);
	http_server_close(peer->server);
	arena_release(&peer->arena);
}

void
peer_stop(struct peer *peer)
{
	peer_stop_begin(peer);
	peer_stop_end(peer);
}

/* --- Clients --- */

int
peer_connect(const struct peer *peer)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(peer->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		die("connect");
	return fd;
}

void
peer_send(int fd, struct str text)
{
	while (text.len > 0) {
		ssize_t sent = send(fd, text.ptr, text.len, MSG_NOSIGNAL);

		/* A server that refuses may close before it has read everything. */
		if (sent <= 0)
			return;
		text = str_slice(text, (size_t)sent, text.len);
	}
}

/* Up to LEN bytes; 0: closed, -1: nothing within the time. */
static ssize_t
read_some(int fd, char *to, size_t len)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	ssize_t got;

	if (poll(&poll_fd, 1, READ_TIMEOUT_MS) != 1)
		return -1;
	got = recv(fd, to, len, 0);
	return got < 0 ? 0 : got;
}

/* Append bytes to BUF until it ends with END or has LEN bytes more. */
static ssize_t
read_until(int fd, struct buf *buf, struct str end, size_t len)
{
	size_t begin = buf->len;

	while (buf->len - begin < len &&
		(end.len == 0 || !str_ends_with(buf_str(buf), end))) {
		size_t left = len - (buf->len - begin);
		size_t want = end.len > 0 ? 1 : left < 65536 ? left : 65536;
		char *at = buf_reserve(buf, want);
		ssize_t got = at ? read_some(fd, at, want) : -1;

		if (got <= 0)
			return got;
		buf_added(buf, (size_t)got);
	}
	return 1;
}

static bool
read_chunks(int fd, struct arena *arena, struct buf *body)
{
	for (;;) {
		char storage[32];
		struct buf line;
		size_t size = 0;

		buf_init_fixed(&line, storage, sizeof(storage));
		if (read_until(fd, &line, STR("\r\n"), sizeof(storage)) <= 0 ||
			line.len < 3)
			return false;
		for (size_t i = 0; i < line.len - 2; i++) {
			char c = line.ptr[i];

			size = size * 16 +
				(size_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
		}
		if (size > 0 && read_until(fd, body, STR(""), size) <= 0)
			return false;
		buf_init(&line, arena, sizeof(storage));
		if (read_until(fd, &line, STR(""), 2) <= 0)
			return false;
		if (size == 0)
			return true;
	}
}

struct str
peer_header(const struct peer_answer *answer, struct str name)
{
	struct str rest = answer->head, line, key;

	while (str_next(&rest, '\n', &line))
		if (str_next(&line, ':', &key) && !str_is_none(line) &&
			str_eq_nocase(key, name))
			return str_trim(line);
	return STR_NONE;
}

struct peer_answer
peer_read_head(int fd, struct arena *arena)
{
	struct peer_answer answer = { .body = STR("") };
	ssize_t got;
	struct buf head;
	int64_t status;

	buf_init(&head, arena, HEAD_BYTES_MAX);
	got = read_until(fd, &head, STR("\r\n\r\n"), HEAD_BYTES_MAX);
	answer.head = buf_str(&head);
	answer.is_cut = got <= 0 && head.len > 0;
	if (got > 0 && num_parse_i64(str_slice(answer.head, 9, 12), 100, 599, &status))
		answer.status = (int)status;
	else if (got < 0)
		answer.status = -1;
	return answer;
}

struct peer_answer
peer_read(int fd, struct arena *arena)
{
	struct peer_answer answer = peer_read_head(fd, arena);
	struct str length_text = peer_header(&answer, STR("content-length"));
	struct str close_text = peer_header(&answer, STR("connection"));
	int64_t length = 0;
	struct buf body;

	if (answer.status <= 0 || answer.status == 204 || answer.status == 304 ||
		answer.status < 200)
		return answer;
	buf_init(&body, arena, BODY_BYTES_MAX);
	if (num_parse_i64(length_text, 0, BODY_BYTES_MAX, &length))
		answer.is_cut = length > 0 &&
			read_until(fd, &body, STR(""), (size_t)length) <= 0;
	else if (str_eq(peer_header(&answer, STR("transfer-encoding")), STR("chunked")))
		answer.is_cut = !read_chunks(fd, arena, &body);
	else if (str_eq(close_text, STR("close")))
		(void)read_until(fd, &body, STR(""), BODY_BYTES_MAX);
	else
		answer.is_cut = true;
	answer.body = buf_str(&body);
	return answer;
}

struct str
peer_read_rest(int fd, struct arena *arena)
{
	struct buf rest;

	buf_init(&rest, arena, BODY_BYTES_MAX);
	(void)read_until(fd, &rest, STR(""), BODY_BYTES_MAX);
	return buf_str(&rest);
}

struct peer_answer
peer_ask(const struct peer *peer, struct arena *arena, struct str text)
{
	int fd = peer_connect(peer);
	struct peer_answer answer;

	peer_send(fd, text);
	answer = peer_read(fd, arena);
	close(fd);
	return answer;
}

bool
peer_is_closed(int fd)
{
	char byte;

	return read_some(fd, &byte, 1) == 0;
}

bool
peer_until(bool (*condition)(void *arg), void *arg)
{
	int64_t deadline = clock_deadline_ms(READ_TIMEOUT_MS);

	while (!condition(arg)) {
		if (clock_monotonic_ns() > deadline)
			return false;
		usleep(1000);
	}
	return true;
}
