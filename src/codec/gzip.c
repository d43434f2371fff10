#include "codec/gzip.h"

#include <zlib.h>

#include "base/buf.h"

enum {
	LEVEL = 6,
	/* 15 bits of window, and 16 for gzip's header instead of zlib's. */
	WINDOW_BITS_GZIP = 15 + 16,
	MEMORY_LEVEL = 8,
	EXPAND_BYTES_MIN = 4096,
};

/* zlib's input is not const, though it is not written to. */
static Bytef *
input_of(struct str data)
{
	union {
		const char *text;
		Bytef *bytes;
	} pun = { .text = data.ptr };

	return pun.bytes;
}

struct err *
gzip_compress(struct arena *arena, struct str data, struct str *ret)
{
	z_stream stream = { 0 };
	size_t room;
	char *out;
	int status;

	if (data.len > UINT32_MAX / 2)
		return err_in(arena, ERR_TOO_LARGE, "more than 2 GiB to compress");
	if (deflateInit2(&stream, LEVEL, Z_DEFLATED, WINDOW_BITS_GZIP, MEMORY_LEVEL,
		    Z_DEFAULT_STRATEGY) != Z_OK)
		return err_no_memory();
	room = deflateBound(&stream, data.len);
	out = arena_alloc_text(arena, room);
	if (!out) {
		deflateEnd(&stream);
		return err_no_memory();
	}
	stream.next_in = input_of(data);
	stream.avail_in = (uInt)data.len;
	stream.next_out = (Bytef *)out;
	stream.avail_out = (uInt)room;
	status = deflate(&stream, Z_FINISH);
	deflateEnd(&stream);
	if (status != Z_STREAM_END)
		return err_in(arena, ERR_INTERNAL, "compression failed");
	*ret = (struct str){ .ptr = out, .len = stream.total_out };
	return NULL;
}

/* How much to expand next: what OUT has free, or some more, within its maximum. */
static size_t
next_room(const struct buf *out)
{
	size_t left = out->max - out->len, room = out->capacity - out->len;

	if (room == 0)
		room = EXPAND_BYTES_MIN;
	if (room > INT32_MAX)
		room = INT32_MAX;
	return room < left ? room : left;
}

/* Expand the next piece. INVALID, TOO_LARGE as gzip_expand. */
static struct err *
expand_piece(struct arena *arena, z_stream *stream, struct buf *out, int *ret_status)
{
	size_t room = next_room(out);
	/* One byte more than allowed tells too large from just large enough. */
	char over = 0;
	char *at = room > 0 ? buf_reserve(out, room) : &over;
	int status;

	if (!at)
		return err_no_memory();
	stream->next_out = (Bytef *)at;
	stream->avail_out = room > 0 ? (uInt)room : 1;
	status = inflate(stream, Z_NO_FLUSH);
	if (room == 0 && stream->avail_out == 0)
		return err_in(
			arena, ERR_TOO_LARGE, "expands to more than %zu bytes", out->max);
	if (room > 0)
		buf_added(out, room - stream->avail_out);
	if (status == Z_MEM_ERROR)
		return err_no_memory();
	if (status == Z_BUF_ERROR ||
		(status == Z_OK && stream->avail_in == 0 && stream->avail_out > 0))
		return err_in(arena, ERR_INVALID, "the gzip data is cut short");
	if (status != Z_OK && status != Z_STREAM_END)
		return err_in(arena, ERR_INVALID, "not gzip data, or damaged");
	*ret_status = status;
	return NULL;
}

/* Expand all members of STREAM's input into OUT. */
static struct err *
expand(struct arena *arena, z_stream *stream, struct buf *out)
{
	int status = Z_OK;

	while (status != Z_STREAM_END || stream->avail_in > 0) {
		if (status == Z_STREAM_END && inflateReset(stream) != Z_OK)
			return err_in(arena, ERR_INTERNAL, "decompression failed");
		TRY(expand_piece(arena, stream, out, &status));
	}
	return NULL;
}

struct err *
gzip_expand(struct arena *arena, struct str data, size_t max, struct str *ret)
{
	z_stream stream = { 0 };
	struct err *err;
	struct buf out;

	if (data.len == 0)
		return err_in(arena, ERR_INVALID, "the gzip data is cut short");
	if (data.len > UINT32_MAX)
		return err_in(arena, ERR_TOO_LARGE, "more than 4 GiB to expand");
	buf_init(&out, arena, max);
	stream.next_in = input_of(data);
	stream.avail_in = (uInt)data.len;
	if (inflateInit2(&stream, WINDOW_BITS_GZIP) != Z_OK)
		return err_no_memory();
	err = expand(arena, &stream, &out);
	inflateEnd(&stream);
	if (!err)
		*ret = buf_str(&out);
	return err;
}
