#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/ctx.h"

int
err_http_status(enum err_code code)
{
	switch (code) {
#define X(code, status, name, retry) \
	case ERR_##code:             \
		return status;
		ERR_CODES(X)
#undef X
	}
	return 500;
}

const char *
err_code_name(enum err_code code)
{
	switch (code) {
#define X(code, status, name, retry) \
	case ERR_##code:             \
		return name;
		ERR_CODES(X)
#undef X
	}
	return "internal";
}

bool
err_may_retry(enum err_code code)
{
	switch (code) {
#define X(code, status, name, retry) \
	case ERR_##code:             \
		return retry;
		ERR_CODES(X)
#undef X
	}
	return false;
}

struct err err_of_no_memory = {
	.code = ERR_TOO_LARGE,
	.message = STR_INIT("this needs more memory than one request may use"),
	.field = { .ptr = NULL, .len = 0 },
	.file = __FILE__,
	.line = __LINE__,
};

enum {
	MESSAGE_BYTES_MAX = 4096,
	CUT_BYTES = 500, /* of one that is longer */
};

static struct str
format(struct arena *arena, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

static struct str
format(struct arena *arena, const char *fmt, va_list args)
{
	va_list again;
	struct buf text;
	char *at;

	va_copy(again, args);
	buf_init(&text, arena, MESSAGE_BYTES_MAX);
	buf_vfmt(&text, fmt, args);
	/* One that is too long is told as far as it goes. */
	if (buf_is_cut(&text) && (at = arena_alloc_text(arena, CUT_BYTES))) {
		struct str whole = { .ptr = at, .len = CUT_BYTES - 1 };

		vsnprintf(at, CUT_BYTES, fmt, again);
		while (whole.len > 0 && !str_is_utf8(whole))
			whole.len--;
		buf_init(&text, arena, MESSAGE_BYTES_MAX);
		buf_put(&text, whole);
		buf_put(&text, STR("…"));
	}
	va_end(again);
	return buf_str(&text);
}

static struct err *make(const char *file, int line, struct arena *arena,
	enum err_code code, const char *fmt, va_list args) PRINTF_LIKE(5, 0);

static struct err *
make(const char *file, int line, struct arena *arena, enum err_code code, const char *fmt,
	va_list args)
{
	struct err *err = arena_alloc(arena, sizeof(*err));

	if (!err)
		return err_no_memory();
	*err = (struct err){
		.code = code,
		.message = format(arena, fmt, args),
		.arena = arena,
		.file = file,
		.line = line,
	};
	return err;
}

struct err *
err_in_at(const char *file, int line, struct arena *arena, enum err_code code,
	const char *fmt, ...)
{
	va_list args;
	struct err *err;

	va_start(args, fmt);
	err = make(file, line, arena, code, fmt, args);
	va_end(args);
	return err;
}

struct err *
err_new_at(const char *file, int line, struct ctx *ctx, enum err_code code,
	const char *fmt, ...)
{
	va_list args;
	struct err *err;

	va_start(args, fmt);
	err = make(file, line, ctx->arena, code, fmt, args);
	va_end(args);
	return err;
}

struct err *
err_field_at(const char *file, int line, struct ctx *ctx, const char *field,
	const char *fmt, ...)
{
	va_list args;
	struct err *err;

	va_start(args, fmt);
	err = make(file, line, ctx->arena, ERR_INVALID, fmt, args);
	va_end(args);
	if (err->arena)
		err->field = str_from(field);
	return err;
}

struct err *
err_note(struct err *err, const char *fmt, ...)
{
	struct err_note *note;
	va_list args;

	if (!err || !err->arena)
		return err;
	note = arena_alloc(err->arena, sizeof(*note));
	if (!note)
		return err;
	va_start(args, fmt);
	*note = (struct err_note){ .older = err->notes,
		.text = format(err->arena, fmt, args) };
	va_end(args);
	err->notes = note;
	return err;
}

struct str
err_describe(struct arena *arena, const struct err *err)
{
	struct buf text;

	buf_init(&text, arena, 8192);
	buf_fmt(&text, "%s: " STR_FMT, err_code_name(err->code), STR_ARG(err->message));
	if (!str_is_none(err->field))
		buf_fmt(&text, " [" STR_FMT "]", STR_ARG(err->field));
	for (const struct err_note *note = err->notes; note; note = note->older)
		buf_fmt(&text, "; " STR_FMT, STR_ARG(note->text));
	buf_fmt(&text, " (%s:%d)", err->file, err->line);
	return buf_str(&text);
}
