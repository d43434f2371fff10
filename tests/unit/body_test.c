#include "tests/tap.h"

#include "api/body.h"
#include "codec/json_read.h"
#include "http/message.h"
#include "tests/support/shared.h"

static struct arena arena;
static struct ctx ctx = { .arena = &arena };

static void
begin(void)
{
	arena_release(&arena);
	arena_init(&arena, 16 << 20);
}

/* A body with a member of every kind. */
struct sample_body {
	uint64_t given;
	struct str name;
	struct str notes;
	struct str email;
	struct opt_bool is_on;
	int32_t count;
	struct opt_i64 large;
	struct opt_f64 share;
	struct uuid id;
	struct opt_i64 at;
	struct str kind;
	struct words scopes;
};

#define AT(member) offsetof(struct sample_body, member)

static const struct body_member sample_members[] = {
	{ STR_INIT("name"), BODY_KIND_TEXT, BODY_NEEDED, 1, 5, NULL, AT(name), "" },
	{ STR_INIT("notes"), BODY_KIND_LINES, BODY_CLEARABLE, 0, 9, NULL, AT(notes), "" },
	{ STR_INIT("email"), BODY_KIND_EMAIL, BODY_OPTIONAL, 3, 254, NULL, AT(email),
		"" },
	{ STR_INIT("is_on"), BODY_KIND_BOOL, BODY_OPTIONAL, 0, 1, NULL, AT(is_on), "" },
	{ STR_INIT("count"), BODY_KIND_I32, BODY_NEEDED, 1, 10, NULL, AT(count), "" },
	{ STR_INIT("large"), BODY_KIND_I64, BODY_OPTIONAL, INT64_MIN, INT64_MAX, NULL,
		AT(large), "" },
	{ STR_INIT("share"), BODY_KIND_SHARE, BODY_OPTIONAL, 0, 1, NULL, AT(share), "" },
	{ STR_INIT("id"), BODY_KIND_UUID, BODY_OPTIONAL, 36, 36, NULL, AT(id), "" },
	{ STR_INIT("at"), BODY_KIND_TIME, BODY_OPTIONAL, 0, 0, NULL, AT(at), "" },
	{ STR_INIT("kind"), BODY_KIND_WORD, BODY_OPTIONAL, 0, 0, "red|green", AT(kind),
		"" },
	{ STR_INIT("scopes"), BODY_KIND_WORDS, BODY_OPTIONAL, 1, 2, "|a|b|c", AT(scopes),
		"" },
};
static const struct body_schema sample = {
	.name = "sample",
	.about = "a sample",
	.members = sample_members,
	.member_count = COUNT_OF(sample_members),
	.size = sizeof(struct sample_body),
};

TEST(members_are_read_into_their_types)
{
	struct sample_body body;

	begin();
	OK_ERR(body_parse(&ctx, &sample,
		STR("{\"name\": \"\\u00fcber\", \"notes\": \"a\\n\\tb\", \"email\": "
		    "\"Ann.O'Neil+x@Example.COM\", \"is_on\": false, \"count\": 10, "
		    "\"large\": -9223372036854775808, \"share\": 1, \"id\": "
		    "\"018f0000-0000-7000-8000-0000000000ff\", \"at\": "
		    "\"1970-01-01T00:00:01Z\", \"kind\": \"green\", \"scopes\": [\"c\", "
		    "\"a\"]}"),
		&body));
	EQ_STR(body.name,
		STR("\xc3\xbc"
		    "ber"));
	EQ_STR(body.notes, STR("a\n\tb"));
	EQ_STR(body.email, STR("ann.o'neil+x@example.com"));
	OK(body.is_on.is_set && !body.is_on.value);
	EQ_I64(body.count, 10);
	EQ_I64(body.large.value, INT64_MIN);
	NEAR(body.share.value, 1, 0);
	EQ_I64(body.id.bytes[15], 255);
	EQ_I64(body.at.value, 1000000);
	EQ_STR(body.kind, STR("green"));
	EQ_I64(body.scopes.count, 2);
	EQ_STR(body.scopes.items[0], STR("c"));
	EQ_STR(body.scopes.items[1], STR("a"));
	EQ_I64(body.given, (1 << COUNT_OF(sample_members)) - 1);
}

