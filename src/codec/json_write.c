#include "codec/json_write.h"

#include <math.h>
#include <stdio.h>

#include "codec/iso_time.h"
#include "codec/json_read.h"
#include "codec/uuid.h"

/* What may stand in a JSON string as it is: ASCII but controls, the quote and the
 * backslash. */
static inline bool
is_plain(char c)
{
	static const bool others[256] = {
		[0 ... 0x1f] = true, ['"'] = true, ['\\'] = true, [0x7f ... 0xff] = true
	};

	return !others[(unsigned char)c];
}

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* Not 0 where one of the eight bytes in WORD is 0. */
static inline uint64_t
has_zero(uint64_t word)
{
	return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
}

/* Whether all eight bytes are plain. */
static inline bool
are_plain(uint64_t word)
{
	uint64_t controls = (word - EACH_BYTE(0x20)) & ~word;

	return (((controls | word) & EACH_BYTE(0x80)) | has_zero(word ^ EACH_BYTE(0x7f)) |
		       has_zero(word ^ EACH_BYTE('"')) |
		       has_zero(word ^ EACH_BYTE('\\'))) == 0;
}

/* Copy the plain beginning of TEXT to TO, which has room for all of it; its length. */
static size_t
copy_plain(char *to, struct str text)
{
	size_t at = 0;
	uint64_t word;

	for (; text.len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, text.ptr + at, sizeof(word));
		if (!are_plain(word))
			break;
		memcpy(to + at, &word, sizeof(word));
	}
	for (; at < text.len && is_plain(text.ptr[at]); at++)
		to[at] = text.ptr[at];
	return at;
}

static void
put_value_start(struct json *json)
{
	if (json->needs_comma)
		buf_put_char(json->out, ',');
	json->needs_comma = true;
}

void
json_put_object(struct json *json)
{
	put_value_start(json);
	buf_put_char(json->out, '{');
	json->needs_comma = false;
}

void
json_put_object_end(struct json *json)
{
	buf_put_char(json->out, '}');
	json->needs_comma = true;
}

void
json_put_array(struct json *json)
{
	put_value_start(json);
	buf_put_char(json->out, '[');
	json->needs_comma = false;
}

void
json_put_array_end(struct json *json)
{
	buf_put_char(json->out, ']');
	json->needs_comma = true;
}

static void
put_escape(struct buf *out, unsigned char c)
{
	switch (c) {
	case '"':
		buf_put(out, STR("\\\""));
		break;
	case '\\':
		buf_put(out, STR("\\\\"));
		break;
	case '\n':
		buf_put(out, STR("\\n"));
		break;
	case '\r':
		buf_put(out, STR("\\r"));
		break;
	case '\t':
		buf_put(out, STR("\\t"));
		break;
	default:
		buf_fmt(out, "\\u%04x", c);
	}
}

/* TEXT from something that is not plain on, and the quote at its end. */
static void
put_escaped(struct buf *out, struct str text)
{
	size_t at = 0;

	while (at < text.len) {
		size_t begin = at;

		while (at < text.len && is_plain(text.ptr[at]))
			at++;
		buf_put(out, str_slice(text, begin, at));
		if (at == text.len)
			break;
		if ((unsigned char)text.ptr[at] < 0x80) {
			put_escape(out, (unsigned char)text.ptr[at]);
			at++;
		} else {
			size_t size = str_utf8_sequence(str_slice(text, at, text.len));

			buf_put(out,
				size ? str_slice(text, at, at + size)
				     : STR("\xef\xbf\xbd"));
			at += size ? size : 1;
		}
	}
	buf_put_char(out, '"');
}

static void
put_quoted(struct buf *out, struct str text)
{
	char *at = buf_reserve(out, text.len + 2);
	size_t plain;

	if (!at)
		return;
	at[0] = '"';
	plain = copy_plain(at + 1, text);
	if (LIKELY(plain == text.len)) {
		at[plain + 1] = '"';
		buf_added(out, plain + 2);
	} else {
		buf_added(out, plain + 1);
		put_escaped(out, str_slice(text, plain, text.len));
	}
}

void
json_put_key(struct json *json, struct str key)
{
	put_value_start(json);
	put_quoted(json->out, key);
	buf_put_char(json->out, ':');
	json->needs_comma = false;
}

void
json_put_null(struct json *json)
{
	put_value_start(json);
	buf_put(json->out, STR("null"));
}

void
json_put_bool(struct json *json, bool value)
{
	put_value_start(json);
	buf_put(json->out, value ? STR("true") : STR("false"));
}

void
json_put_i64(struct json *json, int64_t value)
{
	put_value_start(json);
	buf_put_i64(json->out, value);
}

