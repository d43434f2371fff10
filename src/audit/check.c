#include "audit/check.h"

#include "base/ctx.h"
#include "codec/hex.h"
#include "codec/uuid.h"
#include "crypto/keyring.h"

struct str
audit_secret(const struct ctx *ctx, struct str id)
{
	const struct key *key = keyring_find(ctx->keys, KEY_AUDIT, id, ctx->now);

	return key ? (struct str){ (const char *)key->secret, KEY_BYTES } : STR_NONE;
}

struct str
audit_fault_text(struct arena *arena, const struct audit_fault *fault)
{
	if (!fault->seq)
		return fault->what;
	return str_fmt(
		arena, "row %lld " STR_FMT, (long long)fault->seq, STR_ARG(fault->what));
}

static struct audit_fault
fault_at(struct ctx *ctx, int64_t seq, const char *what)
{
	return (struct audit_fault){ .seq = seq,
		.what = str_fmt(ctx->arena, "%s", what) };
}

bool
audit_is_key_id(struct str id)
{
	char bytes[KEY_ID_BYTES];
	struct buf decoded;

	buf_init_fixed(&decoded, bytes, sizeof(bytes));
	return id.len == KEY_ID_LEN && hex_decode(&decoded, id);
}

struct str
audit_key_named(struct ctx *ctx, struct str id)
{
	return audit_is_key_id(id) ? str_dup(ctx->arena, id) : STR_NONE;
}

static struct audit_fault
key_missing(struct ctx *ctx, int64_t seq, struct str id)
{
	return (struct audit_fault){ .seq = seq,
		.what = str_fmt(ctx->arena, KEY_MISSING_FMT, STR_ARG(id)),
		.missing_key = audit_key_named(ctx, id) };
}

static struct err *
fault_return(struct audit_fault fault, struct audit_fault *ret)
{
	if (str_is_none(fault.what))
		return err_no_memory();
	*ret = fault;
	return NULL;
}

/* Of a row that waits, or stands in the chain. */
#define FIELDS_OF(row)                                                         \
	.id = (row)->id.uuid, .user_id = (row)->user_id.uuid,                  \
	.subject_id = (row)->subject_id.uuid, .request_id = (row)->request_id, \
	.actor_kind = (row)->actor_kind, .action = (row)->action,              \
	.outcome = (row)->outcome, .resource_type = (row)->resource_type,      \
	.resource_id = (row)->resource_id, .details = (row)->details,          \
	.personal = (row)->personal, .key_id = (row)->key_id,                  \
	.created_at = (row)->created_at

/* Nobody can tell whether ROW was altered; where it stands can be told. */
static struct err *
row_pass(struct audit_check *check, const struct audit_row *row, struct audit_fault *ret)
{
	struct audit_link next = { .seq = row->seq };

	TRY(fault_return(key_missing(check->ctx, row->seq, row->key_id), ret));
	if (!str_is_none(ret->missing_key) && audit_hash_from(row->hash, &next.hash))
		check->link = next;
	else
		ret->missing_key = STR_NONE;
	return NULL;
}

struct err *
audit_check_row(
	struct audit_check *check, const struct audit_row *row, struct audit_fault *ret)
{
	struct ctx *ctx = check->ctx;
	struct audit_fields fields = { FIELDS_OF(row), .ip_address = row->ip_address,
		.user_agent = row->user_agent };
	struct str secret = audit_secret(ctx, row->key_id);
	struct audit_hash commitment, mac;
	struct audit_link next;

	if (row->seq != check->link.seq + 1)
		return fault_return((struct audit_fault){ .seq = check->link.seq + 1,
					    .what = str_fmt(ctx->arena,
						    "is missing: the next row is %lld",
						    (long long)row->seq) },
			ret);
	if (!audit_hash_eq(&check->link.hash, row->previous_hash))
		return fault_return(fault_at(ctx, row->seq,
					    "does not follow the row before it: its "
					    "previous hash is another"),
			ret);
	if (str_is_none(secret))
		return row_pass(check, row, ret);
	TRY(audit_commitment(ctx->arena, secret, &fields, &commitment));
	if (!audit_hash_eq(&commitment, row->commitment))
		return fault_return(
			fault_at(ctx, row->seq, "was altered in what is personal"), ret);
	TRY(audit_mac(ctx->arena, secret, &fields, row->commitment, &mac));
	next = audit_link_next(secret, &check->link, &mac);
	if (!audit_hash_eq(&next.hash, row->hash))
		return fault_return(fault_at(ctx, row->seq,
					    "was altered: its hash is not that of its "
					    "fields"),
			ret);
	check->link = next;
	check->mac = mac;
	*ret = (struct audit_fault){ .seq = 0 };
	return NULL;
}

static struct err *
waiting_fault(struct ctx *ctx, const struct audit_waiting *row, const char *what,
	struct audit_fault *ret)
{
	char storage[UUID_TEXT_LEN];
	struct buf id;

	buf_init_fixed(&id, storage, sizeof(storage));
	uuid_format(&id, row->id.uuid);
	return fault_return(
		(struct audit_fault){ .what = str_fmt(ctx->arena,
					      "entry " STR_FMT " in audit_pending %s",
					      STR_ARG(buf_str(&id)), what) },
		ret);
}

struct err *
audit_check_waiting(
	struct ctx *ctx, const struct audit_waiting *row, struct audit_fault *ret)
{
	struct str secret = audit_secret(ctx, row->key_id);
	struct audit_fields fields = { FIELDS_OF(row) };
	struct audit_hash commitment, mac;

	if (str_is_none(secret)) {
		TRY(waiting_fault(
			ctx, row, "was signed with a key that the keyring has not", ret));
		ret->missing_key = audit_key_named(ctx, row->key_id);
		return NULL;
	}
	TRY(audit_commitment(ctx->arena, secret, &fields, &commitment));
	TRY(audit_mac(ctx->arena, secret, &fields, row->commitment, &mac));
	if (!audit_hash_eq(&commitment, row->commitment) ||
		!audit_hash_eq(&mac, row->mac))
		return waiting_fault(ctx, row, "was altered, or not written by us", ret);
	*ret = (struct audit_fault){ .seq = 0 };
	return NULL;
}

struct err *
audit_check_cut(struct ctx *ctx, const struct audit_cut *cut, struct audit_fault *ret)
{
	struct str secret = audit_secret(ctx, cut->key_id);
	struct audit_link last = { .seq = cut->seq };
	struct audit_hash mac;

	if (str_is_none(secret))
		return fault_return(key_missing(ctx, cut->seq, cut->key_id), ret);
	if (!audit_hash_from(cut->hash, &last.hash))
		return fault_return(
			fault_at(ctx, cut->seq, "is cut behind without a hash"), ret);
	mac = audit_cut_mac(
		secret, cut->key_id, &last, cut->entries_until, cut->created_at);
	if (!audit_hash_eq(&mac, cut->mac))
		return fault_return(fault_at(ctx, cut->seq,
					    "is said to be the last before a cut, which "
					    "we did not make"),
			ret);
	*ret = (struct audit_fault){ .seq = 0 };
	return NULL;
}
