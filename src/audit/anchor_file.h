/* The file of the anchor (audit/anchor.h): where it is, and its lines. */
#ifndef AUDIT_ANCHOR_FILE_H
#define AUDIT_ANCHOR_FILE_H

#include "audit/chain.h"
#include "base/buf.h"
#include "base/ctx.h"
#include "base/err.h"

#define AUDIT_ANCHOR_FILE "audit.anchor"

enum {
	ANCHOR_LINE_LEN_MAX = 512,
};

struct err *
anchor_file_path(struct ctx *ctx, struct str folder, const char **ret) MUST_USE;

/* Negative where there is none. What is no file, and might have whoever reads it wait for
 * ever, is refused: INVALID. */
struct err *anchor_file_open(struct ctx *ctx, const char *path, int *ret) MUST_USE;

enum anchor_signer {
	ANCHOR_NOBODY,      /* it is damaged, or not ours */
	ANCHOR_US,          /* this keyring */
	ANCHOR_MISSING_KEY, /* a key that the keyring has not: nobody can tell */
};

/* Who signed LINE, which has no line end. RET: its link; RET_KEY: within LINE, the key
 * that is missing. */
enum anchor_signer anchor_line_parse(const struct ctx *ctx, struct str line,
	struct audit_link *ret, struct str *ret_key);
/* The line that says LINK at ctx->now, with its end. */
void anchor_line_format(struct buf *out, struct ctx *ctx, const struct audit_link *link);

/* TORN stands on its line already: what ends it. */
void anchor_torn_end(struct buf *out, struct ctx *ctx, struct str torn);
/* Who ended LINE so; RET: what of it was there. */
enum anchor_signer anchor_torn_parse(
	const struct ctx *ctx, struct str line, struct str *ret, struct str *ret_key);
/* The number in what is left of a line, or 0: digits that nothing follows may go on. */
int64_t anchor_torn_seq(struct str torn);

#endif
