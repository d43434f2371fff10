/* Answers on their way out: whole ones in one system call, streamed ones in chunks. */
#include <errno.h>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "http/connection.h"
#include "sys/clock.h"

enum {
	HEAD_BYTES_MAX = 16384,
	PIECES_AT_ONCE = 64,
	STREAM_BYTES = 16384, /* gathered before a chunk is sent */
	CHUNK_LINE_BYTES = 20,
};

struct http_writer {
	struct connection *connection;
	const struct http_answer *answer;
	struct buf gathered;
	enum http_framing framing;
	bool is_begun;  /* the head is sent */
	bool is_failed; /* the client is gone */
};

bool
pace_wait(struct connection *connection, struct pace *pace, uint32_t events)
{
	const struct http_server_options *options = &connection->loop->server->options;
	int64_t deadline;

	if (pace->began_at == 0)
		pace->began_at = clock_monotonic_ns();
	deadline = pace->began_at + options->transfer_grace_ms * 1000000 +
		(int64_t)((double)pace->bytes / (double)options->transfer_rate_min * 1e9);
	return fiber_wait_fd(connection->fd, events, deadline) == WAIT_READY;
}

/* Drop the first BYTES of PIECES, which have been sent. */
static void
pieces_advance(struct iovec **pieces, size_t *piece_count, size_t bytes)
{
	while (*piece_count > 0 && bytes >= (*pieces)->iov_len) {
		bytes -= (*pieces)->iov_len;
		++*pieces;
		--*piece_count;
	}
	if (bytes > 0) {
		(*pieces)->iov_base = (char *)(*pieces)->iov_base + bytes;
		(*pieces)->iov_len -= bytes;
	}
}

bool
connection_send(struct connection *connection, struct iovec *pieces, size_t piece_count)
{
	struct pace pace = { 0 };

	pieces_advance(&pieces, &piece_count, 0);
	while (piece_count > 0) {
		struct msghdr message = { .msg_iov = pieces, .msg_iovlen = piece_count };
		ssize_t sent = sendmsg(
			connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno != EAGAIN)
			return false;
		if (sent < 0 && !pace_wait(connection, &pace, EPOLLOUT))
			return false;
		if (sent > 0) {
			connection->work->outcome.sent_bytes += (size_t)sent;
			pace.bytes += (size_t)sent;
			pieces_advance(&pieces, &piece_count, (size_t)sent);
		}
	}
	return true;
}

static struct iovec
iovec_of(struct str text)
{
	union {
		const char *text;
		void *base;
	} pun = { .text = text.ptr };

	/* sendmsg does not write to it. */
	return (struct iovec){ .iov_base = pun.base, .iov_len = text.len };
}

/* The date, formatted once a second. */
static struct str
date_of(struct http_loop *loop, int64_t now_us)
{
	int64_t second = now_us / MICROSECONDS_PER_SECOND;
	struct buf buf;

	if (second != loop->date_second) {
		buf_init_fixed(&buf, loop->date, sizeof(loop->date));
		http_put_date(&buf, now_us);
		loop->date_second = second;
	}
	return (struct str){ .ptr = loop->date, .len = HTTP_DATE_BYTES };
}

/* The head of ANSWER, good until the next is made. False: no memory, or too large. */
static bool
make_head(struct connection *connection, const struct http_answer *answer,
	enum http_framing framing, size_t length, struct str *ret)
{
	struct workspace *work = connection->work;
	struct http_head_options options = {
		.framing = framing,
		.length = length,
		.date = date_of(connection->loop, work->rq.ctx.now),
		.lines = connection->loop->server->options.lines,
		.closes = !work->rq.is_kept_alive,
	};
	struct buf head;

	buf_init_fixed(&head, work->head, sizeof(work->head));
	http_put_head(&head, &work->rq, answer, options);
	if (buf_is_cut(&head)) {
		buf_init(&head, &work->arena, HEAD_BYTES_MAX);
		http_put_head(&head, &work->rq, answer, options);
	}
	*ret = buf_str(&head);
	return !buf_is_cut(&head);
}

static bool
answer_whole(struct connection *connection, const struct http_answer *answer)
{
	struct iovec pieces[PIECES_AT_ONCE];
	size_t length = answer->body.len, count = 0, next = 0;
	struct str head;

	for (size_t i = 0; i < answer->piece_count; i++)
		length += answer->pieces[i].len;
	if (!make_head(connection, answer, HTTP_LENGTH, length, &head))
		return false;
	pieces[count++] = iovec_of(head);
	if (connection->work->rq.method == METHOD_HEAD ||
		!http_status_has_body(answer->status))
		return connection_send(connection, pieces, count);
	pieces[count++] = iovec_of(answer->body);
	while (next < answer->piece_count) {
		if (count == PIECES_AT_ONCE) {
			if (!connection_send(connection, pieces, count))
				return false;
			count = 0;
		}
		pieces[count++] = iovec_of(answer->pieces[next++]);
	}
	return connection_send(connection, pieces, count);
}

/* --- Streams --- */

