/* Requests put to the handlers without a socket. */
#include "tests/api/members.h"

#include "accounts/standing.h"
#include "api/ready.h"
#include "crypto/jwt.h"
#include "sys/clock.h"
#include "sys/random.h"
#include "tests/support/database.h"

enum {
	ARENA_BYTES = 16 << 20,
	REQUEST_MS = 30000,
};

struct err *
members_api_open(struct ctx *ctx, struct api *ret, struct str *ret_bearer)
{
	struct member owner;

	*ret = (struct api){ .db = ctx->db, .keys = ctx->keys, .is_quiet = true };
	TRY(access_init(
		ctx->arena, &(struct access_setup){ .is_open = false }, &ret->access));
	TRY(league_put(ctx));
	TRY(member_put(ctx, 1, MEMBER_ENTITLED, &owner));
	*ret_bearer = member_token(ctx, &owner, 0, false);
	return NULL;
}

static void
put_header(struct http_header *headers, size_t *count, const char *name, struct str value)
{
	if (!str_is_none(value))
		headers[(*count)++] = (struct http_header){ str_from(name), value };
}

struct asked
ask(struct ctx *ctx, struct api *api, const struct asking *what)
{
	static int asked_count;
	struct http_header headers[6];
	struct http_request http = {
		.method = what->method,
		.target = what->target,
		.path = what->target,
		.host = str_is_none(what->host) ? STR("gridiron.test") : what->host,
		.body = str_is_none(what->body) ? STR("") : what->body,
		.headers = headers,
		.minor_version = 1,
		.remote_address = !str_is_none(what->address)
			? what->address
			: str_fmt(ctx->arena, "2001:db8:%x:%x::1",
				  (unsigned)asked_count >> 16,
				  (unsigned)asked_count & 0xffff),
	};
	ptrdiff_t question = str_find_char(what->target, '?');
	struct http_answer answer;
	struct arena arena;

	asked_count++;
	arena_init(&arena, ARENA_BYTES);
	if (question >= 0) {
		http.path = str_slice(what->target, 0, (size_t)question);
		http.query = str_slice(
			what->target, (size_t)question + 1, what->target.len);
	}
	if (!str_is_none(what->bearer))
		put_header(headers, &http.header_count, "Authorization",
			str_fmt(ctx->arena, "Bearer " STR_FMT, STR_ARG(what->bearer)));
	put_header(headers, &http.header_count, "Content-Type", what->type);
	put_header(headers, &http.header_count, "Origin", what->origin);
	put_header(headers, &http.header_count, "Cookie", what->cookie);
	put_header(headers, &http.header_count, "Accept", what->accept);
	http.ctx = (struct ctx){ .arena = &arena,
		.now = ctx->now,
		.deadline = clock_deadline_ms(REQUEST_MS),
		.request_id = uuid_v7(ctx->now) };
	answer = api_handle(&http, api);
	struct asked asked = {
		.status = answer.status,
		.body = str_dup(ctx->arena, answer.body),
		.is_stream = answer.stream != NULL,
		.cache_control = str_dup(ctx->arena, answer.cache_control),
		.lines = answer.lines,
	};
	struct http_header *copies = arena_alloc_array(
		ctx->arena, answer.header_count, sizeof(*copies));

	for (size_t i = 0; copies && i < answer.header_count; i++)
		copies[i] = (struct http_header){
			str_dup(ctx->arena, answer.headers[i].name),
			str_dup(ctx->arena, answer.headers[i].value),
		};
	asked.headers = copies;
	asked.header_count = copies ? answer.header_count : 0;
	if (answer.sent)
		answer.sent(answer.sent_arg);
	arena_release(&arena);
	return asked;
}

void
api_close(struct ctx *ctx, struct api *api)
{
	delivery_loop_close(api->db);
	standing_loop_close();
	jwt_loop_close();
	ready_loop_close();
	openapi_close(&api->openapi);
	database_close_as_app(ctx, api->db);
}

struct str
asked_header(const struct asked *asked, struct str name)
{
	for (size_t i = 0; i < asked->header_count; i++)
		if (str_eq_nocase(asked->headers[i].name, name))
			return asked->headers[i].value;
	return STR_NONE;
}
