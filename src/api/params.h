/* The parameters of a query string: parsed once, by the router, into one struct. The list
 * is api/params.def. */
#ifndef API_PARAMS_H
#define API_PARAMS_H

#include "base/buf.h"
#include "base/ctx.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"

/* The word `current` for a season or a week: the handler looks up which that is. */
enum {
	PARAM_CURRENT = -1,
};

#define PARAM_FIELD_I32(name)     struct opt_i32 name;
#define PARAM_FIELD_SEASON(name)  struct opt_i32 name;
#define PARAM_FIELD_WEEK(name)    struct opt_i32 name;
#define PARAM_FIELD_F64(name)     struct opt_f64 name;
#define PARAM_FIELD_LINE(name)    struct opt_f64 name;
#define PARAM_FIELD_TEXT(name)    struct str name;
#define PARAM_FIELD_TEAM(name)    struct str name;     /* the code of today */
#define PARAM_FIELD_ODDS(name)    struct opt_f64 name; /* American */
#define PARAM_FIELD_TYPE(name)    struct str name;
#define PARAM_FIELD_OUTCOME(name) struct str name;
#define PARAM_FIELD_FORMAT(name)  struct str name;
#define PARAM_FIELD_FLAG(name)    struct opt_bool name;

struct params {
#define PARAM(name, kind, minimum, maximum, about) PARAM_FIELD_##kind(name)
#include "api/params.def"
#undef PARAM
};

enum param_index {
#define PARAM(name, kind, minimum, maximum, about) PARAM_##name,
#include "api/params.def"
#undef PARAM
	PARAM_COUNT
};

enum param_kind {
	PARAM_KIND_I32,
	PARAM_KIND_SEASON,
	PARAM_KIND_WEEK,
	PARAM_KIND_F64,
	PARAM_KIND_LINE, /* a multiple of .25 */
	PARAM_KIND_TEXT,
	PARAM_KIND_TEAM,
	PARAM_KIND_ODDS,
	PARAM_KIND_TYPE,
	PARAM_KIND_OUTCOME,
	PARAM_KIND_FORMAT,
	PARAM_KIND_FLAG
};
/* The words that KIND takes, with | between; NULL where it takes others. */
const char *param_words(enum param_kind kind);

struct param {
	struct str name;
	enum param_kind kind;
	int32_t minimum;
	int32_t maximum;
	size_t offset; /* in struct params */
	const char *about;
};
extern const struct param param_table[PARAM_COUNT];

/*
 * Parse QUERY, which may be absent, of a route that takes the parameters of MASK (bit
 * PARAM_x). INVALID with the parameter's name: unknown (and the nearest known), given
 * twice, not of its kind, out of range.
 */
struct err *params_parse(
	struct ctx *ctx, struct str query, uint32_t mask, struct params *ret) MUST_USE;

/* The parameters of MASK, one a line in the order of the table: alike for what is alike,
 * however it was written. */
void params_put(struct buf *out, uint32_t mask, const struct params *params);

#endif
