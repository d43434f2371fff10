/* The expected texts are what PostgreSQL 15 answers to SELECT '…'::jsonb;
 * tests/db/json_test.c asks it itself, of thousands of random documents. */
#include "codec/json_canonical.h"

#include "base/buf.h"
#include "tests/tap.h"

enum {
	BYTES_MAX = 1 << 20,
};

static const struct {
	const char *text;
	const char *canonical;
} accepted[] = {
	{ "{}", "{}" },
	{ " [ ] ", "[]" },
	{ "null", "null" },
	{ "\t true\r\n", "true" },
	{ "\"a\"", "\"a\"" },
	{ "[1,2,[3,[]],{}]", "[1, 2, [3, []], {}]" },
	{ "{\"b\":1,\"a\":2}", "{\"a\": 2, \"b\": 1}" },
	{ "{\"aa\":1,\"b\":2,\"\":3}", "{\"\": 3, \"b\": 2, \"aa\": 1}" },
	{ "{\"a\":1,\"b\":2,\"a\":{\"x\":[]}}", "{\"a\": {\"x\": []}, \"b\": 2}" },
	{ "{\"a\":{\"z\":1,\"y\":2},\"a\":3}", "{\"a\": 3}" },
	{ "{\"\\u00e9\":1,\"zz\":2,\"z\":3}", "{\"z\": 3, \"zz\": 2, \"\xc3\xa9\": 1}" },
	{ "0", "0" },
	{ "-0", "0" },
	{ "-0.0", "0.0" },
	{ "-0.50", "-0.50" },
	{ "1.10", "1.10" },
	{ "1e2", "100" },
	{ "1E+2", "100" },
	{ "1.5e1", "15" },
	{ "1.50e1", "15.0" },
	{ "1e-3", "0.001" },
	{ "0e5", "0" },
	{ "0e-3", "0.000" },
	{ "123.456e-2", "1.23456" },
	{ "123.456e2", "12345.6" },
	{ "0.00012e3", "0.12" },
	{ "12345678901234567890.123", "12345678901234567890.123" },
	{ "\"\\/\\b\\f\\n\\r\\t\\\"\\\\\"", "\"/\\b\\f\\n\\r\\t\\\"\\\\\"" },
	{ "\"\\u0001\\u001f\\u007f\"", "\"\\u0001\\u001f\x7f\"" },
	{ "\"\\ud83c\\udfc8\"", "\"\xf0\x9f\x8f\x88\"" },
	{ "\"\\u00e9\\u20AC\"", "\"\xc3\xa9\xe2\x82\xac\"" },
};

static const char *const refused[] = { "", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]",
	"{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "[1}",
	"{\"a\":1]", "1 2", "[] []", "tru", "truex", "nul", "NaN", "Infinity", "+1", "01",
	"-", "1.", ".5", "1e", "1e+", "0x1", "- 1", "\"", "\"a", "'a'", "\"\\x\"",
	"\"\\u12\"", "\"\\u12g4\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\ud800\\n\"",
	"\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\udc00\\ud800\"", "\"\t\"", "\"\n\"",
	"\"\\\"", "\xff", "\"\xc3\"", "\"\xed\xa0\x80\"", "/**/1", "1e131072", "1e-16384",
	"1e99999999999999999999", "0e-16384" };

static struct err *
canonical(struct arena *arena, const char *text, struct str *ret)
{
	return json_canonical(arena, str_from(text), BYTES_MAX, ret);
}

TEST(json_takes_the_form_of_jsonb)
{
	struct arena arena;
	struct str got;

	arena_init(&arena, 64 << 20);
	for (size_t i = 0; i < COUNT_OF(accepted); i++) {
		OK_ERR(canonical(&arena, accepted[i].text, &got));
		EQ_STR(got, str_from(accepted[i].canonical));
		/* It is its own canonical form. */
		OK_ERR(json_canonical(&arena, got, BYTES_MAX, &got));
		EQ_STR(got, str_from(accepted[i].canonical));
	}
	arena_release(&arena);
}

TEST(what_is_not_json_is_refused)
{
	struct arena arena;
	struct str got = STR("untouched");

	arena_init(&arena, 64 << 20);
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		struct err *err = canonical(&arena, refused[i], &got);

		OK_OR(err && err->code == ERR_INVALID, "%s is not refused", refused[i]);
	}
	EQ_STR(got, STR("untouched"));
	arena_release(&arena);
}

TEST(numbers_are_written_out_to_their_limits)
{
	struct arena arena;
	struct str got;

	arena_init(&arena, 64 << 20);
	OK_ERR(canonical(&arena, "1e131071", &got));
	EQ_I64(got.len, 131072);
	OK(got.ptr[0] == '1' && got.ptr[131071] == '0');
	OK_ERR(canonical(&arena, "1e-16383", &got));
	EQ_I64(got.len, 2 + 16383);
	OK(got.ptr[0] == '0' && got.ptr[got.len - 1] == '1');
	arena_release(&arena);
}

TEST(a_document_longer_than_allowed_is_too_large)
{
	struct arena arena;
	struct str got;

	arena_init(&arena, 64 << 20);
	FAILS_WITH(json_canonical(&arena, STR("[1e131071,1e131071]"), 200000, &got),
		ERR_TOO_LARGE);
	FAILS_WITH(json_canonical(&arena, STR("\"four\""), 5, &got), ERR_TOO_LARGE);
	OK_ERR(json_canonical(&arena, STR("\"four\""), 6, &got));
	arena_release(&arena);
}

TEST(nesting_is_bounded_and_takes_no_stack)
{
	struct arena arena;
	struct buf text;
	struct str got;

	arena_init(&arena, 64 << 20);
	buf_init(&text, &arena, BYTES_MAX);
	for (int i = 0; i < JSON_CANONICAL_DEPTH_MAX; i++)
		buf_put_char(&text, '[');
	for (int i = 0; i < JSON_CANONICAL_DEPTH_MAX; i++)
		buf_put_char(&text, ']');
	OK_ERR(json_canonical(&arena, buf_str(&text), BYTES_MAX, &got));
	EQ_STR(got, buf_str(&text));
	buf_clear(&text);
	for (int i = 0; i <= JSON_CANONICAL_DEPTH_MAX; i++)
		buf_put_char(&text, '[');
	FAILS_WITH(json_canonical(&arena, buf_str(&text), BYTES_MAX, &got), ERR_INVALID);
	arena_release(&arena);
}
