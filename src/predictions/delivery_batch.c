#include "predictions/delivery_batch.h"

static void
tables_init(struct delivery_batch *batch)
{
	map_init(&batch->lists, &batch->arena);
	map_init(&batch->by_user, &batch->arena);
	batch->first = batch->last = NULL;
}

void
delivery_batch_init(struct delivery_batch *batch, size_t cap_bytes)
{
	arena_init(&batch->arena, cap_bytes);
	tables_init(batch);
}

void
delivery_batch_release(struct delivery_batch *batch)
{
	arena_release(&batch->arena);
	tables_init(batch);
}

/* The list IDS, found or made; NULL without room. Two lists of one length that begin and
 * end alike share a place in the map, which is the later one's. */
static const struct shown_list *
list_of(struct delivery_batch *batch, struct str ids)
{
	struct shown_list key = { .count = ids.len / sizeof(struct uuid) }, *list;
	struct str name = { (const char *)&key, offsetof(struct shown_list, ids) };
	struct uuid *copy;

	memcpy(&key.first, ids.ptr, sizeof(key.first));
	memcpy(&key.last, ids.ptr + ids.len - sizeof(key.last), sizeof(key.last));
	list = map_find(&batch->lists, name);
	if (list && memcmp(list->ids, ids.ptr, ids.len) == 0)
		return list;
	list = arena_alloc(&batch->arena, sizeof(*list));
	copy = arena_alloc_array(&batch->arena, key.count, sizeof(*copy));
	if (!list || !copy)
		return NULL;
	*list = key;
	list->ids = memcpy(copy, ids.ptr, ids.len);
	name.ptr = (const char *)list;
	return map_put(&batch->lists, name, list) ? list : NULL;
}

bool
delivery_batch_add(struct delivery_batch *batch, const struct shown *who, struct str ids)
{
	struct shown key = *who, *shown;
	struct str name = { (const char *)&key, offsetof(struct shown, times) };

	key.list = list_of(batch, ids);
	if (!key.list)
		return false;
	shown = map_find(&batch->by_user, name);
	if (shown) {
		shown->times++;
		return true;
	}
	shown = arena_alloc(&batch->arena, sizeof(*shown));
	if (!shown)
		return false;
	*shown = key;
	shown->times = 1;
	shown->next = NULL;
	name.ptr = (const char *)shown;
	if (!map_put(&batch->by_user, name, shown))
		return false;
	if (batch->last)
		batch->last->next = shown;
	else
		batch->first = shown;
	batch->last = shown;
	return true;
}

bool
delivery_batch_is_half_full(const struct delivery_batch *batch)
{
	return batch->arena.used_bytes > batch->arena.cap_bytes / 2;
}
