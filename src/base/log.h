/*
 * Logs: one line an event, logfmt or JSON, to standard error or a given file descriptor.
 *
 *     log_info(ctx, "server started", LOG_STR("listen", address), LOG_I64("loops",
 * count));
 *
 * Every line carries the time, the level, the event, and the request id and route of CTX
 * (which may be NULL). Values are escaped. Secrets are never passed here. A line is one
 * write(2), so lines of two threads do not mix.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/ctx.h"
#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log_field {
	const char *key;
	enum { LOG_FIELD_TEXT, LOG_FIELD_I64, LOG_FIELD_F64 } type;
	struct str text;
	int64_t i64;
	double f64;
};

#define LOG_STR(k, value)                                           \
	{                                                           \
		.key = (k), .type = LOG_FIELD_TEXT, .text = (value) \
	}
#define LOG_TEXT(k, value)                                                  \
	{                                                                   \
		.key = (k), .type = LOG_FIELD_TEXT, .text = str_from(value) \
	}
#define LOG_I64(k, value)                                         \
	{                                                         \
		.key = (k), .type = LOG_FIELD_I64, .i64 = (value) \
	}
#define LOG_F64(k, value)                                         \
	{                                                         \
		.key = (k), .type = LOG_FIELD_F64, .f64 = (value) \
	}

struct log_options {
	enum log_level level; /* quieter lines are dropped */
	enum log_format format;
	int fd;
};

/* Set once at start-up, before threads. Default: INFO, logfmt, standard error. */
void log_configure(struct log_options options);
bool log_is_on(enum log_level level);

#define LOG_AT(level, ctx, event, ...)                                            \
	do {                                                                      \
		if (log_is_on(level)) {                                           \
			const struct log_field log_fields_[] = { { .key = NULL }, \
				##__VA_ARGS__ };                                  \
			log_write(level, ctx, event, log_fields_ + 1,             \
				COUNT_OF(log_fields_) - 1);                       \
		}                                                                 \
	} while (0)

#define log_debug(ctx, event, ...)   LOG_AT(LOG_DEBUG, ctx, event, ##__VA_ARGS__)
#define log_info(ctx, event, ...)    LOG_AT(LOG_INFO, ctx, event, ##__VA_ARGS__)
#define log_warning(ctx, event, ...) LOG_AT(LOG_WARNING, ctx, event, ##__VA_ARGS__)
#define log_error(ctx, event, ...)   LOG_AT(LOG_ERROR, ctx, event, ##__VA_ARGS__)

struct err;
/* An error, at the edge where it is handled: once. */
void log_err(const struct ctx *ctx, const char *event, const struct err *err);

void log_write(enum log_level level, const struct ctx *ctx, const char *event,
	const struct log_field *fields, size_t count);

#endif
