/*
 * The HTTP/1.1 server: a listener on each loop, a fiber for each request being served.
 *
 * A connection that waits for its next request holds neither a fiber nor a buffer. What a
 * request needs, its input, parser and arena, is taken from a store of its loop and given
 * back. Requests of one connection are served one after another, in order.
 *
 * A client that leaves while its request is served: is_client_gone becomes true; the
 * waits of a GET or HEAD end at once, as if cancelled. Other methods are let finish,
 * since what they do is wanted though nobody waits for the answer.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/parse.h"
#include "sys/fiber.h"

struct http_server;

/* Serve RQ; runs in a fiber. */
typedef struct http_answer (*http_handler_fn)(struct http_request *rq, void *arg);

/* How many bytes the body of RQ may have; called when its head is read. */
typedef size_t (*http_body_limit_fn)(const struct http_request *rq, void *arg);

/* What became of a request, for logs and metrics. */
struct http_outcome {
	int status;      /* 0: the client left before an answer could be begun */
	bool is_refused; /* never reached the handler; RQ may be filled in part */
	bool is_cut;     /* the answer was begun and not finished */
	size_t sent_bytes;
	int64_t duration_ns; /* from its first byte to the last of the answer */
};
typedef void (*http_done_fn)(
	const struct http_request *rq, const struct http_outcome *outcome, void *arg);

/* 0 or NULL stands for the value in the comment. */
struct http_server_options {
	struct str address; /* "127.0.0.1", "::1", "0.0.0.0" */
	uint16_t port;      /* 0: any that is free */
	struct loop *const *loops;
	size_t loop_count;
	http_handler_fn handler;
	http_body_limit_fn body_limit; /* body_bytes_max for all */
	http_done_fn done;             /* none */
	void *arg;                     /* for these three */

	struct str lines; /* header lines of answers that have none of their own, each
			     with its CR LF: refusals of what is malformed too */

	struct http_limits limits; /* HTTP_LIMITS_DEFAULT */
	size_t body_bytes_max;     /* 1 MiB */
	size_t arena_bytes_max;    /* 8 MiB a request, beside its body */
	size_t connections_max;    /* 20,000 in all */

	int64_t head_timeout_ms;    /* 10 s, from the first byte, or from connecting */
	int64_t idle_timeout_ms;    /* 75 s between requests */
	int64_t request_timeout_ms; /* 30 s from complete request to answer: ctx.deadline
				     */
	int64_t transfer_grace_ms; /* 10 s; a body, or an answer, may take that and ... */
	size_t transfer_rate_min;  /* ... its size at 8 KiB per second */
	int64_t shutdown_timeout_ms; /* 10 s for requests to end */
};

/*
 * Listen, and serve on LOOPS as soon as they run. The server lives in ARENA. INVALID
 * where the address is none, CONFLICT where it is in use, INTERNAL where the system
 * refuses.
 */
struct err *http_server_open(struct arena *arena,
	const struct http_server_options *options, struct http_server **ret) MUST_USE;

/* Whether it would, for now; nothing stays open. */
struct err *
http_server_try(struct arena *arena, struct str address, uint16_t port) MUST_USE;
/* INVALID where ADDRESS is none. */
struct err *http_address_check(struct arena *arena, struct str address) MUST_USE;

/* The port listened on. */
uint16_t http_server_port(const struct http_server *server);

/*
 * Stop: accept nothing more, close idle connections, let requests end within
 * shutdown_timeout_ms, then cancel them. Returns at once; when the loops are stopped too,
 * loop_run returns after the last request. From any thread, not from a signal handler.
 */
void http_server_stop(struct http_server *server);

/* Give everything back. The loops must have ended. */
void http_server_close(struct http_server *server);

struct http_counters {
	uint64_t connections_accepted;
	uint64_t connections_open;
	uint64_t connections_refused; /* over connections_max, or no fiber or memory */
	uint64_t requests_active;
	uint64_t requests_by_class[6]; /* answers 1xx (unused) to 5xx, by hundreds */
	uint64_t requests_refused;     /* malformed, over limits, too slow */
	uint64_t clients_gone;         /* left before their answer was complete */
	uint64_t received_bytes;
	uint64_t sent_bytes;
};
struct http_counters http_server_counters(const struct http_server *server);

#endif
