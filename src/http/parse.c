/*
 * llhttp calls back for every piece it reads; the callbacks only note where pieces are.
 * What llhttp does not check is checked on the complete head, where every byte is at
 * hand.
 *
 * llhttp is begun anew for each request and stopped behind the head, so it never decides
 * where the next request begins. A body of known length is counted here; a chunked one
 * goes through llhttp, which stops at every chunk so that the bytes between chunks are
 * counted too: it would take any number of zeros before a size.
 */
#include "http/parse.h"

#include <llhttp.h>

#include "base/buf.h"
#include "http/head.h"

enum {
	/* 16 digits hold any 64-bit size; and the line end. */
	CHUNK_LINE_BYTES_MAX = 18,
};

/* What the bytes given to llhttp are part of. */
enum part { PART_HEAD, PART_CHUNK_LINE, PART_CHUNK_DATA, PART_TRAILER };

struct http_parser {
	llhttp_t llhttp;
	struct http_limits limits;
	struct http_request *rq;
	struct http_refusal refusal; /* status 0: none */
	enum part part;

	size_t fed; /* bytes of the head given to llhttp, with the line end before it */
	struct str method;
	struct str target;
	struct str version;
	bool has_version;
	struct http_header *headers;
	size_t header_count;
	struct http_header header; /* being read */

	bool is_chunked;
	uint64_t length;
	size_t body_bytes_max;
	char *body; /* NULL: not copied, or chunked */
	size_t body_len;
	struct buf chunks;
	bool is_complete;   /* of a chunked body */
	enum part next;     /* after the callback that paused llhttp */
	size_t part_bytes;  /* of this chunk line or trailer so far */
	char last;          /* byte of the trailer */
	struct buf trailer; /* the name of a trailer's header */
	char trailer_bytes[32];
};

static enum http_step
refuse(struct http_parser *parser, int status, const char *detail)
{
	if (!parser->refusal.status)
		parser->refusal = (struct http_refusal){ .status = status,
			.detail = detail };
	return HTTP_REFUSED;
}

struct http_refusal
http_parser_refusal(const struct http_parser *parser)
{
	return parser->refusal;
}

static const char *
too_large(const struct http_parser *parser)
{
	struct arena *arena = parser->rq->ctx.arena;
	const char *text = str_cstr(arena,
		str_fmt(arena,
			"the request body is larger than %zu KiB, the most that is taken "
			"here",
			parser->body_bytes_max / 1024));

	return text ? text : "the request body is too large";
}

/* --- What llhttp calls back. Other than 0 ends its work. --- */

/* Refuse from within a callback. */
static int
stop(llhttp_t *llhttp, int status, const char *detail)
{
	refuse(llhttp->data, status, detail);
	return -1;
}

/* Add the piece at AT to TEXT. A piece that does not follow on TEXT is of a folded header
 * line, which is refused when the head is complete. */
static void
text_extend(struct str *text, const char *at, size_t len)
{
	if (str_is_none(*text))
		text->ptr = at;
	text->len += len;
}

static int
on_method(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http_parser *parser = llhttp->data;

	text_extend(&parser->method, at, len);
	return 0;
}

static int
on_method_complete(llhttp_t *llhttp)
{
	struct http_parser *parser = llhttp->data;

	for (int method = METHOD_GET; method <= METHOD_OPTIONS; method++) {
		if (str_eq(parser->method, str_from(http_method_name(method)))) {
			parser->rq->method = method;
			return 0;
		}
	}
	if (llhttp->method == HTTP_PRI)
		return stop(llhttp, 505, "this server speaks HTTP/1.1, not HTTP/2");
	return stop(llhttp, 501, "this method is not known here");
}

static int
on_url(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http_parser *parser = llhttp->data;

	text_extend(&parser->target, at, len);
	if (parser->target.len > parser->limits.target_bytes_max)
		return stop(llhttp, 414, "the request target is too long");
	return 0;
}

static int
on_version(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http_parser *parser = llhttp->data;

	text_extend(&parser->version, at, len);
	return 0;
}

static int
on_version_complete(llhttp_t *llhttp)
{
	struct http_parser *parser = llhttp->data;

	parser->has_version = true;
	if (llhttp->http_major != 1 || llhttp->http_minor > 1)
		return stop(llhttp, 505, "this server speaks HTTP/1.0 and HTTP/1.1");
	return 0;
}

static int
on_header_field(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http_parser *parser = llhttp->data;

	/* A trailer's bytes do not stay, so its names are gathered where they can be
	 * compared. */
	if (parser->part == PART_TRAILER)
		buf_put(&parser->trailer, (struct str){ .ptr = at, .len = len });
	else
		text_extend(&parser->header.name, at, len);
	return 0;
}

