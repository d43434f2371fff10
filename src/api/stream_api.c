/*
 * Server-sent events (WHATWG HTML §9.2): the current season's record, pushed when it has
 * changed. A stream looks once a second at what its loop knows of the publication token,
 * which costs one query a second and loop however many streams there are; what it then
 * sends is the kept answer of GET /v1/accuracy.
 */
#include <stdatomic.h>

#include "api/ready.h"
#include "api/route.h"
#include "base/buf.h"
#include "codec/uuid.h"
#include "predictions/publication.h"
#include "sys/clock.h"
#include "sys/fiber.h"

enum {
	LOOK_MS = 1000,
	/* Proxies close what says nothing for a minute; so do we what no longer listens. */
	BEAT_MS = 15000,
	/* Each holds a fiber. */
	STREAMS_MAX = 2000,
	EVENT_BYTES_MAX = 1 << 20,
};

#define RECORD_TARGET "/v1/accuracy?season=current&model=" HOUSE_MODEL

static _Atomic int stream_count;

struct watching {
	struct request rq;
	struct http_request
		http;      /* of the record: the caller's own, for another address */
	struct uuid token; /* what was sent last */
	int64_t beat_at;   /* monotonic */
};

static struct err *
event_send(struct watching *watching, struct http_writer *writer)
{
	struct ctx *ctx = watching->rq.ctx;
	struct answer answer = ready_answer(&watching->rq);
	struct buf event;

	TRY(answer.err);
	buf_init(&event, ctx->arena, EVENT_BYTES_MAX);
	buf_put(&event, STR("id: "));
	uuid_format(&event, watching->token);
	buf_put(&event, STR("\nevent: accuracy\ndata: "));
	buf_put(&event, answer.http.body);
	/* It is copied: what keeps it need not hold it for us. */
	if (answer.http.sent)
		answer.http.sent(answer.http.sent_arg);
	buf_put(&event, STR("\n\n"));
	if (buf_is_cut(&event))
		return err_no_memory();
	TRY(http_write(writer, buf_str(&event)));
	return http_flush(writer);
}

/* Send what is new, or a comment where there was nothing for long. */
static struct err *
look(struct watching *watching, struct http_writer *writer)
{
	int64_t now = clock_monotonic_ns();
	struct uuid token;

	TRY(ready_token(watching->rq.ctx, &token));
	if (!uuid_eq(token, watching->token)) {
		watching->token = token;
		watching->beat_at = clock_deadline_ms(BEAT_MS);
		return event_send(watching, writer);
	}
	if (now < watching->beat_at)
		return NULL;
	watching->beat_at = clock_deadline_ms(BEAT_MS);
	TRY(http_write(writer, STR(": nothing new\n\n")));
	return http_flush(writer);
}

static struct err *
watch(struct http_writer *writer, void *arg)
{
	struct watching *watching = arg;
	struct ctx *ctx = watching->rq.ctx;
	struct arena_mark mark = arena_mark(ctx->arena);
	struct err *err;

	/* Counted where it is sure to end: the answer to a HEAD never streams. */
	atomic_fetch_add_explicit(&stream_count, 1, memory_order_relaxed);
	do {
		/* The day, by which `current` moves on, is the day of the event. */
		ctx->now = clock_now_us();
		arena_rewind(ctx->arena, mark);
		err = look(watching, writer);
	} while (!err && fiber_sleep_until(clock_deadline_ms(LOOK_MS)) != WAIT_CANCELLED);
	atomic_fetch_sub_explicit(&stream_count, 1, memory_order_relaxed);
	return err;
}

struct answer
api_stream(struct request *rq)
{
	struct watching *watching = arena_alloc(rq->ctx->arena, sizeof(*watching));

	if (!watching)
		return answer_problem(err_no_memory());
	if (atomic_load_explicit(&stream_count, memory_order_relaxed) >= STREAMS_MAX)
		return answer_problem(err_new(rq->ctx, ERR_BUSY,
			"%d streams are open, as many as one server holds; ask "
			"/v1/accuracy instead, or another instance",
			STREAMS_MAX));
	watching->http = *rq->http;
	watching->http.target = STR(RECORD_TARGET);
	/* An event is plain text, and whole. */
	watching->http.header_count = 0;
	watching->rq = *rq;
	watching->rq.http = &watching->http;
	watching->rq.route = &route_table[ROUTE_api_accuracy_list];
	watching->rq.params = (struct params){
		.season = { .is_set = true, .value = PARAM_CURRENT },
		.model = STR(HOUSE_MODEL),
	};
	return (struct answer){
		.http = { .status = 200,
			.content_type = STR("text/event-stream"),
			.cache_control = STR("no-store"),
			.stream = watch,
			.stream_arg = watching,
			.is_endless = true },
	};
}
