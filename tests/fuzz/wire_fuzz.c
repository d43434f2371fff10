/* Any bytes as what a PostgreSQL sends: messages end within what was received, rows are
 * read or refused, words of errors lie within their message. */
#include <assert.h>

#include "db/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One column of each type. */
static const enum db_type types[] = { DB_BOOL, DB_I32, DB_I64, DB_F64, DB_TEXT, DB_BYTES,
	DB_JSON, DB_TIME, DB_RATE, DB_UUID };
static const struct query query = {
	.name = "fuzz", .column_count = COUNT_OF(types), .column_types = types
};

static struct err *
touch_row(void *arg, const struct value *columns)
{
	size_t *touched = arg;

	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (!columns[i].is_null &&
			(types[i] == DB_TEXT || types[i] == DB_BYTES ||
				types[i] == DB_JSON))
			for (size_t k = 0; k < columns[i].text.len; k++)
				*touched += (unsigned char)columns[i].text.ptr[k];
	return NULL;
}

static void
touch(struct str text, size_t *touched)
{
	for (size_t i = 0; i < text.len; i++)
		*touched += (unsigned char)text.ptr[i];
}

static void
take_in(struct ctx *ctx, const struct wire_message *message, struct buf *rows, Oid *oids,
	size_t *touched)
{
	struct pg_words words;

	touch(message->body, touched);
	switch (message->type) {
	case WIRE_ROW:
		wire_keep_row(rows, message);
		break;
	case WIRE_COLUMNS:
		(void)!wire_columns(message->body, oids, COUNT_OF(types));
		break;
	case WIRE_ERROR:
	case WIRE_NOTICE:
		words = pg_words_parse(message->body);
		touch(words.message, touched);
		assert(pg_words_err(ctx, &query, &words));
		(void)pg_words_remedy(&words);
		break;
	default:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wire wire;
	struct arena arena;
	struct ctx ctx = { .arena = &arena };
	struct wire_message message;
	Oid oids[COUNT_OF(types)];
	size_t touched = 0;
	struct buf rows;

	if (size > sizeof(wire.in_bytes))
		return 0;
	arena_init(&arena, 8 << 20);
	for (size_t i = 0; i < COUNT_OF(types); i++)
		oids[i] = pg_type_oids[types[i]];
	buf_init(&rows, &arena, 4 << 20);
	wire_init(&wire, -1, NULL);
	memcpy(wire.in_bytes, data, size);
	wire.in_end = size;
	while (wire_take(&wire, &message) == WIRE_TAKEN)
		take_in(&ctx, &message, &rows, oids, &touched);
	/* The last may be cut, as rows are only read when all have come. */
	if (wire.row_left == 0 && !buf_is_cut(&rows)) {
		struct row_sink sink = { .row = touch_row, .arg = &touched };

		(void)!wire_rows(&ctx, &query, oids, buf_str(&rows), sink);
	}
	arena_release(&arena);
	return 0;
}
