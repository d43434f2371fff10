#include "api/ready.h"

#include "api/access.h"
#include "api/supposed.h"

#include <stdatomic.h>

#include "base/log.h"
#include "cache/lru.h"
#include "codec/gzip.h"
#include "codec/iso_time.h"
#include "codec/uuid.h"
#include "http/respond.h"
#include "predictions/publication.h"
#include "sys/clock.h"
#include "sys/trouble.h"
#include "sys/wait.h"

enum {
	KEPT_COUNT_MAX = 1024,
	KEPT_BYTES_MAX = 64 << 20, /* a loop */
	TOKEN_AGE_MAX_MS = 1000,
	ETAG_BYTES_MAX = 64,
	HOURS_PER_DAY = 24,
};

/* What an answer was made from and for whom: what was published, and when it was asked,
 * since `current` moves on by the day and what is public of the record by the hour. */
struct edition {
	struct uuid token;
	int64_t hour; /* of those who see the record live: the first of the day */
	enum audience audience;
};

struct kept {
	struct lru_entry entry;
	struct edition edition;
	struct wait_queue filled;
	struct str content_type;
	struct str plain;
	struct str gzip;      /* absent until somebody takes it */
	struct str delivered; /* see struct request */
	struct str next;      /* see struct answer */
};

/* What a loop keeps. */
struct ready {
	struct arena arena;
	struct lru lru;
	struct uuid token;
	int64_t token_until; /* monotonic; 0: no token yet */
	bool is_checking;
	struct trouble trouble; /* in reading the token */
};

static _Thread_local struct ready *ready_of_thread;
static struct {
	_Atomic uint64_t hits;
	_Atomic uint64_t misses;
	_Atomic uint64_t not_modified;
} counted;

/* The calling loop's store, made at its first use; NULL without memory. */
static struct ready *
ready_get(void)
{
	struct arena arena;
	struct ready *ready = ready_of_thread;

	if (ready)
		return ready;
	arena_init(&arena, 1 << 20);
	ready = arena_alloc(&arena, sizeof(*ready));
	if (!ready ||
		!lru_init(&ready->lru, &arena,
			(struct lru_options){ .count_max = KEPT_COUNT_MAX,
				.bytes_max = KEPT_BYTES_MAX })) {
		arena_release(&arena);
		return NULL;
	}
	ready->arena = arena;
	ready_of_thread = ready;
	return ready;
}

void
ready_loop_close(void)
{
	struct ready *ready = ready_of_thread;
	struct arena arena;

	if (!ready)
		return;
	ready_of_thread = NULL;
	lru_release(&ready->lru);
	arena = ready->arena; /* ready lies in it */
	arena_release(&arena);
}

/*
 * The token of what is published now, at most TOKEN_AGE_MAX_MS old. While one fiber asks
 * again the others go on with the token they have; so they do when the database does not
 * answer.
 */
static struct err *
token_get(struct ready *ready, struct ctx *ctx, struct uuid *ret)
{
	bool is_known = ready->token_until != 0;
	struct err *err;

	if (is_known &&
		(ready->is_checking || clock_monotonic_ns() < ready->token_until)) {
		*ret = ready->token;
		return NULL;
	}
	ready->is_checking = is_known;
	err = publication_token(ctx, ret);
	ready->is_checking = false;
	if (err && !is_known)
		return err;
	if (err) {
		trouble_note(&ready->trouble, ctx,
			"publication token not read; kept answers go on", err);
		*ret = ready->token;
	} else {
		trouble_over(&ready->trouble, ctx, "publication token is read again");
	}
	ready->token = *ret;
	ready->token_until = clock_deadline_ms(TOKEN_AGE_MAX_MS);
	return NULL;
}

static bool
edition_eq(struct edition a, struct edition b)
{
	return a.hour == b.hour && a.audience == b.audience && uuid_eq(a.token, b.token);
}

