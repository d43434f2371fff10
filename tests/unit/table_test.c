/* Tables of commands, as programs read them. */
#include "app/table.h"

#include "codec/json_read.h"
#include "tests/tap.h"

static const struct table_column columns[] = {
	{ "text", "TEXT" },
	{ "number", "NUMBER" },
};

static bool
print_json(const struct table *table, char *into, size_t size)
{
	FILE *file = fmemopen(into, size, "w");

	if (!file)
		return false;
	table_print_json(table, file);
	return fclose(file) == 0;
}

TEST(each_cell_is_json_of_whatever_it_holds)
{
	static const struct str texts[] = { STR_INIT("plain"), STR_INIT(""),
		{ .ptr = NULL }, STR_INIT("\"\\\001\n"), STR_INIT("\xff\xff") };
	const struct json_node *text;
	struct json_node root;
	struct table table;
	struct arena arena;
	char printed[4096] = { 0 };

	arena_init(&arena, 1 << 20);
	TABLE_INIT(&table, &arena, columns);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		table_put_text(&table, texts[i]);
		table_put_fixed(&table, -1e300, 1);
	}
	OK(!table.is_cut);
	OK(print_json(&table, printed, sizeof(printed)));
	OK_ERR(json_read(&arena, str_from(printed), &root));
	EQ_I64(root.count, COUNT_OF(texts));
	text = json_node_find(&root.items[2], STR("text"));
	OK(text && text->kind == JSON_IS_NULL);
	text = json_node_find(&root.items[3], STR("text"));
	OK(text && str_eq(text->text, texts[3]));
	arena_release(&arena);
}

TEST(a_table_that_finds_no_room_says_so)
{
	static char bytes[5000];
	struct table table;
	struct arena arena;
	char printed[4096] = { 0 };

	arena_init(&arena, 8192);
	TABLE_INIT(&table, &arena, columns);
	memset(bytes, 'x', sizeof(bytes));
	table_put_text(&table, STR("whole"));
	table_put_i64(&table, 1);
	table_put_text(&table, (struct str){ bytes, sizeof(bytes) });
	OK(table.is_cut);
	/* What would fit again takes no other's place: what is printed are whole rows. */
	table_put_i64(&table, 2);
	table_put_text(&table, STR("next"));
	table_put_i64(&table, 3);
	EQ_I64(table_row_count(&table), 1);
	OK(print_json(&table, printed, sizeof(printed)));
	EQ_STR(str_from(printed), STR("[\n {\"text\": \"whole\", \"number\": 1}\n]\n"));
	arena_release(&arena);
}
