#include "api/stream_places.h"

#include <pthread.h>

#include "api/api.h"
#include "api/rate_gate.h"

enum {
	/* Tabs are closed, and streams end: soon there is room again. */
	ROOM_IN_S = 60,
};

enum holder {
	HOLDER_NONE,
	HOLDER_OPEN, /* from this machine, where it is open: not counted */
	HOLDER_ADDRESS,
	HOLDER_USER,
};

/* So few that looking through them all takes microseconds, once a stream. */
static struct {
	pthread_mutex_t lock;
	struct rate_key holders[STREAMS_MAX]; /* kind: enum holder */
} places = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct rate_key
holder_of(const struct request *rq)
{
	bool is_user = rq->caller.kind != CALLER_NOBODY;
	struct rate_key key = { .kind = is_user ? HOLDER_USER
			: rq->is_open           ? HOLDER_OPEN
						: HOLDER_ADDRESS };

	rate_key_fill(rq, is_user, &key);
	return key;
}

/* The first place that is free, STREAMS_MAX where none is; and how many KEY holds. */
static size_t
look_through(const struct rate_key *key, uint32_t *ret_held)
{
	size_t place = STREAMS_MAX;

	*ret_held = 0;
	for (size_t i = 0; i < STREAMS_MAX; i++) {
		const struct rate_key *holder = &places.holders[i];

		if (holder->kind == HOLDER_NONE && place == STREAMS_MAX)
			place = i;
		*ret_held += holder->kind == key->kind &&
			memcmp(holder->bytes, key->bytes, sizeof(key->bytes)) == 0;
	}
	return place;
}

static struct err *
too_many(struct request *rq, enum holder holder, uint32_t limit)
{
	struct err *err = err_new(rq->ctx, ERR_RATE_LIMITED,
		"%s may hold %u streams at once; close one, or ask /v1/accuracy now and "
		"then instead",
		holder == HOLDER_USER ? "one account" : "one address", limit);

	err->retry_after_s = ROOM_IN_S;
	return err;
}

static struct err *
check(struct request *rq, struct rate_key *key, size_t *ret)
{
	const struct stream_limits *limits = &rq->api->streams;
	enum holder holder = (enum holder)key->kind;
	uint32_t limit = holder == HOLDER_USER ? limits->per_user
		: holder == HOLDER_ADDRESS     ? limits->per_address
					       : 0;
	uint32_t held;

	*ret = look_through(key, &held);
	if (limit > 0 && held >= limit)
		return too_many(rq, holder, limit);
	if (*ret < STREAMS_MAX)
		return NULL;
	return err_new(rq->ctx, ERR_BUSY,
		"%d streams are open, as many as one server holds; ask /v1/accuracy "
		"instead, or another instance",
		STREAMS_MAX);
}

struct err *
stream_places_check(struct request *rq)
{
	struct rate_key key = holder_of(rq);
	struct err *err;
	size_t place;

	pthread_mutex_lock(&places.lock);
	err = check(rq, &key, &place);
	pthread_mutex_unlock(&places.lock);
	return err;
}

struct err *
stream_place_take(struct request *rq, size_t *ret)
{
	struct rate_key key = holder_of(rq);
	struct err *err;

	pthread_mutex_lock(&places.lock);
	err = check(rq, &key, ret);
	if (!err)
		places.holders[*ret] = key;
	pthread_mutex_unlock(&places.lock);
	return err;
}

void
stream_place_leave(size_t place)
{
	pthread_mutex_lock(&places.lock);
	places.holders[place].kind = HOLDER_NONE;
	pthread_mutex_unlock(&places.lock);
}
