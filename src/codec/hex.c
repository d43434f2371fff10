#include "codec/hex.h"

void
hex_encode(struct buf *out, struct str bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *at = bytes.len > SIZE_MAX / 2 ? NULL : buf_reserve(out, bytes.len * 2);

	if (!at)
		return;
	for (size_t i = 0; i < bytes.len; i++) {
		*at++ = digits[(unsigned char)bytes.ptr[i] >> 4];
		*at++ = digits[(unsigned char)bytes.ptr[i] & 15];
	}
	buf_added(out, bytes.len * 2);
}

bool
hex_decode(struct buf *out, struct str text)
{
	char *at = text.len % 2 ? NULL : buf_reserve(out, text.len / 2);

	if (!at)
		return false;
	for (size_t i = 0; i < text.len; i += 2) {
		int high = hex_digit(text.ptr[i]), low = hex_digit(text.ptr[i + 1]);

		if (high < 0 || low < 0)
			return false;
		*at++ = (char)(high << 4 | low);
	}
	buf_added(out, text.len / 2);
	return true;
}
