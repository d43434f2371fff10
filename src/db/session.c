#include "db/session.h"

#include "base/buf.h"

struct session {
	const struct session_driver *driver;
	void *handle;
};

static const struct session_driver *
driver_of(struct str url)
{
	if (str_starts_with(url, STR("sqlite:")))
		return &session_sqlite;
	if (str_starts_with(url, STR("postgresql://")) ||
		str_starts_with(url, STR("postgres://")))
		return &session_postgres;
	return NULL;
}

struct err *
session_open(struct ctx *ctx, struct str url, struct session **ret)
{
	struct session *session;

	TRY_NEW(ctx->arena, session, 1);
	session->driver = driver_of(url);
	if (!session->driver)
		return err_new(ctx, ERR_INVALID,
			"the database's address begins with neither sqlite: nor "
			"postgresql://");
	TRY(session->driver->open(ctx, url, &session->handle));
	*ret = session;
	return NULL;
}

void
session_close(struct session *session)
{
	if (session && session->handle)
		session->driver->close(session->handle);
	if (session)
		session->handle = NULL;
}

enum dialect
session_dialect(const struct session *session)
{
	return session->driver->dialect;
}

struct err *
session_run(struct ctx *ctx, struct session *session, struct str sql)
{
	return (*session->driver->run)(ctx, session->handle, sql, NULL, NULL);
}

struct err *
session_query(struct ctx *ctx, struct session *session, struct str sql,
	session_row_fn row, void *arg)
{
	/* With the star, which says nothing new, or cppcheck takes it for an
	 * initialiser. */
	return (*session->driver->run)(ctx, session->handle, sql, row, arg);
}

struct first_value {
	struct arena *arena;
	struct str value;
};

static struct err *
keep_value(void *arg, const struct str *columns, size_t count)
{
	struct first_value *first = arg;

	if (count > 0 && !str_is_none(columns[0]))
		first->value = str_dup(first->arena, columns[0]);
	return NULL;
}

struct err *
session_value(struct ctx *ctx, struct session *session, struct str sql, struct str *ret)
{
	struct first_value first = { .arena = ctx->arena, .value = STR_NONE };

	TRY(session_query(ctx, session, sql, keep_value, &first));
	*ret = first.value;
	return NULL;
}

struct str
session_quote(struct arena *arena, struct str text)
{
	struct buf out;

	buf_init(&out, arena, 2 * text.len + 2);
	buf_put_char(&out, '\'');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\'')
			buf_put_char(&out, '\'');
		buf_put_char(&out, text.ptr[i]);
	}
	buf_put_char(&out, '\'');
	return buf_str(&out);
}
