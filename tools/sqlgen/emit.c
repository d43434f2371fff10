/* What the header and the source have in common. */
#include "sqlgen/query.h"

enum {
	PLAIN_ARGS_MAX = 2,
};

/* `type?` and type are one in C for text and ids. */
struct str
column_c_type(const struct column *column)
{
	return column->is_nullable ? column->type->c_opt_type : column->type->c_type;
}

bool
query_takes_struct(const struct query *query)
{
	const struct columns *args = &query->args;

	if (query->shape == SHAPE_BATCH || args->count > PLAIN_ARGS_MAX)
		return true;
	return args->count == PLAIN_ARGS_MAX &&
		str_eq(column_c_type(&args->items[0]), column_c_type(&args->items[1]));
}

static void
put_args(struct buf *out, const struct query *query)
{
	if (query->shape == SHAPE_BATCH) {
		buf_fmt(out, ", const struct " STR_FMT " *sets, size_t count",
			STR_ARG(query->name));
		return;
	}
	if (query_takes_struct(query)) {
		buf_fmt(out, ", struct " STR_FMT " args", STR_ARG(query->name));
		return;
	}
	for (size_t i = 0; i < query->args.count; i++) {
		struct str type = column_c_type(&query->args.items[i]);

		buf_fmt(out, ", " STR_FMT " " STR_FMT, STR_ARG(type),
			STR_ARG(query->args.items[i].name));
	}
}

void
put_prototype(struct buf *out, const struct query *query)
{
	buf_fmt(out, "q_" STR_FMT "(struct tx *tx", STR_ARG(query->name));
	put_args(out, query);
	switch (query->shape) {
	case SHAPE_ONE:
		buf_fmt(out, ", struct " STR_FMT " *ret", STR_ARG(query->row_name));
		break;
	case SHAPE_OPT:
		buf_fmt(out, ", struct " STR_FMT " *ret, bool *ret_found",
			STR_ARG(query->row_name));
		break;
	case SHAPE_MANY:
		buf_fmt(out, ", struct " STR_FMT "_list *ret", STR_ARG(query->row_name));
		break;
	case SHAPE_VISIT:
	case SHAPE_EACH:
		buf_fmt(out, ", " STR_FMT "_fn fn, void *arg", STR_ARG(query->row_name));
		break;
	case SHAPE_ROWS:
	case SHAPE_BATCH:
		buf_put(out, STR(", int64_t *ret"));
		break;
	case SHAPE_EXEC:
	case SHAPE_COUNT:
		break;
	}
	buf_put_char(out, ')');
}

void
emit_registry(const struct program *program, struct buf *out)
{
	size_t count = 0;

	buf_put(out,
		STR("/* Made by tools/sqlgen from all of sql/queries. */\n"
		    "#include \"db/query.h\"\n\n"));
	for (size_t i = 0; i < program->files.count; i++)
		for (size_t j = 0; j < program->files.items[i].queries.count; j++)
			buf_fmt(out, "extern const struct query query_" STR_FMT ";\n",
				STR_ARG(program->files.items[i].queries.items[j].name));
	buf_put(out, STR("\nconst struct query *const query_registry[] = {\n"));
	for (size_t i = 0; i < program->files.count; i++) {
		const struct query_file *file = &program->files.items[i];

		for (size_t j = 0; j < file->queries.count; j++)
			buf_fmt(out, "\t&query_" STR_FMT ",\n",
				STR_ARG(file->queries.items[j].name));
		count += file->queries.count;
	}
	/* C has no empty arrays, so one more element ends it. */
	buf_fmt(out, "\tNULL,\n};\nconst size_t query_registry_count = %zu;\n", count);
}
