/*
 * What a value must be on both engines, checked before either sees it, so that both
 * refuse the same with the same error (INVALID).
 */
#ifndef DB_VALUE_CHECK_H
#define DB_VALUE_CHECK_H

#include "db/query.h"

/* 0001-01-01 to the last microsecond of 9999: what RFC 3339 can write. */
#define DB_TIME_MIN INT64_C(-62135596800000000)
#define DB_TIME_MAX INT64_C(253402300799999999)

enum {
	DB_RATE_MAX = 99999, /* numeric(5,4) */
};

/*
 * All PARAMS of QUERY: integers and rates within their range, times within the years 1
 * to 9999 or INT64_MIN and INT64_MAX for never, reals but no NaN (SQLite keeps NULL for
 * it), texts and JSON without NUL and in well-formed UTF-8. Whether a JSON text is JSON
 * is left to the engine.
 */
struct err *values_check(
	struct ctx *ctx, const struct query *query, const struct value *params) MUST_USE;

#endif
