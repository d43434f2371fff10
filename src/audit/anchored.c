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
	struct audit_link link = { .seq = row->seq };
	struct audit_hash file, mac;

	if (str_is_none(secret)) {
		ret_fault->what = str_fmt(ctx->arena,
			"what audit_anchors remembers of the anchor was signed with key "
			"'" STR_FMT "', which the keyring has not: verify "
			"--without-anchor",
			STR_ARG(row->key_id));
		ret_fault->missing_key = audit_key_named(ctx, row->key_id);
		return str_is_none(ret_fault->what) ? err_no_memory() : NULL;
	}
	if (audit_hash_from(row->file, &file) && audit_hash_from(row->hash, &link.hash)) {
		mac = audit_anchored_mac(
			secret, row->key_id, &file, &link, row->anchored_at);
		if (audit_hash_eq(&mac, row->mac)) {
			*ret = (struct anchored){ file, link, row->anchored_at };
			return NULL;
		}
	}
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
