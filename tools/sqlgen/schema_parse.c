/* Migration files: their directives and statements. */
#include "sqlgen/schema.h"

#include "base/num.h"

enum {
	STATEMENT_BYTES_MAX = 1 << 20,
	NUMBER_DIGITS = 4,
};

struct reader {
	struct schema *schema;
	struct migration_file *migration;
	struct lexer lexer;
	bool is_down;
	/* What the directives since the last statement said. */
	struct str only;
	struct str residency;
};

static struct place
place_at(const struct reader *reader, int line)
{
	return (struct place){ .file = reader->migration->file.path, .line = line };
}

/* Whether TEXT begins with NAME and a colon; ret is what follows. */
static bool
is_directive(struct str text, const char *name, struct str *ret)
{
	struct str prefix = str_from(name);

	if (!str_starts_with(text, prefix) || text.len <= prefix.len ||
		text.ptr[prefix.len] != ':')
		return false;
	*ret = str_trim(str_slice(text, prefix.len + 1, text.len));
	return true;
}

static void
read_transaction(struct reader *reader, struct str value, struct place at)
{
	if (str_starts_with(value, STR("none,")) &&
		str_trim(str_slice(value, 5, value.len)).len)
		reader->migration->why_not_transactional = str_trim(
			str_slice(value, 5, value.len));
	else
		fault_add(reader->schema->faults, at,
			"write '-- transaction: none, why it cannot run in one'");
}

/* `-- only: …` and its misspellings; prose of the form `word: text` passes. */
static void
refuse_near_miss(struct reader *reader, struct str text, struct place at)
{
	static const char *const known[] = { "migration", "transaction", "only",
		"residency" };
	ptrdiff_t colon = str_find_char(text, ':');
	struct str word = str_slice(text, 0, colon < 0 ? 0 : (size_t)colon);

	for (size_t i = 0; word.len && i < COUNT_OF(known); i++)
		if (str_distance(word, str_from(known[i])) <= 2)
			fault_add(reader->schema->faults, at,
				"unknown directive '" STR_FMT ":': did you mean '%s:'?",
				STR_ARG(word), known[i]);
}

static void
read_comment(struct reader *reader, struct token token)
{
	struct place at = place_at(reader, token.line);
	struct str text = str_trim(str_slice(token.text, 2, token.text.len));
	struct str value;

	if (str_eq(text, STR("up"))) {
		reader->migration->has_up = true;
	} else if (str_eq(text, STR("down"))) {
		reader->migration->has_down = true;
		reader->is_down = true;
	} else if (is_directive(text, "migration", &value)) {
		reader->migration->description = value;
	} else if (is_directive(text, "transaction", &value)) {
		read_transaction(reader, value, at);
	} else if (is_directive(text, "residency", &value)) {
		reader->residency = value;
	} else if (is_directive(text, "only", &value)) {
		reader->only = value;
		if (!str_eq(value, STR("postgresql")) && !str_eq(value, STR("sqlite")))
			fault_add(reader->schema->faults, at,
				"'-- only:' takes postgresql or sqlite");
	} else {
		refuse_near_miss(reader, text, at);
	}
}

/* Every placeholder names a type. */
static void
check_placeholder(struct reader *reader, struct token token)
{
	const struct types *types = reader->schema->types;
	struct str name = token_name(token);
	struct str nearest = types_nearest(types, name);

	if (!types_find(types, name))
		fault_add(reader->schema->faults, place_at(reader, token.line),
			"unknown type '" STR_FMT "': did you mean {{" STR_FMT "}}?",
			STR_ARG(name), STR_ARG(nearest));
}

/* How BEGIN, CASE and END change the depth at which a semicolon ends nothing. */
static int
depth_change(struct token token)
{
	if (token_is(token, "begin") || token_is(token, "case"))
		return 1;
	return token_is(token, "end") ? -1 : 0;
}

static struct err *
add_statement(struct reader *reader, const struct statement *statement)
{
	struct migration_file *migration = reader->migration;
	struct schema *schema = reader->schema;

	if (!migration->has_up)
		fault_add(schema->faults, statement->at,
			"a statement before '-- up'; put that line above it");
	for (int dialect = 0; dialect < DIALECTS; dialect++) {
		struct script *script = reader->is_down ? &migration->down[dialect]
							: &migration->up[dialect];
		struct buf text;

		if (reader->only.len &&
			!str_eq(reader->only, str_from(dialect_names[dialect])))
			continue;
		buf_init(&text, schema->arena, STATEMENT_BYTES_MAX);
		statement_write(schema, statement, dialect, &text);
		if (buf_is_cut(&text) || !VEC_PUSH(schema->arena, script, buf_str(&text)))
			return err_no_memory();
	}
	if (!reader->is_down &&
		(!schema_follow(schema, statement) ||
			!statement_take_foreign_keys(
				schema->arena, statement, &migration->foreign_keys)))
		return err_no_memory();
	reader->only = reader->residency = STR_NONE;
	return NULL;
}

