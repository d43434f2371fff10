/*
 * Base64 (RFC 4648): the standard alphabet with padding, and the URL alphabet without.
 * Reading is strict: no other characters, no line ends, no missing or surplus padding, no
 * stray bits in the last digit, so one text stands for one sequence of bytes only.
 */
#ifndef CODEC_BASE64_H
#define CODEC_BASE64_H

#include "base/buf.h"

enum base64_kind {
	BASE64_STANDARD,   /* + / and padding */
	BASE64_URL,        /* - _ and no padding */
	BASE64_URL_PADDED, /* - _ and padding, as Fernet has it */
};

void base64_encode(struct buf *out, struct str bytes, enum base64_kind kind);
/* False, and nothing appended, where TEXT is not of KIND. */
bool base64_decode(struct buf *out, struct str text, enum base64_kind kind) MUST_USE;

#endif
