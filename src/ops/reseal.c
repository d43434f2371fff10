#include "ops/reseal.h"

#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/seal.h"
#include "ops/reseal_q.h"

enum {
	PAGE_USERS = 200, /* the LIMIT of the query */
	HEAD_BYTES = 1 + KEY_ID_BYTES,
	HEAD_BASE64_LEN = HEAD_BYTES / 3 * 4, /* nine bytes: no rest */
};

struct err *
reseal_count(struct ctx *ctx, int64_t *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct sealed_count count;

	TRY(q_sealed_user_count(&tx, &count));
	*ret = count.total;
	return NULL;
}

/* One page of users, and how far it went. */
struct page {
	struct uuid after;
	bool gives_up;
	struct uuid last; /* of this page: the function may run twice */
	int64_t users;
	struct resealed resealed;
};

/* FIELD sealed again in RET; absent where it need not be, or cannot be opened. */
static struct err *
reseal_field(struct ctx *ctx, const struct seal_place *place, struct str field,
	struct str *ret, bool *ret_is_lost)
{
	struct str plain;
	struct err *err;

	*ret = STR_NONE;
	*ret_is_lost = false;
	if (str_is_none(field) || !seal_is_stale(ctx, field))
		return NULL;
	err = unseal(ctx, place, field, &plain);
	*ret_is_lost = seal_is_lost(err);
	if (err)
		return *ret_is_lost ? NULL : err;
	return seal(ctx, place, plain, ret);
}

/* The changes that a page makes. */
struct changes {
	struct reseal_totp_secret secrets[PAGE_USERS];
	struct reseal_personal_key keys[PAGE_USERS];
	struct reseal_give_up given_up[PAGE_USERS];
	size_t secret_count;
	size_t key_count;
	size_t given_up_count;
};

static struct err *
changes_take(struct ctx *ctx, const struct sealed_user *user, struct page *page,
	struct changes *changes)
{
	struct seal_place secret_place = {
		.table = "users", .column = "totp_secret", .row = user->id.uuid
	};
	struct seal_place key_place = {
		.table = "users", .column = "personal_key", .row = user->id.uuid
	};
	bool is_secret_lost, is_key_lost;
	struct str secret, key;

	TRY(reseal_field(
		ctx, &secret_place, user->totp_secret, &secret, &is_secret_lost));
	TRY(reseal_field(ctx, &key_place, user->personal_key, &key, &is_key_lost));
	page->resealed.lost_factors += is_secret_lost;
	page->resealed.lost_keys += is_key_lost;
	if (!str_is_none(secret))
		changes->secrets[changes->secret_count++] = (struct reseal_totp_secret){
			.id = user->id,
			.old_value = user->totp_secret,
			.new_value = secret
		};
	if (!str_is_none(key))
		changes->keys[changes->key_count++] = (struct reseal_personal_key){
			.id = user->id, .old_value = user->personal_key, .new_value = key
		};
	if (is_key_lost && page->gives_up)
		changes->given_up[changes->given_up_count++] = (struct reseal_give_up){
			.id = user->id, .old_value = user->personal_key
		};
	return NULL;
}

static struct err *
reseal_users(struct tx *tx, const struct sealed_user_list *list, struct page *page)
{
	int64_t secrets = 0, keys = 0;
	struct changes *changes;

	TRY_NEW(tx->ctx->arena, changes, 1);
	for (size_t i = 0; i < list->count; i++)
		TRY(changes_take(tx->ctx, &list->items[i], page, changes));
	if (changes->secret_count)
		TRY(q_reseal_totp_secret(
			tx, changes->secrets, changes->secret_count, &secrets));
	if (changes->key_count)
		TRY(q_reseal_personal_key(tx, changes->keys, changes->key_count, &keys));
	if (changes->given_up_count)
		TRY(q_reseal_give_up(tx, changes->given_up, changes->given_up_count,
			&page->resealed.given_up));
	page->resealed.fields = secrets + keys;
	return NULL;
}

