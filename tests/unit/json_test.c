#include "tests/tap.h"

#include <math.h>

#include "codec/json_read.h"
#include "codec/json_write.h"

static char storage[1 << 16];
static struct arena arena = { .cap_bytes = 1 << 22 };

#define WRITTEN(statements, want)                        \
	do {                                             \
		struct buf out_;                         \
		struct json json;                        \
		buf_init_fixed(&out_, storage, 1 << 16); \
		json = json_begin(&out_);                \
		statements;                              \
		EQ_STR(buf_str(&out_), str_from(want));  \
	} while (0)

TEST(commas_stand_between_values_and_nowhere_else)
{
	struct buf out;
	struct json json;

	buf_init_fixed(&out, storage, sizeof(storage));
	json = json_begin(&out);
	json_put_object(&json);
	json_put_key(&json, STR("a"));
	json_put_array(&json);
	json_put_i64(&json, 1);
	json_put_array(&json);
	json_put_array_end(&json);
	json_put_object(&json);
	json_put_object_end(&json);
	json_put_null(&json);
	json_put_array_end(&json);
	json_put_key(&json, STR("b"));
	json_put_bool(&json, true);
	json_put_key(&json, STR("c"));
	json_put_raw(&json, STR("[1,2]"));
	json_put_object_end(&json);
	EQ_STR(buf_str(&out), STR("{\"a\":[1,[],{},null],\"b\":true,\"c\":[1,2]}"));
}

/* What stands for the character C in a string of JSON. */
static struct str
escaped(unsigned char c, char symbol[static 8])
{
	static const char short_ones[256] = {
		['"'] = '"', ['\\'] = '\\', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'
	};

	if (short_ones[c])
		snprintf(symbol, 8, "\\%c", short_ones[c]);
	else if (c < 0x20 || c == 0x7f)
		snprintf(symbol, 8, "\\u%04x", c);
	else if (c < 0x7f)
		snprintf(symbol, 8, "%c", c);
	else
		return STR("\xef\xbf\xbd"); /* alone it is no UTF-8 */
	return str_from(symbol);
}

TEST(every_character_is_escaped_alike_wherever_it_stands)
{
	char text[19], wanted[64], got[64], symbol[8];

	for (int c = 0; c < 256; c++) {
		for (size_t at = 0; at < sizeof(text); at++) {
			struct buf want, out;
			struct json json = json_begin(&out);

			memset(text, 'a', sizeof(text));
			text[at] = (char)c;
			buf_init_fixed(&want, wanted, sizeof(wanted));
			buf_put_char(&want, '"');
			for (size_t i = 0; i < sizeof(text); i++)
				buf_put(&want, escaped((unsigned char)text[i], symbol));
			buf_put_char(&want, '"');
			buf_init_fixed(&out, got, sizeof(got));
			json_put_text(
				&json, (struct str){ .ptr = text, .len = sizeof(text) });
			if (!str_eq(buf_str(&out), buf_str(&want)))
				EQ_STR(buf_str(&out), buf_str(&want));
		}
	}
}

TEST(text_is_escaped)
{
	WRITTEN(json_put_text(&json, STR("a\"b\\c\n\r\t\x01\x7f/")),
		"\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f/\"");
	WRITTEN(json_put_text(&json, STR("Gr\xc3\xbc\xc3\x9f \xf0\x9f\x8f\x88")),
		"\"Gr\xc3\xbc\xc3\x9f \xf0\x9f\x8f\x88\"");
	WRITTEN(json_put_text(&json, STR_NONE), "null");
	WRITTEN(json_put_text(&json, STR("")), "\"\"");
}

