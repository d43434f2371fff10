#include "base/num.h"

#include <math.h>
#include <stdlib.h>

enum {
	NUMBER_BYTES_MAX = 64,
};

bool
num_parse_i64(struct str text, int64_t min, int64_t max, int64_t *ret)
{
	bool is_negative = text.len && text.ptr[0] == '-';
	size_t at = is_negative || (text.len && text.ptr[0] == '+');
	int64_t value = 0;

	if (at == text.len)
		return false;
	for (; at < text.len; at++) {
		int digit = text.ptr[at] - '0';

		if (digit < 0 || digit > 9)
			return false;
		/* Counted downwards, so that INT64_MIN needs no case of its own. */
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_sub_overflow(value, digit, &value))
			return false;
	}
	if (!is_negative && __builtin_sub_overflow(0, value, &value))
		return false;
	if (value < min || value > max)
		return false;
	*ret = value;
	return true;
}

bool
num_parse_i32(struct str text, int32_t min, int32_t max, int32_t *ret)
{
	int64_t wide;

	if (!num_parse_i64(text, min, max, &wide))
		return false;
	*ret = (int32_t)wide;
	return true;
}

bool
num_parse_f64(struct str text, double *ret)
{
	char copy[NUMBER_BYTES_MAX + 1];
	char *end;
	double value;

	if (text.len == 0 || text.len > NUMBER_BYTES_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!strchr("0123456789+-.eE", text.ptr[i]) || text.ptr[i] == '\0')
			return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	value = strtod(copy, &end);
	if (end != copy + text.len || !isfinite(value))
		return false;
	*ret = value;
	return true;
}
