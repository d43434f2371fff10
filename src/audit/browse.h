/* Reading the log: page by page, with what is personal opened, and as text for
 * elsewhere. */
#ifndef AUDIT_BROWSE_H
#define AUDIT_BROWSE_H

#include "audit/audit_q.h"
#include "audit/personal.h"

/* Members that are zero ask for nothing. */
struct audit_filter {
	int64_t first; /* links from one to another */
	int64_t last;
	int64_t since; /* entries of a time, microseconds UTC; the end is not in it */
	int64_t until;
	struct user_id user; /* who did it, or to whom it was done */
	struct str action;
};

/* A link with what is personal in it. */
struct audit_seen {
	const struct audit_row *row;
	struct audit_personal personal;
};

struct err *
audit_see(struct ctx *ctx, const struct audit_row *row, struct audit_seen *ret) MUST_USE;

enum audit_format { AUDIT_JSON_LINES, AUDIT_CSV };

/* Takes the text of an export, some kilobytes at a time, which is gone afterwards; so is
 * whatever it made in the arena of the export. */
typedef struct err *(*audit_write_fn)(void *arg, struct str text);

/*
 * Write what FILTER asks for to WRITE, oldest first: JSON, an object a line, with what is
 * in the row to the byte; or CSV with a line of names, where texts that a spreadsheet
 * would take for a formula have an apostrophe in front. RET: how many.
 */
struct err *audit_export(struct ctx *ctx, const struct audit_filter *filter,
	enum audit_format format, audit_write_fn write, void *arg, int64_t *ret) MUST_USE;

#endif
