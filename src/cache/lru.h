/*
 * A bounded map from text to entries of the caller's type that forgets what was least
 * recently used.
 *
 *     struct page { struct lru_entry entry; struct str body; };
 *
 *     struct lru_entry *found = lru_find(&lru, key);
 *     struct page *page = (struct page *)lru_add(&lru, key, sizeof(*page));
 *     page->body = str_dup(&page->entry.arena, text);
 *     lru_account(&lru, &page->entry);
 *
 * Each entry lives in an arena of its own, so that it goes as a whole. Not safe for two
 * threads at once.
 */
#ifndef CACHE_LRU_H
#define CACHE_LRU_H

#include "base/arena.h"
#include "base/list.h"
#include "base/str.h"

struct lru_entry {
	struct list_link by_use; /* most recently used first */
	struct lru_entry *next;  /* in its bucket */
	uint64_t hash;
	struct str key;
	struct arena arena; /* of the entry itself and of what it holds */
	size_t bytes;       /* counted for it */
	bool is_pinned;     /* never forgotten: somebody waits for it to be filled */
	bool is_removed;    /* and kept in memory for those who still look at it */
	uint32_t holders;
};

struct lru {
	struct lru_entry **buckets;
	size_t bucket_count; /* a power of two */
	struct list_link by_use;
	size_t count;
	size_t count_max;
	size_t bytes;
	size_t bytes_max;
	uint64_t evictions;
};

struct lru_options {
	size_t count_max;
	size_t bytes_max;
};

/* False where ARENA, which keeps the table, is full. */
bool lru_init(struct lru *lru, struct arena *arena, struct lru_options options) MUST_USE;
void lru_release(struct lru *lru);

/* The entry of KEY, now the most recently used, or NULL. */
struct lru_entry *lru_find(struct lru *lru, struct str key);
/*
 * A new entry of SIZE zeroed bytes (which begin with a struct lru_entry) for KEY, which
 * is copied and must not be there. Others make room for it. NULL: no memory, or
 * everything is pinned.
 */
struct lru_entry *lru_add(struct lru *lru, struct str key, size_t size) MUST_USE;
/* Count what ENTRY's arena has grown to; others are forgotten until all fits. */
void lru_account(struct lru *lru, struct lru_entry *entry);
void lru_remove(struct lru *lru, struct lru_entry *entry);

/* Between the two ENTRY stays where it is, though it may be forgotten meanwhile. */
void lru_hold(struct lru_entry *entry);
void lru_let_go(struct lru_entry *entry);

#endif
