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
	struct uuid last; /* of this page: the function may run twice */
	int64_t users;
	int64_t resealed;
};

/* FIELD sealed again in RET; absent where it need not be. */
static struct err *
reseal_field(struct ctx *ctx, struct user_id user, const char *column, struct str field,
	struct str *ret)
{
	struct seal_place place = {
		.table = "users", .column = column, .row = user.uuid
	};
	struct str plain;

	*ret = STR_NONE;
	if (str_is_none(field) || !seal_is_stale(ctx, field))
		return NULL;
	TRY(unseal(ctx, &place, field, &plain));
	return seal(ctx, &place, plain, ret);
}

static struct err *
reseal_users(struct tx *tx, const struct sealed_user_list *list, int64_t *ret)
{
	struct reseal_totp_secret secrets[PAGE_USERS];
	struct reseal_personal_key keys[PAGE_USERS];
	size_t secret_count = 0, key_count = 0;
	int64_t changed_secrets = 0, changed_keys = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct sealed_user *user = &list->items[i];
		struct str secret, key;

		TRY(reseal_field(
			tx->ctx, user->id, "totp_secret", user->totp_secret, &secret));
		TRY(reseal_field(
			tx->ctx, user->id, "personal_key", user->personal_key, &key));
		if (!str_is_none(secret))
			secrets[secret_count++] = (struct reseal_totp_secret){
				.id = user->id,
				.old_value = user->totp_secret,
				.new_value = secret
			};
		if (!str_is_none(key))
			keys[key_count++] = (struct reseal_personal_key){ .id = user->id,
				.old_value = user->personal_key,
				.new_value = key };
	}
	if (secret_count)
		TRY(q_reseal_totp_secret(tx, secrets, secret_count, &changed_secrets));
	if (key_count)
		TRY(q_reseal_personal_key(tx, keys, key_count, &changed_keys));
	*ret = changed_secrets + changed_keys;
	return NULL;
}

static struct err *
page_in_tx(struct tx *tx, void *arg)
{
	struct page *page = arg;
	struct sealed_user_list list;

	TRY(q_sealed_user_list(tx, page->after, &list));
	page->users = (int64_t)list.count;
	page->resealed = 0;
	if (list.count == 0)
		return NULL;
	page->last = list.items[list.count - 1].id.uuid;
	return reseal_users(tx, &list, &page->resealed);
}

struct err *
reseal_all(struct ctx *ctx, reseal_progress_fn progress, void *arg, int64_t *ret)
{
	struct page page = { .users = PAGE_USERS };
	int64_t done = 0, resealed = 0;

	while (page.users == PAGE_USERS) {
		struct arena_mark mark = arena_mark(ctx->arena);

		TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, page_in_tx, &page));
		arena_rewind(ctx->arena, mark);
		page.after = page.last;
		done += page.users;
		resealed += page.resealed;
		progress(arg, done);
	}
	*ret = resealed;
	return NULL;
}

/* --- What still needs a key */

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
