#include "codec/csv.h"

#include <math.h>

#include "codec/json_write.h"

enum {
	LINE_MAX_DEFAULT = 64 * 1024,
	FIELDS_MAX_DEFAULT = 256,
};

struct err *
csv_reader_init(struct csv_reader *reader, struct arena *arena, struct csv_source source,
	struct csv_options options)
{
	if (!options.line_max)
		options.line_max = LINE_MAX_DEFAULT;
	if (!options.fields_max)
		options.fields_max = FIELDS_MAX_DEFAULT;
	*reader = (struct csv_reader){
		.arena = arena,
		.source = source,
		.options = options,
		.line = 1,
	};
	reader->buffer = arena_alloc_text(arena, options.line_max);
	if (!reader->buffer)
		return err_no_memory();
	TRY_NEW(arena, reader->fields, options.fields_max);
	return NULL;
}

/* A fault at byte AT of the buffer, where the record that begins at reader->begin is
 * read.
 */
static struct err *
fault_at(struct csv_reader *reader, size_t at, const char *what)
{
	int64_t line = reader->line, column = 1;

	for (size_t i = reader->begin; i < at; i++) {
		column++;
		if (reader->buffer[i] == '\n') {
			line++;
			column = 1;
		}
	}
	return err_in(reader->arena, ERR_INVALID, "line %lld, column %lld: %s",
		(long long)line, (long long)column, what);
}

/* Read more behind what is there, moving it to the front of the buffer first. */
static struct err *
refill(struct csv_reader *reader)
{
	size_t held = reader->end - reader->begin;

	if (reader->begin) {
		memmove(reader->buffer, reader->buffer + reader->begin, held);
		reader->begin = 0;
		reader->end = held;
	}
	if (held == reader->options.line_max)
		return err_in(reader->arena, ERR_TOO_LARGE,
			"line %lld: longer than %zu bytes; this is not a file of the "
			"expected kind",
			(long long)reader->line, reader->options.line_max);
	reader->got = 0;
	TRY(reader->source.read(reader->source.arg, reader->buffer + held,
		reader->options.line_max - held, &reader->got));
	reader->end += reader->got;
	reader->is_at_end = reader->got == 0;
	return NULL;
}

static struct err *
byte_order_mark_skip(struct csv_reader *reader)
{
	static const char mark[] = { '\xef', '\xbb', '\xbf' };

	while (reader->end < sizeof(mark) && !reader->is_at_end)
		TRY(refill(reader));
	if (reader->end >= sizeof(mark) &&
		memcmp(reader->buffer, mark, sizeof(mark)) == 0)
		reader->begin = sizeof(mark);
	if (reader->end >= 2 &&
		(memcmp(reader->buffer, "\xff\xfe", 2) == 0 ||
			memcmp(reader->buffer, "\xfe\xff", 2) == 0))
		return fault_at(reader, 0, "UTF-16 and not UTF-8 text: save it as UTF-8");
	reader->is_past_mark = true;
	return NULL;
}

/* Where the record at reader->begin ends: its line feed, or the end of the data. */
static struct err *
record_end(struct csv_reader *reader, size_t *ret, bool *ret_is_ended)
{
	size_t len = 0; /* of what was looked at; survives a refill */
	/* Within quotes; in a field that began with one; at the first byte of a field. */
	bool is_quoted = false, is_quoted_field = false, is_field_start = true;

	for (;;) {
		while (reader->begin + len < reader->end) {
			char c = reader->buffer[reader->begin + len];

			if (c == '\0')
				return fault_at(reader, reader->begin + len,
					"a NUL byte; this is not a CSV file");
			if (c == '"' && is_field_start)
				is_quoted_field = true;
			if (c == '"' && is_quoted_field)
				is_quoted = !is_quoted;
			is_field_start = c == ',' && !is_quoted;
			if (is_field_start)
				is_quoted_field = false;
			if (c == '\n' && !is_quoted) {
				*ret = reader->begin + len;
				*ret_is_ended = true;
				return NULL;
			}
			len++;
		}
		if (reader->is_at_end)
			break;
		TRY(refill(reader));
	}
	if (is_quoted)
		return fault_at(reader, reader->end,
			"a quoted field does not end; is the file cut off?");
	*ret = reader->end;
	*ret_is_ended = false;
	return NULL;
}

/* Take the quoted field that begins at *AT, its quotes and doublings removed in place. */
static struct err *
quoted_field(struct csv_reader *reader, size_t *at, size_t end, struct str *ret)
{
	size_t from = *at + 1, to = from, begin = from;
	char *buffer = reader->buffer;

	for (;; from++) {
		if (from == end)
			return fault_at(reader, from, "a quoted field does not end");
		if (buffer[from] == '"') {
			if (from + 1 == end || buffer[from + 1] != '"')
				break;
			from++;
		}
		buffer[to++] = buffer[from];
	}
	*at = from + 1;
	if (*at < end && buffer[*at] != ',')
		return fault_at(reader, *at, "text behind the closing quote of a field");
	*ret = (struct str){ .ptr = buffer + begin, .len = to - begin };
	return NULL;
}

