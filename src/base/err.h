/*
 * Errors are values. A function that can fail returns `struct err *`: NULL is success,
 * anything else must be returned (TRY) or handled. Its result comes last, named `ret`,
 * and is untouched on failure.
 *
 * An error lives in the arena of the context it was made in, so it is gone when the
 * request is.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/arena.h"
#include "base/compiler.h"
#include "base/str.h"

struct ctx;

/*
 * X(code, HTTP status, stable name, may a retry help)
 * UNCERTAIN: a write may or may not have happened.
 */
#define ERR_CODES(X)                                      \
	X(INVALID, 400, "invalid", false)                 \
	X(UNAUTHENTICATED, 401, "unauthenticated", false) \
	X(DENIED, 403, "denied", false)                   \
	X(NOT_FOUND, 404, "not_found", false)             \
	X(CONFLICT, 409, "conflict", false)               \
	X(GONE, 410, "gone", false)                       \
	X(TOO_LARGE, 413, "too_large", false)             \
	X(UNSUPPORTED, 415, "unsupported", false)         \
	X(RATE_LIMITED, 429, "rate_limited", true)        \
	X(BUSY, 503, "busy", true)                        \
	X(TIMEOUT, 504, "timeout", true)                  \
	X(UNCERTAIN, 500, "uncertain", false)             \
	X(INTERNAL, 500, "internal", false)

enum err_code {
#define X(code, status, name, retry) ERR_##code,
	ERR_CODES(X)
#undef X
};

/* A remark for the operator, newest first. */
struct err_note {
	struct err_note *older;
	struct str text;
};

struct err {
	enum err_code code;
	struct str message;     /* for the user: lower case, no full stop, safe to show */
	struct str field;       /* which input was wrong, where one was; else absent */
	struct err_note *notes; /* for the operator */
	struct arena *arena;    /* NULL: a constant, takes no notes */
	const char *file;
	int line;
	bool lacks_schema; /* the database has not what the query names */
	/* When a retry may help, where that is known; 0: soon. */
	int32_t retry_after_s;
};

int err_http_status(enum err_code code);
const char *err_code_name(enum err_code code);
bool err_may_retry(enum err_code code);

/* ERR, which is not NULL: NEVER_NULL for an analyzer that does not know the attribute. */
MUST_USE static inline struct err *
err_is_set(struct err *err)
{
	if (!err)
		__builtin_unreachable();
	return err;
}

/* A new error in CTX's arena. The message must be safe to show to a user. */
#define err_new(ctx, code, ...) \
	err_is_set(err_new_at(__FILE__, __LINE__, ctx, code, __VA_ARGS__))
struct err *err_new_at(const char *file, int line, struct ctx *ctx, enum err_code code,
	const char *fmt, ...) PRINTF_LIKE(5, 6) MUST_USE NEVER_NULL;

/* The same for code that has an arena and no context: parsers, commands. */
#define err_in(arena, code, ...) \
	err_is_set(err_in_at(__FILE__, __LINE__, arena, code, __VA_ARGS__))
struct err *err_in_at(const char *file, int line, struct arena *arena, enum err_code code,
	const char *fmt, ...) PRINTF_LIKE(5, 6) MUST_USE NEVER_NULL;

/* INVALID, and the input field that was wrong. */
#define err_field(ctx, name, ...) \
	err_is_set(err_field_at(__FILE__, __LINE__, ctx, name, __VA_ARGS__))
struct err *err_field_at(const char *file, int line, struct ctx *ctx, const char *field,
	const char *fmt, ...) PRINTF_LIKE(5, 6) MUST_USE NEVER_NULL;

/* The constant error for an arena that is full. */
extern struct err err_of_no_memory;

MUST_USE static inline struct err *
err_no_memory(void)
{
	return &err_of_no_memory;
}

/* Add a note for the operator; returns ERR. Nothing happens to NULL. */
struct err *err_note(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "code: message (note; note) at file:line", for logs and command lines, in ARENA. */
struct str err_describe(struct arena *arena, const struct err *err);

/* Return early with the error of EXPR. */
#define TRY(expr)                               \
	do {                                    \
		struct err *try_err_ = (expr);  \
		if (UNLIKELY(try_err_ != NULL)) \
			return try_err_;        \
	} while (0)

/* Return early with the error of EXPR and a note on what was being done. */
#define TRY_CTX(expr, ...)                                                  \
	do {                                                                \
		struct err *try_err_ = (expr);                              \
		if (UNLIKELY(try_err_ != NULL))                             \
			return err_is_set(err_note(try_err_, __VA_ARGS__)); \
	} while (0)

/* Make PTR point to COUNT new zeroed elements in ARENA, or return early. */
#define TRY_NEW(arena, ptr, count)                                           \
	do {                                                                 \
		(ptr) = arena_alloc_array((arena), (count), sizeof(*(ptr))); \
		if (UNLIKELY(!(ptr)))                                        \
			return err_no_memory();                              \
	} while (0)

#endif
