/*
 * Requests at a constant rate, whatever the server makes of it:
 *
 *     steady PORT RATE SECONDS CONNECTIONS PATH [FILE OF TOKENS]
 *
 * Each request has a moment at which it is due. Where no connection is free then, it waits
 * for one, and its latency counts from when it was due: a server that stands still for a
 * second has slowed down all the requests of that second and not only those that it had
 * (Tene's "coordinated omission"). The first tenth is to warm up and does not count. Prints
 * a line of JSON.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 256,
	TOKENS_MAX = 4096,
	TOKEN_BYTES = 1024,
	HEAD_BYTES = 8192,
	READ_BYTES = 65536,
	REQUESTS_MAX = 4 << 20,
	GRACE_S = 5, /* for what is still under way at the end */
};

#define SECOND INT64_C(1000000000)

struct connection {
	int fd;
	int64_t due_at;
	char head[HEAD_BYTES];
	size_t head_len;
	bool has_head;
	int64_t body_left;
};

static struct {
	int port, epoll;
	size_t connection_count;
	int64_t begun_at, counts_from, interval;
	size_t total, asked, answered, counted, errors;
	const char *path;
	size_t token_count;
	/* The connections that are free, the one that waits longest first: all are used. */
	size_t idle_first, idle_count;
} run;

static struct connection connections[CONNECTIONS_MAX];
static struct connection *idle[CONNECTIONS_MAX];
static char tokens[TOKENS_MAX][TOKEN_BYTES];
static int64_t latencies[REQUESTS_MAX];

static int64_t
now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * SECOND + at.tv_nsec;
}

static _Noreturn void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
due_at(size_t number)
{
	return run.begun_at + (int64_t)number * run.interval;
}

static void
put_idle(struct connection *connection)
{
	idle[(run.idle_first + run.idle_count++) % CONNECTIONS_MAX] = connection;
}

static struct connection *
take_idle(void)
{
	struct connection *taken = idle[run.idle_first];

	run.idle_first = (run.idle_first + 1) % CONNECTIONS_MAX;
	run.idle_count--;
	return taken;
}

static void
ask(struct connection *connection)
{
	char text[TOKEN_BYTES + 512];
	bool has_token = run.token_count > 0;
	int len = snprintf(text, sizeof(text),
		"GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n", run.path,
		has_token ? "Authorization: Bearer " : "",
		has_token ? tokens[run.asked % run.token_count] : "",
		has_token ? "\r\n" : "");

	connection->due_at = due_at(run.asked++);
	connection->head_len = 0;
	connection->has_head = false;
	if (write(connection->fd, text, (size_t)len) != len)
		fail("write");
}

static void
read_head(struct connection *connection, const char *bytes, size_t size)
{
	size_t room = HEAD_BYTES - 1 - connection->head_len;
	size_t taken = size < room ? size : room;
	const char *end, *length;

	memcpy(connection->head + connection->head_len, bytes, taken);
	connection->head_len += taken;
	connection->head[connection->head_len] = '\0';
	end = strstr(connection->head, "\r\n\r\n");
	if (!end)
		return;
	length = strcasestr(connection->head, "\r\ncontent-length:");
	connection->has_head = true;
	connection->body_left = length && length < end ? strtoll(length + 17, NULL, 10)
						       : 0;
	connection->body_left -= connection->head + connection->head_len - (end + 4);
	connection->body_left -= (int64_t)(size - taken);
}

static void
answered(struct connection *connection)
{
	run.answered++;
	if (connection->due_at >= run.counts_from)
		latencies[run.counted++] = now() - connection->due_at;
	if (strncmp(connection->head, "HTTP/1.1 200", 12) != 0)
		run.errors++;
	put_idle(connection);
}

static void
receive(struct connection *connection)
{
	char bytes[READ_BYTES];
	ssize_t size = read(connection->fd, bytes, sizeof(bytes));

	if (size <= 0)
		fail("the server closed a connection");
	if (connection->has_head)
		connection->body_left -= size;
	else
		read_head(connection, bytes, (size_t)size);
	if (connection->has_head && connection->body_left <= 0)
		answered(connection);
}

static void
open_connections(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)run.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int yes = 1;

	run.epoll = epoll_create1(0);
	for (size_t i = 0; i < run.connection_count; i++) {
		struct connection *connection = &connections[i];
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = connection };

		connection->fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(connection->fd, (struct sockaddr *)&address, sizeof(address)))
			fail("connect");
		setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		epoll_ctl(run.epoll, EPOLL_CTL_ADD, connection->fd, &event);
		put_idle(connection);
	}
}

static void
read_tokens(const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file)
		fail(path);
	while (run.token_count < TOKENS_MAX &&
		fgets(tokens[run.token_count], TOKEN_BYTES, file)) {
		tokens[run.token_count][strcspn(tokens[run.token_count], "\n")] = '\0';
		run.token_count++;
	}
	fclose(file);
}

static void
drive(void)
{
	struct epoll_event events[CONNECTIONS_MAX];
	int64_t ends_at;

	run.begun_at = now();
	run.counts_from = due_at(run.total / 10);
	ends_at = due_at(run.total) + GRACE_S * SECOND;
	while (run.answered < run.total && now() < ends_at) {
		int64_t wait = SECOND;
		struct timespec timeout;
		int count;

		while (run.idle_count > 0 && run.asked < run.total &&
			due_at(run.asked) <= now())
			ask(take_idle());
		if (run.idle_count > 0 && run.asked < run.total)
			wait = due_at(run.asked) - now();
		timeout = (struct timespec){ .tv_sec = wait / SECOND,
			.tv_nsec = wait > 0 ? wait % SECOND : 0 };
		count = epoll_pwait2(run.epoll, events, CONNECTIONS_MAX, &timeout, NULL);
		for (int i = 0; i < count; i++)
			receive(events[i].data.ptr);
	}
}

static int
compare(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return (one > other) - (one < other);
}

static double
share_ms(double share)
{
	size_t at = (size_t)(share * (double)run.counted);

	return (double)latencies[at < run.counted ? at : run.counted - 1] / 1e6;
}

int
main(int argc, char **argv)
{
	double rate, seconds;
	int64_t begun_at, took;

	if (argc < 6)
		return 2;
	run.port = (int)strtol(argv[1], NULL, 10);
	rate = strtod(argv[2], NULL);
	seconds = strtod(argv[3], NULL);
	run.connection_count = strtoul(argv[4], NULL, 10) % (CONNECTIONS_MAX + 1);
	run.path = argv[5];
	run.interval = (int64_t)(1e9 / rate);
	run.total = (size_t)(rate * seconds) % REQUESTS_MAX;
	if (argc > 6)
		read_tokens(argv[6]);
	open_connections();
	begun_at = now();
	drive();
	took = now() - begun_at;
	if (run.counted == 0)
		return 1;
	qsort(latencies, run.counted, sizeof(*latencies), compare);
	printf("{\"asked\": %zu, \"answered\": %zu, \"errors\": %zu, \"rate\": %.0f, "
	       "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
		run.asked, run.answered, run.errors,
		(double)run.answered / ((double)took / 1e9), share_ms(.5), share_ms(.99),
		share_ms(1));
	return 0;
}
