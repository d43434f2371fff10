/*
 * What an engine provides. db/db.c decides, counts and retries; a driver carries out.
 *
 * Called on a loop, inside a fiber. `state` is the driver's, one a database, shared by
 * all loops.
 *
 * Identity, on PostgreSQL (docs/decisions/row-security.md). A query that is_actor or
 * is_system is preceded, in the same transaction or the same Sync, by one statement:
 *
 *     SELECT set_config('role', $1, true), set_config('app.current_user_id', $2, true)
 *
 * is_actor: $1 is the role that the connection found itself in when it was opened
 * (current_user), $2 the actor's id, or '' for nobody. is_system: $1 is
 * 'gridiron_system', $2 is ''. Inside a transaction it is sent again only where the
 * identity changes. A query that is neither sends nothing: by itself it has no identity
 * and sees no user's rows; in a transaction it has the identity of the query before.
 * Where that first role is a superuser's or has BYPASSRLS (db_options.allows_any_role:
 * migrations and tests), $1 is always the first role: gridiron_system may not exist yet.
 * A server refuses to start unless pg_has_role(current_user, 'gridiron_system', 'MEMBER')
 * and not pg_has_role(current_user, 'gridiron_system', 'USAGE').
 */
#ifndef DB_DRIVER_H
#define DB_DRIVER_H

#include "db/db.h"

struct notices; /* db/notices.h */

struct driver {
	const char *name;
	enum dialect dialect;

	/* See db_check_url. */
	struct err *(*check_url)(struct ctx *ctx, struct str url);
	struct err *(*open)(
		struct ctx *ctx, const struct db_options *options, void **ret);
	void (*close)(void *state);
	void (*loop_close)(void *state);

	/*
	 * One transaction, tried once: begin, FN(TX, ARG), commit or roll back. TX is
	 * made by the caller but for its handle. ret_may_retry: the transaction was
	 * undone for a reason that another try may not meet.
	 */
	struct err *(*transact)(
		void *state, struct tx *tx, tx_fn fn, void *arg, bool *ret_may_retry);

	/* One query, in TX's transaction or by itself. */
	struct err *(*run)(void *state, struct tx *tx, const struct query *query,
		const struct value *params, struct row_sink sink, int64_t *ret_affected);
	struct err *(*run_batch)(void *state, struct tx *tx, const struct query *query,
		const struct value *params, size_t sets, int64_t *ret_affected);
	struct err *(*run_text)(void *state, struct tx *tx, struct str sql);
	struct err *(*describe)(void *state, struct ctx *ctx, const struct query *query,
		struct query_description *ret);
	/* See db_check_place; NULL where there is no file. */
	struct err *(*check_place)(void *state, struct ctx *ctx);
	void (*counters)(void *state, struct pool_counters *ret);
	/* See db_tend; NULL where there is nothing to do. */
	void (*tend)(void *state, struct ctx *ctx);

	/*
	 * Begin to hear what other processes tell, on this loop, and say so in NOTICES,
	 * until close. notify_query tells them, its only argument being
	 * "channel:payload"; NULL where there can be no others.
	 */
	struct err *(*listen)(void *state, struct ctx *ctx, struct notices *notices);
	const struct query *notify_query;
	/* See db_shred; NULL where the server sees to it. */
	void (*shred)(void *state);
};

/* Wait behind try number TRY (from 1): longer each time, and at random, so that those who
 * collided do not meet again. False: it was the last, or the deadline comes first. */
bool db_back_off(const struct ctx *ctx, unsigned int try) MUST_USE;

extern const struct driver driver_postgres;
extern const struct driver driver_sqlite;

#endif
