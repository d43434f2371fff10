/* Whose each table is, followed through the statements of all migrations. */
#include "sqlgen/schema.h"

bool
statement_take(const struct statement *statement, size_t *at, const char *word)
{
	if (*at >= statement->count || !token_is(statement->tokens[*at], word))
		return false;
	(*at)++;
	return true;
}

struct str
statement_take_name(const struct statement *statement, size_t *at)
{
	struct str name = STR("?");

	while (*at < statement->count) {
		name = token_name(statement->tokens[(*at)++]);
		if (!statement_take(statement, at, "."))
			break;
	}
	return name;
}

size_t
statement_create_table(const struct statement *statement)
{
	size_t at = 0;

	if (!statement_take(statement, &at, "create"))
		return 0;
	if (!statement_take(statement, &at, "temp") &&
		!statement_take(statement, &at, "temporary"))
		statement_take(statement, &at, "unlogged");
	if (!statement_take(statement, &at, "table"))
		return 0;
	if (statement_take(statement, &at, "if") && statement_take(statement, &at, "not"))
		statement_take(statement, &at, "exists");
	return at;
}

static struct table *
find(struct schema *schema, struct str name)
{
	for (size_t i = 0; i < schema->tables.count; i++)
		if (str_eq_nocase(schema->tables.items[i].name, name))
			return &schema->tables.items[i];
	return NULL;
}

/* The first column of the primary key, or absent: of PRIMARY KEY (column, …), or the
 * column that is declared so. */
static struct str
key_column(const struct statement *statement)
{
	size_t column = 0;
	int depth = 0;

	for (size_t i = 0; i + 2 < statement->count; i++) {
		const struct token *token = &statement->tokens[i];

		depth += token_is(*token, "(");
		depth -= token_is(*token, ")");
		if (depth == 1 && (token_is(*token, "(") || token_is(*token, ",")))
			column = i + 1;
		if (!token_is(token[0], "primary") || !token_is(token[1], "key"))
			continue;
		if (token_is(token[2], "(") && i + 3 < statement->count)
			column = i + 3;
		return token_name(statement->tokens[column]);
	}
	return STR_NONE;
}

static void
check_residency(struct schema *schema, const struct statement *statement,
	const struct table *table, const struct table *known)
{
	bool is_users = str_eq_nocase(table->name, STR("users"));

	if (!table->is_user_owned && !str_eq(statement->residency, STR("global")))
		fault_add(schema->faults, statement->at,
			"table " STR_FMT
			" needs a line '-- residency: user' (its primary key begins with "
			"user_id) or '-- residency: global' before it",
			STR_ARG(table->name));
	if (known && known->is_user_owned != table->is_user_owned)
		fault_add(schema->faults, statement->at,
			"table " STR_FMT
			" has another residency on the other engine; use one",
			STR_ARG(table->name));
	if (table->is_user_owned && !is_users &&
		!str_eq_nocase(table->owner_column, STR("user_id")))
		fault_add(schema->faults, statement->at,
			"table " STR_FMT
			" is 'residency: user', so write PRIMARY KEY (user_id, …): the "
			"first column of the key is its owner",
			STR_ARG(table->name));
}

static bool
create(struct schema *schema, const struct statement *statement, size_t at)
{
	struct table table = { .name = statement_take_name(statement, &at) };
	struct table *known = find(schema, table.name);

	table.is_user_owned = str_eq(statement->residency, STR("user"));
	table.owner_column = key_column(statement);
	check_residency(schema, statement, &table, known);
	return known || VEC_PUSH(schema->arena, &schema->tables, table);
}

static void
drop(struct schema *schema, const struct statement *statement, size_t at)
{
	if (statement_take(statement, &at, "if"))
		statement_take(statement, &at, "exists");
	do {
		struct table *table = find(schema, statement_take_name(statement, &at));

		if (table)
			*table = schema->tables.items[--schema->tables.count];
	} while (statement_take(statement, &at, ","));
}

static void
rename_table(struct schema *schema, const struct statement *statement, size_t at)
{
	struct table *table;

	if (statement_take(statement, &at, "if"))
		statement_take(statement, &at, "exists");
	statement_take(statement, &at, "only");
	table = find(schema, statement_take_name(statement, &at));
	if (table && statement_take(statement, &at, "rename") &&
		statement_take(statement, &at, "to"))
		table->name = statement_take_name(statement, &at);
}

bool
schema_follow(struct schema *schema, const struct statement *statement)
{
	size_t at = statement_create_table(statement);

	if (at)
		return create(schema, statement, at);
	if (statement_take(statement, &at, "drop") &&
		statement_take(statement, &at, "table"))
		drop(schema, statement, at);
	else if (statement_take(statement, &at, "alter") &&
		statement_take(statement, &at, "table"))
		rename_table(schema, statement, at);
	if (!str_is_none(statement->residency))
		fault_add(schema->faults, statement->at,
			"'-- residency:' belongs before a CREATE TABLE; take it away "
			"here");
	return true;
}

const struct table *
schema_find(const struct schema *schema, struct str name)
{
	for (size_t i = 0; i < schema->tables.count; i++)
		if (str_eq_nocase(schema->tables.items[i].name, name))
			return &schema->tables.items[i];
	return NULL;
}
