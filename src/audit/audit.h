/*
 * The audit log: who did what to whom, when, from where, and how it ended.
 *
 * An entry is written in the transaction of what it tells of, so neither is there without
 * the other, and within a second it stands in a chain that nobody can alter unseen, not
 * even the owner of the database (docs/audit.md, docs/decisions/audit-chain.md).
 *
 *     TRY(audit_log(tx, &(struct audit_entry){
 *             .action = AUDIT_PASSWORD_CHANGE, .subject = user }));
 *
 * Taken from the context: the actor (tx->ctx->actor), the address and the program it
 * calls from (remote_address, user_agent), the request's id, the time.
 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include "base/ctx.h"
#include "base/err.h"

struct tx; /* db/db.h */

enum audit_action {
#define ACTION(name, text) AUDIT_##name,
#include "audit/action.def"
#undef ACTION
	AUDIT_ACTION_COUNT
};

/* REFUSED: by a rule, such as a wrong password. FAILURE: it went wrong. */
enum audit_outcome { AUDIT_SUCCESS, AUDIT_REFUSED, AUDIT_FAILURE };

enum {
	AUDIT_DETAILS_BYTES_MAX = 16 * 1024,
	AUDIT_PERSONAL_BYTES_MAX = 16 * 1024,
	AUDIT_RESOURCE_LEN_MAX = 200,
};

struct audit_entry {
	enum audit_action action;
	enum audit_outcome outcome;
	/* Who did it, where the context does not know yet: whoever just signed in. Nil:
	 * ctx->actor. */
	struct user_id user;
	/* Whom it was done to, or tried on (a wrong password), where that is another. */
	struct user_id subject;
	struct str resource_type; /* "subscription"; may be absent */
	struct str resource_id;
	/* A JSON object, or absent. It outlives an erasure and is readable to whoever
	 * reads the table: amounts, tiers, ids, reasons; never names or addresses. */
	struct str details;
	/* Of the subject, or else the user: text in UTF-8, or absent. An address before
	 * and after, say. Unreadable once that person is erased. */
	struct str personal;
};

/*
 * Put ENTRY on record in TX, which must be of kind TX_WRITE. INTERNAL where it names a
 * user who does not exist, or details that are not a JSON object. What is personal is
 * left out where the person has been erased, or their key cannot be opened.
 */
struct err *audit_log(struct tx *tx, const struct audit_entry *entry) MUST_USE;

/* The same in a transaction of its own: for a refusal, where nothing else is written. */
struct err *audit_log_alone(struct ctx *ctx, const struct audit_entry *entry) MUST_USE;

/* "account.sign_in" */
struct str audit_action_name(enum audit_action action);
/* Of all names the one most like NAME. */
struct str audit_action_nearest(struct str name);
bool audit_action_parse(struct str name, enum audit_action *ret) MUST_USE;
/* "success", "refused", "failure" */
struct str audit_outcome_name(enum audit_outcome outcome);

#endif
