/*
 * Whether the whole log is what was written: every link of the chain, every cut, what
 * waits, what the anchor and the witnesses of all processes of this data folder remember.
 *
 * Reads the table as a stream, in the memory of one row. Changes nothing.
 */
#ifndef AUDIT_VERIFY_H
#define AUDIT_VERIFY_H

#include "audit/check.h"
#include "audit/readable.h"
#include "audit/unproven.h"
#include "base/ctx.h"
#include "base/err.h"

struct audit_verify_options {
	struct str folder; /* of the anchor and the witnesses; absent: without them */
	bool is_without_anchor; /* by what the database knows of it, not by the file */
	int64_t from; /* begin with this link, trusting what it follows; 0: all */
	void (*progress)(void *arg, int64_t done, int64_t total); /* may be NULL */
	void *progress_arg;
};

struct audit_verified {
	/* The first thing that is wrong; its text is absent where nothing is. */
	struct audit_fault fault;
	/* What is wrong with the anchor's file, which then proves nothing; it is the
	 * first where nothing else is wrong. */
	struct str anchor_fault;
	/* What nobody can tell of, since a key is missing: it is gone past. */
	struct audit_unproven unproven;
	/* What of the links' personal parts cannot be read. */
	struct audit_readable readable;
	int64_t first; /* links looked at, from one to the other; 0: none */
	int64_t last;
	int64_t rows;    /* that are proven */
	int64_t cut_seq; /* the newest cut; 0: none */
	int64_t waiting;
	int64_t anchors;
	/* Lines of the anchor whose keys are missing: they prove nothing, and where the
	 * chain is what they say nothing else. */
	struct audit_unproven anchors_unproven;
	int64_t anchors_torn; /* lines of the anchor that were written by half */
	bool is_anchor_open;  /* and the last of them by nobody ended yet */
	/* Links that say that the anchor had gone, and was begun anew. */
	int64_t anchors_begun;
	int64_t anchored_seq;   /* as far as the database remembers; 0: never */
	int64_t witnessed;      /* lines of witnesses that were looked up */
	int64_t witnesses_torn; /* and such that are none */
	/* Links that say that the log was tampered with before: how many, the first. */
	int64_t tampered;
	int64_t tampered_first;
};

/* Nothing is wrong, and everything is proven. */
static inline bool
audit_is_sound(const struct audit_verified *verified)
{
	return str_is_none(verified->fault.what) && !verified->unproven.count &&
		!verified->readable.unproven;
}

/*
 * An error says that it could not be looked at, not that something is wrong. INVALID: the
 * log ends before options->from, and as far as the anchor knows it never went further.
 */
struct err *audit_verify(struct ctx *ctx, const struct audit_verify_options *options,
	struct audit_verified *ret) MUST_USE;

#endif
