#include "db/wire.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include <sys/socket.h>

#include "crypto/tls.h"
#include "db/big_endian.h"

enum {
	HEADER_BYTES = 5, /* the type, and the length of itself and what follows */
	LENGTH_BYTES = 4,
	COLUMN_BYTES = 18, /* of a column's description, behind its name */
	COLUMN_TYPE_AT = 6,
};

void
wire_init(struct wire *wire, int fd, void *tls)
{
	wire->fd = fd;
	wire->tls = tls;
	buf_init_fixed(&wire->out, wire->out_bytes, sizeof(wire->out_bytes));
	wire->out_sent = wire->in_begin = wire->in_end = wire->row_left = 0;
}

struct err *
wire_open(struct wire *wire, struct ctx *ctx, PGconn *pq)
{
	if (PQgssEncInUse(pq))
		return err_new(ctx, ERR_INVALID,
			"GSSAPI encrypts the connection to the database, which is not "
			"supported; add gssencmode=disable to its URL, and "
			"sslmode=require for encryption");
	wire_init(wire, PQsocket(pq), PQsslInUse(pq) ? PQsslStruct(pq, "OpenSSL") : NULL);
	return NULL;
}

/* --- Writing ------------------------------------------------------------------------ */

static void
put_i16(struct buf *out, size_t value)
{
	uint16_t be = htobe16((uint16_t)value);

	buf_put(out, (struct str){ .ptr = (const char *)&be, .len = sizeof(be) });
}

static void
put_i32(struct buf *out, int64_t value)
{
	uint32_t be = htobe32((uint32_t)value);

	buf_put(out, (struct str){ .ptr = (const char *)&be, .len = sizeof(be) });
}

/* A text and its NUL. */
static void
put_cstr(struct buf *out, const char *text)
{
	buf_put(out, (struct str){ .ptr = text, .len = strlen(text) + 1 });
}

/* Begin a message; its length is known at the end. */
static size_t
message_begin(struct buf *out, char type)
{
	buf_put_char(out, type);
	put_i32(out, 0);
	return out->len - LENGTH_BYTES;
}

static void
message_end(struct buf *out, size_t begin)
{
	uint32_t be = htobe32((uint32_t)(out->len - begin));

	if (!buf_is_cut(out))
		memcpy(out->ptr + begin, &be, sizeof(be));
}

void
wire_put_prepare(struct wire *wire, const char *name, const struct query *query)
{
	struct buf *out = &wire->out;
	size_t begin = message_begin(out, 'P');

	put_cstr(out, name);
	put_cstr(out, query->sql[DIALECT_POSTGRES]);
	put_i16(out, query->param_count);
	for (size_t i = 0; i < query->param_count; i++)
		put_i32(out, pg_type_oids[query->param_types[i]]);
	message_end(out, begin);

	begin = message_begin(out, 'D');
	buf_put_char(out, 'S');
	put_cstr(out, name);
	message_end(out, begin);
}

void
wire_put_run(struct wire *wire, const char *name, const struct pg_params *params)
{
	struct buf *out = &wire->out;
	size_t begin = message_begin(out, 'B'),
	       count = params ? (size_t)params->count : 0;

	put_cstr(out, ""); /* the unnamed portal */
	put_cstr(out, name);
	put_i16(out, 1); /* one format for all arguments: binary */
	put_i16(out, 1);
	put_i16(out, count);
	for (size_t i = 0; i < count; i++) {
		if (!params->values[i]) {
			put_i32(out, -1);
			continue;
		}
		put_i32(out, params->lengths[i]);
		buf_put(out,
			(struct str){ .ptr = params->values[i],
				.len = (size_t)params->lengths[i] });
	}
	put_i16(out, 1); /* and for all columns */
	put_i16(out, 1);
	message_end(out, begin);

	begin = message_begin(out, 'E');
	put_cstr(out, "");
	put_i32(out, 0); /* all rows */
	message_end(out, begin);
}

void
wire_put_sync(struct wire *wire)
{
	size_t begin = message_begin(&wire->out, 'S');

	message_end(&wire->out, begin);
}

void
wire_take_back(struct wire *wire, size_t len)
{
	wire->out.len = len;
	wire->out.is_cut = false;
}

