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

enum {
	MICROSECONDS_PER_SECOND = 1000000,
};

/* A deadline that never comes. */
#define DEADLINE_NEVER INT64_MAX

/* For whom the work is done. Nobody: user_id nil. */
struct actor {
	struct user_id user_id;
	bool is_system; /* a job or the operator's command: not a person */
};

struct ctx {
	struct arena *arena;
	struct db *db;
	const struct keyring *keys; /* what signs and seals; NULL where nothing does */
	int64_t now;                /* microseconds UTC, the same throughout the work */
	int64_t deadline;           /* monotonic nanoseconds (sys/clock.h) */
	struct uuid request_id;
	struct actor actor;
	const char *route; /* "GET /v1/games", "job grade", "command import": for logs and
			      statistics */
};

#endif
