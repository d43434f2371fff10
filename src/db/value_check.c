#include "db/value_check.h"

#include <math.h>

static struct err *
text_check(struct ctx *ctx, struct str text)
{
	if (text.len > 0 && memchr(text.ptr, '\0', text.len))
		return err_new(ctx, ERR_INVALID, "text may not contain a NUL character");
	if (!str_is_utf8(text))
		return err_new(ctx, ERR_INVALID, "text must be well-formed UTF-8");
	return NULL;
}

static struct err *
range_check(struct ctx *ctx, const char *what, int64_t value, int64_t min, int64_t max)
{
	if (value < min || value > max)
		return err_new(ctx, ERR_INVALID, "%s is out of range", what);
	return NULL;
}

static struct err *
value_check(struct ctx *ctx, enum db_type type, const struct value *value)
{
	switch (type) {
	case DB_I32:
		return range_check(ctx, "integer", value->i64, INT32_MIN, INT32_MAX);
	case DB_F64:
		if (isnan(value->f64))
			return err_new(ctx, ERR_INVALID, "not a number");
		return NULL;
	case DB_TEXT:
	case DB_JSON:
		return text_check(ctx, value->text);
	case DB_TIME:
		/* Infinities. */
		if (value->i64 == INT64_MIN || value->i64 == INT64_MAX)
			return NULL;
		return range_check(ctx, "time", value->i64, DB_TIME_MIN, DB_TIME_MAX);
	case DB_RATE:
		return range_check(ctx, "rate", value->i64, -DB_RATE_MAX, DB_RATE_MAX);
	case DB_BOOL:
	case DB_I64:
	case DB_BYTES:
	case DB_UUID:
		return NULL;
	}
	return NULL;
}

struct err *
values_check(struct ctx *ctx, const struct query *query, const struct value *params)
{
	for (size_t i = 0; i < query->param_count; i++)
		if (!params[i].is_null)
			TRY_CTX(value_check(ctx, query->param_types[i], &params[i]),
				"argument %zu of %s", i + 1, query->name);
	return NULL;
}
