#include "tests/tap.h"

#include "http/respond.h"

TEST(etags_match_in_lists_and_weakly)
{
	static const struct {
		struct str had;
		bool matches;
	} cases[] = {
		{ STR_INIT("\"a\""), true },
		{ STR_INIT("W/\"a\""), true },
		{ STR_INIT("\"b\", \"a\""), true },
		{ STR_INIT("\"b,\",W/\"a\" ,\"c\""), true },
		{ STR_INIT("*"), true },
		{ STR_INIT(" * "), true },
		{ STR_INIT("\"A\""), false },
		{ STR_INIT("\"b\""), false },
		{ STR_INIT("a"), false },
		{ STR_INIT("\"a"), false },
		{ STR_INIT("\""), false },
		{ STR_INIT(""), false },
		{ STR_INIT("\"b\"\"c\""), false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OK_OR(http_etag_matches(cases[i].had, STR("\"a\"")) == cases[i].matches,
			STR_FMT, STR_ARG(cases[i].had));
		OK(http_etag_matches(cases[i].had, STR("W/\"a\"")) == cases[i].matches);
	}
}

TEST(gzip_is_used_where_the_client_prefers_it)
{
	static const struct {
		struct str accept;
		bool accepts;
	} cases[] = {
		{ STR_INIT("gzip"), true },
		{ STR_INIT("GZip, br"), true },
		{ STR_INIT("br;q=1.0, gzip;q=0.8, *;q=0.1"), true },
		{ STR_INIT("x-gzip"), true },
		{ STR_INIT("*"), true },
		{ STR_INIT("gzip ; q=0.5"), true },
		{ STR_INIT("gzip;q=0.001"), true },
		{ STR_INIT("gzip;q=1"), true },
		{ STR_INIT("identity;q=0.5, gzip;q=0.5"), true },
		{ STR_INIT("gzip;q=0"), false },
		{ STR_INIT("gzip;q=0.000"), false },
		{ STR_INIT("gzip;q=2"), false },
		{ STR_INIT("gzip;q=x"), false },
		{ STR_INIT("*;q=0"), false },
		{ STR_INIT("*, gzip;q=0"), false },
		{ STR_INIT("identity, gzip;q=0.5"), false },
		{ STR_INIT("br, deflate"), false },
		{ STR_INIT("gzipped"), false },
		{ STR_INIT(""), false },
		{ STR_INIT(",,"), false },
	};
	struct http_header header = { .name = STR("Accept-Encoding") };
	struct http_request rq = { .headers = &header, .header_count = 1 };

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		header.value = cases[i].accept;
		OK_OR(http_accepts_gzip(&rq) == cases[i].accepts, STR_FMT,
			STR_ARG(cases[i].accept));
	}
	rq.header_count = 0;
	OK(!http_accepts_gzip(&rq));
}

TEST(dates_are_written_as_rfc_9110_says)
{
	char storage[64];
	struct buf buf;

	buf_init_fixed(&buf, storage, sizeof(storage));
	http_put_date(&buf, 784111777ll * MICROSECONDS_PER_SECOND + 999999);
	EQ_STR(buf_str(&buf), STR("Sun, 06 Nov 1994 08:49:37 GMT"));
	EQ_I64(buf.len, HTTP_DATE_BYTES);
}

TEST(headers_cannot_be_forged_by_their_values)
{
	struct http_answer answer = { .status = 200 };
	struct arena arena;
	struct ctx ctx = { .arena = &arena };

	arena_init(&arena, 1 << 16);
	FAILS_WITH(http_answer_add(
			   &ctx, &answer, STR("Location"), STR("/\r\nSet-Cookie: a")),
		ERR_INVALID);
	FAILS_WITH(
		http_answer_add(&ctx, &answer, STR("Location"), STR("/\n")), ERR_INVALID);
	FAILS_WITH(
		http_answer_add(&ctx, &answer, STR("Loc\0tion"), STR("/")), ERR_INVALID);
	EQ_I64(answer.header_count, 0);
	OK_ERR(http_answer_add(&ctx, &answer, STR("Location"), STR("/\303\244\t")));
	OK_ERR(http_answer_add(&ctx, &answer, STR("Vary"), STR("Origin")));
	EQ_I64(answer.header_count, 2);
	EQ_STR(answer.headers[1].value, STR("Origin"));
	arena_release(&arena);
}

TEST(problem_names_status_code_and_request)
{
	struct http_problem problem = { .status = 413,
		.code = STR("too_large"),
		.detail = STR("'a\"b' is too large"),
		.field = STR("name") };
	struct http_answer answer;
	struct arena arena;
	struct ctx ctx = { .arena = &arena };

	arena_init(&arena, 1 << 16);
	for (size_t i = 0; i < 16; i++)
		ctx.request_id.bytes[i] = (uint8_t)(0x11 * i);
	answer = http_answer_problem(&ctx, &problem);
	EQ_STR(answer.body,
		STR("{\"status\":413,\"title\":\"Content Too Large\","
		    "\"code\":\"too_large\","
		    "\"detail\":\"'a\\\"b' is too large\",\"field\":\"name\","
		    "\"request_id\":\"00112233-4455-6677-8899-aabbccddeeff\"}"));
	EQ_STR(answer.content_type, STR("application/problem+json"));
	/* How long to wait is said where waiting is all there is to do. */
	problem.status = 429;
	problem.retry_after_s = 119;
	answer = http_answer_problem(&ctx, &problem);
	OK(str_find(answer.body, STR(" too large; try again in 119 seconds\"")) > 0);
	problem.status = 503;
	answer = http_answer_problem(&ctx, &problem);
	OK(str_find(answer.body, STR(" too large\"")) > 0);
	problem.status = 413;
	/* Without memory it is at least well formed. */
	arena.cap_bytes = arena.used_bytes;
	while (arena_alloc_text(&arena, 64)) {
	}
	answer = http_answer_problem(&ctx, &problem);
	EQ_I64(answer.status, 413);
	EQ_I64(answer.body.len, 0);
	arena_release(&arena);
}

TEST(short_or_binary_or_packed_answers_are_not_compressed)
{
	static char text[2000];
	struct http_header header = { .name = STR("accept-encoding"),
		.value = STR("gzip") };
	struct arena arena;
	struct http_request rq = {
		.headers = &header, .header_count = 1, .ctx = { .arena = &arena }
	};
	struct http_answer answers[] = {
		{ .status = 200,
			.content_type = STR("text/html"),
			.body = { text, 1023 } },
		{ .status = 200,
			.content_type = STR("image/png"),
			.body = { text, 2000 } },
		{ .status = 200,
			.content_type = STR("text/html"),
			.body = { text, 2000 },
			.encoding = STR("gzip") },
		{ .status = 200,
			.content_type = STR("text/html"),
			.body = { text, 2000 } },
	};

	arena_init(&arena, 1 << 20);
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		OK_ERR(http_answer_compress(&rq, &answers[i]));
		OK((answers[i].body.ptr == text) == (i < 3));
	}
	EQ_STR(answers[3].encoding, STR("gzip"));
	arena_release(&arena);
}
