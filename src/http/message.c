#include "http/message.h"

const char *
http_method_name(enum http_method method)
{
	static const char *const names[] = {
#define X(name) [METHOD_##name] = #name,
		HTTP_METHODS(X)
#undef X
	};

	return names[method];
}

struct str
http_request_header(const struct http_request *rq, struct str name)
{
	for (size_t i = 0; i < rq->header_count; i++)
		if (str_eq_nocase(rq->headers[i].name, name))
			return rq->headers[i].value;
	return STR_NONE;
}

bool
http_request_repeats(const struct http_request *rq, struct str name)
{
	int count = 0;

	for (size_t i = 0; i < rq->header_count; i++)
		count += str_eq_nocase(rq->headers[i].name, name);
	return count > 1;
}

static bool
is_one_line(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

struct err *
http_answer_add(
	struct ctx *ctx, struct http_answer *answer, struct str name, struct str value)
{
	struct http_header *headers;

	if (!is_one_line(name) || !is_one_line(value))
		return err_new(ctx, ERR_INVALID, "a header may not contain line ends");

	/* Answers have a handful of headers,
	 * so copying them for each new one is cheap. */
	TRY_NEW(ctx->arena, headers, answer->header_count + 1);
	for (size_t i = 0; i < answer->header_count; i++)
		headers[i] = answer->headers[i];
	headers[answer->header_count] = (struct http_header){ .name = name,
		.value = value };
	answer->headers = headers;
	answer->header_count++;
	return NULL;
}

const char *
http_status_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 206, "Partial Content" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 307, "Temporary Redirect" },
		{ 308, "Permanent Redirect" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 402, "Payment Required" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 411, "Length Required" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 421, "Misdirected Request" },
		{ 422, "Unprocessable Content" },
		{ 426, "Upgrade Required" },
		{ 428, "Precondition Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 451, "Unavailable For Legal Reasons" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
		{ 507, "Insufficient Storage" },
	};

	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}
