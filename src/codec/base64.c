#include "codec/base64.h"

void
base64_encode(struct buf *out, struct str bytes, enum base64_kind kind)
{
	static const char standard[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char url[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *digits = kind == BASE64_STANDARD ? standard : url;

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t size = bytes.len - i < 3 ? bytes.len - i : 3;
		uint32_t group = 0;

		for (size_t k = 0; k < 3; k++)
			group = group << 8 |
				(k < size ? (unsigned char)bytes.ptr[i + k] : 0);
		for (size_t k = 0; k < 4; k++) {
			if (k <= size)
				buf_put_char(out, digits[group >> (18 - 6 * k) & 63]);
			else if (kind != BASE64_URL)
				buf_put_char(out, '=');
		}
	}
}

static int
digit_value(char c, enum base64_kind kind)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (kind == BASE64_STANDARD ? '+' : '-'))
		return 62;
	if (c == (kind == BASE64_STANDARD ? '/' : '_'))
		return 63;
	return -1;
}

/* Take the padding off TEXT; false where it is not what KIND asks for. */
static bool
padding_strip(struct str *text, enum base64_kind kind)
{
	size_t padding = 0;

	if (kind == BASE64_URL)
		return text->len % 4 != 1;
	if (text->len % 4 != 0)
		return false;
	while (padding < 2 && padding < text->len &&
		text->ptr[text->len - 1 - padding] == '=')
		padding++;
	text->len -= padding;
	return true;
}

bool
base64_decode(struct buf *out, struct str text, enum base64_kind kind)
{
	uint32_t bits = 0;
	int bit_count = 0;
	size_t size = 0;
	char *at;

	if (!padding_strip(&text, kind))
		return false;
	at = buf_reserve(out, text.len / 4 * 3 + text.len % 4 * 3 / 4);
	if (!at)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int value = digit_value(text.ptr[i], kind);

		if (value < 0)
			return false;
		bits = (bits << 6 | (uint32_t)value) & 0xffff;
		bit_count += 6;
		if (bit_count >= 8) {
			bit_count -= 8;
			at[size++] = (char)(bits >> bit_count & 0xff);
		}
	}
	/* The bits left over belong to no byte and must be zero. */
	if (bits & ((1u << bit_count) - 1))
		return false;
	buf_added(out, size);
	return true;
}
