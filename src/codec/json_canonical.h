/*
 * JSON in one form only: the one that PostgreSQL 15 gives back of a jsonb.
 *
 * So that a document stored in SQLite, as text, reads as it does from PostgreSQL, byte by
 * byte: object keys sorted by length, then by bytes; of equal keys the last one counts;
 * ", " and ": " between; numbers in plain digits with the decimal places they were
 * written with (1.50e1 is 15.0, -0 is 0); only the escapes \" \\ \b \f \n \r \t and
 * \u00XX for other control characters.
 *
 * Source: PostgreSQL 15 documentation, 8.14 "JSON Types" and 8.1.2 "Arbitrary Precision
 * Numbers", and what the server answers (tests/db/json_test.c).
 */
#ifndef CODEC_JSON_CANONICAL_H
#define CODEC_JSON_CANONICAL_H

#include "base/err.h"
#include "base/str.h"

enum {
	JSON_CANONICAL_DEPTH_MAX = 1000,
};

/*
 * The canonical form of TEXT in ARENA. INVALID: not JSON (RFC 8259), not UTF-8, \u0000 or
 * half a surrogate pair, a number of more than 131,072 digits before or 16,383 after the
 * point, nesting deeper than JSON_CANONICAL_DEPTH_MAX. TOO_LARGE: more than BYTES_MAX
 * bytes (1e100000 is short to write and long to read).
 */
struct err *json_canonical(
	struct arena *arena, struct str text, size_t bytes_max, struct str *ret) MUST_USE;

#endif
