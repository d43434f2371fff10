/* gzip (RFC 1952), by zlib. Level 6 takes some 60 µs for 13 KB: compress once what is
 * sent often. */
#ifndef CODEC_GZIP_H
#define CODEC_GZIP_H

#include "base/err.h"
#include "base/str.h"

/* DATA compressed, in ARENA. The same data gives the same bytes. */
struct err *gzip_compress(struct arena *arena, struct str data, struct str *ret) MUST_USE;

/* The content of DATA, one or several gzip members, in ARENA. INVALID where it is not
 * well-formed or cut short, TOO_LARGE where the content has more than MAX bytes. */
struct err *
gzip_expand(struct arena *arena, struct str data, size_t max, struct str *ret) MUST_USE;

#endif
