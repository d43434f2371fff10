#include "codec/fold.h"

#include <assert.h>
#include <utf8proc.h>

#include "base/buf.h"

/* The words of TEXT, one space between each two. */
static struct err *
join_words(struct arena *arena, struct str text, struct str *ret)
{
	struct buf out;
	struct str word;

	buf_init(&out, arena, text.len);
	while (str_next(&text, ' ', &word)) {
		if (word.len == 0)
			continue;
		if (buf_str(&out).len > 0)
			buf_put_char(&out, ' ');
		buf_put(&out, word);
	}
	if (buf_is_cut(&out))
		return err_no_memory();
	*ret = buf_str(&out);
	return NULL;
}

struct err *
fold_text(struct arena *arena, struct str text, struct str *ret)
{
	const utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_COMPAT |
		UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
	const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text.ptr;
	utf8proc_ssize_t len = (utf8proc_ssize_t)text.len, count;
	utf8proc_int32_t *points;

	if (text.len > FOLD_BYTES_MAX)
		return err_in(arena, ERR_TOO_LARGE, "a name has at most %d bytes",
			FOLD_BYTES_MAX);
	count = utf8proc_decompose(bytes, len, NULL, 0, how);
	if (count < 0)
		return err_in(arena, ERR_INVALID, "a name is no text in UTF-8");
	/* The points are written over by their UTF-8, behind which goes a NUL. */
	TRY_NEW(arena, points, (size_t)count + 1);
	count = utf8proc_decompose(bytes, len, points, count, how);
	count = utf8proc_reencode(points, count, how);
	assert(count >= 0);
	return join_words(
		arena, (struct str){ (const char *)points, (size_t)count }, ret);
}