void
f64_format(struct buf *out, double value)
{
	char digits[32];
	int len = 0;

	if (value == trunc(value) && fabs(value) < 1e15) {
		buf_put_i64(out, (int64_t)value);
		return;
	}
	/* Every double is told by 17 digits, most by 15 or fewer. */
	for (int precision = 15; precision <= 17; precision++) {
		len = snprintf(digits, sizeof(digits), "%.*g", precision, value);
		if (strtod(digits, NULL) == value)
			break;
	}
	buf_put(out, (struct str){ .ptr = digits, .len = (size_t)len });
}

void
f64_format_fixed(struct buf *out, double value, int decimals)
{
	static const double scales[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8,
		1e9 };
	double scaled = fabs(value) * scales[decimals];
	char digits[24];
	char *const end = digits + sizeof(digits), *at = end;
	uint64_t rest;

	/* Past 2^53 there are no decimals left to round. */
	if (scaled >= 9e15) {
		f64_format(out, value);
		return;
	}
	/* llround, without a call. */
	rest = (uint64_t)(int64_t)scaled;
	if (scaled - (double)rest >= 0.5)
		rest++;
	if (rest == 0)
		value = 0;
	for (; decimals > 0 && rest % 10 == 0; decimals--)
		rest /= 10;
	if (decimals > 0) {
		for (; decimals > 0; decimals--, rest /= 10)
			*--at = (char)('0' + rest % 10);
		*--at = '.';
	}
	do
		*--at = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		*--at = '-';
	buf_put(out, (struct str){ .ptr = at, .len = (size_t)(end - at) });
}

void
json_put_f64(struct json *json, double value)
{
	if (!isfinite(value)) {
		json_put_null(json);
		return;
	}
	put_value_start(json);
	f64_format(json->out, value);
}

void
json_put_fixed(struct json *json, double value, int decimals)
{
	if (!isfinite(value)) {
		json_put_null(json);
		return;
	}
	put_value_start(json);
	f64_format_fixed(json->out, value, decimals);
}

void
json_put_text(struct json *json, struct str text)
{
	if (str_is_none(text)) {
		json_put_null(json);
		return;
	}
	put_value_start(json);
	put_quoted(json->out, text);
}

void
json_put_raw(struct json *json, struct str text)
{
	put_value_start(json);
	buf_put(json->out, str_is_none(text) ? STR("null") : text);
}

void
json_put_node(struct json *json, const struct json_node *node)
{
	switch (node->kind) {
	case JSON_IS_NULL:
		json_put_null(json);
		break;
	case JSON_IS_BOOL:
		json_put_bool(json, node->boolean);
		break;
	case JSON_IS_I64:
		json_put_i64(json, node->i64);
		break;
	case JSON_IS_F64:
		json_put_f64(json, node->f64);
		break;
	case JSON_IS_TEXT:
		json_put_text(json, node->text);
		break;
	case JSON_IS_ARRAY:
		json_put_array(json);
		for (size_t i = 0; i < node->count; i++)
			json_put_node(json, &node->items[i]);
		json_put_array_end(json);
		break;
	case JSON_IS_OBJECT:
		json_put_object(json);
		for (size_t i = 0; i < node->count; i++) {
			json_put_key(json, node->keys[i]);
			json_put_node(json, &node->items[i]);
		}
		json_put_object_end(json);
		break;
	}
}

void
json_put_uuid(struct json *json, struct uuid uuid)
{
	put_value_start(json);
	buf_put_char(json->out, '"');
	uuid_format(json->out, uuid);
	buf_put_char(json->out, '"');
}

void
json_put_time(struct json *json, int64_t time_us)
{
	put_value_start(json);
	buf_put_char(json->out, '"');
	iso_time_format(json->out, time_us);
	buf_put_char(json->out, '"');
}

void
json_put_opt_bool(struct json *json, struct opt_bool value)
{
	if (value.is_set)
		json_put_bool(json, value.value);
	else
		json_put_null(json);
}

void
json_put_opt_i32(struct json *json, struct opt_i32 value)
{
	if (value.is_set)
		json_put_i64(json, value.value);
	else
		json_put_null(json);
}

void
json_put_opt_i64(struct json *json, struct opt_i64 value)
{
	if (value.is_set)
		json_put_i64(json, value.value);
	else
		json_put_null(json);
}

void
json_put_opt_fixed(struct json *json, struct opt_f64 value, int decimals)
{
	if (value.is_set)
		json_put_fixed(json, value.value, decimals);
	else
		json_put_null(json);
}

void
json_put_opt_time(struct json *json, struct opt_i64 time_us)
{
	if (time_us.is_set)
		json_put_time(json, time_us.value);
	else
		json_put_null(json);
}
