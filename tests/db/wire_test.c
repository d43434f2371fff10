/* PostgreSQL's messages, written and read over a pair of sockets. */
#include <unistd.h>

#include <sys/socket.h>

#include "db/wire.h"
#include "tests/tap.h"

enum {
	LARGE_ROW_BYTES = 3 * WIRE_BYTES,
	INPUT_BYTES_MAX = 8 * WIRE_BYTES,
	OID_TEXT = 25,
};

/* A wire, and the server's end of it. */
struct ends {
	struct arena arena;
	struct wire *wire;
	int server;
};

static void
ends_open(struct ends *ends)
{
	int fds[2];

	arena_init(&ends->arena, 8 << 20);
	ends->wire = arena_alloc(&ends->arena, sizeof(*ends->wire));
	OK(ends->wire && socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	wire_init(ends->wire, fds[0], NULL);
	ends->server = fds[1];
}

static void
ends_close(struct ends *ends)
{
	close(ends->wire->fd);
	close(ends->server);
	arena_release(&ends->arena);
}

static void
put_message(struct buf *out, char type, struct str body)
{
	uint32_t size = __builtin_bswap32((uint32_t)body.len + 4);

	buf_put_char(out, type);
	buf_put(out, (struct str){ .ptr = (const char *)&size, .len = sizeof(size) });
	buf_put(out, body);
}

/* The body of a row with the only column TEXT. */
static struct str
row_of(struct arena *arena, struct str text)
{
	uint32_t size = __builtin_bswap32((uint32_t)text.len);
	struct buf body;

	buf_init(&body, arena, text.len + 16);
	buf_put(&body, (struct str){ .ptr = "\0\1", .len = 2 });
	buf_put(&body, (struct str){ .ptr = (const char *)&size, .len = sizeof(size) });
	buf_put(&body, text);
	return buf_str(&body);
}

/* Receive all that was sent in pieces of PIECE bytes: the types of the messages to TYPES,
 * the rows to ROWS. */
static void
exchange(struct ends *ends, struct str input, size_t piece, struct buf *types,
	struct buf *rows)
{
	for (size_t at = 0; at < input.len; at += piece) {
		size_t len = input.len - at < piece ? input.len - at : piece;
		struct wire_message message;
		enum wire_taken taken;
		bool more;

		EQ_I64(write(ends->server, input.ptr + at, len), (int64_t)len);
		OK(wire_receive(ends->wire, &more));
		while ((taken = wire_take(ends->wire, &message)) == WIRE_TAKEN) {
			if (message.type == WIRE_ROW)
				wire_keep_row(rows, &message);
			if (message.type != WIRE_ROW || message.is_begin)
				buf_put_char(types, message.type);
		}
		OK(taken == WIRE_NONE);
	}
}

static const enum db_type text_column[] = { DB_TEXT };
static const struct query texts_query = {
	.name = "texts", .column_count = 1, .column_types = text_column
};

/* Each row's text, and a comma. */
static struct err *
note_text(void *arg, const struct value *columns)
{
	struct buf *all = arg;

	buf_put(all, columns[0].text);
	buf_put_char(all, ',');
	return NULL;
}

static struct err *
read_texts(struct ends *ends, struct str rows, struct buf *ret)
{
	static const Oid oids[] = { OID_TEXT };
	struct ctx ctx = { .arena = &ends->arena };
	struct row_sink sink = { .row = note_text, .arg = ret };

	buf_init(ret, &ends->arena, INPUT_BYTES_MAX);
	return wire_rows(&ctx, &texts_query, oids, rows, sink);
}

TEST(messages_cut_anywhere_are_read_whole)
{
	static const size_t pieces[] = { 1, 2, 3, 5, 7, 11, 64, 4096 };
	struct ends ends;
	struct buf input;

	ends_open(&ends);
	buf_init(&input, &ends.arena, INPUT_BYTES_MAX);
	put_message(&input, '2', STR(""));
	put_message(&input, WIRE_ROW, row_of(&ends.arena, STR("one")));
	put_message(&input, WIRE_NOTICE, STR("SWARNING\0\0"));
	put_message(&input, WIRE_ROW, row_of(&ends.arena, STR("")));
	put_message(&input, WIRE_COMPLETE, STR("SELECT 2\0"));
	put_message(&input, WIRE_READY, STR("I"));
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		struct buf types, rows, texts;

		buf_init(&types, &ends.arena, 64);
		buf_init(&rows, &ends.arena, INPUT_BYTES_MAX);
		exchange(&ends, buf_str(&input), pieces[i], &types, &rows);
		EQ_STR(buf_str(&types), STR("2DNDCZ"));
		OK(!read_texts(&ends, buf_str(&rows), &texts));
		EQ_STR(buf_str(&texts), STR("one,,"));
	}
	ends_close(&ends);
}

