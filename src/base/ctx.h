/*
 * The context of one piece of work: a request, a job, a command. It is passed down every
 * call that can wait, fail or allocate, and never stored.
 */
#ifndef BASE_CTX_H
#define BASE_CTX_H

#include "base/arena.h"
#include "base/compiler.h"
#include "base/id.h"
#include "base/str.h"

struct db;      /* db/db.h */
struct keyring; /* crypto/keyring.h */
struct audit;   /* audit/chainer.h */
struct geo;     /* codec/geo.h */

enum {
	MICROSECONDS_PER_MS = 1000,
	MICROSECONDS_PER_SECOND = 1000000,
};

/* A deadline that never comes. */
#define DEADLINE_NEVER INT64_MAX

/* For whom the work is done. Nobody: user_id nil. */
struct actor {
	struct user_id user_id;
	bool is_system; /* a job or the operator's command: not a person */
	bool is_admin;  /* acts as an administrator: a route that asks for a permission */
};

struct ctx {
	struct arena *arena;
	struct db *db;
	const struct keyring *keys; /* what signs and seals; NULL where nothing does */
	int64_t now;                /* microseconds UTC, the same throughout the work */
	int64_t deadline;           /* monotonic nanoseconds (sys/clock.h) */
	struct uuid request_id;
	struct actor actor;
	struct str remote_address; /* of whoever asks, as text; absent: nobody does */
	struct str user_agent;     /* the program they ask with, as they say */
	struct audit *audit;       /* what watches over the audit log; may be NULL */
	const struct geo *geo;     /* where addresses are; NULL: nobody knows */
	const char *route; /* "GET /v1/games", "job grade", "command import": for logs and
			      statistics */
};

#endif
