/* A log with something in it, and the database's owner who has designs on it. */
#ifndef TESTS_AUDIT_LOG_H
#define TESTS_AUDIT_LOG_H

#include "audit/audit.h"
#include "audit/chainer.h"
#include "audit/verify.h"
#include "db/db.h"
#include "tests/support/database.h"
#include "tests/support/folder.h"

/* User number N, 1 to 9, whose row is made by log_users. */
struct user_id log_user(int n);
struct err *log_users(struct ctx *ctx) MUST_USE;

/* COUNT entries of all kinds, each in a transaction of its own. */
struct err *log_entries(struct ctx *ctx, int count) MUST_USE;

/* SQL as the owner of the database: nothing is in its way but the engine. */
struct err *owner_run(struct ctx *ctx, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_USE;
/* Take the triggers away that would be. */
struct err *owner_prepare(struct ctx *ctx) MUST_USE;
/* From now on nothing can be put on record, or again can be. */
struct err *record_shut(struct ctx *ctx, bool is_shut) MUST_USE;
/* The text of the one column of the one row that SQL yields. */
struct str owner_text(struct ctx *ctx, const char *sql);
int64_t owner_count(struct ctx *ctx, const char *sql);

/* How often the log says of itself that it was tampered with, in the chain and waiting. */
int64_t owner_count_tampered(struct ctx *ctx);
/* Take the newest entry away that waits for the chain. */
struct err *owner_remove_newest_waiting(struct ctx *ctx) MUST_USE;

/* A literal of the engine. */
const char *uuid_literal(struct ctx *ctx, struct uuid id);

/* A folder for anchor and witness. */
struct str folder_make(struct ctx *ctx);

/* An audit of ctx->db over FOLDER (may be absent), set in ctx->audit. */
struct err *log_open(struct ctx *ctx, struct str folder) MUST_USE;
void log_close(struct ctx *ctx);

/* What is wrong, or absent. */
struct str log_fault(struct ctx *ctx, struct str folder);

#define SOUND(ctx, folder)                                                        \
	do {                                                                      \
		struct str fault_ = log_fault(ctx, folder);                       \
		OK_OR(str_is_none(fault_), "a fault: " STR_FMT, STR_ARG(fault_)); \
	} while (0)

#endif
