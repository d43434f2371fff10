#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool
str_eq_nocase(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

int
str_cmp(struct str a, struct str b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.ptr, b.ptr, common) : 0;

	if (order)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

bool
str_starts_with(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_eq(str_slice(s, 0, prefix.len), prefix);
}

bool
str_ends_with(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
		str_eq(str_slice(s, s.len - suffix.len, s.len), suffix);
}

ptrdiff_t
str_find(struct str s, struct str needle)
{
	const char *at;

	if (needle.len == 0)
		return 0;
	if (s.len == 0)
		return -1;
	at = memmem(s.ptr, s.len, needle.ptr, needle.len);
	return at ? at - s.ptr : -1;
}

ptrdiff_t
str_find_char(struct str s, char c)
{
	const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;

	return at ? at - s.ptr : -1;
}

struct str
str_slice(struct str s, size_t begin, size_t end)
{
	if (s.len == 0)
		return s; /* empty or absent, it stays so */
	if (end > s.len)
		end = s.len;
	if (begin > end)
		begin = end;
	return (struct str){ .ptr = s.ptr + begin, .len = end - begin };
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str
str_trim(struct str s)
{
	while (s.len && is_space(s.ptr[0]))
		s = str_slice(s, 1, s.len);
	while (s.len && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

bool
str_next(struct str *rest, char separator, struct str *ret)
{
	ptrdiff_t at;

	if (str_is_none(*rest))
		return false;
	at = str_find_char(*rest, separator);
	if (at < 0) {
		*ret = *rest;
		*rest = STR_NONE;
	} else {
		*ret = str_slice(*rest, 0, (size_t)at);
		*rest = str_slice(*rest, (size_t)at + 1, rest->len);
	}
	return true;
}

/* Table 3-7 of Unicode. */
size_t
str_utf8_sequence(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.ptr;
	unsigned char low = 0x80, high = 0xBF;
	size_t length;

	if (s.len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xC2 && p[0] <= 0xDF)
		length = 2;
	else if (p[0] >= 0xE0 && p[0] <= 0xEF)
		length = 3;
	else if (p[0] >= 0xF0 && p[0] <= 0xF4)
		length = 4;
	else
		return 0;
	if (s.len < length)
		return 0;
	if (p[0] == 0xE0)
		low = 0xA0;
	else if (p[0] == 0xED)
		high = 0x9F;
	else if (p[0] == 0xF0)
		low = 0x90;
	else if (p[0] == 0xF4)
		high = 0x8F;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (p[i] < 0x80 || p[i] > 0xBF)
			return 0;
	return length;
}

bool
str_is_utf8(struct str s)
{
	size_t at = 0;

	while (at < s.len) {
		size_t length = str_utf8_sequence(str_slice(s, at, s.len));

		if (length == 0)
			return false;
		at += length;
	}
	return true;
}

size_t
str_count_characters(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.len; i++)
		count += ((uint8_t)s.ptr[i] & 0xc0) != 0x80;
	return count;
}

/* FNV-1a, 64 bit (Fowler, Noll, Vo). Not for tables that strangers fill. */
uint64_t
str_hash(struct str s)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.len; i++)
		hash = (hash ^ (unsigned char)s.ptr[i]) * 0x100000001b3u;
	return hash;
}

/* Levenshtein distance, one row at a time. */
size_t
str_distance(struct str a, struct str b)
{
	size_t row[65] = { 0 };

	a = str_slice(a, 0, COUNT_OF(row) - 1);
	b = str_slice(b, 0, COUNT_OF(row) - 1);
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t best = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b.len];
}

struct str
str_dup(struct arena *arena, struct str s)
{
	char *copy;

	if (str_is_none(s))
		return STR_NONE;
	copy = arena_alloc_text(arena, s.len);
	if (!copy)
		return STR_NONE;
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return (struct str){ .ptr = copy, .len = s.len };
}

const char *
str_cstr(struct arena *arena, struct str s)
{
	char *copy = arena_alloc_text(arena, s.len + 1);

	if (!copy)
		return NULL;
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return copy;
}

struct str
str_fmt(struct arena *arena, const char *fmt, ...)
{
	va_list args, again;
	struct str ret = STR_NONE;
	char *text;
	int len;

	va_start(args, fmt);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, args);
	text = len < 0 ? NULL : arena_alloc_text(arena, (size_t)len + 1);
	if (text) {
		vsnprintf(text, (size_t)len + 1, fmt, again);
		ret = (struct str){ .ptr = text, .len = (size_t)len };
	}
	va_end(again);
	va_end(args);
	return ret;
}
