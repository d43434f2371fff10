#include "http/head.h"

/* Where a header is as it should be. */
#define NOTHING_TO_REFUSE ((struct http_refusal){ .status = 0 })

static struct http_refusal
refusal(int status, const char *detail)
{
	return (struct http_refusal){ .status = status, .detail = detail };
}

/* Whether every line of HEAD ends with CR LF, and neither stands elsewhere. */
static bool
has_proper_lines(struct str head)
{
	while (head.len > 0) {
		const char *end = memchr(head.ptr, '\n', head.len);
		const char *cr = memchr(head.ptr, '\r', head.len);

		if (!end || !cr || cr + 1 != end)
			return false;
		head.len -= (size_t)(end + 1 - head.ptr);
		head.ptr = end + 1;
	}
	return true;
}

/* A folded line begins with a space or a tab. HEAD has proper lines. */
static bool
has_folded_line(struct str head)
{
	const char *end = head.ptr + head.len;

	for (const char *at = head.ptr; at < end; at++) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (!at)
			return false;
		if (at + 1 < end && (at[1] == ' ' || at[1] == '\t'))
			return true;
	}
	return false;
}

/* "name", "1.2.3.4", "[::1]", each with ":port" or without. */
static bool
is_host(struct str host)
{
	struct str port = STR_NONE;
	bool is_ipv6 = host.len > 0 && host.ptr[0] == '[';
	ptrdiff_t end;

	if (is_ipv6) {
		end = str_find_char(host, ']');
		if (end < 3)
			return false;
		port = str_slice(host, (size_t)end + 1, host.len);
		host = str_slice(host, 1, (size_t)end);
		if (port.len > 0 && port.ptr[0] != ':')
			return false;
		port = str_slice(port, 1, port.len);
	} else {
		end = str_find_char(host, ':');
		if (end >= 0) {
			port = str_slice(host, (size_t)end + 1, host.len);
			host = str_slice(host, 0, (size_t)end);
		}
	}
	for (size_t i = 0; i < port.len; i++)
		if (port.ptr[i] < '0' || port.ptr[i] > '9' || i == 5)
			return false;
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			    (c >= '0' && c <= '9') || c == '.' ||
			    (is_ipv6 ? c == ':' : c == '-' || c == '_')))
			return false;
	}
	return host.len > 0;
}

static struct http_refusal
read_host(struct http_request *rq, struct str value)
{
	if (!str_is_none(rq->host))
		return refusal(400, "the Host header is repeated");
	if (!is_host(value))
		return refusal(400, "the Host header is not one host");
	rq->host = value;
	return NOTHING_TO_REFUSE;
}

static struct http_refusal
read_transfer_encoding(
	const struct http_request *rq, struct str value, bool *ret_is_chunked)
{
	if (*ret_is_chunked)
		return refusal(400, "the Transfer-Encoding header is repeated");
	if (rq->minor_version == 0)
		return refusal(400, "HTTP/1.0 has no Transfer-Encoding");
	if (str_eq_nocase(value, STR("gzip")) ||
		str_eq_nocase(value, STR("gzip, chunked")) ||
		str_eq_nocase(value, STR("deflate")) ||
		str_eq_nocase(value, STR("deflate, chunked")))
		return refusal(501, "only the transfer coding chunked is known here");
	if (!str_eq_nocase(value, STR("chunked")))
		return refusal(400, "the Transfer-Encoding is not chunked");
	*ret_is_chunked = true;
	return NOTHING_TO_REFUSE;
}

/* Act on the headers that say how the rest is to be read. */
static struct http_refusal
read_header(
	struct http_request *rq, const struct http_header *header, bool *ret_is_chunked)
{
	struct str name = header->name, value = header->value;

	switch (name.len) {
	case sizeof("host") - 1:
		if (str_eq_nocase(name, STR("host")))
			return read_host(rq, value);
		break;
	case sizeof("expect") - 1:
		if (!str_eq_nocase(name, STR("expect")) || rq->minor_version == 0)
			break;
		if (!str_eq_nocase(value, STR("100-continue")))
			return refusal(417, "only 100-continue can be expected");
		rq->expects_continue = true;
		break;
	case sizeof("content-encoding") - 1:
		if (str_eq_nocase(name, STR("content-encoding")) &&
			!str_eq_nocase(value, STR("identity")))
			return refusal(415, "send the body without Content-Encoding");
		break;
	case sizeof("transfer-encoding") - 1:
		if (str_eq_nocase(name, STR("transfer-encoding")))
			return read_transfer_encoding(rq, value, ret_is_chunked);
		break;
	default:
		break;
	}
	return NOTHING_TO_REFUSE;
}

/* METHOD SP TARGET SP HTTP/1.x, with single spaces; a target in origin form, or '*'. */
static struct http_refusal
read_request_line(const struct head *head, struct http_request *rq)
{
	const char *target = head->method.ptr + head->method.len + 1;
	const char *version = head->target.ptr + head->target.len + 1;
	ptrdiff_t question;

	if (str_is_none(head->version))
		return refusal(400, "the request line has no HTTP version");
	if (head->target.ptr != target || head->version.ptr != version + 5 ||
		memcmp(version, "HTTP/", 5) != 0)
		return refusal(400, "the request line is malformed");
	rq->minor_version = head->version.ptr[2] - '0';
	rq->target = head->target;
	if (str_find_char(rq->target, '#') >= 0)
		return refusal(400, "the request target has a fragment");
	if (str_eq(rq->target, STR("*")) && rq->method != METHOD_OPTIONS)
		return refusal(400, "only OPTIONS may ask for *");
	if (rq->target.ptr[0] != '/' && !str_eq(rq->target, STR("*")))
		return refusal(400, "the request target does not begin with /");
	question = str_find_char(rq->target, '?');
	rq->path = rq->target;
	if (question >= 0) {
		rq->path = str_slice(rq->target, 0, (size_t)question);
		rq->query = str_slice(rq->target, (size_t)question + 1, rq->target.len);
	}
	return NOTHING_TO_REFUSE;
}

struct http_refusal
head_read(const struct head *head, struct http_request *rq, bool *ret_is_chunked)
{
	struct http_refusal refused;

	if (!has_proper_lines(head->bytes))
		return refusal(400, "a line does not end with CR LF");
	if (has_folded_line(head->bytes))
		return refusal(400, "a header line is folded");
	refused = read_request_line(head, rq);
	for (size_t i = 0; i < rq->header_count && !refused.status; i++)
		refused = read_header(rq, &rq->headers[i], ret_is_chunked);
	if (!refused.status && str_is_none(rq->host) && rq->minor_version == 1)
		return refusal(400, "the Host header is missing");
	return refused;
}