TEST(bytes_that_are_not_utf8_are_replaced)
{
	WRITTEN(json_put_text(&json,
			STR("a\xff"
			    "b\xc3")),
		"\"a\xef\xbf\xbd"
		"b\xef\xbf\xbd\"");
	WRITTEN(json_put_text(&json, STR("\xed\xa0\x80")),
		"\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(numbers_are_short_and_exact)
{
	WRITTEN(json_put_i64(&json, INT64_MIN), "-9223372036854775808");
	WRITTEN(json_put_f64(&json, 0.1), "0.1");
	WRITTEN(json_put_f64(&json, 0.1 + 0.2), "0.30000000000000004");
	WRITTEN(json_put_f64(&json, -3), "-3");
	WRITTEN(json_put_f64(&json, 1e300), "1e+300");
	WRITTEN(json_put_f64(&json, 5e-324), "4.94065645841247e-324");
	WRITTEN(json_put_f64(&json, NAN), "null");
	WRITTEN(json_put_f64(&json, INFINITY), "null");
}

TEST(fixed_numbers_are_rounded_without_trailing_zeros)
{
	WRITTEN(json_put_fixed(&json, 0.5, 4), "0.5");
	WRITTEN(json_put_fixed(&json, 2.0 / 3, 4), "0.6667");
	WRITTEN(json_put_fixed(&json, -2.0 / 3, 2), "-0.67");
	WRITTEN(json_put_fixed(&json, 41.95, 1), "42");
	WRITTEN(json_put_fixed(&json, 100, 3), "100");
	WRITTEN(json_put_fixed(&json, -0.0001, 2), "0");
	WRITTEN(json_put_fixed(&json, 10.01, 2), "10.01");
	WRITTEN(json_put_fixed(&json, 7, 0), "7");
	WRITTEN(json_put_fixed(&json, 1e20, 3), "1e+20");
	WRITTEN(json_put_fixed(&json, 0.05, 4), "0.05");
	WRITTEN(json_put_fixed(&json, -1200.03, 2), "-1200.03");
	WRITTEN(json_put_fixed(&json, 0.123456789, 9), "0.123456789");
	/* Halves away from zero, and only halves. */
	WRITTEN(json_put_fixed(&json, 0.125, 2), "0.13");
	WRITTEN(json_put_fixed(&json, -2.5, 0), "-3");
	WRITTEN(json_put_fixed(&json, 0x1.fffffffffffffp-2, 0), "0");
	WRITTEN(json_put_fixed(&json, 0x1.fffffffffffffp51, 0), "4503599627370496");
	WRITTEN(json_put_fixed(&json, NAN, 3), "null");
}

TEST(every_double_reads_back_as_itself)
{
	uint64_t bits = 0x9e3779b97f4a7c15u;

	for (int i = 0; i < 20000; i++) {
		char digits[40];
		struct buf out;
		double value, back;

		bits = bits * 6364136223846793005u + 1442695040888963407u;
		memcpy(&value, &bits, sizeof(value));
		if (!isfinite(value))
			continue;
		buf_init_fixed(&out, digits, sizeof(digits) - 1);
		f64_format(&out, value);
		digits[out.len] = '\0';
		back = strtod(digits, NULL);
		OK_OR(back == value, "%s", digits);
	}
}

TEST(optional_values_are_null_when_unset)
{
	WRITTEN(json_put_opt_i32(&json, (struct opt_i32)OPT(7)), "7");
	WRITTEN(json_put_opt_i32(&json, (struct opt_i32){ 0 }), "null");
	WRITTEN(json_put_opt_fixed(&json, (struct opt_f64)OPT(7.25), 1), "7.3");
	WRITTEN(json_put_opt_bool(&json, (struct opt_bool){ 0 }), "null");
	WRITTEN(json_put_opt_time(&json, (struct opt_i64)OPT(0)),
		"\"1970-01-01T00:00:00Z\"");
	WRITTEN(json_put_uuid(&json, (struct uuid){ { 0xab, 0xcd } }),
		"\"abcd0000-0000-0000-0000-000000000000\"");
}

TEST(a_document_reads_as_its_tree)
{
	struct json_node root;
	const struct json_node *node;

	OK_ERR(json_read(&arena,
		STR(" {\"a\": [1, -2.5e1, \"x\\u00e9\", true, null], \"b\": {}} "),
		&root));
	EQ_I64(root.kind, JSON_IS_OBJECT);
	EQ_I64(root.count, 2);
	node = json_node_find(&root, STR("a"));
	OK(node && node->kind == JSON_IS_ARRAY && node->count == 5);
	EQ_I64(node->items[0].i64, 1);
	NEAR(node->items[0].f64, 1, 0);
	EQ_I64(node->items[1].kind, JSON_IS_F64);
	NEAR(node->items[1].f64, -25, 0);
	EQ_STR(node->items[2].text, STR("x\xc3\xa9"));
	OK(node->items[3].boolean);
	EQ_I64(node->items[4].kind, JSON_IS_NULL);
	OK(json_node_find(&root, STR("c")) == NULL);
	OK(json_node_find(node, STR("a")) == NULL);
}

#define REFUSED(text) FAILS_WITH(json_read(&arena, STR(text), &root), ERR_INVALID)

TEST(what_is_not_strict_json_is_refused)
{
	struct json_node root = { .kind = JSON_IS_TEXT };

	REFUSED("");
	REFUSED("{");
	REFUSED("[1,]");
	REFUSED("{\"a\":1} x");
	REFUSED("{\"a\":1,\"a\":2}");
	REFUSED("[01]");
	REFUSED("[.5]");
	REFUSED("[NaN]");
	REFUSED("[1e999]");
	REFUSED("[99999999999999999999]");
	REFUSED("['a']");
	REFUSED("[\"\xff\"]");
	REFUSED("[\"\\ud800\"]");
	REFUSED("[\"a\\u0000b\"]");
	REFUSED("[\"a\0b\"]");
	REFUSED("123\0");
	REFUSED("{\"a\":1\0}");
	REFUSED("[1\0,2]");
	REFUSED("[\"a\nb\"]");
	REFUSED("// comment\n[]");
	EQ_I64(root.kind, JSON_IS_TEXT); /* untouched */
}

TEST(a_fault_is_told_with_line_and_column)
{
	struct json_node root;
	struct err *err = json_read(&arena, STR("{\n \"a\": tru\n}"), &root);

	OK(err != NULL);
	OK_OR(str_find(err->message, STR("line 2, column 9")) > 0, STR_FMT,
		STR_ARG(err->message));
	OK_OR(str_find(err->message, STR("tru")) < 0, STR_FMT, STR_ARG(err->message));
}

TEST(a_fault_is_told_in_our_own_words)
{
	static const struct {
		const char *text;
		const char *said; /* behind "not valid JSON at " */
	} cases[] = {
		{ "", "column 1: it ends too early" },
		{ "{\"a\":1", "column 6: it ends too early" },
		{ "[\n\"a", "line 2, column 2: it ends too early" },
		{ "{\"a\":1,}", "column 8: a name in double quotes is missing, or }" },
		{ "{a:1}", "column 2: a name in double quotes is missing, or }" },
		{ "{\"a\" 1}", "column 6: a colon is missing behind a name" },
		{ "{\"a\":1 2}", "column 8: a comma is missing, or }" },
		{ "[1 2]", "column 4: a comma is missing, or ]" },
		{ "[1,]", "column 4: a value is missing" },
		{ "[nul]", "column 4: neither a value nor a sign of JSON" },
		{ "[\"a\nb\"]",
			"line 1, column 3: a text goes on behind the end of its line" },
		{ "[\"\001\"]", "column 2: a control character in a text" },
		{ "[\"\\q\"]", "column 4: a backslash that begins no escape" },
		{ "[\"\\ud800\"]", "column 9: a \\u escape of half a character" },
		{ "[\"\\u0000\"]", "column 9: \\u0000 in a text" },
		{ "{\"\\u0000\":1}", "column 9: \\u0000 in a name" },
		{ "[\"\xff\"]", "column 2: bytes that are not UTF-8" },
		{ "{} {}", "column 4: more stands behind the value" },
		{ "{\"a\":1,\"a\":2}", "column 10: a name is given twice" },
		{ "1e999", "column 5: a number is too large" },
	};
	struct json_node root;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct err *err = json_read(&arena, str_from(cases[i].text), &root);

		OK_OR(err != NULL, "took %s", cases[i].text);
		EQ_STR(err->message,
			str_fmt(&arena, "not valid JSON at %s", cases[i].said));
	}
}

TEST(nesting_ends_at_sixty_four_levels)
{
	struct json_node root;
	char deep[200000];

	memset(deep, '[', 64);
	memset(deep + 64, ']', 64);
	OK_ERR(json_read(&arena, (struct str){ deep, 128 }, &root));
	memset(deep, '[', 65);
	memset(deep + 65, ']', 65);
	FAILS_WITH(json_read(&arena, (struct str){ deep, 130 }, &root), ERR_INVALID);
	memset(deep, '[', sizeof(deep));
	FAILS_WITH(json_read(&arena, (struct str){ deep, sizeof(deep) }, &root),
		ERR_INVALID);
	/* Brackets in text do not count. */
	memset(deep, '"', 1);
	deep[99] = '"';
	OK_ERR(json_read(&arena, (struct str){ deep, 100 }, &root));
}

TEST(reading_stops_at_the_cap_of_the_arena)
{
	struct arena small = { .cap_bytes = 4096 };
	struct json_node root;

	memset(storage, ',', 8000);
	for (int i = 1; i < 8000; i += 2)
		storage[i] = '1';
	storage[0] = '[';
	storage[8000] = ']';
	FAILS_WITH(
		json_read(&small, (struct str){ storage, 8001 }, &root), ERR_TOO_LARGE);
	arena_release(&small);
}
