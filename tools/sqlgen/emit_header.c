/* <folder>/<file>_q.h: the structs and functions of a query file. */
#include "sqlgen/query.h"

static void
put_upper(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		buf_put_char(out, c >= 'a' && c <= 'z' ? (char)(c - 32) : c);
	}
}

static void
put_guard(struct buf *out, const struct query_file *file)
{
	put_upper(out, file->folder);
	buf_put_char(out, '_');
	put_upper(out, file->file.stem);
	buf_put(out, STR("_Q_H\n"));
}

static void
put_fields(struct buf *out, const struct columns *columns)
{
	for (size_t i = 0; i < columns->count; i++) {
		const struct column *column = &columns->items[i];
		struct str type = column_c_type(column);

		buf_fmt(out, "\t" STR_FMT " " STR_FMT ";", STR_ARG(type),
			STR_ARG(column->name));
		if (column->is_nullable)
			buf_put(out, STR(" /* may be absent */"));
		buf_put_char(out, '\n');
	}
	if (!columns->count)
		buf_put(out, STR("\tchar none;\n"));
}

static void
put_row(struct buf *out, const struct row *row)
{
	struct str name = row->name;

	buf_fmt(out, "struct " STR_FMT " {\n", STR_ARG(name));
	put_fields(out, &row->columns);
	buf_fmt(out, "};\nstruct " STR_FMT "_list {\n\tstruct " STR_FMT " *items;\n",
		STR_ARG(name), STR_ARG(name));
	buf_fmt(out,
		"\tsize_t count;\n};\n"
		"typedef struct err *(*" STR_FMT "_fn)(void *arg, const struct " STR_FMT
		" *row);\n",
		STR_ARG(name), STR_ARG(name));
	buf_fmt(out,
		"struct row_type;\nextern const struct row_type " STR_FMT "_row;\n\n",
		STR_ARG(name));
}

static void
put_doc(struct buf *out, const struct query *query)
{
	size_t count = query->doc.count;

	/* An empty line at the end is none. */
	while (count && !query->doc.items[count - 1].len)
		count--;
	for (size_t i = 0; i < count; i++)
		buf_fmt(out, "%s" STR_FMT "%s", i ? " * " : "/* ",
			STR_ARG(query->doc.items[i]), i + 1 == count ? " */\n" : "\n");
}

static void
put_query(struct buf *out, const struct query *query)
{
	if (query_takes_struct(query)) {
		buf_fmt(out, "struct " STR_FMT " {\n", STR_ARG(query->name));
		put_fields(out, &query->args);
		buf_put(out, STR("};\n"));
	}
	put_doc(out, query);
	buf_put(out, STR("struct err *"));
	put_prototype(out, query);
	buf_put(out, STR(" MUST_USE;\n"));
	buf_fmt(out, "extern const struct query query_" STR_FMT ";\n\n",
		STR_ARG(query->name));
}

/* The headers of the other files of the folder whose rows are used here. */
static void
put_includes(
	struct buf *out, const struct query_file *file, const struct program *program)
{
	buf_put(out, STR("#include \"db/db.h\"\n"));
	for (size_t i = 0; i < program->files.count; i++) {
		const struct query_file *other = &program->files.items[i];
		bool is_used = false;

		for (size_t j = 0; other != file && j < file->queries.count; j++) {
			const struct row *row = file->queries.items[j].row;

			is_used = is_used ||
				(row && str_eq(row->at.file, other->file.path));
		}
		if (is_used)
			buf_fmt(out, "#include \"" STR_FMT "/" STR_FMT "_q.h\"\n",
				STR_ARG(other->folder), STR_ARG(other->file.stem));
	}
	buf_put_char(out, '\n');
}

void
emit_header(const struct query_file *file, const struct program *program, struct buf *out)
{
	buf_fmt(out, "/* Made by tools/sqlgen from sql/queries/" STR_FMT ". */\n#ifndef ",
		STR_ARG(file->file.name));
	put_guard(out, file);
	buf_put(out, STR("#define "));
	put_guard(out, file);
	buf_put_char(out, '\n');
	put_includes(out, file, program);
	for (size_t i = 0; i < file->rows.count; i++)
		put_row(out, &file->rows.items[i]);
	for (size_t i = 0; i < file->queries.count; i++)
		put_query(out, &file->queries.items[i]);
	buf_put(out, STR("#endif\n"));
}
