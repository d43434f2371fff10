/* Base32 (RFC 4648 §6) as authenticators and people take it: upper case, no padding. */
#ifndef CODEC_BASE32_H
#define CODEC_BASE32_H

#include "base/buf.h"

void base32_encode(struct buf *out, struct str bytes);

#endif
