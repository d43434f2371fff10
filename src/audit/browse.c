#include "audit/browse.h"

#include "codec/csv.h"
#include "codec/hex.h"
#include "codec/iso_time.h"
#include "codec/json_write.h"
#include "codec/uuid.h"
#include "db/db.h"

enum {
	PAGE_BYTES_MAX = 64 << 20,
};

struct err *
audit_see(struct ctx *ctx, const struct audit_row *row, struct audit_seen *ret)
{
	struct audit_people people = {
		.entry = row->id, .user = row->user_id, .subject = row->subject_id
	};
	struct audit_seen seen = { .row = row };

	TRY_CTX(audit_personal_open(ctx, &people,
			str_is_none(row->personal) ? STR("") : row->personal,
			&seen.personal),
		"audit row %lld", (long long)row->seq);
	/* Rows of other systems have these in the open. */
	if (str_is_none(seen.personal.remote_address))
		seen.personal.remote_address = row->ip_address;
	if (str_is_none(seen.personal.user_agent))
		seen.personal.user_agent = row->user_agent;
	*ret = seen;
	return NULL;
}

/* --- Lines */

static void
json_text(struct json *json, struct str key, struct str text)
{
	json_put_key(json, key);
	json_put_text(json, text);
}

static void
json_id(struct json *json, struct str key, struct uuid id)
{
	json_put_key(json, key);
	if (uuid_is_nil(id))
		json_put_null(json);
	else
		json_put_uuid(json, id);
}

static void
json_line(struct buf *out, const struct audit_seen *seen, struct str hash)
{
	const struct audit_row *row = seen->row;
	struct json json = json_begin(out);

	json_put_object(&json);
	json_put_key(&json, STR("seq"));
	json_put_i64(&json, row->seq);
	json_put_key(&json, STR("time"));
	json_put_time(&json, row->created_at);
	json_text(&json, STR("actor_kind"), row->actor_kind);
	json_id(&json, STR("user_id"), row->user_id.uuid);
	json_id(&json, STR("subject_id"), row->subject_id.uuid);
	json_text(&json, STR("action"), row->action);
	json_text(&json, STR("outcome"), row->outcome);
	json_text(&json, STR("resource_type"), row->resource_type);
	json_text(&json, STR("resource_id"), row->resource_id);
	json_put_key(&json, STR("details"));
	json_put_raw(&json, row->details);
	json_text(&json, STR("address"), seen->personal.remote_address);
	json_text(&json, STR("agent"), seen->personal.user_agent);
	json_text(&json, STR("personal"), seen->personal.text);
	json_put_key(&json, STR("is_erased"));
	json_put_bool(&json, seen->personal.is_erased);
	json_put_key(&json, STR("is_damaged"));
	json_put_bool(&json, seen->personal.is_damaged);
	json_id(&json, STR("request_id"), row->request_id);
	json_text(&json, STR("hash"), hash);
	json_put_object_end(&json);
	buf_put_char(out, '\n');
}

static void
csv_id(struct csv *csv, struct uuid id)
{
	char storage[UUID_TEXT_LEN];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	if (!uuid_is_nil(id))
		uuid_format(&text, id);
	csv_put_text(csv, buf_str(&text));
}

static void
csv_line(struct buf *out, const struct audit_seen *seen, struct str hash)
{
	const struct audit_row *row = seen->row;
	struct csv csv = csv_begin(out);
	char storage[ISO_TIME_LEN_MAX];
	struct buf time;

	buf_init_fixed(&time, storage, sizeof(storage));
	iso_time_format(&time, row->created_at);
	csv_put_i64(&csv, row->seq);
	csv_put_text(&csv, buf_str(&time));
	csv_put_text(&csv, row->actor_kind);
	csv_id(&csv, row->user_id.uuid);
	csv_id(&csv, row->subject_id.uuid);
	csv_put_text(&csv, row->action);
	csv_put_text(&csv, row->outcome);
	csv_put_said(&csv, row->resource_type);
	csv_put_said(&csv, row->resource_id);
	csv_put_text(&csv, row->details);
	csv_put_said(&csv, seen->personal.remote_address);
	csv_put_said(&csv, seen->personal.user_agent);
	csv_put_said(&csv, seen->personal.text);
	csv_put_text(&csv, seen->personal.is_erased ? STR("true") : STR("false"));
	csv_put_text(&csv, seen->personal.is_damaged ? STR("true") : STR("false"));
	csv_id(&csv, row->request_id);
	csv_put_text(&csv, hash);
	csv_put_row_end(&csv);
}

#define CSV_HEAD                                                                      \
	"seq,time,actor_kind,user_id,subject_id,action,outcome,resource_type,"        \
	"resource_id,details,address,agent,personal,is_erased,is_damaged,request_id," \
	"hash\r\n"

/* --- Pages */

static struct err *
page_format(struct ctx *ctx, const struct audit_row_list *page, enum audit_format format,
	struct str *ret)
{
	struct buf out;

	buf_init(&out, ctx->arena, PAGE_BYTES_MAX);
	for (size_t i = 0; i < page->count; i++) {
		struct audit_seen seen;
		struct buf hash;

		TRY(audit_see(ctx, &page->items[i], &seen));
		buf_init(&hash, ctx->arena, 2 * page->items[i].hash.len + 1);
		hex_encode(&hash, page->items[i].hash);
		if (format == AUDIT_CSV)
			csv_line(&out, &seen, buf_str(&hash));
		else
			json_line(&out, &seen, buf_str(&hash));
	}
	if (buf_is_cut(&out))
		return err_no_memory();
	*ret = buf_str(&out);
	return NULL;
}

static struct audit_page
page_args(const struct audit_filter *filter)
{
	return (struct audit_page){
		.after = filter->first > 0 ? filter->first - 1 : 0,
		.last = filter->last > 0 ? filter->last : INT64_MAX,
		.since = filter->since ? filter->since : INT64_MIN,
		.until = filter->until ? filter->until : INT64_MAX,
		.user = filter->user.uuid,
		.action = filter->action,
	};
}

struct err *
audit_export(struct ctx *ctx, const struct audit_filter *filter, enum audit_format format,
	audit_write_fn write, void *arg, int64_t *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_page args = page_args(filter);
	int64_t count = 0;

	if (format == AUDIT_CSV)
		TRY(write(arg, STR(CSV_HEAD)));
	for (;;) {
		struct arena_mark mark = arena_mark(ctx->arena);
		struct audit_row_list page;
		struct str text;

		TRY(q_audit_page(&tx, args, &page));
		if (!page.count)
			break;
		TRY(page_format(ctx, &page, format, &text));
		TRY(write(arg, text));
		count += (int64_t)page.count;
		args.after = page.items[page.count - 1].seq;
		arena_rewind(ctx->arena, mark);
	}
	*ret = count;
	return NULL;
}
