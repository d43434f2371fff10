/* The signed-in user's API keys. */
#include "accounts/api_key.h"
#include "accounts/api_keys_q.h"
#include "accounts/caller.h"
#include "api/auth_api.h"
#include "api/route.h"
#include "api/schemas.h"
#include "codec/uuid.h"

static const struct field api_key_fields[] = {
	FIELD_AS("id", struct api_key, id.uuid, UUID, "the key's own id"),
	FIELD(struct api_key, name, TEXT, "as its user calls it"),
	FIELD(struct api_key, prefix, TEXT, "its first characters, to tell keys apart"),
	FIELD(struct api_key, scopes, TEXTS, "what it may do"),
	FIELD(struct api_key, created_at, TIME, ""),
	FIELD(struct api_key, expires_at, OPT_TIME, "when it ends"),
	FIELD(struct api_key, last_used_at, OPT_TIME, "within five minutes; null: never"),
	FIELD(struct api_key, last_used_ip, OPT_TEXT, "from which address"),
};
const struct row_schema api_key_schema = ROW_SCHEMA(
	"api_key", struct api_key, api_key_fields, "A key for the user's programs");

struct new_key_row {
	struct api_key row;
	struct str key;
};

static const struct field new_key_fields[] = {
	FIELD_AS("id", struct new_key_row, row.id.uuid, UUID, "the key's own id"),
	FIELD(struct new_key_row, key, TEXT, "the key itself, shown this once"),
	FIELD_AS("name", struct new_key_row, row.name, TEXT, "as its user calls it"),
	FIELD_AS("prefix", struct new_key_row, row.prefix, TEXT,
		"its first characters, to tell keys apart"),
	FIELD_AS("scopes", struct new_key_row, row.scopes, TEXTS, "what it may do"),
	FIELD_AS("created_at", struct new_key_row, row.created_at, TIME, ""),
	FIELD_AS("expires_at", struct new_key_row, row.expires_at, OPT_TIME,
		"when it ends"),
};
const struct row_schema new_api_key_schema = ROW_SCHEMA("new_api_key", struct new_key_row,
	new_key_fields, "A new key for the user's programs");

struct answer
api_key_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, db_shard_of(rq->caller.user_id));
	struct api_key_list list;

	ANSWER_ERR(q_api_key_list(&tx, rq->caller.user_id, rq->ctx->now, &list));
	return answer_rows(rq,
		&(struct page){ .schema = &api_key_schema,
			.rows = list.items,
			.count = list.count });
}

static uint32_t
scopes_of(const struct words *words)
{
	uint32_t ret = 0;

	for (size_t i = 0; i < words->count; i++) {
		for (int scope = 0; scope < SCOPE_COUNT; scope++) {
			if (str_eq(words->items[i], scope_name((enum scope)scope)))
				ret |= 1u << scope;
		}
	}
	return ret;
}

struct answer
api_key_make(struct request *rq)
{
	const struct api_key_body *in = BODY_OF(rq, api_key);
	struct api_key_new key = {
		.name = in->name,
		.scopes = scopes_of(&in->scopes),
		.days = in->days.is_set ? in->days.value : API_KEY_DAYS_DEFAULT,
		.proof = { .password = in->password, .code = in->code },
	};
	struct new_key_row row;

	ANSWER_ERR(api_key_create(rq->ctx, &key, &row.row, &row.key));
	return answer_secret(rq, &new_api_key_schema, &row);
}

struct answer
api_key_end(struct request *rq)
{
	struct api_key_id id;

	if (!uuid_parse(rq->path_params[0], &id.uuid))
		return answer_problem(err_new(rq->ctx, ERR_NOT_FOUND, "no such API key"));
	ANSWER_ERR(api_key_revoke(rq->ctx, id));
	return answer_empty(204);
}
