#include "api/params.h"

#include "base/buf.h"
#include "base/num.h"
#include "codec/url.h"
#include "model/odds.h"
#include "predictions/schedule.h"
#include "predictions/team_code.h"

const struct param param_table[PARAM_COUNT] = {
#define PARAM(name_, kind_, minimum_, maximum_, about_)   \
	{ .name = STR_INIT(#name_),                       \
		.kind = PARAM_KIND_##kind_,               \
		.minimum = (minimum_),                    \
		.maximum = (maximum_),                    \
		.offset = offsetof(struct params, name_), \
		.about = (about_) },
#include "api/params.def"
#undef PARAM
};

const char *
param_words(enum param_kind kind)
{
	switch (kind) {
	case PARAM_KIND_TYPE:
		return "game|ats|total|prop";
	case PARAM_KIND_OUTCOME:
		return "success|refused|failure";
	case PARAM_KIND_FORMAT:
		return "json|csv";
	case PARAM_KIND_FLAG:
		return "true|false";
	case PARAM_KIND_I32:
	case PARAM_KIND_SEASON:
	case PARAM_KIND_WEEK:
	case PARAM_KIND_F64:
	case PARAM_KIND_LINE:
	case PARAM_KIND_TEXT:
	case PARAM_KIND_TEAM:
	case PARAM_KIND_ODDS:
		break;
	}
	return NULL;
}

/* The nearest parameter of MASK to NAME, or NULL when none is near. */
static const struct param *
nearest(struct str name, uint32_t mask)
{
	const struct param *best = NULL;
	size_t best_distance = 3;

	for (size_t i = 0; i < PARAM_COUNT; i++) {
		size_t distance = str_distance(name, param_table[i].name);

		if ((mask >> i & 1) && distance < best_distance) {
			best = &param_table[i];
			best_distance = distance;
		}
	}
	return best;
}

static struct err *
unknown(struct ctx *ctx, struct str name, uint32_t mask)
{
	const struct param *near = nearest(name, mask);
	const char *field = str_cstr(ctx->arena, name);

	if (!field)
		return err_no_memory();
	if (near)
		return err_field(ctx, field,
			"unknown parameter '" STR_FMT "'; did you mean '" STR_FMT "'?",
			STR_ARG(name), STR_ARG(near->name));
	return err_field(ctx, field,
		"unknown parameter '" STR_FMT "'; /docs lists those of this route",
		STR_ARG(name));
}

static struct err *
parse_i32(
	struct ctx *ctx, const struct param *param, struct str value, struct opt_i32 *ret)
{
	bool may_be_current = param->kind == PARAM_KIND_SEASON ||
		param->kind == PARAM_KIND_WEEK;

	if (may_be_current && str_eq(value, STR("current")))
		ret->value = PARAM_CURRENT;
	else if (!num_parse_i32(value, param->minimum, param->maximum, &ret->value))
		return err_field(ctx, param->name.ptr,
			"%s must be a whole number from %d to %d%s", param->name.ptr,
			param->minimum, param->maximum,
			may_be_current ? ", or 'current'" : "");
	ret->is_set = true;
	return NULL;
}

static struct err *
parse_f64(
	struct ctx *ctx, const struct param *param, struct str value, struct opt_f64 *ret)
{
	double number;

	if (!num_parse_f64(value, &number) || number < param->minimum ||
		number > param->maximum)
		return err_field(ctx, param->name.ptr,
			"%s must be a number from %d to %d", param->name.ptr,
			param->minimum, param->maximum);
	*ret = (struct opt_f64)OPT(number);
	return NULL;
}

static struct err *
parse_line(
	struct ctx *ctx, const struct param *param, struct str value, struct opt_f64 *ret)
{
	struct opt_f64 line;

	TRY(parse_f64(ctx, param, value, &line));
	if (!line_is_quarter_points(line.value))
		return err_field(ctx, param->name.ptr,
			"%s must be whole, half or quarter points: 3, 3.25, 3.5",
			param->name.ptr);
	*ret = line;
	return NULL;
}

static struct err *
parse_text(struct ctx *ctx, const struct param *param, struct str value, struct str *ret)
{
	bool fits = value.len >= (size_t)param->minimum &&
		value.len <= (size_t)param->maximum && str_is_utf8(value);

	if (!fits && param->minimum == param->maximum)
		return err_field(ctx, param->name.ptr, "%s must be text of %d bytes",
			param->name.ptr, param->minimum);
	if (!fits)
		return err_field(ctx, param->name.ptr,
			"%s must be text of %d to %d bytes", param->name.ptr,
			param->minimum, param->maximum);
	*ret = value;
	return NULL;
}

static struct err *
parse_odds(
	struct ctx *ctx, const struct param *param, struct str value, struct opt_f64 *ret)
{
	double odds;

	if (!odds_parse(value, &odds))
		return err_field(ctx, param->name.ptr,
			"%s must be American odds, -100 or less or 100 or more (-110, "
			"150), or decimal odds with a point, 1.01 to 1000 (1.91)",
			param->name.ptr);
	*ret = (struct opt_f64)OPT(odds);
	return NULL;
}

static struct err *
parse_word(struct ctx *ctx, const struct param *param, struct str value, struct str *ret)
{
	struct str words = str_from(param_words(param->kind)), word;

	while (str_next(&words, '|', &word)) {
		if (!str_eq(word, value))
			continue;
		*ret = word;
		return NULL;
	}
	return err_field(ctx, param->name.ptr, "%s must be one of %s", param->name.ptr,
		param_words(param->kind));
}

static struct err *
parse_flag(struct ctx *ctx, const struct param *param, struct str value,
	struct opt_bool *ret)
{
	struct str word;

	TRY(parse_word(ctx, param, value, &word));
	*ret = (struct opt_bool)OPT(str_eq(word, STR("true")));
	return NULL;
}

static struct err *
parse_one(struct ctx *ctx, const struct param *param, struct str value,
	struct params *params)
{
	void *field = (char *)params + param->offset;

	switch (param->kind) {
	case PARAM_KIND_I32:
	case PARAM_KIND_SEASON:
	case PARAM_KIND_WEEK:
		return parse_i32(ctx, param, value, field);
	case PARAM_KIND_F64:
		return parse_f64(ctx, param, value, field);
	case PARAM_KIND_LINE:
		return parse_line(ctx, param, value, field);
	case PARAM_KIND_TEXT:
		return parse_text(ctx, param, value, field);
	case PARAM_KIND_TEAM:
		return team_code_parse(ctx, param->name.ptr, value, field);
	case PARAM_KIND_ODDS:
		return parse_odds(ctx, param, value, field);
	case PARAM_KIND_TYPE:
	case PARAM_KIND_OUTCOME:
	case PARAM_KIND_FORMAT:
		return parse_word(ctx, param, value, field);
	case PARAM_KIND_FLAG:
		return parse_flag(ctx, param, value, field);
	}
	return NULL;
}

static const struct param *
param_find(struct str name, uint32_t mask)
{
	for (size_t i = 0; i < PARAM_COUNT; i++)
		if ((mask >> i & 1) && str_eq(name, param_table[i].name))
			return &param_table[i];
	return NULL;
}

/* Most values need no decoding; then they stay where they are. */
static struct err *
decode(struct ctx *ctx, struct str name, struct str coded, struct str *ret)
{
	const char *field;
	struct buf text;

	if (str_is_none(coded))
		coded = STR("");
	if (str_find_char(coded, '%') < 0 && str_find_char(coded, '+') < 0) {
		*ret = coded;
		return NULL;
	}
	buf_init(&text, ctx->arena, coded.len + 1);
	if (url_decode(&text, coded, URL_PLUS_IS_SPACE)) {
		*ret = buf_str(&text);
		return NULL;
	}
	field = str_cstr(ctx->arena, name);
	return field ? err_field(ctx, field,
			       "'" STR_FMT "' holds %%00, or a %% without two "
			       "hexadecimal digits; a %% itself is written %%25",
			       STR_ARG(name))
		     : err_no_memory();
}

struct err *
params_parse(struct ctx *ctx, struct str query, uint32_t mask, struct params *ret)
{
	struct params params = { 0 };
	uint32_t seen = 0;
	struct str name, value;

	while (url_query_next(&query, &name, &value)) {
		const struct param *param;

		TRY(decode(ctx, name, name, &name));
		TRY(decode(ctx, name, value, &value));
		param = param_find(name, mask);
		if (!param)
			return unknown(ctx, name, mask);
		if (seen >> (param - param_table) & 1)
			return err_field(ctx, param->name.ptr, "%s is given twice",
				param->name.ptr);
		seen |= 1u << (param - param_table);
		TRY(parse_one(ctx, param, value, &params));
	}
	*ret = params;
	return NULL;
}

/* How the value of PARAM in PARAMS reads, however it was written. */
static void
put_value(struct buf *out, const struct param *param, const struct params *params)
{
	const void *field = (const char *)params + param->offset;
	const struct opt_i32 *whole = field;
	const struct opt_f64 *number = field;
	const struct opt_bool *flag = field;
	const struct str *text = field;

	switch (param->kind) {
	case PARAM_KIND_I32:
	case PARAM_KIND_SEASON:
	case PARAM_KIND_WEEK:
		if (whole->is_set)
			buf_put_i64(out, whole->value);
		break;
	case PARAM_KIND_F64:
	case PARAM_KIND_LINE:
	case PARAM_KIND_ODDS:
		if (number->is_set)
			buf_fmt(out, "%.17g", number->value);
		break;
	case PARAM_KIND_FLAG:
		if (flag->is_set)
			buf_put_char(out, flag->value ? 't' : 'f');
		break;
	case PARAM_KIND_TEXT:
	case PARAM_KIND_TEAM:
	case PARAM_KIND_TYPE:
	case PARAM_KIND_OUTCOME:
	case PARAM_KIND_FORMAT:
		if (!str_is_none(*text))
			buf_put(out, *text);
		break;
	}
	buf_put_char(out, '\n');
}

void
params_put(struct buf *out, uint32_t mask, const struct params *params)
{
	for (int i = 0; i < PARAM_COUNT; i++)
		if (mask >> i & 1)
			put_value(out, &param_table[i], params);
}
