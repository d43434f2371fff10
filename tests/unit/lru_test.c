#include "tests/tap.h"

#include "cache/lru.h"

struct note {
	struct lru_entry entry;
	int value;
};

static struct lru_entry *
add(struct lru *lru, int number)
{
	char text[16];
	struct lru_entry *entry;

	snprintf(text, sizeof(text), "key %d", number);
	entry = lru_add(lru, str_from(text), sizeof(struct note));
	if (entry)
		((struct note *)entry)->value = number;
	return entry;
}

static struct lru_entry *
find(struct lru *lru, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "key %d", number);
	return lru_find(lru, str_from(text));
}

TEST(the_least_recently_used_entry_is_forgotten_first)
{
	struct arena arena;
	struct lru lru;

	arena_init(&arena, 1 << 20);
	OK(lru_init(&lru, &arena,
		(struct lru_options){ .count_max = 3, .bytes_max = 1 << 20 }));
	for (int i = 0; i < 3; i++)
		OK(add(&lru, i) != NULL);
	OK(find(&lru, 0) != NULL); /* 1 is now the oldest */
	OK(add(&lru, 3) != NULL);
	OK(find(&lru, 1) == NULL);
	OK(find(&lru, 0) && find(&lru, 2) && find(&lru, 3));
	EQ_I64(lru.evictions, 1);
	lru_release(&lru);
	EQ_I64(lru.count, 0);
	EQ_I64(lru.bytes, 0);
	arena_release(&arena);
}

TEST(an_entry_that_is_held_outlives_its_being_forgotten)
{
	struct lru_entry *held;
	struct arena arena;
	struct lru lru;

	arena_init(&arena, 1 << 20);
	OK(lru_init(&lru, &arena,
		(struct lru_options){ .count_max = 1, .bytes_max = 1 << 20 }));
	held = add(&lru, 7);
	OK(held != NULL);
	lru_hold(held);
	lru_hold(held);
	OK(add(&lru, 8) != NULL);
	OK(find(&lru, 7) == NULL);
	EQ_I64(lru.count, 1);
	lru_let_go(held);
	EQ_I64(((struct note *)held)->value, 7);
	lru_let_go(held);
	held = find(&lru, 8);
	lru_hold(held);
	lru_let_go(held);
	OK(find(&lru, 8) == held);
	lru_release(&lru);
	arena_release(&arena);
}

TEST(a_pinned_entry_stays_and_a_table_full_of_them_refuses)
{
	struct arena arena;
	struct lru lru;

	arena_init(&arena, 1 << 20);
	OK(lru_init(&lru, &arena,
		(struct lru_options){ .count_max = 2, .bytes_max = 1 << 20 }));
	add(&lru, 0)->is_pinned = true;
	add(&lru, 1)->is_pinned = true;
	OK(add(&lru, 2) == NULL);
	find(&lru, 0)->is_pinned = false;
	OK(add(&lru, 2) != NULL);
	OK(find(&lru, 1) != NULL && find(&lru, 0) == NULL);
	lru_release(&lru);
	arena_release(&arena);
}

TEST(entries_are_forgotten_when_their_bytes_are_too_many)
{
	struct arena arena;
	struct lru lru;

	arena_init(&arena, 1 << 20);
	OK(lru_init(&lru, &arena,
		(struct lru_options){ .count_max = 100, .bytes_max = 100000 }));
	for (int i = 0; i < 20; i++) {
		struct lru_entry *entry = add(&lru, i);

		OK(entry && arena_alloc_text(&entry->arena, 20000) != NULL);
		lru_account(&lru, entry);
		OK(lru.bytes <= 100000 || lru.count == 1);
	}
	OK(find(&lru, 19) != NULL && find(&lru, 0) == NULL);
	EQ_I64(((struct note *)find(&lru, 19))->value, 19);
	lru_release(&lru);
	arena_release(&arena);
}

TEST(a_thousand_entries_are_all_found)
{
	struct arena arena;
	struct lru lru;

	arena_init(&arena, 1 << 20);
	OK(lru_init(&lru, &arena,
		(struct lru_options){ .count_max = 1000, .bytes_max = 64 << 20 }));
	for (int i = 0; i < 1000; i++)
		OK(add(&lru, i) != NULL);
	for (int i = 0; i < 1000; i++)
		OK(find(&lru, i) && ((struct note *)find(&lru, i))->value == i);
	for (int i = 0; i < 1000; i += 2)
		lru_remove(&lru, find(&lru, i));
	for (int i = 0; i < 1000; i++)
		OK((find(&lru, i) != NULL) == (i % 2 == 1));
	lru_release(&lru);
	arena_release(&arena);
}
