#include "base/slab.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define SLAB_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLAB_ASAN 1
#endif
#endif

#ifdef SLAB_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(ptr, size)   ((void)(ptr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(ptr, size) ((void)(ptr), (void)(size))
#endif

/* A slab is one of the two places where memory may come from the system. */
#undef malloc
#undef free

enum {
	ALIGNMENT = 16,
	CHUNK_OBJECTS_MIN = 16,
	CHUNK_BYTES_MAX = 1 << 20,
};

struct slab_chunk {
	struct slab_chunk *older;
	size_t bytes; /* of the objects behind this header */
	_Alignas(ALIGNMENT) char objects[];
};

/* In the place of an object that is not taken. */
struct slab_free {
	struct slab_free *next;
};

void
slab_init(struct slab *slab, size_t size, size_t max)
{
	assert(size > 0 && size <= CHUNK_BYTES_MAX);
	*slab = (struct slab){
		.object_bytes = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT,
		.max = max,
	};
}

void
slab_release(struct slab *slab)
{
	while (slab->chunks) {
		struct slab_chunk *older = slab->chunks->older;

		ASAN_UNPOISON_MEMORY_REGION(slab->chunks->objects, slab->chunks->bytes);
		free(slab->chunks);
		slab->chunks = older;
	}
	slab_init(slab, slab->object_bytes, slab->max);
}

static void
put_free(struct slab *slab, void *object)
{
	struct slab_free *entry = object;

	entry->next = slab->free;
	slab->free = entry;
	ASAN_POISON_MEMORY_REGION(object, slab->object_bytes);
}

/* Chunks double the slab, up to CHUNK_BYTES_MAX each. */
static bool
chunk_add(struct slab *slab)
{
	size_t count = slab->capacity ? slab->capacity : CHUNK_OBJECTS_MIN;
	struct slab_chunk *chunk;

	if (count > CHUNK_BYTES_MAX / slab->object_bytes)
		count = CHUNK_BYTES_MAX / slab->object_bytes;
	if (count > slab->max - slab->capacity)
		count = slab->max - slab->capacity;
	if (count == 0)
		return false;
	chunk = malloc(sizeof(*chunk) + count * slab->object_bytes);
	if (!chunk)
		return false;
	chunk->bytes = count * slab->object_bytes;
	chunk->older = slab->chunks;
	slab->chunks = chunk;
	slab->capacity += count;
	/* Backwards, so that they are taken in the order of their addresses. */
	while (count-- > 0)
		put_free(slab, chunk->objects + count * slab->object_bytes);
	return true;
}

void *
slab_take(struct slab *slab)
{
	struct slab_free *taken;

	if (!slab->free && !chunk_add(slab))
		return NULL;
	taken = slab->free;
	ASAN_UNPOISON_MEMORY_REGION(taken, slab->object_bytes);
	slab->free = taken->next;
	slab->count++;
	return memset(taken, 0, slab->object_bytes);
}

void
slab_give(struct slab *slab, void *object)
{
	if (!object)
		return;
	assert(slab->count > 0);
	slab->count--;
	put_free(slab, object);
}
