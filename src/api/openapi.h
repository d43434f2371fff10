/* This API described as OpenAPI 3.1. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include "base/buf.h"
#include "base/err.h"

/* Write the description of program VERSION to OUT. */
void openapi_write(struct buf *out, const char *version);

/* The description as it is served, plain and by gzip. */
struct openapi {
	struct str text, text_etag;
	struct str packed, packed_etag;
};

/* Made once, before serving, in ARENA: to write and to compress it takes longer than all
 * else about a request. */
struct err *
openapi_make(struct arena *arena, const char *version, struct openapi *ret) MUST_USE;

#endif
