/*
 * The HTTP edge: what the server calls for every request.
 *
 * A request is routed (api/route.h), let in (api/auth_gate.h), its parameters parsed
 * (api/params.h); its handler answers, or a ready answer does (api/ready.h). Then a line
 * is logged and the route's histogram counted.
 */
#ifndef API_API_H
#define API_API_H

#include "api/access.h"
#include "api/openapi.h"
#include "api/stream_places.h"
#include "base/buf.h"
#include "base/ctx.h"
#include "http/server.h"
#include "sys/trouble.h"

/* What all handlers share. Made once, by app/wiring.c. */
struct api {
	struct db *db;
	const struct keyring *keys;
	struct audit *audit;   /* what watches over the audit log; may be NULL */
	const struct geo *geo; /* where addresses are; NULL: nobody knows */
	struct access access;
	struct stream_limits streams;
	struct trouble busy;      /* requests that found no room, or no database */
	bool is_quiet;            /* no log line a request */
	bool requires_mfa;        /* of everybody, not of administrators alone */
	bool runs_jobs;           /* what they make comes by itself */
	bool is_production;       /* reached by TLS, through the proxy in front */
	struct str public_origin; /* "https://example.com"; absent: not said */
	int64_t started_at;       /* microseconds UTC */
	struct openapi openapi;
	/* Whose counters /metrics shows. The server is set when it is open, and may be
	 * asked before. */
	_Atomic(const struct http_server *) server;
	struct loop *const *loops;
	size_t loop_count;
};

/* Answer HTTP. ARG is the struct api. Runs in a fiber. */
struct http_answer api_handle(struct http_request *http, void *arg);

/* How many bytes the body of HTTP may have: more where its route takes raw bytes. */
size_t api_body_limit(const struct http_request *http, void *arg);

/* Log what became of a request. ARG is the struct api. */
void
api_done(const struct http_request *http, const struct http_outcome *outcome, void *arg);

#endif
