/* Bytes as hexadecimal digits; written in lower case, read in either. */
#ifndef CODEC_HEX_H
#define CODEC_HEX_H

#include "base/buf.h"

/* The value of one digit, or -1. */
static inline int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

void hex_encode(struct buf *out, struct str bytes);
/* False, and nothing appended, where TEXT is not pairs of digits. */
bool hex_decode(struct buf *out, struct str text) MUST_USE;

#endif
