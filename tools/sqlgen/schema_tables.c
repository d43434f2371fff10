/* Whose each table is, followed through the statements of all migrations. */
#include "sqlgen/schema.h"

static struct table *
find(struct schema *schema, struct str name)
{
	for (size_t i = 0; i < schema->tables.count; i++)
		if (str_eq_nocase(schema->tables.items[i].name, name))
			return &schema->tables.items[i];
	return NULL;
}

/* Whether the token at AT is WORD, and if so step behind it. */
static bool
take(const struct statement *statement, size_t *at, const char *word)
{
	if (*at >= statement->count || !token_is(statement->tokens[*at], word))
		return false;
	(*at)++;
	return true;
}

/* The name at AT, without the schema it may be qualified by. */
static struct str
take_name(const struct statement *statement, size_t *at)
{
	struct str name = STR("?");

	while (*at < statement->count) {
		name = token_name(statement->tokens[(*at)++]);
		if (!take(statement, at, "."))
			break;
	}
	return name;
}

static bool
is_residency(struct str text)
{
	return str_eq(text, STR("user")) || str_eq(text, STR("global"));
}

static bool
create(struct schema *schema, const struct statement *statement, size_t at)
{
	struct table table = { 0 };
	struct table *known;

	if (take(statement, &at, "if") && take(statement, &at, "not"))
		take(statement, &at, "exists");
	table.name = take_name(statement, &at);
	table.is_user_owned = str_eq(statement->residency, STR("user"));
	known = find(schema, table.name);
	if (!is_residency(statement->residency)) {
		fault_add(schema->faults, statement->at,
			"table " STR_FMT
			" needs a line '-- residency: user' (its primary key "
			"begins with user_id) or '-- residency: global' before it",
			STR_ARG(table.name));
		return true;
	}
	if (known && known->is_user_owned != table.is_user_owned)
		fault_add(schema->faults, statement->at,
			"table " STR_FMT
			" has another residency on the other engine; use one",
			STR_ARG(table.name));
	return known || VEC_PUSH(schema->arena, &schema->tables, table);
}

static void
drop(struct schema *schema, const struct statement *statement, size_t at)
{
	if (take(statement, &at, "if"))
		take(statement, &at, "exists");
	do {
		struct table *table = find(schema, take_name(statement, &at));

		if (table)
			*table = schema->tables.items[--schema->tables.count];
	} while (take(statement, &at, ","));
}

static void
rename_table(struct schema *schema, const struct statement *statement, size_t at)
{
	struct table *table;

	if (take(statement, &at, "if"))
		take(statement, &at, "exists");
	take(statement, &at, "only");
	table = find(schema, take_name(statement, &at));
	if (table && take(statement, &at, "rename") && take(statement, &at, "to"))
		table->name = take_name(statement, &at);
}

bool
schema_follow(struct schema *schema, const struct statement *statement)
{
	size_t at = 0;

	if (take(statement, &at, "create")) {
		if (!take(statement, &at, "temp") && !take(statement, &at, "temporary"))
			take(statement, &at, "unlogged");
		if (take(statement, &at, "table"))
			return create(schema, statement, at);
	} else if (take(statement, &at, "drop") && take(statement, &at, "table")) {
		drop(schema, statement, at);
	} else if (take(statement, &at, "alter") && take(statement, &at, "table")) {
		rename_table(schema, statement, at);
	}
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
