/* Reading query plans for scans of whole tables. */
#ifndef TESTS_DB_PLAN_H
#define TESTS_DB_PLAN_H

#include "base/arena.h"
#include "db/query.h"

/*
 * Whether PLAN, of SQL without running it, reads the whole of a table that grows, and
 * which. A walk along an index that has no condition is such a scan too, save where LIMIT
 * ends it and no row is passed over, and along a partial index, which has few rows by
 * intent. For PostgreSQL the plan must be made with enable_seqscan = off (the tables of a
 * test are empty, and an empty table is always scanned); the walk along an index is what
 * it then does in place of a scan.
 */
bool plan_finds_scan(struct arena *arena, enum dialect dialect, struct str sql,
	struct str plan, struct str *ret_table);

#endif
