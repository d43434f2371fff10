/* <folder>/<file>_q.c: decoders of rows, queries, and the functions that run them. */
#include "sqlgen/c_text.h"
#include "sqlgen/query.h"

enum {
	SQL_BYTES_MAX = 1 << 18,
};

static const char *const shape_constants[SHAPE_COUNT] = { "QUERY_ONE", "QUERY_OPT",
	"QUERY_MANY", "QUERY_MANY", "QUERY_EACH", "QUERY_EXEC", "QUERY_ROWS",
	"QUERY_BATCH" };

static bool
is_kind(const struct column *column, const char *kind)
{
	return str_eq(column->type->kind, str_from(kind));
}

static bool
is_text(const struct column *column)
{
	return is_kind(column, "text") || is_kind(column, "bytes") ||
		is_kind(column, "json");
}

static bool
is_32_bits(const struct column *column)
{
	return is_kind(column, "i32") || is_kind(column, "rate");
}

/* The member of struct value that holds a number of this kind, or "". */
static const char *
member(const struct column *column)
{
	if (is_kind(column, "bool"))
		return "boolean";
	return is_kind(column, "f64") ? "f64" : "i64";
}

static void
put_kind(struct buf *out, const struct column *column)
{
	buf_put(out, STR("DB_"));
	for (size_t i = 0; i < column->type->kind.len; i++) {
		char c = column->type->kind.ptr[i];

		buf_put_char(out, c >= 'a' && c <= 'z' ? (char)(c - 32) : c);
	}
}

/* The three arrays that describe COLUMNS, named NAME_types, NAME_nullable, NAME_names.
 * The last are ids that the function makes itself. */
static void
put_arrays(
	struct buf *out, struct str name, const struct columns *columns, size_t new_ids)
{
	if (!columns->count && !new_ids)
		return;
	buf_fmt(out, "static const enum db_type " STR_FMT "_types[] = {", STR_ARG(name));
	for (size_t i = 0; i < columns->count; i++) {
		buf_put(out, i ? STR(", ") : STR(" "));
		put_kind(out, &columns->items[i]);
	}
	for (size_t i = 0; i < new_ids; i++)
		buf_put(out, columns->count + i ? STR(", DB_UUID") : STR(" DB_UUID"));
	buf_fmt(out, " };\nstatic const bool " STR_FMT "_nullable[] = {", STR_ARG(name));
	for (size_t i = 0; i < columns->count + new_ids; i++)
		buf_fmt(out, "%s%s", i ? ", " : " ",
			i < columns->count && columns->items[i].is_nullable ? "true"
									    : "false");
	buf_fmt(out, " };\nstatic const char *const " STR_FMT "_names[] = {",
		STR_ARG(name));
	for (size_t i = 0; i < columns->count; i++)
		buf_fmt(out, "%s\"" STR_FMT "\"", i ? ", " : " ",
			STR_ARG(columns->items[i].name));
	for (size_t i = 0; i < new_ids; i++)
		buf_fmt(out, "%s\"new id\"", columns->count + i ? ", " : " ");
	buf_put(out, STR(" };\n"));
}

static void
put_decode_column(struct buf *out, const struct column *column, size_t index)
{
	struct str name = column->name;
	const char *narrow = is_32_bits(column) ? "(int32_t)" : "";

	if (is_text(column))
		buf_fmt(out,
			"\tif (!row_text(arena, &columns[%zu], &row->" STR_FMT "))\n"
			"\t\treturn false;\n",
			index, STR_ARG(name));
	else if (is_kind(column, "uuid"))
		buf_fmt(out, "\trow->" STR_FMT "%s = row_uuid(&columns[%zu]);\n",
			STR_ARG(name), column->type->is_id ? ".uuid" : "", index);
	else if (!column->is_nullable)
		buf_fmt(out, "\trow->" STR_FMT " = %scolumns[%zu].%s;\n", STR_ARG(name),
			narrow, index, member(column));
	else
		buf_fmt(out,
			"\trow->" STR_FMT ".is_set = !columns[%zu].is_null;\n"
			"\trow->" STR_FMT ".value = columns[%zu].is_null ? 0 : "
			"%scolumns[%zu].%s;\n",
			STR_ARG(name), index, STR_ARG(name), index, narrow, index,
			member(column));
}

static bool
has_text(const struct columns *columns)
{
	for (size_t i = 0; i < columns->count; i++)
		if (is_text(&columns->items[i]))
			return true;
	return false;
}