TEST(what_is_left_out_is_absent_and_what_is_null_was_given)
{
	struct sample_body body;

	begin();
	OK_ERR(body_parse(&ctx, &sample,
		STR("{\"count\":1,\"name\":\"x\",\"notes\":null}"), &body));
	OK(str_is_none(body.notes) && str_is_none(body.email) && !body.is_on.is_set);
	OK(!body.large.is_set && !body.share.is_set && uuid_is_nil(body.id));
	EQ_I64(body.given, 1 << 0 | 1 << 1 | 1 << 4);
	/* 1 - 0.55 in binary, and the finest there is. */
	OK_ERR(body_parse(&ctx, &sample,
		STR("{\"count\":1,\"name\":\"x\",\"share\":0.44999999999999996}"),
		&body));
	NEAR(body.share.value, 0.45, 0);
	OK_ERR(body_parse(&ctx, &sample,
		STR("{\"count\":1,\"name\":\"x\",\"share\":0.000001}"), &body));
	NEAR(body.share.value, 0.000001, 0);
}

/* {"name": "x", "count": 1} with MEMBER added or, where it names one of these, instead. */
static struct str
with(const char *member)
{
	bool is_name = strncmp(member, "\"name\"", 6) == 0;
	bool is_count = strncmp(member, "\"count\"", 7) == 0;

	return str_fmt(&arena, "{%s%s%s}", is_name ? "" : "\"name\":\"x\",",
		is_count ? "" : "\"count\":1,", member);
}

TEST(a_wrong_member_is_refused_with_its_name)
{
	static const struct {
		const char *member;
		const char *field;
	} bad[] = {
		{ "\"name\":\"\"", "name" },
		{ "\"name\":\"sixsix\"", "name" },
		{ "\"name\":\"a\\nb\"", "name" },
		{ "\"name\":\"a\\u0085b\"", "name" },
		{ "\"name\":null", "name" },
		{ "\"name\":5", "name" },
		{ "\"notes\":\"a\\u0007\"", "notes" },
		{ "\"notes\":{}", "notes" },
		{ "\"is_on\":1", "is_on" },
		{ "\"is_on\":\"true\"", "is_on" },
		{ "\"is_on\":null", "is_on" },
		{ "\"count\":0", "count" },
		{ "\"count\":11", "count" },
		{ "\"count\":1.0", "count" },
		{ "\"count\":\"1\"", "count" },
		{ "\"count\":4294967297", "count" },
		{ "\"share\":1.01", "share" },
		{ "\"share\":-0.1", "share" },
		{ "\"share\":0.5330111", "share" },
		{ "\"share\":1e-9", "share" },
		{ "\"id\":\"018f0000\"", "id" },
		{ "\"at\":\"yesterday\"", "at" },
		{ "\"at\":1000", "at" },
		{ "\"kind\":\"blue\"", "kind" },
		{ "\"kind\":\"red|green\"", "kind" },
		{ "\"kind\":\"\"", "kind" },
		{ "\"scopes\":[]", "scopes" },
		{ "\"scopes\":[\"a\",\"a\"]", "scopes" },
		{ "\"scopes\":[\"a\",\"b\",\"c\"]", "scopes" },
		{ "\"scopes\":[\"\"]", "scopes" },
		{ "\"scopes\":[1]", "scopes" },
		{ "\"scopes\":\"a\"", "scopes" },
		{ "\"role\":\"super_admin\"", "role" },
		{ "\"tier_id\":null", "tier_id" },
		{ "\"Name\":\"y\"", "Name" },
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct sample_body body = { .given = 77 };
		struct err *err;

		begin();
		err = body_parse(&ctx, &sample, with(bad[i].member), &body);
		OK_OR(err && err->code == ERR_INVALID, "took %s", bad[i].member);
		EQ_STR(err->field, str_from(bad[i].field));
		OK_OR(str_find(err->message, err->field) >= 0, "%s: " STR_FMT,
			bad[i].member, STR_ARG(err->message));
		EQ_I64(body.given, 77);
	}
}