/* Read the statement that begins with TOKEN, up to its semicolon. */
static struct err *
read_statement(struct reader *reader, struct token token)
{
	struct schema *schema = reader->schema;
	struct {
		VEC_OF(struct token)
	} tokens = { 0 };
	int depth = 0;
	bool may_nest = token_is(token, "create");
	struct statement statement = { .at = place_at(reader, token.line),
		.residency = reader->residency };

	for (; depth > 0 || !token_is(token, ";"); token = lexer_next(&reader->lexer)) {
		if (token.kind == TOKEN_END || token.kind == TOKEN_BAD) {
			fault_add(schema->faults, statement.at,
				token.kind == TOKEN_END
					? "this statement has no ';' at its end"
					: "this statement holds a text or comment "
					  "without end");
			reader->lexer.at = reader->lexer.text.len;
			return NULL;
		}
		if (token.kind == TOKEN_COMMENT)
			continue;
		if (token.kind == TOKEN_PLACEHOLDER)
			check_placeholder(reader, token);
		depth += may_nest ? depth_change(token) : 0;
		if (!VEC_PUSH(schema->arena, &tokens, token))
			return err_no_memory();
	}
	statement.tokens = tokens.items;
	statement.count = tokens.count;
	return statement.count ? add_statement(reader, &statement) : NULL;
}

static void
check_file(const struct reader *reader)
{
	const struct migration_file *migration = reader->migration;
	struct faults *faults = reader->schema->faults;
	struct place at = place_at(reader, 1);

	if (!migration->description.len)
		fault_add(
			faults, at, "begin with '-- migration: what it is, in one line'");
	if (!migration->has_up || !migration->has_down)
		fault_add(faults, at,
			"a migration has a line '-- up' and a line '-- down', each "
			"followed by its statements");
	if (!str_is_none(reader->only) || !str_is_none(reader->residency))
		fault_add(faults, at, "a directive at the end belongs to no statement");
}

/* NNNN_name.sql, numbered from 1 without gaps. */
static void
read_name(const struct schema *schema, struct migration_file *migration)
{
	struct str stem = migration->file.stem;
	struct place at = { .file = migration->file.path, .line = 1 };
	int32_t expected = (int32_t)schema->migrations.count + 1;

	if (stem.len < NUMBER_DIGITS + 2 || stem.ptr[NUMBER_DIGITS] != '_' ||
		!num_parse_i32(str_slice(stem, 0, NUMBER_DIGITS), 1, INT32_MAX,
			&migration->number)) {
		fault_add(schema->faults, at, "name it NNNN_name.sql, as %04d_name.sql",
			expected);
		return;
	}
	migration->name = str_slice(stem, NUMBER_DIGITS + 1, stem.len);
	if (migration->number != expected)
		fault_add(schema->faults, at,
			"its number is %d, but the next free one is %d; rename the file",
			migration->number, expected);
}

struct err *
schema_read_file(struct schema *schema, struct file file)
{
	struct migration_file migration = { .file = file };
	struct reader reader = { .schema = schema, .migration = &migration };

	read_name(schema, &migration);
	lexer_init(&reader.lexer, file.text);
	for (;;) {
		struct token token = lexer_next(&reader.lexer);

		if (token.kind == TOKEN_END)
			break;
		if (token.kind == TOKEN_COMMENT)
			read_comment(&reader, token);
		else
			TRY(read_statement(&reader, token));
	}
	check_file(&reader);
	for (size_t i = 0; i < migration.foreign_keys.count; i++)
		if (!VEC_PUSH(schema->arena, &migration.up[POSTGRES],
			    migration.foreign_keys.items[i]))
			return err_no_memory();
	if (!VEC_PUSH(schema->arena, &schema->migrations, migration))
		return err_no_memory();
	return NULL;
}

static int
by_name(const void *a, const void *b)
{
	return str_cmp(((const struct table *)a)->name, ((const struct table *)b)->name);
}

struct err *
schema_read(struct arena *arena, struct str folder, const struct types *types,
	struct faults *faults, struct schema *ret)
{
	struct schema schema = { .arena = arena, .types = types, .faults = faults };
	struct str checks = str_fmt(arena, STR_FMT "/checks.txt", STR_ARG(folder));
	struct str migrations = str_fmt(arena, STR_FMT "/migrations", STR_ARG(folder));
	struct file_list files;

	if (file_exists(arena, checks))
		TRY(checks_read(&schema, checks));
	TRY(file_read_folder(arena, migrations, STR(".sql"), &files));
	for (size_t i = 0; i < files.count; i++)
		TRY(schema_read_file(&schema, files.items[i]));
	if (schema.tables.count)
		qsort(schema.tables.items, schema.tables.count, sizeof(struct table),
			by_name);
	*ret = schema;
	return NULL;
}
