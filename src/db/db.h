/*
 * The database as the domain sees it: transactions, and queries each on its own. Which
 * engine, which connection, which replica or shard is decided below.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/ctx.h"
#include "base/err.h"
#include "db/query.h"

struct db;
struct pool_counters; /* db/pool.h */
struct notice;        /* db/listen.h */

/* Where rows live: the cluster that holds a user's rows, or the global one. Until shards
 * exist there is one cluster. */
struct shard {
	uint16_t bucket; /* 0 to 1023 */
	bool is_global;
};

struct shard db_shard_of(struct user_id user);
#define SHARD_GLOBAL ((struct shard){ .is_global = true })

/* READ sees one consistent state and may run on a replica. WRITE is serializable in
 * effect for what it read (see docs). */
enum tx_kind { TX_READ, TX_WRITE };

/* The work of a transaction. It may run more than once, so it only reads its input in ARG
 * and sets its results there. */
typedef struct err *(*tx_fn)(struct tx *tx, void *arg);

/*
 * A running transaction, or (db_auto) a stand-in for one in which every query is by
 * itself. Made by this module only.
 */
struct tx {
	struct ctx *ctx;
	struct db *db;
	enum tx_kind kind;
	struct shard shard;
	bool is_auto;           /* no transaction: each query for itself */
	struct err *failed;     /* the first error of a query in it */
	struct notice *notices; /* to be given when it has committed */
	struct tx_sequel *sequels;
	void *handle; /* the driver's */
};

/*
 * Run FN(TX, ARG) in one transaction: commit when it returns NULL, else roll back and
 * return its error. Serialization failures and deadlocks run it again. BUSY: no
 * connection in time (the message names the pool class and holders). UNCERTAIN: the
 * connection was lost during COMMIT. FN must not wait for anything but the database, and
 * must use no other way to it than TX; on SQLite it runs on the writer's thread.
 *
 * A query that failed dooms the transaction: later ones fail with the same error, and so
 * does the whole even where FN returns NULL.
 */
struct err *db_transact(struct ctx *ctx, enum tx_kind kind, struct shard shard, tx_fn fn,
	void *arg) MUST_USE;

/*
 * Call FN(ARG) when TX has been committed, on its fiber, before db_transact returns; in
 * the order in which they were asked for. Never where it was rolled back, and not where
 * its end is UNCERTAIN. ARG lives in the arena of tx->ctx. FN must not wait. INTERNAL
 * outside a transaction.
 */
struct err *tx_on_commit(struct tx *tx, void (*fn)(void *arg), void *arg) MUST_USE;

/* For queries outside any transaction: each runs alone, reads on the shared lanes. */
struct tx db_auto(struct ctx *ctx, struct shard shard);

struct db_options {
	struct str url;          /* sqlite:PATH, postgresql://…, postgres://… */
	int32_t pool_size;       /* 0: by is_production, as below */
	int32_t max_overflow;    /* 0: likewise; -1: none */
	int64_t pool_timeout_ms; /* 0: likewise */
	int64_t pool_recycle_ms; /* 0: 3,600,000 */
	int32_t lanes_per_loop;  /* 0: 4 */
	bool is_production;      /* 20, 40, 30 s; else 5, 10, 10 s */
	bool is_echo;            /* DB_ECHO: log every statement */
	bool allows_any_role;    /* migrations and tests: do not refuse superuser, owner,
				    BYPASSRLS */
};

/* Whether URL can be that of a database, as far as that shows without opening it:
 * INVALID, or what the system says of its file. Makes nothing. */
struct err *db_check_url(struct ctx *ctx, struct str url) MUST_USE;

/* Open the database on this process; connections of a loop are opened as it first needs
 * them. Call inside a loop. */
struct err *
db_open(struct ctx *ctx, const struct db_options *options, struct db **ret) MUST_USE;
/* Wait for what is in flight (10 s at most), then close everything. */
void db_close(struct db *db);
/* Close what the current loop holds open (lanes, reader connections). Call on each loop
 * before it ends. */
void db_loop_close(struct db *db);

enum dialect db_dialect(const struct db *db);
/* What the pool and the lanes count (db/pool.h); all zero on SQLite. */
void db_counters(const struct db *db, struct pool_counters *ret);
/* What a server does every second or so: connections idle for long are closed, and some
 * opened ahead of need; plans of slow queries are logged. */
void db_tend(struct ctx *ctx);
/* BUSY where the file was moved or removed since it was opened: reads may go on, writes
 * do not. A stat on SQLite, nothing on PostgreSQL. */
struct err *db_check_place(struct ctx *ctx) MUST_USE;

/*
 * What was deleted is to leave the files too, as far as they are this program's. SQLite
 * overwrites what is deleted; this empties the log that still holds it, within seconds,
 * as soon as no read is under way. On PostgreSQL nothing happens: VACUUM and the
 * recycling of WAL are the server's.
 */
void db_shred(struct db *db);

/* Run SQL as it stands, without arguments or rows, in TX:
 * for migrations, what only the schema's owner does, and tests. */
struct err *db_run_text(struct tx *tx, struct str sql) MUST_USE;

/* What the engine says of a query without running it: argument and column types, and its
 * plan as text, one step a line. */
struct query_description {
	size_t param_count;
	size_t column_count;
	enum db_type param_types[QUERY_PARAMS_MAX];
	enum db_type column_types[QUERY_COLUMNS_MAX];
	bool is_typed; /* SQLite: argument types are not known, and a computed column's
			  neither */
	struct str plan;
};
struct err *db_describe(struct ctx *ctx, const struct query *query,
	struct query_description *ret) MUST_USE;

#endif