/* Whether the trailer's header may not stand there. A name too long to be kept is none of
 * these. */
static bool
is_framing_trailer(const struct buf *name)
{
	return !buf_is_cut(name) &&
		(str_eq_nocase(buf_str(name), STR("content-length")) ||
			str_eq_nocase(buf_str(name), STR("transfer-encoding")) ||
			str_eq_nocase(buf_str(name), STR("host")));
}

static int
on_header_field_complete(llhttp_t *llhttp)
{
	struct http_parser *parser = llhttp->data;
	bool is_nameless = parser->header.name.len == 0;

	if (parser->part == PART_TRAILER) {
		if (is_framing_trailer(&parser->trailer))
			return stop(
				llhttp, 400, "this header may not stand in a trailer");
		is_nameless = parser->trailer.len == 0 && !buf_is_cut(&parser->trailer);
		buf_clear(&parser->trailer);
	}
	if (is_nameless)
		return stop(llhttp, 400, "a header has no name");
	if (parser->header_count == parser->limits.headers_max)
		return stop(llhttp, 431, "the request has too many headers");
	return 0;
}

static int
on_header_value(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http_parser *parser = llhttp->data;

	if (parser->part != PART_TRAILER)
		text_extend(&parser->header.value, at, len);
	return 0;
}

static int
on_header_value_complete(llhttp_t *llhttp)
{
	struct http_parser *parser = llhttp->data;

	if (parser->part != PART_TRAILER) {
		if (str_is_none(parser->header.value))
			parser->header.value = STR("");
		parser->header.value = str_trim(parser->header.value);
		parser->headers[parser->header_count] = parser->header;
	}
	parser->header_count++;
	parser->header = (struct http_header){ 0 };
	return 0;
}

static int
on_headers_complete(llhttp_t *llhttp)
{
	/* Else llhttp takes "Upgrade" without a body for the end of HTTP. */
	llhttp->upgrade = 0;
	return HPE_PAUSED;
}

static int
on_chunk_header(llhttp_t *llhttp)
{
	struct http_parser *parser = llhttp->data;

	/* CONTENT_LENGTH is this chunk's size. */
	parser->next = llhttp->content_length == 0 ? PART_TRAILER : PART_CHUNK_DATA;
	return HPE_PAUSED;
}

static int
on_chunk_complete(llhttp_t *llhttp)
{
	struct http_parser *parser = llhttp->data;

	if (parser->part == PART_CHUNK_DATA)
		parser->next = PART_CHUNK_LINE;
	return HPE_PAUSED;
}

static int
on_body(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http_parser *parser = llhttp->data;

	if (len > parser->body_bytes_max - parser->chunks.len)
		return stop(llhttp, 413, too_large(parser));
	buf_put(&parser->chunks, (struct str){ .ptr = at, .len = len });
	if (buf_is_cut(&parser->chunks))
		return stop(llhttp, 503, "no memory for the request body");
	return 0;
}

static int
on_message_complete(llhttp_t *llhttp)
{
	struct http_parser *parser = llhttp->data;

	parser->is_complete = true;
	return HPE_PAUSED;
}

static int
on_chunk_extension(llhttp_t *llhttp, const char *at, size_t len)
{
	(void)at;
	(void)len;
	return stop(llhttp, 400, "chunk extensions are not accepted");
}