static void
put_decoder(struct buf *out, const struct row *row)
{
	struct str name = row->name;

	buf_fmt(out,
		"static bool\n" STR_FMT "_decode(struct arena *arena, const struct value "
		"*columns, void *ret)\n{\n\tstruct " STR_FMT " *row = ret;\n\n",
		STR_ARG(name), STR_ARG(name));
	if (!has_text(&row->columns))
		buf_put(out, STR("\t(void)arena;\n"));
	for (size_t i = 0; i < row->columns.count; i++)
		put_decode_column(out, &row->columns.items[i], i);
	buf_fmt(out,
		"\treturn true;\n}\n\nconst struct row_type " STR_FMT
		"_row = { sizeof(struct " STR_FMT "), " STR_FMT "_decode };\n\n",
		STR_ARG(name), STR_ARG(name), STR_ARG(name));
}

/* Where the column that is compared with :actor at INDEX begins; INDEX where it stands in
 * no such condition. */
static size_t
owner_column(const struct tokens *tokens, size_t index)
{
	struct str column;

	if (index < 2 || !token_is(tokens->items[index - 1], "=") ||
		!str_eq(token_name(tokens->items[index]), STR("actor")))
		return index;
	column = tokens->items[index - 2].text;
	if (!str_eq_nocase(column, STR("user_id")) && !str_eq_nocase(column, STR("id")))
		return index;
	return index >= 4 && token_is(tokens->items[index - 3], ".") ? index - 4
								     : index - 2;
}

/*
 * The argument at INDEX, numbered NUMBER. Unguarded, `user_id = :actor` of an `as: actor`
 * query becomes a condition that holds for every row and keeps the argument:
 * `user_id = coalesce(user_id, :actor)`.
 */
static void
put_param(struct buf *out, const struct query *query, const struct tokens *tokens,
	size_t index, struct str number, bool is_unguarded)
{
	size_t column = index;

	if (is_unguarded && query->audience == AUDIENCE_ACTOR)
		column = owner_column(tokens, index);
	if (column == index) {
		buf_put(out, number);
		return;
	}
	buf_put(out, STR("coalesce("));
	for (; column < index - 1; column++)
		buf_put(out, tokens->items[column].text);
	buf_put(out, STR(", "));
	buf_put(out, number);
	buf_put_char(out, ')');
}

/* The statement with arguments numbered as they are declared, and the ids made here
 * behind them. */
static void
put_sql(struct buf *out, const struct program *program, const struct query *query,
	int dialect)
{
	char mark = dialect == POSTGRES ? '$' : '?';
	size_t next_id = query->args.count;

	for (size_t i = 0; i < query->sql[dialect].count; i++) {
		struct token token = query->sql[dialect].items[i];
		struct str name = token_name(token);
		const struct sql_type *type = types_find(program->types, name);

		if (token.is_spaced)
			buf_put_char(out, ' ');
		if (token.kind == TOKEN_PARAM)
			put_param(out, query, &query->sql[dialect], i,
				str_fmt(program->arena, "%c%zu", mark,
					query_arg(query, name)),
				program->is_unguarded);
		else if (token.kind == TOKEN_PLACEHOLDER && str_eq(name, STR("new id")))
			buf_fmt(out, "%c%zu", mark, ++next_id);
		else if (token.kind == TOKEN_PLACEHOLDER && type)
			buf_put(out, type->engine[dialect]);
		else
			buf_put(out, token.text);
	}
}

static void
put_sql_field(struct buf *out, const struct program *program, const struct query *query,
	int dialect)
{
	struct buf sql;

	buf_init(&sql, program->arena, SQL_BYTES_MAX);
	put_sql(&sql, program, query, dialect);
	buf_fmt(out, "\t.sql[%s] = ",
		dialect == POSTGRES ? "DIALECT_POSTGRES" : "DIALECT_SQLITE");
	put_literal(out, buf_str(&sql), "\t\t");
	buf_put(out, STR(",\n"));
	out->is_cut = out->is_cut || buf_is_cut(&sql);
}

