/* Registering, signing in and out, and what is done by links sent by mail. */
#include "api/auth_api.h"
#include "accounts/password_reset.h"
#include "accounts/sign_in.h"
#include "accounts/user.h"
#include "api/api.h"
#include "api/route.h"
#include "api/schemas.h"
#include "api/secure.h"
#include "crypto/token.h"
#include "sys/clock.h"
#include "sys/fiber.h"

enum {
	/* Whatever an address is to us, the answer comes after so long, or twice or three
	 * times that on a busy machine: longer than the work takes. */
	EVEN_STEP_NS = 150 * 1000000,
	COOKIE_BYTES_MAX = 300,
};

/* The prefix keeps others, on this host or reached without TLS, from setting one of its
 * name (RFC 6265bis §4.1.3); __Host- would ask for the path /. */
#define COOKIE_NAME     "gridiron_refresh"
#define COOKIE_NAME_TLS "__Secure-gridiron_refresh"

static const struct field tokens_fields[] = { TOKENS_FIELDS(struct tokens_row, ) };
const struct row_schema tokens_schema = ROW_SCHEMA("tokens", struct tokens_row,
	tokens_fields, "What a client signs its requests with");

struct answer
answer_empty(int status)
{
	return (struct answer){ .http = { .status = status } };
}

struct tokens_row
tokens_row_of(const struct request *rq, const struct session_tokens *tokens)
{
	return (struct tokens_row){
		.access_token = tokens->access,
		.token_type = STR("Bearer"),
		.expires_in = (int32_t)((tokens->access_expires_at - rq->ctx->now) /
			MICROSECONDS_PER_SECOND),
		.refresh_token = tokens->refresh,
		.refresh_expires_at = { .is_set = !str_is_none(tokens->refresh),
			.value = tokens->refresh_expires_at },
	};
}

struct answer
answer_secret(struct request *rq, const struct row_schema *schema, const void *row)
{
	struct answer answer = answer_row(rq, schema, row);

	answer.http.cache_control = STR("no-store");
	return answer;
}

/* --- The cookie of a page */

/* Else a browser would not send the cookie back. */
static bool
is_reached_by_tls(const struct api *api)
{
	return api->is_production || str_starts_with(api->public_origin, STR("https://"));
}

static struct str
cookie_name(const struct api *api)
{
	return is_reached_by_tls(api) ? STR(COOKIE_NAME_TLS) : STR(COOKIE_NAME);
}

/*
 * Keep TEXT in a cookie for so many seconds; 0 takes it away. Scripts do not see it, no
 * other site's page sends it, and it goes to /v1/auth alone.
 */
static struct err *
cookie_put(struct request *rq, struct answer *answer, struct str text, int64_t seconds)
{
	struct buf cookie;

	buf_init(&cookie, rq->ctx->arena, COOKIE_BYTES_MAX);
	buf_fmt(&cookie,
		STR_FMT "=" STR_FMT
			"; Path=/v1/auth; HttpOnly; SameSite=Strict; Max-Age=%lld%s",
		STR_ARG(cookie_name(rq->api)), STR_ARG(text), (long long)seconds,
		is_reached_by_tls(rq->api) ? "; Secure" : "");
	if (buf_is_cut(&cookie))
		return err_no_memory();
	return http_answer_add(
		rq->ctx, &answer->http, STR("Set-Cookie"), buf_str(&cookie));
}

/* TOKENS, the refresh token in a cookie where IS_PAGE. */
static struct answer
answer_session(struct request *rq, const struct session_tokens *tokens, bool is_page)
{
	struct session_tokens shown = *tokens;
	struct tokens_row row;
	struct answer answer;

	if (is_page)
		shown.refresh = STR_NONE;
	row = tokens_row_of(rq, &shown);
	answer = answer_secret(rq, &tokens_schema, &row);
	if (is_page && !answer.err)
		ANSWER_ERR(cookie_put(rq, &answer, tokens->refresh,
			(tokens->refresh_expires_at - rq->ctx->now) /
				MICROSECONDS_PER_SECOND));
	return answer;
}