/* A name with TEXT in it; the longest have an emoji of eleven code points. */
static struct err *
take_name(const char *text)
{
	static const struct body_member members[] = { { STR_INIT("name"), BODY_KIND_TEXT,
		BODY_NEEDED, 1, 100, NULL, AT(name), "" } };
	static const struct body_schema schema = { .name = "named",
		.about = "",
		.members = members,
		.member_count = 1,
		.size = sizeof(struct sample_body) };
	struct sample_body body;

	begin();
	return body_parse(
		&ctx, &schema, str_fmt(&arena, "{\"name\":\"%s\"}", text), &body);
}

TEST(a_name_has_nothing_that_cannot_be_seen)
{
	static const struct {
		const char *name;
		const char *said;
	} bad[] = {
		{ "\\u202egnp.exe", "U+202E" },
		{ "a\\u2066b\\u2069", "U+2066" },
		{ "a\\u200fb", "U+200F" },
		{ "\\u061ca", "U+061C" },
		{ "\\u200b", "U+200B" },
		{ "Ann\\u200bSmith", "U+200B" },
		{ "Ann\\u00adSmith", "U+00AD" },
		{ "a\\ufeff", "U+FEFF" },
		{ "\\u3164", "U+3164" },
		{ "\\uffa0", "U+FFA0" },
		{ "a\\u2028b", "U+2028" },
		{ "a\\ufffe", "U+FFFE" },
		{ "a\\u0085b", "U+0085" },
		{ "a\\nb", "U+000A" },
		{ "a\\udb40\\udc41", "U+E0041" }, /* a tag without its flag */
		{ "\\u200d", "U+200D" },
		{ "adm\\u200din", "U+200D" },
		{ "adm\\u200cin", "U+200C" },
		{ "\\u06cc\\u200c\\u200c\\u06cc", "U+200C" },
		{ "\\ufe0f", "U+FE0F" },
		{ " \\u200d\\u2764", "U+200D" },
		{ "   ", "seen" },
		{ "\\u00a0\\u3000", "seen" },
		{ "\\u2800", "seen" },
	};
	static const char *good[] = { "Zo\xc3\xab O'Neil-M\xc3\xbcller",
		"\\u0645\\u06cc\\u200c\\u062e\\u0648\\u0627\\u0647\\u0645", /* Persian */
		"\\u0d1c\\u0d4b\\u0d23\\u0d4d\\u200d", /* Malayalam */
		"\\u0915\\u094d\\u200d\\u0937",        /* Hindi */
		"\\u05d3\\u05d5\\u05d3 (David)",       /* Hebrew */
		"\\ud83d\\udc68\\u200d\\ud83d\\udc69\\u200d\\ud83d\\udc67", /* a family */
		"\\u2764\\ufe0f\\u200d\\ud83d\\udd25", /* burning heart */
		"\\ud83c\\udff4\\udb40\\udc67\\udb40\\udc62\\udb40\\udc73\\udb40\\udc63\\"
		"udb40"
		"\\udc74\\udb40\\udc7f",        /* Scotland */
		"\\u845b\\udb40\\udd00\\u98fe", /* a variant of a kanji */
		"1\\ufe0f\\u20e3", "\xe3\x80\x80\xe6\x9d\x8e",
		"Ng\\u0075\\u0302\\u0303n" };

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err *err = take_name(bad[i].name);

		OK_OR(err && err->code == ERR_INVALID, "took %s", bad[i].name);
		EQ_STR(err->field, STR("name"));
		OK_OR(str_find(err->message, str_from(bad[i].said)) > 0, "%s: " STR_FMT,
			bad[i].name, STR_ARG(err->message));
		OK(str_starts_with(err->message, STR("name must ")));
	}
	for (size_t i = 0; i < COUNT_OF(good); i++)
		OK_ERR(take_name(good[i]));
}

TEST(a_name_has_no_blanks_at_its_ends)
{
	struct sample_body body;

	begin();
	OK_ERR(body_parse(&ctx, &sample,
		STR("{\"count\":1,\"name\":\"\\u3000 A Lee \\u00a0 \",\"notes\":\" a "
		    "\"}"),
		&body));
	EQ_STR(body.name, STR("A Lee"));
	EQ_STR(body.notes, STR(" a "));
}

