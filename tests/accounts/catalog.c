#include "tests/accounts/catalog.h"

#include <stdlib.h>

#include "base/vec.h"
#include "tests/db/schema_rows.h"
#include "tests/support/database.h"

static const char *const columns_sql[DIALECT_COUNT] = {
	[DIALECT_POSTGRES] =
		"SELECT table_name || '|' || column_name || '|' || data_type FROM "
		"information_schema.columns WHERE table_schema = 'public' ORDER BY "
		"table_name, ordinal_position",
	[DIALECT_SQLITE] = "SELECT m.name || '|' || c.name || '|' || lower(c.type) FROM "
			   "sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = "
			   "'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid",
};

struct err *
catalog_read(struct ctx *ctx, struct catalog *ret)
{
	static const enum db_type text[] = { DB_TEXT };
	struct {
		VEC_OF(struct column)
	} columns = { 0 };
	struct str rows, line;

	TRY(database_dump(ctx, columns_sql[db_dialect(ctx->db)], text, 1, &rows));
	while (str_next(&rows, '\n', &line)) {
		struct column column = { 0 };
		struct str type;

		if (!str_next(&line, '|', &column.table) ||
			!str_next(&line, '|', &column.name) ||
			!str_next(&line, '|', &type))
			continue;
		column.is_text = str_eq(type, STR("text")) || str_eq(type, STR("jsonb"));
		column.is_bytes = str_eq(type, STR("blob")) || str_eq(type, STR("bytea"));
		if (!VEC_PUSH(ctx->arena, &columns, column))
			return err_no_memory();
	}
	*ret = (struct catalog){ .columns = columns.items, .count = columns.count };
	return NULL;
}

struct str
catalog_owner(const struct catalog *catalog, struct str table)
{
	if (str_eq(table, STR("users")))
		return STR("id");
	for (size_t i = 0; i < catalog->count; i++)
		if (str_eq(catalog->columns[i].table, table) &&
			str_eq(catalog->columns[i].name, STR("user_id")))
			return STR("user_id");
	return STR_NONE;
}

/* A row has the owner that it must have, and one where it may have one. */
static const char *
owner_of(const struct catalog *catalog, const struct good_row *row)
{
	struct str owner = catalog_owner(catalog, str_from(row->table));

	if (str_is_none(owner) || !str_is_none(row_value(row->columns, owner)))
		return "";
	return "user_id=%1";
}

struct err *
catalog_fill(struct ctx *ctx, const struct catalog *catalog)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	setenv("GRIDIRON_TEST_ENGINE",
		db_dialect(ctx->db) == DIALECT_POSTGRES ? "postgres" : "sqlite", 1);
	for (const struct good_row *row = good_rows; row->table; row++)
		for (int variant = 1; variant <= row->variants; variant++) {
			struct str sql = row_insert(
				ctx->arena, row, variant, owner_of(catalog, row));

			TRY_CTX(db_run_text(&tx, sql), STR_FMT, STR_ARG(sql));
		}
	return NULL;
}

struct user_id
user_one(void)
{
	return (struct user_id){ { { [15] = 1 } } };
}

const char *
user_one_literal(const struct ctx *ctx)
{
	return db_dialect(ctx->db) == DIALECT_POSTGRES
		? "'00000000000000000000000000000001'"
		: "X'00000000000000000000000000000001'";
}

bool
exception_find(const struct exception *exceptions, struct str table, struct str column)
{
	for (const struct exception *each = exceptions; each->table; each++)
		if (str_eq(table, str_from(each->table)) &&
			(!each->column || str_eq(column, str_from(each->column))))
			return true;
	return false;
}
