/* Requests of every shape that is accepted or refused, and what becomes of each. */
#ifndef TESTS_SUPPORT_HTTP_SHAPES_H
#define TESTS_SUPPORT_HTTP_SHAPES_H

#include "base/str.h"

enum {
	SHAPE_NEEDS_MORE = -1,
	SHAPE_BODY_MAX = 100, /* what the statuses suppose */
};

struct http_shape {
	const char *name;
	struct str text;
	int status; /* 0: accepted */
};

extern const struct http_shape http_shapes[];
extern const size_t http_shape_count;

#endif
