#include "codec/json_read.h"

#include <jansson.h>

/* Where a fault is, both from 1. */
struct position {
	int line;
	int column;
};

/*
 * What is wrong with TEXT that jansson would not say; NULL: nothing. It descends 2,048
 * levels on the stack of the caller, and a fiber's is too small for that; and it passes
 * over a NUL that stands behind a number.
 */
static const char *
fault_of(struct str text, struct position *ret)
{
	struct position at = { .line = 1, .column = 0 };
	bool is_text = false;
	int depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		at.column++;
		*ret = at;
		if (c == '\0')
			return "a NUL";
		if (c == '\n') {
			at.line++;
			at.column = 0;
		}
		if (is_text && c == '\\') {
			i++;
			at.column++;
		} else if (c == '"')
			is_text = !is_text;
		else if (!is_text && (c == '[' || c == '{'))
			depth++;
		else if (!is_text && (c == ']' || c == '}'))
			depth--;
		if (depth > JSON_DEPTH_MAX)
			return "nested deeper than 64 levels";
	}
	return NULL;
}
_Static_assert(JSON_DEPTH_MAX == 64, "the message above");

static struct err *
node_from(struct arena *arena, const json_t *value, struct json_node *ret);

static struct err *
text_from(struct arena *arena, const char *text, size_t len, struct str *ret)
{
	*ret = str_dup(arena, (struct str){ .ptr = text, .len = len });
	return str_is_none(*ret) ? err_no_memory() : NULL;
}

static struct err *
array_from(struct arena *arena, const json_t *value, struct json_node *ret)
{
	ret->count = json_array_size(value);
	TRY_NEW(arena, ret->items, ret->count);
	for (size_t i = 0; i < ret->count; i++)
		TRY(node_from(arena, json_array_get(value, i), &ret->items[i]));
	return NULL;
}

static struct err *
object_from(struct arena *arena, json_t *value, struct json_node *ret)
{
	const char *key;
	json_t *item;

	TRY_NEW(arena, ret->items, json_object_size(value));
	TRY_NEW(arena, ret->keys, json_object_size(value));
	json_object_foreach(value, key, item)
	{
		TRY(text_from(arena, key, strlen(key), &ret->keys[ret->count]));
		TRY(node_from(arena, item, &ret->items[ret->count]));
		ret->count++;
	}
	return NULL;
}

static struct err *
node_from(struct arena *arena, const json_t *value, struct json_node *ret)
{
	switch (json_typeof(value)) {
	case JSON_NULL:
		ret->kind = JSON_IS_NULL;
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		ret->kind = JSON_IS_BOOL;
		ret->boolean = json_is_true(value);
		break;
	case JSON_INTEGER:
		ret->kind = JSON_IS_I64;
		ret->i64 = json_integer_value(value);
		ret->f64 = (double)ret->i64;
		break;
	case JSON_REAL:
		ret->kind = JSON_IS_F64;
		ret->f64 = json_real_value(value);
		break;
	case JSON_STRING:
		ret->kind = JSON_IS_TEXT;
		TRY(text_from(arena, json_string_value(value), json_string_length(value),
			&ret->text));
		break;
	case JSON_ARRAY:
		ret->kind = JSON_IS_ARRAY;
		TRY(array_from(arena, value, ret));
		break;
	case JSON_OBJECT:
		ret->kind = JSON_IS_OBJECT;
		/* jansson iterates only over what it may change; nothing is changed. */
		TRY(object_from(arena, (json_t *)(uintptr_t)value, ret));
		break;
	}
	return NULL;
}

/* What is wrong, in words for whoever sent it: jansson's own are for programmers, and
 * quote the text, which may hold anything. */
static const char *
reason_of(const json_error_t *error)
{
	static const struct {
		enum json_error_code code;
		struct str begins; /* jansson's words; empty: any */
		const char *reason;
	} reasons[] = {
		{ json_error_invalid_utf8, STR_INIT(""), "bytes that are not UTF-8" },
		{ json_error_premature_end_of_input, STR_INIT(""), "it ends too early" },
		{ json_error_end_of_input_expected, STR_INIT(""),
			"more stands behind the value" },
		{ json_error_null_character, STR_INIT(""), "\\u0000 in a text" },
		{ json_error_null_byte_in_key, STR_INIT(""), "\\u0000 in a name" },
		{ json_error_duplicate_key, STR_INIT(""), "a name is given twice" },
		{ json_error_numeric_overflow, STR_INIT(""), "a number is too large" },
		{ json_error_invalid_syntax, STR_INIT("string or '}' expected"),
			"a name in double quotes is missing, or }" },
		{ json_error_invalid_syntax, STR_INIT("':' expected"),
			"a colon is missing behind a name" },
		{ json_error_invalid_syntax, STR_INIT("'}' expected"),
			"a comma is missing, or }" },
		{ json_error_invalid_syntax, STR_INIT("']' expected"),
			"a comma is missing, or ]" },
		{ json_error_invalid_syntax, STR_INIT("unexpected token"),
			"a value is missing" },
		{ json_error_invalid_syntax, STR_INIT("unexpected newline"),
			"a text goes on behind the end of its line" },
		{ json_error_invalid_syntax, STR_INIT("control character"),
			"a control character in a text" },
		{ json_error_invalid_syntax, STR_INIT("invalid escape"),
			"a backslash that begins no escape" },
		{ json_error_invalid_syntax, STR_INIT("invalid Unicode"),
			"a \\u escape of half a character" },
	};
	struct str text = str_from(error->text);

	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (reasons[i].code == json_error_code(error) &&
			str_starts_with(text, reasons[i].begins))
			return reasons[i].reason;
	return "neither a value nor a sign of JSON";
}

/* Of a text of one line, as of JSON lines, the line says nothing, or another than its
 * reader counts. */
static struct err *
refusal(struct arena *arena, struct str text, struct position at, const char *fault)
{
	return str_find(text, STR("\n")) < 0
		? err_in(arena, ERR_INVALID, "not valid JSON at column %d: %s", at.column,
			  fault)
		: err_in(arena, ERR_INVALID, "not valid JSON at line %d, column %d: %s",
			  at.line, at.column, fault);
}

struct err *
json_read(struct arena *arena, struct str text, struct json_node *ret)
{
	struct position at;
	json_error_t error;
	struct json_node node = { .kind = JSON_IS_NULL };
	const char *fault = fault_of(text, &at);
	struct err *err;
	json_t *root;

	if (fault)
		return refusal(arena, text, at, fault);
	root = json_loadb(text.len ? text.ptr : "", text.len,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!root)
		return refusal(arena, text,
			(struct position){
				error.line, error.column > 0 ? error.column : 1 },
			reason_of(&error));
	err = node_from(arena, root, &node);
	json_decref(root);
	TRY(err);
	*ret = node;
	return NULL;
}

const struct json_node *
json_node_find(const struct json_node *object, struct str key)
{
	if (!object || object->kind != JSON_IS_OBJECT)
		return NULL;
	for (size_t i = 0; i < object->count; i++) {
		if (str_eq(object->keys[i], key))
			return &object->items[i];
	}
	return NULL;
}

const char *
json_kind_name(enum json_kind kind)
{
	switch (kind) {
	case JSON_IS_NULL:
		return "null";
	case JSON_IS_BOOL:
		return "a boolean";
	case JSON_IS_I64:
		return "an integer";
	case JSON_IS_F64:
		return "a number";
	case JSON_IS_TEXT:
		return "a text";
	case JSON_IS_ARRAY:
		return "an array";
	case JSON_IS_OBJECT:
		return "an object";
	}
	return "a value";
}