static const char audience_letters[AUDIENCE_COUNT] = {
	[AUDIENCE_PUBLIC] = 'p', [AUDIENCE_REGULAR] = 'r', [AUDIENCE_ENTITLED] = 'e'
};

static struct edition
edition_for(const struct request *rq)
{
	int64_t now = rq->ctx->now;
	enum audience audience = access_audience(rq);

	return (struct edition){
		.hour = audience == AUDIENCE_PUBLIC
			? now / MICROSECONDS_PER_HOUR
			: now / MICROSECONDS_PER_DAY * HOURS_PER_DAY,
		.audience = audience,
	};
}

/* What an answer is kept under: the target, each audience for itself. */
static struct str
key_for(const struct request *rq, struct edition edition)
{
	struct str target = is_supposing(&rq->params) ? supposed_target(rq)
						      : rq->http->target;
	char *key = arena_alloc_text(rq->ctx->arena, target.len + 1);

	if (!key || str_is_none(target))
		return STR_NONE;
	key[0] = audience_letters[edition.audience];
	memcpy(key + 1, target.ptr, target.len);
	return (struct str){ .ptr = key, .len = target.len + 1 };
}

/* Weak, since plain and gzip are the same answer. */
static struct str
etag_format(struct arena *arena, struct edition edition)
{
	struct buf text;

	buf_init(&text, arena, ETAG_BYTES_MAX);
	buf_put(&text, STR("W/\""));
	uuid_format(&text, edition.token);
	buf_put_char(&text, '-');
	buf_put_i64(&text, edition.hour);
	buf_put_char(&text, audience_letters[edition.audience]);
	buf_put_char(&text, '"');
	return buf_is_cut(&text) ? STR_NONE : buf_str(&text);
}

struct err *
ready_tag(struct request *rq, struct str *ret)
{
	struct ready *ready = ready_get();
	struct edition edition = edition_for(rq);

	TRY(ready ? token_get(ready, rq->ctx, &edition.token)
		  : publication_token(rq->ctx, &edition.token));
	*ret = etag_format(rq->ctx->arena, edition);
	return str_is_none(*ret) ? err_no_memory() : NULL;
}

/* Compress once what is kept; where that fails, plain it stays. */
static bool
has_gzip(struct ready *ready, struct kept *kept)
{
	if (str_is_none(kept->gzip) &&
		!gzip_compress(&kept->entry.arena, kept->plain, &kept->gzip))
		lru_account(&ready->lru, &kept->entry);
	return !str_is_none(kept->gzip);
}

static void
let_go(void *arg)
{
	lru_let_go(arg);
}

/* The kept bytes themselves, which stay until they are sent though the store may forget
 * them meanwhile. */
static struct answer
answer_kept(struct ready *ready, struct request *rq, struct kept *kept)
{
	struct answer answer = { .http = { .status = 200,
					 .content_type = kept->content_type,
					 .body = kept->plain,
					 .sent = let_go,
					 .sent_arg = &kept->entry } };

	lru_hold(&kept->entry);
	if (http_accepts_gzip(rq->http) && has_gzip(ready, kept)) {
		answer.http.body = kept->gzip;
		answer.http.encoding = STR("gzip");
	}
	if (rq->caller.kind != CALLER_NOBODY)
		rq->delivered = str_dup(rq->ctx->arena, kept->delivered);
	answer.next = kept->next;
	return answer;
}

/* Keep ANSWER's body in KEPT; where it cannot be kept, what waited for it is let go on
 * its own. */
