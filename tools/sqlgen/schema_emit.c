/* The migrations as a C table. */
#include "sqlgen/c_text.h"
#include "sqlgen/schema.h"

static const char *const dialect_constants[DIALECTS] = { "DIALECT_POSTGRES",
	"DIALECT_SQLITE" };

static void
put_script(
	struct buf *out, int32_t number, const char *name, const struct script *scripts)
{
	for (int dialect = 0; dialect < DIALECTS; dialect++) {
		const struct script *script = &scripts[dialect];

		if (!script->count)
			continue;
		buf_fmt(out, "static const struct str %s_%d_%s[] = {\n", name, number,
			dialect_names[dialect]);
		for (size_t i = 0; i < script->count; i++) {
			buf_put(out, STR("\tSTR_INIT("));
			put_literal(out, script->items[i], "\t\t");
			buf_put(out, STR("),\n"));
		}
		buf_put(out, STR("};\n\n"));
	}
}

static void
put_script_fields(
	struct buf *out, int32_t number, const char *name, const struct script *scripts)
{
	for (int dialect = 0; dialect < DIALECTS; dialect++)
		if (scripts[dialect].count)
			buf_fmt(out, "\t\t.%s[%s] = { %s_%d_%s, %zu },\n", name,
				dialect_constants[dialect], name, number,
				dialect_names[dialect], scripts[dialect].count);
}

static void
put_text_field(struct buf *out, const char *name, struct str text)
{
	buf_fmt(out, "\t\t.%s = STR_INIT(", name);
	put_literal(out, text, "\t\t\t");
	buf_put(out, STR("),\n"));
}

static void
put_migration(struct buf *out, const struct migration_file *migration)
{
	bool is_transactional = str_is_none(migration->why_not_transactional);

	buf_fmt(out, "\t{\n\t\t.number = %d,\n", migration->number);
	put_text_field(out, "name", migration->name);
	put_text_field(out, "file", migration->file.name);
	put_text_field(out, "description", migration->description);
	put_text_field(out, "source", migration->file.text);
	buf_fmt(out, "\t\t.is_transactional = %s,\n",
		is_transactional ? "true" : "false");
	if (!is_transactional)
		put_text_field(out, "why_not", migration->why_not_transactional);
	put_script_fields(out, migration->number, "up", migration->up);
	put_script_fields(out, migration->number, "down", migration->down);
	buf_put(out, STR("\t},\n"));
}

/* C has no empty arrays, so each ends with an element that is not counted. */
void
schema_emit(const struct schema *schema, struct buf *out)
{
	buf_put(out,
		STR("/* Made by tools/sqlgen from sql/migrations. */\n"
		    "#include \"db/migration_data.h\"\n\n"));
	for (size_t i = 0; i < schema->migrations.count; i++) {
		const struct migration_file *migration = &schema->migrations.items[i];

		put_script(out, migration->number, "up", migration->up);
		put_script(out, migration->number, "down", migration->down);
	}
	buf_put(out, STR("const struct migration migrations[] = {\n"));
	for (size_t i = 0; i < schema->migrations.count; i++)
		put_migration(out, &schema->migrations.items[i]);
	buf_fmt(out, "\t{ .number = 0 },\n};\nconst size_t migrations_count = %zu;\n\n",
		schema->migrations.count);
	buf_put(out, STR("const struct table_residency table_residencies[] = {\n"));
	for (size_t i = 0; i < schema->tables.count; i++)
		buf_fmt(out, "\t{ STR_INIT(\"" STR_FMT "\"), %s },\n",
			STR_ARG(schema->tables.items[i].name),
			schema->tables.items[i].is_user_owned ? "RESIDENCY_USER"
							      : "RESIDENCY_GLOBAL");
	buf_fmt(out,
		"\t{ .table = { .ptr = NULL } },\n};\n"
		"const size_t table_residencies_count = %zu;\n",
		schema->tables.count);
}
