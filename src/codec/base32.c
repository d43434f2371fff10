#include "codec/base32.h"

void
base32_encode(struct buf *out, struct str bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t bits = 0;
	int count = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		bits = bits << 8 | (unsigned char)bytes.ptr[i];
		count += 8;
		while (count >= 5) {
			count -= 5;
			buf_put_char(out, digits[bits >> count & 31]);
		}
	}
	if (count > 0)
		buf_put_char(out, digits[bits << (5 - count) & 31]);
}
