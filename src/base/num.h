/* Numbers in text. Parsers take the whole text, refuse what does not fit, and leave `ret`
 * untouched then. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/str.h"

/* A decimal integer, optional sign, no spaces, within [MIN, MAX]. */
bool num_parse_i64(struct str text, int64_t min, int64_t max, int64_t *ret) MUST_USE;
bool num_parse_i32(struct str text, int32_t min, int32_t max, int32_t *ret) MUST_USE;
/* A finite decimal number as in JSON, leading + and leading or trailing point also taken;
 * no hex, nan, inf. */
bool num_parse_f64(struct str text, double *ret) MUST_USE;

/* What a regular noun ends with, of COUNT. */
static inline const char *
plural_s(int64_t count)
{
	return count == 1 ? "" : "s";
}

#endif
