/* What the servers of the HTTP tests serve, and what they saw doing so. */
#ifndef TESTS_SUPPORT_HTTP_SERVED_H
#define TESTS_SUPPORT_HTTP_SERVED_H

#include "tests/support/http_peer.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
/* Ends with the headers that follow and an empty line. */
#define POST(path) "POST " path " HTTP/1.1\r\nHost: a\r\n"

/*
 * /wait waits for 20 s or until it is cancelled, /hold until is_released; /events is an
 * endless stream; /big is 64 MiB; /greedy uses up its memory; /headers has some 4 KiB of
 * headers; /batch takes 300 bytes of body, others SHAPE_BODY_MAX; others say hello.
 */
struct http_seen {
	_Atomic int waiting;   /* requests in /wait, /hold or /events */
	_Atomic int cancelled; /* of those */
	_Atomic int finished;
	_Atomic bool is_gone_seen;
	_Atomic bool is_released;
	_Atomic int done_status;
	_Atomic int done_refused;
	_Atomic int done_cut;
};
extern struct http_seen seen;

/* Start and stop PEER with these paths; OPTIONS say the rest. */
void
served_start(struct peer *peer, struct arena *arena, struct http_server_options options);
void served_stop(struct peer *peer, struct arena *arena);

/* For peer_until. */
bool is_one_waiting(void *arg);
bool is_one_finished(void *arg);
bool is_one_cancelled(void *arg);
bool is_one_cut(void *arg);

#endif
