#include "accounts/export.h"

#include <assert.h>

#include "accounts/export_q.h"
#include "audit/audit.h"
#include "audit/chainer.h"
#include "audit/personal.h"
#include "codec/json_write.h"

enum {
	PAGE_ROWS = 100, /* the LIMIT of the queries */
	PAGE_BYTES_MAX = 2 << 20,
	KEY_BYTES_MAX = 255, /* of a text that rows are in the order of */
	RATE_DECIMALS = 4,
};

/* In the order of the migrations. The queries are run by what their headers say of them,
 * not by their functions, as every table is written alike. */
#define TABLE(table)                                                      \
	{                                                                 \
		.name = STR_INIT(#table), .query = &query_export_##table, \
	}
const struct export_table export_tables[] = {
	TABLE(users),
	TABLE(user_sessions),
	TABLE(email_verifications),
	TABLE(password_resets),
	TABLE(account_changes),
	TABLE(api_keys),
	TABLE(mfa_recovery_codes),
	TABLE(admin_users),
	{
		.name = STR_INIT("audit_logs"),
		.query = &query_export_audit_logs,
		.is_audit = true,
	},
	{
		.name = STR_INIT("audit_logs"),
		.query = &query_export_audit_logs_about,
		.is_audit = true,
		.is_by_others = true,
	},
	TABLE(subscriptions),
	TABLE(payments),
	TABLE(free_access_grants),
	TABLE(invitations),
	TABLE(promotion_uses),
	TABLE(webhook_events),
	TABLE(affiliates),
	TABLE(referrals),
	TABLE(affiliate_payouts),
	TABLE(commission_entries),
	TABLE(predictions),
	TABLE(user_prediction_access),
	TABLE(picks),
	TABLE(leagues),
	TABLE(league_members),
	TABLE(league_standings),
	TABLE(outbox),
	TABLE(idempotency_keys),
	TABLE(directory),
};
const size_t export_table_count = COUNT_OF(export_tables);

struct page {
	struct ctx *ctx;
	const struct export_table *table;
	const struct query *query;
	const struct audit_reader *reader;
	struct json json;
	size_t rows;
	/* Where the last row stands in the order of the query: its first column. */
	struct value last;
	char last_text[KEY_BYTES_MAX];
};

static void
put_value(struct json *json, enum db_type type, const struct value *value)
{
	if (value->is_null) {
		json_put_null(json);
		return;
	}
	switch (type) {
	case DB_BOOL:
		json_put_bool(json, value->boolean);
		break;
	case DB_I32:
	case DB_I64:
		json_put_i64(json, value->i64);
		break;
	case DB_RATE:
		json_put_fixed(json, (double)value->i64 / 10000, RATE_DECIMALS);
		break;
	case DB_F64:
		json_put_f64(json, value->f64);
		break;
	case DB_TEXT:
		json_put_text(json, value->text);
		break;
	case DB_JSON:
		json_put_raw(json, value->text);
		break;
	case DB_TIME:
		json_put_time(json, value->i64);
		break;
	case DB_UUID:
		json_put_uuid(json, value->uuid);
		break;
	case DB_BYTES: /* opened by open_entry; the test sees that there are no others */
		json_put_text(json, value->text);
		break;
	}
}

static void
remember_last(struct page *page, const struct value *key)
{
	page->last = *key;
	if (page->query->column_types[0] == DB_UUID)
		return;
	page->last.text = str_slice(key->text, 0, KEY_BYTES_MAX);
	memcpy(page->last_text, page->last.text.ptr, page->last.text.len);
	page->last.text.ptr = page->last_text;
}

static struct value *
column_of(const struct query *query, struct value *columns, const char *name)
{
	size_t i = 0;

	while (strcmp(query->column_names[i], name) != 0) {
		i++;
		assert(i < query->column_count);
	}
	return &columns[i];
}

static void
fill(struct value *column, struct str text)
{
	if (!column->is_null && column->text.len > 0 && str_is_none(text))
		return; /* rows of other systems have it in the open */
	*column = (struct value){ .is_null = str_is_none(text), .text = text };
}

/* An entry of the audit log with what is sealed in it for the user. */
static struct err *
open_entry(const struct page *page, struct value *columns, bool *ret_is_damaged)
{
	const struct query *query = page->query;
	struct value *sealed = column_of(query, columns, "personal");
	const struct value *subject = column_of(query, columns, "subject_id");
	struct audit_people people = { .entry = { columns[0].uuid } };
	struct audit_personal personal;

	if (!page->table->is_by_others)
		people.user = page->reader->user;
	if (!subject->is_null)
		people.subject.uuid = subject->uuid;
	TRY(audit_personal_read(page->ctx, page->reader, &people,
		sealed->is_null ? STR("") : sealed->text, &personal));
	*ret_is_damaged = personal.is_damaged;
	fill(column_of(query, columns, "ip_address"), personal.remote_address);
	fill(column_of(query, columns, "user_agent"), personal.user_agent);
	*sealed = (struct value){ .is_null = str_is_none(personal.text),
		.text = personal.text };
	return NULL;
}

static struct err *
put_row(void *arg, const struct value *columns)
{
	struct page *page = arg;
	const struct query *query = page->query;
	struct value shown[UINT8_MAX];
	bool is_damaged = false;

	memcpy(shown, columns, query->column_count * sizeof(*columns));
	if (page->table->is_audit)
		TRY(open_entry(page, shown, &is_damaged));
	json_put_object(&page->json);
	for (size_t i = 0; i < query->column_count; i++) {
		json_put_key(&page->json, str_from(query->column_names[i]));
		put_value(&page->json, query->column_types[i], &shown[i]);
	}
	/* What is missing is told, or the export would look complete. */
	if (is_damaged) {
		json_put_key(&page->json, STR("is_damaged"));
		json_put_bool(&page->json, true);
	}
	json_put_object_end(&page->json);
	page->rows++;
	remember_last(page, &columns[0]);
	return NULL;
}

/* The rows of one query. One whose second argument is there goes on after a row. */
static struct err *
put_table(struct tx *tx, struct page *page, export_write_fn write, void *arg)
{
	const struct query *query = page->query = page->table->query;

	page->last = (struct value){ .is_null = false };
	if (query->column_types[0] != DB_UUID)
		page->last.text = STR("");
	do {
		struct arena_mark mark = arena_mark(tx->ctx->arena);
		struct buf *out = page->json.out;
		struct value params[] = {
			{ .uuid = tx->ctx->actor.user_id.uuid },
			page->last,
		};

		page->rows = 0;
		TRY(query_run(tx, query, params,
			(struct row_sink){ .row = put_row, .arg = page }, NULL));
		if (buf_is_cut(out))
			return err_new(tx->ctx, ERR_TOO_LARGE,
				"a page of the export is too large");
		TRY(write(arg, buf_str(out)));
		buf_clear(out);
		arena_rewind(tx->ctx->arena, mark);
	} while (page->rows == PAGE_ROWS && query->param_count == 2);
	return NULL;
}

struct err *
export_begin(struct ctx *ctx)
{
	if (ctx->audit)
		TRY(audit_settle(ctx, ctx->audit, ctx->actor.user_id));
	return audit_log_alone(ctx, &(struct audit_entry){ .action = AUDIT_EXPORT });
}

struct err *
export_write(struct ctx *ctx, export_write_fn write, void *arg)
{
	struct tx tx = db_auto(ctx, db_shard_of(ctx->actor.user_id));
	struct audit_reader reader;
	struct page page = { .ctx = ctx, .reader = &reader };
	struct str name = STR("");
	struct buf out;

	TRY(audit_reader_open(ctx, ctx->actor.user_id, &reader));
	buf_init(&out, ctx->arena, PAGE_BYTES_MAX);
	if (!buf_reserve(&out, PAGE_BYTES_MAX))
		return err_no_memory();
	page.json = json_begin(&out);
	json_put_object(&page.json);
	json_put_key(&page.json, STR("exported_at"));
	json_put_time(&page.json, ctx->now);
	for (size_t i = 0; i < export_table_count; i++) {
		page.table = &export_tables[i];
		if (!str_eq(page.table->name, name)) {
			if (i > 0)
				json_put_array_end(&page.json);
			json_put_key(&page.json, page.table->name);
			json_put_array(&page.json);
		}
		name = page.table->name;
		TRY(put_table(&tx, &page, write, arg));
	}
	json_put_array_end(&page.json);
	json_put_object_end(&page.json);
	return write(arg, buf_str(&out));
}
