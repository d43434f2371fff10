#include <stdatomic.h>
#include <unistd.h>

#include <sys/socket.h>

#include "base/buf.h"
#include "base/num.h"
#include "codec/gzip.h"
#include "http/respond.h"
#include "sys/clock.h"
#include "tests/support/http_peer.h"
#include "tests/tap.h"

#define GET(path)       "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_CLOSE(path) "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

enum {
	LINES = 20000,
	BIG_PIECES = 200,
};

/* --- What the server under test serves --- */

static struct err *
write_lines(struct http_writer *writer, void *arg)
{
	const size_t *count = arg;
	char text[32];
	struct buf line;

	for (size_t i = 0; i < *count; i++) {
		buf_init_fixed(&line, text, sizeof(text));
		buf_fmt(&line, "line %zu\n", i);
		TRY(http_write(writer, buf_str(&line)));
	}
	return NULL;
}

static struct err *
write_and_fail(struct http_writer *writer, void *arg)
{
	struct arena *arena = arg;

	TRY(http_write(writer, STR("begun")));
	TRY(http_flush(writer));
	return err_in(arena, ERR_INTERNAL, "the rest cannot be had");
}

static struct err *
fail_at_once(struct http_writer *writer, void *arg)
{
	(void)writer;
	return err_in(arg, ERR_BUSY, "no connection");
}

static struct http_answer
answer_stream(http_stream_fn stream, void *arg)
{
	return (struct http_answer){ .status = 200,
		.content_type = STR("text/plain"),
		.stream = stream,
		.stream_arg = arg };
}

static struct http_answer
answer_big(struct http_request *rq)
{
	struct str *pieces = arena_alloc_array(
		rq->ctx.arena, BIG_PIECES, sizeof(*pieces));
	char *text = arena_alloc_text(rq->ctx.arena, 10000);

	memset(text, 'x', 10000);
	for (size_t i = 0; i < BIG_PIECES; i++)
		pieces[i] = (struct str){ .ptr = text, .len = 10000 };
	return (struct http_answer){ .status = 200,
		.body = STR("begin"),
		.pieces = pieces,
		.piece_count = BIG_PIECES };
}

static struct http_answer
answer_tagged(struct http_request *rq)
{
	struct http_answer answer = { .status = 200,
		.content_type = STR("application/json"),
		.cache_control = STR("max-age=60"),
		.etag = STR("\"v1\"") };
	char *text = arena_alloc_text(rq->ctx.arena, 5000);

	memset(text, '7', 5000);
	answer.body = (struct str){ .ptr = text, .len = 5000 };
	if (http_answer_compress(rq, &answer))
		return http_answer_text(500, STR("cannot compress"));
	return answer;
}

static struct http_answer
handle(struct http_request *rq, void *arg)
{
	static const size_t few = 3, many = LINES;
	union {
		const size_t *count;
		void *arg;
	} count = { .count = &few };

	(void)arg;
	if (str_eq(rq->path, STR("/hello")))
		return http_answer_text(200, STR("hello"));
	if (str_eq(rq->path, STR("/echo")))
		return http_answer_text(200, rq->body);
	if (str_eq(rq->path, STR("/now")))
		return http_answer_text(
			200, str_fmt(rq->ctx.arena, "%lld", (long long)rq->ctx.now));
	if (str_eq(rq->path, STR("/address")))
		return http_answer_text(200, rq->remote_address);
	if (str_eq(rq->path, STR("/close")))
		return (struct http_answer){ .status = 200, .closes = true };
	if (str_eq(rq->path, STR("/nothing")))
		return (struct http_answer){ .status = 204, .body = STR("ignored") };
	if (str_eq(rq->path, STR("/tagged")))
		return answer_tagged(rq);
	if (str_eq(rq->path, STR("/big")))
		return answer_big(rq);
	if (str_eq(rq->path, STR("/few")))
		return answer_stream(write_lines, count.arg);
	if (str_eq(rq->path, STR("/many"))) {
		count.count = &many;
		return answer_stream(write_lines, count.arg);
	}
	if (str_eq(rq->path, STR("/broken")))
		return answer_stream(write_and_fail, rq->ctx.arena);
	if (str_eq(rq->path, STR("/failed")))
		return answer_stream(fail_at_once, rq->ctx.arena);
	if (str_eq(rq->path, STR("/sleep")))
		fiber_sleep_until(clock_deadline_ms(50));
	return http_answer_text(404, STR("not found"));
}

static void
start(struct peer *peer, struct arena *arena)
{
	arena_init(arena, 64 << 20);
	peer_start(peer, (struct http_server_options){ .handler = handle }, 1);
}

