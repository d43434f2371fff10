/*
 * One connection to PostgreSQL.
 *
 * Every connection is non-blocking and in pipeline mode. What travels together is a
 * segment: some commands and a Sync, which the server runs as one transaction of its own
 * unless a BEGIN is among them. An error ends its segment only.
 */
#ifndef DB_DB_POSTGRES_CONN_H
#define DB_DB_POSTGRES_CONN_H

#include "base/list.h"
#include "db/db_postgres_statements.h"
#include "db/db_postgres_value.h"
#include "db/pool.h"

enum {
	PG_COMMANDS_MAX = 8, /* in a segment: four queries, each prepared first */
	PG_CONNINFO_MAX = 64,
	PG_HOSTS_MAX = 8,
	PG_STATEMENT_TIMEOUT_MS = 30000,
	PG_CONNECT_TIMEOUT_MS = 5000,
	PG_VERSION_LEAST = 140000,
};

struct pg_conn {
	struct list_link link;
	PGconn *pq; /* NULL: closed */
	int fd;
	uint32_t host;     /* which of the target's servers */
	bool is_broken;    /* lost, of no use, or left with a query unfinished: to be
			    * closed */
	uint32_t warnings; /* that the server sent */
	struct pg_statements statements;
};

/* One of the servers that a URL names. NULL: libpq's default. */
struct pg_host {
	const char *host;
	const char *hostaddr;
	const char *port;
};
/* Where to connect: what PQconnectStartParams takes, and the servers to try in turn. */
struct pg_target {
	const char *keywords[PG_CONNINFO_MAX + 1];
	const char *values[PG_CONNINFO_MAX + 1];
	size_t count;
	struct pg_host hosts[PG_HOSTS_MAX];
	uint32_t host_count;
	_Atomic uint32_t last_good; /* which host to begin with: it was the last to do */
};
/* Read URL, with the settings that every connection has. INVALID where it cannot be read;
 * the message holds nothing of it. */
struct err *pg_target_parse(struct ctx *ctx, struct arena *arena, struct str url,
	struct pg_target *ret) MUST_USE;

/* Open CONN, which is closed, before DEADLINE, to the first host that will do. */
struct err *pg_connect(struct ctx *ctx, struct pg_target *target, int64_t deadline,
	struct pg_conn *conn, enum pool_fault *ret_fault) MUST_USE;
void pg_disconnect(struct pg_conn *conn);
/* Ask the server, on a connection of its own and without waiting,
 * to end what CONN runs. */
void pg_cancel(const struct pg_conn *conn);

/* A segment on its way. */
struct pg_segment {
	const struct query *commands[PG_COMMANDS_MAX];
	uint8_t count;
	uint8_t prepares; /* bit i: command i is a Parse */
	uint8_t answered;
	int failed;       /* which command failed; -1: none */
	bool is_stalled;  /* no progress since the last answer: a guard */
	PGresult *result; /* the first error, else what the last command gave */
};
void pg_segment_init(struct pg_segment *segment);
/* Once it is answered: forget statements that were not prepared after all. A server that
 * takes no writes any more is left. */
void pg_segment_settle(struct pg_conn *conn, const struct pg_segment *segment);
void pg_segment_release(struct pg_segment *segment);
/* What to do about its error. A statement prepared in this very segment is not stale. */
enum pg_remedy pg_segment_remedy(const struct pg_segment *segment);

/* Add QUERY, after its Parse where it is not prepared yet. False:
 * the connection is lost. */
bool pg_send(struct pg_conn *conn, struct pg_segment *segment, const struct query *query,
	const struct pg_params *params) MUST_USE;
/* End the segment and put it on its way. */
bool pg_send_sync(struct pg_conn *conn) MUST_USE;

/* Take what has come for SEGMENT. WAIT: more must come. ROW: one row in *ret_row, of a
 * segment whose last command pg_stream was told of; the taker clears it. */
enum pg_taken { PG_WAIT, PG_ROW, PG_DONE, PG_LOST };
enum pg_taken
pg_take(struct pg_conn *conn, struct pg_segment *segment, PGresult **ret_row);

/* Rows of a segment's last command, given on one by one. */
struct pg_stream {
	const struct query *query;
	struct row_sink sink;
	struct err *err; /* of the sink; the rows after it are dropped */
	bool is_begun;
};
/*
 * Wait for the end of SEGMENT; pg_exchange puts it on its way first. NULL also where the
 * server answered with an error: see segment->failed. TIMEOUT: no answer before DEADLINE,
 * or the fiber was cancelled. BUSY: the connection is lost. After either it is broken.
 */
struct err *pg_await(struct ctx *ctx, struct pg_conn *conn, struct pg_segment *segment,
	struct pg_stream *stream, int64_t deadline) MUST_USE;
struct err *pg_exchange(struct ctx *ctx, struct pg_conn *conn, struct pg_segment *segment,
	struct pg_stream *stream, int64_t deadline) MUST_USE;
/* Wait until more of an answer may have come, sending what is still to be sent. */
struct err *
pg_await_input(struct ctx *ctx, struct pg_conn *conn, int64_t deadline) MUST_USE;
/* The same in a fiber of its own, for one that is cancelled or out of time and must still
 * know: it waits until DEADLINE whatever comes. */
struct err *pg_settle(struct ctx *ctx, struct pg_conn *conn, struct pg_segment *segment,
	int64_t deadline) MUST_USE;
/* Whether the server itself said that the last command of SEGMENT was not carried out. */
bool pg_was_refused(const struct pg_segment *segment);
/* The error of CONN, which is lost, while SEGMENT was under way. */
struct err *pg_lost_err(
	struct ctx *ctx, struct pg_conn *conn, const struct pg_segment *segment) MUST_USE;
/* Run QUERY, one of the driver's own, alone; its rows go to SINK. */
struct err *pg_run_own(struct ctx *ctx, struct pg_conn *conn, const struct query *query,
	const struct value *params, struct row_sink sink, int64_t deadline) MUST_USE;

#endif
