/*
 * Growing text in an arena, made with the most it may hold.
 *
 * Past its maximum, or with no memory left, a buf keeps what it has and remembers that
 * something was lost: write freely, then ask buf_is_cut once at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

struct buf {
	char *ptr;
	size_t len;
	size_t capacity;
	size_t max;
	struct arena *arena; /* NULL: fixed storage */
	bool is_cut;
};

/* An empty buf in ARENA that holds at most MAX bytes. */
void buf_init(struct buf *buf, struct arena *arena, size_t max);
/* An empty buf over storage of SIZE bytes that the caller owns. */
void buf_init_fixed(struct buf *buf, char *storage, size_t size);

/* Make room for SIZE more bytes; false (and cut) where there is none. */
bool buf_grow(struct buf *buf, size_t size);

/* Room for SIZE more bytes: where to write them, or NULL (and cut). Follow with
 * buf_added. */
static inline char *
buf_reserve(struct buf *buf, size_t size)
{
	if (UNLIKELY(size > buf->capacity - buf->len) && !buf_grow(buf, size))
		return NULL;
	/* Nothing is asked of an empty one: it has no place to point into. */
	return buf->ptr ? buf->ptr + buf->len : NULL;
}

static inline void
buf_added(struct buf *buf, size_t size)
{
	buf->len += size;
}

static inline void
buf_put_char(struct buf *buf, char c)
{
	char *at = buf_reserve(buf, 1);

	if (at) {
		*at = c;
		buf->len++;
	}
}

static inline void
buf_put(struct buf *buf, struct str text)
{
	char *at = buf_reserve(buf, text.len);

	if (at && text.len) {
		memcpy(at, text.ptr, text.len);
		buf->len += text.len;
	}
}

void buf_put_i64(struct buf *buf, int64_t value);
void buf_fmt(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vfmt(struct buf *buf, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

static inline struct str
buf_str(const struct buf *buf)
{
	return (struct str){ .ptr = buf->ptr ? buf->ptr : "", .len = buf->len };
}

static inline bool
buf_is_cut(const struct buf *buf)
{
	return buf->is_cut;
}

/* Empty it, keeping its memory. */
static inline void
buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->is_cut = false;
}

#endif
