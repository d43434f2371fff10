#include "api/route.h"

#include "api/schemas.h"
#include "codec/url.h"

#define P(name) (1u << PARAM_##name)
#define ROW(name)                                            \
	{                                                    \
		.shape = SHAPE_ROW, .schema = &name##_schema \
	}
#define ROWS(name)                                            \
	{                                                     \
		.shape = SHAPE_ROWS, .schema = &name##_schema \
	}
#define CSV(name)                                            \
	{                                                    \
		.shape = SHAPE_CSV, .schema = &name##_schema \
	}
#define TEXT                        \
	{                           \
		.shape = SHAPE_TEXT \
	}
#define JSON                        \
	{                           \
		.shape = SHAPE_JSON \
	}
#define HTML                        \
	{                           \
		.shape = SHAPE_HTML \
	}
#define EVENTS                        \
	{                             \
		.shape = SHAPE_EVENTS \
	}
#define EMPTY                        \
	{                            \
		.shape = SHAPE_EMPTY \
	}
#define ACCEPTED                        \
	{                               \
		.shape = SHAPE_ACCEPTED \
	}
#define TAKES(name)                                                           \
	{                                                                     \
		.schema = &body_##name, .types = STR_INIT("application/json") \
	}
#define NONE TAKES(none)
#define RAW(types_)                       \
	{                                 \
		.types = STR_INIT(types_) \
	}
#define KEPT       true
#define MADE       false
#define KEY(scope) SCOPE_##scope
#define NO_KEY     ROUTE_NO_KEY
#define OPEN       ROUTE_OPEN
#define F(name)    FEATURE_##name
/* The column `who`; the name alone is the enumerator. */
#define WHO_ADMIN(name) WHO_ADMIN, .permission = 1u << PERMISSION_##name

const struct route route_table[ROUTE_COUNT] = {
#define ROUTE(method_, path_, handler_, who_, key_, feature_, rate_, params_, body_, \
	answer_, kept_, about_)                                                      \
	[ROUTE_##handler_] = {                                                       \
		.method = METHOD_##method_,                                          \
		.path = STR_INIT(path_),                                             \
		.label = #method_ " " path_,                                         \
		.handler_name = #handler_,                                           \
		.handler = handler_,                                                 \
		.who = WHO_##who_,                                                   \
		.key = (key_),                                                       \
		.feature = (feature_),                                               \
		.rate = RATE_##rate_,                                                \
		.params = (params_),                                                 \
		.body = body_,                                                       \
		.answer = answer_,                                                   \
		.is_kept = (kept_),                                                  \
		.about = (about_),                                                   \
	},
#include "api/routes.def"
#undef ROUTE
};

struct route_stats route_stats[ROUTE_COUNT];

/* Whether PATH has the form of TEMPLATE; the parts that stand for {…} go to PARTS as they
 * came. Most rows of the table end at the first byte that differs. */
static bool
path_matches(struct str template, struct str path, struct str parts[PATH_PARAMS_MAX])
{
	size_t at = 0, count = 0;

	for (size_t i = 0; i < template.len; i++) {
		size_t begin = at;

		if (template.ptr[i] != '{') {
			if (at == path.len || path.ptr[at++] != template.ptr[i])
				return false;
			continue;
		}
		while (at < path.len && path.ptr[at] != '/')
			at++;
		if (at == begin || count == PATH_PARAMS_MAX)
			return false;
		parts[count++] = str_slice(path, begin, at);
		while (template.ptr[i] != '}')
			i++;
	}
	return at == path.len;
}

/* Undo percent codes in the parts; false where one is broken. */
static bool
decode_parts(struct arena *arena, struct str parts[PATH_PARAMS_MAX])
{
	for (size_t i = 0; i < PATH_PARAMS_MAX; i++) {
		struct buf text;

		if (str_find_char(parts[i], '%') < 0)
			continue;
		buf_init(&text, arena, parts[i].len + 1);
		if (!url_decode(&text, parts[i], URL_PLUS_IS_PLUS) ||
			!str_is_utf8(buf_str(&text)))
			return false;
		parts[i] = buf_str(&text);
	}
	return true;
}

const struct route *
route_find(struct arena *arena, enum http_method method, struct str path,
	struct str ret_parts[PATH_PARAMS_MAX], uint32_t *ret_allowed)
{
	*ret_allowed = 0;
	if (method == METHOD_HEAD)
		method = METHOD_GET;
	/* The table is short and its rows differ early; exact paths stand before {…}
	 * ones. */
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		struct str parts[PATH_PARAMS_MAX] = { 0 };

		if (!path_matches(route_table[i].path, path, parts) ||
			!decode_parts(arena, parts))
			continue;
		*ret_allowed |= 1u << route_table[i].method;
		if (route_table[i].method != method)
			continue;
		memcpy(ret_parts, parts, sizeof(parts));
		return &route_table[i];
	}
	return NULL;
}
