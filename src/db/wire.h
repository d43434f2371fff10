/*
 * PostgreSQL's messages as the lanes exchange them, on a connection that libpq opened and
 * will close: many queries leave with one system call, and answers are read where they
 * lie (docs/decisions/lane-framing.md). Between wire_open and the end of the connection
 * nothing else may read from it or write to it.
 *
 * Source: PostgreSQL's manual, "Frontend/Backend Protocol", version 3.0.
 */
#ifndef DB_WIRE_H
#define DB_WIRE_H

#include "base/buf.h"
#include "db/db_postgres_value.h"

enum {
	WIRE_BYTES = 32768, /* kept in each direction; a row may be of any size */
};

struct wire {
	int fd;
	void *tls;      /* the session that libpq made; NULL: none */
	struct buf out; /* over out_bytes; cut: something did not fit */
	size_t out_sent;
	size_t in_begin; /* in_bytes[in_begin … in_end) are not taken yet */
	size_t in_end;
	size_t row_left; /* bytes to come of a row that was begun */
	char out_bytes[WIRE_BYTES];
	char in_bytes[WIRE_BYTES];
};

/* Begin on the socket FD, through the session TLS of OpenSSL's unless that is NULL. */
void wire_init(struct wire *wire, int fd, void *tls);
/* The same on the connection PQ, on which nothing is under way. INVALID where its bytes
 * are encrypted by GSSAPI. */
struct err *wire_open(struct wire *wire, struct ctx *ctx, PGconn *pq) MUST_USE;

/* --- Writing: gathered until wire_send. What does not fit leaves wire->out cut. */

/* Prepare QUERY as NAME, and ask for the types of its columns. */
void wire_put_prepare(struct wire *wire, const char *name, const struct query *query);
/* Run what was prepared as NAME. PARAMS may be NULL: none. */
void wire_put_run(struct wire *wire, const char *name, const struct pg_params *params);
/* End a segment: what was put since the last one is a transaction of its own. */
void wire_put_sync(struct wire *wire);
/* Take back what was put since out was LEN bytes long. */
void wire_take_back(struct wire *wire, size_t len);

enum wire_sent { WIRE_SENT, WIRE_STUCK, WIRE_LOST };
/* Put on its way what was gathered. STUCK: the socket takes no more now. */
enum wire_sent wire_send(struct wire *wire) MUST_USE;

/* --- Reading */

/* What is taken in of the messages of a server (their types). */
enum {
	WIRE_PARSED = '1',
	WIRE_COLUMNS = 'T',
	WIRE_ROW = 'D',
	WIRE_COMPLETE = 'C',
	WIRE_EMPTY = 'I',
	WIRE_ERROR = 'E',
	WIRE_NOTICE = 'N',
	WIRE_READY = 'Z',
};

/* A message; of a row perhaps a part. BODY lasts until the next wire_receive. */
struct wire_message {
	char type;
	bool is_begin; /* a row's first part */
	size_t size;   /* of the whole body */
	struct str body;
};

/* Receive once. False: the connection is lost. ret_more: there may be more to receive. */
bool wire_receive(struct wire *wire, bool *ret_more) MUST_USE;
enum wire_taken { WIRE_NONE, WIRE_TAKEN, WIRE_BAD };
/* The next message of what was received. NONE: it has not come whole. BAD: this is not
 * the protocol, or a message other than a row is longer than WIRE_BYTES. */
enum wire_taken wire_take(struct wire *wire, struct wire_message *ret) MUST_USE;

/* The types of the first MAX columns in a body of WIRE_COLUMNS; false: it is cut. */
bool wire_columns(struct str body, Oid *ret, size_t max) MUST_USE;
/* Keep a row, or a part of one, in ROWS. */
void wire_keep_row(struct buf *rows, const struct wire_message *message);
/* Give the rows that were kept, whose columns are of the types OIDS, to SINK; their texts
 * lie in ROWS. */
struct err *wire_rows(struct ctx *ctx, const struct query *query, const Oid *oids,
	struct str rows, struct row_sink sink) MUST_USE;

#endif
