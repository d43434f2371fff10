/*
 * How many requests somebody has made within an hour: exact, shared by all loops, bounded
 * in memory.
 *
 * An hour begins with the first request and is over after 3,600 s. A table holds so many
 * counts and no more: a newcomer takes the place of a count whose hour is over, else of
 * the lowest one near his own place. A flood of addresses thus pushes out the counts of
 * those who have hardly asked, itself above all, and never those near their limit.
 */
#ifndef API_RATE_TABLE_H
#define API_RATE_TABLE_H

#include "base/arena.h"

struct rate_table;

/* Of whom: an address or a user's id, and of what. */
struct rate_key {
	uint8_t bytes[16];
	uint32_t kind;
};

enum {
	RATE_HOUR_S = 3600,
};

struct rate_taken {
	bool is_allowed;
	uint32_t limit;
	uint32_t remaining;
	uint32_t reset_s; /* until the hour is over; at least 1 */
};

/* A table of at least COUNT places, in ARENA; NULL where that is full. */
struct rate_table *rate_table_new(struct arena *arena, size_t count);

/* Count one more request of KEY at NOW (microseconds), who may have LIMIT an hour. From
 * any thread. Of requests at once exactly as many are allowed as are left. */
struct rate_taken rate_take(struct rate_table *table, const struct rate_key *key,
	uint32_t limit, int64_t now);

struct rate_counters {
	uint64_t held;    /* places taken */
	uint64_t evicted; /* counts given up before their hour was over */
};
struct rate_counters rate_table_counters(struct rate_table *table);

#endif
