#include "api/rows.h"

#include "codec/csv.h"
#include "codec/iso_time.h"
#include "codec/json_write.h"
#include "codec/uuid.h"

static void
write_json_value(struct json *json, const struct field *field, const void *at)
{
	switch (field->kind) {
	case FIELD_TEXT:
	case FIELD_OPT_TEXT:
		json_put_text(json, *(const struct str *)at);
		break;
	case FIELD_BOOL:
		json_put_bool(json, *(const bool *)at);
		break;
	case FIELD_OPT_BOOL:
		json_put_opt_bool(json, *(const struct opt_bool *)at);
		break;
	case FIELD_I32:
		json_put_i64(json, *(const int32_t *)at);
		break;
	case FIELD_OPT_I32:
		json_put_opt_i32(json, *(const struct opt_i32 *)at);
		break;
	case FIELD_I64:
		json_put_i64(json, *(const int64_t *)at);
		break;
	case FIELD_FIXED:
		json_put_fixed(json, *(const double *)at, FIELD_DECIMALS);
		break;
	case FIELD_OPT_FIXED:
		json_put_opt_fixed(json, *(const struct opt_f64 *)at, FIELD_DECIMALS);
		break;
	case FIELD_FINE:
		json_put_fixed(json, *(const double *)at, FIELD_FINE_DECIMALS);
		break;
	case FIELD_OPT_FINE:
		json_put_opt_fixed(
			json, *(const struct opt_f64 *)at, FIELD_FINE_DECIMALS);
		break;
	case FIELD_TIME:
		json_put_time(json, *(const int64_t *)at);
		break;
	case FIELD_OPT_TIME:
		json_put_opt_time(json, *(const struct opt_i64 *)at);
		break;
	case FIELD_UUID:
		json_put_uuid(json, *(const struct uuid *)at);
		break;
	case FIELD_TEXTS:
	case FIELD_JSON:
	case FIELD_OPT_JSON:
		json_put_raw(json, *(const struct str *)at);
		break;
	case FIELD_SAID:
		break;
	}
}

void
row_write_json(struct buf *out, const struct row_schema *schema, const void *row)
{
	struct json json = json_begin(out);

	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		char *at = buf_reserve(out, FIELD_KEY_BYTES);

		if (!at)
			return;
		/* All of it, as that many bytes are copied without a loop. */
		memcpy(at, field->key, FIELD_KEY_BYTES);
		if (i == 0)
			*at = '{';
		buf_added(out, field->key_len);
		json.needs_comma = false;
		write_json_value(&json, field, (const char *)row + field->offset);
	}
	buf_put_char(out, '}');
}

const struct row_schema *
row_schema_say(struct arena *arena, const struct row_schema *schema, const void *row)
{
	struct row_schema *ret = arena_alloc(arena, sizeof(*ret));
	struct field *fields = arena_alloc(arena, schema->field_count * sizeof(*fields));

	if (!ret || !fields)
		return schema;
	memcpy(fields, schema->fields, schema->field_count * sizeof(*fields));
	for (size_t i = 0; i < schema->field_count; i++) {
		struct field *field = &fields[i];
		struct buf key;
		struct json json = json_begin(&key);

		if (!field->is_same)
			continue;
		buf_init_fixed(&key, field->key, sizeof(field->key));
		buf_added(&key, field->key_len);
		write_json_value(&json, field, (const char *)row + field->offset);
		/* What is too long is written row by row, behind its key as it was. */
		if (buf_is_cut(&key))
			continue;
		field->kind = FIELD_SAID;
		field->key_len = (uint8_t)key.len;
	}
	*ret = *schema;
	ret->fields = fields;
	return ret;
}

static void
write_csv_time(struct csv *csv, int64_t time_us)
{
	char storage[ISO_TIME_LEN_MAX + 1];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	iso_time_format(&text, time_us);
	csv_put_text(csv, buf_str(&text));
}

static void
write_csv_uuid(struct csv *csv, struct uuid uuid)
{
	char storage[UUID_TEXT_LEN + 1];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	uuid_format(&text, uuid);
	csv_put_text(csv, buf_str(&text));
}

static void
write_csv_optional(struct csv *csv, const struct field *field, const void *at)
{
	const struct opt_bool *boolean = at;
	const struct opt_i32 *i32 = at;
	const struct opt_f64 *f64 = at;
	const struct opt_i64 *time_us = at;

	if (field->kind == FIELD_OPT_BOOL && boolean->is_set)
		csv_put_text(csv, boolean->value ? STR("true") : STR("false"));
	else if (field->kind == FIELD_OPT_I32 && i32->is_set)
		csv_put_i64(csv, i32->value);
	else if (field->kind == FIELD_OPT_FIXED && f64->is_set)
		csv_put_fixed(csv, f64->value, FIELD_DECIMALS);
	else if (field->kind == FIELD_OPT_FINE && f64->is_set)
		csv_put_fixed(csv, f64->value, FIELD_FINE_DECIMALS);
	else if (field->kind == FIELD_OPT_TIME && time_us->is_set)
		write_csv_time(csv, time_us->value);
	else
		csv_put_text(csv, STR_NONE);
}

