/*
 * Server-sent events (WHATWG HTML §9.2): the current season's record, pushed when it has
 * changed. A stream looks once a second at what its loop knows of the publication token,
 * which costs one query a second and loop however many streams there are; what it then
 * sends is the kept answer of GET /v1/accuracy, where that is another than was sent last.
 *
 * Whoever listens is let in as at a request: again before each event and at each beat,
 * and where that asks nobody, at each look. Who is not let in any more has his stream
 * ended; who is shown something else gets that.
 */
#include <assert.h>

#include "api/api.h"
#include "api/auth_gate.h"
#include "api/ready.h"
#include "api/route.h"
#include "base/buf.h"
#include "crypto/digest.h"
#include "db/listen.h"
#include "predictions/publication.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/random.h"

enum {
	LOOK_MS = 1000,
	/* Proxies close what says nothing for a minute; so do we what no longer
	 * listens. */
	BEAT_MS = 15000,
	EVENT_BYTES_MAX = 1 << 20,
	TAG_BYTES_MAX = 64,
	/* How soon a client comes back, spread so that not all do at once. */
	RETRY_MS = 1000,
	RETRY_SPREAD_MS = 4000,
};

#define RECORD_TARGET "/v1/accuracy?season=current&model=" HOUSE_MODEL

struct watching {
	struct request rq;        /* of the record, for whoever listens */
	struct request door;      /* his own, by which he is let in */
	struct http_request http; /* of the record: his own, for another address */
	char tag[TAG_BYTES_MAX];  /* of what was looked at last */
	size_t tag_len;
	uint8_t sent[SHA256_BYTES]; /* digest of what was sent last */
	int64_t beat_at;            /* monotonic */
	int64_t ends_at;            /* likewise; INT64_MAX: with the client */
	bool is_over;
};

/* The tag of the record, and so the id of its event: without W/ and quotes. */
static struct str
id_of(struct str tag)
{
	return str_slice(tag, sizeof("W/\"") - 1, tag.len - 1);
}

/* What tells BODY from another record: all but when it was summed. The same numbers
 * summed again are no news, nor that they stand by another time once no game is late. */
static void
digest_of(struct arena *arena, struct str body, uint8_t ret[static SHA256_BYTES])
{
	static const struct str moment = STR_INIT("\"calculated_at\":");
	struct str rest = body;
	struct buf text;
	ptrdiff_t at;

	buf_init(&text, arena, EVENT_BYTES_MAX);
	while ((at = str_find(rest, moment)) >= 0) {
		buf_put(&text, str_slice(rest, 0, (size_t)at));
		rest = str_slice(rest, (size_t)at + moment.len, rest.len);
		at = str_find_char(rest, ',');
		rest = str_slice(rest, at < 0 ? rest.len : (size_t)at, rest.len);
	}
	buf_put(&text, rest);
	digest_sha256(buf_is_cut(&text) ? body : buf_str(&text), ret);
}

static struct err *
event_send(struct watching *watching, struct http_writer *writer, struct str tag)
{
	struct ctx *ctx = watching->rq.ctx;
	struct answer answer = ready_answer(&watching->rq);
	uint8_t digest[SHA256_BYTES];
	struct buf event;
	bool is_same;

	TRY(answer.err);
	digest_of(ctx->arena, answer.http.body, digest);
	is_same = memcmp(digest, watching->sent, sizeof(digest)) == 0;
	buf_init(&event, ctx->arena, EVENT_BYTES_MAX);
	buf_put(&event, STR("id: "));
	buf_put(&event, id_of(tag));
	buf_put(&event, STR("\nevent: accuracy\ndata: "));
	if (!is_same)
		buf_put(&event, answer.http.body);
	/* It is copied: what keeps it need not hold it for us. */
	if (answer.http.sent)
		answer.http.sent(answer.http.sent_arg);
	if (is_same)
		return NULL;
	buf_put(&event, STR("\n\n"));
	if (buf_is_cut(&event))
		return err_no_memory();
	memcpy(watching->sent, digest, sizeof(digest));
	watching->beat_at = clock_deadline_ms(BEAT_MS);
	TRY(http_write(writer, buf_str(&event)));
	return http_flush(writer);
}