/* INSERT INTO table (…) VALUES (…) as COPY table (…) FROM STDIN. */
static void
put_copy_field(struct buf *out, const struct program *program, const struct query *query)
{
	static const struct str insert = STR_INIT("INSERT INTO ");
	struct buf sql;
	struct str text;
	ptrdiff_t end;

	if (!query->is_copied)
		return;
	buf_init(&sql, program->arena, SQL_BYTES_MAX);
	put_sql(&sql, program, query, POSTGRES);
	text = buf_str(&sql);
	end = str_find(text, STR(" VALUES "));
	buf_fmt(out, "\t.copy = \"COPY " STR_FMT " FROM STDIN (FORMAT binary)\",\n",
		STR_ARG(str_slice(text, insert.len, end < 0 ? text.len : (size_t)end)));
	out->is_cut = out->is_cut || buf_is_cut(&sql);
}

static void
put_flag(struct buf *out, const char *name, bool is_set)
{
	if (is_set)
		buf_fmt(out, "\t.%s = true,\n", name);
}

static void
put_param_fields(struct buf *out, const struct query *query)
{
	struct str name = query->name;
	size_t count = query->args.count + query->new_ids;

	buf_fmt(out, "\t.param_count = %zu,\n", count);
	if (count)
		buf_fmt(out,
			"\t.param_types = " STR_FMT "_params_types,\n"
			"\t.param_nullable = " STR_FMT "_params_nullable,\n"
			"\t.param_names = " STR_FMT "_params_names,\n",
			STR_ARG(name), STR_ARG(name), STR_ARG(name));
	if (query->audience == AUDIENCE_ACTOR)
		buf_fmt(out, "\t.actor_param = %zu,\n", query_arg(query, STR("actor")));
}

static void
put_column_fields(struct buf *out, const struct query *query)
{
	struct str name = query->row_name;

	if (!query->row || !query->row->columns.count)
		return;
	buf_fmt(out,
		"\t.column_count = %zu,\n"
		"\t.column_types = " STR_FMT "_columns_types,\n"
		"\t.column_nullable = " STR_FMT "_columns_nullable,\n"
		"\t.column_names = " STR_FMT "_columns_names,\n",
		query->row->columns.count, STR_ARG(name), STR_ARG(name), STR_ARG(name));
}

static void
put_query(struct buf *out, const struct program *program, const struct query_file *file,
	const struct query *query)
{
	struct str params = str_fmt(
		program->arena, STR_FMT "_params", STR_ARG(query->name));

	put_arrays(out, params, &query->args, query->new_ids);
	buf_fmt(out,
		"static struct query_stats " STR_FMT "_stats;\n"
		"const struct query query_" STR_FMT " = {\n"
		"\t.name = \"" STR_FMT "\",\n\t.file = \"" STR_FMT "\",\n",
		STR_ARG(query->name), STR_ARG(query->name), STR_ARG(query->name),
		STR_ARG(file->file.name));
	for (int dialect = 0; dialect < DIALECTS; dialect++)
		put_sql_field(out, program, query, dialect);
	put_copy_field(out, program, query);
	buf_fmt(out, "\t.shape = %s,\n", shape_constants[query->shape]);
	put_flag(out, "is_write", query->is_write);
	put_flag(out, "is_actor", query->audience == AUDIENCE_ACTOR);
	put_flag(out, "is_system", query->audience == AUDIENCE_SYSTEM);
	put_flag(out, "is_slow", query->is_batch_pool);
	put_flag(out, "allows_replica", query->allows_replica);
	put_flag(out, "allows_scan", query->allows_scan);
	put_param_fields(out, query);
	put_column_fields(out, query);
	buf_fmt(out, "\t.stats = &" STR_FMT "_stats,\n};\n\n", STR_ARG(query->name));
}

/* The value of an argument that stands in PREFIX (`args.`, `set->` or nothing). */
static void
put_value(struct buf *out, const struct column *arg, const char *prefix)
{
	const char *make = is_kind(arg, "bool") ? "value_bool"
		: is_kind(arg, "f64")           ? "value_f64"
						: "value_i64";

	if (is_text(arg))
		buf_fmt(out, "value_text(%s" STR_FMT ")", prefix, STR_ARG(arg->name));
	else if (is_kind(arg, "uuid"))
		buf_fmt(out, "%s(%s" STR_FMT "%s)",
			arg->type->is_id || arg->is_nullable ? "value_id" : "value_uuid",
			prefix, STR_ARG(arg->name), arg->type->is_id ? ".uuid" : "");
	else if (arg->is_nullable)
		buf_fmt(out, "VALUE_OPT(%s, %s" STR_FMT ")", make, prefix,
			STR_ARG(arg->name));
	else
		buf_fmt(out, "%s(%s" STR_FMT ")", make, prefix, STR_ARG(arg->name));
}

