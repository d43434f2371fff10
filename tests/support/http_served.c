#include "tests/support/http_served.h"

#include "http/respond.h"
#include "sys/clock.h"
#include "tests/support/http_shapes.h"

enum {
	FOREVER_MS = 20000,
	BIG_BYTES = 1 << 20,
	BIG_PIECES = 64,
	HEADERS = 40,
};

struct http_seen seen;

static struct http_answer
answer_wait(struct http_request *rq)
{
	seen.waiting++;
	if (fiber_sleep_until(clock_deadline_ms(FOREVER_MS)) == WAIT_CANCELLED)
		seen.cancelled++;
	seen.is_gone_seen = rq->is_client_gone;
	seen.finished++;
	return http_answer_text(200, STR("waited"));
}

/* Wait until the test says so, or for as long as a test may take. */
static struct http_answer
answer_hold(struct http_request *rq)
{
	seen.waiting++;
	for (int i = 0; i < FOREVER_MS / 5 && !seen.is_released; i++)
		if (fiber_sleep_until(clock_deadline_ms(5)) == WAIT_CANCELLED)
			break;
	seen.is_gone_seen = rq->is_client_gone;
	seen.finished++;
	return http_answer_text(200, STR("held"));
}

static struct err *
write_events(struct http_writer *writer, void *arg)
{
	struct ctx *ctx = arg;

	TRY(http_write(writer, STR("data: 1\n\n")));
	TRY(http_flush(writer));
	seen.waiting++;
	if (fiber_sleep_until(clock_deadline_ms(FOREVER_MS)) == WAIT_CANCELLED)
		seen.cancelled++;
	return err_new(ctx, ERR_TIMEOUT, "the end of events");
}

static struct http_answer
answer_big(struct http_request *rq)
{
	struct str *pieces = arena_alloc_array(
		rq->ctx.arena, BIG_PIECES, sizeof(*pieces));
	char *text = arena_alloc_text(rq->ctx.arena, BIG_BYTES);

	memset(text, 'x', BIG_BYTES);
	for (size_t i = 0; i < BIG_PIECES; i++)
		pieces[i] = (struct str){ .ptr = text, .len = BIG_BYTES };
	return (struct http_answer){
		.status = 200, .pieces = pieces, .piece_count = BIG_PIECES
	};
}

static struct http_answer
answer_headers(struct http_request *rq)
{
	struct http_answer answer = http_answer_text(200, STR("hello"));

	for (int i = 0; i < HEADERS; i++)
		if (http_answer_add(&rq->ctx, &answer, str_fmt(rq->ctx.arena, "X-%d", i),
			    str_fmt(rq->ctx.arena, "%0100d", i)))
			return http_answer_text(500, STR("no memory"));
	return answer;
}

static struct http_answer
handle(struct http_request *rq, void *arg)
{
	(void)arg;
	if (str_eq(rq->path, STR("/wait")))
		return answer_wait(rq);
	if (str_eq(rq->path, STR("/hold")))
		return answer_hold(rq);
	if (str_eq(rq->path, STR("/greedy"))) {
		while (arena_alloc_text(rq->ctx.arena, 1000)) {
		}
		while (arena_alloc_text(rq->ctx.arena, 1)) {
		}
		return http_answer_text(500, STR("no memory"));
	}
	if (str_eq(rq->path, STR("/headers")))
		return answer_headers(rq);
	if (str_eq(rq->path, STR("/big")))
		return answer_big(rq);
	if (str_eq(rq->path, STR("/events")))
		return (struct http_answer){ .status = 200,
			.content_type = STR("text/event-stream"),
			.stream = write_events,
			.stream_arg = &rq->ctx,
			.is_endless = true };
	return http_answer_text(200, STR("hello"));
}

static size_t
body_limit(const struct http_request *rq, void *arg)
{
	(void)arg;
	return str_eq(rq->path, STR("/batch")) ? 300 : SHAPE_BODY_MAX;
}

static void
note_done(const struct http_request *rq, const struct http_outcome *outcome, void *arg)
{
	(void)rq;
	(void)arg;
	seen.done_status = outcome->status;
	seen.done_refused += outcome->is_refused;
	seen.done_cut += outcome->is_cut;
}

void
served_start(struct peer *peer, struct arena *arena, struct http_server_options options)
{
	arena_init(arena, 64 << 20);
	seen.waiting = seen.cancelled = seen.finished = 0;
	seen.is_gone_seen = seen.is_released = false;
	seen.done_status = seen.done_refused = seen.done_cut = 0;
	options.handler = handle;
	options.body_limit = body_limit;
	options.done = note_done;
	peer_start(peer, options, 1);
}

void
served_stop(struct peer *peer, struct arena *arena)
{
	peer_stop(peer);
	arena_release(arena);
}

bool
is_one_waiting(void *arg)
{
	(void)arg;
	return seen.waiting == 1;
}

bool
is_one_finished(void *arg)
{
	(void)arg;
	return seen.finished == 1;
}

bool
is_one_cancelled(void *arg)
{
	(void)arg;
	return seen.cancelled == 1;
}

bool
is_one_cut(void *arg)
{
	(void)arg;
	return seen.done_cut == 1;
}
