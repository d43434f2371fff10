/* This API described as OpenAPI 3.1. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include <pthread.h>

#include "base/buf.h"

/* Write the description of program VERSION to OUT. */
void openapi_write(struct buf *out, const char *version);

/* The description as it is served, plain and by gzip. It is made for the first who asks,
 * and kept: to write and to compress it takes as long as the rest of a start. A loop that
 * is asked meanwhile waits those milliseconds. */
struct openapi {
	const char *version;
	pthread_mutex_t lock;
	struct arena arena; /* what follows lies in it */
	bool is_made;
	struct str text, text_etag;
	struct str packed, packed_etag;
};

void openapi_open(struct openapi *openapi, const char *version);
void openapi_close(struct openapi *openapi);

#endif