static void
put_new_id(struct buf *out)
{
	buf_put(out, STR("value_uuid(uuid_v7(tx->ctx->now))"));
}

static void
put_params(struct buf *out, const struct query *query)
{
	const char *prefix = query_takes_struct(query) ? "args." : "";

	buf_put(out, STR("\tconst struct value params[] = {\n"));
	for (size_t i = 0; i < query->args.count; i++) {
		buf_put(out, STR("\t\t"));
		put_value(out, &query->args.items[i], prefix);
		buf_put(out, STR(",\n"));
	}
	for (size_t i = 0; i < query->new_ids; i++) {
		buf_put(out, STR("\t\t"));
		put_new_id(out);
		buf_put(out, STR(",\n"));
	}
	buf_put(out, STR("\t};\n"));
}

/* One set of a batch into values. */
static void
put_encoder(struct buf *out, const struct query *query)
{
	bool uses_set = query->args.count > 0;
	bool uses_tx = query->new_ids > 0;

	buf_fmt(out,
		"static void\n" STR_FMT
		"_encode(struct tx *tx, const void *from, struct value "
		"*params)\n{\n",
		STR_ARG(query->name));
	if (uses_set)
		buf_fmt(out, "\tconst struct " STR_FMT " *set = from;\n",
			STR_ARG(query->name));
	buf_put(out, STR("\n"));
	if (!uses_tx)
		buf_put(out, STR("\t(void)tx;\n"));
	if (!uses_set)
		buf_put(out, STR("\t(void)from;\n"));
	for (size_t i = 0; i < query->args.count; i++) {
		buf_fmt(out, "\tparams[%zu] = ", i);
		put_value(out, &query->args.items[i], "set->");
		buf_put(out, STR(";\n"));
	}
	for (size_t i = 0; i < query->new_ids; i++) {
		buf_fmt(out, "\tparams[%zu] = ", query->args.count + i);
		put_new_id(out);
		buf_put(out, STR(";\n"));
	}
	buf_put(out, STR("}\n\n"));
}

/* A callback of the row's own type behind one that takes any row. */
static void
put_trampoline(struct buf *out, const struct query *query)
{
	struct str row = query->row_name, name = query->name;

	buf_fmt(out,
		"struct " STR_FMT "_call {\n\t" STR_FMT "_fn fn;\n\tvoid *arg;\n};\n\n"
		"static struct err *\n" STR_FMT "_call(void *arg, const void *row)\n{\n"
		"\tconst struct " STR_FMT "_call *call = arg;\n\n"
		"\treturn call->fn(call->arg, row);\n}\n\n",
		STR_ARG(name), STR_ARG(row), STR_ARG(name), STR_ARG(name));
}

/* "no such api key", of row api_key. */
static void
put_absent(struct buf *out, const struct query *query)
{
	if (query->absent.len) {
		put_literal(out, query->absent, "\t\t");
		return;
	}
	buf_put(out, STR("\"no such "));
	for (size_t i = 0; i < query->row_name.len; i++)
		buf_put_char(out,
			query->row_name.ptr[i] == '_' ? ' ' : query->row_name.ptr[i]);
	buf_put_char(out, '"');
}

