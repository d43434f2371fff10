#include "tests/tap.h"

#include "http/parse.h"
#include "tests/support/http_shapes.h"

#define HOST "Host: a.example\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST

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
		step = http_parse_body_begin(parser, SHAPE_BODY_MAX);
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
		outcome.status = SHAPE_NEEDS_MORE;
	return outcome;
}

static struct outcome
parse_whole(struct arena *arena, struct str text)
{
	return parse_in_pieces(arena, text, NULL, 0);
}

static void
check_shape(const struct http_shape *shape, const size_t *cuts, size_t cut_count)
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
	for (size_t i = 0; i < http_shape_count; i++)
		check_shape(&http_shapes[i], NULL, 0);
}

TEST(each_shape_gets_its_status_cut_anywhere)
{
	for (size_t i = 0; i < http_shape_count; i++)
		for (size_t cut = 1; cut < http_shapes[i].text.len; cut++)
			check_shape(&http_shapes[i], &cut, 1);
}

TEST(each_shape_gets_its_status_byte_by_byte)
{
	size_t cuts[1000];

	for (size_t i = 0; i < COUNT_OF(cuts); i++)
		cuts[i] = i + 1;
	for (size_t i = 0; i < http_shape_count; i++)
		check_shape(&http_shapes[i], cuts, http_shapes[i].text.len - 1);
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
