/*
 * Text by value: a pointer and a length, bytes not owned, not terminated.
 *
 * An absent text (SQL NULL, a missing field) has ptr NULL; an empty one has len 0 and
 * some ptr.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <string.h>

#include "base/arena.h"
#include "base/compiler.h"

struct str {
	const char *ptr;
	size_t len;
};

#define STR(literal) ((struct str){ .ptr = "" literal, .len = sizeof(literal) - 1 })
#define STR_INIT(literal)                                     \
	{                                                     \
		.ptr = "" literal, .len = sizeof(literal) - 1 \
	}
#define STR_NONE   ((struct str){ .ptr = NULL, .len = 0 })
#define STR_FMT    "%.*s"
#define STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct str
str_from(const char *text)
{
	return (struct str){ .ptr = text, .len = text ? strlen(text) : 0 };
}

static inline bool
str_is_none(struct str s)
{
	return s.ptr == NULL;
}

static inline bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Equal but for the case of ASCII letters. */
bool str_eq_nocase(struct str a, struct str b);
/* Order by bytes, a shorter text before a longer one that it begins. */
int str_cmp(struct str a, struct str b);
bool str_starts_with(struct str s, struct str prefix);
bool str_ends_with(struct str s, struct str suffix);
/* Where NEEDLE first stands in S, or -1. */
ptrdiff_t str_find(struct str s, struct str needle);
ptrdiff_t str_find_char(struct str s, char c);
/* S from byte BEGIN to before byte END, both cut to its length. */
struct str str_slice(struct str s, size_t begin, size_t end);
/* S without spaces, tabs and line ends around it. */
struct str str_trim(struct str s);
/* The text up to SEPARATOR, taken off REST; the last part leaves REST absent. False when
 * REST is absent. */
bool str_next(struct str *rest, char separator, struct str *ret);
/* Whether S is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool str_is_utf8(struct str s);
/* How many bytes the first character of S takes, 1 to 4; 0 where S is empty or does not
 * begin with a well-formed one. */
size_t str_utf8_sequence(struct str s);
/* Of S, which is UTF-8. */
size_t str_count_characters(struct str s);
uint64_t str_hash(struct str s);
/* How many single-character edits turn A into B, for "did you mean" (both cut at 64
 * bytes). */
size_t str_distance(struct str a, struct str b);

/* Copies in ARENA; absent when the arena is full. str_cstr's is terminated. */
struct str str_dup(struct arena *arena, struct str s);
const char *str_cstr(struct arena *arena, struct str s);
struct str str_fmt(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