static struct err *
page_in_tx(struct tx *tx, void *arg)
{
	struct page *page = arg;
	struct sealed_user_list list;

	TRY(q_sealed_user_list(tx, page->after, &list));
	page->users = (int64_t)list.count;
	page->resealed = (struct resealed){ .fields = 0 };
	if (list.count == 0)
		return NULL;
	page->last = list.items[list.count - 1].id.uuid;
	return reseal_users(tx, &list, page);
}

struct err *
reseal_all(struct ctx *ctx, const struct reseal_options *options, struct resealed *ret)
{
	struct page page = { .users = PAGE_USERS, .gives_up = options->gives_up };
	struct resealed all = { .fields = 0 };
	int64_t done = 0;

	while (page.users == PAGE_USERS) {
		struct arena_mark mark = arena_mark(ctx->arena);

		TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, page_in_tx, &page));
		arena_rewind(ctx->arena, mark);
		page.after = page.last;
		done += page.users;
		all.fields += page.resealed.fields;
		all.lost_factors += page.resealed.lost_factors;
		all.lost_keys += page.resealed.lost_keys;
		all.given_up += page.resealed.given_up;
		options->progress(options->progress_arg, done);
	}
	*ret = all;
	return NULL;
}

/* --- What still needs a key */

struct err *
reseal_missing(struct ctx *ctx, bool is_sample, struct seal_ids *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct sealed_head_list heads;
	struct seal_ids ids = { .count = 0 };

	TRY(is_sample ? q_sealed_head_sample(&tx, &heads)
		      : q_sealed_head_list(&tx, &heads));
	TRY_NEW(ctx->arena, ids.items, heads.count);
	for (size_t i = 0; i < heads.count; i++) {
		struct str head = heads.items[i].head;
		struct buf id;

		/* What was altered names no key. */
		if (head.len != HEAD_BYTES || head.ptr[0] != SEAL_VERSION)
			continue;
		buf_init(&id, ctx->arena, KEY_ID_LEN);
		hex_encode(&id, str_slice(head, 1, HEAD_BYTES));
		if (buf_is_cut(&id))
			return err_no_memory();
		if (!keyring_find(ctx->keys, KEY_SEAL, buf_str(&id), ctx->now))
			ids.items[ids.count++] = buf_str(&id);
	}
	*ret = ids;
	return NULL;
}

struct err *
reseal_uses(struct ctx *ctx, struct str key_id, struct reseal_uses *ret)
{
	char head_bytes[HEAD_BYTES], base64[HEAD_BASE64_LEN];
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct sealed_count users, sessions, mails, entries, pending;
	struct buf head, coded;
	struct str pattern;

	buf_init_fixed(&head, head_bytes, sizeof(head_bytes));
	buf_put_char(&head, SEAL_VERSION);
	if (!hex_decode(&head, key_id) || head.len != HEAD_BYTES)
		return err_new(ctx, ERR_INVALID, "'" STR_FMT "' is no id of a key",
			STR_ARG(key_id));
	buf_init_fixed(&coded, base64, sizeof(base64));
	base64_encode(&coded, buf_str(&head), BASE64_URL);
	pattern = str_fmt(ctx->arena, "%%\"" STR_FMT "%%", STR_ARG(buf_str(&coded)));
	if (str_is_none(pattern))
		return err_no_memory();
	TRY(q_sealed_in_users(&tx, buf_str(&head), &users));
	TRY(q_sealed_in_sessions(&tx, buf_str(&head), &sessions));
	TRY(q_sealed_in_outbox(&tx, pattern, &mails));
	TRY(q_sealed_in_audit(&tx, buf_str(&head), &entries));
	TRY(q_sealed_in_audit_pending(&tx, buf_str(&head), &pending));
	*ret = (struct reseal_uses){
		.users = users.total,
		.sessions = sessions.total,
		.mails = mails.total,
		.audit_entries = entries.total + pending.total,
	};
	return NULL;
}