static void
stop(struct peer *peer, struct arena *arena)
{
	peer_stop(peer);
	arena_release(arena);
}

/* --- Claims --- */

TEST(request_is_answered_with_its_headers)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;

	start(&peer, &arena);
	answer = peer_ask(&peer, &arena, STR(GET("/hello")));
	EQ_I64(answer.status, 200);
	EQ_STR(answer.body, STR("hello"));
	EQ_STR(peer_header(&answer, STR("content-type")),
		STR("text/plain; charset=utf-8"));
	EQ_STR(peer_header(&answer, STR("content-length")), STR("5"));
	EQ_I64(peer_header(&answer, STR("date")).len, HTTP_DATE_BYTES);
	OK(str_is_none(peer_header(&answer, STR("connection"))));
	answer = peer_ask(&peer, &arena, STR(GET("/address")));
	EQ_STR(answer.body, STR("127.0.0.1"));
	stop(&peer, &arena);
}

TEST(connection_serves_one_request_after_another)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena);
	fd = peer_connect(&peer);
	for (int i = 0; i < 100; i++) {
		peer_send(fd, STR(GET("/hello")));
		answer = peer_read(fd, &arena);
		EQ_I64(answer.status, 200);
		EQ_STR(answer.body, STR("hello"));
	}
	EQ_I64(http_server_counters(peer.server).connections_accepted, 1);
	close(fd);
	stop(&peer, &arena);
}

TEST(connection_is_closed_as_client_or_handler_wish)
{
	static const struct str requests[] = { STR_INIT(GET_CLOSE("/hello")),
		STR_INIT(GET("/close")), STR_INIT("GET /hello HTTP/1.0\r\n\r\n") };
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;

	start(&peer, &arena);
	for (size_t i = 0; i < COUNT_OF(requests); i++) {
		int fd = peer_connect(&peer);

		peer_send(fd, requests[i]);
		answer = peer_read(fd, &arena);
		EQ_I64(answer.status, 200);
		EQ_STR(peer_header(&answer, STR("connection")), STR("close"));
		OK(peer_is_closed(fd));
		close(fd);
	}
	stop(&peer, &arena);
}

TEST(old_client_may_keep_its_connection)
{
	struct str request = STR("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena);
	fd = peer_connect(&peer);
	for (int i = 0; i < 2; i++) {
		peer_send(fd, request);
		answer = peer_read(fd, &arena);
		EQ_STR(answer.body, STR("hello"));
		EQ_STR(peer_header(&answer, STR("connection")), STR("keep-alive"));
	}
	close(fd);
	stop(&peer, &arena);
}

TEST(pipelined_requests_are_answered_in_order)
{
	enum { COUNT = 2000 };
	struct arena arena;
	struct peer peer;
	struct buf text;
	int fd;

	start(&peer, &arena);
	buf_init(&text, &arena, 1 << 20);
	for (int i = 0; i < COUNT; i++)
		buf_fmt(&text,
			"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n%04d",
			i);
	fd = peer_connect(&peer);
	peer_send(fd, buf_str(&text));
	for (int i = 0; i < COUNT; i++) {
		char want[8];

		snprintf(want, sizeof(want), "%04d", i);
		EQ_STR(peer_read(fd, &arena).body, str_from(want));
	}
	close(fd);
	stop(&peer, &arena);
}

TEST(pipelined_requests_behind_one_that_waits_are_served)
{
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena);
	fd = peer_connect(&peer);
	peer_send(fd, STR(GET("/sleep")));
	usleep(10000);
	peer_send(fd, STR(GET("/hello")));
	EQ_I64(peer_read(fd, &arena).status, 404);
	EQ_STR(peer_read(fd, &arena).body, STR("hello"));
	peer_send(fd, STR(GET("/hello")));
	EQ_STR(peer_read(fd, &arena).body, STR("hello"));
	close(fd);
	stop(&peer, &arena);
}

TEST(requests_cut_into_bytes_are_served)
{
	struct str text = STR(
		"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n" GET("/hello"));
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena);
	fd = peer_connect(&peer);
	for (size_t i = 0; i < text.len; i++) {
		peer_send(fd, str_slice(text, i, i + 1));
		usleep(200);
	}
	EQ_STR(peer_read(fd, &arena).body, STR("hello!"));
	EQ_STR(peer_read(fd, &arena).body, STR("hello"));
	close(fd);
	stop(&peer, &arena);
}

