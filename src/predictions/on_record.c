#include "predictions/on_record.h"

#include "codec/json_write.h"

enum {
	LINES_MOST = 100,
};

/* The details of an entry, being written. */
struct details {
	struct buf text;
	struct json json;
};

/* False where nothing goes on record. */
static bool
begin(struct tx *tx, struct details *details)
{
	if (!tx->ctx->keys)
		return false;
	buf_init(&details->text, tx->ctx->arena, AUDIT_DETAILS_BYTES_MAX);
	details->json = json_begin(&details->text);
	json_put_object(&details->json);
	return true;
}

static struct err *
put(struct tx *tx, struct audit_entry *entry, struct details *details)
{
	json_put_object_end(&details->json);
	entry->details = buf_str(&details->text);
	return buf_is_cut(&details->text) ? err_no_memory() : audit_log(tx, entry);
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
	struct details details;

	if (!begin(tx, &details))
		return NULL;
	put_counts(&details.json, counts, count);
	return put(tx, &entry, &details);
}

struct err *
on_record_models(struct tx *tx, const struct on_record_names *models,
	const struct on_record_count *counts, size_t count)
{
	struct audit_entry entry = { .action = AUDIT_ADMIN_PUBLISH,
		.resource_type = STR("model") };
	struct details details;

	if (!begin(tx, &details))
		return NULL;
	put_counts(&details.json, counts, count);
	if (models->count == 1) {
		entry.resource_id = models->items[0];
	} else {
		json_put_key(&details.json, STR("model_count"));
		json_put_i64(&details.json, (int64_t)models->count);
		put_lines(&details.json, STR("models"), models->items, models->count);
	}
	return put(tx, &entry, &details);
}

struct err *
on_record_games(
	struct tx *tx, enum audit_action action, const struct str *lines, size_t count)
{
	struct audit_entry entry = { .action = action, .resource_type = STR("game") };
	struct details details;

	if (count == 0 || !begin(tx, &details))
		return NULL;
	json_put_key(&details.json, STR("count"));
	json_put_i64(&details.json, (int64_t)count);
	put_lines(&details.json, STR("games"), lines, count);
	return put(tx, &entry, &details);
}
