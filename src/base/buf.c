#include "base/buf.h"

#include <stdio.h>

enum {
	FIRST_BYTES = 256,
};

void
buf_init(struct buf *buf, struct arena *arena, size_t max)
{
	*buf = (struct buf){ .arena = arena, .max = max };
}

void
buf_init_fixed(struct buf *buf, char *storage, size_t size)
{
	*buf = (struct buf){ .ptr = storage, .capacity = size, .max = size };
}

static bool
grow(struct buf *buf, size_t need)
{
	size_t capacity = buf->capacity ? buf->capacity * 2 : FIRST_BYTES;
	char *ptr;

	if (!buf->arena || need > buf->max)
		return false;
	if (capacity < need)
		capacity = need;
	if (capacity > buf->max)
		capacity = buf->max;
	if (buf->ptr && arena_extend(buf->arena, buf->ptr, buf->capacity, capacity)) {
		buf->capacity = capacity;
		return true;
	}
	ptr = arena_alloc_text(buf->arena, capacity);
	if (!ptr)
		return false;
	if (buf->ptr)
		memcpy(ptr, buf->ptr, buf->len);
	buf->ptr = ptr;
	buf->capacity = capacity;
	return true;
}

bool
buf_grow(struct buf *buf, size_t size)
{
	if (size <= SIZE_MAX / 2 && grow(buf, buf->len + size))
		return true;
	buf->is_cut = true;
	return false;
}

void
buf_put_i64(struct buf *buf, int64_t value)
{
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	size_t len = value < 0 ? 2 : 1;
	char *begin, *at;

	for (uint64_t more = rest; more >= 10; more /= 10)
		len++;
	begin = buf_reserve(buf, len);
	if (!begin)
		return;
	at = begin + len;
	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		*begin = '-';
	buf_added(buf, len);
}

void
buf_vfmt(struct buf *buf, const char *fmt, va_list args)
{
	va_list again;
	char *at;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, args);
	/* vsnprintf also writes a terminator, which is not kept. */
	at = len < 0 ? NULL : buf_reserve(buf, (size_t)len + 1);
	if (at) {
		vsnprintf(at, (size_t)len + 1, fmt, again);
		buf->len += (size_t)len;
	}
	va_end(again);
}

void
buf_fmt(struct buf *buf, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	buf_vfmt(buf, fmt, args);
	va_end(args);
}
