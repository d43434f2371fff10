/*
 * Any bytes as requests. However they are cut into pieces, the same is read; and a second
 * reader, which knows no more than lines and lengths, agrees where each request ends: two
 * readers that do not agree are what request smuggling lives on.
 */
#include <assert.h>

#include "base/num.h"
#include "http/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	BODY_MAX = 4096,
	ARENA_BYTES = 1 << 20,
};

struct reading {
	enum http_step step;
	size_t used;
	bool is_head_done;
	struct http_request rq;
};

/* Where the next piece ends: SEED decides. */
static size_t
next_cut(size_t from, size_t len, uint32_t *seed)
{
	size_t step;

	if (*seed == 0)
		return len;
	*seed = *seed * 1664525 + 1013904223;
	step = 1 + (*seed >> 24) % 32;
	return step < len - from ? from + step : len;
}

/* Read one request at the beginning of TEXT, in pieces unless SEED is 0. */
static struct reading
read_request(struct arena *arena, struct str text, uint32_t seed)
{
	struct reading reading = { .step = HTTP_MORE,
		.rq = { .ctx = { .arena = arena } } };
	struct http_parser *parser = http_parser_new(arena, HTTP_LIMITS_DEFAULT);
	size_t end = 0, used;

	assert(parser);
	http_parser_begin(parser, &reading.rq);
	while (reading.step == HTTP_MORE && end < text.len) {
		end = next_cut(end, text.len, &seed);
		reading.step = http_parse_head(parser, text.ptr, end, &reading.used);
	}
	if (reading.step != HTTP_DONE)
		return reading;
	reading.is_head_done = true;
	assert(reading.used <= end);
	reading.step = http_parse_body_begin(parser, BODY_MAX);
	while (reading.step == HTTP_MORE) {
		used = 0;
		reading.step = http_parse_body(
			parser, text.ptr + reading.used, end - reading.used, &used);
		assert(used <= end - reading.used);
		reading.used += used;
		if (reading.step == HTTP_MORE && end == text.len)
			break;
		end = next_cut(end, text.len, &seed);
	}
	if (reading.step == HTTP_REFUSED)
		assert(http_parser_refusal(parser).status >= 400);
	return reading;
}

static void
check_same(const struct reading *a, const struct reading *b)
{
	assert(a->step == b->step);
	if (a->step != HTTP_DONE)
		return;
	assert(a->used == b->used);
	assert(a->rq.method == b->rq.method);
	assert(a->rq.minor_version == b->rq.minor_version);
	assert(a->rq.is_kept_alive == b->rq.is_kept_alive);
	assert(str_eq(a->rq.path, b->rq.path) && str_eq(a->rq.query, b->rq.query));
	assert(str_eq(a->rq.host, b->rq.host) && str_eq(a->rq.body, b->rq.body));
	assert(a->rq.header_count == b->rq.header_count);
	for (size_t i = 0; i < a->rq.header_count; i++) {
		assert(str_eq(a->rq.headers[i].name, b->rq.headers[i].name));
		assert(str_eq(a->rq.headers[i].value, b->rq.headers[i].value));
	}
}

/* --- The second reader: only of what the parser took --- */

/* A line of REST without its CR LF. */
static struct str
take_line(struct str *rest)
{
	ptrdiff_t end = str_find(*rest, STR("\r\n"));
	struct str line;

	assert(end >= 0);
	line = str_slice(*rest, 0, (size_t)end);
	*rest = str_slice(*rest, (size_t)end + 2, rest->len);
	assert(str_find_char(line, '\r') < 0 && str_find_char(line, '\n') < 0);
	return line;
}

static void
skip_chunks(struct str *rest)
{
	for (;;) {
		struct str line = take_line(rest);
		size_t size = 0;

		assert(line.len >= 1 && line.len <= 16);
		for (size_t i = 0; i < line.len; i++) {
			ptrdiff_t digit = str_find_char(
				STR("0123456789abcdef"), (char)(line.ptr[i] | 0x20));

			assert(digit >= 0);
			size = size * 16 + (size_t)digit;
		}
		if (size == 0)
			break;
		assert(size <= rest->len);
		*rest = str_slice(*rest, size, rest->len);
		line = take_line(rest);
		assert(line.len == 0);
	}
	while (take_line(rest).len > 0) {
	}
}

static void
check_boundary(const struct reading *reading, struct str text)
{
	struct str rest = text, line, name;
	int64_t length = 0;
	bool is_chunked = false;
	size_t hosts = 0, lengths = 0, headers = 0;

	if (str_starts_with(rest, STR("\r\n")))
		take_line(&rest);
	line = take_line(&rest);
	assert(str_starts_with(line, str_from(http_method_name(reading->rq.method))));
	assert(str_ends_with(line, STR(" HTTP/1.1")) ||
		str_ends_with(line, STR(" HTTP/1.0")));
	for (line = take_line(&rest); line.len > 0; line = take_line(&rest)) {
		assert(str_next(&line, ':', &name) && name.len > 0 && !str_is_none(line));
		for (size_t i = 0; i < name.len; i++)
			assert(name.ptr[i] > ' ' && name.ptr[i] < 127);
		headers++;
		hosts += str_eq_nocase(name, STR("host"));
		if (str_eq_nocase(name, STR("content-length"))) {
			lengths++;
			assert(num_parse_i64(str_trim(line), 0, BODY_MAX, &length));
		}
		if (str_eq_nocase(name, STR("transfer-encoding"))) {
			assert(str_eq_nocase(str_trim(line), STR("chunked")));
			assert(!is_chunked && reading->rq.minor_version == 1);
			is_chunked = true;
		}
	}
	assert(headers == reading->rq.header_count && headers <= 64);
	assert(hosts == 1 || (hosts == 0 && reading->rq.minor_version == 0));
	assert(lengths + is_chunked <= 1);
	if (is_chunked)
		skip_chunks(&rest);
	else
		rest = str_slice(rest, (size_t)length, rest.len);
	assert(text.len - rest.len == reading->used);
	assert(is_chunked || reading->rq.body.len == (size_t)length);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { .ptr = (const char *)data, .len = size };
	struct arena arena;

	arena_init(&arena, ARENA_BYTES);
	for (int i = 0; i < 8 && rest.len > 0; i++) {
		struct reading whole = read_request(&arena, rest, 0);
		struct reading cut = read_request(&arena, rest, (uint32_t)(size + 1));
		struct reading bytes = read_request(&arena, rest, 1);

		check_same(&whole, &cut);
		check_same(&whole, &bytes);
		if (whole.step != HTTP_DONE)
			break;
		check_boundary(&whole, rest);
		rest = str_slice(rest, whole.used, rest.len);
		arena_reset(&arena);
	}
	arena_release(&arena);
	return 0;
}
