#include "audit/append.h"

#include "db/db.h"

struct taking {
	const struct audit_waiting **rows;
	size_t count;
};

static struct err *
append_of(const struct audit_waiting *row, struct ctx *ctx, struct audit_link *link,
	struct audit_append *ret)
{
	struct audit_append append = {
		.id = row->id,
		.user_id = row->user_id,
		.subject_id = row->subject_id,
		.actor_kind = row->actor_kind,
		.action = row->action,
		.outcome = row->outcome,
		.resource_type = row->resource_type,
		.resource_id = row->resource_id,
		.details = row->details,
		.personal = row->personal,
		.request_id = row->request_id,
		.commitment = row->commitment,
		.key_id = row->key_id,
		.created_at = row->created_at,
	};
	struct audit_hash *hashes, mac;

	TRY_NEW(ctx->arena, hashes, 2);
	hashes[0] = link->hash;
	/* It was checked: this is the MAC. */
	if (!audit_hash_from(row->mac, &mac))
		return err_new(ctx, ERR_INTERNAL, "a waiting entry has no MAC");
	*link = audit_link_next(audit_secret(ctx, row->key_id), link, &mac);
	hashes[1] = link->hash;
	append.seq = link->seq;
	append.previous_hash = audit_hash_str(&hashes[0]);
	append.hash = audit_hash_str(&hashes[1]);
	*ret = append;
	return NULL;
}

struct err *
audit_chain_end(struct tx *tx, struct audit_link *ret)
{
	struct audit_head head;
	struct audit_cut cut;
	bool found;

	*ret = AUDIT_LINK_NONE;
	TRY(q_audit_head(tx, &head, &found));
	if (!found) {
		TRY(q_audit_cut_newest(tx, &cut, &found));
		if (!found)
			return NULL;
		head = (struct audit_head){ .seq = cut.seq, .hash = cut.hash };
	}
	ret->seq = head.seq;
	return audit_hash_from(head.hash, &ret->hash)
		? NULL
		: err_new(tx->ctx, ERR_INTERNAL, "the chain's end has no hash");
}

static struct err *
take_in_tx(struct tx *tx, void *arg)
{
	const struct taking *taking = arg;
	struct audit_append *appends;
	struct audit_take *takes;
	struct audit_link link;
	int64_t appended, taken;

	TRY_NEW(tx->ctx->arena, appends, taking->count);
	TRY_NEW(tx->ctx->arena, takes, taking->count);
	TRY(audit_chain_end(tx, &link));
	for (size_t i = 0; i < taking->count; i++) {
		TRY(append_of(taking->rows[i], tx->ctx, &link, &appends[i]));
		takes[i].id = taking->rows[i]->id;
	}
	TRY(q_audit_append(tx, appends, taking->count, &appended));
	TRY(q_audit_take(tx, takes, taking->count, &taken));
	if (taken != (int64_t)taking->count)
		return err_new(tx->ctx, ERR_CONFLICT,
			"entries that waited were taken by another");
	return NULL;
}

struct err *
audit_chain_put(struct ctx *ctx, const struct audit_waiting **rows, size_t count)
{
	struct taking taking = { rows, count };

	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, take_in_tx, &taking);
}
