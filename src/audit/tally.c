#include "audit/tally.h"

#include <pthread.h>

#include "base/buf.h"
#include "codec/ip.h"
#include "codec/json_write.h"
#include "db/db.h"

enum {
	NEAR = 8, /* places in which a key may be */
	ADDRESS_BYTES = 46,
	AGENT_BYTES = 128,
	DETAILS_BYTES_MAX = 200,
	WRITE_MAX = 64, /* entries of one transaction */
};

struct key {
	uint8_t who[16]; /* a user, or an address */
	bool is_user;
	enum audit_action action;
	const char *reason;
};

/* An hour of somebody. */
struct place {
	struct key key;
	enum audit_outcome outcome;
	const char *route;
	int64_t began_at; /* 0: free */
	uint32_t times;
	uint32_t told;
	struct uuid request_id; /* and the rest, of the first time */
	char address[ADDRESS_BYTES];
	char agent[AGENT_BYTES];
};

/* Of the process. */
static struct {
	pthread_mutex_t lock;
	struct place places[TALLY_PLACES];
	/* Of those who found no place. */
	struct place others[AUDIT_ACTION_COUNT];
} tally = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- Noting */

static struct key
key_of(const struct ctx *ctx, const struct audit_note *note)
{
	struct key key = { .action = note->action, .reason = note->reason };
	struct ip ip;

	key.is_user = !uuid_is_nil(ctx->actor.user_id.uuid);
	if (key.is_user) {
		memcpy(key.who, ctx->actor.user_id.uuid.bytes, sizeof(key.who));
	} else if (ip_parse(ctx->remote_address, &ip)) {
		ip = ip_customer(ip);
		memcpy(key.who, ip.bytes, sizeof(key.who));
	}
	return key;
}

static bool
key_eq(const struct key *a, const struct key *b)
{
	return memcmp(a->who, b->who, sizeof(a->who)) == 0 && a->is_user == b->is_user &&
		a->action == b->action && a->reason == b->reason;
}

/* The place of KEY, or a free one for it; else that of all others. */
static struct place *
place_find(const struct key *key)
{
	struct str who = { (const char *)key->who, sizeof(key->who) };
	size_t first = (str_hash(who) + key->action) % TALLY_PLACES;
	struct place *free = NULL;

	for (size_t i = 0; i < NEAR; i++) {
		struct place *place = &tally.places[(first + i) % TALLY_PLACES];

		if (place->began_at && key_eq(&place->key, key))
			return place;
		if (!place->began_at && !free)
			free = place;
	}
	return free ? free : &tally.others[key->action];
}

static void
text_keep(char *ret, size_t size, struct str text)
{
	struct str cut = str_is_none(text) ? STR("") : str_slice(text, 0, size - 1);

	memcpy(ret, cut.ptr, cut.len);
	ret[cut.len] = '\0';
}

static void
place_begin(struct place *place, const struct key *key, const struct ctx *ctx,
	const struct audit_note *note)
{
	*place = (struct place){ .key = *key,
		.outcome = note->outcome,
		.route = note->route,
		.began_at = ctx->now,
		.request_id = ctx->request_id };
	text_keep(place->address, sizeof(place->address), ctx->remote_address);
	text_keep(place->agent, sizeof(place->agent), ctx->user_agent);
}

static void
others_begin(struct place *place, const struct ctx *ctx, const struct audit_note *note)
{
	*place = (struct place){ .key = { .action = note->action, .reason = "others" },
		.outcome = note->outcome,
		.route = note->route,
		.began_at = ctx->now };
}

void
audit_note(const struct ctx *ctx, const struct audit_note *note)
{
	struct key key = key_of(ctx, note);
	struct place *place;

	if (!ctx->audit)
		return;
	pthread_mutex_lock(&tally.lock);
	place = place_find(&key);
	if (!place->began_at && place == &tally.others[note->action])
		others_begin(place, ctx, note);
	else if (!place->began_at)
		place_begin(place, &key, ctx, note);
	if (place->times < UINT32_MAX)
		place->times++;
	pthread_mutex_unlock(&tally.lock);
}

