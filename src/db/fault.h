/*
 * A database that fails on purpose, for tests: put before a driver, it counts the calls
 * that reach it and makes the n-th one fail. A test runs its scenario with n = 1, 2, 3 …
 * until it passes without a fault having struck.
 *
 * Calls are: a query, a batch, a text, the beginning of a transaction, its COMMIT.
 */
#ifndef DB_FAULT_H
#define DB_FAULT_H

#include "db/db.h"

struct fault;

/* Put a fault before DB's driver, for as long as DB is open; it is not armed. */
struct err *fault_put(struct ctx *ctx, struct db *db, struct fault **ret) MUST_USE;

/*
 * Make the NTH call from now fail with CODE, once. The call is not carried out, and a
 * failed COMMIT rolls back; but UNCERTAIN lets a COMMIT happen and then says so. BUSY at
 * the beginning or the COMMIT of a transaction may be retried, as a serialization failure
 * may. NTH 0 disarms.
 */
void fault_arm(struct fault *fault, uint64_t nth, enum err_code code);
/* Calls since fault_arm. */
uint64_t fault_calls(const struct fault *fault);
bool fault_has_struck(const struct fault *fault);

#endif
