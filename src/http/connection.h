/* The inside of the server, for the files that make it up: server.c listens and closes,
 * connection.c reads requests, send.c writes answers. */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <stdatomic.h>

#include <sys/uio.h>

#include "base/list.h"
#include "base/slab.h"
#include "http/respond.h"
#include "http/server.h"
#include "sys/wait.h"

enum {
	/* A head of the default size, and what may follow it at once. */
	INPUT_SPARE_BYTES = 4096,
	/* What an arena of the store keeps; most requests need no more. */
	ARENA_KEPT_BYTES = 16384,
	REMOTE_BYTES = 46, /* INET6_ADDRSTRLEN */
	/* Of an answer; beside the arena, so that a handler that used that up can still
	 * say so. Larger heads are made in the arena. */
	HEAD_BYTES = 2048,
};

/* What a request needs while it is served; kept in a store of its loop. */
struct workspace {
	struct list_link link;
	struct arena arena;
	struct http_parser *parser;
	struct http_request rq;
	struct http_outcome outcome;
	int64_t began_at; /* monotonic ns */
	size_t input_len;
	size_t input_used; /* by the request being read */
	size_t input_size;
	char *input;
	char head[HEAD_BYTES];
};

/* What the descriptor's becoming readable means. */
enum connection_state {
	CONNECTION_IDLE,    /* a request begins, or the client closed */
	CONNECTION_BUSY,    /* nothing: its fiber reads or writes it */
	CONNECTION_HANDLED, /* the client left, or sends its next request */
};

struct connection {
	struct list_link link; /* in a list of its loop */
	struct http_loop *loop;
	struct workspace *work; /* NULL while idle */
	struct fiber *fiber;    /* likewise */
	int64_t idle_until;     /* monotonic ns */
	int fd;
	enum connection_state state;
	bool is_watched;
	/* Streams until the client leaves (http_answer), or is read out after a refusal:
	 * a stop ends it. */
	bool is_endless;
	uint8_t remote_len;
	char remote[REMOTE_BYTES];
};

/* Counters of one loop, read by other threads. */
struct http_loop_counters {
	_Atomic uint64_t accepted, open, refused, active, by_class[6], malformed, gone,
		received, sent;
};
#define HTTP_COUNT(counter, by)                                                \
	atomic_store_explicit(&(counter),                                      \
		atomic_load_explicit(&(counter), memory_order_relaxed) + (by), \
		memory_order_relaxed)

/* The server's part on one loop; touched by that loop only, but for the counters. */
struct http_loop {
	struct http_server *server;
	struct loop *loop;
	int listen_fd;
	struct fiber *acceptor;
	struct arena arena;      /* of the workspaces, for the life of the server */
	struct list_link fresh;  /* connections that wait for their first request, */
	struct list_link idle;   /* for a further one; each list by idle_until; */
	struct list_link active; /* those being served */
	struct slab connections;
	struct list_link free_workspaces;
	struct loop_timer sweep;
	size_t connection_count;
	size_t connections_max;
	bool is_stopping;
	struct wait_queue ended; /* woken when the last connection ends while stopping */
	int64_t date_second;
	char date[HTTP_DATE_BYTES + 1]; /* snprintf terminates it */
	struct http_loop_counters counters;
};

struct http_server {
	struct http_server_options options; /* with the defaults filled in */
	struct http_loop *loops;
	size_t loop_count;
	uint16_t port;
	_Atomic bool is_stopping;
};

/* --- connection.c */

/* Take over FD, from REMOTE; it closes FD where there is no room. */
void connection_open(struct http_loop *loop, int fd, struct str remote);
/* Close CONNECTION, which has no fiber, or is called by it at its end. */
void connection_close(struct connection *connection);
/* Close the connection that has been idle longest; false where none is idle. */
bool connection_evict_one(struct http_loop *loop);

/* --- send.c */

/* A transfer that must keep up a rate. */
struct pace {
	int64_t began_at; /* 0: not begun */
	size_t bytes;
};
/* Wait for the descriptor, as long as PACE allows; false where time is up or the fiber is
 * cancelled. */
bool pace_wait(struct connection *connection, struct pace *pace, uint32_t events);

/* Send ANSWER to the request of CONNECTION. False where the connection cannot go on. */
bool connection_answer(struct connection *connection, struct http_answer *answer);
/* Send all of PIECES. False where the client left or is too slow. */
bool
connection_send(struct connection *connection, struct iovec *pieces, size_t piece_count);

#endif
