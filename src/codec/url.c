#include "codec/url.h"

#include "base/num.h"
#include "codec/hex.h"

static bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_scheme(struct str text)
{
	if (!text.len || !is_alpha(text.ptr[0]))
		return false;
	for (size_t i = 1; i < text.len; i++) {
		char c = text.ptr[i];

		if (!is_alpha(c) && !is_digit(c) && c != '+' && c != '-' && c != '.')
			return false;
	}
	return true;
}

static bool
has_blank_or_control(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == '\x7f')
			return true;
	}
	return false;
}

/* Cut TEXT at its first C: what stands behind it goes to RET,
 * which is absent without C. */
static void
cut_at(struct str *text, char c, struct str *ret)
{
	ptrdiff_t at = str_find_char(*text, c);

	*ret = STR_NONE;
	if (at < 0)
		return;
	*ret = str_slice(*text, (size_t)at + 1, text->len);
	*text = str_slice(*text, 0, (size_t)at);
}

/* [user@]host[:port] */
static bool
authority_split(struct str text, struct url *url)
{
	int32_t port;
	struct str host = text, behind;

	url->user_info = STR_NONE;
	url->port = STR_NONE;
	for (size_t i = text.len; i-- > 0;) {
		if (text.ptr[i] == '@') {
			url->user_info = str_slice(text, 0, i);
			host = str_slice(text, i + 1, text.len);
			break;
		}
	}
	if (str_starts_with(host, STR("["))) {
		host = str_slice(host, 1, host.len);
		cut_at(&host, ']', &behind);
		if (str_is_none(behind) || (behind.len && behind.ptr[0] != ':'))
			return false;
		if (behind.len)
			url->port = str_slice(behind, 1, behind.len);
	} else {
		cut_at(&host, ':', &url->port);
	}
	url->host = host;
	if (!host.len)
		return false;
	return str_is_none(url->port) ||
		(url->port.len && is_digit(url->port.ptr[0]) &&
			num_parse_i32(url->port, 1, 65535, &port));
}

bool
url_split(struct str text, struct url *ret)
{
	struct url url;
	ptrdiff_t colon = str_find(text, STR("://"));
	struct str rest;
	size_t host_end = 0;

	if (colon < 0 || has_blank_or_control(text))
		return false;
	url.scheme = str_slice(text, 0, (size_t)colon);
	rest = str_slice(text, (size_t)colon + 3, text.len);
	cut_at(&rest, '#', &url.fragment);
	cut_at(&rest, '?', &url.query);
	while (host_end < rest.len && rest.ptr[host_end] != '/')
		host_end++;
	url.path = str_slice(rest, host_end, rest.len);
	if (!is_scheme(url.scheme) ||
		!authority_split(str_slice(rest, 0, host_end), &url))
		return false;
	*ret = url;
	return true;
}

void
url_encode(struct buf *out, struct str text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (is_alpha((char)c) || is_digit((char)c) || c == '-' || c == '.' ||
			c == '_' || c == '~') {
			buf_put_char(out, (char)c);
		} else {
			char coded[] = { '%', digits[c >> 4], digits[c & 15] };

			buf_put(out, (struct str){ .ptr = coded, .len = 3 });
		}
	}
}

bool
url_decode(struct buf *out, struct str text, enum url_plus plus)
{
	/* What is decoded is never longer than its code. */
	char *at = buf_reserve(out, text.len);
	size_t size = 0;

	if (!at)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int high, low;

		if (text.ptr[i] == '+' && plus == URL_PLUS_IS_SPACE) {
			at[size++] = ' ';
			continue;
		}
		if (text.ptr[i] != '%') {
			at[size++] = text.ptr[i];
			continue;
		}
		if (text.len - i < 3)
			return false;
		high = hex_digit(text.ptr[i + 1]);
		low = hex_digit(text.ptr[i + 2]);
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return false;
		at[size++] = (char)(high << 4 | low);
		i += 2;
	}
	buf_added(out, size);
	return true;
}

bool
url_query_next(struct str *rest, struct str *ret_name, struct str *ret_value)
{
	struct str part;

	while (str_next(rest, '&', &part)) {
		if (!part.len)
			continue;
		cut_at(&part, '=', ret_value);
		*ret_name = part;
		return true;
	}
	return false;
}

struct str
url_masked(struct arena *arena, struct str url)
{
	ptrdiff_t begin = str_find(url, STR("://")), at = -1, colon, query;
	struct str shown = url, behind;

	if (begin < 0)
		return url;
	/* The last @ of all: hiding too much is harmless. */
	for (size_t i = (size_t)begin + 3; i < url.len; i++)
		if (url.ptr[i] == '@')
			at = (ptrdiff_t)i;
	colon = str_find_char(str_slice(url, (size_t)begin + 3, url.len), ':');
	if (at >= 0 && colon >= 0 && begin + 3 + colon < at) {
		behind = str_slice(url, (size_t)at, url.len);
		shown = str_fmt(arena, STR_FMT ":***" STR_FMT,
			STR_ARG(str_slice(url, 0, (size_t)(begin + 3 + colon))),
			STR_ARG(behind));
	}
	query = str_find(shown, STR("password="));
	if (query >= 0) {
		behind = str_slice(shown, (size_t)query + 9, shown.len);
		at = str_find_char(behind, '&');
		shown = str_fmt(arena, STR_FMT "***" STR_FMT,
			STR_ARG(str_slice(shown, 0, (size_t)query + 9)),
			STR_ARG(str_slice(
				behind, at < 0 ? behind.len : (size_t)at, behind.len)));
	}
	return shown;
}
