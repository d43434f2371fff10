#include "codec/plain_text.h"

struct span {
	int32_t first;
	int32_t last;
};

/* Never: controls (Cc), bidirectional controls, separators, and what takes no room and no
 * script needs (Default_Ignorable_Code_Point without what is_bound knows). */
static const struct span refused[] = {
	{ 0x0000, 0x001f },
	{ 0x007f, 0x009f },
	{ 0x00ad, 0x00ad },   /* soft hyphen */
	{ 0x034f, 0x034f },   /* combining grapheme joiner */
	{ 0x061c, 0x061c },   /* Arabic letter mark */
	{ 0x115f, 0x1160 },   /* Hangul fillers */
	{ 0x17b4, 0x17b5 },   /* Khmer inherent vowels */
	{ 0x180e, 0x180e },   /* Mongolian vowel separator */
	{ 0x200b, 0x200b },   /* zero width space */
	{ 0x200e, 0x200f },   /* left-to-right and right-to-left mark */
	{ 0x2028, 0x202e },   /* separators, embeddings, overrides */
	{ 0x2060, 0x206f },   /* word joiner, isolates, deprecated controls */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xfdd0, 0xfdef },   /* no characters */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xffa0, 0xffa0 },   /* halfwidth Hangul filler */
	{ 0xfff0, 0xfffb },   /* interlinear annotation */
	{ 0x13430, 0x1345f }, /* controls of Egyptian hieroglyphs */
	{ 0x1bca0, 0x1bca3 }, /* of shorthand */
	{ 0x1d173, 0x1d17a }, /* of musical notation */
	{ 0xe0000, 0xe001f },
	{ 0xe0080, 0xe00ff },
	{ 0xe01f0, 0xe0fff },
};

/* Seen as a gap, if at all. */
static const struct span blank[] = {
	{ 0x0009, 0x000a },
	{ 0x000d, 0x000d },
	{ 0x0020, 0x0020 },
	{ 0x00a0, 0x00a0 },
	{ 0x1680, 0x1680 },
	{ 0x2000, 0x200a },
	{ 0x202f, 0x202f },
	{ 0x205f, 0x205f },
	{ 0x2800, 0x2800 }, /* Braille of no dots */
	{ 0x3000, 0x3000 },
};

enum {
	NOTHING = 0, /* what a text begins behind */
	ZWNJ = 0x200c,
	ZWJ = 0x200d,
	BLACK_FLAG = 0x1f3f4,
	TAG_FIRST = 0xe0020,
	TAG_LAST = 0xe007f,
	NO_CHARACTER_MASK = 0xfffe, /* U+FFFE, U+FFFF, and those of every plane */
};

static bool
is_among(const struct span *spans, size_t count, int32_t c)
{
	for (size_t i = 0; i < count; i++)
		if (c >= spans[i].first && c <= spans[i].last)
			return true;
	return false;
}

static bool
is_blank(int32_t c)
{
	return is_among(blank, COUNT_OF(blank), c);
}

static bool
is_joiner(int32_t c)
{
	return c == ZWNJ || c == ZWJ;
}

static bool
is_variation_selector(int32_t c)
{
	return (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef) ||
		(c >= 0x180b && c <= 0x180d) || c == 0x180f;
}

static bool
is_tag(int32_t c)
{
	return c >= TAG_FIRST && c <= TAG_LAST;
}

/* Whether C takes no room by itself and changes what stands before it. */
static bool
is_bound(int32_t c)
{
	return is_joiner(c) || is_variation_selector(c) || is_tag(c);
}

static bool
may_follow(int32_t before, int32_t c)
{
	if (is_tag(c))
		return before == BLACK_FLAG || is_tag(before);
	if (before == NOTHING || is_blank(before) || is_joiner(before))
		return false;
	if (is_joiner(c))
		return before > 0x7f;
	return !is_bound(before);
}

/* The first code point of TEXT, which is UTF-8 and not empty, taken off it. */
static int32_t
next(struct str *text)
{
	size_t len = str_utf8_sequence(*text);
	const uint8_t *bytes = (const uint8_t *)text->ptr;
	int32_t c = bytes[0];

	if (len > 1)
		c &= 0x7f >> len;
	for (size_t i = 1; i < len; i++)
		c = c << 6 | (bytes[i] & 0x3f);
	*text = str_slice(*text, len ? len : 1, text->len);
	return c;
}

int32_t
plain_text_fault(struct str text, bool may_have_lines)
{
	int32_t before = NOTHING;
	bool is_seen = text.len == 0;

	while (text.len > 0) {
		int32_t c = next(&text);
		bool is_line = c == '\n' || c == '\r' || c == '\t';

		if ((c & NO_CHARACTER_MASK) == NO_CHARACTER_MASK ||
			(is_bound(c) && !may_follow(before, c)) ||
			(!(is_line && may_have_lines) &&
				is_among(refused, COUNT_OF(refused), c)))
			return c;
		is_seen |= !is_blank(c) && !is_bound(c);
		before = c;
	}
	return is_seen ? PLAIN_TEXT_GOOD : PLAIN_TEXT_BLANK;
}

struct str
plain_text_trim(struct str text)
{
	struct str rest = text, ret = str_slice(text, text.len, text.len);

	while (rest.len > 0) {
		const char *at = rest.ptr;

		if (is_blank(next(&rest)))
			continue;
		if (ret.len == 0)
			ret.ptr = at;
		ret.len = (size_t)(rest.ptr - ret.ptr);
	}
	return ret;
}