/* What the function does once params stand. */
static void
put_call(struct buf *out, const struct query *query, const char *params)
{
	struct str row = query->row_name, name = query->name;

	switch (query->shape) {
	case SHAPE_ONE:
		buf_fmt(out,
			"\tTRY(row_one(tx, &query_" STR_FMT ", %s, &" STR_FMT
			"_row,\n\t\t",
			STR_ARG(name), params, STR_ARG(row));
		put_absent(out, query);
		buf_put(out, STR(", &row));\n\t*ret = row;\n\treturn NULL;\n"));
		break;
	case SHAPE_OPT:
		buf_fmt(out,
			"\tTRY(row_opt(tx, &query_" STR_FMT ", %s, &" STR_FMT
			"_row, &row, &found));\n"
			"\tif (found)\n\t\t*ret = row;\n\t*ret_found = found;\n\treturn "
			"NULL;\n",
			STR_ARG(name), params, STR_ARG(row));
		break;
	case SHAPE_MANY:
		buf_fmt(out,
			"\tTRY(row_many(tx, &query_" STR_FMT ", %s, &" STR_FMT
			"_row, &list));\n"
			"\tret->items = list.items;\n\tret->count = "
			"list.count;\n\treturn NULL;\n",
			STR_ARG(name), params, STR_ARG(row));
		break;
	case SHAPE_VISIT:
	case SHAPE_EACH:
		buf_fmt(out,
			"\treturn row_each(tx, &query_" STR_FMT ", %s, &" STR_FMT
			"_row, " STR_FMT "_call, &call);\n",
			STR_ARG(name), params, STR_ARG(row), STR_ARG(name));
		break;
	case SHAPE_EXEC:
	case SHAPE_ROWS:
		buf_fmt(out, "\treturn row_none(tx, &query_" STR_FMT ", %s, %s);\n",
			STR_ARG(name), params,
			query->shape == SHAPE_ROWS ? "ret" : "NULL");
		break;
	case SHAPE_BATCH:
		buf_fmt(out, "\treturn row_batch(tx, &query_" STR_FMT ", &all, ret);\n",
			STR_ARG(name));
		break;
	case SHAPE_COUNT:
		break;
	}
}

/* Whether a function is called for each row. */
static bool
is_walked(const struct query *query)
{
	return query->shape == SHAPE_VISIT || query->shape == SHAPE_EACH;
}

/* What the function keeps. */
static void
put_locals(struct buf *out, const struct query *query)
{
	struct str row = query->row_name, name = query->name;

	if (query->shape == SHAPE_ONE || query->shape == SHAPE_OPT)
		buf_fmt(out, "\tstruct " STR_FMT " row;\n", STR_ARG(row));
	if (query->shape == SHAPE_OPT)
		buf_put(out, STR("\tbool found;\n"));
	if (query->shape == SHAPE_MANY)
		buf_put(out, STR("\tstruct row_list list;\n"));
	if (is_walked(query))
		buf_fmt(out, "\tstruct " STR_FMT "_call call = { fn, arg };\n",
			STR_ARG(name));
	if (query->shape == SHAPE_BATCH)
		buf_fmt(out,
			"\tconst struct row_sets all = { sets, count, "
			"sizeof(*sets), " STR_FMT "_encode };\n",
			STR_ARG(name));
}

static void
put_function(struct buf *out, const struct query *query)
{
	bool has_params = query->args.count + query->new_ids > 0 &&
		query->shape != SHAPE_BATCH;

	if (query->shape == SHAPE_BATCH)
		put_encoder(out, query);
	if (is_walked(query))
		put_trampoline(out, query);
	buf_put(out, STR("struct err *\n"));
	put_prototype(out, query);
	buf_put(out, STR("\n{\n"));
	if (has_params)
		put_params(out, query);
	put_locals(out, query);
	buf_put_char(out, '\n');
	put_call(out, query, has_params ? "params" : "NULL");
	buf_put(out, STR("}\n\n"));
}

/* Whether the row of query INDEX was not yet met in this file. */
static bool
is_first_use(const struct query_file *file, size_t index)
{
	const struct row *row = file->queries.items[index].row;

	for (size_t i = 0; i < index; i++)
		if (file->queries.items[i].row == row)
			return false;
	return row != NULL;
}

void
emit_source(const struct query_file *file, const struct program *program, struct buf *out)
{
	buf_fmt(out,
		"/* Made by tools/sqlgen from sql/queries/" STR_FMT
		". */\n#include \"" STR_FMT "/" STR_FMT
		"_q.h\"\n\n#include \"db/row.h\"\n#include \"sys/random.h\"\n\n",
		STR_ARG(file->file.name), STR_ARG(file->folder),
		STR_ARG(file->file.stem));
	for (size_t i = 0; i < file->rows.count; i++)
		put_decoder(out, &file->rows.items[i]);
	for (size_t i = 0; i < file->queries.count; i++) {
		const struct row *row = file->queries.items[i].row;

		if (is_first_use(file, i)) {
			put_arrays(out,
				str_fmt(program->arena, STR_FMT "_columns",
					STR_ARG(row->name)),
				&row->columns, 0);
			buf_put_char(out, '\n');
		}
	}
	for (size_t i = 0; i < file->queries.count; i++) {
		put_query(out, program, file, &file->queries.items[i]);
		put_function(out, &file->queries.items[i]);
	}
}
