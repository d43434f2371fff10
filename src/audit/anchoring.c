#include "audit/anchoring.h"

#include "audit/alarm.h"
#include "audit/anchored.h"
#include "base/log.h"
#include "db/db.h"

struct err *
anchoring_open(struct ctx *ctx, const struct anchor_options *options,
	const struct audit_link *end, struct anchoring *ret)
{
	struct audit_link last = AUDIT_LINK_NONE;

	if (!str_is_none(options->folder))
		TRY(anchor_last(ctx, options->folder, &last));
	if (last.seq > end->seq)
		log_error(ctx,
			"the audit log ends before its anchor: an older backup was put "
			"back, or its end was cut off; see gridiron audit verify",
			LOG_I64("ends", end->seq), LOG_I64("anchored", last.seq));
	*ret = (struct anchoring){ .options = *options, .seq = last.seq };
	ret->is_unasked = !str_is_none(options->folder) && !last.seq && end->seq;
	return NULL;
}

struct err *
anchoring_is_gone(struct ctx *ctx, struct anchoring *anchoring, bool *ret)
{
	struct audit_fault fault;
	struct anchored newest;

	*ret = false;
	if (!anchoring->is_unasked)
		return NULL;
	anchoring->is_unasked = false;
	TRY(anchored_newest(ctx, &newest, &fault));
	*ret = newest.link.seq || !str_is_none(fault.what);
	return NULL;
}

/* --- Adding */

static struct err *
link_put(struct ctx *ctx, struct anchoring *anchoring, const struct audit_link *link)
{
	struct anchor_told told = { .torn = STR_NONE };
	struct anchor_found found;
	struct audit_fault fault;
	struct anchored newest;

	TRY(anchored_newest(ctx, &newest, &fault));
	told.is_begun = !newest.link.seq && str_is_none(fault.what);
	for (;;) {
		TRY(anchor_put(ctx, &anchoring->options, link, &told, &found));
		if (found.is_added)
			break;
		if (found.is_begun)
			TRY(alarm_tell_begun(ctx,
				str_is_none(newest.missing_key) ? newest.link.seq : 0));
		if (!str_is_none(found.torn))
			TRY(alarm_tell_torn(ctx, found.torn));
		told.is_begun = told.is_begun || found.is_begun;
		told.torn = found.torn;
	}
	anchoring->file = found.file;
	anchoring->is_untold = true;
	return NULL;
}

struct err *
anchoring_add(struct ctx *ctx, struct anchoring *anchoring, const struct audit_link *end,
	bool is_always, bool *ret)
{
	struct audit_link last;

	*ret = false;
	/* Unless somebody took it away meanwhile. */
	if (end->seq == anchoring->seq && !is_always) {
		TRY(anchor_last(ctx, anchoring->options.folder, &last));
		if (last.seq >= end->seq)
			return NULL;
	}
	if (end->seq > 0)
		TRY(link_put(ctx, anchoring, end));
	anchoring->seq = end->seq;
	*ret = true;
	return NULL;
}

/* Behind the file: the database never knows of more than is there. */
struct err *
anchoring_remember(
	struct ctx *ctx, struct anchoring *anchoring, const struct audit_link *end)
{
	if (!anchoring->is_untold)
		return NULL;
	TRY(anchored_put(ctx, &anchoring->file, end));
	anchoring->is_untold = false;
	return NULL;
}

/* --- Comparing */

/* RET: the chain lacks LINK, which no cut has let go. */
static struct err *
link_is_lacking(struct tx *tx, const struct audit_link *link, bool *ret)
{
	struct audit_head row;
	struct audit_cut cut;
	bool found;

	*ret = false;
	if (!link->seq)
		return NULL;
	TRY(q_audit_at(tx, link->seq, &row, &found));
	*ret = found && !audit_hash_eq(&link->hash, row.hash);
	if (found)
		return NULL;
	TRY(q_audit_cut_newest(tx, &cut, &found));
	*ret = !found || cut.seq < link->seq;
	return NULL;
}

struct err *
anchoring_is_lacking(struct ctx *ctx, const struct anchoring *anchoring, bool *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_link in_file = AUDIT_LINK_NONE;
	struct audit_fault fault;
	struct anchored newest;
	bool is_lacking;

	if (!str_is_none(anchoring->options.folder))
		TRY(anchor_last(ctx, anchoring->options.folder, &in_file));
	TRY(anchored_newest(ctx, &newest, &fault));
	TRY(link_is_lacking(&tx, &in_file, &is_lacking));
	if (!is_lacking)
		TRY(link_is_lacking(&tx, &newest.link, &is_lacking));
	*ret = is_lacking || !str_is_none(fault.what);
	return NULL;
}
