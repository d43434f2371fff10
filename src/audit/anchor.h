/*
 * The anchor: what the end of the chain was, kept outside the database, so that an end
 * that was cut off is noticed. A file to which lines are added, and synced:
 *
 *     2026-11-23T18:30:06.000000Z 1234 9f3c…(hash) 5f0c…(key id) 77ab…(mac)
 *
 * Whoever may write that file can cut it, too: send it to another machine, or syslog.
 */
#ifndef AUDIT_ANCHOR_H
#define AUDIT_ANCHOR_H

#include "audit/chain.h"
#include "base/ctx.h"
#include "base/err.h"

#define AUDIT_ANCHOR_FILE "audit.anchor"

struct anchor_options {
	struct str folder;
	bool is_syslog;
};

/* Add LINK, at ctx->now. Waits for the disk in the offload pool. */
struct err *anchor_put(struct ctx *ctx, const struct anchor_options *options,
	const struct audit_link *link) MUST_USE;

/* What is known of the chain, by number. */
struct anchors {
	struct audit_link *links;
	size_t count;
	int64_t last_at; /* microseconds UTC, of the last line */
};

/* All of the file, none where there is no file. INVALID, naming the line, where one is
 * damaged or not ours. Waits for the disk. */
struct err *
anchors_read(struct ctx *ctx, struct str folder, struct anchors *ret) MUST_USE;

#endif
