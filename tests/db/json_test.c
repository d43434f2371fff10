/*
 * JSON reads as PostgreSQL's jsonb gives it back, on both engines: thousands of documents
 * made at random, sound and broken, go through the engine and are compared with
 * json_canonical.
 */
#include "base/buf.h"
#include "codec/json_canonical.h"
#include "tests/db/engine.h"

enum {
	DOCUMENTS = 6000,
	DOCUMENT_BYTES_MAX = 64 << 10,
	CANONICAL_BYTES_MAX = 1 << 20,
	DEPTH_MAX = 6,
};

READ_ON_BOTH(json_echo, "SELECT $1::jsonb", "SELECT ?1", TYPES(DB_JSON), TYPES(DB_JSON));

/* Of a fixed seed, so that a failure can be met again (Steele, Lea, Flood, "Fast
 * splittable pseudorandom number generators", OOPSLA 2014). */
static uint64_t seed;

static uint32_t
draw(uint32_t below)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) % below);
}

static void
put_one_of(struct buf *out, const char *const *texts, size_t count)
{
	buf_put(out, str_from(texts[draw((uint32_t)count)]));
}

static void
put_space(struct buf *out)
{
	static const char *const spaces[] = { "", "", "", " ", "\n", "\t", "\r\n  " };

	put_one_of(out, spaces, COUNT_OF(spaces));
}

static void
put_digits(struct buf *out, uint32_t most)
{
	for (uint32_t i = 1 + draw(most); i > 0; i--)
		buf_put_char(out, (char)('0' + (draw(3) ? draw(10) : 0)));
}

static void
put_number(struct buf *out)
{
	if (draw(3) == 0)
		buf_put_char(out, '-');
	if (draw(3) == 0) {
		buf_put_char(out, '0');
	} else {
		buf_put_char(out, (char)('1' + draw(9)));
		if (draw(2))
			put_digits(out, 30);
	}
	if (draw(2)) {
		buf_put_char(out, '.');
		put_digits(out, 20);
	}
	if (draw(3) == 0) {
		static const char *const exponents[] = { "e", "E", "e+", "e-", "E-" };

		put_one_of(out, exponents, COUNT_OF(exponents));
		put_digits(out, 2);
	}
}

static void
put_string(struct buf *out)
{
	static const char *const pieces[] = { "a", "b", "aa", "Z", "0", " ", "/", "\\/",
		"\\\"", "\\\\", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0041", "\\u001f",
		"\\u007f", "\\u00e9", "\\u20ac", "\\ud83c\\udfc8", "\x7f", "é", "€",
		"\xf0\x9f\x8f\x88", "\xf4\x8f\xbf\xbf", "\\uFFFF", "\\u0001", "'", "<",
		"&" };

	buf_put_char(out, '"');
	for (uint32_t i = draw(5); i > 0; i--)
		put_one_of(out, pieces, COUNT_OF(pieces));
	buf_put_char(out, '"');
}

static void
put_value(struct buf *out, int depth)
{
	static const char *const words[] = { "true", "false", "null" };
	uint32_t kind = draw(depth < DEPTH_MAX ? 7 : 3);
	uint32_t count = draw(6);

	put_space(out);
	if (kind == 0) {
		put_one_of(out, words, COUNT_OF(words));
	} else if (kind == 1) {
		put_number(out);
	} else if (kind == 2) {
		put_string(out);
	} else {
		buf_put_char(out, kind < 5 ? '{' : '[');
		for (uint32_t i = 0; i < count; i++) {
			if (i > 0)
				buf_put_char(out, ',');
			put_space(out);
			if (kind < 5) {
				put_string(out);
				put_space(out);
				buf_put_char(out, ':');
			}
			put_value(out, depth + 1);
		}
		put_space(out);
		buf_put_char(out, kind < 5 ? '}' : ']');
	}
	put_space(out);
}

/* Change a byte or two, so that it may or may not be JSON any more. */
static void
break_somewhere(struct buf *text)
{
	static const char bytes[] = "{}[]:,\"\\ue0-+.1 tnf\n\x01/";

	for (uint32_t i = 1 + draw(2); i > 0 && text->len > 0; i--)
		text->ptr[draw((uint32_t)text->len)] = bytes[draw(sizeof(bytes) - 1)];
}

/* Both answer the same: the same bytes, or INVALID. */
static void
compare(struct ctx *ctx, struct str text)
{
	struct str want = STR_NONE;
	struct err *ours = json_canonical(ctx->arena, text, CANONICAL_BYTES_MAX, &want);
	struct rows rows;
	struct err *theirs = auto_read(ctx, &json_echo, VALUES(V_STR(text)), &rows);

	OK_OR(!ours == !theirs, STR_FMT ": ours %s, the engine's %s", STR_ARG(text),
		ours ? "refused" : "taken", theirs ? "refused" : "taken");
	if (ours) {
		FAILS_WITH(ours, ERR_INVALID);
		FAILS_WITH(theirs, ERR_INVALID);
		return;
	}
	EQ_STR(rows.items[0][0].text, want);
}

static size_t
compare_many(struct ctx *ctx, bool is_broken)
{
	size_t taken = 0;

	for (size_t i = 0; i < DOCUMENTS && !tap_failed; i++) {
		struct own_ctx own;
		struct buf text;

		own_ctx_init(&own, ctx, 50000);
		buf_init(&text, &own.arena, DOCUMENT_BYTES_MAX);
		put_value(&text, 0);
		if (is_broken)
			break_somewhere(&text);
		if (!buf_is_cut(&text)) {
			compare(&own.ctx, buf_str(&text));
			taken++;
		}
		own_ctx_release(&own);
	}
	return taken;
}

DB_TEST(documents_come_back_in_the_form_of_jsonb)
{
	seed = 1;
	OK(compare_many(ctx, false) > DOCUMENTS / 2);
}

DB_TEST(broken_documents_are_refused_by_both_or_by_neither)
{
	seed = 2;
	OK(compare_many(ctx, true) > DOCUMENTS / 2);
}

DB_TEST(documents_at_the_limits_are_taken_and_refused_alike)
{
	static const char *const texts[] = { "1e131071", "1e131072", "-9.99e131071",
		"0.1e131072", "10e131071", "1e-16383", "1e-16384", "0e-16383", "0e-16384",
		"0e999999", "0.0e131080", "1e2147483647", "1e-2147483648", "0e2147483647",
		"1e1073741822", "0e1073741822", "0e1073741823", "1e99999999999999999999",
		"0e99999999999999999999", "0e-99999999999999999999", "\"\\u0000\"",
		"\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\ud800\\ud800\"", "\"\\ud800x\"",
		"\"\\uD83C\\uDFC8\"", "", " ", "\xef\xbb\xbf{}", "[1,]", "{\"a\":1,}",
		"nul", "True", "NaN", "01", "-", "1.", ".1", "+1", "1e", "\"\t\"", "'a'",
		"[1 2]", "{}{}", "truetrue", "1a", "-0e0", "-0.000e2", "-0.000e-2",
		"100e-2", "1.10e1", "1.10e2", "1.10e3", "0.10e-1", "00", "-01",
		"{\"\":{\"\":[]}}", "\"\\u\"", "\"\\u00\"", "\"\\a\"" };

	for (size_t i = 0; i < COUNT_OF(texts) && !tap_failed; i++)
		compare(ctx, str_from(texts[i]));
}
