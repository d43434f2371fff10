/*
 * A map from text to a pointer, in an arena: open addressing, linear probing, never
 * shrinks, nothing is removed. Keys are not copied. For tables that the program fills
 * itself (teams, names, statistics).
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/arena.h"
#include "base/str.h"

struct map_entry {
	struct str key; /* absent: the slot is empty */
	void *value;
};

struct map {
	struct arena *arena;
	struct map_entry *entries;
	size_t count;
	size_t capacity; /* a power of two, or 0 */
};

void map_init(struct map *map, struct arena *arena);
/* The value of KEY, or NULL. */
void *map_find(const struct map *map, struct str key);
/* Set KEY to VALUE; false when the arena is full. */
bool map_put(struct map *map, struct str key, void *value) MUST_USE;

#endif
