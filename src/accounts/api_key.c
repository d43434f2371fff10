#include "accounts/api_key.h"

#include "accounts/api_keys_q.h"
#include "accounts/caller.h"
#include "accounts/users_q.h"
#include "audit/audit.h"
#include "codec/iso_time.h"
#include "codec/json_write.h"
#include "codec/uuid.h"
#include "crypto/token.h"
#include "mail/mail.h"
#include "sys/random.h"

enum {
	SCOPES_BYTES_MAX = 512,
};

static struct err *
scopes_new(struct ctx *ctx, uint32_t scopes, struct str *ret)
{
	struct buf text;
	struct json json;

	buf_init(&text, ctx->arena, SCOPES_BYTES_MAX);
	json = json_begin(&text);
	json_put_array(&json);
	for (int scope = 0; scope < SCOPE_COUNT; scope++) {
		if (scopes >> scope & 1)
			json_put_text(&json, scope_name((enum scope)scope));
	}
	json_put_array_end(&json);
	if (buf_is_cut(&text))
		return err_no_memory();
	*ret = buf_str(&text);
	return NULL;
}

/* The audit log names a key by its id and says what it may do. */
static struct err *
record(struct tx *tx, enum audit_action action, struct api_key_id id, struct str scopes)
{
	char storage[UUID_TEXT_LEN];
	struct str details = STR_NONE;
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	uuid_format(&text, id.uuid);
	if (!str_is_none(scopes))
		details = str_fmt(
			tx->ctx->arena, "{\"scopes\":" STR_FMT "}", STR_ARG(scopes));
	return audit_log(tx,
		&(struct audit_entry){ .action = action,
			.resource_type = STR("api_key"),
			.resource_id = buf_str(&text),
			.details = details });
}

/* Word to the owner of EMAIL: it may have been somebody else. */
static struct err *
tell(struct tx *tx, const char *change, struct str email, const struct told_key *key)
{
	return mail_put(tx,
		&(struct mail){
			.kind = MAIL_API_KEY,
			.recipient = email,
			.user_id = tx->ctx->actor.user_id,
			.change = str_from(change),
			.key_name = key->name,
			.key_prefix = key->prefix,
			.happened_at = tx->ctx->now,
			.ip_address = tx->ctx->remote_address,
		});
}

struct creating {
	struct api_key row;
	uint8_t hash[SHA256_BYTES];
};

static struct err *
create_in_tx(struct tx *tx, const struct user_password *known, void *arg)
{
	const struct creating *creating = arg;
	const struct api_key *row = &creating->row;
	struct user_id user = tx->ctx->actor.user_id;
	int64_t count;

	TRY(api_keys_count(tx, user, &count));
	if (count >= API_KEYS_MAX)
		return err_new(tx->ctx, ERR_CONFLICT,
			"there are %d API keys already; take one back first",
			API_KEYS_MAX);
	TRY(q_api_key_insert(tx,
		(struct api_key_insert){ .actor = user,
			.id = row->id,
			.name = row->name,
			.prefix = row->prefix,
			.key_hash = { (const char *)creating->hash,
				sizeof(creating->hash) },
			.scopes = row->scopes,
			.expires_at = row->expires_at.value,
			.now = row->created_at }));
	TRY(tell(tx, "An API key was made", known->email,
		&(struct told_key){ .name = row->name, .prefix = row->prefix }));
	return record(tx, AUDIT_API_KEY_CREATE, row->id, row->scopes);
}

struct err *
api_key_create(struct ctx *ctx, const struct api_key_new *key, struct api_key *ret,
	struct str *ret_text)
{
	struct creating creating = {
		.row = {
			.id = { uuid_v7(ctx->now) },
			.name = key->name,
			.created_at = ctx->now,
			.expires_at = OPT(ctx->now + key->days * MICROSECONDS_PER_DAY),
		},
	};
	struct str text;

	TRY(scopes_new(ctx, key->scopes, &creating.row.scopes));
	TRY(token_new(ctx->arena, STR(TOKEN_API_KEY), &text));
	token_hash(text, creating.hash);
	creating.row.prefix = str_slice(text, 0, API_KEY_SHOWN_LEN);
	TRY(proof_transact(ctx, &key->proof, create_in_tx, &creating));
	*ret = creating.row;
	*ret_text = text;
	return NULL;
}

static struct err *
revoke_in_tx(struct tx *tx, void *arg)
{
	const struct api_key_id *id = arg;
	struct user_password user;
	struct told_key key;
	bool found;

	TRY(q_api_key_revoke(tx,
		(struct api_key_revoke){
			.actor = tx->ctx->actor.user_id, .id = *id, .now = tx->ctx->now },
		&key, &found));
	if (!found)
		return err_new(tx->ctx, ERR_NOT_FOUND, "no such API key");
	TRY(q_user_password_get(tx, tx->ctx->actor.user_id, &user));
	TRY(tell(tx, "An API key was taken back", user.email, &key));
	return record(tx, AUDIT_API_KEY_REVOKE, *id, STR_NONE);
}

struct err *
api_key_revoke(struct ctx *ctx, struct api_key_id id)
{
	return db_transact(
		ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), revoke_in_tx, &id);
}

struct err *
api_key_revoke_all(struct tx *tx, struct user_id user, int64_t *ret)
{
	return q_api_key_revoke_all(tx, user, tx->ctx->now, ret);
}

struct err *
api_keys_count(struct tx *tx, struct user_id user, int64_t *ret)
{
	struct api_key_count count;

	TRY(q_api_key_count(tx, user, tx->ctx->now, &count));
	*ret = count.live;
	return NULL;
}
