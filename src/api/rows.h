/*
 * How rows become JSON and CSV, and what OpenAPI says of them: one table a row type.
 *
 *     static const struct field team_fields[] = {
 *             FIELD(struct team_row, code, TEXT, "the club's code of today"),
 *             …
 *     };
 *     const struct row_schema team_schema = ROW_SCHEMA("team", struct team_row,
 * team_fields, "A club");
 */
#ifndef API_ROWS_H
#define API_ROWS_H

#include "base/buf.h"
#include "base/id.h"
#include "base/opt.h"

/* X(kind, C type, JSON schema type, format or NULL, may be null) */
#define FIELD_KINDS(X)                                                 \
	X(TEXT, struct str, "string", NULL, false)                     \
	X(OPT_TEXT, struct str, "string", NULL, true)                  \
	X(BOOL, bool, "boolean", NULL, false)                          \
	X(OPT_BOOL, struct opt_bool, "boolean", NULL, true)            \
	X(I32, int32_t, "integer", "int32", false)                     \
	X(OPT_I32, struct opt_i32, "integer", "int32", true)           \
	X(I64, int64_t, "integer", "int64", false)                     \
	X(FIXED, double, "number", "double", false)                    \
	X(OPT_FIXED, struct opt_f64, "number", "double", true)         \
	X(FINE, double, "number", "double", false)                     \
	X(OPT_FINE, struct opt_f64, "number", "double", true)          \
	X(TIME, int64_t, "string", "date-time", false)                 \
	X(OPT_TIME, struct opt_i64, "string", "date-time", true)       \
	X(TEXTS, struct str, "array", NULL, false) /* JSON of texts */ \
	X(UUID, struct uuid, "string", "uuid", false)                  \
	X(JSON, struct str, "object", NULL, false)                     \
	X(OPT_JSON, struct str, "object", NULL, true)

enum field_kind {
#define X(kind, type, json_type, format, is_nullable) FIELD_##kind,
	FIELD_KINDS(X)
#undef X
		FIELD_SAID, /* made by row_schema_say: the key has the value behind it */
};

#define X(kind, type, json_type, format, is_nullable) typedef type field_type_##kind;
FIELD_KINDS(X)
#undef X

enum {
	FIELD_DECIMALS =
		4, /* of a FIXED or OPT_FIXED field; trailing zeros are not written */
	FIELD_FINE_DECIMALS = 6, /* of a FINE or OPT_FINE one: as a share is stored */
	FIELD_KEY_BYTES = 32,
};

struct field {
	struct str name;
	char key[FIELD_KEY_BYTES]; /* ,"name": ready to write */
	uint8_t key_len;
	enum field_kind kind;
	uint16_t offset;
	bool is_same; /* in all rows of a list */
	const char *about;
};

/* An id is a struct around a uuid; its field is named by MEMBER.uuid. What follows ABOUT
 * is an initializer, of is_same. */
#define FIELD_AS(name_, row_type, member, kind_, about_, ...)                       \
	{                                                                           \
		.name = STR_INIT(name_),                                            \
		.key = ",\"" name_ "\":", .key_len = sizeof(",\"" name_ "\":") - 1, \
		.kind = FIELD_##kind_,                                              \
		.offset = offsetof(row_type, member) +                              \
			0 *                                                         \
				sizeof(char[_Generic(&((row_type *)0)->member,      \
					field_type_##kind_ * : 1)]),                \
		.about = (about_), __VA_ARGS__                                      \
	}
#define FIELD(row_type, member, kind_, ...) \
	FIELD_AS(#member, row_type, member, kind_, __VA_ARGS__)

struct row_schema {
	const char *name;
	const char *about;
	const struct field *fields;
	size_t field_count;
	size_t row_size;
	size_t optional_count; /* the last so many may be left out */
};

#define ROW_SCHEMA(name_, row_type, fields_, about_)                           \
	{                                                                      \
		.name = (name_), .about = (about_), .fields = (fields_),       \
		.field_count = COUNT_OF(fields_), .row_size = sizeof(row_type) \
	}

/* One row as a JSON object. */
void row_write_json(struct buf *out, const struct row_schema *schema, const void *row);

/* SCHEMA for a list as JSON whose rows have in common what ROW says: that is written
 * here, once. In ARENA; SCHEMA itself without memory. */
const struct row_schema *
row_schema_say(struct arena *arena, const struct row_schema *schema, const void *row);

/* The line of column names; COUNT lines of values (RFC 4180). JSON fields go in as they
 * are, quoted. */
void rows_write_csv_head(struct buf *out, const struct row_schema *schema);
void rows_write_csv(
	struct buf *out, const struct row_schema *schema, const void *rows, size_t count);

/* The JSON Schema of a row (OpenAPI 3.1). */
void row_write_schema(struct buf *out, const struct row_schema *schema);

#endif
