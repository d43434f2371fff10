/*
 * The JSON bodies of requests, parsed once, by the router, into one struct each. The list
 * is api/bodies.def.
 *
 *     const struct sign_in_body *in = BODY_OF(rq, sign_in);
 *
 * Refused as INVALID, with line and column where it is not JSON at all (what is strict
 * about that stands in codec/json_read.h), else with the member's name: unknown, missing,
 * of a wrong type, out of its range. UNSUPPORTED: not of type application/json.
 */
#ifndef API_BODY_H
#define API_BODY_H

#include "base/buf.h"
#include "base/ctx.h"
#include "base/err.h"
#include "base/id.h"
#include "base/opt.h"

struct http_request;

enum {
	BODY_JSON_BYTES_MAX = 1 << 20,
	BODY_RAW_BYTES_MAX = 8 << 20, /* of routes that take files and batches */
};

/* Of a WORDS member, in the order of the request. */
struct words {
	const struct str *items;
	size_t count;
};

/* The C type of a member, by its need and kind. CLEARABLE ones are OPTIONAL ones. */
#define BODY_NEEDED_TEXT(min, max)            struct str
#define BODY_NEEDED_LINES(min, max)           struct str
#define BODY_NEEDED_SECRET(min, max)          struct str
#define BODY_NEEDED_EMAIL                     struct str
#define BODY_NEEDED_BOOL                      bool
#define BODY_NEEDED_I32(min, max)             int32_t
#define BODY_NEEDED_I64(min, max)             int64_t
#define BODY_NEEDED_SHARE                     double
#define BODY_NEEDED_UUID                      struct uuid
#define BODY_NEEDED_TIME                      int64_t
#define BODY_NEEDED_WORD(words_)              struct str
#define BODY_NEEDED_WORDS(words_, min, max)   struct words
#define BODY_OPTIONAL_TEXT(min, max)          struct str
#define BODY_OPTIONAL_LINES(min, max)         struct str
#define BODY_OPTIONAL_SECRET(min, max)        struct str
#define BODY_OPTIONAL_EMAIL                   struct str
#define BODY_OPTIONAL_BOOL                    struct opt_bool
#define BODY_OPTIONAL_I32(min, max)           struct opt_i32
#define BODY_OPTIONAL_I64(min, max)           struct opt_i64
#define BODY_OPTIONAL_SHARE                   struct opt_f64
#define BODY_OPTIONAL_UUID                    struct uuid
#define BODY_OPTIONAL_TIME                    struct opt_i64
#define BODY_OPTIONAL_WORD(words_)            struct str
#define BODY_OPTIONAL_WORDS(words_, min, max) struct words
#define BODY_CLEARABLE_TEXT                   BODY_OPTIONAL_TEXT
#define BODY_CLEARABLE_SHARE                  BODY_OPTIONAL_SHARE

/* X(kind, JSON type) */
#define BODY_KINDS(X)       \
	X(TEXT, "string")   \
	X(LINES, "string")  \
	X(SECRET, "string") \
	X(EMAIL, "string")  \
	X(BOOL, "boolean")  \
	X(I32, "integer")   \
	X(I64, "integer")   \
	X(SHARE, "number")  \
	X(UUID, "string")   \
	X(TIME, "string")   \
	X(WORD, "string")   \
	X(WORDS, "array")

enum body_kind {
#define X(kind, json_type) BODY_KIND_##kind,
	BODY_KINDS(X)
#undef X
};
enum body_need { BODY_NEEDED, BODY_OPTIONAL, BODY_CLEARABLE };

struct body_member {
	struct str name;
	enum body_kind kind;
	enum body_need need;
	int64_t minimum;   /* characters, values or words */
	int64_t maximum;   /* likewise */
	const char *words; /* with | between */
	size_t offset;     /* in the struct */
	const char *about;
};

struct body_schema {
	const char *name;
	const char *about;
	const struct body_member *members;
	size_t member_count; /* 64 at most */
	size_t size;         /* of the struct, whose first member is `given` */
};

#define BODY(body, about)    \
	struct body##_body { \
		uint64_t given;
#define MEMBER(body, name, kind, need, about) BODY_##need##_##kind name;
#define END(body) \
	}         \
	;
#include "api/bodies.def"
#undef BODY
#undef MEMBER
#undef END

/* Bits of `given`. */
#define BODY(body, about)                     enum {
#define MEMBER(body, name, kind, need, about) BODY_BIT_##body##_##name,
#define END(body)        \
	BODY_BITS_##body \
	}                \
	;
#include "api/bodies.def"
#undef BODY
#undef MEMBER
#undef END

#define BODY(body, about) extern const struct body_schema body_##body;
#define MEMBER(body, name, kind, need, about)
#define END(body)
#include "api/bodies.def"
#undef BODY
#undef MEMBER
#undef END

/* Whether MEMBER_ was in the request, be it null. */
#define BODY_HAS(parsed, body, member_) \
	((parsed)->given >> BODY_BIT_##body##_##member_ & 1)

/* Parse TEXT by SCHEMA into RET, its struct; texts in it live in the arena. */
struct err *body_parse(struct ctx *ctx, const struct body_schema *schema, struct str text,
	void *ret) MUST_USE;

/* Whether the Content-Type of HTTP is one of TYPES (with | between), in UTF-8;
 * UNSUPPORTED where it is not, or there is none. */
struct err *body_check_type(
	struct ctx *ctx, const struct http_request *http, struct str types) MUST_USE;

/* The JSON Schema of a body (OpenAPI 3.1). */
void body_write_schema(struct buf *out, const struct body_schema *schema);

#endif
