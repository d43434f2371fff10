#include "tests/accounts/catalog.h"

#include <assert.h>
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

static const char *const references_sql[DIALECT_COUNT] = {
	[DIALECT_POSTGRES] =
		"SELECT c.conrelid::regclass || '|' || a.attname FROM pg_constraint c "
		"JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY "
		"(c.conkey) WHERE c.contype = 'f' AND c.confrelid = 'users'::regclass",
	[DIALECT_SQLITE] = "SELECT m.name || '|' || f.\"from\" FROM sqlite_schema m, "
			   "pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND "
			   "f.\"table\" = 'users'",
};

static struct column *
column_find(const struct catalog *catalog, struct str table, struct str name)
{
	for (size_t i = 0; i < catalog->count; i++)
		if (str_eq(catalog->columns[i].table, table) &&
			str_eq(catalog->columns[i].name, name))
			return &catalog->columns[i];
	return NULL;
}

/* Which columns say whom a row tells of. */
static struct err *
mark_names(struct ctx *ctx, const struct catalog *catalog)
{
	static const enum db_type text[] = { DB_TEXT };
	struct str rows, line, table;

	for (size_t i = 0; i < catalog->count; i++) {
		struct column *column = &catalog->columns[i];

		column->names_user = str_eq(column->name, STR("email")) ||
			str_eq(column->name, STR("recipient")) ||
			str_eq(column->name, STR("user_id"));
	}
	TRY(database_dump(ctx, references_sql[db_dialect(ctx->db)], text, 1, &rows));
	while (str_next(&rows, '\n', &line)) {
		struct column *column;

		if (!str_next(&line, '|', &table) || str_is_none(line))
			continue;
		column = column_find(catalog, table, line);
		assert(column);
		column->names_user = true;
	}
	return NULL;
}

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
	return mark_names(ctx, ret);
}

struct str
catalog_owner(const struct catalog *catalog, struct str table)
{
	if (str_eq(table, STR("users")))
		return STR("id");
	if (column_find(catalog, table, STR("user_id")))
		return STR("user_id");
	for (size_t i = 0; i < catalog->count; i++) {
		const struct column *column = &catalog->columns[i];

		if (str_eq(column->table, table) && column->names_user &&
			!column->is_text)
			return column->name;
	}
	return STR_NONE;
}

/* A row has the owner that it must have, and one where it may have one. */
static const char *
owner_of(const struct catalog *catalog, const struct good_row *row)
{
	struct str owner = catalog_owner(catalog, str_from(row->table));

	if (str_is_none(owner) || !str_is_none(row_value(row->columns, owner)))
		return "";
	if (str_eq(owner, STR("accepted_by")))
		return "accepted_by=%1; accepted_at=T150";
	assert(str_eq(owner, STR("user_id")));
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

struct err *
catalog_insert(struct ctx *ctx, const char *table, int variant, const char *instead)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return db_run_text(&tx,
		row_insert(ctx->arena, good_row_find(str_from(table)), variant, instead));
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

/* --- Planting */

/* The forms in which a column may take a text: as it is, as an address, as JSON. */
static const struct form {
	const char *before;
	const char *between;
	const char *after;
} forms[] = {
	{ "", " ", "" },
	{ "", ".", "@example.org" },
	{ "{\"name\": \"", " ", "\"}" },
	{ "[\"", " ", "\"]" },
	{ "", "", "" },
};

static struct str
literal_of(struct ctx *ctx, const struct column *column, const struct form *form,
	struct str planted)
{
	struct str text = str_fmt(ctx->arena, "'%s" STR_FMT "%s'", form->before,
		STR_ARG(planted), form->after);

	if (!column->is_bytes)
		return text;
	return db_dialect(ctx->db) == DIALECT_POSTGRES
		? str_fmt(ctx->arena, "convert_to(" STR_FMT ", 'UTF8')", STR_ARG(text))
		: str_fmt(ctx->arena, "CAST(" STR_FMT " AS BLOB)", STR_ARG(text));
}

/* Try the forms until the schema takes one: what it takes none of can hold nothing
 * personal. */
static bool
plant(struct ctx *ctx, struct column *column, struct str owner, const char *word)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		struct str planted = str_fmt(ctx->arena, "%s%s" STR_FMT "%s" STR_FMT,
			word, forms[i].between, STR_ARG(column->table), forms[i].between,
			STR_ARG(column->name));
		struct str literal = literal_of(ctx, column, &forms[i], planted);
		struct str sql = str_fmt(ctx->arena,
			"UPDATE " STR_FMT " SET " STR_FMT " = " STR_FMT " WHERE " STR_FMT
			" = %s",
			STR_ARG(column->table), STR_ARG(column->name), STR_ARG(literal),
			STR_ARG(owner), user_one_literal(ctx));

		if (db_run_text(&tx, sql))
			continue;
		column->planted = planted;
		return true;
	}
	return false;
}

struct err *
catalog_plant(struct ctx *ctx, struct catalog *catalog, const struct exception *unplanted,
	const struct exception *kept, int *ret)
{
	int planted = 0;

	for (size_t i = 0; i < catalog->count; i++) {
		struct column *column = &catalog->columns[i];
		struct str owner = catalog_owner(catalog, column->table);
		bool is_kept = exception_find(kept, column->table, column->name);

		if (str_is_none(owner) || str_eq(owner, column->name) ||
			(!column->is_text && !column->is_bytes) ||
			exception_find(unplanted, column->table, column->name))
			continue;
		planted += plant(ctx, column, owner, is_kept ? "kept" : "planted");
	}
	*ret = planted;
	return NULL;
}
