#include "base/vec.h"

#include <string.h>

enum {
	FIRST_CAPACITY = 8,
};

void *
vec_grow(struct arena *arena, const void *items, size_t count, size_t *capacity,
	size_t item_size)
{
	size_t wider = *capacity ? *capacity * 2 : FIRST_CAPACITY;
	void *copy = arena_alloc_array(arena, wider, item_size);

	if (!copy)
		return NULL;
	if (count)
		memcpy(copy, items, count * item_size);
	*capacity = wider;
	return copy;
}