/* --- Telling */

/* What is told of a place now. */
struct telling {
	struct place *place;
	struct place copy;
	uint32_t times; /* since it was told before */
};

struct tellings {
	struct telling *items;
	size_t count;
};

static bool
is_over(const struct place *place, int64_t now)
{
	return now - place->began_at >= (int64_t)TALLY_HOUR_S * MICROSECONDS_PER_SECOND ||
		now < place->began_at;
}

/* Take PLACE into LIST where it has something to tell; free it where it has not, and its
 * hour is over. */
static void
look_at(struct place *place, int64_t now, bool is_last, struct tellings *list)
{
	bool is_due = place->told == 0 || is_last || is_over(place, now);

	if (!place->began_at || !is_due || list->count == WRITE_MAX)
		return;
	if (place->times > place->told)
		list->items[list->count++] = (struct telling){ .place = place,
			.copy = *place,
			.times = place->told ? place->times - place->told : 1 };
	else
		place->began_at = 0;
}

static struct str
details_of(struct arena *arena, const struct telling *telling)
{
	const struct place *place = &telling->copy;
	struct buf out;
	struct json json = json_begin(&out);

	buf_init(&out, arena, DETAILS_BYTES_MAX);
	json_put_object(&json);
	if (place->key.reason) {
		json_put_key(&json, STR("reason"));
		json_put_text(&json, str_from(place->key.reason));
	}
	json_put_key(&json, STR("times"));
	json_put_i64(&json, telling->times);
	if (place->told) {
		json_put_key(&json, STR("since"));
		json_put_time(&json, place->began_at);
	}
	json_put_object_end(&json);
	return buf_is_cut(&out) ? STR_NONE : buf_str(&out);
}

static struct str
text_of(const char *kept)
{
	return kept[0] ? str_from(kept) : STR_NONE;
}

/* As if whoever did it wrote it himself. */
static struct err *
write_one(struct tx *tx, const struct telling *telling)
{
	const struct place *place = &telling->copy;
	struct ctx *ctx = tx->ctx, keeper = *ctx;
	struct audit_entry entry = { .action = place->key.action,
		.outcome = place->outcome,
		.resource_type = STR("route"),
		.resource_id = str_from(place->route),
		.details = details_of(ctx->arena, telling) };
	struct err *err;

	if (place->key.is_user)
		memcpy(entry.user.uuid.bytes, place->key.who, sizeof(place->key.who));
	ctx->actor = (struct actor){ .is_system = false };
	ctx->remote_address = text_of(place->address);
	ctx->user_agent = text_of(place->agent);
	ctx->request_id = place->request_id;
	err = audit_log(tx, &entry);
	ctx->actor = keeper.actor;
	ctx->remote_address = keeper.remote_address;
	ctx->user_agent = keeper.user_agent;
	ctx->request_id = keeper.request_id;
	return err;
}

static struct err *
write_in_tx(struct tx *tx, void *arg)
{
	const struct tellings *list = arg;

	for (size_t i = 0; i < list->count; i++)
		TRY(write_one(tx, &list->items[i]));
	return NULL;
}

struct err *
audit_tally_write(struct ctx *ctx, bool is_last)
{
	struct tellings list = { .count = 0 };

	TRY_NEW(ctx->arena, list.items, WRITE_MAX);
	do {
		list.count = 0;
		pthread_mutex_lock(&tally.lock);
		for (size_t i = 0; i < TALLY_PLACES; i++)
			look_at(&tally.places[i], ctx->now, is_last, &list);
		for (size_t i = 0; i < AUDIT_ACTION_COUNT; i++)
			look_at(&tally.others[i], ctx->now, is_last, &list);
		pthread_mutex_unlock(&tally.lock);
		if (list.count == 0)
			return NULL;
		TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, write_in_tx, &list));
		pthread_mutex_lock(&tally.lock);
		for (size_t i = 0; i < list.count; i++)
			list.items[i].place->told += list.items[i].times;
		pthread_mutex_unlock(&tally.lock);
	} while (is_last || list.count == WRITE_MAX);
	return NULL;
}
