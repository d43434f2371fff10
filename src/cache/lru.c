#include "cache/lru.h"

#include <assert.h>

bool
lru_init(struct lru *lru, struct arena *arena, struct lru_options options)
{
	size_t bucket_count = 16;

	while (bucket_count < options.count_max)
		bucket_count *= 2;
	*lru = (struct lru){
		.buckets = arena_alloc_array(
			arena, bucket_count, sizeof(struct lru_entry *)),
		.bucket_count = bucket_count,
		.count_max = options.count_max,
		.bytes_max = options.bytes_max,
	};
	list_init(&lru->by_use);
	return lru->buckets != NULL;
}

static struct lru_entry **
bucket_of(const struct lru *lru, uint64_t hash)
{
	return &lru->buckets[(hash ^ hash >> 32) & (lru->bucket_count - 1)];
}

struct lru_entry *
lru_find(struct lru *lru, struct str key)
{
	uint64_t hash = str_hash(key);

	for (struct lru_entry *entry = *bucket_of(lru, hash); entry;
		entry = entry->next) {
		if (entry->hash != hash || !str_eq(entry->key, key))
			continue;
		list_remove(&entry->by_use);
		list_push_front(&lru->by_use, &entry->by_use);
		return entry;
	}
	return NULL;
}

static void
release_unheld(struct lru_entry *entry)
{
	struct arena arena = entry->arena; /* the entry lies in it */

	if (entry->is_removed && entry->holders == 0)
		arena_release(&arena);
}

void
lru_remove(struct lru *lru, struct lru_entry *entry)
{
	struct lru_entry **link = bucket_of(lru, entry->hash);

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	list_remove(&entry->by_use);
	lru->count--;
	lru->bytes -= entry->bytes;
	entry->is_removed = true;
	release_unheld(entry);
}

void
lru_hold(struct lru_entry *entry)
{
	entry->holders++;
}

void
lru_let_go(struct lru_entry *entry)
{
	assert(entry->holders > 0);
	entry->holders--;
	release_unheld(entry);
}

void
lru_release(struct lru *lru)
{
	while (!list_is_empty(&lru->by_use))
		lru_remove(lru,
			CONTAINER_OF(list_first(&lru->by_use), struct lru_entry, by_use));
}

/* Forget from the end until COUNT more entries and what is counted fit; never KEEP, nor
 * what is pinned. */
static void
make_room(struct lru *lru, size_t count, const struct lru_entry *keep)
{
	struct list_link *link = lru->by_use.prev;

	while (link != &lru->by_use &&
		(lru->bytes > lru->bytes_max || lru->count + count > lru->count_max)) {
		struct lru_entry *entry = CONTAINER_OF(link, struct lru_entry, by_use);

		link = link->prev;
		if (entry == keep || entry->is_pinned)
			continue;
		lru_remove(lru, entry);
		lru->evictions++;
	}
}

struct lru_entry *
lru_add(struct lru *lru, struct str key, size_t size)
{
	uint64_t hash = str_hash(key);
	struct lru_entry **bucket = bucket_of(lru, hash);
	struct lru_entry *entry;
	struct arena arena;

	make_room(lru, 1, NULL);
	if (lru->count >= lru->count_max)
		return NULL;
	arena_init(&arena, lru->bytes_max);
	entry = arena_alloc(&arena, size);
	if (!entry)
		return NULL;
	entry->key = str_dup(&arena, key);
	if (str_is_none(entry->key)) {
		arena_release(&arena);
		return NULL;
	}
	entry->hash = hash;
	entry->arena = arena;
	entry->next = *bucket;
	*bucket = entry;
	list_push_front(&lru->by_use, &entry->by_use);
	lru->count++;
	lru_account(lru, entry);
	return entry;
}

void
lru_account(struct lru *lru, struct lru_entry *entry)
{
	lru->bytes += entry->arena.used_bytes - entry->bytes;
	entry->bytes = entry->arena.used_bytes;
	make_room(lru, 0, entry);
}
