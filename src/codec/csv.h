/*
 * Comma-separated values (RFC 4180), read as a stream and written to a buf.
 *
 * The reader takes line ends LF and CRLF, a byte order mark, quoted fields with line ends
 * and doubled quotes in them; it skips empty lines. It holds one record at a time and
 * never more than line_max bytes. INVALID with line and column: a NUL, bytes that are not
 * UTF-8, a quote in the middle of a field, a quoted field that does not end, a carriage
 * return on its own. TOO_LARGE: a longer record, more fields.
 */
#ifndef CODEC_CSV_H
#define CODEC_CSV_H

#include "base/buf.h"
#include "base/err.h"

/* Where bytes come from: at most ROOM of them INTO memory, 0 at the end. */
struct csv_source {
	struct err *(*read)(void *arg, char *into, size_t room, size_t *ret);
	void *arg;
};

struct csv_options {
	size_t line_max;   /* bytes of a record; 0: 64 KiB */
	size_t fields_max; /* 0: 256 */
};

/* One record; its text lasts until the next call. */
struct csv_row {
	struct str *fields;
	size_t count;
	int64_t line;  /* of its first byte, from 1 */
	bool is_ended; /* by a line end; the last record of a file may not be, perhaps
			  because the file was cut off */
};

struct csv_reader {
	struct arena *arena;
	struct csv_source source;
	struct csv_options options;
	char *buffer;
	size_t begin; /* of what is not yet returned */
	size_t end;
	size_t got;     /* by the last read */
	bool is_at_end; /* the source has no more */
	bool is_past_mark;
	int64_t line;
	struct str *fields;
};

struct err *csv_reader_init(struct csv_reader *reader, struct arena *arena,
	struct csv_source source, struct csv_options options) MUST_USE;
/* ret_found: false at the end. */
struct err *
csv_next(struct csv_reader *reader, struct csv_row *ret, bool *ret_found) MUST_USE;

/* A source over text in memory. */
struct csv_memory {
	struct str rest;
};
struct csv_source csv_from_memory(struct csv_memory *memory);

/* The writer: fields one by one, then the end of the row (CRLF). Quotes where needed. */
struct csv {
	struct buf *out;
	bool needs_comma;
};
static inline struct csv
csv_begin(struct buf *out)
{
	return (struct csv){ .out = out };
}
/* An absent text is an empty field. */
void csv_put_text(struct csv *csv, struct str text);
/* What a stranger may have written: with an apostrophe before what a spreadsheet would
 * take for a formula. */
void csv_put_said(struct csv *csv, struct str text);
void csv_put_i64(struct csv *csv, int64_t value);
/* Rounded to DECIMALS places, without trailing zeros; empty where not finite. */
void csv_put_fixed(struct csv *csv, double value, int decimals);
void csv_put_row_end(struct csv *csv);

#endif
