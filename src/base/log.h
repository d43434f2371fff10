/*
 * Logs: one line an event, logfmt or JSON, to standard error or a given file descriptor.
 *
 *     log_info(ctx, "server started", LOG_STR("listen", address), LOG_I64("loops",
 * count));
 *
 * Every line carries the time, the level, the event, and the request id and route of CTX
 * (which may be NULL). Values are escaped. Secrets are never passed here. Each write(2)
 * is of whole lines and no longer than what a pipe takes in one piece, so lines of two
 * threads do not mix.
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

struct log_line {
	enum log_level level;
	const struct ctx *ctx; /* may be NULL */
	const char *event;
	const struct log_field *fields;
	size_t field_count;
};

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
			log_write(&(struct log_line){ (level), (ctx), (event),    \
				log_fields_ + 1, COUNT_OF(log_fields_) - 1 });    \
		}                                                                 \
	} while (0)

#define log_debug(ctx, event, ...)   LOG_AT(LOG_DEBUG, ctx, event, ##__VA_ARGS__)
#define log_info(ctx, event, ...)    LOG_AT(LOG_INFO, ctx, event, ##__VA_ARGS__)
#define log_warning(ctx, event, ...) LOG_AT(LOG_WARNING, ctx, event, ##__VA_ARGS__)
#define log_error(ctx, event, ...)   LOG_AT(LOG_ERROR, ctx, event, ##__VA_ARGS__)

struct err;
/* An error, at the edge where it is handled: once. */
void log_err(const struct ctx *ctx, const char *event, const struct err *err);
/* One that was met TIMES times since it was last logged (sys/trouble.h). */
void log_err_times(
	const struct ctx *ctx, const char *event, const struct err *err, uint64_t times);

/*
 * A thread that says so gathers its lines until it calls log_flush, which it must
 * whenever it is about to wait: many lines then cost one system call. Warnings and errors
 * go out at once, with what was gathered before them.
 */
void log_gather(void);
/* Write what was gathered, and gather no more. */
void log_gather_end(void);
void log_flush(void);
/* Write what every thread has gathered; from the handler of a signal that ends the
 * process. */
void log_flush_all(void);

void log_write(const struct log_line *line);

#endif