static const llhttp_settings_t settings = {
	.on_method = on_method,
	.on_method_complete = on_method_complete,
	.on_url = on_url,
	.on_version = on_version,
	.on_version_complete = on_version_complete,
	.on_header_field = on_header_field,
	.on_header_field_complete = on_header_field_complete,
	.on_header_value = on_header_value,
	.on_header_value_complete = on_header_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_chunk_header = on_chunk_header,
	.on_chunk_extension_name = on_chunk_extension,
	.on_chunk_extension_value = on_chunk_extension,
	.on_chunk_complete = on_chunk_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

/* --- The head --- */

struct http_parser *
http_parser_new(struct arena *arena, struct http_limits limits)
{
	struct http_parser *parser = arena_alloc(arena, sizeof(*parser));

	if (!parser)
		return NULL;
	parser->limits = limits;
	parser->headers = arena_alloc_array(
		arena, limits.headers_max, sizeof(*parser->headers));
	return parser->headers ? parser : NULL;
}

void
http_parser_begin(struct http_parser *parser, struct http_request *rq)
{
	struct http_limits limits = parser->limits;
	struct http_header *headers = parser->headers;

	*parser = (struct http_parser){ .limits = limits, .headers = headers, .rq = rq };
	llhttp_init(&parser->llhttp, HTTP_REQUEST, &settings);
	parser->llhttp.data = parser;
	rq->headers = headers;
}

static bool
is_token_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		(c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* llhttp stopped with ERROR before END. */
static enum http_step
refuse_llhttp(struct http_parser *parser, llhttp_errno_t error, const char *end)
{
	const char *at = llhttp_get_error_pos(&parser->llhttp);

	if (error == HPE_INVALID_METHOD && at < end && is_token_char(*at))
		return refuse(parser, 501, "this method is not known here");
	/* A version of the right form that llhttp does not know. */
	if (error == HPE_INVALID_VERSION && !parser->has_version &&
		parser->version.len == 3)
		return refuse(parser, 505, "this server speaks HTTP/1.0 and HTTP/1.1");
	if (error == HPE_UNEXPECTED_CONTENT_LENGTH || error == HPE_INVALID_CONTENT_LENGTH)
		return refuse(parser, 400, "the content length is malformed or repeated");
	if (error == HPE_INVALID_TRANSFER_ENCODING)
		return refuse(parser, 400, "the transfer encoding is malformed");
	if (error == HPE_INVALID_CHUNK_SIZE)
		return refuse(parser, 400, "a chunk size is malformed");
	if (error == HPE_INVALID_URL)
		return refuse(parser, 400, "the request target is malformed");
	if (error == HPE_INVALID_HEADER_TOKEN)
		return refuse(parser, 400, "a header is malformed");
	return refuse(parser, 400, "the request is malformed");
}

/* The head is complete: BYTES, from the method on. */
static enum http_step
read_head(struct http_parser *parser, struct str bytes)
{
	struct head head = { .bytes = bytes,
		.method = parser->method,
		.target = parser->target,
		.version = parser->version };
	unsigned flags = parser->llhttp.flags;

	parser->rq->header_count = parser->header_count;
	parser->refusal = head_read(&head, parser->rq, &parser->is_chunked);
	if (parser->refusal.status)
		return HTTP_REFUSED;
	parser->length = flags & F_CONTENT_LENGTH ? parser->llhttp.content_length : 0;
	/* llhttp refused a length with chunks; and it must see chunks where we do. */
	if (parser->is_chunked != !!(flags & F_CHUNKED) ||
		(parser->is_chunked && flags & F_CONTENT_LENGTH))
		return refuse(parser, 400, "the length of the body is not clear");
	parser->rq->is_kept_alive = llhttp_should_keep_alive(&parser->llhttp);
	return HTTP_DONE;
}

/* One empty line may precede a request: some clients end a body with it. False where
 * INPUT begins with more, or with half of one. */
static bool
skip_empty_line(struct http_parser *parser, const char *input, size_t len)
{
	if (parser->fed == 0 && len > 0 && input[0] == '\r')
		parser->fed = 1;
	if (parser->fed == 1 && input[0] == '\r' && len > 1) {
		if (input[1] != '\n')
			return false;
		parser->fed = 2;
	}
	return true;
}

enum http_step
http_parse_head(
	struct http_parser *parser, const char *input, size_t len, size_t *ret_used)
{
	size_t begin, end = len;
	llhttp_errno_t error;

	if (parser->refusal.status)
		return HTTP_REFUSED;
	if (!skip_empty_line(parser, input, len))
		return refuse(parser, 400, "the request is malformed");
	begin = len > 0 && input[0] == '\r' ? 2 : 0;
	if (len <= begin || len == parser->fed)
		return HTTP_MORE;
	if (input[begin] == '\r' || input[begin] == '\n')
		return refuse(parser, 400, "empty lines precede the request");

	if (end > parser->limits.head_bytes_max)
		end = parser->limits.head_bytes_max;
	error = llhttp_execute(&parser->llhttp, input + parser->fed, end - parser->fed);
	parser->fed = end;
	if (error == HPE_PAUSED) {
		*ret_used = (size_t)(llhttp_get_error_pos(&parser->llhttp) - input);
		return read_head(parser,
			(struct str){ .ptr = input + begin, .len = *ret_used - begin });
	}
	if (error != HPE_OK)
		return refuse_llhttp(parser, error, input + end);
	if (end == parser->limits.head_bytes_max)
		return refuse(parser, 431, "the request head is too large");
	return HTTP_MORE;
}

/* --- The body --- */

bool
http_parser_has_body(const struct http_parser *parser)
{
	return parser->is_chunked || parser->length > 0;
}

enum http_step
http_parse_body_begin(struct http_parser *parser, size_t body_bytes_max)
{
	parser->body_bytes_max = body_bytes_max;
	parser->rq->body = STR("");
	if (parser->is_chunked) {
		parser->part = parser->next = PART_CHUNK_LINE;
		buf_init(&parser->chunks, parser->rq->ctx.arena, body_bytes_max);
		buf_init_fixed(&parser->trailer, parser->trailer_bytes,
			sizeof(parser->trailer_bytes));
		parser->header_count = 0;
		llhttp_resume(&parser->llhttp);
		return HTTP_MORE;
	}
	if (parser->length > body_bytes_max)
		return refuse(parser, 413, too_large(parser));
	return parser->length == 0 ? HTTP_DONE : HTTP_MORE;
}

/* Count BYTES, which stood between chunks or after the last. */
static enum http_step
check_between_chunks(struct http_parser *parser, struct str bytes)
{
	if (parser->part == PART_CHUNK_DATA)
		return HTTP_MORE;
	parser->part_bytes += bytes.len;
	if (parser->part == PART_CHUNK_LINE) {
		if (parser->part_bytes > CHUNK_LINE_BYTES_MAX)
			return refuse(parser, 400, "a chunk size is malformed");
		return HTTP_MORE;
	}
	if (parser->part_bytes > parser->limits.head_bytes_max)
		return refuse(parser, 431, "the trailer is too large");
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.ptr[i];

		if ((c == '\n') != (parser->last == '\r') ||
			(parser->last == '\n' && (c == ' ' || c == '\t')))
			return refuse(parser, 400, "a trailer line is malformed");
		parser->last = c;
	}
	return HTTP_MORE;
}

static enum http_step
parse_chunks(struct http_parser *parser, struct str data, size_t *ret_used)
{
	llhttp_errno_t error = HPE_PAUSED;
	size_t at = 0, end;

	while (error == HPE_PAUSED && !parser->is_complete) {
		error = llhttp_execute(&parser->llhttp, data.ptr + at, data.len - at);
		end = data.len;
		if (error == HPE_PAUSED)
			end = (size_t)(llhttp_get_error_pos(&parser->llhttp) - data.ptr);
		else if (error != HPE_OK)
			return refuse_llhttp(parser, error, data.ptr + data.len);
		if (check_between_chunks(parser, str_slice(data, at, end)) ==
			HTTP_REFUSED)
			return HTTP_REFUSED;
		at = end;
		if (parser->part != parser->next) {
			parser->part = parser->next;
			parser->part_bytes = 0;
			parser->last = '\n';
		}
		llhttp_resume(&parser->llhttp);
	}
	*ret_used = at;
	if (!parser->is_complete)
		return HTTP_MORE;
	parser->rq->body = buf_str(&parser->chunks);
	return HTTP_DONE;
}

enum http_step
http_parse_body(
	struct http_parser *parser, const char *data, size_t len, size_t *ret_used)
{
	char *room;
	size_t room_len;

	if (parser->refusal.status)
		return HTTP_REFUSED;
	if (parser->is_chunked)
		return parse_chunks(
			parser, (struct str){ .ptr = data, .len = len }, ret_used);
	/* Often all of it came with the head. */
	if (parser->body_len == 0 && len >= parser->length) {
		parser->rq->body = (struct str){ .ptr = data, .len = parser->length };
		*ret_used = parser->length;
		return HTTP_DONE;
	}
	if (!http_parser_room(parser, &room, &room_len))
		return HTTP_REFUSED;
	if (len > room_len)
		len = room_len;
	if (len > 0)
		memcpy(room, data, len);
	*ret_used = len;
	return http_parser_filled(parser, len);
}

bool
http_parser_room(struct http_parser *parser, char **ret, size_t *ret_len)
{
	if (parser->is_chunked)
		return false;
	if (!parser->body)
		parser->body = arena_alloc_text(parser->rq->ctx.arena, parser->length);
	if (!parser->body) {
		refuse(parser, 503, "no memory for the request body");
		return false;
	}
	*ret = parser->body + parser->body_len;
	*ret_len = parser->length - parser->body_len;
	return true;
}

enum http_step
http_parser_filled(struct http_parser *parser, size_t len)
{
	parser->body_len += len;
	if (parser->body_len < parser->length)
		return HTTP_MORE;
	parser->rq->body = (struct str){ .ptr = parser->body, .len = parser->body_len };
	return HTTP_DONE;
}