/* As tls_write. */
static ptrdiff_t
write_some(struct wire *wire, const char *from, size_t size)
{
	ssize_t len;

	if (wire->tls)
		return tls_write(wire->tls, from, size);
	do
		len = send(wire->fd, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return errno == EAGAIN ? TLS_WAIT : TLS_LOST;
	return len;
}

enum wire_sent
wire_send(struct wire *wire)
{
	while (wire->out_sent < wire->out.len) {
		ptrdiff_t len = write_some(wire, wire->out.ptr + wire->out_sent,
			wire->out.len - wire->out_sent);

		if (len == TLS_LOST)
			return WIRE_LOST;
		if (len == TLS_WAIT)
			return WIRE_STUCK;
		wire->out_sent += (size_t)len;
	}
	wire->out_sent = 0;
	buf_clear(&wire->out);
	return WIRE_SENT;
}

/* --- Reading ------------------------------------------------------------------------ */

/* As tls_read. */
static ptrdiff_t
read_some(struct wire *wire, char *to, size_t size)
{
	ssize_t len;

	if (wire->tls)
		return tls_read(wire->tls, to, size);
	do
		len = recv(wire->fd, to, size, MSG_DONTWAIT);
	while (len < 0 && errno == EINTR);
	if (len == 0)
		return TLS_LOST;
	if (len < 0)
		return errno == EAGAIN ? TLS_WAIT : TLS_LOST;
	return len;
}

bool
wire_receive(struct wire *wire, bool *ret_more)
{
	size_t kept = wire->in_end - wire->in_begin, room;
	ptrdiff_t len;

	if (wire->in_begin > 0 && kept > 0)
		memmove(wire->in_bytes, wire->in_bytes + wire->in_begin, kept);
	wire->in_begin = 0;
	wire->in_end = kept;
	room = sizeof(wire->in_bytes) - kept;
	len = read_some(wire, wire->in_bytes + kept, room);
	if (len == TLS_LOST)
		return false;
	wire->in_end += (size_t)len;
	/* A TLS session may hold what the socket no longer shows. */
	*ret_more = (size_t)len == room || (wire->tls && len > 0);
	return true;
}

/* What is there of a row that has SIZE bytes to come. */
static enum wire_taken
take_row(struct wire *wire, size_t size, struct wire_message *ret)
{
	size_t there = wire->in_end - wire->in_begin;
	size_t len = size < there ? size : there;

	ret->type = WIRE_ROW;
	ret->body = (struct str){ .ptr = wire->in_bytes + wire->in_begin, .len = len };
	wire->in_begin += len;
	wire->row_left = size - len;
	return WIRE_TAKEN;
}

enum wire_taken
wire_take(struct wire *wire, struct wire_message *ret)
{
	size_t there = wire->in_end - wire->in_begin, size;
	const char *at = wire->in_bytes + wire->in_begin;

	ret->is_begin = false;
	if (wire->row_left > 0)
		return there > 0 ? take_row(wire, wire->row_left, ret) : WIRE_NONE;
	if (there < HEADER_BYTES)
		return WIRE_NONE;
	size = get_be32(at + 1);
	if (size < LENGTH_BYTES || size > INT32_MAX)
		return WIRE_BAD;
	size -= LENGTH_BYTES;
	ret->size = size;
	if (*at == WIRE_ROW) {
		ret->is_begin = true;
		wire->in_begin += HEADER_BYTES;
		return take_row(wire, size, ret);
	}
	if (there - HEADER_BYTES < size)
		return size > sizeof(wire->in_bytes) - HEADER_BYTES ? WIRE_BAD
								    : WIRE_NONE;
	ret->type = *at;
	ret->body = (struct str){ .ptr = at + HEADER_BYTES, .len = size };
	wire->in_begin += HEADER_BYTES + size;
	return WIRE_TAKEN;
}

bool
wire_columns(struct str body, Oid *ret, size_t max)
{
	size_t at = sizeof(uint16_t), count;

	if (body.len < at)
		return false;
	count = get_be16(body.ptr);
	for (size_t i = 0; i < count && i < max; i++) {
		size_t name = strnlen(body.ptr + at, body.len - at);

		if (body.len - at < name + 1 + COLUMN_BYTES)
			return false;
		at += name + 1;
		ret[i] = get_be32(body.ptr + at + COLUMN_TYPE_AT);
		at += COLUMN_BYTES;
	}
	return true;
}

/* --- Rows --------------------------------------------------------------------------- */

/* Each is kept behind its size, in the machine's order. */
void
wire_keep_row(struct buf *rows, const struct wire_message *message)
{
	if (message->is_begin)
		buf_put(rows,
			(struct str){ .ptr = (const char *)&message->size,
				.len = sizeof(message->size) });
	buf_put(rows, message->body);
}

static struct err *
row_err(struct ctx *ctx, const struct query *query, const char *what)
{
	return err_note(err_new(ctx, ERR_INTERNAL, "internal error"), "query %s: %s",
		query->name, what);
}

/* The columns of ROW, one after the other behind their number. */
static struct err *
read_row(struct ctx *ctx, const struct query *query, const Oid *oids, struct str row,
	struct value *columns)
{
	size_t at = sizeof(uint16_t);

	if (row.len < at || get_be16(row.ptr) != query->column_count)
		return row_err(ctx, query, "gives other columns than it declares");
	for (size_t column = 0; column < query->column_count; column++) {
		struct value *value = &columns[column];
		struct str bytes;
		uint32_t len;

		if (row.len - at < LENGTH_BYTES)
			return row_err(ctx, query, "a row is cut");
		len = get_be32(row.ptr + at);
		at += LENGTH_BYTES;
		value->is_null = len == UINT32_MAX;
		if (value->is_null) {
			value->text = STR_NONE;
			continue;
		}
		if (row.len - at < len)
			return row_err(ctx, query, "a row is cut");
		bytes = (struct str){ .ptr = row.ptr + at, .len = len };
		at += len;
		if (!pg_decode(query->column_types[column], oids[column], bytes, value))
			return pg_column_err(ctx, query, column, oids[column]);
	}
	return NULL;
}

struct err *
wire_rows(struct ctx *ctx, const struct query *query, const Oid *oids, struct str rows,
	struct row_sink sink)
{
	WRITTEN_FIRST struct value columns[QUERY_COLUMNS_MAX];
	struct str row = { .ptr = rows.ptr };

	if (!sink.row)
		return NULL;
	if (sink.texts_last)
		*sink.texts_last = true;
	while (row.ptr < rows.ptr + rows.len) {
		memcpy(&row.len, row.ptr, sizeof(row.len));
		row.ptr += sizeof(row.len);
		TRY(read_row(ctx, query, oids, row, columns));
		TRY(sink.row(sink.arg, columns));
		row.ptr += row.len;
	}
	return NULL;
}
