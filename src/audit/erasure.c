#include "audit/erasure.h"

#include "audit/check.h"
#include "audit/recall.h"
#include "db/db.h"

/* Whether the link of entry ID is ours; each is signed by itself. */
static struct err *
is_ours(struct ctx *ctx, struct audit_id id, bool *ret, int64_t *ret_seq)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_check check = { .ctx = ctx };
	struct audit_fault fault;
	struct audit_row row;
	bool found;

	*ret = false;
	TRY(q_audit_find(&tx, id, &row, &found));
	if (!found || !audit_hash_from(row.previous_hash, &check.link.hash))
		return NULL;
	check.link.seq = row.seq - 1;
	TRY(audit_check_row(&check, &row, &fault));
	*ret = str_is_none(fault.what) || !str_is_none(fault.missing_key);
	*ret_seq = row.seq;
	return NULL;
}

static struct err *
waiting_find(struct ctx *ctx, struct user_id user, bool *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_waiting waiting;
	struct audit_fault fault;

	TRY(q_audit_erasure_waiting(&tx, user, &waiting, ret));
	if (!*ret)
		return NULL;
	TRY(audit_check_waiting(ctx, &waiting, &fault));
	*ret = str_is_none(fault.what) || !str_is_none(fault.missing_key);
	return NULL;
}

struct err *
audit_erasure_find(struct ctx *ctx, struct user_id user, bool *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_on_record entry;
	int64_t seq;
	bool found;

	/* In this order, which is the way that entries go. */
	TRY(waiting_find(ctx, user, ret));
	if (*ret)
		return NULL;
	TRY(q_audit_erasure_find(&tx, user, &entry, &found));
	if (!found)
		TRY(q_audit_loss_find(&tx, user, &entry, &found));
	return found ? is_ours(ctx, entry.id, ret, &seq) : NULL;
}

struct err *
audit_erasure_known(
	struct ctx *ctx, struct user_id user, struct opt_i64 erased_at, bool *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_fault fault;
	struct audit_cut cut;

	*ret = false;
	if (!erased_at.is_set)
		return NULL;
	TRY(audit_erasure_find(ctx, user, ret));
	if (*ret)
		return NULL;
	TRY(audit_recall_cut(&tx, &cut, &fault));
	*ret = cut.seq > 0 && erased_at.value <= cut.entries_until;
	return NULL;
}

struct err *
audit_give_up_seq(struct ctx *ctx, int64_t *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_on_record entry;
	int64_t seq = 0;
	bool found;

	*ret = 0;
	TRY(q_audit_give_up_find(&tx, &entry, &found));
	if (found)
		TRY(is_ours(ctx, entry.id, &found, &seq));
	if (found)
		*ret = seq;
	return NULL;
}
