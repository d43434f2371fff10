#include "accounts/standing_cache.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"

enum {
	WAYS = 4,
	SETS = 2048,
	VERSIONS = 4096,
	TABLE_BYTES_MAX = 8 << 20,
	/* What nobody told us of, an operator's own SQL for one, counts this late. */
	KEPT_SECONDS_MAX = 60,
};

#define KEPT_MAX (KEPT_SECONDS_MAX * INT64_C(1000000))

struct kept {
	uint64_t version;
	int64_t asked_at; /* 0: the place is empty */
	struct standing standing;
};

struct table {
	struct arena arena; /* this struct lives in it */
	struct list_link link;
	_Atomic uint64_t hits;
	_Atomic uint64_t misses;
	uint8_t next[SETS]; /* which way gives room to a newcomer */
	struct kept kept[SETS][WAYS];
};

static _Thread_local struct table *table_of_thread;

/* Everybody's tables, for counting. */
static struct {
	pthread_mutex_t lock;
	struct list_link all;
	uint64_t hits; /* of those that are gone */
	uint64_t misses;
} tables = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.all = { .next = &tables.all, .prev = &tables.all },
};

static _Atomic uint64_t versions[VERSIONS];
static _Atomic uint64_t version_of_all;

/* Half of an id is random (RFC 9562, version 7), and nobody chooses his own. */
static uint64_t
hash_of(struct user_id user)
{
	uint64_t hash;

	memcpy(&hash, user.uuid.bytes + 8, sizeof(hash));
	return hash * UINT64_C(11400714819323198485);
}

uint64_t
standing_version(struct user_id user)
{
	/* Both only grow, so their sum stays only where both do. */
	return atomic_load_explicit(&versions[(hash_of(user) >> 20) % VERSIONS],
		       memory_order_acquire) +
		atomic_load_explicit(&version_of_all, memory_order_acquire);
}

void
standing_forget(struct user_id user)
{
	atomic_fetch_add_explicit(
		&versions[(hash_of(user) >> 20) % VERSIONS], 1, memory_order_release);
}

void
standing_forget_all(void)
{
	atomic_fetch_add_explicit(&version_of_all, 1, memory_order_release);
}

/* --- The table of a loop ------------------------------------------------------------ */

static struct table *
table_get(void)
{
	struct arena arena;
	struct table *table = table_of_thread;

	if (LIKELY(table != NULL))
		return table;
	arena_init(&arena, TABLE_BYTES_MAX);
	table = arena_alloc(&arena, sizeof(*table));
	if (!table)
		return NULL;
	table->arena = arena;
	pthread_mutex_lock(&tables.lock);
	list_push_back(&tables.all, &table->link);
	pthread_mutex_unlock(&tables.lock);
	table_of_thread = table;
	return table;
}

void
standing_loop_close(void)
{
	struct table *table = table_of_thread;
	struct arena arena;

	if (!table)
		return;
	table_of_thread = NULL;
	pthread_mutex_lock(&tables.lock);
	list_remove(&table->link);
	tables.hits += table->hits;
	tables.misses += table->misses;
	pthread_mutex_unlock(&tables.lock);
	arena = table->arena;
	arena_release(&arena);
}

/* Written by the table's own loop alone. */
static void
count_up(_Atomic uint64_t *counter)
{
	atomic_store_explicit(counter,
		atomic_load_explicit(counter, memory_order_relaxed) + 1,
		memory_order_relaxed);
}

static struct kept *
set_of(struct table *table, struct user_id user, size_t *ret_set)
{
	*ret_set = (hash_of(user) >> 48) % SETS;
	return table->kept[*ret_set];
}

static bool
counts(const struct kept *kept, int64_t now)
{
	return kept->version == standing_version(kept->standing.user_id) &&
		now >= kept->asked_at && now - kept->asked_at < KEPT_MAX &&
		now < kept->standing.entitlement.valid_until;
}

const struct standing *
standing_kept(struct user_id user, int64_t now)
{
	struct table *table = table_get();
	const struct kept *set;
	size_t at;

	if (!table)
		return NULL;
	set = set_of(table, user, &at);
	for (size_t way = 0; way < WAYS; way++) {
		if (set[way].asked_at == 0 ||
			!user_id_eq(set[way].standing.user_id, user))
			continue;
		if (!counts(&set[way], now))
			break;
		count_up(&table->hits);
		return &set[way].standing;
	}
	count_up(&table->misses);
	return NULL;
}

void
standing_keep(const struct standing *standing, uint64_t version, int64_t now)
{
	struct table *table = table_get();
	struct kept *set, *place = NULL;
	size_t at;

	if (!table)
		return;
	set = set_of(table, standing->user_id, &at);
	for (size_t way = 0; way < WAYS; way++)
		if (set[way].asked_at == 0 ||
			user_id_eq(set[way].standing.user_id, standing->user_id))
			place = place ? place : &set[way];
	if (!place)
		place = &set[table->next[at]++ % WAYS];
	*place = (struct kept){
		.version = version, .asked_at = now, .standing = *standing
	};
}

struct standing_counters
standing_counters(void)
{
	struct standing_counters sum;

	pthread_mutex_lock(&tables.lock);
	sum = (struct standing_counters){ .hits = tables.hits,
		.misses = tables.misses,
		.untrusted = standing_untrusted() };
	LIST_FOR_EACH(link, &tables.all) {
		const struct table *table = CONTAINER_OF(link, struct table, link);

		sum.hits += atomic_load_explicit(&table->hits, memory_order_relaxed);
		sum.misses += atomic_load_explicit(&table->misses, memory_order_relaxed);
	}
	pthread_mutex_unlock(&tables.lock);
	return sum;
}
