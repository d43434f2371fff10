/*
 * A growing array in an arena.
 *
 *     struct { VEC_OF(struct game) } games = { 0 };
 *     if (!VEC_PUSH(arena, &games, game)) return err_no_memory();
 *     for (size_t i = 0; i < games.count; i++) use(&games.items[i]);
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "base/arena.h"

#define VEC_OF(type)  \
	type *items;  \
	size_t count; \
	size_t capacity;

/* Room for one more at the end; NULL when the arena is full. */
void *vec_grow(struct arena *arena, const void *items, size_t count, size_t *capacity,
	size_t item_size) MUST_USE;

#define VEC_RESERVE(arena, vec)                                              \
	((vec)->count < (vec)->capacity || ({                                \
		void *grown_ = vec_grow((arena), (vec)->items, (vec)->count, \
			&(vec)->capacity, sizeof(*(vec)->items));            \
		if (grown_)                                                  \
			(vec)->items = grown_;                               \
		grown_ != NULL;                                              \
	}))

/* Append ITEM; false when the arena is full. */
#define VEC_PUSH(arena, vec, ...)                                              \
	(VEC_RESERVE((arena), (vec))                                           \
			? ((vec)->items[(vec)->count++] = (__VA_ARGS__), true) \
			: false)

#endif