TEST(addresses_are_those_that_mail_can_go_to)
{
	static const char *good[] = { "a@b.c", "a.b@x-y.example",
		"!#$%&'*+-/=?^_`{|}~@example.com", "x@xn--bcher-kva.example" };
	static const char *bad[] = { "", "a", "@b.c", "a@", "a@b", ".a@b.c", "a.@b.c",
		"a..b@b.c", "a b@b.c", "a@b..c", "a@-b.c", "a@b-.c", "a@b.c.", "a@b@c.d",
		"\\\"a\\\"@b.c", "a@[127.0.0.1]", "a@b.c\\r\\nBcc: x@y.z", "\xc3\xbc@b.c",
		"a@b\xc3\xbc.c",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.c" };
	struct sample_body body;

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		begin();
		OK_ERR(body_parse(&ctx, &sample,
			with(str_fmt(&arena, "\"email\":\"%s\"", good[i]).ptr), &body));
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err *err;

		begin();
		err = body_parse(&ctx, &sample,
			with(str_cstr(
				&arena, str_fmt(&arena, "\"email\":\"%s\"", bad[i]))),
			&body);
		OK_OR(err && str_eq(err->field, STR("email")), "took '%s'", bad[i]);
	}
}

TEST(an_address_with_a_domain_of_another_script_is_told_its_form)
{
	struct sample_body body;
	struct err *err;

	begin();
	err = body_parse(
		&ctx, &sample, with("\"email\":\"a@caf\303\251.example\""), &body);
	OK(err && str_find(err->message, STR("punycode")) > 0);
	err = body_parse(
		&ctx, &sample, with("\"email\":\"caf\303\251@a.example\""), &body);
	OK(err && str_find(err->message, STR("punycode")) < 0);
}

/* Erased accounts are kept under "invalid": nobody takes their places beforehand. */
TEST(no_address_is_under_invalid)
{
	struct sample_body body;

	begin();
	OK(body_parse(&ctx, &sample, with("\"email\":\"a@erased.invalid\""), &body));
	OK(body_parse(&ctx, &sample, with("\"email\":\"a@erased.INVALID\""), &body));
	OK(!body_parse(&ctx, &sample, with("\"email\":\"a@invalid.example\""), &body));
}

TEST(messages_say_what_is_wanted_and_never_what_came)
{
	struct sample_body body;
	struct err *err;

	begin();
	err = body_parse(&ctx, &sample, STR("{\"name\":\"x\"}"), &body);
	EQ_STR(err->message, STR("count is missing; it is a whole number from 1 to 10"));
	err = body_parse(&ctx, &sample, with("\"count\":\"s3cret\""), &body);
	EQ_STR(err->message,
		STR("count must be a whole number from 1 to 10, not a text"));
	err = body_parse(&ctx, &sample, with("\"emial\":\"x\""), &body);
	EQ_STR(err->message, STR("unknown member 'emial'; did you mean 'email'?"));
	err = body_parse(&ctx, &sample, STR("[]"), &body);
	EQ_STR(err->message, STR("the body must be a JSON object, not an array"));
}

TEST(what_is_not_json_is_refused_with_line_and_column)
{
	static const char *bad[] = { "{\"name\":\n  \"x\",, }",
		"{\"count\":1,\"count\":1}", "{\"name\":\"\xff\"}",
		"{\"name\":\"\\u0000\"}", "{\"name\":\"\\ud800\"}", "{\"count\":1e999}",
		"{} {}", "\xef\xbb\xbf{}", "{'name':1}" };
	struct sample_body body;
	struct buf deep;
	struct err *err;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		begin();
		err = body_parse(&ctx, &sample, str_from(bad[i]), &body);
		OK_OR(err && err->code == ERR_INVALID &&
				str_starts_with(
					err->message, STR("not valid JSON at ")) &&
				str_find(err->message, STR("column ")) > 0,
			"%s: " STR_FMT, bad[i],
			STR_ARG(err ? err->message : STR("taken")));
	}
	begin();
	FAILS_WITH(body_parse(&ctx, &sample, (struct str){ "{\"a\":\0}", 7 }, &body),
		ERR_INVALID);
	buf_init(&deep, &arena, 4096);
	buf_put(&deep, STR("{\"name\":"));
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_put_char(&deep, '[');
	err = body_parse(&ctx, &sample, buf_str(&deep), &body);
	EQ_STR(err->message,
		STR("not valid JSON at column 72: nested deeper than 64 levels"));
}

