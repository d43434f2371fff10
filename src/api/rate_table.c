#include "api/rate_table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "sys/random.h"

enum {
	WAYS = 8,
	LOCKS = 256, /* a power of two, so that loops rarely meet */
	MICROSECONDS_PER_S = 1000000,
};

struct place {
	struct rate_key key;
	uint32_t count;   /* 0: empty */
	uint32_t began_s; /* seconds since 1970, which last until 2106 */
};

struct rate_table {
	uint64_t seed; /* so that nobody outside can choose his neighbours */
	size_t set_mask;
	struct place (*sets)[WAYS];
	pthread_mutex_t locks[LOCKS];
	_Atomic uint64_t held;
	_Atomic uint64_t evicted;
};

struct rate_table *
rate_table_new(struct arena *arena, size_t count)
{
	struct rate_table *table = arena_alloc(arena, sizeof(*table));
	size_t sets = LOCKS;

	while (sets * WAYS < count)
		sets *= 2;
	if (!table)
		return NULL;
	table->sets = arena_alloc_array(arena, sets, sizeof(*table->sets));
	if (!table->sets)
		return NULL;
	table->set_mask = sets - 1;
	table->seed = random_u64() | 1;
	for (size_t i = 0; i < LOCKS; i++)
		table->locks[i] = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	return table;
}

/* Finished as in MurmurHash3 (Appleby, public domain). */
static uint64_t
mix(uint64_t hash)
{
	hash ^= hash >> 33;
	hash *= UINT64_C(0xff51afd7ed558ccd);
	hash ^= hash >> 33;
	hash *= UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ hash >> 33;
}

static size_t
set_of(const struct rate_table *table, const struct rate_key *key)
{
	uint64_t halves[2];

	memcpy(halves, key->bytes, sizeof(halves));
	return (size_t)(mix(mix(mix(table->seed ^ halves[0]) ^ halves[1]) ^ key->kind)) &
		table->set_mask;
}

static bool
key_eq(const struct rate_key *a, const struct rate_key *b)
{
	return a->kind == b->kind && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static bool
is_over(const struct place *place, uint32_t now_s)
{
	return place->count == 0 || now_s - place->began_s >= RATE_HOUR_S;
}

/* Where KEY is counted; taken over from another where it is not there yet. */
static struct place *
place_of(struct rate_table *table, struct place set[WAYS], const struct rate_key *key,
	uint32_t now_s)
{
	struct place *lowest = &set[0];

	for (size_t way = 0; way < WAYS; way++)
		if (set[way].count > 0 && key_eq(&set[way].key, key))
			return &set[way];
	for (size_t way = 0; way < WAYS; way++) {
		if (is_over(&set[way], now_s)) {
			lowest = &set[way];
			break;
		}
		if (set[way].count < lowest->count)
			lowest = &set[way];
	}
	if (lowest->count == 0)
		atomic_fetch_add_explicit(&table->held, 1, memory_order_relaxed);
	else if (!is_over(lowest, now_s))
		atomic_fetch_add_explicit(&table->evicted, 1, memory_order_relaxed);
	*lowest = (struct place){ .key = *key, .began_s = now_s };
	return lowest;
}

struct rate_taken
rate_take(
	struct rate_table *table, const struct rate_key *key, uint32_t limit, int64_t now)
{
	size_t set = set_of(table, key);
	pthread_mutex_t *lock = &table->locks[set % LOCKS];
	uint32_t now_s = (uint32_t)(now / MICROSECONDS_PER_S);
	struct rate_taken taken = { .limit = limit };
	struct place *place;

	pthread_mutex_lock(lock);
	place = place_of(table, table->sets[set], key, now_s);
	if (place->began_s > now_s)
		place->began_s = now_s; /* the clock was set back */
	if (is_over(place, now_s)) {
		place->count = 0;
		place->began_s = now_s;
	}
	taken.is_allowed = place->count < limit;
	if (taken.is_allowed)
		place->count++;
	taken.remaining = limit > place->count ? limit - place->count : 0;
	taken.reset_s = place->began_s + RATE_HOUR_S - now_s;
	pthread_mutex_unlock(lock);
	return taken;
}

struct rate_counters
rate_table_counters(struct rate_table *table)
{
	return (struct rate_counters){
		.held = atomic_load_explicit(&table->held, memory_order_relaxed),
		.evicted = atomic_load_explicit(&table->evicted, memory_order_relaxed),
	};
}
