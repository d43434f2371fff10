/*
 * JSON in: one strict parse into a tree in the arena (RFC 8259).
 *
 * Refused as INVALID with column, and line where there are several: anything after the
 * value, duplicate names, \u0000, text that is not UTF-8, numbers that a double or an
 * int64 cannot hold, nesting past 64 levels.
 */
#ifndef CODEC_JSON_READ_H
#define CODEC_JSON_READ_H

#include "base/err.h"
#include "base/str.h"

enum {
	JSON_DEPTH_MAX = 64,
};

/* An integer is a number written without point and exponent. */
enum json_kind {
	JSON_IS_NULL,
	JSON_IS_BOOL,
	JSON_IS_I64,
	JSON_IS_F64,
	JSON_IS_TEXT,
	JSON_IS_ARRAY,
	JSON_IS_OBJECT
};

struct json_node {
	enum json_kind kind;
	bool boolean;
	int64_t i64;
	double f64; /* also set for an integer */
	struct str text;
	/* The elements of an array, the values of an object in the order of the text. */
	struct json_node *items;
	struct str *keys; /* of an object, as many as items */
	size_t count;
};

/* Parse TEXT, which may be any value. The tree holds no pointer into TEXT. */
struct err *
json_read(struct arena *arena, struct str text, struct json_node *ret) MUST_USE;

/* The member KEY of an object, or NULL; NULL too where OBJECT is something else. */
const struct json_node *json_node_find(const struct json_node *object, struct str key);

/* "null", "a boolean", "an integer", "a number", "a text", "an array", "an object": for
 * messages. */
const char *json_kind_name(enum json_kind kind);

#endif