TEST(a_body_of_another_type_is_refused)
{
	static const struct {
		const char *type;
		bool is_good;
	} cases[] = {
		{ "application/json", true },
		{ "Application/JSON ; charset=utf-8", true },
		{ "application/json;charset=UTF-8", true },
		{ "application/json; Charset=\"Utf-8\"; version=1", true },
		{ "application/json;", true },
		{ "application/json; charset=utf-16", false },
		{ "application/json; charset=\"utf-16\"", false },
		{ "application/json; charset=iso-8859-1", false },
		{ "application/json; charset=", false },
		{ "application/json; charset=\"", false },
		{ "application/json; charset=utf-8; charset=utf-16", false },
		{ "text/csv", false },
		{ "application/json-patch+json", false },
		{ "application/x-www-form-urlencoded", false },
		{ "", false },
		{ NULL, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct http_header header = { STR_INIT("Content-Type"),
			str_from(cases[i].type) };
		struct http_request http = { .headers = &header,
			.header_count = cases[i].type ? 1 : 0 };
		struct err *err;

		begin();
		err = body_check_type(&ctx, &http, STR("application/json"));
		OK_OR(cases[i].is_good ? !err : err && err->code == ERR_UNSUPPORTED, "%s",
			cases[i].type);
	}
}

TEST(a_body_is_described_as_json_schema)
{
	const struct json_node *properties;
	struct json_node schema;
	struct buf out;

	begin();
	buf_init(&out, &arena, 1 << 16);
	body_write_schema(&out, &sample);
	OK(!buf_is_cut(&out));
	OK_ERR(json_read(&arena, buf_str(&out), &schema));
	properties = json_node_find(&schema, STR("properties"));
	OK(properties);
	EQ_I64(properties->count, COUNT_OF(sample_members));
	EQ_I64(json_node_find(&schema, STR("required"))->count, 2);
}

/* --- The corpus of JSON files beside the source: JSONTestSuite by Nicolas Seriot --- */

struct corpus {
	int good;
	int bad;
	int other;
};

/* Valid JSON that we refuse all the same: repeated keys, and NUL in text. */
static bool
is_refused_by_us(struct str name)
{
	return str_find(name, STR("duplicated_key")) >= 0 ||
		str_find(name, STR("escaped_null")) >= 0 ||
		str_find(name, STR("null_escape")) >= 0;
}

static void
read_corpus_file(void *arg, struct str name, struct str text)
{
	struct corpus *corpus = arg;
	struct sign_in_body body;
	struct err *err;
	bool is_json;

	begin();
	err = body_parse(&ctx, &body_sign_in, text, &body);
	is_json = !err || !str_starts_with(err->message, STR("not valid JSON at "));
	if (str_starts_with(name, STR("n_"))) {
		/* No body at all is as good as an empty object. */
		OK_OR(!is_json || text.len == 0, STR_FMT " is taken", STR_ARG(name));
		OK_OR(err && err->code == ERR_INVALID, STR_FMT, STR_ARG(name));
		corpus->bad++;
	} else if (str_starts_with(name, STR("y_"))) {
		OK_OR(is_json != is_refused_by_us(name), STR_FMT ": " STR_FMT,
			STR_ARG(name), STR_ARG(err ? err->message : STR("taken")));
		corpus->good++;
	} else {
		OK_OR(!err || err->code == ERR_INVALID || err->code == ERR_TOO_LARGE,
			STR_FMT, STR_ARG(name));
		corpus->other++;
	}
}

TEST(the_json_corpus_is_taken_and_refused_as_its_names_say)
{
	struct corpus corpus = { 0 };

	if (!shared_folder_each("corpora/json/test_parsing", read_corpus_file, &corpus))
		SKIP("no corpora/json beside the source tree");
	EQ_I64(corpus.good, 95);
	EQ_I64(corpus.bad, 188);
	EQ_I64(corpus.other, 35);
}
