#include "api/problem.h"

#include "codec/hex.h"
#include "codec/json_write.h"

enum {
	PROBLEM_BYTES_MAX = 16384,
};

struct str
request_id_format(struct ctx *ctx)
{
	struct buf text;

	buf_init(&text, ctx->arena, 2 * sizeof(ctx->request_id.bytes));
	hex_encode(&text,
		(struct str){ .ptr = (const char *)ctx->request_id.bytes,
			.len = sizeof(ctx->request_id.bytes) });
	return buf_str(&text);
}

static void
put_member(struct json *json, struct str key, struct str value)
{
	json_put_key(json, key);
	json_put_text(json, value);
}

static struct http_answer
problem(struct ctx *ctx, int status, struct str code, struct str detail, struct str field)
{
	struct buf out;
	struct json json;

	buf_init(&out, ctx->arena, PROBLEM_BYTES_MAX);
	json = json_begin(&out);
	json_put_object(&json);
	put_member(&json, STR("type"), STR("about:blank"));
	put_member(&json, STR("title"), str_from(http_status_reason(status)));
	json_put_key(&json, STR("status"));
	json_put_i64(&json, status);
	put_member(&json, STR("code"), code);
	put_member(&json, STR("detail"), detail);
	if (!str_is_none(field))
		put_member(&json, STR("field"), field);
	put_member(&json, STR("request_id"), request_id_format(ctx));
	json_put_object_end(&json);
	return (struct http_answer){
		.status = status,
		.content_type = STR("application/problem+json"),
		.body = buf_str(&out),
		.cache_control = STR("no-store"),
	};
}

struct http_answer
problem_from_status(struct ctx *ctx, int status, struct str code, struct str detail)
{
	return problem(ctx, status, code, detail, STR_NONE);
}

struct http_answer
problem_from_err(struct ctx *ctx, const struct err *err)
{
	static const struct http_header retry_after = {
		.name = STR_INIT("Retry-After"),
		.value = STR_INIT("1"),
	};
	struct http_answer answer = problem(ctx, err_http_status(err->code),
		str_from(err_code_name(err->code)), err->message, err->field);

	if (err_may_retry(err->code)) {
		answer.headers = &retry_after;
		answer.header_count = 1;
	}
	return answer;
}
