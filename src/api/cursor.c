#include "api/cursor.h"

#include "base/buf.h"
#include "base/num.h"
#include "codec/base64.h"
#include "codec/uuid.h"

enum {
	CURSOR_BYTES_MAX = 200,
	NUMBER_MAX = 9999,
};

int32_t
page_limit(const struct params *params)
{
	return params->limit.is_set ? params->limit.value : PAGE_ROWS_DEFAULT;
}

bool
page_is_full(const struct params *params, size_t *count)
{
	size_t limit = (size_t)page_limit(params);

	if (*count <= limit)
		return false;
	*count = limit;
	return true;
}

/* A cursor is base64url of "NUMBER:TEXT". */
struct err *
text_cursor_parse(struct ctx *ctx, struct str text, struct text_key *ret)
{
	struct text_key key = { .text = STR("") };
	struct str plain, number;
	struct buf buf;

	if (str_is_none(text)) {
		*ret = key;
		return NULL;
	}
	buf_init(&buf, ctx->arena, CURSOR_BYTES_MAX);
	if (!base64_decode(&buf, text, BASE64_URL) || !str_is_utf8(buf_str(&buf)))
		return err_field(
			ctx, "cursor", "cursor is not one that a page gave as its next");
	plain = buf_str(&buf);
	if (!str_next(&plain, ':', &number) ||
		!num_parse_i32(number, 0, NUMBER_MAX, &key.number) ||
		str_is_none(plain) || memchr(plain.ptr, '\0', plain.len))
		return err_field(
			ctx, "cursor", "cursor is not one that a page gave as its next");
	key.text = plain;
	*ret = key;
	return NULL;
}

struct str
text_cursor_format(struct ctx *ctx, struct text_key key)
{
	struct str plain = str_fmt(
		ctx->arena, "%d:" STR_FMT, key.number, STR_ARG(key.text));
	struct buf buf;

	buf_init(&buf, ctx->arena, CURSOR_BYTES_MAX);
	base64_encode(&buf, plain, BASE64_URL);
	return buf_str(&buf);
}

struct err *
cursor_parse(struct ctx *ctx, struct str text, struct page_key *ret)
{
	struct text_key key;
	struct page_key page = { 0 };

	TRY(text_cursor_parse(ctx, text, &key));
	if (!str_is_none(text) && !uuid_parse(key.text, &page.id))
		return err_field(
			ctx, "cursor", "cursor is not one that a page gave as its next");
	page.week = key.number;
	*ret = page;
	return NULL;
}

struct str
cursor_format(struct ctx *ctx, struct page_key key)
{
	char storage[UUID_TEXT_LEN + 1];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	uuid_format(&text, key.id);
	return text_cursor_format(
		ctx, (struct text_key){ .number = key.week, .text = buf_str(&text) });
}