/* Tell why the stream ends, and when to come back. */
static struct err *
end(struct watching *watching, struct http_writer *writer, struct str why)
{
	struct arena *arena = watching->rq.ctx->arena;

	watching->is_over = true;
	return http_write(writer,
		str_fmt(arena, ": " STR_FMT "\nretry: %d\n\n", STR_ARG(why),
			RETRY_MS + (int)(random_u64() % RETRY_SPREAD_MS)));
}

/* Let whoever listens in again: with what he is entitled to now. */
static struct err *
let_in_again(struct watching *watching)
{
	TRY(auth_gate(&watching->door));
	watching->rq.caller = watching->door.caller;
	watching->rq.lacks_mfa = watching->door.lacks_mfa;
	return NULL;
}

/* A token is checked in memory while changes are heard of; a key is looked up. */
static bool
is_asked_cheaply(const struct watching *watching)
{
	return watching->door.caller.kind != CALLER_API_KEY &&
		db_hears(watching->rq.ctx->db);
}

static bool
is_news(const struct watching *watching, struct str tag)
{
	return !str_eq(tag, (struct str){ watching->tag, watching->tag_len });
}

/* Send what is new, or a comment where there was nothing for long. */
static struct err *
look(struct watching *watching, struct http_writer *writer)
{
	int64_t now = clock_monotonic_ns();
	bool is_due = now >= watching->beat_at;
	struct str tag;

	if (now >= watching->ends_at)
		return end(watching, writer, STR("this stream is old; ask anew"));
	TRY(ready_tag(&watching->rq, &tag));
	if (is_due || is_asked_cheaply(watching) || is_news(watching, tag)) {
		struct err *err = let_in_again(watching);

		if (err && err_http_status(err->code) < 500)
			return end(watching, writer, err->message);
		/* While it cannot be known who listens, nothing is said to him. */
		if (err)
			return NULL;
		TRY(ready_tag(&watching->rq, &tag));
	}
	if (is_news(watching, tag)) {
		assert(tag.len <= sizeof(watching->tag));
		TRY(event_send(watching, writer, tag));
		memcpy(watching->tag, tag.ptr, tag.len);
		watching->tag_len = tag.len;
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
	size_t place;

	/* Taken where it is sure to end: the answer to a HEAD never streams. */
	TRY(stream_place_take(&watching->rq, &place));
	do {
		/* The day, by which `current` moves on, is the day of the event. */
		ctx->now = clock_now_us();
		/* Only what is sent gives more time: after an outage none would be left
		 * to ask who listens. */
		ctx->deadline = clock_deadline_ms(BEAT_MS);
		arena_rewind(ctx->arena, mark);
		err = look(watching, writer);
	} while (!err && !watching->is_over &&
		fiber_sleep_until(clock_deadline_ms(LOOK_MS)) != WAIT_CANCELLED);
	stream_place_leave(place);
	return err;
}

/* When a stream that begins now ends: not all together that began together. */
static int64_t
end_of(const struct request *rq)
{
	int64_t age_max_ms = rq->api->streams.age_max_s * 1000;

	if (age_max_ms == 0)
		return INT64_MAX;
	return clock_deadline_ms(
		age_max_ms - (int64_t)(random_u64() % (uint64_t)(age_max_ms / 4)));
}

struct answer
api_stream(struct request *rq)
{
	struct watching *watching = arena_alloc(rq->ctx->arena, sizeof(*watching));

	if (!watching)
		return answer_problem(err_no_memory());
	ANSWER_ERR(stream_places_check(rq));
	watching->door = *rq;
	watching->ends_at = end_of(rq);
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
