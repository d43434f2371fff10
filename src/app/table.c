#include "app/table.h"

#include <assert.h>
#include <math.h>

#include "codec/json_write.h"

enum {
	NUMBER_BYTES_MAX = 512,
};

void
table_init(struct table *table, struct arena *arena, const struct table_column *columns,
	size_t column_count)
{
	*table = (struct table){
		.arena = arena,
		.columns = columns,
		.column_count = column_count,
	};
}

static void
put_cell(struct table *table, struct table_cell cell)
{
	/* Behind what is missing nothing more, or it would stand in its place. */
	if (table->is_cut || str_is_none(cell.shown) ||
		!VEC_PUSH(table->arena, &table->cells, cell))
		table->is_cut = true;
}

void
table_put_text(struct table *table, struct str text)
{
	struct buf out;
	struct json json;

	/* Six bytes for one, as in \u0001, and the quotes; or null. */
	buf_init(&out, table->arena, text.len * 6 + strlen("null"));
	json = json_begin(&out);
	json_put_text(&json, text);
	table->is_cut = table->is_cut || buf_is_cut(&out);
	put_cell(table,
		(struct table_cell){
			.shown = str_is_none(text) ? STR("-")
						   : str_dup(table->arena, text),
			.json = buf_str(&out),
		});
}

void
table_put_i64(struct table *table, int64_t value)
{
	struct str digits = str_fmt(table->arena, "%lld", (long long)value);

	put_cell(table,
		(struct table_cell){
			.shown = digits, .json = digits, .is_number = true });
}

static void
put_number(struct table *table, double value, int decimals, struct str shown)
{
	struct buf out;
	struct json json;

	buf_init(&out, table->arena, NUMBER_BYTES_MAX);
	json = json_begin(&out);
	json_put_fixed(&json, value, decimals);
	table->is_cut = table->is_cut || buf_is_cut(&out);
	put_cell(table,
		(struct table_cell){
			.shown = isfinite(value) ? shown : STR("-"),
			.json = buf_str(&out),
			.is_number = true,
		});
}

void
table_put_fixed(struct table *table, double value, int decimals)
{
	put_number(
		table, value, decimals, str_fmt(table->arena, "%.*f", decimals, value));
}

void
table_put_share(struct table *table, double fraction)
{
	put_number(table, fraction, 6, str_fmt(table->arena, "%.1f%%", fraction * 100));
}

void
table_put_chance(struct table *table, double chance)
{
	if (chance >= 0.001 && chance <= 0.999)
		table_put_share(table, chance);
	else
		put_number(
			table, chance, 6, chance < 0.001 ? STR("<0.1%") : STR(">99.9%"));
}

void
table_put_none(struct table *table)
{
	put_cell(table, (struct table_cell){ .shown = STR("-"), .json = STR("null") });
}

size_t
table_row_count(const struct table *table)
{
	return table->cells.count / table->column_count;
}

/* Of whole rows: one that is cut is left out. */
static size_t
cell_count(const struct table *table)
{
	return table_row_count(table) * table->column_count;
}

/* How many columns TEXT takes on a terminal, one a character: bytes that continue a
 * character take none. */
static int
width_of(struct str text)
{
	int width = 0;

	for (size_t i = 0; i < text.len; i++)
		width += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return width;
}

static int
column_width(const struct table *table, size_t column)
{
	int width = width_of(str_from(table->columns[column].title));

	for (size_t i = column; i < cell_count(table); i += table->column_count) {
		int cell = width_of(table->cells.items[i].shown);

		width = cell > width ? cell : width;
	}
	return width;
}

static bool
is_number_column(const struct table *table, size_t column)
{
	return column < table->cells.count && table->cells.items[column].is_number;
}

static void
print_padded(FILE *file, struct str text, int width, bool is_right, bool is_last)
{
	int padding = width - width_of(text);

	if (is_right)
		fprintf(file, "%*s", padding, "");
	fprintf(file, STR_FMT, STR_ARG(text));
	if (!is_right && !is_last)
		fprintf(file, "%*s", padding, "");
	fputs(is_last ? "\n" : "  ", file);
}

void
table_print_text(const struct table *table, FILE *file)
{
	size_t last = table->column_count - 1;
	int *widths = arena_alloc_array(
		table->arena, table->column_count, sizeof(*widths));

	if (!widths)
		return;
	for (size_t i = 0; i <= last; i++) {
		widths[i] = column_width(table, i);
		print_padded(file, str_from(table->columns[i].title), widths[i],
			is_number_column(table, i), i == last);
	}
	for (size_t i = 0; i < cell_count(table); i++) {
		size_t column = i % table->column_count;

		print_padded(file, table->cells.items[i].shown, widths[column],
			table->cells.items[i].is_number, column == last);
	}
}

void
table_print_json(const struct table *table, FILE *file)
{
	fputs("[", file);
	for (size_t i = 0; i < cell_count(table); i++) {
		size_t column = i % table->column_count;
		struct str json = table->cells.items[i].json;

		if (column == 0)
			fputs(i ? ",\n {" : "\n {", file);
		fprintf(file, "%s\"%s\": " STR_FMT, column ? ", " : "",
			table->columns[column].key, STR_ARG(json));
		if (column + 1 == table->column_count)
			fputs("}", file);
	}
	fputs("\n]\n", file);
}
