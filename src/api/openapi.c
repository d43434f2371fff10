/* This API as OpenAPI 3.1, from the tables that also route, parse and write. */
#include "api/openapi.h"

#include "api/api.h"
#include "api/route.h"
#include "api/schemas.h"
#include "codec/gzip.h"
#include "codec/hex.h"
#include "codec/json_write.h"
#include "crypto/digest.h"
#include "http/respond.h"

enum {
	OPENAPI_BYTES_MAX = 1 << 20,
	ETAG_BYTES = 16, /* of the hash of what is tagged */
};

static void
put_text(struct json *json, struct str key, const char *value)
{
	json_put_key(json, key);
	json_put_text(json, str_from(value));
}

static void
put_parameter_schema(struct json *json, const struct param *param)
{
	static const struct {
		const char *type;
		const char *low;
		const char *high;
	} kinds[] = {
		[PARAM_KIND_I32] = { "integer", "minimum", "maximum" },
		[PARAM_KIND_F64] = { "number", "minimum", "maximum" },
		[PARAM_KIND_LINE] = { "number", "minimum", "maximum" },
		[PARAM_KIND_ODDS] = { "number", NULL, NULL },
		[PARAM_KIND_TEAM] = { "string", "minLength", "maxLength" },
		[PARAM_KIND_TEXT] = { "string", "minLength", "maxLength" },
		/* A number or the word `current`. */
		[PARAM_KIND_SEASON] = { "string", NULL, NULL },
		[PARAM_KIND_WEEK] = { "string", NULL, NULL },
		[PARAM_KIND_TYPE] = { "string", NULL, NULL },
		[PARAM_KIND_FLAG] = { "string", NULL, NULL },
		[PARAM_KIND_OUTCOME] = { "string", NULL, NULL },
		[PARAM_KIND_FORMAT] = { "string", NULL, NULL },
	};

	struct str words = str_from(param_words(param->kind)), word;

	json_put_object(json);
	put_text(json, STR("type"), kinds[param->kind].type);
	if (kinds[param->kind].low) {
		json_put_key(json, str_from(kinds[param->kind].low));
		json_put_i64(json, param->minimum);
		json_put_key(json, str_from(kinds[param->kind].high));
		json_put_i64(json, param->maximum);
		if (param->kind == PARAM_KIND_LINE) {
			json_put_key(json, STR("multipleOf"));
			json_put_f64(json, 0.25);
		}
	} else if (!str_is_none(words)) {
		json_put_key(json, STR("enum"));
		json_put_array(json);
		while (str_next(&words, '|', &word))
			json_put_text(json, word);
		json_put_array_end(json);
	} else if (param->kind == PARAM_KIND_SEASON || param->kind == PARAM_KIND_WEEK) {
		put_text(json, STR("pattern"), "^([0-9]+|current)$");
	}
	json_put_object_end(json);
}

static void
put_parameter(
	struct json *json, struct str name, const char *place, const struct param *param)
{
	json_put_object(json);
	json_put_key(json, STR("name"));
	json_put_text(json, name);
	put_text(json, STR("in"), place);
	json_put_key(json, STR("required"));
	json_put_bool(json, param == NULL);
	json_put_key(json, STR("schema"));
	if (param) {
		put_parameter_schema(json, param);
		put_text(json, STR("description"), param->about);
	} else {
		json_put_raw(json, STR("{\"type\":\"string\"}"));
	}
	json_put_object_end(json);
}

static void
put_parameters(struct json *json, const struct route *route)
{
	struct str path = route->path, part;

	json_put_key(json, STR("parameters"));
	json_put_array(json);
	while (str_next(&path, '/', &part))
		if (part.len > 2 && part.ptr[0] == '{')
			put_parameter(
				json, str_slice(part, 1, part.len - 1), "path", NULL);
	for (size_t i = 0; i < PARAM_COUNT; i++)
		if (route->params >> i & 1)
			put_parameter(
				json, param_table[i].name, "query", &param_table[i]);
	json_put_array_end(json);
}

