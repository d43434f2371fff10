#include "tests/tap.h"

#include "codec/base64.h"
#include "codec/fold.h"
#include "codec/hex.h"
#include "codec/url.h"
#include "codec/uuid.h"

static char storage[4096];
static struct buf out;

static struct str
base64_of(struct str bytes, enum base64_kind kind)
{
	buf_init_fixed(&out, storage, sizeof(storage));
	base64_encode(&out, bytes, kind);
	return buf_str(&out);
}

static bool
is_base64(const char *text, enum base64_kind kind)
{
	buf_init_fixed(&out, storage, sizeof(storage));
	return base64_decode(&out, str_from(text), kind);
}

TEST(base64_follows_the_vectors_of_rfc_4648)
{
	EQ_STR(base64_of(STR(""), BASE64_STANDARD), STR(""));
	EQ_STR(base64_of(STR("f"), BASE64_STANDARD), STR("Zg=="));
	EQ_STR(base64_of(STR("fo"), BASE64_STANDARD), STR("Zm8="));
	EQ_STR(base64_of(STR("foo"), BASE64_STANDARD), STR("Zm9v"));
	EQ_STR(base64_of(STR("foob"), BASE64_URL), STR("Zm9vYg"));
	EQ_STR(base64_of(STR("\xfb\xff\xfe"), BASE64_STANDARD), STR("+//+"));
	EQ_STR(base64_of(STR("\xfb\xff\xfe\xff"), BASE64_URL), STR("-__-_w"));
	EQ_STR(base64_of(STR("\xfb\xff\xfe\xff"), BASE64_URL_PADDED), STR("-__-_w=="));
}

TEST(base64_of_any_bytes_reads_back)
{
	char bytes[256], decoded[256];

	for (size_t len = 0; len < sizeof(bytes); len++) {
		for (enum base64_kind kind = BASE64_STANDARD; kind <= BASE64_URL_PADDED;
			kind++) {
			struct str text;
			struct buf back;

			for (size_t i = 0; i < len; i++)
				bytes[i] = (char)(i * 37 + len * 11);
			text = base64_of((struct str){ bytes, len }, kind);
			buf_init_fixed(&back, decoded, len);
			OK(base64_decode(&back, text, kind));
			EQ_STR(buf_str(&back), ((struct str){ bytes, len }));
		}
	}
}

TEST(base64_is_read_strictly)
{
	OK(is_base64("Zg==", BASE64_STANDARD));
	OK(!is_base64("Zg=", BASE64_STANDARD));
	OK(!is_base64("Zg", BASE64_STANDARD));
	OK(!is_base64("Zh==", BASE64_STANDARD)); /* stray bits */
	OK(!is_base64("Zm9=", BASE64_STANDARD));
	OK(!is_base64("Z===", BASE64_STANDARD));
	OK(!is_base64("====", BASE64_STANDARD));
	OK(!is_base64("Zm9v\n", BASE64_STANDARD));
	OK(!is_base64("Zm 9v", BASE64_STANDARD));
	OK(!is_base64("-__-", BASE64_STANDARD));
	OK(!is_base64("+//+", BASE64_URL));
	OK(!is_base64("Zg==", BASE64_URL));
	OK(!is_base64("Zg", BASE64_URL_PADDED));
	OK(!is_base64("A", BASE64_URL));
	EQ_I64(out.len, 0);
}

TEST(hex_reads_back_in_either_case)
{
	buf_init_fixed(&out, storage, sizeof(storage));
	hex_encode(&out, STR("\x00\x9f\xff"));
	EQ_STR(buf_str(&out), STR("009fff"));
	buf_clear(&out);
	OK(hex_decode(&out, STR("009FfF")));
	EQ_STR(buf_str(&out), STR("\x00\x9f\xff"));
	OK(!hex_decode(&out, STR("0")));
	OK(!hex_decode(&out, STR("0g")));
	EQ_I64(out.len, 3);
}

TEST(uuids_read_back)
{
	struct uuid uuid = { { 9 } };

	OK(uuid_parse(STR("018f3c2e-7A1b-7c3d-8e4f-0123456789ab"), &uuid));
	buf_init_fixed(&out, storage, sizeof(storage));
	uuid_format(&out, uuid);
	EQ_STR(buf_str(&out), STR("018f3c2e-7a1b-7c3d-8e4f-0123456789ab"));
	OK(!uuid_parse(STR("018f3c2e7a1b7c3d8e4f0123456789ab"), &uuid));
	OK(!uuid_parse(STR("018f3c2e-7a1b-7c3d-8e4f-0123456789a"), &uuid));
	OK(!uuid_parse(STR("018f3c2e-7a1b-7c3d-8e4f-0123456789ag"), &uuid));
	OK(!uuid_parse(STR("018f3c2e-7a1b-7c3d-8e4f0-123456789ab"), &uuid));
	OK(!uuid_parse(STR(""), &uuid));
	EQ_I64(uuid.bytes[1], 0x8f);
}

