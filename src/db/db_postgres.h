/* The inside of the PostgreSQL driver: what its connections share, and who uses them. */
#ifndef DB_DB_POSTGRES_H
#define DB_DB_POSTGRES_H

#include <pthread.h>

#include "db/db_postgres_conn.h"
#include "db/driver.h"
#include "sys/trouble.h"

struct pg_db {
	struct arena arena; /* this struct lives in it */
	uint64_t serial;    /* never the same twice in a process */
	struct pg_target target;
	struct str first_role; /* current_user of a new connection */
	bool is_role_fixed;    /* it passes row security anyway, so roles do not change */
	int32_t lanes_per_loop;
	struct pool *pool;
	pthread_mutex_t lock;           /* of what follows */
	struct list_link free_conns;    /* for the pool */
	struct list_link lane_sets;     /* one a loop */
	struct pg_listening *listening; /* NULL: not */
	struct trouble lane_trouble;    /* of all loops */
	struct trouble listen_trouble;
};

/* Whom the server takes us for. */
struct pg_identity {
	bool is_set;
	bool is_system;
	struct user_id user_id;
};
struct pg_identity pg_identity_of(const struct ctx *ctx, const struct query *query);
bool pg_identity_eq(const struct pg_identity *a, const struct pg_identity *b);
/* The statement that sets it, and its arguments. */
extern const struct query pg_identity_query;
void pg_identity_encode(const struct pg_db *db, const struct pg_identity *identity,
	struct pg_params *ret);
/* Add that statement; nothing where it is not set. */
bool pg_send_identity(struct pg_db *db, struct pg_conn *conn, struct pg_segment *segment,
	const struct pg_identity *identity) MUST_USE;

/* Add the setting of statement_timeout that ctx->deadline asks for; nothing where the
 * connection's own will do. */
bool pg_send_time_limit(
	struct pg_conn *conn, struct pg_segment *segment, const struct ctx *ctx) MUST_USE;
/* Which budget the work of CTX comes from: BATCH for the system's own. */
enum pool_budget pg_budget_of(const struct ctx *ctx, bool is_slow);

/* Give a connection back to the pool. */
void pg_give_back(struct pg_db *db, struct pool_slot *slot);

/* --- db_postgres_auto.c: on a connection of the pool, without a transaction */

struct err *pg_auto_run(struct pg_db *db, struct ctx *ctx, const struct query *query,
	const struct value *params, struct row_sink sink, int64_t *ret_affected) MUST_USE;

/* --- db_postgres_tx.c */

struct pg_tx {
	struct pg_db *db;
	struct pool_slot *slot;
	struct pg_conn *conn;
	enum tx_kind kind;
	bool is_begun;
	bool is_failed; /* only a rollback can follow */
	bool may_retry;
	uint32_t warnings;           /* of the connection, before COMMIT */
	struct pg_identity identity; /* the last that was sent */
};
struct err *pg_transact(
	void *state, struct tx *tx, tx_fn fn, void *arg, bool *ret_may_retry) MUST_USE;
struct err *pg_tx_run(struct tx *tx, const struct query *query,
	const struct value *params, struct row_sink sink, int64_t *ret_affected) MUST_USE;
/* What a failed statement, or one without an answer, means for the transaction; both
 * return ERR. */
struct err *
pg_tx_failed(struct pg_tx *own, struct err *err, enum pg_remedy remedy) MUST_USE;
struct err *pg_tx_unanswered(struct pg_tx *own, struct err *err) MUST_USE;
/* The error of one who goes on after it. */
struct err *pg_tx_refuse(struct ctx *ctx, const char *what) MUST_USE;
/* Add BEGIN, where it was not sent yet. */
bool
pg_tx_send_start(struct pg_tx *own, struct ctx *ctx, struct pg_segment *segment) MUST_USE;

/* --- db_postgres_bulk.c */

struct err *pg_run_batch(void *state, struct tx *tx, const struct query *query,
	const struct value *params, size_t sets, int64_t *ret_affected) MUST_USE;
struct err *pg_run_text(void *state, struct tx *tx, struct str sql) MUST_USE;

/* --- db_postgres_listen.c */

extern const struct query pg_notify_query;
struct err *pg_listen(void *state, struct ctx *ctx, struct notices *notices) MUST_USE;
/* Stop listening, on the loop that began it. */
void pg_listen_end(struct pg_db *db);

/* --- db_postgres_describe.c */

struct err *pg_describe(void *state, struct ctx *ctx, const struct query *query,
	struct query_description *ret) MUST_USE;

#endif