static struct err *
plain_field(struct csv_reader *reader, size_t *at, size_t end, struct str *ret)
{
	size_t begin = *at;

	for (; *at < end && reader->buffer[*at] != ','; ++*at) {
		if (reader->buffer[*at] == '"')
			return fault_at(reader, *at, "a quote within an unquoted field");
		if (reader->buffer[*at] == '\r')
			return fault_at(reader, *at,
				"a carriage return that no line feed follows");
	}
	*ret = (struct str){ .ptr = reader->buffer + begin, .len = *at - begin };
	return NULL;
}

/* Cut the record from reader->begin to END into fields. */
static struct err *
record_split(struct csv_reader *reader, size_t end, size_t *ret_count)
{
	size_t count = 0, at = reader->begin;

	for (;;) {
		struct str *field = &reader->fields[count];

		if (count == reader->options.fields_max)
			return err_in(reader->arena, ERR_TOO_LARGE,
				"line %lld: more than %zu fields",
				(long long)reader->line, reader->options.fields_max);
		if (at < end && reader->buffer[at] == '"')
			TRY(quoted_field(reader, &at, end, field));
		else
			TRY(plain_field(reader, &at, end, field));
		count++;
		if (at == end)
			break;
		at++;
	}
	*ret_count = count;
	return NULL;
}

static int64_t
line_feeds_in(struct str text)
{
	int64_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == '\n';
	return count;
}

/* How many bytes of TEXT are UTF-8. */
static size_t
utf8_len(struct str text)
{
	size_t at = 0, length;

	do {
		length = str_utf8_sequence(str_slice(text, at, text.len));
		at += length;
	} while (length);
	return at;
}

struct err *
csv_next(struct csv_reader *reader, struct csv_row *ret, bool *ret_found)
{
	if (!reader->is_past_mark)
		TRY(byte_order_mark_skip(reader));
	for (;;) {
		struct csv_row row = { .fields = reader->fields };
		size_t end = 0, next;
		struct str record;
		int64_t lines;

		TRY(record_end(reader, &end, &row.is_ended));
		if (end == reader->begin && !row.is_ended) {
			*ret_found = false;
			return NULL;
		}
		next = row.is_ended ? end + 1 : end;
		if (end > reader->begin && reader->buffer[end - 1] == '\r')
			end--;
		record = (struct str){ reader->buffer + reader->begin,
			end - reader->begin };
		if (!str_is_utf8(record))
			return fault_at(reader, reader->begin + utf8_len(record),
				"not UTF-8 text");
		lines = line_feeds_in(record) + row.is_ended;
		row.line = reader->line;
		if (record.len)
			TRY(record_split(reader, end, &row.count));
		reader->begin = next;
		reader->line += lines;
		if (record.len) {
			*ret = row;
			*ret_found = true;
			return NULL;
		}
	}
}

static struct err *
memory_read(void *arg, char *into, size_t room, size_t *ret)
{
	struct csv_memory *memory = arg;
	struct str part = str_slice(memory->rest, 0, room);

	if (part.len)
		memcpy(into, part.ptr, part.len);
	memory->rest = str_slice(memory->rest, part.len, memory->rest.len);
	*ret = part.len;
	return NULL;
}

struct csv_source
csv_from_memory(struct csv_memory *memory)
{
	return (struct csv_source){ .read = memory_read, .arg = memory };
}

static void
put_field_start(struct csv *csv)
{
	if (csv->needs_comma)
		buf_put_char(csv->out, ',');
	csv->needs_comma = true;
}

static bool
needs_quotes(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (strchr(",\"\r\n", text.ptr[i]) && text.ptr[i])
			return true;
	}
	return false;
}

static void
put_quoted(struct csv *csv, struct str mark, struct str text)
{
	buf_put_char(csv->out, '"');
	buf_put(csv->out, mark);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			buf_put_char(csv->out, '"');
		buf_put_char(csv->out, text.ptr[i]);
	}
	buf_put_char(csv->out, '"');
}

static void
put_text(struct csv *csv, struct str mark, struct str text)
{
	put_field_start(csv);
	if (needs_quotes(text)) {
		put_quoted(csv, mark, text);
		return;
	}
	buf_put(csv->out, mark);
	buf_put(csv->out, text);
}

void
csv_put_text(struct csv *csv, struct str text)
{
	put_text(csv, STR(""), text);
}

void
csv_put_said(struct csv *csv, struct str text)
{
	bool is_formula = text.len && str_find_char(STR("=+-@\t\r"), text.ptr[0]) >= 0;

	put_text(csv, is_formula ? STR("'") : STR(""), text);
}

void
csv_put_i64(struct csv *csv, int64_t value)
{
	put_field_start(csv);
	buf_put_i64(csv->out, value);
}

void
csv_put_fixed(struct csv *csv, double value, int decimals)
{
	put_field_start(csv);
	if (isfinite(value))
		f64_format_fixed(csv->out, value, decimals);
}

void
csv_put_row_end(struct csv *csv)
{
	buf_put(csv->out, STR("\r\n"));
	csv->needs_comma = false;
}