static void
write_csv_value(struct csv *csv, const struct field *field, const void *at)
{
	switch (field->kind) {
	case FIELD_TEXT:
	case FIELD_OPT_TEXT:
	case FIELD_TEXTS:
	case FIELD_JSON:
	case FIELD_OPT_JSON:
		csv_put_said(csv, *(const struct str *)at);
		break;
	case FIELD_BOOL:
		csv_put_text(csv, *(const bool *)at ? STR("true") : STR("false"));
		break;
	case FIELD_I32:
		csv_put_i64(csv, *(const int32_t *)at);
		break;
	case FIELD_I64:
		csv_put_i64(csv, *(const int64_t *)at);
		break;
	case FIELD_FIXED:
		csv_put_fixed(csv, *(const double *)at, FIELD_DECIMALS);
		break;
	case FIELD_FINE:
		csv_put_fixed(csv, *(const double *)at, FIELD_FINE_DECIMALS);
		break;
	case FIELD_TIME:
		write_csv_time(csv, *(const int64_t *)at);
		break;
	case FIELD_UUID:
		write_csv_uuid(csv, *(const struct uuid *)at);
		break;
	case FIELD_OPT_BOOL:
	case FIELD_OPT_I32:
	case FIELD_OPT_FIXED:
	case FIELD_OPT_FINE:
	case FIELD_OPT_TIME:
		write_csv_optional(csv, field, at);
		break;
	case FIELD_SAID:
		break;
	}
}

void
rows_write_csv_head(struct buf *out, const struct row_schema *schema)
{
	struct csv csv = csv_begin(out);

	for (size_t i = 0; i < schema->field_count; i++)
		csv_put_text(&csv, schema->fields[i].name);
	csv_put_row_end(&csv);
}

void
rows_write_csv(
	struct buf *out, const struct row_schema *schema, const void *rows, size_t count)
{
	struct csv csv = csv_begin(out);

	for (size_t i = 0; i < count; i++) {
		const char *row = (const char *)rows + i * schema->row_size;

		for (size_t j = 0; j < schema->field_count; j++)
			write_csv_value(
				&csv, &schema->fields[j], row + schema->fields[j].offset);
		csv_put_row_end(&csv);
	}
}

/* {"type": …, "format": …, "description": …} */
static void
write_field_schema(struct json *json, const struct field *field)
{
	static const struct {
		const char *type;
		const char *format;
		bool is_nullable;
	} kinds[] = {
#define X(kind, c_type, json_type, format_, is_nullable_)                               \
	[FIELD_##kind] = {                                                              \
		.type = (json_type), .format = (format_), .is_nullable = (is_nullable_) \
	},
		FIELD_KINDS(X)
#undef X
	};

	json_put_object(json);
	json_put_key(json, STR("type"));
	if (kinds[field->kind].is_nullable) {
		json_put_array(json);
		json_put_text(json, str_from(kinds[field->kind].type));
		json_put_text(json, STR("null"));
		json_put_array_end(json);
	} else {
		json_put_text(json, str_from(kinds[field->kind].type));
	}
	if (kinds[field->kind].format) {
		json_put_key(json, STR("format"));
		json_put_text(json, str_from(kinds[field->kind].format));
	}
	if (field->kind == FIELD_TEXTS) {
		json_put_key(json, STR("items"));
		json_put_raw(json, STR("{\"type\":\"string\"}"));
	}
	json_put_key(json, STR("description"));
	json_put_text(json, str_from(field->about));
	json_put_object_end(json);
}

void
row_write_schema(struct buf *out, const struct row_schema *schema)
{
	struct json json = json_begin(out);

	json_put_object(&json);
	json_put_key(&json, STR("type"));
	json_put_text(&json, STR("object"));
	json_put_key(&json, STR("description"));
	json_put_text(&json, str_from(schema->about));
	json_put_key(&json, STR("properties"));
	json_put_object(&json);
	for (size_t i = 0; i < schema->field_count; i++) {
		json_put_key(&json, schema->fields[i].name);
		write_field_schema(&json, &schema->fields[i]);
	}
	json_put_object_end(&json);
	json_put_key(&json, STR("required"));
	json_put_array(&json);
	for (size_t i = 0; i < schema->field_count - schema->optional_count; i++)
		json_put_text(&json, schema->fields[i].name);
	json_put_array_end(&json);
	json_put_object_end(&json);
}