static void
keep(struct ready *ready, struct request *rq, struct kept *kept,
	const struct answer *answer, struct edition edition)
{
	kept->entry.is_pinned = false;
	kept->edition = edition;
	if (!answer->err && answer->http.status == 200 && !answer->http.stream) {
		kept->content_type = answer->http.content_type;
		kept->plain = str_dup(&kept->entry.arena, answer->http.body);
		kept->delivered = str_dup(&kept->entry.arena, rq->delivered);
		kept->next = str_dup(&kept->entry.arena, answer->next);
	}
	/* Without the copy of its next page it would be cut without a word. */
	if (str_is_none(kept->next) != str_is_none(answer->next))
		kept->plain = STR_NONE;
	wait_queue_wake_all(&kept->filled);
	if (str_is_none(kept->plain))
		lru_remove(&ready->lru, &kept->entry);
	else
		lru_account(&ready->lru, &kept->entry);
}

/* Make the answer while others that want it wait on its entry. */
static struct answer
make(struct ready *ready, struct request *rq, struct str key, struct edition edition)
{
	struct kept *kept = (struct kept *)lru_add(&ready->lru, key, sizeof(*kept));
	struct answer answer;

	if (!kept)
		return rq->route->handler(rq);
	kept->entry.is_pinned = true;
	wait_queue_init(&kept->filled);
	lru_hold(&kept->entry);
	answer = rq->route->handler(rq);
	keep(ready, rq, kept, &answer, edition);
	/* Whoever comes first has it compressed like all after him. */
	if (!str_is_none(kept->plain) && http_accepts_gzip(rq->http))
		answer = answer_kept(ready, rq, kept);
	lru_let_go(&kept->entry);
	return answer;
}

static struct answer
find_or_make(struct ready *ready, struct request *rq, struct edition edition)
{
	struct str key = key_for(rq, edition);
	struct kept *kept;

	if (str_is_none(key))
		return answer_problem(err_no_memory());
	kept = (struct kept *)lru_find(&ready->lru, key);
	/* While it is being made. Whoever makes it may fail, or its client leave: then
	 * the first of those who waited makes it, and the others wait on. */
	while (kept && kept->entry.is_pinned) {
		ANSWER_ERR(wait_end_err(rq->ctx,
			wait_queue_wait(&kept->filled, rq->ctx->deadline),
			"the same answer for another request"));
		kept = (struct kept *)lru_find(&ready->lru, key);
	}
	if (kept && edition_eq(kept->edition, edition)) {
		atomic_fetch_add_explicit(&counted.hits, 1, memory_order_relaxed);
		return answer_kept(ready, rq, kept);
	}
	if (kept)
		lru_remove(&ready->lru, &kept->entry);
	atomic_fetch_add_explicit(&counted.misses, 1, memory_order_relaxed);
	return make(ready, rq, key, edition);
}

struct answer
ready_answer(struct request *rq)
{
	static const struct http_header vary = {
		.name = STR_INIT("Vary"),
		.value = STR_INIT("Accept-Encoding, Authorization"),
	};
	struct ready *ready = ready_get();
	struct edition edition = edition_for(rq);
	struct answer answer;
	struct str tag;

	if (!ready)
		return rq->route->handler(rq);
	ANSWER_ERR(token_get(ready, rq->ctx, &edition.token));
	tag = etag_format(rq->ctx->arena, edition);
	if (http_etag_matches(http_request_header(rq->http, STR("If-None-Match")), tag)) {
		atomic_fetch_add_explicit(&counted.not_modified, 1, memory_order_relaxed);
		answer = (struct answer){ .http = { .status = 304 } };
	} else {
		answer = find_or_make(ready, rq, edition);
	}
	if (!answer.err) {
		answer.http.etag = tag;
		answer.http.cache_control = STR("no-cache");
		answer.http.headers = &vary;
		answer.http.header_count = 1;
	}
	return answer;
}

struct ready_counters
ready_counters(void)
{
	return (struct ready_counters){
		.hits = atomic_load_explicit(&counted.hits, memory_order_relaxed),
		.misses = atomic_load_explicit(&counted.misses, memory_order_relaxed),
		.not_modified = atomic_load_explicit(
			&counted.not_modified, memory_order_relaxed),
	};
}
