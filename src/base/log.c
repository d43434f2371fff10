#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>

#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	/* What a pipe takes in one piece (PIPE_BUF): lines of two threads never mix. */
	LINES_BYTES_MAX = 4096,
	/* Two bytes are kept for the end of a line that was cut. */
	LINE_END_BYTES = 2,
	/* With less room than this, the next line would most likely be made twice. */
	LINE_USUAL_BYTES = 320,
	GATHERING_MAX = 64, /* threads; further ones write each line at once */
};

/* Lines of one thread that are not written yet. */
struct lines {
	_Atomic size_t len;
	bool is_gathering;
	char text[LINES_BYTES_MAX];
};

static _Thread_local struct lines lines_of_thread;
/* For log_flush_all: those that gather. */
static _Atomic(struct lines *) gathering[GATHERING_MAX];

static struct log_options config = {
	.level = LOG_INFO, .format = LOG_LOGFMT, .fd = STDERR_FILENO
};

void
log_configure(struct log_options options)
{
	/* What was logged before belongs where it was to go. */
	log_flush();
	config = options;
}

bool
log_is_on(enum log_level level)
{
	return level >= config.level;
}

static const char *
level_name(enum log_level level)
{
	switch (level) {
	case LOG_DEBUG:
		return "debug";
	case LOG_INFO:
		return "info";
	case LOG_WARNING:
		return "warning";
	case LOG_ERROR:
		return "error";
	}
	return "error";
}

/* --- Writing */

static void
write_lines(struct lines *lines)
{
	size_t len = atomic_exchange_explicit(&lines->len, 0, memory_order_relaxed);
	ssize_t written;

	if (len == 0)
		return;
	do
		written = write(config.fd, lines->text, len);
	while (written < 0 && errno == EINTR);
}

void
log_gather(void)
{
	struct lines *lines = &lines_of_thread;

	for (size_t i = 0; i < GATHERING_MAX && !lines->is_gathering; i++) {
		struct lines *nobody = NULL;

		lines->is_gathering = atomic_compare_exchange_strong(
			&gathering[i], &nobody, lines);
	}
}

void
log_gather_end(void)
{
	struct lines *lines = &lines_of_thread;

	lines->is_gathering = false;
	for (size_t i = 0; i < GATHERING_MAX; i++) {
		struct lines *mine = lines;

		atomic_compare_exchange_strong(&gathering[i], &mine, NULL);
	}
	write_lines(lines);
}

void
log_flush(void)
{
	write_lines(&lines_of_thread);
}

void
log_flush_all(void)
{
	for (size_t i = 0; i < GATHERING_MAX; i++) {
		struct lines *lines = atomic_load(&gathering[i]);

		if (lines)
			write_lines(lines);
	}
}

/* --- Making a line */

/* Text between quotes; control characters, quotes and backslashes escaped as in JSON. */
static void
put_quoted(struct buf *line, struct str text)
{
	buf_put_char(line, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c == '"' || c == '\\')
			buf_fmt(line, "\\%c", c);
		else if (c == '\n')
			buf_put(line, STR("\\n"));
		else if (c < 0x20 || c == 0x7f)
			buf_fmt(line, "\\u%04x", c);
		else
			buf_put_char(line, (char)c);
	}
	buf_put_char(line, '"');
}

/* Text as it is; false, with nothing put, where it needs quotes. */
static bool
put_plain(struct buf *line, struct str text)
{
	char *at = buf_reserve(line, text.len);

	if (!at || text.len == 0)
		return text.len > 0; /* what has no room is cut, quoted or not */
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f)
			return false;
		at[i] = (char)c;
	}
	buf_added(line, text.len);
	return true;
}

static void
put_key(struct buf *line, const char *key)
{
	if (config.format == LOG_JSON) {
		buf_put(line, line->len > 1 ? STR(",\"") : STR("\""));
		buf_put(line, str_from(key));
		buf_put(line, STR("\":"));
	} else {
		if (line->len > 0)
			buf_put_char(line, ' ');
		buf_put(line, str_from(key));
		buf_put_char(line, '=');
	}
}

static void
put_text(struct buf *line, const char *key, struct str text)
{
	put_key(line, key);
	if (config.format == LOG_JSON || !put_plain(line, text))
		put_quoted(line, text);
}

