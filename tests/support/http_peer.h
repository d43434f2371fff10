/* An HTTP server on loops of its own, and raw clients that talk to it, for tests. */
#ifndef TESTS_SUPPORT_HTTP_PEER_H
#define TESTS_SUPPORT_HTTP_PEER_H

#include "http/server.h"

enum { PEER_LOOPS_MAX = 2 };

struct peer {
	struct arena arena;
	struct http_server *server;
	struct loop *loops[PEER_LOOPS_MAX];
	struct http_server_options options; /* the server's, as it was started */
	void *threads;
	uint16_t port;
};

/* Serve on 127.0.0.1 and a free port, on LOOP_COUNT threads. Ends the test run where that
 * fails. */
void peer_start(struct peer *peer, struct http_server_options options, size_t loop_count);
/* Stop, wait for the threads, and give back. */
void peer_stop(struct peer *peer);
/* The same in two: a server that is stopping can still be talked to. */
void peer_stop_begin(struct peer *peer);
void peer_stop_end(struct peer *peer);

/* A connection; reads on it give up after 10 s. */
int peer_connect(const struct peer *peer);
void peer_send(int fd, struct str text);

struct peer_answer {
	int status; /* 0: closed before an answer, -1: none within 10 s */
	struct str head;
	struct str body; /* with chunks joined */
	bool is_cut;     /* closed within the answer */
};

/* Read one answer from FD, byte by byte, so that what follows stays there. */
struct peer_answer peer_read(int fd, struct arena *arena);
/* The same for a HEAD request. */
struct peer_answer peer_read_head(int fd, struct arena *arena);
/* All that comes until the server closes FD. */
struct str peer_read_rest(int fd, struct arena *arena);
/* A new connection, TEXT sent, one answer read, closed. */
struct peer_answer
peer_ask(const struct peer *peer, struct arena *arena, struct str text);
/* The value of header NAME, absent where it is not there. */
struct str peer_header(const struct peer_answer *answer, struct str name);
/* Whether the server closes FD, within 10 s, and sends nothing more before. */
bool peer_is_closed(int fd);
/* Wait up to 10 s until CONDITION of ARG holds. */
bool peer_until(bool (*condition)(void *arg), void *arg);

#endif
