#include "tests/tap.h"

#include "codec/csv.h"

static struct arena arena = { .cap_bytes = 1 << 22 };

/* A source that gives few bytes at a time, so every boundary falls everywhere. */
struct drip {
	struct str rest;
	size_t step;
	uint64_t given;
};

static struct err *
drip_read(void *arg, char *into, size_t room, size_t *ret)
{
	struct drip *drip = arg;
	struct str part = str_slice(drip->rest, 0, room < drip->step ? room : drip->step);

	if (part.len)
		memcpy(into, part.ptr, part.len);
	drip->rest = str_slice(drip->rest, part.len, drip->rest.len);
	drip->given += part.len;
	*ret = part.len;
	return NULL;
}

/* All of TEXT, fields in brackets, rows on lines with their number; or the message. */
static struct str
rows_of(struct str text, size_t step, size_t line_max)
{
	struct drip drip = { .rest = text, .step = step };
	struct csv_reader reader;
	struct buf out;
	struct err *err;
	bool found = true;

	buf_init(&out, &arena, 1 << 16);
	err = csv_reader_init(&reader, &arena,
		(struct csv_source){ .read = drip_read, .arg = &drip },
		(struct csv_options){ .line_max = line_max, .fields_max = 8 });
	while (!err && found) {
		struct csv_row row;

		err = csv_next(&reader, &row, &found);
		if (err || !found)
			continue;
		buf_fmt(&out, "%lld:", (long long)row.line);
		for (size_t i = 0; i < row.count; i++)
			buf_fmt(&out, "[" STR_FMT "]", STR_ARG(row.fields[i]));
		buf_put(&out, row.is_ended ? STR("\n") : STR("$"));
	}
	if (err)
		buf_put(&out, err->message);
	return buf_str(&out);
}

#define ROWS(text, want)                                                  \
	do {                                                              \
		for (size_t step_ = 1; step_ < 9; step_++)                \
			EQ_STR(rows_of(STR(text), step_, 64), STR(want)); \
	} while (0)

TEST(rows_and_fields_are_cut_as_rfc_4180_says)
{
	ROWS("a,b\r\n1,2\r\n", "1:[a][b]\n2:[1][2]\n");
	ROWS("a,b\n,\n", "1:[a][b]\n2:[][]\n");
	ROWS("a,\"b,c\"\n\"x \"\"y\"\"\",\"\"\n", "1:[a][b,c]\n2:[x \"y\"][]\n");
	ROWS("a\n\"1\r\n2\n3\"\nz\n", "1:[a]\n2:[1\r\n2\n3]\n5:[z]\n");
	ROWS("", "");
}

TEST(a_byte_order_mark_and_empty_lines_are_passed_over)
{
	ROWS("\xef\xbb\xbf"
	     "a,b\n\n\r\n1,2\n",
		"1:[a][b]\n4:[1][2]\n");
	ROWS("\xef\xbb\xbf", "");
	ROWS("\n\n", "");
}

TEST(a_last_line_without_end_is_told)
{
	ROWS("a,b\n1,2", "1:[a][b]\n2:[1][2]$");
	ROWS("a,", "1:[a][]$");
}

TEST(what_is_not_csv_is_refused_where_it_is)
{
	ROWS("a\nx\"y\n", "1:[a]\nline 2, column 2: a quote within an unquoted field");
	ROWS("a\n\"x\"y\n",
		"1:[a]\nline 2, column 4: text behind the closing quote of a field");
	ROWS("a\n\"x\ny",
		"1:[a]\nline 3, column 2: a quoted field does not end; is the "
		"file cut off?");
	ROWS("a\nb\0c\n", "1:[a]\nline 2, column 2: a NUL byte; this is not a CSV file");
	ROWS("a\nb\rc\n",
		"1:[a]\nline 2, column 2: a carriage return that no line feed "
		"follows");
	ROWS("a\nb\xff\n", "1:[a]\nline 2, column 2: not UTF-8 text");
	ROWS("\xff\xfe"
	     "a\0b\0",
		"line 1, column 1: UTF-16 and not UTF-8 text: save it as UTF-8");
	ROWS("a,b,c,d,e,f,g,h,i\n", "line 1: more than 8 fields");
}

TEST(a_long_line_is_refused_before_it_is_held)
{
	static char text[1 << 20];
	struct drip drip = { .rest = { text, sizeof(text) }, .step = 4096 };
	struct csv_reader reader;
	struct csv_row row;
	bool found;

	memset(text, 'x', sizeof(text));
	OK_ERR(csv_reader_init(&reader, &arena,
		(struct csv_source){ .read = drip_read, .arg = &drip },
		(struct csv_options){ .line_max = 10000 }));
	FAILS_WITH(csv_next(&reader, &row, &found), ERR_TOO_LARGE);
	OK(drip.given <= 10000);
	/* One that fits exactly is taken. */
	EQ_STR(rows_of(STR("abc\nd\n"), 3, 4), STR("1:[abc]\n2:[d]\n"));
}

TEST(what_a_stranger_wrote_is_no_formula)
{
	static const char *const said[] = { "=1+1", "+x", "-2", "@SUM(A1)", "\tx", "\rx",
		"=HYPERLINK(\"u\",\"x\")", "a=1", "" };
	struct buf out;
	struct csv csv = csv_begin(&out);

	buf_init(&out, &arena, 1024);
	for (size_t i = 0; i < COUNT_OF(said); i++)
		csv_put_said(&csv, str_from(said[i]));
	EQ_STR(buf_str(&out),
		STR("'=1+1,'+x,'-2,'@SUM(A1),'\tx,\"'\rx\",\"'=HYPERLINK(\"\"u\"\","
		    "\"\"x\"\")"
		    "\",a=1,"));
}

TEST(what_is_written_reads_back)
{
	static const char *const fields[] = { "plain", "", "with,comma",
		"with \"quotes\"", "line\r\nend", "\n" };
	struct csv_memory memory;
	struct csv_reader reader;
	struct csv_row row;
	struct buf out;
	struct csv csv;
	bool found;

	buf_init(&out, &arena, 1 << 16);
	csv = csv_begin(&out);
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		csv_put_text(&csv, str_from(fields[i]));
	csv_put_i64(&csv, -5);
	csv_put_fixed(&csv, 0.25, 3);
	csv_put_row_end(&csv);
	memory.rest = buf_str(&out);
	OK_ERR(csv_reader_init(
		&reader, &arena, csv_from_memory(&memory), (struct csv_options){ 0 }));
	OK_ERR(csv_next(&reader, &row, &found));
	OK(found);
	EQ_I64(row.count, COUNT_OF(fields) + 2);
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		EQ_STR(row.fields[i], str_from(fields[i]));
	EQ_STR(row.fields[COUNT_OF(fields)], STR("-5"));
	EQ_STR(row.fields[COUNT_OF(fields) + 1], STR("0.25"));
	OK_ERR(csv_next(&reader, &row, &found));
	OK(!found);
}