/* --- Answers that tell nothing of an address */

void
wait_even(int64_t started_ns)
{
	int64_t steps = (clock_monotonic_ns() - started_ns) / EVEN_STEP_NS + 1;

	/* Whoever has left waits for nothing, and is told nothing. */
	(void)fiber_sleep_until(started_ns + steps * EVEN_STEP_NS);
}

struct answer
api_auth_register(struct request *rq)
{
	const struct registration_body *in = BODY_OF(rq, registration);
	int64_t started_ns = clock_monotonic_ns();

	ANSWER_ERR(user_register(rq->ctx,
		&(struct registration){
			.email = in->email,
			.password = in->password,
			.first_name = in->first_name,
			.last_name = in->last_name,
		}));
	wait_even(started_ns);
	return answer_empty(202);
}

struct answer
api_auth_forgot_password(struct request *rq)
{
	int64_t started_ns = clock_monotonic_ns();

	ANSWER_ERR(password_forgotten(rq->ctx, BODY_OF(rq, address)->email));
	wait_even(started_ns);
	return answer_empty(202);
}

/* --- Links */

struct answer
api_auth_verify_email(struct request *rq)
{
	const struct verification_body *in = BODY_OF(rq, verification);

	ANSWER_ERR(user_verify(rq->ctx, in->token, in->password));
	return answer_empty(204);
}

struct answer
api_auth_reset_password(struct request *rq)
{
	const struct new_password_body *in = BODY_OF(rq, new_password);

	ANSWER_ERR(password_reset(rq->ctx, in->token, in->password));
	return answer_empty(204);
}

/* --- Sessions */

struct answer
api_auth_login(struct request *rq)
{
	const struct sign_in_body *in = BODY_OF(rq, sign_in);
	int64_t started_ns = clock_monotonic_ns();
	struct session_tokens tokens;
	struct err *err = sign_in(rq->ctx,
		&(struct sign_in){
			.email = in->email,
			.password = in->password,
			.code = in->code,
			.device_name = in->device_name,
		},
		&tokens);

	if (err && err->code == ERR_UNAUTHENTICATED)
		wait_even(started_ns);
	ANSWER_ERR(err);
	return answer_session(rq, &tokens, in->cookie.is_set && in->cookie.value);
}

/* The refresh token of the body, else of the cookie. */
static struct err *
refresh_token_of(struct request *rq, struct str *ret, bool *ret_is_cookie)
{
	const struct refresh_body *in = BODY_OF(rq, refresh);
	struct str text = in->refresh_token;
	bool is_cookie = str_is_none(text);

	if (is_cookie)
		text = secure_cookie(
			rq->http, rq->api->public_origin, cookie_name(rq->api));
	if (str_is_none(text))
		return err_field(rq->ctx, "refresh_token",
			"send the refresh token of the session, or its cookie from a "
			"page of this origin");
	*ret = text;
	*ret_is_cookie = is_cookie;
	return NULL;
}

struct answer
api_auth_refresh(struct request *rq)
{
	struct session_tokens tokens;
	struct str text;
	bool is_cookie;

	ANSWER_ERR(refresh_token_of(rq, &text, &is_cookie));
	ANSWER_ERR(session_refresh(rq->ctx, text, &tokens));
	return answer_session(rq, &tokens, is_cookie);
}

struct answer
api_auth_logout(struct request *rq)
{
	struct answer answer = answer_empty(204);
	struct str text;
	bool is_cookie;

	ANSWER_ERR(refresh_token_of(rq, &text, &is_cookie));
	ANSWER_ERR(session_sign_out(rq->ctx, text));
	if (is_cookie)
		ANSWER_ERR(cookie_put(rq, &answer, STR(""), 0));
	return answer;
}
