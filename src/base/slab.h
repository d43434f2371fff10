/*
 * Slabs: many objects of one size that come and go, for the long-lived tables of the
 * process: connections, cached entries. Free objects are kept for the next; memory goes
 * back to the system with the slab. Not safe for two threads at once.
 */
#ifndef BASE_SLAB_H
#define BASE_SLAB_H

#include "base/compiler.h"

struct slab_chunk;
struct slab_free;

struct slab {
	struct slab_chunk *chunks; /* newest first */
	struct slab_free *free;
	size_t object_bytes;
	size_t count;    /* taken and not given back */
	size_t capacity; /* in the chunks */
	size_t max;
};

/* Prepare SLAB for at most MAX objects of SIZE bytes each; it takes no memory until first
 * used. */
void slab_init(struct slab *slab, size_t size, size_t max);
/* Give all memory back, that of objects still taken too. The slab may be used again. */
void slab_release(struct slab *slab);

/* A zeroed object, aligned for any type; NULL when MAX are taken or the system has no
 * memory. */
void *slab_take(struct slab *slab) MUST_USE;
/* OBJECT, which slab_take returned, is not used any more. Nothing happens to NULL. */
void slab_give(struct slab *slab, void *object);

#endif