TEST(bodies_of_any_size_arrive_whole)
{
	static const size_t sizes[] = { 1, 4095, 16384, 20480, 100000, 1 << 20 };
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena);
	fd = peer_connect(&peer);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		char *text = arena_alloc_text(&arena, sizes[i]);
		struct str body = { .ptr = text, .len = sizes[i] };
		struct str head = str_fmt(&arena,
			"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
			sizes[i]);
		struct str size = str_fmt(&arena, "%zx\r\n", sizes[i]);

		for (size_t at = 0; at < sizes[i]; at++)
			text[at] = (char)('a' + at % 23);
		peer_send(fd, head);
		peer_send(fd, body);
		/* And another right behind, so that nothing of the first may remain. */
		peer_send(fd,
			STR("POST /echo HTTP/1.1\r\nHost: a\r\n"
			    "Transfer-Encoding: chunked\r\n\r\n"));
		peer_send(fd, size);
		peer_send(fd, body);
		peer_send(fd, STR("\r\n0\r\n\r\n"));
		OK(str_eq(peer_read(fd, &arena).body, body));
		OK(str_eq(peer_read(fd, &arena).body, body));
	}
	close(fd);
	stop(&peer, &arena);
}

TEST(body_that_begins_with_its_head_leaves_nothing_behind)
{
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena);
	fd = peer_connect(&peer);
	for (int i = 0; i < 3; i++) {
		/* What came with the head would make a request of its own. */
		peer_send(fd,
			STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: "
			    "36\r\n\r\n" GET("/smuggled")));
		usleep(10000);
		peer_send(fd, STR("."));
		EQ_I64(peer_read(fd, &arena).body.len, 36);
		peer_send(fd, STR(GET("/hello")));
		EQ_STR(peer_read(fd, &arena).body, STR("hello"));
	}
	close(fd);
	stop(&peer, &arena);
}

/* Else whoever sends a head before kick-off and its body after it has picked in time. */
TEST(request_is_of_the_time_when_all_of_it_is_there)
{
	struct arena arena;
	struct peer peer;
	int64_t now, body_at;
	int fd;

	start(&peer, &arena);
	fd = peer_connect(&peer);
	peer_send(fd, STR("POST /now HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{"));
	usleep(50000);
	body_at = clock_now_us();
	peer_send(fd, STR("}"));
	OK(num_parse_i64(peer_read(fd, &arena).body, 0, INT64_MAX, &now));
	OK_OR(now >= body_at, "%lld us early", (long long)(body_at - now));
	close(fd);
	stop(&peer, &arena);
}

TEST(head_is_answered_as_get_without_the_body)
{
	static const char *const paths[] = { "/hello", "/tagged", "/big", "/many" };
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena);
	fd = peer_connect(&peer);
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		peer_send(fd,
			str_fmt(&arena, "HEAD %s HTTP/1.1\r\nHost: a\r\n\r\n", paths[i]));
		answer = peer_read_head(fd, &arena);
		EQ_I64(answer.status, 200);
	}
	peer_send(fd, STR("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n" GET("/hello")));
	answer = peer_read_head(fd, &arena);
	EQ_STR(peer_header(&answer, STR("content-length")), STR("5"));
	EQ_STR(peer_read(fd, &arena).body, STR("hello"));
	close(fd);
	stop(&peer, &arena);
}

TEST(expecting_client_is_told_to_go_on)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena);
	fd = peer_connect(&peer);
	peer_send(fd,
		STR("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
		    "Content-Length: 5\r\n\r\n"));
	EQ_I64(peer_read(fd, &arena).status, 100);
	peer_send(fd, STR("hello"));
	answer = peer_read(fd, &arena);
	EQ_I64(answer.status, 200);
	EQ_STR(answer.body, STR("hello"));
	close(fd);
	/* Not where the body is refused anyway. */
	answer = peer_ask(&peer, &arena,
		STR("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
		    "Content-Length: 1048577\r\n\r\n"));
	EQ_I64(answer.status, 413);
	stop(&peer, &arena);
}

TEST(answer_in_many_pieces_arrives_whole)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;

	start(&peer, &arena);
	answer = peer_ask(&peer, &arena, STR(GET("/big")));
	EQ_I64(answer.body.len, 5 + BIG_PIECES * 10000);
	OK(str_starts_with(answer.body, STR("beginxxx")));
	stop(&peer, &arena);
}

TEST(answer_without_content_has_none)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena);
	fd = peer_connect(&peer);
	peer_send(fd, STR(GET("/nothing") GET("/hello")));
	answer = peer_read(fd, &arena);
	EQ_I64(answer.status, 204);
	OK(str_is_none(peer_header(&answer, STR("content-length"))));
	EQ_STR(peer_read(fd, &arena).body, STR("hello"));
	close(fd);
	stop(&peer, &arena);
}

