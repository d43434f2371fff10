#include "tests/tap.h"

#include "http/parse.h"

#define HOST "Host: a.example\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST

enum {
	BODY_MAX = 100,
};

struct outcome {
	int status; /* 0: accepted */
	size_t used;
	struct http_request rq;
};

/*
 * Parse TEXT, given in pieces that end at each of the CUTS. The parser sees only as many
 * bytes as a socket would have brought.
 */
static struct outcome
parse_in_pieces(
	struct arena *arena, struct str text, const size_t *cuts, size_t cut_count)
{
	struct outcome outcome = { .rq = { .ctx = { .arena = arena } } };
	struct http_parser *parser = http_parser_new(arena, HTTP_LIMITS_DEFAULT);
	enum http_step step = HTTP_MORE;
	size_t head = 0, used = 0, end, piece = 0;

	http_parser_begin(parser, &outcome.rq);
	for (; step == HTTP_MORE && piece <= cut_count; piece++) {
		end = piece < cut_count ? cuts[piece] : text.len;
		step = http_parse_head(parser, text.ptr, end, &head);
		outcome.used = head;
		if (step != HTTP_DONE)
			continue;
		step = http_parse_body_begin(parser, BODY_MAX);
		while (step == HTTP_MORE) {
			step = http_parse_body(parser, text.ptr + outcome.used,
				end - outcome.used, &used);
			outcome.used += used;
			if (step != HTTP_MORE || piece++ >= cut_count)
				break;
			end = piece < cut_count ? cuts[piece] : text.len;
		}
	}
	if (step == HTTP_REFUSED)
		outcome.status = http_parser_refusal(parser).status;
	if (step == HTTP_MORE)
		outcome.status = -1;
	return outcome;
}

static struct outcome
parse_whole(struct arena *arena, struct str text)
{
	return parse_in_pieces(arena, text, NULL, 0);
}

struct shape {
	const char *name;
	struct str text;
	int status; /* 0: accepted, -1: needs more */
};
#define SHAPE(name_, text_, status_)                                          \
	{                                                                     \
		.name = (name_), .text = STR_INIT(text_), .status = (status_) \
	}

