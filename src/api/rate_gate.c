#include "api/rate_gate.h"

#include <stdatomic.h>

#include "api/api.h"
#include "base/buf.h"

enum rate_kind {
	KIND_PLAN,
	KIND_OWN,
	KIND_NOBODY,
	KIND_PAGE,
	KIND_ENTRY,
	KIND_SESSION,
	KIND_SUPPOSED,
	KIND_WALK,
};
enum {
	KIND_COUNT = 8,
	TELL_BYTES = 64,
	TELL_HEADERS = 3,
};

static const struct {
	const char *name;
	bool is_user;
	uint32_t limit;
	const char *before; /* and behind the limit, in the message */
	const char *behind;
} kinds[KIND_COUNT] = {
	[KIND_PLAN] = { "plan", true, 0, "your plan has ", " requests an hour" },
	[KIND_OWN] = { "own", true, RATE_OWN_LIMIT, "your own account may be asked ",
		" times an hour" },
	[KIND_NOBODY] = { "nobody", false, HOURLY_REQUESTS_NONE,
		"without a plan there are ",
		" requests an hour; GET /v1/tiers lists the plans" },
	[KIND_PAGE] = { "page", false, RATE_PAGE_LIMIT, "pages may ask ",
		" times an hour; sign in for more" },
	[KIND_ENTRY] = { "entry", false, RATE_ENTRY_LIMIT, "one address may ask this ",
		" times an hour" },
	[KIND_SESSION] = { "session", false, RATE_SESSION_LIMIT,
		"one address may go on with sessions or end them ", " times an hour" },
	[KIND_SUPPOSED] = { "supposed", true, RATE_SUPPOSED_LIMIT,
		"one account may ask what has to be worked out anew ", " times an hour" },
	[KIND_WALK] = { "walk", false, RATE_WALK_LIMIT,
		"without a plan one address may ask what has to be worked out anew ",
		" times an hour; GET /v1/tiers lists the plans" },
};

static struct {
	_Atomic uint64_t allowed;
	_Atomic uint64_t refused;
} counted[KIND_COUNT];

/* A browser says so itself, and no page of another site can. A program can pretend, and
 * is then shown what everybody is, somewhat oftener. */
static bool
is_of_a_page(const struct http_request *http)
{
	return str_eq(
		http_request_header(http, STR("sec-fetch-site")), STR("same-origin"));
}

static bool
has_plan(const struct caller *caller)
{
	return caller->entitlement.tier_until != 0;
}

/* Whether RQ is counted at all, and as what. */
static bool
kind_of(const struct request *rq, enum rate_kind *ret)
{
	const struct caller *caller = &rq->caller;
	const struct route *route = rq->route;

	if (route->rate == RATE_FREE)
		return false;
	if (caller->kind == CALLER_SESSION && route->who != WHO_ANYONE)
		*ret = KIND_OWN;
	else if (has_plan(caller))
		*ret = KIND_PLAN;
	else if (rq->is_open)
		return false;
	else if (route->rate == RATE_SESSION)
		*ret = KIND_SESSION;
	else if (route->rate == RATE_WRITE)
		*ret = KIND_ENTRY;
	else
		*ret = is_of_a_page(rq->http) ? KIND_PAGE : KIND_NOBODY;
	return true;
}

void
rate_key_fill(const struct request *rq, bool is_user, struct rate_key *ret)
{
	struct ip ip = { { 0 } };

	if (is_user) {
		memcpy(ret->bytes, rq->caller.user_id.uuid.bytes, sizeof(ret->bytes));
		return;
	}
	/* One without an address that can be read shares the count of all such. */
	if (ip_parse(rq->http->remote_address, &ip))
		ip = ip_customer(ip);
	memcpy(ret->bytes, ip.bytes, sizeof(ret->bytes));
}

static struct err *
take(struct request *rq, enum rate_kind kind)
{
	const struct access *access = &rq->api->access;
	uint32_t limit = kind == KIND_PLAN
		? (uint32_t)rq->caller.entitlement.hourly_requests
		: kinds[kind].limit;
	struct rate_key key = { .kind = kind };
	struct err *err;

	rate_key_fill(rq, kinds[kind].is_user, &key);
	rq->rate = rate_take(kinds[kind].is_user ? access->users : access->addresses,
		&key, limit, rq->ctx->now);
	atomic_fetch_add_explicit(
		rq->rate.is_allowed ? &counted[kind].allowed : &counted[kind].refused, 1,
		memory_order_relaxed);
	if (LIKELY(rq->rate.is_allowed))
		return NULL;
	err = err_new(rq->ctx, ERR_RATE_LIMITED, "%s%u%s", kinds[kind].before, limit,
		kinds[kind].behind);
	err->retry_after_s = (int32_t)rq->rate.reset_s;
	return err;
}

struct err *
rate_gate(struct request *rq)
{
	enum rate_kind kind;

	return kind_of(rq, &kind) ? take(rq, kind) : NULL;
}

struct err *
rate_gate_refused(struct request *rq)
{
	return rq->is_open ? NULL : take(rq, KIND_ENTRY);
}

struct err *
rate_gate_work(struct request *rq)
{
	if (rq->is_open)
		return NULL;
	return take(rq, has_plan(&rq->caller) ? KIND_SUPPOSED : KIND_WALK);
}

void
rate_gate_tell(const struct request *rq, struct http_answer *answer)
{
	static const struct str names[TELL_HEADERS] = { STR_INIT("RateLimit-Limit"),
		STR_INIT("RateLimit-Remaining"), STR_INIT("RateLimit-Reset") };
	const uint32_t values[TELL_HEADERS] = { rq->rate.limit, rq->rate.remaining,
		rq->rate.reset_s };
	struct arena *arena = rq->ctx->arena;
	size_t count = answer->header_count;
	struct http_header *headers;
	struct buf text;

	if (rq->rate.limit == 0)
		return;
	/* Without memory it goes unsaid. */
	headers = arena_alloc_array(arena, count + TELL_HEADERS, sizeof(*headers));
	buf_init(&text, arena, TELL_BYTES);
	if (!headers || !buf_reserve(&text, TELL_BYTES))
		return;
	if (count > 0)
		memcpy(headers, answer->headers, count * sizeof(*headers));
	for (size_t i = 0; i < TELL_HEADERS; i++) {
		size_t begin = text.len;

		buf_put_i64(&text, values[i]);
		headers[count + i] = (struct http_header){ .name = names[i],
			.value = str_slice(buf_str(&text), begin, text.len) };
	}
	answer->headers = headers;
	answer->header_count = count + TELL_HEADERS;
}

const char *
rate_gate_counters(size_t kind, struct rate_gate_counters *ret)
{
	if (kind >= KIND_COUNT)
		return NULL;
	ret->allowed = atomic_load_explicit(&counted[kind].allowed, memory_order_relaxed);
	ret->refused = atomic_load_explicit(&counted[kind].refused, memory_order_relaxed);
	return kinds[kind].name;
}