static void
put_field(struct buf *line, const struct log_field *field)
{
	switch (field->type) {
	case LOG_FIELD_TEXT:
		put_text(line, field->key, field->text);
		break;
	case LOG_FIELD_I64:
		put_key(line, field->key);
		buf_put_i64(line, field->i64);
		break;
	case LOG_FIELD_F64:
		put_key(line, field->key);
		buf_fmt(line, "%.6g", field->f64);
		break;
	}
}

/* The calendar is asked once a second and thread: many lines have the same second. */
static void
put_time(struct buf *line)
{
	static _Thread_local struct {
		time_t second;
		char text[40];
		size_t len;
	} known = { .second = -1 };
	char fraction[] = ".000000Z";
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != known.second) {
		struct tm parts;

		gmtime_r(&now.tv_sec, &parts);
		known.len = strftime(
			known.text, sizeof(known.text), "%Y-%m-%dT%H:%M:%S", &parts);
		known.second = now.tv_sec;
	}
	for (long rest_us = now.tv_nsec / 1000, at = 6; at > 0; at--, rest_us /= 10)
		fraction[at] = (char)('0' + rest_us % 10);
	put_key(line, "time");
	if (config.format == LOG_JSON)
		buf_put_char(line, '"');
	buf_put(line, (struct str){ .ptr = known.text, .len = known.len });
	buf_put(line, (struct str){ .ptr = fraction, .len = sizeof(fraction) - 1 });
	if (config.format == LOG_JSON)
		buf_put_char(line, '"');
}

/* As codec/uuid.h writes it, on a floor above this one. */
static void
put_request_id(struct buf *line, const struct ctx *ctx)
{
	static const char digits[] = "0123456789abcdef";
	char text[36], *at = text;

	for (size_t i = 0; i < sizeof(ctx->request_id.bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = digits[ctx->request_id.bytes[i] >> 4];
		*at++ = digits[ctx->request_id.bytes[i] & 15];
	}
	put_text(line, "request_id", (struct str){ .ptr = text, .len = sizeof(text) });
}

/* A line, all but its end. */
static void
put_line(struct buf *line, const struct log_line *what)
{
	if (config.format == LOG_JSON)
		buf_put_char(line, '{');
	put_time(line);
	put_text(line, "level", str_from(level_name(what->level)));
	put_text(line, "event", str_from(what->event));
	if (what->ctx && what->ctx->route)
		put_text(line, "route", str_from(what->ctx->route));
	if (what->ctx && !uuid_is_nil(what->ctx->request_id))
		put_request_id(line, what->ctx);
	for (size_t i = 0; i < what->field_count; i++)
		put_field(line, &what->fields[i]);
}

void
log_write(const struct log_line *what)
{
	struct lines *lines = &lines_of_thread;
	size_t len = atomic_load_explicit(&lines->len, memory_order_relaxed);
	struct buf line;

	for (;;) {
		buf_init_fixed(
			&line, lines->text + len, LINES_BYTES_MAX - len - LINE_END_BYTES);
		put_line(&line, what);
		if (!buf_is_cut(&line) || len == 0)
			break;
		/* It may have room alone. */
		write_lines(lines);
		len = 0;
	}
	if (config.format == LOG_JSON)
		line.ptr[line.len++] = '}';
	line.ptr[line.len++] = '\n';
	atomic_store_explicit(&lines->len, len + line.len, memory_order_release);
	/* Of what is wrong, and of what led to it, nothing waits. */
	if (!lines->is_gathering || what->level >= LOG_WARNING ||
		len + line.len > LINES_BYTES_MAX - LINE_USUAL_BYTES)
		write_lines(lines);
}

void
log_err_times(
	const struct ctx *ctx, const char *event, const struct err *err, uint64_t times)
{
	char storage[2048];
	struct buf notes;
	enum log_level level = err->code == ERR_INTERNAL || err->code == ERR_UNCERTAIN
		? LOG_ERROR
		: LOG_WARNING;

	buf_init_fixed(&notes, storage, sizeof(storage));
	for (const struct err_note *note = err->notes; note; note = note->older) {
		buf_put(&notes, note->text);
		if (note->older)
			buf_put(&notes, STR("; "));
	}
	LOG_AT(level, ctx, event, LOG_TEXT("code", err_code_name(err->code)),
		LOG_STR("error", err->message), LOG_STR("notes", buf_str(&notes)),
		LOG_TEXT("file", err->file), LOG_I64("line", err->line),
		LOG_I64("times", (int64_t)times));
}

void
log_err(const struct ctx *ctx, const char *event, const struct err *err)
{
	log_err_times(ctx, event, err, 1);
}
