/* This API described as OpenAPI 3.1. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include "base/buf.h"

/* Write the description of program VERSION to OUT. */
void openapi_write(struct buf *out, const char *version);

#endif
