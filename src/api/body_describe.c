/* A body as JSON Schema, for OpenAPI. */
#include "api/body.h"

#include "codec/json_write.h"

static void
put_limits(struct json *json, const char *low, const char *high,
	const struct body_member *member)
{
	json_put_key(json, str_from(low));
	json_put_i64(json, member->minimum);
	json_put_key(json, str_from(high));
	json_put_i64(json, member->maximum);
}

static void
put_enum(struct json *json, const char *list)
{
	struct str words = str_from(list), word;

	json_put_key(json, STR("enum"));
	json_put_array(json);
	while (str_next(&words, '|', &word))
		if (word.len > 0)
			json_put_text(json, word);
	json_put_array_end(json);
}

static void
put_format(struct json *json, const char *format)
{
	json_put_key(json, STR("format"));
	json_put_text(json, str_from(format));
}

static void
put_member_schema(struct json *json, const struct body_member *member)
{
	static const char *const types[] = {
#define X(kind, json_type) [BODY_KIND_##kind] = (json_type),
		BODY_KINDS(X)
#undef X
	};

	json_put_object(json);
	json_put_key(json, STR("type"));
	if (member->need == BODY_CLEARABLE) {
		json_put_array(json);
		json_put_text(json, str_from(types[member->kind]));
		json_put_text(json, STR("null"));
		json_put_array_end(json);
	} else {
		json_put_text(json, str_from(types[member->kind]));
	}
	switch (member->kind) {
	case BODY_KIND_SECRET:
		put_format(json, "password");
		FALLTHROUGH;
	case BODY_KIND_TEXT:
	case BODY_KIND_LINES:
		put_limits(json, "minLength", "maxLength", member);
		break;
	case BODY_KIND_I32:
	case BODY_KIND_I64:
	case BODY_KIND_SHARE:
		put_limits(json, "minimum", "maximum", member);
		break;
	case BODY_KIND_EMAIL:
		put_format(json, "email");
		break;
	case BODY_KIND_UUID:
		put_format(json, "uuid");
		break;
	case BODY_KIND_TIME:
		put_format(json, "date-time");
		break;
	case BODY_KIND_WORD:
		put_enum(json, member->words);
		break;
	case BODY_KIND_WORDS:
		put_limits(json, "minItems", "maxItems", member);
		json_put_key(json, STR("uniqueItems"));
		json_put_bool(json, true);
		json_put_key(json, STR("items"));
		json_put_object(json);
		put_enum(json, member->words);
		json_put_object_end(json);
		break;
	case BODY_KIND_BOOL:
		break;
	}
	json_put_key(json, STR("description"));
	json_put_text(json, str_from(member->about));
	json_put_object_end(json);
}

void
body_write_schema(struct buf *out, const struct body_schema *schema)
{
	struct json json = json_begin(out);

	json_put_object(&json);
	json_put_key(&json, STR("type"));
	json_put_text(&json, STR("object"));
	json_put_key(&json, STR("description"));
	json_put_text(&json, str_from(schema->about));
	json_put_key(&json, STR("additionalProperties"));
	json_put_bool(&json, false);
	json_put_key(&json, STR("required"));
	json_put_array(&json);
	for (size_t i = 0; i < schema->member_count; i++)
		if (schema->members[i].need == BODY_NEEDED)
			json_put_text(&json, schema->members[i].name);
	json_put_array_end(&json);
	json_put_key(&json, STR("properties"));
	json_put_object(&json);
	for (size_t i = 0; i < schema->member_count; i++) {
		json_put_key(&json, schema->members[i].name);
		put_member_schema(&json, &schema->members[i]);
	}
	json_put_object_end(&json);
	json_put_object_end(&json);
}
