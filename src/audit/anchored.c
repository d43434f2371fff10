#include "audit/anchored.h"

#include "crypto/keyring.h"
#include "db/db.h"

struct err *
anchored_put(
	struct ctx *ctx, const struct audit_hash *file, const struct audit_link *link)
{
	const struct key *key = keyring_current(ctx->keys, KEY_AUDIT, ctx->now);
	struct str secret = { (const char *)key->secret, KEY_BYTES };
	struct audit_hash mac = audit_anchored_mac(
		secret, key_id(key), file, link, ctx->now);
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	int64_t rows;

	return q_audit_anchor_put(&tx,
		(struct audit_anchor_put){
			.file = audit_hash_str(file),
			.seq = link->seq,
			.hash = audit_hash_str(&link->hash),
			.mac = audit_hash_str(&mac),
			.key_id = key_id(key),
			.now = ctx->now,
		},
		&rows);
}

static struct err *
row_check(struct ctx *ctx, const struct audit_anchor *row, struct anchored *ret,
	struct audit_fault *ret_fault)
{
	struct str secret = audit_secret(ctx, row->key_id);
	struct anchored anchored = { .link.seq = row->seq, .at = row->anchored_at };
	struct audit_hash mac;
	bool is_ours = audit_hash_from(row->file, &anchored.file) &&
		audit_hash_from(row->hash, &anchored.link.hash);

	if (str_is_none(secret)) {
		anchored.missing_key = audit_key_named(ctx, row->key_id);
		is_ours = is_ours && !str_is_none(anchored.missing_key);
	} else {
		mac = audit_anchored_mac(secret, row->key_id, &anchored.file,
			&anchored.link, row->anchored_at);
		is_ours = is_ours && audit_hash_eq(&mac, row->mac);
	}
	if (is_ours)
		*ret = anchored;
	else
		ret_fault->what = STR(
			"what audit_anchors remembers of the anchor was altered, or not "
			"written by us: verify --without-anchor");
	return NULL;
}

struct err *
anchored_newest(struct ctx *ctx, struct anchored *ret, struct audit_fault *ret_fault)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_anchor row;
	bool found;

	*ret = (struct anchored){ .at = 0 };
	*ret_fault = (struct audit_fault){ .seq = 0 };
	TRY(q_audit_anchor_newest(&tx, &row, &found));
	return found ? row_check(ctx, &row, ret, ret_fault) : NULL;
}

struct err *
anchored_all(struct ctx *ctx, struct anchored_list *ret, struct audit_fault *ret_fault)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_anchor_list rows;

	*ret = (struct anchored_list){ .count = 0 };
	*ret_fault = (struct audit_fault){ .seq = 0 };
	TRY(q_audit_anchor_list(&tx, &rows));
	TRY_NEW(ctx->arena, ret->items, rows.count);
	for (size_t i = 0; i < rows.count && str_is_none(ret_fault->what); i++)
		TRY(row_check(ctx, &rows.items[i], &ret->items[ret->count++], ret_fault));
	return NULL;
}
