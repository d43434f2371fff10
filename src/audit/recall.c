#include "audit/recall.h"

#include "codec/uuid.h"
#include "db/db.h"

/* The newest of all that is ours. */
static struct err *
cut_find(struct tx *tx, struct audit_cut *ret)
{
	struct audit_cut_list cuts;
	struct audit_fault fault;

	TRY(q_audit_cut_list(tx, &cuts));
	for (size_t i = cuts.count; i > 0; i--) {
		TRY(audit_check_cut(tx->ctx, &cuts.items[i - 1], &fault));
		if (!str_is_none(fault.what))
			continue;
		*ret = cuts.items[i - 1];
		return NULL;
	}
	return NULL;
}

struct err *
audit_recall_cut(struct tx *tx, struct audit_cut *ret, struct audit_fault *ret_fault)
{
	struct audit_cut cut, ours = { .seq = 0, .entries_until = INT64_MIN };
	bool found;

	*ret_fault = (struct audit_fault){ .seq = 0 };
	TRY(q_audit_cut_newest(tx, &cut, &found));
	if (found)
		TRY(audit_check_cut(tx->ctx, &cut, ret_fault));
	if (found && str_is_none(ret_fault->what))
		ours = cut;
	else if (found)
		TRY(cut_find(tx, &ours));
	*ret = ours;
	return NULL;
}

static struct err *
fault_of(struct ctx *ctx, struct uuid id, const char *what, struct audit_fault *ret)
{
	char storage[UUID_TEXT_LEN];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	uuid_format(&text, id);
	ret->seq = 0;
	ret->what = str_fmt(
		ctx->arena, "entry " STR_FMT " %s", STR_ARG(buf_str(&text)), what);
	return str_is_none(ret->what) ? err_no_memory() : NULL;
}

struct err *
audit_recall_waiting(struct tx *tx, const struct audit_waiting *row,
	const struct audit_cut *cut, struct audit_fault *ret, bool *ret_is_gone)
{
	struct audit_waiting again;
	struct audit_row chained;
	bool found;

	*ret_is_gone = false;
	TRY(audit_check_waiting(tx->ctx, row, ret));
	if (!str_is_none(ret->what))
		return NULL;
	if (row->created_at <= cut->entries_until)
		return fault_of(tx->ctx, row->id.uuid,
			"in audit_pending is older than the last cut of the chain: put "
			"back by somebody",
			ret);
	TRY(q_audit_find(tx, row->id, &chained, &found));
	if (!found)
		return NULL;
	/* An instance chains an entry and takes it from here in one transaction. */
	TRY(q_audit_waiting_find(tx, row->id, &again, &found));
	*ret_is_gone = !found;
	return found ? fault_of(tx->ctx, row->id.uuid,
			       "in audit_pending stands in the chain already: put back "
			       "by somebody",
			       ret)
		     : NULL;
}

/* The time in a UUIDv7, microseconds UTC. */
static int64_t
made_at(struct uuid id)
{
	int64_t ms = 0;

	for (size_t i = 0; i < 6; i++)
		ms = ms << 8 | id.bytes[i];
	return ms * MICROSECONDS_PER_MS;
}

/* What ROW of the chain says of LINE. */
static struct err *
chained_check(struct ctx *ctx, const struct witness_line *line,
	const struct audit_row *row, struct audit_fault *ret)
{
	struct audit_check check = { .ctx = ctx, .link = { .seq = row->seq - 1 } };

	if (!audit_hash_from(row->previous_hash, &check.link.hash))
		return fault_of(ctx, line->id, "follows no hash", ret);
	TRY(audit_check_row(&check, row, ret));
	if (str_is_none(ret->what) &&
		!audit_hash_eq(&check.mac, audit_hash_str(&line->mac)))
		return fault_of(ctx, line->id,
			"stands in the chain, but says something else than what was "
			"written",
			ret);
	return NULL;
}

static struct err *
waiting_check(struct ctx *ctx, const struct witness_line *line,
	const struct audit_waiting *row, struct audit_fault *ret)
{
	TRY(audit_check_waiting(ctx, row, ret));
	if (str_is_none(ret->what) && !audit_hash_eq(&line->mac, row->mac))
		return fault_of(ctx, line->id,
			"in audit_pending says something else than what was written",
			ret);
	return NULL;
}

struct err *
audit_recall_line(struct tx *tx, const struct witness_line *line,
	const struct audit_cut *cut, struct audit_fault *ret,
	enum recall_state *ret_state)
{
	struct audit_id id = { line->id };
	struct audit_waiting waiting;
	struct audit_row row;
	bool found;

	*ret = (struct audit_fault){ .seq = 0 };
	/* In this order, which is the way that entries go. */
	TRY(q_audit_waiting_find(tx, id, &waiting, &found));
	*ret_state = RECALL_WAITS;
	if (found)
		return waiting_check(tx->ctx, line, &waiting, ret);
	TRY(q_audit_find(tx, id, &row, &found));
	*ret_state = RECALL_CHAINED;
	if (found)
		return chained_check(tx->ctx, line, &row, ret);
	*ret_state = RECALL_PRUNED;
	if (cut->seq > 0 && made_at(line->id) <= cut->entries_until)
		return NULL;
	*ret_state = RECALL_LOST;
	return fault_of(tx->ctx, line->id,
		"was committed and has gone: neither in audit_pending nor in the chain",
		ret);
}
