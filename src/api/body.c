#include "api/body.h"
#include <math.h>

#include "codec/iso_time.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "codec/plain_text.h"
#include "codec/uuid.h"
#include "http/message.h"

enum {
	EMAIL_BYTES_MAX = 254,      /* RFC 5321 §4.5.3.1.3, without the angle brackets */
	EMAIL_LOCAL_BYTES_MAX = 64, /* RFC 5321 §4.5.3.1.1 */
	DOMAIN_LABEL_BYTES_MAX = 63,
	NAME_SHOWN_BYTES_MAX = 64, /* of an unknown member's name */
	EXPECTATION_BYTES_MAX = 1024,
};

#define LIMITS(kind_, minimum_, maximum_)                                        \
	.kind = BODY_KIND_##kind_, .minimum = (minimum_), .maximum = (maximum_), \
	.words = NULL
#define LIMITS_TEXT(min, max)   LIMITS(TEXT, min, max)
#define LIMITS_LINES(min, max)  LIMITS(LINES, min, max)
#define LIMITS_SECRET(min, max) LIMITS(SECRET, min, max)
#define LIMITS_EMAIL            LIMITS(EMAIL, 3, EMAIL_BYTES_MAX)
#define LIMITS_BOOL             LIMITS(BOOL, 0, 1)
#define LIMITS_I32(min, max)    LIMITS(I32, min, max)
#define LIMITS_I64(min, max)    LIMITS(I64, min, max)
#define LIMITS_SHARE            LIMITS(SHARE, 0, 1)
#define LIMITS_UUID             LIMITS(UUID, UUID_TEXT_LEN, UUID_TEXT_LEN)
#define LIMITS_TIME             LIMITS(TIME, 0, 0)
#define LIMITS_WORD(list)       .kind = BODY_KIND_WORD, .words = (list)
#define LIMITS_WORDS(list, min, max) \
	.kind = BODY_KIND_WORDS, .minimum = (min), .maximum = (max), .words = (list)

#define BODY(body, about_) \
	static const struct body_member body##_members[BODY_BITS_##body + 1] = {
