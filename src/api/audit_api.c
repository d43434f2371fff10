/* The audit log, for administrators who may read it. */
#include "api/cursor.h"
#include "api/route.h"
#include "api/schemas.h"
#include "audit/audit.h"
#include "audit/browse.h"
#include "base/num.h"
#include "codec/json_write.h"
#include "codec/uuid.h"
#include "db/db.h"

enum {
	DETAILS_BYTES_MAX = 1024,
};

/* A link as it is shown: ids that may be missing are texts. */
struct audit_shown {
	int64_t seq;
	int64_t created_at;
	struct str actor_kind;
	struct str user_id;
	struct str subject_id;
	struct str action;
	struct str outcome;
	struct str resource_type;
	struct str resource_id;
	struct str details;
	struct str address;
	struct str agent;
	struct str personal;
	bool is_erased;
	bool is_damaged;
	struct str request_id;
};

static const struct field audit_fields[] = {
	FIELD(struct audit_shown, seq, I64, "its number in the chain, without gaps"),
	FIELD(struct audit_shown, created_at, TIME, "when it happened"),
	FIELD(struct audit_shown, actor_kind, TEXT, "user, admin, system or anonymous"),
	FIELD(struct audit_shown, user_id, OPT_TEXT, "who did it"),
	FIELD(struct audit_shown, subject_id, OPT_TEXT,
		"whom it was done to, where that is another"),
	FIELD(struct audit_shown, action, TEXT, "what was done, such as account.sign_in"),
	FIELD(struct audit_shown, outcome, TEXT, "success, refused or failure"),
	FIELD(struct audit_shown, resource_type, OPT_TEXT, "what it was done with"),
	FIELD(struct audit_shown, resource_id, OPT_TEXT, "which of them"),
	FIELD(struct audit_shown, details, JSON, "more of it, nothing personal"),
	FIELD(struct audit_shown, address, OPT_TEXT, "where the request came from"),
	FIELD(struct audit_shown, agent, OPT_TEXT, "the program that asked, as it says"),
	FIELD(struct audit_shown, personal, OPT_TEXT, "what is personal of it"),
	FIELD(struct audit_shown, is_erased, BOOL,
		"whether some of that cannot be read any more, as the person was erased"),
	FIELD(struct audit_shown, is_damaged, BOOL,
		"whether some of that cannot be opened: somebody altered it, or a key is "
		"missing"),
	FIELD(struct audit_shown, request_id, OPT_TEXT, "of the request, as in the logs"),
};
const struct row_schema audit_entry_schema = ROW_SCHEMA("audit_entry", struct audit_shown,
	audit_fields, "What somebody did, as it was put on record");

static struct str
id_text(struct arena *arena, struct uuid id)
{
	struct buf text;

	if (uuid_is_nil(id))
		return STR_NONE;
	buf_init(&text, arena, UUID_TEXT_LEN);
	uuid_format(&text, id);
	return buf_str(&text);
}

static struct err *
shown_of(struct ctx *ctx, const struct audit_row *row, struct audit_shown *ret)
{
	struct audit_seen seen;

	TRY(audit_see(ctx, row, &seen));
	*ret = (struct audit_shown){
		.seq = row->seq,
		.created_at = row->created_at,
		.actor_kind = row->actor_kind,
		.user_id = id_text(ctx->arena, row->user_id.uuid),
		.subject_id = id_text(ctx->arena, row->subject_id.uuid),
		.action = row->action,
		.outcome = row->outcome,
		.resource_type = row->resource_type,
		.resource_id = row->resource_id,
		.details = row->details,
		.address = seen.personal.remote_address,
		.agent = seen.personal.user_agent,
		.personal = seen.personal.text,
		.is_erased = seen.personal.is_erased,
		.is_damaged = seen.personal.is_damaged,
		.request_id = id_text(ctx->arena, row->request_id),
	};
	return NULL;
}

/* --- What is asked for */

static struct err *
cursor_read(struct request *rq, int64_t *ret)
{
	struct text_key key;

	*ret = INT64_MAX;
	TRY(text_cursor_parse(rq, &key));
	if (key.text.len && !num_parse_i64(key.text, 1, INT64_MAX, ret))
		return err_field(rq->ctx, "cursor",
			"cursor is not one that a page gave as its next");
	return NULL;
}

static struct err *
unknown_action(struct ctx *ctx, struct str name)
{
	struct str near = audit_action_nearest(name);

	return err_field(ctx, "action",
		"no action '" STR_FMT "' is put on record; the nearest is " STR_FMT,
		STR_ARG(name), STR_ARG(near));
}

static struct err *
filter_read(struct request *rq, struct audit_newest *ret)
{
	int32_t limit = page_limit(&rq->params);
	struct audit_newest filter = { .action = rq->params.action,
		.outcome = rq->params.outcome,
		.limit_rows = limit + 1 };
	enum audit_action action;

	/* As much may be told of each, which the answer has once more. */
	request_widen(rq, 2 * (size_t)limit * AUDIT_DETAILS_BYTES_MAX);
	TRY(cursor_read(rq, &filter.before));
	if (!str_is_none(rq->params.user) && !uuid_parse(rq->params.user, &filter.user))
		return err_field(rq->ctx, "user", "user must be a user's id");
	if (!str_is_none(filter.action) && !audit_action_parse(filter.action, &action))
		return unknown_action(rq->ctx, filter.action);
	*ret = filter;
	return NULL;
}

/* Who looked at the log is on it. The user whom it was asked for may not exist, and so is
 * named in the details. */
static struct err *
record(struct request *rq, const struct audit_newest *filter)
{
	struct audit_entry entry = { .action = AUDIT_ADMIN_AUDIT_READ,
		.resource_type = STR("audit") };
	struct buf out;
	struct json json = json_begin(&out);

	buf_init(&out, rq->ctx->arena, DETAILS_BYTES_MAX);
	json_put_object(&json);
	json_put_key(&json, STR("user"));
	json_put_text(&json, id_text(rq->ctx->arena, filter->user));
	json_put_key(&json, STR("action"));
	json_put_text(&json, filter->action);
	json_put_object_end(&json);
	entry.details = buf_str(&out);
	return audit_log_alone(rq->ctx, &entry);
}

struct answer
api_audit_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct audit_newest filter = { .before = INT64_MAX };
	struct audit_row_list list;
	struct audit_shown *shown;
	struct page page = { .schema = &audit_entry_schema };

	ANSWER_ERR(filter_read(rq, &filter));
	ANSWER_ERR(q_audit_newest(&tx, filter, &list));
	page.count = list.count;
	if (page_is_full(&rq->params, &page.count))
		ANSWER_ERR(text_cursor_format(rq,
			(struct text_key){
				.text = str_fmt(rq->ctx->arena, "%lld",
					(long long)list.items[page.count - 1].seq) },
			&page.next));
	shown = arena_alloc_array(rq->ctx->arena, page.count + 1, sizeof(*shown));
	if (!shown)
		return answer_problem(err_no_memory());
	for (size_t i = 0; i < page.count; i++)
		ANSWER_ERR(shown_of(rq->ctx, &list.items[i], &shown[i]));
	page.rows = shown;
	ANSWER_ERR(record(rq, &filter));
	return answer_rows(rq, &page);
}