static const char *
content_type(enum answer_shape shape)
{
	switch (shape) {
	case SHAPE_ROW:
	case SHAPE_CREATED:
	case SHAPE_ROWS:
	case SHAPE_JSON:
		return "application/json";
	case SHAPE_CSV:
		return "text/csv";
	case SHAPE_TEXT:
		return "text/plain";
	case SHAPE_EVENTS:
		return "text/event-stream";
	case SHAPE_HTML:
		return "text/html";
	case SHAPE_EMPTY:
	case SHAPE_ACCEPTED:
		break;
	}
	return "application/octet-stream";
}

/* Content of an answer: the schema of its rows, or any text. */
static void
put_content(struct json *json, const struct answer_kind *answer)
{
	json_put_object(json);
	json_put_key(json, str_from(content_type(answer->shape)));
	json_put_object(json);
	if (answer->shape == SHAPE_ROW || answer->shape == SHAPE_CREATED ||
		answer->shape == SHAPE_ROWS) {
		buf_fmt(json->out,
			answer->shape != SHAPE_ROWS
				? "\"schema\":{\"$ref\":\"#/components/schemas/%s\"}"
				: "\"schema\":{\"type\":\"object\",\"required\":["
				  "\"data\",\"next\"],\"properties\":{"
				  "\"data\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/"
				  "components/schemas/%s\"}},"
				  "\"next\":{\"type\":[\"string\",\"null\"],"
				  "\"description\":\"cursor of the next page\"}}}",
			answer->schema->name);
	}
	json_put_object_end(json);
	json_put_object_end(json);
}

/* Who may call: one of the members of the array is enough. */
static void
put_security(struct json *json, const struct route *route)
{
	bool reads_credentials = route->who != WHO_ANYONE || route->key != ROUTE_NO_KEY;

	json_put_key(json, STR("security"));
	json_put_array(json);
	if (route->who == WHO_ANYONE && reads_credentials)
		json_put_raw(json, STR("{}"));
	if (reads_credentials) {
		json_put_object(json);
		json_put_key(json, STR("session"));
		json_put_array(json);
		if (route->who == WHO_ADMIN)
			json_put_text(json,
				str_from(permission_name((enum permission)__builtin_ctz(
					route->permission))));
		json_put_array_end(json);
		json_put_object_end(json);
	}
	if (route->key != ROUTE_NO_KEY) {
		json_put_object(json);
		json_put_key(json, STR("api_key"));
		json_put_array(json);
		json_put_text(json, scope_name((enum scope)route->key));
		json_put_array_end(json);
		json_put_object_end(json);
	}
	json_put_array_end(json);
	if (route->feature != ROUTE_OPEN)
		put_text(json, STR("x-feature"),
			feature_name((enum feature)route->feature));
}

/* Bytes of some types, or one of the bodies. */
static void
put_request_body(struct json *json, const struct body_rule *body)
{
	struct str types = body->types, type;

	if (body->schema == &body_none)
		return;
	json_put_key(json, STR("requestBody"));
	json_put_object(json);
	json_put_key(json, STR("required"));
	json_put_bool(json, true);
	json_put_key(json, STR("content"));
	json_put_object(json);
	while (str_next(&types, '|', &type)) {
		json_put_key(json, type);
		json_put_object(json);
		if (body->schema)
			buf_fmt(json->out,
				"\"schema\":{\"$ref\":\"#/components/schemas/%s_body\"}",
				body->schema->name);
		json_put_object_end(json);
	}
	json_put_object_end(json);
	json_put_object_end(json);
}

static bool
has_content(enum answer_shape shape)
{
	return shape != SHAPE_EMPTY && shape != SHAPE_ACCEPTED;
}

static struct str
status_of(enum answer_shape shape)
{
	if (has_content(shape))
		return shape == SHAPE_CREATED ? STR("201") : STR("200");
	return shape == SHAPE_EMPTY ? STR("204") : STR("202");
}

