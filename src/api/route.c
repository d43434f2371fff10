#include "api/route.h"

#include <pthread.h>

#include "api/schemas.h"
#include "codec/url.h"

#define P(name) (1u << PARAM_##name)
#define ROW(name)                                            \
	{                                                    \
		.shape = SHAPE_ROW, .schema = &name##_schema \
	}
#define CREATED(name)                                            \
	{                                                        \
		.shape = SHAPE_CREATED, .schema = &name##_schema \
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
/* A PATCH, in the manner of RFC 7396 whatever it calls itself. */
#define PATCHES(name)                                                              \
	{                                                                          \
		.schema = &body_##name,                                            \
		.types = STR_INIT("application/json|application/merge-patch+json") \
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

/* --- Finding */

enum {
	EXACT_BUCKETS = 256, /* a power of two, well above the number of routes */
	NO_ROUTE = UINT16_MAX,
};

/* Rows without {…} by the hash of their path; the others in their order. */
static struct {
	uint16_t exact[EXACT_BUCKETS]; /* the first row of a bucket, */
	uint16_t next[ROUTE_COUNT];    /* and the one after each */
	uint16_t patterns[ROUTE_COUNT];
	size_t pattern_count;
} table_index;

static uint16_t *
bucket_of(struct str path)
{
	return &table_index.exact[str_hash(path) % EXACT_BUCKETS];
}

static void
index_build(void)
{
	memset(table_index.exact, 0xff, sizeof(table_index.exact));
	for (size_t i = ROUTE_COUNT; i-- > 0;) {
		uint16_t *bucket = bucket_of(route_table[i].path);

		if (str_find_char(route_table[i].path, '{') >= 0)
			continue;
		table_index.next[i] = *bucket;
		*bucket = (uint16_t)i;
	}
	for (size_t i = 0; i < ROUTE_COUNT; i++)
		if (str_find_char(route_table[i].path, '{') >= 0)
			table_index.patterns[table_index.pattern_count++] = (uint16_t)i;
}

static const struct route *
find_exact(enum http_method method, struct str path, uint32_t *allowed)
{
	for (uint16_t i = *bucket_of(path); i != NO_ROUTE; i = table_index.next[i]) {
		const struct route *route = &route_table[i];

		if (!str_eq(route->path, path))
			continue;
		if (route->method == method)
			return route;
		*allowed |= 1u << route->method;
	}
	return NULL;
}

static const struct route *
find_pattern(struct arena *arena, enum http_method method, struct str path,
	struct str ret_parts[PATH_PARAMS_MAX], uint32_t *allowed)
{
	for (size_t i = 0; i < table_index.pattern_count; i++) {
		const struct route *route = &route_table[table_index.patterns[i]];
		struct str parts[PATH_PARAMS_MAX] = { 0 };

		if (!path_matches(route->path, path, parts) ||
			!decode_parts(arena, parts))
			continue;
		*allowed |= 1u << route->method;
		if (route->method != method)
			continue;
		memcpy(ret_parts, parts, sizeof(parts));
		return route;
	}
	return NULL;
}

const struct route *
route_find(struct arena *arena, enum http_method method, struct str path,
	struct str ret_parts[PATH_PARAMS_MAX], uint32_t *ret_allowed)
{
	static pthread_once_t is_built = PTHREAD_ONCE_INIT;
	const struct route *route;

	pthread_once(&is_built, index_build);
	*ret_allowed = 0;
	if (method == METHOD_HEAD)
		method = METHOD_GET;
	route = find_exact(method, path, ret_allowed);
	return route ? route : find_pattern(arena, method, path, ret_parts, ret_allowed);
}
