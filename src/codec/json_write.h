/*
 * JSON out: a writer that appends to a buf. Commas are its business, so a value may be
 * written by any function that takes a struct json:
 *
 *     struct json json = json_begin(&buf);
 *     json_put_object(&json);
 *     json_put_key(&json, STR("wins")); json_put_i64(&json, 11);
 *     json_put_object_end(&json);
 *
 * Text that is not UTF-8 goes out as U+FFFD, so what is written always parses. Whether
 * all of it fitted is asked of the buf, once, at the end.
 */
#ifndef CODEC_JSON_WRITE_H
#define CODEC_JSON_WRITE_H

#include "base/buf.h"
#include "base/id.h"
#include "base/opt.h"

struct json_node; /* codec/json_read.h */

struct json {
	struct buf *out;
	bool needs_comma;
};

static inline struct json
json_begin(struct buf *out)
{
	return (struct json){ .out = out };
}

void json_put_object(struct json *json);
void json_put_object_end(struct json *json);
void json_put_array(struct json *json);
void json_put_array_end(struct json *json);
/* The name of the member whose value is written next. Escaped like any text. */
void json_put_key(struct json *json, struct str key);

void json_put_null(struct json *json);
void json_put_bool(struct json *json, bool value);
void json_put_i64(struct json *json, int64_t value);
/* The shortest digits that read back as VALUE; null where it is not finite. */
void json_put_f64(struct json *json, double value);
/* VALUE rounded to DECIMALS places (0 to 9), without trailing zeros: 0.5, not 0.500.
 * Minus zero is 0. null where it is not finite. */
void json_put_fixed(struct json *json, double value, int decimals);
/* null where TEXT is absent. */
void json_put_text(struct json *json, struct str text);
/* JSON that somebody else wrote and that is known to be well formed.
 * null where absent. */
void json_put_raw(struct json *json, struct str text);
/* A value that was read, again: at most JSON_DEPTH_MAX levels deep. */
void json_put_node(struct json *json, const struct json_node *node);
void json_put_uuid(struct json *json, struct uuid uuid);
/* RFC 3339, UTC. */
void json_put_time(struct json *json, int64_t time_us);

void json_put_opt_bool(struct json *json, struct opt_bool value);
void json_put_opt_i32(struct json *json, struct opt_i32 value);
void json_put_opt_i64(struct json *json, struct opt_i64 value);
void json_put_opt_fixed(struct json *json, struct opt_f64 value, int decimals);
void json_put_opt_time(struct json *json, struct opt_i64 time_us);

/* The digits alone, for formats other than JSON. VALUE must be finite. */
void f64_format(struct buf *out, double value);
void f64_format_fixed(struct buf *out, double value, int decimals);

#endif
