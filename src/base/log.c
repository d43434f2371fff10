#include "base/log.h"

#include <errno.h>

#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	LINE_BYTES_MAX = 4096,
};

static struct log_options config = {
	.level = LOG_INFO, .format = LOG_LOGFMT, .fd = STDERR_FILENO
};

void
log_configure(struct log_options options)
{
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

static bool
is_plain(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f)
			return false;
	}
	return text.len > 0;
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
	if (config.format == LOG_LOGFMT && is_plain(text))
		buf_put(line, text);
	else
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

void
log_write(enum log_level level, const struct ctx *ctx, const char *event,
	const struct log_field *fields, size_t count)
{
	char storage[LINE_BYTES_MAX];
	struct buf line;
	ssize_t written;

	/* Two bytes are kept for the end of a line that was cut. */
	buf_init_fixed(&line, storage, sizeof(storage) - 2);
	if (config.format == LOG_JSON)
		buf_put_char(&line, '{');
	put_time(&line);
	put_text(&line, "level", str_from(level_name(level)));
	put_text(&line, "event", str_from(event));
	if (ctx && ctx->route)
		put_text(&line, "route", str_from(ctx->route));
	if (ctx && !uuid_is_nil(ctx->request_id))
		put_request_id(&line, ctx);
	for (size_t i = 0; i < count; i++)
		put_field(&line, &fields[i]);
	if (config.format == LOG_JSON)
		storage[line.len++] = '}';
	storage[line.len++] = '\n';
	do
		written = write(config.fd, storage, line.len);
	while (written < 0 && errno == EINTR);
}

void
log_err(const struct ctx *ctx, const char *event, const struct err *err)
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
		LOG_TEXT("file", err->file), LOG_I64("line", err->line));
}
