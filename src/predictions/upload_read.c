/* A batch of forecasts taken apart: JSON lines or CSV into rows. */
#include "predictions/upload_row.h"

#include "base/num.h"
#include "codec/csv.h"

enum {
	SCRATCH_BYTES_MAX = 4 << 20, /* a line and its tree */
	LINE_BYTES_MAX = 64 * 1024,
};

#define FAULT(reading, member, ...)                           \
	upload_fault_add((reading), upload_members[(member)], \
		str_fmt(&(reading)->scratch, __VA_ARGS__))

/* The member called NAME, or MEMBERS with a fault that names the nearest. */
static struct err *
member_find(struct reading *reading, struct str name, enum member *ret)
{
	enum member near = MEMBERS;
	size_t near_distance = 3;
	struct str shown = str_slice(name, 0, 40);

	for (int i = 0; i < MEMBERS; i++) {
		size_t distance = str_distance(name, upload_members[i]);

		if (str_eq(name, upload_members[i])) {
			*ret = (enum member)i;
			return NULL;
		}
		if (distance < near_distance) {
			near = (enum member)i;
			near_distance = distance;
		}
	}
	*ret = MEMBERS;
	if (near < MEMBERS)
		return upload_fault_add(reading, shown,
			str_fmt(&reading->scratch,
				"is unknown; did you mean '" STR_FMT "'?",
				STR_ARG(upload_members[near])));
	return upload_fault_add(reading, shown, STR("is unknown"));
}

static struct err *
count_row(struct reading *reading)
{
	if (++reading->upload->row_count > UPLOAD_ROWS_MOST)
		return err_new(reading->ctx, ERR_TOO_LARGE, "a batch is at most %d rows",
			UPLOAD_ROWS_MOST);
	return NULL;
}

/* --- JSON lines */

static struct err *
read_object(struct reading *reading, struct str text)
{
	struct json_node node = { .kind = JSON_IS_NULL };
	struct err *err = json_read(&reading->scratch, text, &node);
	struct raw raw = { .members = { NULL } };

	if (err)
		return upload_fault_add(reading, STR("row"), err->message);
	if (node.kind != JSON_IS_OBJECT)
		return upload_fault_add(reading, STR("row"),
			str_fmt(&reading->scratch, "must be an object, not %s",
				json_kind_name(node.kind)));
	for (size_t i = 0; i < node.count; i++) {
		enum member member;

		TRY(member_find(reading, node.keys[i], &member));
		if (member == MEMBERS)
			return NULL;
		raw.members[member] = &node.items[i];
	}
	return upload_row_read(reading, &raw);
}

static struct err *
read_json_lines(struct reading *reading, struct str text)
{
	struct str line, byte_order_mark = STR("\xef\xbb\xbf");

	/* Some programs begin a text with it. */
	if (str_starts_with(text, byte_order_mark))
		text = str_slice(text, byte_order_mark.len, text.len);
	while (str_next(&text, '\n', &line)) {
		reading->line++;
		line = str_trim(line);
		if (line.len == 0)
			continue;
		TRY(count_row(reading));
		TRY(line.len > LINE_BYTES_MAX ? upload_fault_add(reading, STR("row"),
							STR("is longer than 64 KiB"))
					      : read_object(reading, line));
		arena_reset(&reading->scratch);
	}
	return NULL;
}

/* --- CSV */

/* FIELD as the JSON it stands for: a number where the member takes one. */
static struct err *
cell_node(struct reading *reading, enum member member, struct str field,
	struct json_node *ret)
{
	bool is_number = member == MEMBER_probability || member == MEMBER_confidence ||
		member == MEMBER_line || member == MEMBER_odds;

	*ret = (struct json_node){ .kind = JSON_IS_TEXT, .text = field };
	if (is_number && num_parse_f64(field, &ret->f64))
		ret->kind = JSON_IS_F64;
	else if (member == MEMBER_data && json_read(&reading->scratch, field, ret))
		*ret = (struct json_node){ .kind = JSON_IS_TEXT, .text = field };
	return NULL;
}

static struct err *
read_record(struct reading *reading, const enum member *columns, size_t column_count,
	const struct csv_row *row)
{
	struct json_node nodes[MEMBERS];
	struct raw raw = { .members = { NULL } };

	if (row->count != column_count)
		return upload_fault_add(reading, STR("row"),
			str_fmt(&reading->scratch,
				"has %zu fields where the head has %zu", row->count,
				column_count));
	for (size_t i = 0; i < column_count; i++) {
		enum member member = columns[i];

		if (row->fields[i].len == 0)
			continue;
		TRY(cell_node(reading, member, row->fields[i], &nodes[member]));
		raw.members[member] = &nodes[member];
	}
	return upload_row_read(reading, &raw);
}

static struct err *
read_head(struct reading *reading, const struct csv_row *row, enum member *columns)
{
	uint32_t seen = 0;

	for (size_t i = 0; i < row->count && i < MEMBERS; i++) {
		TRY(member_find(reading, str_trim(row->fields[i]), &columns[i]));
		if (columns[i] == MEMBERS)
			continue;
		if (seen >> columns[i] & 1)
			TRY(FAULT(reading, columns[i], "is there twice"));
		seen |= UINT32_C(1) << columns[i];
	}
	return row->count > MEMBERS
		? upload_fault_add(reading, STR("row"),
			  STR("has more columns than there are names"))
		: NULL;
}

static struct err *
read_csv(struct reading *reading, struct str text)
{
	struct csv_memory memory = { .rest = text };
	struct csv_reader reader;
	struct csv_row row;
	enum member columns[MEMBERS] = { MEMBER_game_id };
	size_t column_count;
	bool found;

	TRY(csv_reader_init(&reader, reading->arena, csv_from_memory(&memory),
		(struct csv_options){ .line_max = LINE_BYTES_MAX }));
	TRY(csv_next(&reader, &row, &found));
	if (!found)
		return NULL;
	reading->line = row.line;
	column_count = row.count;
	TRY(read_head(reading, &row, columns));
	if (reading->upload->faults.count > 0)
		return NULL;
	for (;;) {
		TRY(csv_next(&reader, &row, &found));
		if (!found)
			return NULL;
		reading->line = row.line;
		TRY(count_row(reading));
		TRY(read_record(reading, columns, column_count, &row));
		arena_reset(&reading->scratch);
	}
}

static struct err *
games_by_id(struct reading *reading)
{
	map_init(&reading->game_numbers, reading->arena);
	for (size_t i = 0; i < reading->games->count; i++) {
		struct game *game = &reading->games->games[i];

		if (!map_put(&reading->game_numbers, game->nflverse_id, game))
			return err_no_memory();
	}
	return NULL;
}

struct err *
upload_read(struct ctx *ctx, const struct upload_options *options, struct str text,
	const struct game_set *games, struct upload *ret)
{
	struct reading reading = { .ctx = ctx,
		.arena = ctx->arena,
		.options = options,
		.games = games,
		.upload = ret };
	struct err *err;

	*ret = (struct upload){ .row_count = 0 };
	map_init(&reading.seen, ctx->arena);
	map_init(&reading.subjects, ctx->arena);
	TRY(games_by_id(&reading));
	arena_init(&reading.scratch, SCRATCH_BYTES_MAX);
	err = options->is_csv ? read_csv(&reading, text)
			      : read_json_lines(&reading, text);
	arena_release(&reading.scratch);
	return err;
}
