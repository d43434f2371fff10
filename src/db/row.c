#include "db/row.h"

#include "base/vec.h"

enum {
	/* Sets of arguments made at a time, so that a batch of any length takes little
	 * memory. */
	BATCH_SETS = 256,
	COPY_SETS = 4096, /* of those that PostgreSQL gets by COPY */
};

/* Where the rows of a running query go. */
struct row_reader {
	struct tx *tx;
	const struct query *query;
	const struct row_type *type;
	void *row;       /* the struct to fill */
	size_t count;    /* rows so far */
	bool texts_last; /* they need no copy */
	struct row_list list;
	row_each_fn each;
	void *arg;
};

static const char *
name_of(const char *const *names, size_t index)
{
	return names ? names[index] : "?";
}

static struct err *
refuse(struct tx *tx, const struct query *query, const char *what, const char *name)
{
	struct err *err = err_new(tx->ctx, ERR_INTERNAL, "the database request failed");

	return err_note(err, "query %s: %s%s", query->name, what, name);
}

static struct err *
check_params(struct tx *tx, const struct query *query, const struct value *params)
{
	for (size_t i = 0; query->param_nullable && i < query->param_count; i++)
		if (UNLIKELY(params[i].is_null && !query->param_nullable[i]))
			return refuse(tx, query, "no value for argument ",
				name_of(query->param_names, i));
	if (query->actor_param &&
		UNLIKELY(!uuid_eq(params[query->actor_param - 1].uuid,
			tx->ctx->actor.user_id.uuid)))
		return refuse(tx, query, "asked for another user than the actor", "");
	return NULL;
}

static struct err *
check_columns(const struct row_reader *reader, const struct value *columns)
{
	const struct query *query = reader->query;

	for (size_t i = 0; i < query->column_count; i++) {
		enum db_type type = query->column_types[i];

		if (columns[i].is_null) {
			if (UNLIKELY(!query->column_nullable[i]))
				return refuse(reader->tx, query, "NULL in column ",
					name_of(query->column_names, i));
		} else if ((type == DB_I32 || type == DB_RATE) &&
			UNLIKELY(columns[i].i64 != (int32_t)columns[i].i64)) {
			return refuse(reader->tx, query, "more than 32 bits in column ",
				name_of(query->column_names, i));
		}
	}
	return NULL;
}

/* Where the texts of a row are copied to; NULL: they stay where they are. */
static struct arena *
copy_arena(const struct row_reader *reader)
{
	return reader->texts_last ? NULL : reader->tx->ctx->arena;
}

/* The only row. */
static struct err *
read_single(void *arg, const struct value *columns)
{
	struct row_reader *reader = arg;

	if (reader->count++ > 0)
		return refuse(reader->tx, reader->query, "more than one row", "");
	TRY(check_columns(reader, columns));
	return reader->type->decode(copy_arena(reader), columns, reader->row)
		? NULL
		: err_no_memory();
}

static struct err *
read_listed(void *arg, const struct value *columns)
{
	struct row_reader *reader = arg;
	struct row_list *list = &reader->list;
	struct arena *arena = reader->tx->ctx->arena;
	size_t size = reader->type->size;

	TRY(check_columns(reader, columns));
	if (list->count == list->capacity) {
		void *grown = vec_grow(
			arena, list->items, list->count, &list->capacity, size);

		if (!grown)
			return err_no_memory();
		list->items = grown;
	}
	if (!reader->type->decode(copy_arena(reader), columns,
		    (char *)list->items + list->count * size))
		return err_no_memory();
	list->count++;
	return NULL;
}

static struct err *
read_each(void *arg, const struct value *columns)
{
	struct row_reader *reader = arg;

	TRY(check_columns(reader, columns));
	if (!reader->type->decode(NULL, columns, reader->row))
		return err_no_memory();
	return reader->each(reader->arg, reader->row);
}

static struct err *
run(struct row_reader *reader, const struct value *params, row_fn fn)
{
	struct row_sink sink = {
		.row = fn, .arg = reader, .texts_last = &reader->texts_last
	};

	TRY(check_params(reader->tx, reader->query, params));
	return query_run(reader->tx, reader->query, params, sink, NULL);
}

struct err *
row_one(struct tx *tx, const struct query *query, const struct value *params,
	const struct row_type *type, const char *absent, void *ret)
{
	struct row_reader reader = { .tx = tx, .query = query, .type = type, .row = ret };

	TRY(run(&reader, params, read_single));
	if (reader.count == 0)
		return err_note(err_new(tx->ctx, ERR_NOT_FOUND, "%s", absent), "query %s",
			query->name);
	return NULL;
}

struct err *
row_opt(struct tx *tx, const struct query *query, const struct value *params,
	const struct row_type *type, void *ret, bool *ret_found)
{
	struct row_reader reader = { .tx = tx, .query = query, .type = type, .row = ret };

	TRY(run(&reader, params, read_single));
	*ret_found = reader.count > 0;
	return NULL;
}

struct err *
row_many(struct tx *tx, const struct query *query, const struct value *params,
	const struct row_type *type, struct row_list *ret)
{
	struct row_reader reader = { .tx = tx, .query = query, .type = type };

	TRY(run(&reader, params, read_listed));
	*ret = reader.list;
	return NULL;
}

struct err *
row_each(struct tx *tx, const struct query *query, const struct value *params,
	const struct row_type *type, row_each_fn fn, void *arg)
{
	struct row_reader reader = { .tx = tx, .query = query, .type = type };

	reader.each = fn;
	reader.arg = arg;
	reader.row = arena_alloc(tx->ctx->arena, type->size);
	if (!reader.row)
		return err_no_memory();
	return run(&reader, params, read_each);
}

struct err *
row_none(struct tx *tx, const struct query *query, const struct value *params,
	int64_t *ret_affected)
{
	TRY(check_params(tx, query, params));
	return query_run(
		tx, query, params, (struct row_sink){ .row = NULL }, ret_affected);
}

/* Make COUNT sets of arguments from FIRST on; PARAMS has room for them. */
static struct err *
encode_some(struct tx *tx, const struct query *query, const struct row_sets *sets,
	struct value *params, size_t first, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct value *set = params + i * query->param_count;

		sets->encode(
			tx, (const char *)sets->items + (first + i) * sets->size, set);
		TRY_CTX(check_params(tx, query, set), "set %zu", first + i);
	}
	return NULL;
}

struct err *
row_batch(struct tx *tx, const struct query *query, const struct row_sets *sets,
	int64_t *ret_affected)
{
	size_t room = query->copy ? COPY_SETS : BATCH_SETS;
	struct value *params;
	int64_t total = 0;

	room = sets->count < room ? sets->count : room;
	TRY_NEW(tx->ctx->arena, params, room * query->param_count + 1);
	for (size_t first = 0; first < sets->count; first += room) {
		size_t left = sets->count - first, count = left < room ? left : room;
		int64_t affected = 0;

		TRY(encode_some(tx, query, sets, params, first, count));
		TRY_CTX(query_run_batch(tx, query, params, count, &affected),
			"of the sets from %zu on", first);
		total += affected;
	}
	*ret_affected = total;
	return NULL;
}