#define MEMBER(body, name_, kind_, need_, about_)              \
	{ .name = STR_INIT(#name_),                            \
		.need = BODY_##need_,                          \
		.offset = offsetof(struct body##_body, name_), \
		.about = (about_),                             \
		LIMITS_##kind_ },
#define END(body) \
	}         \
	;
#include "api/bodies.def"
#undef BODY
#undef MEMBER
#undef END

#define BODY(body, about_)                          \
	const struct body_schema body_##body = {    \
		.name = #body,                      \
		.about = (about_),                  \
		.members = body##_members,          \
		.member_count = BODY_BITS_##body,   \
		.size = sizeof(struct body##_body), \
	};
#define MEMBER(body, name_, kind_, need_, about_)
#define END(body)
#include "api/bodies.def"
#undef BODY
#undef MEMBER
#undef END

/* --- What is wrong --- */

static const char *
expectation(struct ctx *ctx, const struct body_member *member)
{
	long long low = member->minimum, high = member->maximum;
	struct buf text;

	buf_init(&text, ctx->arena, EXPECTATION_BYTES_MAX);
	switch (member->kind) {
	case BODY_KIND_TEXT:
		buf_fmt(&text, "one line of %lld to %lld characters", low, high);
		break;
	case BODY_KIND_LINES:
	case BODY_KIND_SECRET:
		buf_fmt(&text, "a text of %lld to %lld characters", low, high);
		break;
	case BODY_KIND_EMAIL:
		buf_put(&text, STR("an e-mail address such as name@example.com"));
		break;
	case BODY_KIND_BOOL:
		buf_put(&text, STR("true or false"));
		break;
	case BODY_KIND_I32:
	case BODY_KIND_I64:
		buf_fmt(&text, "a whole number from %lld to %lld", low, high);
		break;
	case BODY_KIND_SHARE:
		buf_put(&text, STR("a number from 0 to 1, of six decimals at most"));
		break;
	case BODY_KIND_UUID:
		buf_put(&text, STR("an id of 36 characters"));
		break;
	case BODY_KIND_TIME:
		buf_put(&text, STR("a time such as 2026-09-10T20:20:00Z"));
		break;
	case BODY_KIND_WORD:
		buf_fmt(&text, "one of %s", member->words);
		break;
	case BODY_KIND_WORDS:
		buf_fmt(&text, "a list of %lld to %lld different ones of %s", low, high,
			member->words);
		break;
	}
	return str_cstr(ctx->arena, buf_str(&text));
}

/* NODE is not what MEMBER takes; its value is not repeated, since it may be a secret. */
static struct err *
refuse(struct ctx *ctx, const struct body_member *member, const struct json_node *node,
	bool is_other_type)
{
	const char *wanted = expectation(ctx, member);

	if (!wanted)
		return err_no_memory();
	return err_field(ctx, member->name.ptr, "%s must be %s%s%s", member->name.ptr,
		wanted, is_other_type ? ", not " : "",
		is_other_type ? json_kind_name(node->kind) : "");
}

/* A domain that is written in another script, or with its accents. */
static bool
has_foreign_domain(struct str email)
{
	ptrdiff_t at = str_find_char(email, '@');

	for (size_t i = (size_t)(at + 1); at >= 0 && i < email.len; i++)
		if ((uint8_t)email.ptr[i] >= 0x80)
			return true;
	return false;
}

/* TEXT is not what MEMBER takes. What nobody can see is named, since he who sent it
 * cannot see it either. */
static struct err *
refuse_text(
	struct ctx *ctx, const struct body_member *member, const struct json_node *node)
{
	const char *name = member->name.ptr;
	bool is_lines = member->kind == BODY_KIND_LINES;
	int32_t fault = PLAIN_TEXT_GOOD;

	if (member->kind == BODY_KIND_EMAIL && has_foreign_domain(node->text))
		return err_field(ctx, name,
			"%s must have its domain in the form that the DNS has: "
			"name@xn--bcher-kva.example for name@b\303\274cher.example "
			"(punycode)",
			name);
	if (is_lines || member->kind == BODY_KIND_TEXT)
		fault = plain_text_fault(node->text, is_lines);
	if (fault == PLAIN_TEXT_GOOD)
		return refuse(ctx, member, node, false);
	if (fault == PLAIN_TEXT_BLANK)
		return err_field(
			ctx, name, "%s must have something in it that can be seen", name);
	return err_field(ctx, name, "%s must not have U+%04X in it, which %s", name,
		(unsigned int)fault,
		fault < 0xa0 ? is_lines ? "is a control character"
					: "is a control character or a line end"
			     : "cannot be seen, or turns text around, where it stands");
}

static struct err *
refuse_missing(struct ctx *ctx, const struct body_member *member)
{
	const char *wanted = expectation(ctx, member);

	if (!wanted)
		return err_no_memory();
	return err_field(ctx, member->name.ptr, "%s is missing; it is %s",
		member->name.ptr, wanted);
}

static struct err *
refuse_unknown(struct ctx *ctx, const struct body_schema *schema, struct str name)
{
	const struct body_member *near = NULL;
	size_t near_distance = 3;
	const char *field;

	while (name.len > NAME_SHOWN_BYTES_MAX || !str_is_utf8(name))
		name.len = name.len > NAME_SHOWN_BYTES_MAX ? NAME_SHOWN_BYTES_MAX
							   : name.len - 1;
	for (size_t i = 0; i < schema->member_count; i++) {
		size_t distance = str_distance(name, schema->members[i].name);

		if (distance < near_distance) {
			near = &schema->members[i];
			near_distance = distance;
		}
	}
	field = str_cstr(ctx->arena, name);
	if (!field)
		return err_no_memory();
	if (near)
		return err_field(ctx, field, "unknown member '%s'; did you mean '%s'?",
			field, near->name.ptr);
	return err_field(ctx, field,
		"unknown member '%s': this request cannot set it; /docs lists what it "
		"takes",
		field);
}

/* --- Values --- */

static bool
is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Dot-atom (RFC 5322 §3.2.3): no quotes, no comments, no blanks. */
static bool
is_local_part(struct str text)
{
	if (text.len == 0 || text.len > EMAIL_LOCAL_BYTES_MAX || text.ptr[0] == '.' ||
		text.ptr[text.len - 1] == '.' || str_find(text, STR("..")) >= 0)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_alphanumeric(text.ptr[i]) &&
			str_find_char(STR("!#$%&'*+-/=?^_`{|}~."), text.ptr[i]) < 0)
			return false;
	return true;
}

/* Two labels or more, as in the DNS; names in other scripts in their ASCII form. None
 * under "invalid", which nobody has (RFC 6761 §6.4) and erased accounts are kept
 * under. */
static bool
is_domain(struct str text)
{
	struct str label = STR_NONE;
	size_t label_count = 0;

	while (str_next(&text, '.', &label)) {
		label_count++;
		if (label.len == 0 || label.len > DOMAIN_LABEL_BYTES_MAX ||
			label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
			return false;
		for (size_t i = 0; i < label.len; i++)
			if (!is_alphanumeric(label.ptr[i]) && label.ptr[i] != '-')
				return false;
	}
	return label_count >= 2 && !str_eq_nocase(label, STR("invalid"));
}

static bool
read_email(struct arena *arena, struct str text, struct str *ret)
{
	ptrdiff_t at = str_find_char(text, '@');
	char *lower;

	if (at < 0 || text.len > EMAIL_BYTES_MAX ||
		!is_local_part(str_slice(text, 0, (size_t)at)) ||
		!is_domain(str_slice(text, (size_t)at + 1, text.len)))
		return false;
	lower = arena_alloc_text(arena, text.len);
	if (!lower)
		return false;
	for (size_t i = 0; i < text.len; i++)
		lower[i] = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z'
			? (char)(text.ptr[i] - 'A' + 'a')
			: text.ptr[i];
	*ret = (struct str){ .ptr = lower, .len = text.len };
	return true;
}

/* The word of LIST, with | between, that TEXT is: as it stands there, for ever. */
static bool
read_word(const char *list, struct str text, struct str *ret)
{
	struct str words = str_from(list), word;

	while (str_next(&words, '|', &word)) {
		if (word.len == 0 || !str_eq(word, text))
			continue;
		*ret = word;
		return true;
	}
	return false;
}

static bool
read_words(struct arena *arena, const struct body_member *member,
	const struct json_node *node, struct words *ret)
{
	struct str *items;

	if ((int64_t)node->count < member->minimum ||
		(int64_t)node->count > member->maximum)
		return false;
	items = arena_alloc_array(arena, node->count, sizeof(*items));
	if (!items)
		return false;
	for (size_t i = 0; i < node->count; i++) {
		if (node->items[i].kind != JSON_IS_TEXT ||
			!read_word(member->words, node->items[i].text, &items[i]))
			return false;
		for (size_t j = 0; j < i; j++)
			if (str_eq(items[i], items[j]))
				return false;
	}
	*ret = (struct words){ .items = items, .count = node->count };
	return true;
}

static enum json_kind
json_kind_of(enum body_kind kind)
{
	switch (kind) {
	case BODY_KIND_BOOL:
		return JSON_IS_BOOL;
	case BODY_KIND_I32:
	case BODY_KIND_I64:
		return JSON_IS_I64;
	case BODY_KIND_SHARE:
		return JSON_IS_F64;
	case BODY_KIND_WORDS:
		return JSON_IS_ARRAY;
	case BODY_KIND_TEXT:
	case BODY_KIND_LINES:
	case BODY_KIND_SECRET:
	case BODY_KIND_EMAIL:
	case BODY_KIND_UUID:
	case BODY_KIND_TIME:
	case BODY_KIND_WORD:
		break;
	}
	return JSON_IS_TEXT;
}

/* Numbers and booleans stand for themselves where they are needed, else in an opt_…. */
#define STORE(field, need, type, opt_type, v)                    \
	do {                                                     \
		if ((need) == BODY_NEEDED)                       \
			*(type *)(field) = (v);                  \
		else                                             \
			*(opt_type *)(field) = (opt_type)OPT(v); \
	} while (0)

/* Texts; NODE is one. False where it is not as MEMBER wants it. */
static bool
read_text(struct arena *arena, const struct body_member *member, struct str text,
	void *field)
{
	int64_t length, time_us;

	switch (member->kind) {
	case BODY_KIND_TEXT:
	case BODY_KIND_LINES:
		if (plain_text_fault(text, member->kind == BODY_KIND_LINES) !=
			PLAIN_TEXT_GOOD)
			return false;
		if (member->kind == BODY_KIND_TEXT)
			text = plain_text_trim(text);
		FALLTHROUGH;
	case BODY_KIND_SECRET:
		length = (int64_t)str_count_characters(text);
		if (length < member->minimum || length > member->maximum)
			return false;
		*(struct str *)field = text;
		return true;
	case BODY_KIND_EMAIL:
		return read_email(arena, text, field);
	case BODY_KIND_UUID:
		return uuid_parse(text, field);
	case BODY_KIND_WORD:
		return read_word(member->words, text, field);
	case BODY_KIND_TIME:
		if (!iso_time_parse(text, &time_us))
			return false;
		STORE(field, member->need, int64_t, struct opt_i64, time_us);
		return true;
	case BODY_KIND_BOOL:
	case BODY_KIND_I32:
	case BODY_KIND_I64:
	case BODY_KIND_SHARE:
	case BODY_KIND_WORDS:
		break;
	}
	return false;
}

static bool
read_i64(const struct body_member *member, int64_t value, void *field)
{
	if (value < member->minimum || value > member->maximum)
		return false;
	if (member->kind == BODY_KIND_I32)
		STORE(field, member->need, int32_t, struct opt_i32, (int32_t)value);
	else
		STORE(field, member->need, int64_t, struct opt_i64, value);
	return true;
}

/* What binary arithmetic adds to a share, as in 1 - 0.55; more of it was meant. */
#define SHARE_NOISE 1e-12
#define SHARE_UNITS 1e6

/* What is stored is what is shown: FIELD_FINE_DECIMALS. */
static bool
read_share(const struct body_member *member, double value, void *field)
{
	double stored = round(value * SHARE_UNITS) / SHARE_UNITS;

	if (!(value >= 0 && value <= 1) || fabs(value - stored) > SHARE_NOISE)
		return false;
	STORE(field, member->need, double, struct opt_f64, stored);
	return true;
}

static struct err *
read_value(struct ctx *ctx, const struct body_member *member,
	const struct json_node *node, void *field)
{
	enum json_kind wanted = json_kind_of(member->kind), kind = node->kind;
	bool is_good = false;

	/* 0 and 1 are shares written without a point. */
	if (wanted == JSON_IS_F64 && kind == JSON_IS_I64)
		kind = JSON_IS_F64;
	if (kind != wanted)
		return refuse(ctx, member, node, true);
	if (wanted == JSON_IS_TEXT)
		is_good = read_text(ctx->arena, member, node->text, field);
	else if (wanted == JSON_IS_I64)
		is_good = read_i64(member, node->i64, field);
	else if (wanted == JSON_IS_F64)
		is_good = read_share(member, node->f64, field);
	else if (wanted == JSON_IS_ARRAY)
		is_good = read_words(ctx->arena, member, node, field);
	else {
		STORE(field, member->need, bool, struct opt_bool, node->boolean);
		is_good = true;
	}
	if (is_good)
		return NULL;
	return wanted == JSON_IS_TEXT ? refuse_text(ctx, member, node)
				      : refuse(ctx, member, node, false);
}

/* --- The body --- */

static struct err *
read_members(struct ctx *ctx, const struct body_schema *schema,
	const struct json_node *object, void *body)
{
	uint64_t *given = body;

	for (size_t i = 0; i < object->count; i++) {
		size_t at = 0;

		while (at < schema->member_count &&
			!str_eq(schema->members[at].name, object->keys[i]))
			at++;
		if (at == schema->member_count)
			return refuse_unknown(ctx, schema, object->keys[i]);
		*given |= (uint64_t)1 << at;
	}
	for (size_t i = 0; i < schema->member_count; i++) {
		const struct body_member *member = &schema->members[i];
		const struct json_node *node = json_node_find(object, member->name);

		if (!node && member->need == BODY_NEEDED)
			return refuse_missing(ctx, member);
		if (!node ||
			(node->kind == JSON_IS_NULL && member->need == BODY_CLEARABLE))
			continue;
		TRY(read_value(ctx, member, node, (char *)body + member->offset));
	}
	return NULL;
}

struct err *
body_parse(struct ctx *ctx, const struct body_schema *schema, struct str text, void *ret)
{
	struct json_node root = { .kind = JSON_IS_OBJECT };
	char *body = arena_alloc(ctx->arena, schema->size);

	if (!body)
		return err_no_memory();
	/* No body at all is as good as an empty object. */
	if (text.len > 0)
		TRY(json_read(ctx->arena, text, &root));
	if (root.kind != JSON_IS_OBJECT)
		return err_new(ctx, ERR_INVALID, "the body must be a JSON object, not %s",
			json_kind_name(root.kind));
	TRY(read_members(ctx, schema, &root, body));
	memcpy(ret, body, schema->size);
	return NULL;
}

/* Whether the parameters of a content type (RFC 9110 §8.3.1) leave it UTF-8. */
static bool
is_utf8_type(struct str params)
{
	struct str param;

	while (str_next(&params, ';', &param)) {
		struct str name, value = param;

		if (!str_next(&value, '=', &name) ||
			!str_eq_nocase(str_trim(name), STR("charset")))
			continue;
		value = str_trim(value);
		if (value.len >= 2 && value.ptr[0] == '"' &&
			value.ptr[value.len - 1] == '"')
			value = str_slice(value, 1, value.len - 1);
		if (!str_eq_nocase(value, STR("utf-8")))
			return false;
	}
	return true;
}

struct err *
body_check_type(struct ctx *ctx, const struct http_request *http, struct str types)
{
	struct str given = http_request_header(http, STR("content-type")), type, rest;
	struct str known, list = types;
	bool is_known = false;

	/* Whoever stands before us may have gone by the other one. */
	if (http_request_repeats(http, STR("content-type")))
		return err_new(ctx, ERR_INVALID, "the Content-Type header is repeated");
	rest = given;
	if (str_next(&rest, ';', &type))
		while (!is_known && str_next(&list, '|', &known))
			is_known = str_eq_nocase(str_trim(type), known);
	if (!is_known) {
		struct buf wanted;

		buf_init(&wanted, ctx->arena, EXPECTATION_BYTES_MAX);
		while (str_next(&types, '|', &known))
			buf_fmt(&wanted, "%s" STR_FMT, wanted.len ? " or " : "",
				STR_ARG(known));
		return err_new(ctx, ERR_UNSUPPORTED,
			"send the body with Content-Type: " STR_FMT,
			STR_ARG(buf_str(&wanted)));
	}
	if (!is_utf8_type(rest))
		return err_new(ctx, ERR_UNSUPPORTED,
			"send the body in UTF-8, with charset=utf-8 or without a "
			"charset");
	return NULL;
}
