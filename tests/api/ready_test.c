/* Ready answers: made once for many, made by another where the first fails, made anew when
 * what they were made from is another. */
#include "accounts/standing.h"
#include "api/api.h"
#include "api/ready.h"
#include "predictions/publication.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "tests/support/database.h"
#include "tests/support/http_peer.h"

enum {
	CLIENTS = 20,
	ANSWER_YIELDS = 5, /* a handler lets others run so often before it answers */
	ARENA_BYTES = 1 << 20,
};

/* What the handler of these tests does and has done. */
static struct {
	int calls;
	int failures_left;
} handler;

static struct answer
answer_slowly(struct request *rq)
{
	int call = ++handler.calls;

	for (int i = 0; i < ANSWER_YIELDS; i++)
		fiber_yield();
	if (handler.failures_left > 0) {
		handler.failures_left--;
		return answer_problem(err_new(rq->ctx, ERR_BUSY, "not now"));
	}
	return answer_text(
		200, STR("text/plain"), str_fmt(rq->ctx->arena, "answer %d", call));
}

static const struct route route = { .handler = answer_slowly, .is_kept = true };

/* One request, in a fiber of its own. */
struct client {
	struct arena arena;
	struct ctx ctx;
	struct http_header header;
	struct http_request http;
	struct answer answer;
	int *running;
};

static void
client_run(void *arg)
{
	struct client *client = arg;
	struct request rq = {
		.ctx = &client->ctx, .http = &client->http, .route = &route
	};

	client->answer = ready_answer(&rq);
	--*client->running;
}

static void
client_init(struct client *client, const struct ctx *ctx, const char *target)
{
	*client = (struct client){ .ctx = *ctx, .http = { .method = METHOD_GET } };
	arena_init(&client->arena, ARENA_BYTES);
	client->ctx.arena = &client->arena;
	client->http.target = str_from(target);
}

/* Let CLIENTS ask at the same time, and wait for their answers. */
static void
clients_ask(struct client *clients, size_t count)
{
	int running = (int)count;

	for (size_t i = 0; i < count; i++) {
		clients[i].running = &running;
		if (!fiber_spawn("client", client_run, &clients[i]))
			running--;
	}
	while (running > 0)
		(void)fiber_sleep_until(clock_deadline_ms(1));
}

/* As the server does when an answer is sent. */
static void
clients_release(struct client *clients, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (clients[i].answer.http.sent)
			clients[i].answer.http.sent(clients[i].answer.http.sent_arg);
		arena_release(&clients[i].arena);
	}
}

/* CLIENTS ask for TARGET while the handler fails FAILURES times: how many get an answer. */
static int
ask_together(const struct ctx *ctx, const char *target, int failures)
{
	static struct client clients[CLIENTS];
	int answered = 0;

	handler.calls = 0;
	handler.failures_left = failures;
	for (size_t i = 0; i < CLIENTS; i++)
		client_init(&clients[i], ctx, target);
	clients_ask(clients, CLIENTS);
	for (size_t i = 0; i < CLIENTS; i++)
		answered += !clients[i].answer.err &&
			str_starts_with(clients[i].answer.http.body, STR("answer "));
	clients_release(clients, CLIENTS);
	return answered;
}

static void
asked_together_body(struct ctx *ctx)
{
	/* The first to ask learns the token, so that all who follow meet at the answer. */
	EQ_I64(ask_together(ctx, "/first", 0), CLIENTS);
	EQ_I64(ask_together(ctx, "/together", 0), CLIENTS);
	EQ_I64(handler.calls, 1);
	EQ_I64(ask_together(ctx, "/together", 0), CLIENTS);
	EQ_I64(handler.calls, 0);
	ready_loop_close();
}

TEST(many_requests_for_one_missing_answer_make_it_once)
{
	database_run(DIALECT_SQLITE, asked_together_body);
}

static void
failing_body(struct ctx *ctx)
{
	EQ_I64(ask_together(ctx, "/first", 0), CLIENTS);
	EQ_I64(ask_together(ctx, "/failing", 3), CLIENTS - 3);
	EQ_I64(handler.calls, 4);
	ready_loop_close();
}

TEST(where_an_answer_fails_one_of_those_who_waited_makes_it)
{
	database_run(DIALECT_SQLITE, failing_body);
}

/* What a client gets for "/one", alone; its ETag in RET_ETAG where not NULL. */
static struct str
ask_alone(struct ctx *ctx, struct str *ret_etag)
{
	struct client client;
	struct str body;

	client_init(&client, ctx, "/one");
	clients_ask(&client, 1);
	body = str_dup(ctx->arena, client.answer.http.body);
	if (ret_etag)
		*ret_etag = str_dup(ctx->arena, client.answer.http.etag);
	clients_release(&client, 1);
	return body;
}

