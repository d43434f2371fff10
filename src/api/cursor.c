#include "api/cursor.h"

#include "api/route.h"
#include "base/buf.h"
#include "base/num.h"
#include "codec/base64.h"
#include "codec/url.h"
#include "codec/uuid.h"
#include "crypto/digest.h"

enum {
	CURSOR_BYTES_MAX = 400, /* a key may be a whole address */
	LINK_BYTES_MAX = 8192,  /* half of an answer's head: no filter is so long */
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

/* The parameters of RQ as they were sent, but for its cursor: each with & behind it,
 * coded anew, as < and > would be the link's own. */
static bool
put_asked(struct buf *out, const struct request *rq)
{
	struct str rest = rq->http->query, name, value;

	while (url_query_next(&rest, &name, &value)) {
		struct buf plain_name, plain_value;

		buf_init(&plain_name, out->arena, LINK_BYTES_MAX);
		buf_init(&plain_value, out->arena, LINK_BYTES_MAX);
		if (!url_decode(&plain_name, name, URL_PLUS_IS_SPACE) ||
			!url_decode(&plain_value, value, URL_PLUS_IS_SPACE))
			return false;
		if (str_eq(buf_str(&plain_name), STR("cursor")))
			continue;
		url_encode(out, buf_str(&plain_name));
		buf_put_char(out, '=');
		url_encode(out, buf_str(&plain_value));
		buf_put_char(out, '&');
	}
	return true;
}

struct err *
page_tell_next(const struct request *rq, struct str next, struct http_answer *answer)
{
	struct buf link;

	if (str_is_none(next))
		return NULL;
	buf_init(&link, rq->ctx->arena, LINK_BYTES_MAX);
	/* No list that is paged has parts in its path. */
	buf_fmt(&link, "<" STR_FMT "?", STR_ARG(rq->route->path));
	if (!put_asked(&link, rq))
		return err_no_memory();
	buf_fmt(&link, "cursor=" STR_FMT ">; rel=\"next\"", STR_ARG(next));
	if (buf_is_cut(&link))
		return err_no_memory();
	return http_answer_add(rq->ctx, answer, STR("Link"), buf_str(&link));
}

/* --- Of which list */

enum {
	/* Enough that the cursor of another list is not taken by accident: whoever makes
	 * one up is shown what any cursor shows. */
	MARK_BYTES = 6,
	ASKED_BYTES_MAX = 4096,
};

/* What tells RQ's list from others: its route and what it is asked for, not how many rows
 * of it, in which form, or from where on. */
static struct err *
mark_of(const struct request *rq, char ret[static MARK_BYTES])
{
	uint32_t mask = rq->route->params &
		~(1u << PARAM_limit | 1u << PARAM_cursor | 1u << PARAM_format);
	uint8_t digest[SHA256_BYTES];
	struct buf asked;

	buf_init(&asked, rq->ctx->arena, ASKED_BYTES_MAX);
	buf_put(&asked, str_from(rq->route->label));
	buf_put_char(&asked, '\n');
	params_put(&asked, mask, &rq->params);
	if (buf_is_cut(&asked))
		return err_no_memory();
	digest_sha256(buf_str(&asked), digest);
	memcpy(ret, digest, MARK_BYTES);
	return NULL;
}

/* --- Its key */

static struct err *
is_no_cursor(struct ctx *ctx)
{
	return err_field(
		ctx, "cursor", "cursor is not one that a page of this gave as its next");
}

/* A cursor is base64url of its list's mark and "NUMBER:TEXT". */
struct err *
text_cursor_parse(const struct request *rq, struct text_key *ret)
{
	struct ctx *ctx = rq->ctx;
	struct text_key key = { .text = STR("") };
	char mark[MARK_BYTES];
	struct str plain, number;
	struct buf buf;

	if (str_is_none(rq->params.cursor)) {
		*ret = key;
		return NULL;
	}
	buf_init(&buf, ctx->arena, CURSOR_BYTES_MAX);
	if (!base64_decode(&buf, rq->params.cursor, BASE64_URL) || buf.len < MARK_BYTES)
		return is_no_cursor(ctx);
	plain = str_slice(buf_str(&buf), MARK_BYTES, buf.len);
	if (!str_is_utf8(plain) || !str_next(&plain, ':', &number) ||
		!num_parse_i32(number, 0, NUMBER_MAX, &key.number) ||
		str_is_none(plain) || memchr(plain.ptr, '\0', plain.len))
		return is_no_cursor(ctx);
	TRY(mark_of(rq, mark));
	if (memcmp(mark, buf_str(&buf).ptr, MARK_BYTES) != 0)
		return err_field(ctx, "cursor",
			"cursor is of another list, or of this one with other filters; "
			"begin without one");
	key.text = plain;
	*ret = key;
	return NULL;
}

struct err *
text_cursor_format(const struct request *rq, struct text_key key, struct str *ret)
{
	struct str plain = str_fmt(
		rq->ctx->arena, "%d:" STR_FMT, key.number, STR_ARG(key.text));
	char mark[MARK_BYTES];
	struct buf marked, text;

	TRY(mark_of(rq, mark));
	buf_init(&marked, rq->ctx->arena, CURSOR_BYTES_MAX);
	buf_put(&marked, (struct str){ mark, sizeof(mark) });
	buf_put(&marked, plain);
	buf_init(&text, rq->ctx->arena, CURSOR_BYTES_MAX);
	base64_encode(&text, buf_str(&marked), BASE64_URL);
	if (buf_is_cut(&marked) || buf_is_cut(&text))
		return err_no_memory();
	*ret = buf_str(&text);
	return NULL;
}

struct err *
cursor_parse(const struct request *rq, struct page_key *ret)
{
	struct text_key key;
	struct page_key page = { 0 };

	TRY(text_cursor_parse(rq, &key));
	if (!str_is_none(rq->params.cursor) && !uuid_parse(key.text, &page.id))
		return is_no_cursor(rq->ctx);
	page.week = key.number;
	*ret = page;
	return NULL;
}

struct err *
cursor_format(const struct request *rq, struct page_key key, struct str *ret)
{
	char storage[UUID_TEXT_LEN + 1];
	struct buf text;

	buf_init_fixed(&text, storage, sizeof(storage));
	uuid_format(&text, key.id);
	return text_cursor_format(
		rq, (struct text_key){ .number = key.week, .text = buf_str(&text) }, ret);
}