static void
put_operation(struct json *json, const struct route *route)
{
	json_put_object(json);
	put_text(json, STR("operationId"), route->handler_name + sizeof("api_") - 1);
	put_text(json, STR("summary"), route->about);
	put_security(json, route);
	put_parameters(json, route);
	put_request_body(json, &route->body);
	json_put_key(json, STR("responses"));
	json_put_object(json);
	json_put_key(json, status_of(route->answer.shape));
	json_put_object(json);
	put_text(json, STR("description"), "OK");
	if (route->params >> PARAM_cursor & 1) {
		json_put_key(json, STR("headers"));
		json_put_raw(
			json, STR("{\"Link\":{\"$ref\":\"#/components/headers/next\"}}"));
	}
	if (has_content(route->answer.shape)) {
		json_put_key(json, STR("content"));
		put_content(json, &route->answer);
	}
	json_put_object_end(json);
	json_put_key(json, STR("default"));
	json_put_raw(json, STR("{\"$ref\":\"#/components/responses/problem\"}"));
	json_put_object_end(json);
	json_put_object_end(json);
}

static struct str
method_key(enum http_method method)
{
	return method == METHOD_GET      ? STR("get")
		: method == METHOD_POST  ? STR("post")
		: method == METHOD_PUT   ? STR("put")
		: method == METHOD_PATCH ? STR("patch")
					 : STR("delete");
}

/* The first route of the path of route INDEX. */
static size_t
first_of_path(size_t index)
{
	size_t first = 0;

	while (!str_eq(route_table[first].path, route_table[index].path))
		first++;
	return first;
}

/* A path once, with all its methods, wherever in the table they stand. */
static void
put_paths(struct json *json)
{
	json_put_key(json, STR("paths"));
	json_put_object(json);
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (first_of_path(i) != i)
			continue;
		json_put_key(json, route_table[i].path);
		json_put_object(json);
		for (size_t j = i; j < ROUTE_COUNT; j++) {
			if (first_of_path(j) != i)
				continue;
			json_put_key(json, method_key(route_table[j].method));
			put_operation(json, &route_table[j]);
		}
		json_put_object_end(json);
	}
	json_put_object_end(json);
}

static void
put_body_schemas(struct json *json)
{
	static const struct body_schema *const bodies[] = {
#define BODY(name, about) &body_##name,
#define MEMBER(body, name, kind, need, about)
#define END(body)
#include "api/bodies.def"
#undef BODY
#undef MEMBER
#undef END
	};

	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		if (bodies[i] == &body_none)
			continue;
		json_put_key(json, str_fmt(json->out->arena, "%s_body", bodies[i]->name));
		body_write_schema(json->out, bodies[i]);
		json->needs_comma = true;
	}
}

static void
put_components(struct json *json)
{
	static const struct row_schema *const schemas[] = {
#define X(name) &name##_schema,
		ROW_SCHEMAS(X)
#undef X
	};

	json_put_key(json, STR("components"));
	json_put_object(json);
	json_put_key(json, STR("securitySchemes"));
	json_put_raw(json,
		STR("{\"session\":{\"type\":\"http\",\"scheme\":\"bearer\","
		    "\"bearerFormat\":\"JWT\",\"description\":\"the access token of a "
		    "signed-in person; where a permission is named, of an administrator "
		    "who has it and gave a second factor\"},"
		    "\"api_key\":{\"type\":\"http\",\"scheme\":\"bearer\","
		    "\"description\":\"an API key, which begins with grk_, with the "
		    "scope "
		    "that is named\"}}"));
	json_put_key(json, STR("schemas"));
	json_put_object(json);
	for (size_t i = 0; i < COUNT_OF(schemas); i++) {
		json_put_key(json, str_from(schemas[i]->name));
		row_write_schema(json->out, schemas[i]);
		json->needs_comma = true;
	}
	put_body_schemas(json);
	json_put_object_end(json);
	json_put_key(json, STR("headers"));
	json_put_raw(json,
		STR("{\"next\":{\"description\":\"where the next page is, with "
		    "rel=\\\"next\\\" (RFC 8288), as JSON and as CSV; not on the last "
		    "page\",\"schema\":{\"type\":\"string\"}}}"));
	json_put_key(json, STR("responses"));
	json_put_raw(json,
		STR("{\"problem\":{\"description\":\"what went wrong (RFC "
		    "9457)\",\"content\":{\"application/problem+json\":"
		    "{\"schema\":{\"type\":\"object\",\"required\":[\"status\",\"code\","
		    "\"detail\",\"request_id\"],\"properties\":"
		    "{\"status\":{\"type\":\"integer\"},\"code\":{\"type\":\"string\"},"
		    "\"detail\":{\"type\":\"string\"},"
		    "\"field\":{\"type\":\"string\"},\"request_id\":{\"type\":\"string\"}"
		    "}}}}}}"));
	json_put_object_end(json);
}