TEST(urls_are_split_into_their_parts)
{
	struct url url;

	OK(url_split(STR("https://user:pa%20ss@example.org:8443/a/b?x=1&y#end"), &url));
	EQ_STR(url.scheme, STR("https"));
	EQ_STR(url.user_info, STR("user:pa%20ss"));
	EQ_STR(url.host, STR("example.org"));
	EQ_STR(url.port, STR("8443"));
	EQ_STR(url.path, STR("/a/b"));
	EQ_STR(url.query, STR("x=1&y"));
	EQ_STR(url.fragment, STR("end"));
	OK(url_split(STR("http://[::1]:80"), &url));
	EQ_STR(url.host, STR("::1"));
	EQ_STR(url.port, STR("80"));
	EQ_I64(url.path.len, 0);
	OK(str_is_none(url.query) && str_is_none(url.user_info));
	OK(url_split(STR("http://a?"), &url));
	OK(!str_is_none(url.query) && url.query.len == 0);
}

TEST(names_fold_by_unicode_and_to_nothing_where_nothing_is_seen)
{
	static const struct {
		const char *text, *folded;
	} cases[] = { { "", "" }, { " \u00a0\u3000 ", "" }, { "\u00ad", "" },
		{ "A  b\u2003C ", "a b c" }, { "\u00c9", "\u00e9" },
		{ "e\u0301", "\u00e9" }, { "Stra\u00dfe", "strasse" }, { "\ufb01", "fi" },
		{ "\u0130", "i\u0307" }, { "\u03a3\u03c2", "\u03c3\u03c3" },
		{ "\u041f", "\u043f" } };
	struct arena arena;
	struct str folded, again;
	struct buf far;

	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OK(!fold_text(&arena, str_from(cases[i].text), &folded));
		OK_OR(str_eq(folded, str_from(cases[i].folded)), "%s: " STR_FMT,
			cases[i].text, STR_ARG(folded));
		OK(!fold_text(&arena, folded, &again));
		EQ_STR(again, folded);
	}
	OK(fold_text(&arena, STR("\xff"), &folded) != NULL);
	buf_init(&far, &arena, 2 * FOLD_BYTES_MAX);
	while (buf_str(&far).len + 3 <= FOLD_BYTES_MAX)
		buf_put(&far, STR("\ufdfa")); /* eighteen characters each */
	OK(!fold_text(&arena, buf_str(&far), &folded));
	EQ_I64(folded.len, (int64_t)(buf_str(&far).len / 3) * 33);
	buf_put(&far, STR("long"));
	OK(fold_text(&arena, buf_str(&far), &folded) != NULL);
	arena_release(&arena);
}

TEST(what_is_no_url_is_refused)
{
	static const char *const texts[] = { "", "a", "/a", "http:", "http://",
		"http:///a", "://a", "1http://a", "http://a b", "http://a:0",
		"http://a:70000", "http://a:x", "http://a:", "http://[::1",
		"http://[::1]x", "http://a\r\nb", "ht tp://a", "http://a:+80" };
	struct url url;

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		OK_OR(!url_split(str_from(texts[i]), &url), "taken: %s", texts[i]);
}

TEST(percent_codes_are_undone_strictly)
{
	buf_init_fixed(&out, storage, sizeof(storage));
	OK(url_decode(&out, STR("a%2Fb+c%20d"), URL_PLUS_IS_SPACE));
	EQ_STR(buf_str(&out), STR("a/b c d"));
	buf_clear(&out);
	OK(url_decode(&out, STR("a+b"), URL_PLUS_IS_PLUS));
	EQ_STR(buf_str(&out), STR("a+b"));
	buf_clear(&out);
	OK(!url_decode(&out, STR("a%"), URL_PLUS_IS_PLUS));
	OK(!url_decode(&out, STR("a%2"), URL_PLUS_IS_PLUS));
	OK(!url_decode(&out, STR("a%zz"), URL_PLUS_IS_PLUS));
	OK(!url_decode(&out, STR("a%00"), URL_PLUS_IS_PLUS));
	EQ_I64(out.len, 0);
	url_encode(&out, STR("a/b c~\xc3\xa9"));
	EQ_STR(buf_str(&out), STR("a%2Fb%20c~%C3%A9"));
}

TEST(queries_are_taken_apart)
{
	struct str rest = STR("a=1&&b&c=&=d&e=f=g"), name, value;

	OK(url_query_next(&rest, &name, &value));
	EQ_STR(name, STR("a"));
	EQ_STR(value, STR("1"));
	OK(url_query_next(&rest, &name, &value));
	EQ_STR(name, STR("b"));
	OK(str_is_none(value));
	OK(url_query_next(&rest, &name, &value));
	EQ_STR(name, STR("c"));
	OK(!str_is_none(value) && value.len == 0);
	OK(url_query_next(&rest, &name, &value));
	EQ_STR(name, STR(""));
	EQ_STR(value, STR("d"));
	OK(url_query_next(&rest, &name, &value));
	EQ_STR(value, STR("f=g"));
	OK(!url_query_next(&rest, &name, &value));
	rest = STR_NONE;
	OK(!url_query_next(&rest, &name, &value));
}