TEST(a_row_larger_than_what_is_kept_comes_in_parts)
{
	struct ends ends;
	struct buf input, types, rows, texts;
	char *large;

	ends_open(&ends);
	large = arena_alloc_text(&ends.arena, LARGE_ROW_BYTES);
	OK(large);
	for (size_t i = 0; i < LARGE_ROW_BYTES; i++)
		large[i] = (char)('a' + i % 26);
	buf_init(&input, &ends.arena, INPUT_BYTES_MAX);
	put_message(&input, WIRE_ROW,
		row_of(&ends.arena,
			(struct str){ .ptr = large, .len = LARGE_ROW_BYTES }));
	put_message(&input, WIRE_ROW, row_of(&ends.arena, STR("small")));
	put_message(&input, WIRE_READY, STR("I"));
	buf_init(&types, &ends.arena, 64);
	buf_init(&rows, &ends.arena, INPUT_BYTES_MAX);
	exchange(&ends, buf_str(&input), WIRE_BYTES / 2, &types, &rows);
	EQ_STR(buf_str(&types), STR("DDZ"));
	OK(!read_texts(&ends, buf_str(&rows), &texts));
	EQ_I64(texts.len, LARGE_ROW_BYTES + 1 + 6);
	OK(memcmp(texts.ptr, large, LARGE_ROW_BYTES) == 0);
	ends_close(&ends);
}

TEST(what_is_not_the_protocol_is_told)
{
	static const struct str inputs[] = { STR_INIT("Z\0\0\0\3"), STR_INIT("Z\0\0\0\0"),
		STR_INIT("Z\xff\xff\xff\xff"), STR_INIT("T\0\1\0\0") };

	for (size_t i = 0; i < COUNT_OF(inputs); i++) {
		struct wire_message message;
		struct ends ends;
		bool more;

		ends_open(&ends);
		EQ_I64(write(ends.server, inputs[i].ptr, inputs[i].len),
			(int64_t)inputs[i].len);
		OK(wire_receive(ends.wire, &more));
		OK(wire_take(ends.wire, &message) == WIRE_BAD);
		ends_close(&ends);
	}
}

TEST(a_row_that_is_cut_or_of_other_columns_is_an_error)
{
	/* Two columns; one whose text is longer than the row; one without its length. */
	static const struct str bodies[] = { STR_INIT("\0\2\0\0\0\0\0\0\0\0"),
		STR_INIT("\0\1\0\0\0\5abc"), STR_INIT("\0\1\0\0"), STR_INIT("\0") };

	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		struct wire_message message = { .type = WIRE_ROW,
			.is_begin = true,
			.size = bodies[i].len,
			.body = bodies[i] };
		struct ends ends;
		struct buf rows, texts;
		struct err *err;

		ends_open(&ends);
		buf_init(&rows, &ends.arena, 1024);
		wire_keep_row(&rows, &message);
		err = read_texts(&ends, buf_str(&rows), &texts);
		OK(err && err->code == ERR_INTERNAL);
		ends_close(&ends);
	}
}

TEST(columns_are_read_as_far_as_there_is_room_and_not_past_a_cut)
{
	/* Names "a" and "bc"; table, column, type, size, modifier, format. */
	static const char body[] = "\0\2"
				   "a\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\1"
				   "bc\0\0\0\0\0\0\0\0\0\0\x14\0\x8\xff\xff\xff\xff\0\1";
	struct str whole = { .ptr = body, .len = sizeof(body) - 1 };
	Oid oids[3] = { 0 };

	OK(wire_columns(whole, oids, COUNT_OF(oids)));
	EQ_I64(oids[0], 25);
	EQ_I64(oids[1], 20);
	oids[1] = 0;
	OK(wire_columns(whole, oids, 1));
	EQ_I64(oids[1], 0);
	for (size_t len = 0; len < whole.len; len++)
		OK(!wire_columns(str_slice(whole, 0, len), oids, COUNT_OF(oids)));
}

TEST(what_does_not_fit_is_taken_back_and_the_rest_is_sent)
{
	static const enum db_type types[] = { DB_TEXT };
	static const struct query query = { .name = "large",
		.sql = { [DIALECT_POSTGRES] = "SELECT $1" },
		.param_count = 1,
		.param_types = types };
	char *received;
	struct pg_params params = { .count = 1, .lengths = { WIRE_BYTES } };
	struct ends ends;
	size_t before;

	ends_open(&ends);
	params.values[0] = received = arena_alloc_text(&ends.arena, WIRE_BYTES);
	OK(received);
	memset(received, 'x', WIRE_BYTES);
	wire_put_prepare(ends.wire, "q1", &query);
	before = ends.wire->out.len;
	wire_put_run(ends.wire, "q1", &params);
	OK(buf_is_cut(&ends.wire->out));
	wire_take_back(ends.wire, before);
	wire_put_sync(ends.wire);
	OK(!buf_is_cut(&ends.wire->out));
	OK(wire_send(ends.wire) == WIRE_SENT);
	/* Parse, Describe, Sync, and no more. */
	EQ_I64(read(ends.server, received, WIRE_BYTES), 5 + 3 + 10 + 2 + 4 + 5 + 4 + 5);
	EQ_I64(received[0], 'P');
	EQ_I64(received[24], 'D');
	EQ_I64(received[33], 'S');
	ends_close(&ends);
}

TEST(a_server_that_closes_is_told_apart_from_one_that_is_silent)
{
	struct ends ends;
	bool more;

	ends_open(&ends);
	OK(wire_receive(ends.wire, &more));
	OK(!more);
	shutdown(ends.server, SHUT_WR);
	OK(!wire_receive(ends.wire, &more));
	ends_close(&ends);
}