void
openapi_open(struct openapi *openapi, const char *version)
{
	*openapi = (struct openapi){ .version = version,
		.lock = PTHREAD_MUTEX_INITIALIZER };
	arena_init(&openapi->arena, 4 * OPENAPI_BYTES_MAX);
}

void
openapi_close(struct openapi *openapi)
{
	arena_release(&openapi->arena);
}

static struct err *
make(struct ctx *ctx, struct openapi *openapi, struct buf *out)
{
	struct arena *arena = &openapi->arena;
	uint8_t hash[SHA256_BYTES];
	struct buf tag;

	buf_init(&tag, arena, 2 * SHA256_BYTES);
	openapi_write(out, openapi->version);
	if (buf_is_cut(out))
		return err_new(ctx, ERR_TOO_LARGE,
			"the description of the API does not fit an answer");
	TRY(gzip_compress(arena, buf_str(out), &openapi->packed));
	digest_sha256(buf_str(out), hash);
	hex_encode(&tag, (struct str){ (const char *)hash, ETAG_BYTES });
	openapi->text = str_dup(arena, buf_str(out));
	openapi->text_etag = str_fmt(arena, "\"" STR_FMT "\"", STR_ARG(buf_str(&tag)));
	openapi->packed_etag = str_fmt(
		arena, "\"" STR_FMT "-gzip\"", STR_ARG(buf_str(&tag)));
	if (str_is_none(openapi->text) || str_is_none(openapi->text_etag) ||
		str_is_none(openapi->packed_etag))
		return err_no_memory();
	openapi->is_made = true;
	return NULL;
}

static struct err *
make_once(struct ctx *ctx, struct openapi *openapi)
{
	struct arena scratch;
	struct buf out;
	struct err *err = NULL;

	pthread_mutex_lock(&openapi->lock);
	if (!openapi->is_made) {
		arena_init(&scratch, 4 * OPENAPI_BYTES_MAX);
		buf_init(&out, &scratch, OPENAPI_BYTES_MAX);
		err = make(ctx, openapi, &out);
		arena_release(&scratch);
	}
	pthread_mutex_unlock(&openapi->lock);
	return err;
}

struct answer
api_openapi(struct request *rq)
{
	static const struct http_header vary = { .name = STR_INIT("Vary"),
		.value = STR_INIT("Accept-Encoding") };
	struct openapi *openapi = &rq->api->openapi;
	struct answer answer;

	ANSWER_ERR(make_once(rq->ctx, openapi));
	answer = answer_text(200, STR("application/json"), openapi->text);
	answer.http.etag = openapi->text_etag;
	answer.http.cache_control = STR("no-cache");
	answer.http.headers = &vary;
	answer.http.header_count = 1;
	if (http_accepts_gzip(rq->http)) {
		answer.http.body = openapi->packed;
		answer.http.etag = openapi->packed_etag;
		answer.http.encoding = STR("gzip");
	}
	return answer;
}

void
openapi_write(struct buf *out, const char *version)
{
	struct json json = json_begin(out);

	json_put_object(&json);
	put_text(&json, STR("openapi"), "3.1.0");
	json_put_key(&json, STR("info"));
	json_put_object(&json);
	put_text(&json, STR("title"), "Gridiron");
	put_text(&json, STR("version"), version);
	put_text(&json, STR("description"),
		"NFL forecasts with their record. Times are RFC 3339 in UTC; spreads are "
		"the points by which the home team is expected to win; errors are "
		"application/problem+json.");
	json_put_key(&json, STR("license"));
	json_put_raw(&json, STR("{\"name\":\"MIT\",\"identifier\":\"MIT\"}"));
	json_put_object_end(&json);
	put_paths(&json);
	put_components(&json);
	json_put_object_end(&json);
}
