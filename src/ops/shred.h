/*
 * What was deleted leaves the files of the database as well.
 *
 * On SQLite that happens by itself (db_shred); this only hastens it. On PostgreSQL the
 * bytes of a deleted row stay in its table and indexes also behind VACUUM, which frees
 * their place and does not clear it; values of columns stay in the planner's statistics,
 * which ANALYZE never takes from a table that became empty; and all of it stays in the
 * write-ahead log, also in old segments that were renamed for further use. So every table
 * is written anew, the statistics are made anew from what is there, and the log is begun
 * anew.
 */
#ifndef OPS_SHRED_H
#define OPS_SHRED_H

#include "db/db.h"

/*
 * On PostgreSQL as a superuser (else DENIED); each table is locked while it is written.
 * CONFLICT where the server is set to keep old segments of its log (wal_recycle, which
 * has to be off since before what was deleted was written).
 */
struct err *shred(struct ctx *ctx) MUST_USE;

#endif
