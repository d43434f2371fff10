/* Against a server of a few lines on a thread, which answers each connection with what
 * its path asks for. */
#include "tests/tap.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/client.h"
#include "sys/clock.h"
#include "sys/fiber.h"

static struct arena arena = { .cap_bytes = 64 << 20 };

struct server {
	int fd;
	int port;
	pthread_t thread;
};

static const struct {
	const char *path;
	const char *answer;
} answers[] = {
	{ "GET /hello ",
		"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: "
		"5\r\n\r\nhello" },
	{ "GET /missing ", "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n" },
	{ "GET /moved ",
		"HTTP/1.1 302 Go\r\nLocation: /hello\r\nContent-Length: 0\r\n\r\n" },
	{ "GET /loop ",
		"HTTP/1.1 302 Go\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n" },
	{ "GET /file ",
		"HTTP/1.1 302 Go\r\nLocation: file:///etc/passwd\r\nContent-Length: "
		"0\r\n\r\n" },
	{ "GET /cut ", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello" },
	{ "POST /echo ", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nposted" },
};

/* Answer one connection; /slow gets no answer until the client leaves. */
static void
server_answer(int client)
{
	char request[4096];
	ssize_t got = recv(client, request, sizeof(request) - 1, 0);

	request[got > 0 ? got : 0] = '\0';
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		if (strncmp(request, answers[i].path, strlen(answers[i].path)) == 0)
			send(client, answers[i].answer, strlen(answers[i].answer),
				MSG_NOSIGNAL);
	}
	if (strncmp(request, "GET /slow ", 10) == 0)
		recv(client, request, sizeof(request), 0);
	close(client);
}

static void *
server_run(void *arg)
{
	struct server *server = arg;

	for (;;) {
		int client = accept(server->fd, NULL, NULL);

		if (client < 0)
			return NULL;
		server_answer(client);
	}
}

static bool
server_open(struct server *server)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address);

	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server->fd < 0 || bind(server->fd, (struct sockaddr *)&address, size) != 0 ||
		listen(server->fd, 16) != 0 ||
		getsockname(server->fd, (struct sockaddr *)&address, &size) != 0)
		return false;
	server->port = ntohs(address.sin_port);
	return pthread_create(&server->thread, NULL, server_run, server) == 0;
}

static void
server_close(struct server *server)
{
	shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->fd);
}

struct call {
	struct fetch_options options;
	int64_t deadline_ms; /* 0: 20 s */
	struct fetch_reply reply;
	struct err *err;
};

static void
call_in_fiber(void *arg)
{
	struct call *call = arg;
	struct ctx ctx = { .arena = &arena,
		.deadline = clock_deadline_ms(
			call->deadline_ms ? call->deadline_ms : 20000) };

	call->err = fetch(&ctx, &call->options, &call->reply);
}

static struct call
call_path(const char *path, struct fetch_options options)
{
	struct call call = { .options = options };
	struct server server;
	struct err *err;

	if (!server_open(&server)) {
		call.err = err_no_memory();
		return call;
	}
	call.options.url = str_fmt(&arena, "http://127.0.0.1:%d%s", server.port, path);
	err = loop_run_once(&arena, (struct loop_options){ 0 }, call_in_fiber, &call);
	server_close(&server);
	if (err)
		call.err = err;
	return call;
}

TEST(an_answer_is_taken_whole)
{
	struct call call = call_path("/hello", (struct fetch_options){ 0 });

	OK_ERR(call.err);
	EQ_I64(call.reply.status, 200);
	EQ_STR(call.reply.body, STR("hello"));
	EQ_STR(call.reply.content_type, STR("text/csv"));
}

TEST(a_redirect_is_followed_but_not_for_ever_and_not_to_files)
{
	struct call call = call_path("/moved", (struct fetch_options){ 0 });

	OK_ERR(call.err);
	EQ_STR(call.reply.body, STR("hello"));
	FAILS_WITH(call_path("/loop", (struct fetch_options){ 0 }).err, ERR_BUSY);
	FAILS_WITH(call_path("/file", (struct fetch_options){ 0 }).err, ERR_INVALID);
}

TEST(whatever_status_comes_is_told)
{
	struct call call = call_path("/missing", (struct fetch_options){ 0 });

	OK_ERR(call.err);
	EQ_I64(call.reply.status, 404);
}

TEST(a_body_is_posted)
{
	struct call call = call_path(
		"/echo", (struct fetch_options){ .post_body = STR("abc") });

	OK_ERR(call.err);
	EQ_STR(call.reply.body, STR("posted"));
}

TEST(an_answer_past_its_limit_is_refused)
{
	FAILS_WITH(call_path("/hello", (struct fetch_options){ .body_max = 4 }).err,
		ERR_TOO_LARGE);
	OK_ERR(call_path("/hello", (struct fetch_options){ .body_max = 5 }).err);
}

TEST(an_answer_that_breaks_off_is_no_answer)
{
	FAILS_WITH(call_path("/cut", (struct fetch_options){ 0 }).err, ERR_BUSY);
}

TEST(a_server_that_says_nothing_is_left_in_time)
{
	FAILS_WITH(call_path("/slow", (struct fetch_options){ .timeout_ms = 200 }).err,
		ERR_TIMEOUT);
}

TEST(a_fetch_takes_no_longer_than_the_work_it_is_for)
{
	struct call call = { .deadline_ms = 200 };
	struct server server;

	OK(server_open(&server));
	call.options.url = str_fmt(&arena, "http://127.0.0.1:%d/slow", server.port);
	OK_ERR(loop_run_once(&arena, (struct loop_options){ 0 }, call_in_fiber, &call));
	server_close(&server);
	FAILS_WITH(call.err, ERR_TIMEOUT);
}

TEST(what_is_no_web_address_is_refused)
{
	static const char *const urls[] = { "", "hello", "file:///etc/passwd",
		"ftp://127.0.0.1/a", "http://", "http://127.0.0.1:x/", "http://a b/" };

	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		struct call call = { .options = { .url = str_from(urls[i]) } };

		OK_ERR(loop_run_once(
			&arena, (struct loop_options){ 0 }, call_in_fiber, &call));
		FAILS_WITH(call.err, ERR_INVALID);
	}
}
