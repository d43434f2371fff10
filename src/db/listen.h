/*
 * Notices: what one user of a database tells all others who have it open, in this process
 * and in others, when a transaction has committed. For what is kept in memory and must go
 * when the database changes.
 *
 * In this process every listener is called before db_transact returns. Other processes on
 * the same PostgreSQL hear by NOTIFY, which travels with the commit; on SQLite there are
 * none. A connection of its own listens; whether it still can hear is asked of the server
 * twice a second.
 */
#ifndef DB_LISTEN_H
#define DB_LISTEN_H

#include "db/db.h"

enum {
	NOTICE_BYTES_MAX = 200,
	LISTENERS_MAX = 8,
};

struct db_listener {
	const char *channel; /* lower-case letters and underscores; for ever */
	/* Called for each notice, from any thread, also for those of one's own; must not
	 * wait. */
	void (*hear)(void *arg, struct str payload);
	/* Notices may have been missed: nothing kept until now may count any more. */
	void (*miss)(void *arg);
	void *arg;
};

/*
 * Call LISTENER from now on, until the database is closed. Before the loops serve, on the
 * loop that opened the database. INTERNAL: no room for one more.
 */
struct err *db_listen(struct ctx *ctx, const struct db_listener *listener) MUST_USE;

/* Have everybody's listeners on CHANNEL called with PAYLOAD once TX has committed, or may
 * have. A db_auto TX tells at once. */
struct err *db_notify(struct tx *tx, const char *channel, struct str payload) MUST_USE;

/*
 * Whether notices are heard now. While not, nothing kept may be trusted: what was heard
 * before may have changed since. Costs a few nanoseconds, no system call; from any
 * thread. It becomes false as soon as the connection is known to be lost, and at the
 * latest LISTEN_TRUST_MS after the server answered last.
 */
bool db_hears(const struct db *db);
enum {
	LISTEN_TRUST_MS = 2000,
};

struct listen_counters {
	uint64_t heard;    /* notices, from here and elsewhere */
	uint64_t sent;     /* from here */
	uint64_t missings; /* times that some may have been missed */
};
struct listen_counters db_listen_counters(const struct db *db);

#endif
