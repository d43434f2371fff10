/*
 * Arenas: memory that is given back all at once.
 *
 * A request, a job and a command each have one. An arena has a cap; at the cap, or when
 * the system has no memory left, arena_alloc answers NULL and the caller returns
 * err_no_memory() (TRY_NEW in err.h does both). Not safe for two threads at once; it may
 * move between threads while its owner waits.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/compiler.h"

struct arena_block;

struct arena {
	char *free; /* next free byte of the newest block */
	char *end;  /* end of the newest block */
	struct arena_block *newest;
	struct arena_block *spare; /* given back by a rewind, for who comes again */
	size_t used_bytes;         /* given out, counting whole blocks and the spare */
	size_t cap_bytes;
};

/* A place to come back to: everything given out after the mark is given back by
 * arena_rewind. */
struct arena_mark {
	char *free;
	struct arena_block *newest;
};

/* Prepare ARENA, which takes no memory until first used and never more than CAP_BYTES. */
void arena_init(struct arena *arena, size_t cap_bytes);

/* Give all memory back to the system. The arena may be used again. */
void arena_release(struct arena *arena);

/* The same for one that held secrets: its memory is overwritten first. */
void arena_release_wiped(struct arena *arena);

/* Give back everything, keeping one block of at most 64 KiB for the next use. */
void arena_reset(struct arena *arena);

/* SIZE bytes, zeroed, aligned for any type; NULL at the cap. */
void *arena_alloc(struct arena *arena, size_t size) MUST_USE;

/* COUNT zeroed elements of SIZE bytes; NULL at the cap or when COUNT * SIZE overflows. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size) MUST_USE;

/* SIZE bytes as they come, not zeroed, aligned for nothing: for text. NULL at the cap. */
char *arena_alloc_text(struct arena *arena, size_t size) MUST_USE;

/*
 * Make the SIZE bytes at PTR WIDER without moving them, which goes while they are the
 * last that were given out and their block has room. False: they stay as they are.
 */
bool arena_extend(struct arena *arena, char *ptr, size_t size, size_t wider) MUST_USE;

struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

#endif
