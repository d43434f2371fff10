#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(ptr, size)   ((void)(ptr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(ptr, size) ((void)(ptr), (void)(size))
#endif

/* An arena is one of the two places where memory may come from the system. */
#undef malloc
#undef calloc
#undef free

enum {
	ALIGNMENT = 16,
	BLOCK_BYTES_MIN = 4096,
	BLOCK_BYTES_MAX = 1 << 20,
	BLOCK_BYTES_KEPT = 1 << 16, /* by arena_reset, for the next use */
};

struct arena_block {
	struct arena_block *older;
	size_t size; /* of the data behind this header */
	_Alignas(ALIGNMENT) char data[];
};

void
arena_init(struct arena *arena, size_t cap_bytes)
{
	*arena = (struct arena){ .cap_bytes = cap_bytes };
}

static void
block_release(struct arena_block *block)
{
	ASAN_UNPOISON_MEMORY_REGION(block->data, block->size);
	free(block);
}

static void
spare_release(struct arena *arena)
{
	if (!arena->spare)
		return;
	arena->used_bytes -= arena->spare->size;
	block_release(arena->spare);
	arena->spare = NULL;
}

/* Drop blocks until KEEP is the newest. One stays as the spare: who marks and rewinds at
 * the end of a block, row after row, needs the next block each time. */
static void
drop_newer_than(struct arena *arena, const struct arena_block *keep)
{
	while (arena->newest != keep) {
		struct arena_block *dropped = arena->newest;

		arena->newest = dropped->older;
		if (!arena->spare && dropped->size <= BLOCK_BYTES_MAX) {
			ASAN_POISON_MEMORY_REGION(dropped->data, dropped->size);
			arena->spare = dropped;
			continue;
		}
		arena->used_bytes -= dropped->size;
		block_release(dropped);
	}
}

void
arena_release(struct arena *arena)
{
	drop_newer_than(arena, NULL);
	spare_release(arena);
	arena_init(arena, arena->cap_bytes);
}

static void
block_wipe(struct arena_block *block)
{
	ASAN_UNPOISON_MEMORY_REGION(block->data, block->size);
	explicit_bzero(block->data, block->size);
}

void
arena_release_wiped(struct arena *arena)
{
	for (struct arena_block *block = arena->newest; block; block = block->older)
		block_wipe(block);
	if (arena->spare)
		block_wipe(arena->spare);
	arena_release(arena);
}

/* Take the largest block that is not too large to keep out of the chain. */
static struct arena_block *
keep_one(struct arena *arena)
{
	struct arena_block **best = NULL, *kept;

	for (struct arena_block **link = &arena->newest; *link; link = &(*link)->older)
		if ((*link)->size <= BLOCK_BYTES_KEPT &&
			(!best || (*link)->size > (*best)->size))
			best = link;
	if (!best)
		return NULL;
	kept = *best;
	*best = kept->older;
	kept->older = NULL;
	return kept;
}

void
arena_reset(struct arena *arena)
{
	struct arena_block *kept = keep_one(arena);

	drop_newer_than(arena, NULL);
	spare_release(arena);
	arena->free = arena->end = NULL;
	arena->newest = kept;
	if (!kept)
		return;
	arena->free = kept->data;
	arena->end = kept->data + kept->size;
	ASAN_POISON_MEMORY_REGION(kept->data, kept->size);
}

static void
block_use(struct arena *arena, struct arena_block *block)
{
	block->older = arena->newest;
	arena->newest = block;
	arena->free = block->data;
	arena->end = block->data + block->size;
}

/* Blocks double from BLOCK_BYTES_MIN, so small requests stay small and large ones need
 * few blocks. */
static bool
block_add(struct arena *arena, size_t size, bool is_zero)
{
	size_t want = arena->newest ? arena->newest->size * 2 : BLOCK_BYTES_MIN;
	struct arena_block *block = arena->spare;

	if (block && block->size >= size && !is_zero) {
		arena->spare = NULL;
		block_use(arena, block);
		return true;
	}
	spare_release(arena);
	if (want > BLOCK_BYTES_MAX)
		want = BLOCK_BYTES_MAX;
	if (want < size)
		want = size;
	if (want > arena->cap_bytes - arena->used_bytes)
		want = size;
	if (want > arena->cap_bytes - arena->used_bytes)
		return false;
	block = is_zero ? calloc(1, sizeof(*block) + want)
			: malloc(sizeof(*block) + want);
	if (!block)
		return false;
	block->size = want;
	arena->used_bytes += want;
	block_use(arena, block);
	ASAN_POISON_MEMORY_REGION(block->data, block->size);
	return true;
}

/* IS_ZERO: should it need a new block, that is all zero. */
static char *
take(struct arena *arena, size_t size, size_t alignment, bool is_zero)
{
	size_t padding = (size_t)(-(uintptr_t)arena->free & (alignment - 1));
	char *ptr;

	if (size > SIZE_MAX / 2)
		return NULL;
	if (!arena->newest || (size_t)(arena->end - arena->free) < size + padding) {
		if (!block_add(arena, size, is_zero))
			return NULL;
		padding = 0;
	}
	ptr = arena->free + padding;
	arena->free = ptr + size;
	ASAN_UNPOISON_MEMORY_REGION(ptr, size);
	return ptr;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	/* So large, it gets a block of its own. The system's pages are zero as they come:
	 * tables of which little is ever used then cost neither time nor memory. */
	bool is_alone = size > BLOCK_BYTES_MAX;
	const struct arena_block *before = arena->newest;
	void *ptr = take(arena, size, ALIGNMENT, is_alone);

	if (!ptr || (is_alone && arena->newest != before))
		return ptr;
	return memset(ptr, 0, size);
}

void *
arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return arena_alloc(arena, bytes);
}

char *
arena_alloc_text(struct arena *arena, size_t size)
{
	return take(arena, size, 1, false);
}

bool
arena_extend(struct arena *arena, char *ptr, size_t size, size_t wider)
{
	if (ptr + size != arena->free ||
		wider - size > (size_t)(arena->end - arena->free))
		return false;
	arena->free = ptr + wider;
	ASAN_UNPOISON_MEMORY_REGION(ptr + size, wider - size);
	return true;
}

struct arena_mark
arena_mark(const struct arena *arena)
{
	return (struct arena_mark){ .free = arena->free, .newest = arena->newest };
}

void
arena_rewind(struct arena *arena, struct arena_mark mark)
{
	if (!mark.newest) {
		arena_reset(arena);
		return;
	}
	if (arena->newest == mark.newest) {
		ASAN_POISON_MEMORY_REGION(mark.free, (size_t)(arena->free - mark.free));
		arena->free = mark.free;
		return;
	}
	drop_newer_than(arena, mark.newest);
	arena->free = mark.free;
	arena->end = mark.newest->data + mark.newest->size;
	ASAN_POISON_MEMORY_REGION(arena->free, (size_t)(arena->end - arena->free));
}
