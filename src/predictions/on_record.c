#include "predictions/on_record.h"

#include "codec/json_write.h"

enum {
	LINES_MOST = 100,
};

static struct err *
put(struct tx *tx, struct audit_entry *entry, const struct buf *details)
{
	entry->details = buf_str(details);
	return buf_is_cut(details) ? err_no_memory() : audit_log(tx, entry);
}

static void
put_counts(struct json *json, const struct on_record_count *counts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		json_put_key(json, str_from(counts[i].name));
		json_put_i64(json, counts[i].count);
	}
}

/* The first of LINES. */
static void
put_lines(struct json *json, struct str key, const struct str *lines, size_t count)
{
	json_put_key(json, key);
	json_put_array(json);
	for (size_t i = 0; i < count && i < LINES_MOST; i++)
		json_put_text(json, lines[i]);
	json_put_array_end(json);
}

struct err *
on_record_counts(struct tx *tx, struct audit_entry entry,
	const struct on_record_count *counts, size_t count)
{
	struct buf out;
	struct json json = json_begin(&out);

	if (!tx->ctx->keys)
		return NULL;
	buf_init(&out, tx->ctx->arena, AUDIT_DETAILS_BYTES_MAX);
	json_put_object(&json);
	put_counts(&json, counts, count);
	json_put_object_end(&json);
	return put(tx, &entry, &out);
}

struct err *
on_record_models(struct tx *tx, const struct on_record_names *models,
	const struct on_record_count *counts, size_t count)
{
	struct audit_entry entry = { .action = AUDIT_ADMIN_PUBLISH,
		.resource_type = STR("model") };
	struct buf out;
	struct json json = json_begin(&out);

	if (!tx->ctx->keys)
		return NULL;
	buf_init(&out, tx->ctx->arena, AUDIT_DETAILS_BYTES_MAX);
	json_put_object(&json);
	put_counts(&json, counts, count);
	if (models->count == 1) {
		entry.resource_id = models->items[0];
	} else {
		json_put_key(&json, STR("model_count"));
		json_put_i64(&json, (int64_t)models->count);
		put_lines(&json, STR("models"), models->items, models->count);
	}
	json_put_object_end(&json);
	return put(tx, &entry, &out);
}

struct err *
on_record_games(
	struct tx *tx, enum audit_action action, const struct str *lines, size_t count)
{
	struct audit_entry entry = { .action = action, .resource_type = STR("game") };
	struct buf out;
	struct json json = json_begin(&out);

	if (!tx->ctx->keys || count == 0)
		return NULL;
	buf_init(&out, tx->ctx->arena, AUDIT_DETAILS_BYTES_MAX);
	json_put_object(&json);
	json_put_key(&json, STR("count"));
	json_put_i64(&json, (int64_t)count);
	put_lines(&json, STR("games"), lines, count);
	json_put_object_end(&json);
	return put(tx, &entry, &out);
}
