/*
 * Erasure: an account ends, and what was personal in it goes.
 *
 * The row of the user stays as a tombstone without anything that tells who it was,
 * because payments, commissions and the audit log refer to it. Rows that only served the
 * account are deleted; of rows that the books need, what is personal is taken away
 * (sql/queries/erase.sql says what of each table). The audit log keeps its chain, and
 * loses the key that its personal parts can be read with. On SQLite what was deleted is
 * overwritten in the file, and the write-ahead log is emptied; on PostgreSQL that is an
 * operator's business (ops/shred.h), see docs/accounts.md.
 */
#ifndef ACCOUNTS_ERASE_H
#define ACCOUNTS_ERASE_H

#include "accounts/proof.h"

/*
 * Erase the actor, who shows by PROOF that he is it: errors as proof_transact. CONFLICT
 * for an administrator in office, who has to be relieved first.
 */
struct err *erase_account(struct ctx *ctx, const struct proof *proof) MUST_USE;

#endif
