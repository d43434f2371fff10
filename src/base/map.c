#include "base/map.h"

enum {
	FIRST_CAPACITY = 16,
};

void
map_init(struct map *map, struct arena *arena)
{
	*map = (struct map){ .arena = arena };
}

/* The slot that holds KEY, or the empty one where it would go. */
static struct map_entry *
slot_of(struct map_entry *entries, size_t capacity, struct str key)
{
	size_t at = str_hash(key) & (capacity - 1);

	while (!str_is_none(entries[at].key) && !str_eq(entries[at].key, key))
		at = (at + 1) & (capacity - 1);
	return &entries[at];
}

void *
map_find(const struct map *map, struct str key)
{
	return map->capacity ? slot_of(map->entries, map->capacity, key)->value : NULL;
}

static bool
grow(struct map *map)
{
	size_t capacity = map->capacity ? map->capacity * 2 : FIRST_CAPACITY;
	struct map_entry *entries = arena_alloc_array(
		map->arena, capacity, sizeof(*entries));

	if (!entries)
		return false;
	for (size_t i = 0; i < map->capacity; i++)
		if (!str_is_none(map->entries[i].key))
			*slot_of(
				entries, capacity, map->entries[i].key) = map->entries[i];
	map->entries = entries;
	map->capacity = capacity;
	return true;
}

bool
map_put(struct map *map, struct str key, void *value)
{
	struct map_entry *slot;

	if (map->count * 2 >= map->capacity && !grow(map))
		return false;
	slot = slot_of(map->entries, map->capacity, key);
	if (str_is_none(slot->key))
		map->count++;
	*slot = (struct map_entry){ .key = key, .value = value };
	return true;
}