static const struct shape shapes[] = {
	SHAPE("plain", "GET / HTTP/1.1\r\n" HOST "\r\n", 0),
	SHAPE("1.0 without host", "GET / HTTP/1.0\r\n\r\n", 0),
	SHAPE("one empty line before", "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 0),
	SHAPE("options *", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0),
	SHAPE("host with port", "GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", 0),
	SHAPE("host in brackets", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0),
	SHAPE("upgrade is ignored",
		"GET / HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n",
		0),
	SHAPE("empty header value", "GET / HTTP/1.1\r\n" HOST "A:\r\n\r\n", 0),
	SHAPE("length", POST "Content-Length: 5\r\n\r\nhello", 0),
	SHAPE("length 0", POST "Content-Length: 0\r\n\r\n", 0),
	SHAPE("chunks",
		POST "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
		0),
	SHAPE("chunks with upper case and digits",
		POST "transfer-encoding: "
		     "CHUNKED\r\n\r\n0000000000000A\r\n0123456789\r\n0\r\n\r\n",
		0),
	SHAPE("trailer",
		POST "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\nC:d\r\n\r\n", 0),
	SHAPE("expect", POST "Expect: 100-Continue\r\nContent-Length: 5\r\n\r\nhello", 0),
	SHAPE("identity",
		POST "Content-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello", 0),
	SHAPE("unfinished head", "GET / HTTP/1.1\r\n" HOST, -1),
	SHAPE("unfinished body", POST "Content-Length: 6\r\n\r\nhello", -1),
	SHAPE("unfinished chunks", POST "Transfer-Encoding: chunked\r\n\r\n0\r\n", -1),

	SHAPE("folded header", "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", 400),
	SHAPE("folded with tab", "GET / HTTP/1.1\r\n" HOST "A: b\r\n\tc\r\n\r\n", 400),
	SHAPE("folded empty", "GET / HTTP/1.1\r\n" HOST "A:\r\n b\r\n\r\n", 400),
	SHAPE("folded to empty", "GET / HTTP/1.1\r\n" HOST "A:\r\n \r\n\r\n", 400),
	SHAPE("folded length", POST "Content-Length:\r\n 5\r\n\r\nhello", 400),
	SHAPE("folded chunked", POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
		400),
	SHAPE("space before the first header", "GET / HTTP/1.1\r\n " HOST "\r\n", 400),
	SHAPE("tab before the first header", "GET / HTTP/1.1\r\n\t" HOST "\r\n", 400),
	SHAPE("space before colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
	SHAPE("space before colon of length", POST "Content-Length : 5\r\n\r\nhello",
		400),
	SHAPE("space in name", "GET / HTTP/1.1\r\n" HOST "A b: c\r\n\r\n", 400),
	SHAPE("empty name", "GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n", 400),
	SHAPE("no colon", "GET / HTTP/1.1\r\n" HOST "Ab\r\n\r\n", 400),
	SHAPE("NUL in name", "GET / HTTP/1.1\r\n" HOST "A\0: b\r\n\r\n", 400),
	SHAPE("NUL in value", "GET / HTTP/1.1\r\n" HOST "A: \0b\r\n\r\n", 400),
	SHAPE("control in value", "GET / HTTP/1.1\r\n" HOST "A: b\001\r\n\r\n", 400),
	SHAPE("DEL in value", "GET / HTTP/1.1\r\n" HOST "A: b\177\r\n\r\n", 400),

	SHAPE("coding gzip", POST "Transfer-Encoding: gzip\r\n\r\n", 501),
	SHAPE("coding gzip, chunked",
		POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
	SHAPE("coding chunked, gzip",
		POST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
	SHAPE("coding chunked twice",
		POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
	SHAPE("coding chunked in two headers",
		POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: "
		     "chunked\r\n\r\n0\r\n\r\n",
		400),
	SHAPE("coding identity and chunked",
		POST "Transfer-Encoding: identity\r\nTransfer-Encoding: "
		     "chunked\r\n\r\n0\r\n\r\n",
		400),
	SHAPE("coding xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		400),
	SHAPE("coding chunkedx", POST "Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n",
		400),
	SHAPE("coding quoted", POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
		400),
	SHAPE("coding empty", POST "Transfer-Encoding:\r\n\r\n0\r\n\r\n", 400),
	SHAPE("coding with vertical tab",
		POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n", 400),
	SHAPE("coding with comma", POST "Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n",
		400),
	SHAPE("coding with parameter",
		POST "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n", 400),
	SHAPE("coding in 1.0",
		"POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		400),

	SHAPE("two lengths", POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
		400),
	SHAPE("same length twice",
		POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
	SHAPE("list of lengths", POST "Content-Length: 5, 5\r\n\r\nhello", 400),
	SHAPE("length and chunks",
		POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		400),
	SHAPE("chunks and length",
		POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		400),
	SHAPE("length +5", POST "Content-Length: +5\r\n\r\nhello", 400),
	SHAPE("length -5", POST "Content-Length: -5\r\n\r\nhello", 400),
	SHAPE("length 0x5", POST "Content-Length: 0x5\r\n\r\nhello", 400),
	SHAPE("length 5a", POST "Content-Length: 5a\r\n\r\nhello", 400),
	SHAPE("length 5 5", POST "Content-Length: 5 5\r\n\r\nhello", 400),
	SHAPE("length empty", POST "Content-Length:\r\n\r\n", 400),
	SHAPE("length blank", POST "Content-Length:  \r\n\r\n", 400),
	SHAPE("length over 64 bits",
		POST "Content-Length: 18446744073709551617\r\n\r\nhello", 400),
	SHAPE("length over the limit", POST "Content-Length: 101\r\n\r\n", 413),
	SHAPE("length of 64 bits", POST "Content-Length: 18446744073709551615\r\n\r\n",
		413),

	SHAPE("chunk extension",
		POST "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n",
		400),
	SHAPE("chunk extension bare",
		POST "Transfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\n\r\n", 400),
	SHAPE("chunk extension empty",
		POST "Transfer-Encoding: chunked\r\n\r\n5;\r\nhello\r\n0\r\n\r\n", 400),
	SHAPE("chunk extension of the last",
		POST "Transfer-Encoding: chunked\r\n\r\n0;a=b\r\n\r\n", 400),
	SHAPE("chunk size with sign",
		POST "Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n", 400),
	SHAPE("chunk size 0x5",
		POST "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", 400),
	SHAPE("chunk size with space",
		POST "Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n", 400),
	SHAPE("chunk size after space",
		POST "Transfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n", 400),
	SHAPE("chunk size empty",
		POST "Transfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n", 400),
	SHAPE("chunk size not hex",
		POST "Transfer-Encoding: chunked\r\n\r\ng\r\nhello\r\n0\r\n\r\n", 400),
	SHAPE("chunk size zero-padded",
		POST "Transfer-Encoding: "
		     "chunked\r\n\r\n00000000000000005\r\nhello\r\n0\r\n\r\n",
		400),
	SHAPE("chunk size over 64 bits",
		POST "Transfer-Encoding: "
		     "chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n",
		400),
	SHAPE("chunk size with bare LF",
		POST "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", 400),
	SHAPE("chunk size with bare CR",
		POST "Transfer-Encoding: chunked\r\n\r\n5\rhello\r\n0\r\n\r\n", 400),
	SHAPE("chunk data without CRLF",
		POST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n", 400),
	SHAPE("chunk data longer",
		POST "Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n", 400),
	SHAPE("chunk data with bare LF",
		POST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n", 400),
	SHAPE("chunks over the limit",
		POST
		"Transfer-Encoding: chunked\r\n\r\n"
		"32\r\n01234567890123456789012345678901234567890123456789\r\n"
		"33\r\n012345678901234567890123456789012345678901234567890\r\n0\r\n\r\n",
		413),
	SHAPE("trailer with length",
		POST "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n",
		400),
	SHAPE("trailer with coding",
		POST "Transfer-Encoding: chunked\r\n\r\n0\r\ntransfer-encoding: "
		     "chunked\r\n\r\n",
		400),
	SHAPE("trailer with host",
		POST "Transfer-Encoding: chunked\r\n\r\n0\r\n" HOST "\r\n", 400),
	SHAPE("trailer folded",
		POST "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n c\r\n\r\n", 400),
	SHAPE("trailer with empty name",
		POST "Transfer-Encoding: chunked\r\n\r\n0\r\n: b\r\n\r\n", 400),
	SHAPE("trailer with bare LF",
		POST "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\r\n", 400),
	SHAPE("trailer ends with bare LF",
		POST "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\n", 400),
	SHAPE("last chunk with bare LF", POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\n",
		400),

	SHAPE("bare LF everywhere", "GET / HTTP/1.1\nHost: a\n\n", 400),
	SHAPE("bare LF after the request line", "GET / HTTP/1.1\n" HOST "\r\n", 400),
	SHAPE("bare LF after a header", "GET / HTTP/1.1\r\nHost: a\nA: b\r\n\r\n", 400),
	SHAPE("bare LF after an empty header", "GET / HTTP/1.1\r\n" HOST "A:\n\r\n", 400),
	SHAPE("bare LF at the end", "GET / HTTP/1.1\r\n" HOST "\n", 400),
	SHAPE("bare CR in a value", "GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n", 400),
	SHAPE("bare CR after a header", "GET / HTTP/1.1\r\nHost: a\rA: b\r\n\r\n", 400),
	SHAPE("bare CR at the end", "GET / HTTP/1.1\r\n" HOST "\rX", 400),
	SHAPE("CR CR LF", "GET / HTTP/1.1\r\r\n" HOST "\r\n", 400),

	SHAPE("no host", "GET / HTTP/1.1\r\n\r\n", 400),
	SHAPE("host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
	SHAPE("host empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
	SHAPE("host a list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
	SHAPE("host a list without space", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400),
	SHAPE("host with path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
	SHAPE("host with user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
	SHAPE("host with bad port", "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", 400),
	SHAPE("host with long port", "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", 400),
	SHAPE("host only port", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", 400),
	SHAPE("host with open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
	SHAPE("host after bracket", "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400),

	SHAPE("absolute form", "GET http://a.example/ HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("connect", "CONNECT a.example:443 HTTP/1.1\r\n" HOST "\r\n", 501),
	SHAPE("trace", "TRACE / HTTP/1.1\r\n" HOST "\r\n", 501),
	SHAPE("get *", "GET * HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("options */x", "OPTIONS */x HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("fragment", "GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("fragment after query", "GET /a?b#c HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("no target", "GET HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("empty target", "GET  HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("relative target", "GET a HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("NUL in target", "GET /\0 HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("tab in target", "GET /a\tb HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("byte over 127 in target", "GET /\303\244 HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("two spaces after the method", "GET  / HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("two spaces after the target", "GET /  HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("space before the method", " GET / HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("space after the version", "GET / HTTP/1.1 \r\n" HOST "\r\n", 400),
	SHAPE("tab after the method", "GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("bare LF before", "\nGET / HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("bare CR before", "\rGET / HTTP/1.1\r\n" HOST "\r\n", 400),
	SHAPE("LF after an empty line", "\r\n\nGET / HTTP/1.1\r\n" HOST "\r\n", 400),

	SHAPE("no version", "GET /\r\n\r\n", 400),
	SHAPE("version 0.9", "GET / HTTP/0.9\r\n" HOST "\r\n", 505),
	SHAPE("version 1.2", "GET / HTTP/1.2\r\n" HOST "\r\n", 505),
	SHAPE("version 2.0", "GET / HTTP/2.0\r\n" HOST "\r\n", 505),
	SHAPE("version 3.7", "GET / HTTP/3.7\r\n" HOST "\r\n", 505),
	SHAPE("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
	SHAPE("version 1.10", "GET / HTTP/1.10\r\n" HOST "\r\n", 400),
	SHAPE("version 01.1", "GET / HTTP/01.1\r\n" HOST "\r\n", 400),
	SHAPE("version 1", "GET / HTTP/1\r\n" HOST "\r\n", 400),
	SHAPE("version in lower case", "GET / http/1.1\r\n" HOST "\r\n", 400),
	SHAPE("other protocol", "GET / RTSP/1.0\r\n" HOST "\r\n", 400),
	SHAPE("foreign method of llhttp", "PROPFIND / HTTP/1.1\r\n" HOST "\r\n", 501),
	SHAPE("foreign method", "BREW / HTTP/1.1\r\n" HOST "\r\n", 501),
	SHAPE("longer method", "GETS / HTTP/1.1\r\n" HOST "\r\n", 501),
	SHAPE("method in lower case", "get / HTTP/1.1\r\n" HOST "\r\n", 501),
	SHAPE("TLS", "\026\003\001\002\000\001\000\001\374\003\003", 400),
	SHAPE("expectation", POST "Expect: 200-ok\r\n\r\n", 417),
	SHAPE("content encoding",
		POST "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", 415),
};

static void
check_shape(const struct shape *shape, const size_t *cuts, size_t cut_count)
{
	struct outcome outcome;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	outcome = parse_in_pieces(&arena, shape->text, cuts, cut_count);
	if (outcome.status != shape->status)
		tap_fail(__FILE__, __LINE__, "%s, cut at %zu: %d, not %d", shape->name,
			cut_count ? cuts[0] : 0, outcome.status, shape->status);
	if (outcome.status == 0 && outcome.used != shape->text.len)
		tap_fail(__FILE__, __LINE__, "%s: used %zu of %zu", shape->name,
			outcome.used, shape->text.len);
	arena_release(&arena);
}

TEST(each_shape_gets_its_status)
{
	for (size_t i = 0; i < COUNT_OF(shapes); i++)
		check_shape(&shapes[i], NULL, 0);
}

TEST(each_shape_gets_its_status_cut_anywhere)
{
	for (size_t i = 0; i < COUNT_OF(shapes); i++)
		for (size_t cut = 1; cut < shapes[i].text.len; cut++)
			check_shape(&shapes[i], &cut, 1);
}

TEST(each_shape_gets_its_status_byte_by_byte)
{
	size_t cuts[1000];

	for (size_t i = 0; i < COUNT_OF(cuts); i++)
		cuts[i] = i + 1;
	for (size_t i = 0; i < COUNT_OF(shapes); i++)
		check_shape(&shapes[i], cuts, shapes[i].text.len - 1);
}

TEST(request_is_read_into_its_parts)
{
	struct outcome outcome;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	outcome = parse_whole(&arena,
		STR("PATCH /v1/games?season=2024&x=a?b HTTP/1.1\r\n" HOST
		    "X-One:  first value \t \r\nx-one: second\r\nContent-Length: "
		    "5\r\n\r\nhello"
		    "GET /next"));
	EQ_I64(outcome.status, 0);
	EQ_I64(outcome.rq.method, METHOD_PATCH);
	EQ_STR(outcome.rq.target, STR("/v1/games?season=2024&x=a?b"));
	EQ_STR(outcome.rq.path, STR("/v1/games"));
	EQ_STR(outcome.rq.query, STR("season=2024&x=a?b"));
	EQ_STR(outcome.rq.host, STR("a.example"));
	EQ_I64(outcome.rq.header_count, 4);
	EQ_STR(http_request_header(&outcome.rq, STR("x-ONE")), STR("first value"));
	OK(str_is_none(http_request_header(&outcome.rq, STR("absent"))));
	EQ_STR(outcome.rq.body, STR("hello"));
	OK(outcome.rq.is_kept_alive);
	OK(!outcome.rq.expects_continue);
	arena_release(&arena);
}

TEST(query_is_absent_or_empty)
{
	struct outcome outcome;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	outcome = parse_whole(&arena, STR("GET /a HTTP/1.1\r\n" HOST "\r\n"));
	OK(str_is_none(outcome.rq.query));
	outcome = parse_whole(&arena, STR("GET /a? HTTP/1.1\r\n" HOST "\r\n"));
	OK(!str_is_none(outcome.rq.query));
	EQ_I64(outcome.rq.query.len, 0);
	arena_release(&arena);
}

TEST(connection_is_kept_as_version_and_header_say)
{
	static const struct {
		struct str text;
		bool is_kept_alive;
	} cases[] = {
		{ STR_INIT("GET / HTTP/1.1\r\n" HOST "\r\n"), true },
		{ STR_INIT("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"),
			false },
		{ STR_INIT("GET / HTTP/1.1\r\n" HOST "Connection: x, Close\r\n\r\n"),
			false },
		{ STR_INIT("GET / HTTP/1.0\r\n\r\n"), false },
		{ STR_INIT("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), true },
	};
	struct arena arena;

	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		OK(parse_whole(&arena, cases[i].text).rq.is_kept_alive ==
			cases[i].is_kept_alive);
	arena_release(&arena);
}

TEST(chunks_are_joined_however_they_are_cut)
{
	struct str text = STR(
		POST "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n"
		     "0\r\nA: b\r\n\r\nGET /next");
	struct outcome outcome;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	for (size_t cut = 1; cut < text.len; cut++) {
		outcome = parse_in_pieces(&arena, text, &cut, 1);
		EQ_I64(outcome.status, 0);
		EQ_STR(outcome.rq.body, STR("hello"));
		EQ_I64(text.len - outcome.used, sizeof("GET /next") - 1);
		arena_reset(&arena);
	}
	arena_release(&arena);
}

/* "GET /" + COUNT of FILL + REST */
static struct str
long_request(
	struct arena *arena, const char *begin, char fill, size_t count, const char *rest)
{
	size_t begin_len = strlen(begin), rest_len = strlen(rest);
	char *text = arena_alloc_text(arena, begin_len + count + rest_len);

	memcpy(text, begin, begin_len);
	memset(text + begin_len, fill, count);
	memcpy(text + begin_len + count, rest, rest_len);
	return (struct str){ .ptr = text, .len = begin_len + count + rest_len };
}

TEST(long_target_is_414_and_long_head_is_431)
{
	static const struct {
		const char *begin;
		size_t count;
		const char *rest;
		int status;
	} cases[] = {
		{ "GET /", 8191, " HTTP/1.1\r\n" HOST "\r\n", 0 },
		{ "GET /", 8192, " HTTP/1.1\r\n" HOST "\r\n", 414 },
		{ "GET /", 100000, "", 414 },
		/* 16,384 bytes in all, then one more */
		{ "GET / HTTP/1.1\r\n" HOST "A: ", 16384 - 40, "\r\n\r\n", 0 },
		{ "GET / HTTP/1.1\r\n" HOST "A: ", 16384 - 39, "\r\n\r\n", 431 },
		{ "GET / HTTP/1.1\r\n" HOST "A: ", 100000, "", 431 },
		{ "GET / HTTP/1.1\r\n" HOST, 100000, "", 431 },
		{ POST "Transfer-Encoding: chunked\r\n\r\n0\r\nA: ", 100000, "", 431 },
		{ POST "Transfer-Encoding: chunked\r\n\r\n0\r\n", 100000, "", 431 },
	};
	struct arena arena;

	arena_init(&arena, 1 << 22);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct str text = long_request(
			&arena, cases[i].begin, 'a', cases[i].count, cases[i].rest);
		size_t cut = text.len / 2;

		EQ_I64(parse_whole(&arena, text).status, cases[i].status);
		EQ_I64(parse_in_pieces(&arena, text, &cut, 1).status, cases[i].status);
		arena_reset(&arena);
	}
	arena_release(&arena);
}

TEST(sixty_four_headers_are_taken_and_no_more)
{
	static const char line[] = "Accept: a\r\n";
	struct arena arena;

	arena_init(&arena, 1 << 20);
	for (size_t count = 63; count <= 64; count++) {
		char text[2000] = "GET / HTTP/1.1\r\n" HOST;
		size_t len = strlen(text);

		for (size_t i = 0; i < count; i++, len += sizeof(line) - 1)
			memcpy(text + len, line, sizeof(line));
		memcpy(text + len, "\r\n", 3);
		EQ_I64(parse_whole(&arena, str_from(text)).status, count == 63 ? 0 : 431);
	}
	arena_release(&arena);
}

TEST(endless_zeros_before_a_chunk_size_are_refused)
{
	struct arena arena;
	struct str text;

	arena_init(&arena, 1 << 20);
	text = long_request(
		&arena, POST "Transfer-Encoding: chunked\r\n\r\n", '0', 1000, "");
	EQ_I64(parse_whole(&arena, text).status, 400);
	arena_release(&arena);
}

TEST(body_without_memory_for_it_is_refused)
{
	struct str text = STR(POST "Content-Length: 8\r\n\r\nab");
	struct arena arena, full;
	struct http_request rq = { .ctx = { .arena = &full } };
	struct http_parser *parser;
	size_t used;

	arena_init(&arena, 1 << 20);
	arena_init(&full, 0);
	parser = http_parser_new(&arena, HTTP_LIMITS_DEFAULT);
	http_parser_begin(parser, &rq);
	EQ_I64(http_parse_head(parser, text.ptr, text.len, &used), HTTP_DONE);
	EQ_I64(http_parse_body_begin(parser, 8), HTTP_MORE);
	EQ_I64(http_parse_body(parser, text.ptr + used, 2, &used), HTTP_REFUSED);
	EQ_I64(http_parser_refusal(parser).status, 503);
	arena_release(&arena);
}

TEST(room_for_a_body_is_filled_in_place)
{
	struct str text = STR(POST "Content-Length: 8\r\n\r\nab");
	struct http_request rq = { 0 };
	struct http_parser *parser;
	struct arena arena;
	size_t used, len;
	char *room;

	arena_init(&arena, 1 << 20);
	rq.ctx.arena = &arena;
	parser = http_parser_new(&arena, HTTP_LIMITS_DEFAULT);
	http_parser_begin(parser, &rq);
	EQ_I64(http_parse_head(parser, text.ptr, text.len, &used), HTTP_DONE);
	EQ_I64(http_parse_body_begin(parser, 8), HTTP_MORE);
	EQ_I64(http_parse_body(parser, text.ptr + used, text.len - used, &used),
		HTTP_MORE);
	OK(http_parser_room(parser, &room, &len));
	EQ_I64(len, 6);
	memcpy(room, "cdef", 4);
	EQ_I64(http_parser_filled(parser, 4), HTTP_MORE);
	OK(http_parser_room(parser, &room, &len));
	memcpy(room, "gh", 2);
	EQ_I64(http_parser_filled(parser, 2), HTTP_DONE);
	EQ_STR(rq.body, STR("abcdefgh"));
	arena_release(&arena);
}