static void
next_day_body(struct ctx *ctx)
{
	struct str today, tomorrow;

	handler.calls = 0;
	EQ_STR(ask_alone(ctx, &today), STR("answer 1"));
	EQ_STR(ask_alone(ctx, NULL), STR("answer 1"));
	ctx->now += INT64_C(24) * 3600 * MICROSECONDS_PER_SECOND;
	EQ_STR(ask_alone(ctx, &tomorrow), STR("answer 2"));
	OK(!str_eq(today, tomorrow));
	ready_loop_close();
}

TEST(what_was_current_yesterday_is_asked_again_today)
{
	database_run(DIALECT_SQLITE, next_day_body);
}

static void
sending_body(struct ctx *ctx)
{
	struct client client;

	EQ_STR(ask_alone(ctx, NULL), STR("answer 1"));
	client_init(&client, ctx, "/one");
	clients_ask(&client, 1);
	OK(client.answer.http.sent);
	/* What it is made of is of yesterday, and its place another's. */
	ctx->now += INT64_C(24) * 3600 * MICROSECONDS_PER_SECOND;
	EQ_STR(ask_alone(ctx, NULL), STR("answer 2"));
	EQ_STR(client.answer.http.body, STR("answer 1"));
	clients_release(&client, 1);
	ready_loop_close();
}

TEST(an_answer_being_sent_stays_as_it_is_while_another_takes_its_place)
{
	handler.calls = 0;
	database_run(DIALECT_SQLITE, sending_body);
}

static struct err *
renew(struct tx *tx, void *arg)
{
	(void)arg;
	return publication_renew(tx);
}

static void
published_body(struct ctx *ctx)
{
	struct str before, after;

	handler.calls = 0;
	EQ_STR(ask_alone(ctx, &before), STR("answer 1"));
	OK_ERR(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, renew, NULL));
	/* As if the second were over for which a token is believed. */
	ready_loop_close();
	EQ_STR(ask_alone(ctx, &after), STR("answer 2"));
	OK(!str_eq(before, after));
	ready_loop_close();
}

TEST(what_is_published_anew_has_another_tag)
{
	database_run(DIALECT_SQLITE, published_body);
}

static void
known_body(struct ctx *ctx)
{
	struct client client;
	struct str etag;

	handler.calls = 0;
	(void)ask_alone(ctx, &etag);
	client_init(&client, ctx, "/one");
	client.header = (struct http_header){ STR("if-none-match"), etag };
	client.http.headers = &client.header;
	client.http.header_count = 1;
	clients_ask(&client, 1);
	EQ_I64(client.answer.http.status, 304);
	EQ_STR(client.answer.http.etag, etag);
	EQ_I64(handler.calls, 1);
	arena_release(&client.arena);
	ready_loop_close();
}

TEST(a_client_that_has_the_answer_is_told_so)
{
	database_run(DIALECT_SQLITE, known_body);
}

static void
compressed_body(struct ctx *ctx)
{
	struct client client;

	client_init(&client, ctx, "/one");
	client.header = (struct http_header){ STR("accept-encoding"),
		STR("gzip, deflate") };
	client.http.headers = &client.header;
	client.http.header_count = 1;
	clients_ask(&client, 1);
	EQ_STR(client.answer.http.encoding, STR("gzip"));
	clients_release(&client, 1);
	ready_loop_close();
}

TEST(the_first_to_ask_has_the_answer_compressed_like_all_after_him)
{
	database_run(DIALECT_SQLITE, compressed_body);
}

/* --- Streams, which look at it --- */

static struct http_answer
stream_without_time(struct http_request *http, void *arg)
{
	static struct api api;
	struct request rq = { .ctx = &http->ctx,
		.http = http,
		.api = &api,
		.route = &route_table[ROUTE_api_stream] };

	http->ctx.db = arg;
	/* Long past, as when the database was away since the last that was sent. */
	http->ctx.deadline = 1;
	return rq.route->handler(&rq).http;
}

static void
close_loop(const struct http_request *http, const struct http_outcome *outcome, void *arg)
{
	(void)http, (void)outcome;
	standing_loop_close();
	ready_loop_close();
	db_loop_close(arg);
}

BOTH_ENGINES(a_stream_asks_again_who_listens_after_an_outage)
{
	struct peer peer;
	struct peer_answer answer;

	peer_start(&peer,
		(struct http_server_options){ .handler = stream_without_time,
			.done = close_loop,
			.arg = ctx->db },
		1);
	answer = peer_ask(&peer, ctx->arena,
		STR("GET /v1/stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
		    "Authorization: Bearer "
		    "grk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n\r\n"));
	peer_stop(&peer);
	EQ_I64(answer.status, 200);
	OK(str_starts_with(answer.body, STR(": the API key is not valid")));
}