TEST(stream_comes_in_chunks_and_the_connection_lives_on)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	struct buf want;
	int fd;

	start(&peer, &arena);
	buf_init(&want, &arena, 1 << 20);
	for (int i = 0; i < LINES; i++)
		buf_fmt(&want, "line %d\n", i);
	fd = peer_connect(&peer);
	peer_send(fd, STR(GET("/many") GET("/few")));
	answer = peer_read(fd, &arena);
	EQ_STR(peer_header(&answer, STR("transfer-encoding")), STR("chunked"));
	OK(!answer.is_cut);
	OK(str_eq(answer.body, buf_str(&want)));
	/* A short one needs no chunks. */
	answer = peer_read(fd, &arena);
	EQ_STR(peer_header(&answer, STR("content-length")), STR("21"));
	EQ_STR(answer.body, STR("line 0\nline 1\nline 2\n"));
	close(fd);
	/* HTTP/1.0 has no chunks: the end is the connection's. */
	answer = peer_ask(&peer, &arena, STR("GET /many HTTP/1.0\r\n\r\n"));
	OK(str_is_none(peer_header(&answer, STR("transfer-encoding"))));
	OK(str_eq(answer.body, buf_str(&want)));
	stop(&peer, &arena);
}

static bool
is_answered(const struct peer *peer, struct arena *arena, struct str request, int status,
	bool is_cut)
{
	struct peer_answer answer = peer_ask(peer, arena, request);

	return answer.status == status && answer.is_cut == is_cut;
}

TEST(stream_that_breaks_is_seen_to_be_cut)
{
	struct arena arena;
	struct peer peer;
	int fd;

	start(&peer, &arena);
	OK(is_answered(&peer, &arena, STR(GET("/broken")), 200, true));
	/* And nothing stands behind what came. */
	fd = peer_connect(&peer);
	peer_send(fd, STR(GET("/broken")));
	EQ_I64(peer_read_head(fd, &arena).status, 200);
	EQ_STR(peer_read_rest(fd, &arena), STR("5\r\nbegun\r\n"));
	close(fd);
	/* Before its first byte it can still say so. */
	OK(is_answered(&peer, &arena, STR(GET("/failed")), 503, false));
	stop(&peer, &arena);
}

TEST(client_that_has_the_answer_gets_304)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;

	start(&peer, &arena);
	answer = peer_ask(&peer, &arena, STR(GET("/tagged")));
	EQ_I64(answer.body.len, 5000);
	EQ_STR(peer_header(&answer, STR("etag")), STR("\"v1\""));
	EQ_STR(peer_header(&answer, STR("vary")), STR("Accept-Encoding"));
	answer = peer_ask(&peer, &arena,
		STR("GET /tagged HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"v0\", "
		    "W/\"v1\"\r\n\r\n"));
	EQ_I64(answer.status, 304);
	EQ_STR(peer_header(&answer, STR("etag")), STR("\"v1\""));
	EQ_STR(peer_header(&answer, STR("cache-control")), STR("max-age=60"));
	OK(str_is_none(peer_header(&answer, STR("content-type"))));
	stop(&peer, &arena);
}

TEST(client_that_takes_gzip_gets_it)
{
	struct peer_answer answer;
	struct arena arena;
	struct peer peer;
	struct str plain;

	start(&peer, &arena);
	answer = peer_ask(&peer, &arena,
		STR("GET /tagged HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br, "
		    "gzip\r\n\r\n"));
	EQ_STR(peer_header(&answer, STR("content-encoding")), STR("gzip"));
	EQ_STR(peer_header(&answer, STR("etag")), STR("\"v1-gzip\""));
	OK(answer.body.len < 1000);
	OK_ERR(gzip_expand(&arena, answer.body, 5000, &plain));
	EQ_I64(plain.len, 5000);
	answer = peer_ask(&peer, &arena,
		STR("GET /tagged HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n"
		    "If-None-Match: \"v1-gzip\"\r\n\r\n"));
	EQ_I64(answer.status, 304);
	stop(&peer, &arena);
}

TEST(loops_share_the_port)
{
	struct arena arena;
	struct peer peer;
	int fds[64];

	arena_init(&arena, 64 << 20);
	peer_start(&peer, (struct http_server_options){ .handler = handle }, 2);
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		fds[i] = peer_connect(&peer);
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		peer_send(fds[i], STR(GET("/hello")));
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		EQ_STR(peer_read(fds[i], &arena).body, STR("hello"));
		close(fds[i]);
	}
	OK(loop_counters(peer.loops[0]).fibers_started > 5);
	OK(loop_counters(peer.loops[1]).fibers_started > 5);
	stop(&peer, &arena);
}
