/* The statements of a migration as each engine is to have them. */
#include "sqlgen/schema.h"

struct err *
checks_read(struct schema *schema, struct str path)
{
	struct file file;
	struct str rest, line;

	TRY(file_read(schema->arena, path, &file));
	rest = file.text;
	for (int number = 1; str_next(&rest, '\n', &line); number++) {
		struct place at = { .file = path, .line = number };
		struct type_check check = { 0 };
		struct str engine;

		if (str_starts_with(line, STR("#")) || str_trim(line).len == 0)
			continue;
		check.type = take_word(&line);
		engine = take_word(&line);
		check.condition = str_trim(line);
		check.dialect = str_eq(engine, str_from(dialect_names[SQLITE]))
			? SQLITE
			: POSTGRES;
		if (!types_find(schema->types, check.type))
			fault_add(schema->faults, at, "unknown type '" STR_FMT "'",
				STR_ARG(check.type));
		else if (!str_eq(engine, str_from(dialect_names[check.dialect])) ||
			!check.condition.len)
			fault_add(schema->faults, at,
				"a check is: type, postgresql or sqlite, condition with "
				"%% for the column");
		else if (!VEC_PUSH(schema->arena, &schema->checks, check))
			return err_no_memory();
	}
	return NULL;
}

static void
put_condition(struct buf *out, struct str condition, struct str column)
{
	for (size_t i = 0; i < condition.len; i++) {
		if (condition.ptr[i] == '%')
			buf_put(out, column);
		else
			buf_put_char(out, condition.ptr[i]);
	}
}

/* The checks of COLUMN, which a migration declares as {{TYPE}}. */
static void
put_checks(const struct schema *schema, struct str table, struct str column,
	const struct sql_type *type, int dialect, struct buf *out)
{
	struct str name = type->is_id ? STR("id") : type->name;

	for (size_t i = 0; i < schema->checks.count; i++) {
		const struct type_check *check = &schema->checks.items[i];

		if (check->dialect != dialect || !str_eq(check->type, name))
			continue;
		buf_fmt(out, ",\n    CONSTRAINT " STR_FMT "_" STR_FMT "_type CHECK (",
			STR_ARG(table), STR_ARG(column));
		put_condition(out, check->condition, column);
		buf_put_char(out, ')');
	}
}

/* How TOKEN changes the depth of brackets. */
static int
bracket(struct token token)
{
	if (token_is(token, "("))
		return 1;
	return token_is(token, ")") ? -1 : 0;
}

/* The checks of all columns of the table whose definition begins at AT. */
static void
put_all_checks(const struct schema *schema, const struct statement *statement, size_t at,
	int dialect, struct buf *out)
{
	struct str table = statement_take_name(statement, &at);
	int depth = 0;

	for (; at + 2 < statement->count; at++) {
		const struct token *token = &statement->tokens[at];
		const struct sql_type *type;

		depth += bracket(*token);
		if (depth != 1 || !(token_is(*token, "(") || token_is(*token, ",")) ||
			token[2].kind != TOKEN_PLACEHOLDER)
			continue;
		type = types_find(schema->types, token_name(token[2]));
		if (type)
			put_checks(
				schema, table, token_name(token[1]), type, dialect, out);
	}
}

/* The closing bracket of the table whose definition begins at AT, or 0. */
static size_t
closing_bracket(const struct statement *statement, size_t at)
{
	int depth = 0;

	for (; at < statement->count; at++) {
		depth += bracket(statement->tokens[at]);
		if (depth == 0 && token_is(statement->tokens[at], ")"))
			return at;
	}
	return 0;
}

/* Where the item that the comma at AT begins is `CONSTRAINT name FOREIGN KEY …`: the
 * place of the token behind it; else AT. */
static size_t
foreign_key_end(const struct statement *statement, size_t at, size_t closing)
{
	const struct token *tokens = statement->tokens;
	int depth = 0;
	size_t end;

	if (at + 3 >= closing || !token_is(tokens[at], ",") ||
		!token_is(tokens[at + 1], "constraint") ||
		!token_is(tokens[at + 3], "foreign"))
		return at;
	for (end = at + 1; end < closing; end++) {
		depth += bracket(tokens[end]);
		if (depth == 0 && token_is(tokens[end], ","))
			break;
	}
	return end;
}

bool
statement_take_foreign_keys(
	struct arena *arena, const struct statement *statement, struct script *ret)
{
	size_t table = statement_create_table(statement);
	size_t closing = table ? closing_bracket(statement, table) : 0;
	size_t at = table;
	struct str name = table ? statement_take_name(statement, &at) : STR_NONE;

	for (; at < closing; at++) {
		size_t end = foreign_key_end(statement, at, closing);
		const struct token *first = &statement->tokens[at + 1];
		const char *stop = statement->tokens[end - 1].text.ptr +
			statement->tokens[end - 1].text.len;
		struct str text;

		if (end == at)
			continue;
		text = str_fmt(arena, "ALTER TABLE " STR_FMT " ADD %.*s", STR_ARG(name),
			(int)(stop - first->text.ptr), first->text.ptr);
		if (str_is_none(text) || !VEC_PUSH(arena, ret, text))
			return false;
		at = end - 1;
	}
	return true;
}

void
statement_write(const struct schema *schema, const struct statement *statement,
	int dialect, struct buf *out)
{
	size_t table = statement_create_table(statement);
	size_t closing = table ? closing_bracket(statement, table) : 0;
	const char *since = statement->tokens[0].text.ptr;

	for (size_t i = 0; i < statement->count; i++) {
		struct token token = statement->tokens[i];
		const struct sql_type *type = token.kind == TOKEN_PLACEHOLDER
			? types_find(schema->types, token_name(token))
			: NULL;
		size_t end = dialect == POSTGRES && closing
			? foreign_key_end(statement, i, closing)
			: i;

		if (end > i) {
			i = end - 1;
			token = statement->tokens[i];
			since = token.text.ptr + token.text.len;
			continue;
		}
		buf_put(out,
			(struct str){
				.ptr = since, .len = (size_t)(token.text.ptr - since) });
		if (closing && i == closing)
			put_all_checks(schema, statement, table, dialect, out);
		buf_put(out, type ? type->engine[dialect] : token.text);
		since = token.text.ptr + token.text.len;
	}
	/* SQLite holds to its types only where it is told to. */
	if (closing && dialect == SQLITE)
		buf_put(out,
			closing + 1 == statement->count ? STR(" STRICT")
							: STR(", STRICT"));
}