static struct err *
writer_fail(struct http_writer *writer)
{
	struct ctx *ctx = &writer->connection->work->rq.ctx;

	writer->is_failed = true;
	return err_new(ctx, ERR_TIMEOUT, "the client has left or takes nothing");
}

/* Send what has gathered and TEXT behind it as one chunk, with the head before the first
 * and the end after the last. */
static struct err *
writer_send(struct http_writer *writer, struct str text, bool is_last)
{
	struct connection *connection = writer->connection;
	struct ctx *ctx = &connection->work->rq.ctx;
	struct arena_mark mark = arena_mark(ctx->arena);
	size_t len = writer->gathered.len + text.len;
	bool is_chunked = writer->framing == HTTP_CHUNKED, ok;
	char line[CHUNK_LINE_BYTES];
	struct str head = STR("");
	struct iovec pieces[6];
	size_t count = 0;
	struct buf size;

	if (writer->is_failed)
		return writer_fail(writer);
	if (!writer->is_begun &&
		!make_head(connection, writer->answer, writer->framing, len, &head))
		return err_no_memory();
	writer->is_begun = true;
	buf_init_fixed(&size, line, sizeof(line));
	if (is_chunked && len > 0)
		buf_fmt(&size, "%zx\r\n", len);
	pieces[count++] = iovec_of(head);
	pieces[count++] = iovec_of(buf_str(&size));
	pieces[count++] = iovec_of(buf_str(&writer->gathered));
	pieces[count++] = iovec_of(text);
	if (is_chunked && len > 0)
		pieces[count++] = iovec_of(STR("\r\n"));
	if (is_chunked && is_last)
		pieces[count++] = iovec_of(STR("0\r\n\r\n"));
	ok = connection_send(connection, pieces, count);
	buf_clear(&writer->gathered);
	arena_rewind(ctx->arena, mark);
	/* A stream lasts as long as it makes progress. */
	ctx->deadline = clock_deadline_ms(
		connection->loop->server->options.request_timeout_ms);
	return ok ? NULL : writer_fail(writer);
}

struct err *
http_write(struct http_writer *writer, struct str text)
{
	if (writer->is_failed)
		return writer_fail(writer);
	if (text.len <= writer->gathered.max - writer->gathered.len) {
		buf_put(&writer->gathered, text);
		return buf_is_cut(&writer->gathered) ? err_no_memory() : NULL;
	}
	return writer_send(writer, text, false);
}

struct err *
http_flush(struct http_writer *writer)
{
	if (writer->gathered.len == 0 && writer->is_begun)
		return writer->is_failed ? writer_fail(writer) : NULL;
	return writer_send(writer, STR(""), false);
}

/* The stream ended with ERR, in its own work or because the client is gone. */
static bool
answer_broken_stream(struct http_writer *writer, const struct err *err)
{
	struct connection *connection = writer->connection;
	struct http_request *rq = &connection->work->rq;
	struct http_answer answer;

	if (writer->is_failed)
		return false;
	log_err(&rq->ctx, "answer broken off", err);
	/* Closing without the last chunk tells the client that something is missing. */
	if (writer->is_begun)
		return false;
	rq->is_kept_alive = false;
	answer = http_answer_err(&rq->ctx, err);
	connection->work->outcome.status = answer.status;
	return answer_whole(connection, &answer);
}

static bool
answer_stream(struct connection *connection, const struct http_answer *answer)
{
	struct http_request *rq = &connection->work->rq;
	struct http_writer writer = { .connection = connection,
		.answer = answer,
		.framing = rq->minor_version == 1 ? HTTP_CHUNKED : HTTP_UNTIL_CLOSE };
	struct err *err;
	struct str head;

	if (writer.framing == HTTP_UNTIL_CLOSE)
		rq->is_kept_alive = false;
	if (rq->method == METHOD_HEAD) {
		struct iovec piece;

		if (!make_head(connection, answer, writer.framing, 0, &head))
			return false;
		piece = iovec_of(head);
		return connection_send(connection, &piece, 1);
	}
	buf_init(&writer.gathered, rq->ctx.arena, STREAM_BYTES);
	if (!buf_reserve(&writer.gathered, STREAM_BYTES))
		return false;
	connection->is_endless = answer->is_endless;
	err = answer->stream(&writer, answer->stream_arg);
	connection->is_endless = false;
	if (err)
		return answer_broken_stream(&writer, err);
	/* What fits into one piece is no stream after all. */
	if (!writer.is_begun)
		writer.framing = HTTP_LENGTH;
	return writer_send(&writer, STR(""), true) == NULL;
}

bool
connection_answer(struct connection *connection, struct http_answer *answer)
{
	const struct http_server *server = connection->loop->server;
	struct workspace *work = connection->work;
	bool ok;

	http_answer_revalidate(&work->rq, answer);
	if (answer->closes ||
		atomic_load_explicit(&server->is_stopping, memory_order_relaxed))
		work->rq.is_kept_alive = false;
	work->outcome.status = answer->status;
	ok = answer->stream ? answer_stream(connection, answer)
			    : answer_whole(connection, answer);
	if (answer->sent)
		answer->sent(answer->sent_arg);
	return ok;
}
